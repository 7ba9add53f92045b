# SPDX-License-Identifier: Apache-2.0
"""What a check of the audit asks for, clause by clause: each is broken alone, and refused in its own
words, so that none can go without notice behind another one of the same check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gen.audit.audit import Source, audit
from gen.audit.image import Firmware

from attempts import source
from mutant import Mutant

Change = Callable[[Mutant], None]

RAM = 0x4000_0000
FIRST, SECOND = 0, 1  # VMs
LINKED = 2  # the SPI of first's real-time clock
UNLINKED = 30
BOARDS = 20  # an SPI that a device of the board has, which nobody asked for


def rows(symbol: str, index: int, struct: str, **members: int) -> Change:
    return lambda mutant: mutant.change(symbol, index, struct, **members)


def pointer(mutant: Mutant, symbol: str, index: int, struct: str, member: str) -> int:
    return mutant.word(mutant.member(symbol, index, struct, member)[0])


def image(index: int, **members: int) -> Change:
    return rows("vm_first_image", index, "image_row", **members)


def image_over_another(mutant: Mutant) -> None:
    image(1, target=mutant.row("vm_first_image", 0, "image_row").target)(mutant)


def image_from_rows(mutant: Mutant) -> None:
    image(1, source=mutant.symbol("vm_rows"))(mutant)


def vgic(vm: int, member: str, spi: int, size: int, value: int) -> Change:
    """An element of a bitmap's words or of the physical numbers."""

    def change(mutant: Mutant) -> None:
        start = pointer(mutant, "vgic_rows", vm, "vgic_row", member)
        mutant.put(start + size * spi, value, size)

    return change


def same_call(mutant: Mutant) -> None:
    first = mutant.row("pcpu_rows", 1, "pcpu_row").ipi_intid
    mutant.change("pcpu_rows", 2, "pcpu_row", ipi_intid=first)


def same_interrupt(mutant: Mutant) -> None:
    uart = mutant.row("vuart_rows", 0, "vuart_row").intid
    mutant.change("watchdog_rows", 0, "watchdog_row", intid=uart)


def other_number(mutant: Mutant) -> None:
    """Of an SPI that second's doorbell raises."""
    end = next(n for n in (0, 1) if mutant.row("channel_peer_rows", n, "channel_peer_row").vm)
    spi = mutant.row("channel_peer_rows", end, "channel_peer_row").intid - 32
    vgic(SECOND, "spi_physical", spi, 2, BOARDS + 32)(mutant)


def unlinked_without_numbers(mutant: Mutant) -> None:
    """Of second, whose SPIs are taken away."""
    vgic(SECOND, "spi_hardware", 0, 4, 0)(mutant)
    mutant.change("vgic_rows", SECOND, "vgic_row", spi_physical=0)


def header(number: int, **fields: int) -> Change:
    """Fields of a program header (ELF-64 specification, figure 6), 8 bytes each."""
    offsets = {"vaddr": 16, "paddr": 24}

    def change(mutant: Mutant) -> None:
        start = int.from_bytes(mutant.data[32:40], "little") + 56 * number
        for name, value in fields.items():
            at = start + offsets[name]
            mutant.data[at : at + 8] = value.to_bytes(8, "little")

    return change


def loaded_twice(mutant: Mutant) -> None:
    base = mutant.symbol("image_start")
    header(3, vaddr=base, paddr=base)(mutant)


def other_entry(mutant: Mutant) -> None:
    entry = int.from_bytes(mutant.data[24:32], "little") + 4
    mutant.data[24:32] = entry.to_bytes(8, "little")


def flip(place: Callable[[Mutant], int], bits: int) -> Change:
    def change(mutant: Mutant) -> None:
        address = place(mutant)
        mutant.put(address, mutant.word(address) ^ bits)

    return change


def loader_guard(mutant: Mutant) -> None:
    stacks = mutant.symbol("stacks_start")
    page = mutant.word(mutant.hyp("loader", stacks + 0x1000, 3))
    mutant.put(mutant.hyp("loader", stacks, 3), page - 0x1000)


def loader_block(base: int) -> Change:
    """1 GiB, as the guests' RAM is mapped."""

    def change(mutant: Mutant) -> None:
        attributes = mutant.word(mutant.hyp("loader", 0x6000_0000, 2)) & ~0xFFFF_FFE0_0000
        mutant.put(mutant.hyp("loader", base, 1), attributes | base)

    return change


def parange(mutant: Mutant) -> None:
    place = mutant.member("vm_rows", FIRST, "vm_row", "arch")[0] + 20
    mutant.put(place, mutant.word(place) & 0xFF ^ 1, 1)


def other_name(mutant: Mutant) -> None:
    name = pointer(mutant, "vm_rows", SECOND, "vm_row", "name")
    mutant.change("vm_rows", FIRST, "vm_row", name=name)


def other_limits(mutant: Mutant) -> None:
    place, _ = mutant.member("vm_rows", FIRST, "vm_row", "restart")
    mutant.put(place, 77, 4)


def level_doorbell(mutant: Mutant) -> None:
    """Of second's devices, which have no wire."""
    end = next(n for n in (0, 1) if mutant.row("channel_peer_rows", n, "channel_peer_row").vm)
    spi = mutant.row("channel_peer_rows", end, "channel_peer_row").intid - 32
    mutant.change("irq_rows", spi, "irq_row", edge=0)


def trapped(mutant: Mutant, shared: bool, **members: int) -> None:
    """Rows that hold bits of two VMs, or those that are one's."""
    size = mutant.firmware.object_size(mutant.symbol("trapped_rows"))
    for index in range(size // mutant.firmware.image.layouts["trapped_row"].size):
        if (mutant.row("trapped_rows", index, "trapped_row").lock == 0) == shared:
            mutant.change("trapped_rows", index, "trapped_row", **members)


def wrong_uart(mutant: Mutant) -> None:
    text = pointer(mutant, "board_row", 0, "board_row", "gic_compatible")
    mutant.change("board_row", 0, "board_row", uart_compatible=text)


def other_deployment(mutant: Mutant) -> None:
    mutant.data[mutant.at(mutant.symbol("deployment_name"))] ^= 1


CPU = {
    "another VM's vCPU": (rows("vcpu_rows", 1, "vcpu_row", vm=0), "vCPU 1 is not vCPU 0 of VM 1"),
    "another id": (rows("vcpu_rows", 2, "vcpu_row", guest_id=5), "guest sees CPU 0x5"),
    "a CPU with another vCPU": (rows("pcpu_rows", 1, "pcpu_row", vcpu=0), "runs another"),
    "one vCPU twice": (rows("pcpu_rows", 1, "pcpu_row", vcpu=0), "CPUs run vCPUs"),
    "vCPUs of two VMs": (rows("vm_rows", 1, "vm_row", vcpu_first=0), "vCPUs from 0, expected 1"),
    "no vCPU": (rows("vm_rows", 1, "vm_row", vcpu_count=0), "has no vCPU"),
    "a vCPU of nobody": (rows("vm_rows", 1, "vm_row", vcpu_count=1), "a vCPU belongs to no VM"),
}
INTERRUPT = {
    "one call for two": (same_call, "two CPUs are called by one SPI"),
    "a linked one not owned": (vgic(FIRST, "spi_owned", 0, 4, 0), "that it does not own"),
    "a number, not linked": (
        vgic(FIRST, "spi_physical", UNLINKED, 2, 99),
        "has a physical number, and is not linked",
    ),
    "no numbers": (
        rows("vgic_rows", SECOND, "vgic_row", spi_physical=0),
        "linked SPIs have no physical numbers",
    ),
    "no numbers, none linked": (unlinked_without_numbers, "physical numbers of 0 SPIs, not of 32"),
    "another's number": (vgic(FIRST, "spi_physical", LINKED, 2, 99), "which is not its own"),
    "another number, not emulated": (other_number, "under other numbers"),
    "two devices": (same_interrupt, "two devices raise one interrupt"),
    "a level without a wire": (level_doorbell, "a device without an SPI"),
    "no controller": (
        rows("vgic_rows", FIRST, "vgic_row", interrupts=0),
        "has no interrupt controller, and physical interrupts",
    ),
    "a private one": (rows("watchdog_rows", 0, "watchdog_row", intid=20), "an SGI or a PPI"),
}
CONTROL = {
    "by nobody": (rows("monitor_rows", 0, "monitor_row", vm=7), "no VM 7 could control"),
    "from another row": (
        rows("monitor_rows", 0, "monitor_row", control_first=1),
        "controls from row 1 on",
    ),
    "of nobody": (rows("control_rows", 0, "control_row", vm=9), "that is not there is controlled"),
    "the log's voice": (
        rows("console_voice_rows", 0, "console_voice_row", vm=0),
        "the hypervisor's voice is a VM's",
    ),
    "another's keyboard": (
        rows("console_voice_rows", 1, "console_voice_row", vuart=1),
        "keyboards of UARTs",
    ),
}
IMAGE = {
    "over another": (image_over_another, "lies over another"),
    "of the hypervisor's rows": (image_from_rows, "is no image packed in the firmware"),
    "a checksum": (image(0, crc32=1), "CRC-32 differs"),
    "in reserved memory": (rows("vm_first_ram", 0, "ram_row", restore=0), "is reserved memory"),
}
SEGMENT = {
    "moved": (header(0, paddr=0x1000), "is moved"),
    "twice": (loaded_twice, "is loaded twice"),
    "in no memory": (header(3, vaddr=0x1000, paddr=0x1000), "nobody's memory"),
    "another entry": (other_entry, "is not image_start"),
}
DISPATCH = {
    "beyond addresses": (
        rows("vm_first_mmio", 0, "mmio_row", base=1 << 41),
        "is beyond the guest's space",
    ),
    "over RAM": (rows("vm_first_mmio", 0, "mmio_row", base=RAM), "is mapped: "),
    "other registers": (
        rows("trapped_rows", 0, "trapped_row", base=0x1000),
        "does not reach the registers at its own address",
    ),
    "system registers out of order": (
        rows("sysreg_set_0", 1, "sysreg_row", encoding=0),
        "rows are not sorted, or twice there",
    ),
}
MAP = {
    "a size of addresses": (parange, "PARange"),
    "no memory": (flip(lambda m: m.stage2(FIRST, RAM, 2), 1 << 44), "beyond memory"),
    "RAM twice": (rows("vm_second_ram", 1, "ram_row", gpa=RAM), "RAM rows are not sorted"),
    "a guard page that the loader maps": (loader_guard, "loader: maps the hypervisor"),
    "RAM that the loader only reads": (
        flip(lambda m: m.hyp("loader", 0x6000_0000, 2), 1 << 7),
        "loader: memory is mapped as",
    ),
    "not at its own address": (
        flip(lambda m: m.hyp("run", m.symbol("bss_start"), 3), 1 << 13),
        "not an identity",
    ),
}
ALONE: dict[str, tuple[Change, str]] = {
    f"{kind}: {name}": case
    for kind, cases in (
        ("CPU", CPU),
        ("interrupt", INTERRUPT),
        ("control", CONTROL),
        ("image", IMAGE),
        ("segment", SEGMENT),
        ("dispatch", DISPATCH),
        ("map", MAP),
    )
    for name, case in cases.items()
}
ASKED: dict[str, tuple[Change, str]] = {
    "another deployment": (other_deployment, "the image is of"),
    "another tree": (rows("board_row", 0, "board_row", dtb_fallback=4), "looks for a tree at 0x4"),
    "another GIC": (rows("board_gic", 0, "range_row", base=0x1000), "expects a GIC at"),
    "another UART": (wrong_uart, "the board check expects arm,gic-v3 and arm,gic-v3"),
    "RAM that nobody uses": (
        rows("board_ram", 0, "range_row", size=0x3000_0000),
        "is not used, and the board check looks for it",
    ),
    "a lock that is none": (lambda m: trapped(m, True, lock=1), "locks of shared pages are {1}"),
    "a lock that nobody needs": (lambda m: trapped(m, False, lock=0), ": a lock of its own"),
    "RAM that is not there": (rows("board_ram", 0, "range_row", base=0), "RAM that is not there"),
    "another name": (other_name, "is called second"),
    "another start": (rows("vm_rows", FIRST, "vm_row", entry=RAM + 4), "starts at 0x40000004"),
    "another counter": (rows("vm_rows", FIRST, "vm_row", own_counter=1), "another counter"),
    "more restarts": (other_limits, "limits of restarts"),
    "RAM that is none": (
        rows("vm_first_ram", 0, "ram_row", hpa=0x100_0000_0000),
        "is no RAM of the board",
    ),
    "a channel that is no RAM": (
        rows("channel_rows", 0, "channel_row", base=0x1000),
        "channel words: ",
    ),
    "a device's SPI for an emulated one": (
        rows("watchdog_rows", 0, "watchdog_row", intid=32 + BOARDS),
        "is another device's",
    ),
    "a device's SPI for a call": (
        rows("pcpu_rows", 1, "pcpu_row", ipi_intid=32 + BOARDS),
        "of a call is a device's",
    ),
    "more than RAM for the loader": (loader_block(0xC000_0000), "loader: no RAM"),
}


def messages(change: Change, firmware: Firmware, folder: Path, asked: Source | None) -> list[str]:
    mutant = Mutant(firmware, folder / "mutant.elf")
    change(mutant)
    found: list[Any] = audit(mutant.save(), asked).findings.checks
    return [message for check in found for message in check.failures]


@pytest.mark.parametrize("name", ALONE)
def test_alone(name: str, firmware: Firmware, tmp_path: Path) -> None:
    change, words = ALONE[name]
    told = messages(change, firmware, tmp_path, None)
    assert any(words in message for message in told), told


@pytest.mark.parametrize("name", ASKED)
def test_against_what_was_asked(name: str, firmware: Firmware, tmp_path: Path) -> None:
    change, words = ASKED[name]
    told = messages(change, firmware, tmp_path, source())
    assert any(words in message for message in told), told
