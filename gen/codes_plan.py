# SPDX-License-Identifier: Apache-2.0
"""Codes of gen/plan: code -> (meaning, cure)."""

from __future__ import annotations

PLAN: dict[str, tuple[str, str]] = {
    "E-feature-missing": (
        "A VM is granted a CPU feature that the board's CPUs do not have.",
        "Remove it from features; the message shows what the CPUs have.",
    ),
    "E-cpu-unknown": (
        "A VM names a CPU that the board does not have.",
        "Use an index in the board's order, or a CPU's name (\"cpu@1\").",
    ),
    "E-cpu-duplicate": ("A VM lists one CPU twice.", "List each CPU once."),
    "E-cpu-shared": (
        "Two VMs use one CPU. A physical CPU runs one vCPU.",
        "Give one of them another CPU.",
    ),
    "E-memory-misaligned": (
        "An address or size of guest RAM is not a multiple of 4 KiB.",
        "Round it as the message shows.",
    ),
    "E-memory-overflow": (
        "Guest RAM ends above the addresses that the CPUs can form.",
        "Choose a lower gpa or a smaller size.",
    ),
    "E-memory-overlap": (
        "Two ranges of one VM's guest addresses overlap.",
        "Move one of them; the message shows a free address.",
    ),
    "E-memory-host-overlap": (
        "Two ranges that claim fixed host addresses overlap.",
        'Move one, or let the generator place it (map = "alloc").',
    ),
    "E-memory-over-hypervisor": (
        "Guest RAM at a fixed host address overlaps the hypervisor's own image.",
        "Move it; the message shows the hypervisor's range.",
    ),
    "E-memory-over-reserved": (
        "Guest RAM overlaps memory that the board's firmware keeps.",
        "Move it, or make it smaller.",
    ),
    "E-memory-outside-board": (
        "Guest RAM at a fixed host address is not RAM of the board.",
        "Use an address in the board's RAM.",
    ),
    "E-memory-full": (
        "The board's RAM has no hole large enough.",
        "Make VMs smaller; the message shows the largest hole.",
    ),
    "E-firmware-outside-ram": (
        "The firmware image does not fit into the RAM behind its base address.",
        "Make the guest images smaller.",
    ),
    "E-gpa-overflow": (
        "Something in a VM's address space ends above what the CPUs translate.",
        "Choose a lower guest address.",
    ),
    "E-passthrough-overflow": (
        "A passthrough range ends above the board's last address.",
        "Correct its address or size.",
    ),
    "E-passthrough-page-offset": (
        "gpa and hpa of a passthrough range differ within their 4 KiB pages: hardware maps whole "
        "pages, so the offset must be the same.",
        "Choose a gpa with the same last three hexadecimal digits as hpa.",
    ),
    "E-passthrough-intid": (
        "A passthrough range has an INTID for an SPI: the device there has the SPI 32 below.",
        "Write the SPI: its number is the INTID less 32, as in the device tree.",
    ),
    "E-passthrough-conflict": (
        "Two passthrough windows of one VM want one guest page for different host pages.",
        "Move one of them.",
    ),
    "E-passthrough-host-ram": (
        "A passthrough range covers RAM of the board.",
        'Give RAM by memory = [{ map = "identical", ... }].',
    ),
    "E-board-reset-missing": (
        "A VM's end shall reset the board, whose firmware has no PSCI, and whose board.toml names no "
        "device that does it.",
        "Choose another policy, or name the device: [power] in board.toml.",
    ),
    "E-passthrough-power": (
        "Passed-through pages hold the device that switches the board off.",
        "Remove them; a VM powers itself off and resets by PSCI.",
    ),
    "E-passthrough-gic": (
        "A passthrough range covers the board's interrupt controller.",
        "Remove it: every VM has its own, virtual one.",
    ),
    "E-device-unknown": (
        "A VM names a device that the board's tree does not have.",
        "--devices BOARD lists paths and aliases.",
    ),
    "E-device-machine": (
        "A VM asks for a part of the machine that the hypervisor keeps.",
        "Remove it: the VM has its own, virtual one.",
    ),
    "E-device-ppi": (
        "A device interrupts by a private interrupt, which every CPU has for itself.",
        "Remove it from the VM's devices.",
    ),
    "E-device-shared": ("Two VMs own one device.", "Remove it from one of them."),
    "E-device-page-shared": (
        "Devices of two VMs are in one 4 KiB page: each VM could reach the other's.",
        "Give both devices to one VM.",
    ),
    "E-device-bus": (
        "A VM is given a bus. Its registers, where it has some, are not the owners of the pages of "
        "the devices on it.",
        "Name the devices themselves; --devices BOARD lists them.",
    ),
    "W-device-page-mates": (
        "Other devices lie in a 4 KiB page that a VM was given: it reaches them too.",
        'Accept it, or use access = "trap", which grants registers instead of pages.',
    ),
    "E-device-provider": (
        "One VM is given what another VM's device depends on (its clock, reset, power, pins): it "
        "could stop that device.",
        "Remove it, or accept that with serves = [VM] in its [[vm.device]].",
    ),
    "E-firmware-missing": (
        "A VM is granted a service of firmware that the board's tree does not have.",
        "Remove it from firmware.",
    ),
    "E-firmware-shared": (
        "A VM may call firmware for its device's clock, reset, power or pins, and a device of "
        "somebody else lives by the same: the VM could stop it.",
        "Give both devices to one VM, or remove the VM's firmware.",
    ),
    "E-trap-register": (
        "Registers that a trapped device should grant do not exist: outside its range, not at a "
        "multiple of their width, or a mask that is too wide.",
        "Correct offset, size, widths, mask or region.",
    ),
    "E-trap-overlap": (
        "A trapped device grants the same register twice to one VM.",
        "Keep one of the two.",
    ),
    "E-trap-differs": (
        "Two VMs share a register, and say differently how it is accessed.",
        "Give widths and rest the same values for both.",
    ),
    "E-trap-bits-shared": (
        "Two VMs may write the same bits of a register.",
        "Take the bits out of one of the masks.",
    ),
    "E-device-irq": (
        "The long form of a device names an SPI that the device does not have.",
        "Use one of its SPIs.",
    ),
    "E-dma-refused": (
        "A device that masters the bus was given to a VM: by DMA it could reach all memory.",
        'Remove it, or accept that with dma = "trusted".',
    ),
    "E-dma-not-identical": (
        'With dma = "trusted" a device uses host addresses, so guest and host addresses of the '
        "VM's memory must be the same.",
        'Use memory with map = "identical".',
    ),
    "W-dma-trusted": (
        "A VM owns a device that masters the bus: isolation from it is not provided.",
        "Accept it, or remove the device.",
    ),
    "E-console-uart": (
        "A VM reaches the UART that the console uses.",
        'Set console = "none", or leave the UART to the console.',
    ),
    "E-emulated-console": (
        "An emulated UART speaks through the shared console, and the deployment has none.",
        'Set console = "shared", or remove the device.',
    ),
    "E-ports-none": (
        "I/O ports are asked for, and the board's architecture has none (x86 alone has them).",
        "Give gpa in place of port, gpa and size in place of ports.",
    ),
    "E-ports-direct": (
        "The board's own I/O ports are asked for: this version gives them to no VM.",
        "Remove the entry.",
    ),
    "E-ports-overlap": (
        "Two emulated devices of one VM want the same I/O ports, or one goes beyond the last.",
        "Choose another port; the message shows one.",
    ),
    "E-emulated-misaligned": (
        "An emulated device is not at a multiple of 4 KiB.",
        "Round its gpa.",
    ),
    "E-irq-no-controller": (
        "A VM without an interrupt controller has something that interrupts.",
        'Use interrupts = "emulated".',
    ),
    "E-irq-guest-clash": (
        "Two things of one VM use the same guest interrupt.",
        "Give one of them another number; the message shows a free one.",
    ),
    "E-irq-owned-twice": (
        "A physical interrupt is given to two owners.",
        "Remove it from one of them.",
    ),
    "E-irq-console": (
        "A VM claims the interrupt of the console's UART.",
        'Set console = "none", or remove the interrupt.',
    ),
    "E-interrupts-board": (
        'A VM has interrupts = "passthrough", and the hypervisor could not interrupt it: the board\'s '
        "GICv3 keeps one of its interrupt groups for secure firmware.",
        'Use interrupts = "emulated". Where a GICv3 has one security state, its board.toml says so.',
    ),
    "E-stop-now": (
        "A VM may have to be stopped by another CPU (watchdog, monitor, another of its vCPUs), and its "
        "CPUs take no interrupt of the hypervisor's while it runs: a GICv2's CPU interface is the "
        "guest's whole.",
        'Write stop = "next-exit" if it may go on until its next exit, or use interrupts = "emulated".',
    ),
    "E-console-no-cpu": (
        "Every CPU runs a VM that has the GICv2's CPU interface whole, so that none could take the "
        "interrupt of the console's UART.",
        'Set console = "none", or let one VM have emulated interrupts, or leave CPU 0 to the '
        "hypervisor.",
    ),
    "E-console-control-none": (
        "A VM may be controlled from the console, which the deployment gives to a guest.",
        'Remove console_control, or use console = "shared" or "log".',
    ),
    "E-irq-renumbered": (
        'A VM with interrupts = "passthrough" shall see an interrupt by another number, but it '
        "acknowledges physical ones.",
        "Remove guest_spi.",
    ),
    "E-irq-software-taken": (
        'In a VM with interrupts = "passthrough", an emulated device or a doorbell has the interrupt '
        "of a device. It raises a physical one, which must have no wire.",
        "Leave spi out, and the device tree tells the guest the number that was chosen.",
    ),
    "E-channel-peers": (
        "A channel has more peers than its doorbell can address.",
        "Split it into several channels.",
    ),
    "E-channel-key": (
        "Two channels of one publisher have the same key: AxVM's calls could not tell them apart.",
        "Give one of them another key.",
    ),
    "E-vm-id": (
        "Two VMs have the same number, which AxVM's calls name them by.",
        "Give one of them another id; the message shows a free one.",
    ),
    "E-channel-misaligned": (
        "A channel's window is not at a multiple of 4 KiB.",
        "Round its gpa.",
    ),
    "E-channel-rings-itself": ("A peer lists itself in rings.", "Remove it."),
    "E-dtb-unreadable": (
        "A device tree that the deployment supplies cannot be used.",
        "Give a .dtb, or a source that dtc compiles.",
    ),
    "E-dtb-cpus": (
        "The CPUs of a supplied device tree or overlay are not those of the VM.",
        "Make /cpus and cpus agree.",
    ),
    "E-dtb-gic": (
        "A supplied device tree has another interrupt controller than the VM, or has it elsewhere.",
        'Use dtb = "auto", a tree with that version, or correct the node\'s reg.',
    ),
    "E-dtb-overlay": (
        "A device tree overlay cannot be applied, or changes what the plan decides.",
        "Refer to nodes by target-path or by the labels of the generated tree.",
    ),
    "W-dtb-memory": (
        "The memory node of a supplied device tree is not the VM's RAM. The guest is told the VM's: the "
        "node is replaced.",
        "Make the node and the VM's memory agree, or leave the node out.",
    ),
    "W-bootargs-console": (
        "A Linux guest's console= names a UART that its VM does not have: it would be silent.",
        "Use the virtual UART, whose name the message shows, or give the VM the UART that is meant.",
    ),
    "W-dtb-reg": (
        "A supplied device tree or overlay describes a device where the VM has nothing.",
        "Give the VM the device, or disable it in the tree.",
    ),
    "E-passthrough-over-ram": (
        "A passthrough window covers the VM's own RAM.",
        "Move it; the message shows a free guest address.",
    ),
    "E-passthrough-over-emulated": (
        "An emulated device and a passthrough window want the same guest pages.",
        "Move one of them; the message shows a free guest address.",
    ),
    "E-emulated-overlap": (
        "Two emulated devices of one VM overlap.",
        "Move one of them; the message shows a free guest address.",
    ),
    "E-emulated-over-ram": (
        "An emulated device lies in the VM's RAM.",
        "Move it or the RAM; the message shows a free guest address.",
    ),
    "E-channel-over-ram": (
        "A channel's window lies in the VM's RAM.",
        "Move it, or leave gpa out: the generator then chooses.",
    ),
    "E-channel-over-device": (
        "A channel's window lies where the VM has a device.",
        "Move it, or leave gpa out: the generator then chooses.",
    ),
    "E-channel-overlap": (
        "Two channel windows of one VM overlap.",
        "Move one, or leave gpa out: the generator then chooses.",
    ),
    "E-console-uart-unknown": (
        "console.uart names something else than the board's console.",
        "Use the path that the message shows, or leave it out.",
    ),
    "W-device-resources": (
        "A device depends on something that the VM is not granted (a clock or reset controller, a "
        "power domain, pins): its node in the guest's tree leaves that out, and the hardware stays "
        "as firmware set it.",
        "Grant the provider too where the guest's driver needs it, or tell the driver otherwise with "
        "dtb_overlay. The report's notes list everything that is left out.",
    ),
    "E-firmware-too-large": (
        "The guest images do not fit into the firmware's size limit.",
        "Raise max_size where the board allows it, or use smaller images.",
    ),
    "E-image-unreadable": ("A guest image cannot be read.", "Correct its path."),
    "E-image-format": (
        "A guest image is not what it should be: empty, damaged, of another format or machine.",
        "The message shows what was found.",
    ),
    "E-image-too-large": (
        "A guest image is larger than any region of the VM's RAM.",
        "Give the VM more memory.",
    ),
    "E-image-outside-ram": (
        "A guest image would not lie inside the VM's RAM.",
        "Choose another load_gpa, or memory that reaches there.",
    ),
    "E-image-overlap": (
        "initrd_gpa or dtb_gpa puts something where something else is loaded.",
        "Choose another address, or leave the key out: the generator then chooses.",
    ),
    "E-image-linked-elsewhere": (
        "An ELF is linked for addresses at which the VM has no RAM.",
        "Link it for the VM's RAM, or give the VM RAM there.",
    ),
    "E-image-load-elf": (
        "load_gpa was given for an ELF, which says itself where it goes.",
        "Remove load_gpa.",
    ),
    "E-image-misaligned": (
        "A Linux Image's base is not a multiple of 2 MiB.",
        "Use the load_gpa that the message shows.",
    ),
    "E-image-no-room": (
        "Beside the kernel there is no room in the VM's RAM for initrd or device tree.",
        "Give the VM more memory.",
    ),
    "E-entry-outside": (
        "The VM's first instruction is in none of its images.",
        "Correct entry_gpa, or leave it out.",
    ),
    "E-entry-misaligned": (
        "The VM's first instruction is not at a multiple of 4.",
        "Correct entry_gpa.",
    ),
    "E-entry-not-executable": (
        "The VM's first instruction is in memory without the flag x.",
        'Use flags = "rwx" for that memory.',
    ),
    "E-dtb-too-large": (
        "A guest's device tree is larger than 2 MiB, which Linux does not accept.",
        "Make it smaller.",
    ),
}
