# SPDX-License-Identifier: Apache-2.0
"""Codes of gen/read/axvm*.py: code -> (meaning, cure)."""

from __future__ import annotations

AXVM: dict[str, tuple[str, str]] = {
    "E-axvm-key-unknown": (
        "An AxVM file has a key that AxVM does not know. AxVM ignores it silently: a misspelt "
        "excluded_devices would hand a device over.",
        "Correct the spelling, or remove the key.",
    ),
    "E-axvm-row": (
        "A row of an AxVM file has another number of fields than its kind, or is neither a range "
        "nor a path.",
        "Write the fields that the message shows.",
    ),
    "E-axvm-arch": (
        "An AxVM file is for another architecture than the board. The files do not say it: the "
        "devices and image names do.",
        "Use a file for the board's architecture.",
    ),
    "W-axvm-id": (
        "The id of an AxVM VM is 0, by which AxVM routes its interrupts to a wrong CPU. Here the VM's "
        "place in the deployment is its id.",
        "Set id in the [[vm]] if channel calls name the VM.",
    ),
    "E-axvm-id": (
        "Two AxVM files have one id, by which AxVM starts a wrong image. Here ids name VMs in channel "
        "calls.",
        "Set id in one of the [[vm]].",
    ),
    "E-axvm-cpu-none": (
        "An AxVM file does not say which CPUs its VM has.",
        "Add phys_cpu_ids to it, or cpus to the [[vm]].",
    ),
    "E-axvm-cpu-count": (
        "cpu_num and the list of CPUs of an AxVM file disagree.",
        "Make them agree.",
    ),
    "E-axvm-cpu-unknown": (
        "An AxVM file names a CPU that the board does not have. phys_cpu_ids are hardware ids (MPIDR "
        "affinities on Arm), bits of phys_cpu_sets count in the board's order.",
        "Use the ids that the message shows, or give cpus in the [[vm]].",
    ),
    "E-axvm-cpu-shared": (
        "Two vCPUs of AxVM files are for one CPU. AxVM would switch between them; here a CPU runs "
        "one vCPU.",
        "Give one of them another CPU.",
    ),
    "W-axvm-cpu-sets": (
        "phys_cpu_sets lets a vCPU move between CPUs, or contradicts phys_cpu_ids, which win.",
        "Give every vCPU one CPU.",
    ),
    "E-axvm-memory-none": (
        "An AxVM file gives its VM no RAM.",
        "Add a row to memory_regions, or memory to the [[vm]].",
    ),
    "E-axvm-memory-flags": (
        "The flags of a memory region have no R, or bits that mean nothing.",
        "Use a sum of R = 1, W = 2, X = 4, USER = 8.",
    ),
    "E-axvm-memory-overlap": (
        "Two memory regions of an AxVM file overlap, or one is listed twice. AxVM gives an identical "
        "region any RAM it finds, so there the file's addresses mean nothing; here they do.",
        "Remove one, or move it.",
    ),
    "W-axvm-memory-device": (
        "A memory region says DEVICE, and is skipped, or UNCACHED, and stays cacheable.",
        "Hand over devices by passthrough_devices.",
    ),
    "W-axvm-interrupts": (
        "The VM gets another interrupt mode than AxVM would give it, or AxVM's mode would not work.",
        "Set interrupts in the [[vm]] to choose.",
    ),
    "W-axvm-hpa": (
        "A passthrough row has different guest and host addresses. AxVM ignores the host address.",
        "Check that the row's base_hpa is what is meant.",
    ),
    "W-axvm-irq": (
        "The interrupt numbers of passthrough rows are used neither by AxVM nor here.",
        "Check the SPIs that the message shows.",
    ),
    "W-axvm-gic": (
        "An AxVM file hands over the interrupt controller. The VM gets a virtual one.",
        "Nothing needs to be done.",
    ),
    "W-axvm-console": (
        "An AxVM file hands over the console's UART. The VM gets a virtual one.",
        'Set console = "none" to give the real one to a VM.',
    ),
    "W-axvm-root": (
        'An AxVM file hands over every device ("/"). What would end isolation is left out.',
        "Name the devices that the VM needs.",
    ),
    "E-axvm-excluded-unknown": (
        "An AxVM file excludes a device that the board does not have. AxVM would ignore the entry and "
        "hand over the device that was meant.",
        "Correct the path.",
    ),
    "E-axvm-cfg": (
        "An emulated device of an AxVM file lacks arguments, on which AxVM panics, or has wrong ones.",
        "Write the arguments that the message names.",
    ),
    "E-axvm-gic-place": (
        "An AxVM file puts the interrupt controller at another address than the board has it.",
        "Use the board's address.",
    ),
    "E-axvm-emu-irq": (
        "An emulated device of an AxVM file has an interrupt that is private to a CPU.",
        "Use an INTID from 32 up, or 0.",
    ),
    "W-axvm-left-out": (
        "Something in an AxVM file means nothing here and is left out; neither isolation nor the "
        "guest needs it.",
        "Nothing needs to be done.",
    ),
    "E-axvm-not-available": (
        "Something in an AxVM file can't be done by this version, and the guest would break without "
        "it.",
        "Remove it from the file and from the guest.",
    ),
}
