# SPDX-License-Identifier: Apache-2.0
"""Codes of gen/audit: code -> (meaning, cure). A failed audit is a bug of the generator, or of what
changed the image after it; never of the deployment."""

from __future__ import annotations

_REPORT = (
    "The image does not do what it must: do not run it. Report the message together with the "
    "deployment and build/<name>/audit.json."
)

AUDIT: dict[str, tuple[str, str]] = {
    "E-audit-unreadable": (
        "The file is no firmware.elf of this version, or it is damaged or has lost its symbols or "
        "debug information, from which the audit learns how tables are laid out.",
        "Audit the firmware.elf that this version of the tool built.",
    ),
    "E-audit-segment": (
        "Code, constants and data of the image are not apart: something is writable and executable, "
        "or a table is not in read-only memory.",
        _REPORT,
    ),
    "E-audit-heap": ("An allocator is linked into the hypervisor.", _REPORT),
    "E-audit-table": (
        "A stage-2 table, or the registers that select it, have bits that nobody means to set.",
        _REPORT,
    ),
    "E-audit-shared-page": (
        "Two VMs reach the same physical page, and no channel or shared device declares it with "
        "these rights.",
        _REPORT,
    ),
    "E-audit-hypervisor-page": (
        "A VM reaches memory or registers that the hypervisor keeps for itself.",
        _REPORT,
    ),
    "E-audit-ram": (
        "The rows of guest RAM and channels, by which the loader and devices go, contradict the "
        "stage-2 tables.",
        _REPORT,
    ),
    "E-audit-hypervisor-map": (
        "The hypervisor's own page tables map too much, too little or with wrong rights.",
        _REPORT,
    ),
    "E-audit-dispatch": (
        "Dispatch rows are not sorted and disjoint, lie over mapped memory, or lead to another VM's "
        "device.",
        _REPORT,
    ),
    "E-audit-register": (
        "A VM may touch other system registers, or see other fields of them, than the allow-list.",
        _REPORT,
    ),
    "E-audit-cpu": ("A physical CPU has no, or more than one, owner.", _REPORT),
    "E-audit-interrupt": (
        "A physical interrupt has more than one owner, or its tables contradict each other.",
        _REPORT,
    ),
    "E-audit-control": (
        "The rows by which a VM may stop and start others are not whole.",
        _REPORT,
    ),
    "E-audit-console": ("A virtual UART speaks with another VM's voice.", _REPORT),
    "E-audit-firmware": (
        "VMs may change the same clock, reset, pin or power node by calls of firmware, or one that "
        "all live by.",
        _REPORT,
    ),
    "E-audit-firmware-asked": (
        "A VM may name in calls of firmware what its devices do not live by, or not all that they do.",
        _REPORT,
    ),
    "E-audit-image": (
        "A guest image does not have its hash, or is not loaded into its VM's RAM.",
        _REPORT,
    ),
    "E-audit-stack": (
        "A stack may not suffice, a function is recursive, or takes an amount of stack that is not "
        "known when it is built.",
        "For a stack that may not suffice: a larger STACK_SIZE in [build]. Else report the message.",
    ),
    "E-audit-asked-read": (
        "The audit reads the deployment and the board a second time, apart from the generator, and "
        "could not.",
        _REPORT,
    ),
    "E-audit-asked-vms": (
        "VMs, their CPUs, features or policies are not those of the deployment.",
        _REPORT,
    ),
    "E-audit-asked-memory": (
        "A VM has a mapping that nobody asked for, or lacks one that was asked for.",
        _REPORT,
    ),
    "E-audit-asked-channels": ("A channel is not as the deployment declares it.", _REPORT),
    "E-audit-asked-interrupts": (
        "A VM has an interrupt that nobody asked for, lacks one, or under another number.",
        _REPORT,
    ),
    "E-audit-asked-images": ("A guest image is not the file that the deployment names.", _REPORT),
    "E-audit-asked-dispatch": (
        "A VM's trapped accesses reach a device that nobody asked for, or not where its guest "
        "expects it.",
        _REPORT,
    ),
}
