# SPDX-License-Identifier: Apache-2.0
"""Each check of the audit refuses an image in which one thing is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gen.audit.audit import as_object, audit

from attempts import Try, failed, source
from mutant import Mutant

Change = Callable[[Mutant], None]

RAM = 0x4000_0000
SECOND_ROM = 0x5000_0000
RTC = 0x901_0000
DISTRIBUTOR = 0x800_0000


def flip(place: Callable[[Mutant], int], bits: int) -> Change:
    """Bits of the entry that `place` finds."""

    def change(mutant: Mutant) -> None:
        address = place(mutant)
        mutant.put(address, mutant.word(address) ^ bits)

    return change


def window(mutant: Mutant, vm: int) -> int:
    """Where a VM sees the channel."""
    return int(mutant.row("channel_peer_rows", vm, "channel_peer_row").window)


def rows(symbol: str, index: int, struct: str, **members: int) -> Change:
    return lambda mutant: mutant.change(symbol, index, struct, **members)


def change_ops(mutant: Mutant) -> None:
    mutant.change("vm_first_mmio", 0, "mmio_row", ops=mutant.symbol("vpl011_ops"))


def swap_mmio(mutant: Mutant) -> None:
    size = mutant.firmware.image.layouts["mmio_row"].size
    start = mutant.at(mutant.symbol("vm_first_mmio"))
    first, second = (bytes(mutant.data[start + n * size :][:size]) for n in (0, 1))
    mutant.data[start : start + 2 * size] = second + first


def over_ram(mutant: Mutant) -> None:
    mutant.change("vm_first_mmio", 0, "mmio_row", base=RAM)


def release_in_ram(mutant: Mutant) -> None:
    """The entry of a CPU is written where VM first has its RAM."""
    host = mutant.row("vm_first_ram", 0, "ram_row").hpa
    mutant.change("pcpu_rows", 1, "pcpu_row", release_address=host)


def point_at_own_table(mutant: Mutant) -> None:
    """VM second's level 2 table becomes VM first's."""
    mutant.put(mutant.stage2(1, RAM, 1), mutant.word(mutant.stage2(0, RAM, 1)))


def reach_hypervisor(mutant: Mutant) -> None:
    place = mutant.stage2(0, RAM, 2)
    mutant.put(place, mutant.word(place) & 0xFFF | mutant.firmware.own.base)


def reach_neighbour(mutant: Mutant) -> None:
    mutant.put(mutant.stage2(0, RAM, 2), mutant.word(mutant.stage2(1, RAM, 2)))


def reach_twice(mutant: Mutant) -> None:
    mutant.put(mutant.stage2(0, RAM, 2), mutant.word(mutant.stage2(0, RAM + 0x20_0000, 2)))


def map_guest_while_it_runs(mutant: Mutant) -> None:
    host = mutant.row("vm_first_ram", 0, "ram_row").hpa
    mutant.put(mutant.hyp("run", host, 2), mutant.word(mutant.hyp("loader", host, 2)))


def map_guard(mutant: Mutant) -> None:
    stacks = mutant.symbol("stacks_start")
    page = mutant.word(mutant.hyp("run", stacks + 0x1000, 3))
    mutant.put(mutant.hyp("run", stacks, 3), page - 0x1000)


def hash_bit(mutant: Mutant) -> None:
    address, _ = mutant.member("vm_first_image", 0, "image_row", "sha256")
    mutant.data[mutant.at(address)] ^= 1


def image_byte(mutant: Mutant) -> None:
    mutant.data[mutant.at(mutant.row("vm_first_image", 0, "image_row").source)] ^= 1


def segment_flags(mutant: Mutant) -> None:
    header = int.from_bytes(mutant.data[32:40], "little")
    mutant.data[header + 4] |= 2  # p_flags of the first: text becomes writable


def segment_size(number: int, member: int, difference: int) -> Change:
    """p_filesz (4) or p_memsz (5) of a segment."""

    def change(mutant: Mutant) -> None:
        header, count = int.from_bytes(mutant.data[32:40], "little"), mutant.data[56]
        at = header + 56 * (number % count) + 8 * member
        size = int.from_bytes(mutant.data[at : at + 8], "little") + difference
        mutant.data[at : at + 8] = size.to_bytes(8, "little")

    return change


def heap_name(mutant: Mutant) -> None:
    name = b"\0console_write\0"
    at = mutant.data.rindex(name)  # in .strtab, behind debug information
    mutant.data[at : at + len(name)] = b"\0malloc\0" + bytes(len(name) - 8)


def first_instruction(mutant: Mutant, name: str, match: int, mask: int) -> int:
    address = mutant.symbol(name)
    while mutant.word(address) & mask != match:
        address += 4
    return address


def large_frame(mutant: Mutant) -> None:
    """panic() takes 0xfff more pages of stack."""
    place = first_instruction(mutant, "panic", 0xD10003FF, 0xFFC003FF)
    mutant.put(place, 0xD17FFFFF, 4)  # sub sp, sp, #0xfff, lsl #12


def recursion(mutant: Mutant) -> None:
    """A call in panic() becomes one of panic()."""
    start = mutant.symbol("panic")
    place = first_instruction(mutant, "panic", 0x94000000, 0xFC000000)
    mutant.put(place, 0x94000000 | (start - place) // 4 & 0x3FFFFFF, 4)


def lost_call(mutant: Mutant) -> None:
    """A table of operations loses its write, so that nothing calls that function."""
    layout = mutant.firmware.image.layouts["vdev_ops"].members["write"]
    mutant.put(mutant.symbol("watchdog_control_ops") + layout.offset, 0)


ALONE: dict[str, tuple[Change, str]] = {
    "text is writable in the file": (segment_flags, "segment"),
    "stacks and data that are not zero": (segment_size(-1, 4, 0x1000), "segment"),
    "text that is cut short": (segment_size(0, 5, -0x1000), "segment"),
    "stacks that are cut short": (segment_size(-1, 5, -0x1000), "segment"),
    "an allocator": (heap_name, "heap"),
    "a valid bit": (flip(lambda m: m.stage2(0, RAM, 2), 1), "ram"),
    "an output address": (flip(lambda m: m.stage2(0, RAM, 2), 1 << 24), "ram"),
    "an output address within the block": (flip(lambda m: m.stage2(0, RAM, 2), 1 << 12), "table"),
    "an access flag": (flip(lambda m: m.stage2(0, RAM, 2), 1 << 10), "table"),
    "a write permission": (flip(lambda m: m.stage2(1, SECOND_ROM, 2), 1 << 7), "ram"),
    "no read permission": (flip(lambda m: m.stage2(1, SECOND_ROM, 2), 1 << 6), "table"),
    "a memory type": (flip(lambda m: m.stage2(0, RAM, 2), 1 << 2), "table"),
    "a shareability": (flip(lambda m: m.stage2(0, RAM, 2), 1 << 8), "table"),
    "an unused bit": (flip(lambda m: m.stage2(0, RAM, 2), 1 << 55), "table"),
    "one contiguous bit": (flip(lambda m: m.stage2(0, RAM, 2), 1 << 52), "table"),
    "an attribute of a table": (flip(lambda m: m.stage2(0, RAM, 1), 1 << 60), "table"),
    "an executable device": (flip(lambda m: m.stage2(0, RTC, 3), 1 << 54), "table"),
    "a reader that writes": (
        flip(lambda m: m.stage2(1, window(m, 1), 3), 1 << 7),
        "shared-page",
    ),
    "an executable channel": (flip(lambda m: m.stage2(0, window(m, 0), 3), 1 << 54), "shared-page"),
    "another VM's table": (point_at_own_table, "table"),
    "another VM's page": (reach_neighbour, "shared-page"),
    "one page at two addresses": (reach_twice, "shared-page"),
    "a page of the hypervisor": (reach_hypervisor, "hypervisor-page"),
    "a VMID": (flip(lambda m: m.member("vm_rows", 1, "vm_row", "arch")[0], 1 << 48), "table"),
    "a root": (flip(lambda m: m.member("vm_rows", 1, "vm_row", "arch")[0], 1 << 12), "table"),
    "VTCR": (flip(lambda m: m.member("vm_rows", 1, "vm_row", "arch")[0] + 8, 1 << 6), "table"),
    "a row of RAM": (rows("vm_first_ram", 0, "ram_row", size=0x200000), "ram"),
    "a guest's RAM in the run tables": (map_guest_while_it_runs, "hypervisor-map"),
    "a mapped guard page": (map_guard, "hypervisor-map"),
    "text that is writable": (
        flip(lambda m: m.hyp("run", m.symbol("image_start"), 3), 1 << 7),
        "hypervisor-map",
    ),
    "data that is executable": (
        flip(lambda m: m.hyp("run", m.symbol("bss_start"), 3), 1 << 54),
        "hypervisor-map",
    ),
    "a guest's RAM that the loader executes": (
        flip(lambda m: m.hyp("loader", 0x6000_0000, 2), 1 << 54),
        "hypervisor-map",
    ),
    "registers of the GIC that are memory": (
        flip(lambda m: m.hyp("run", DISTRIBUTOR, 3), 1 << 2),
        "hypervisor-map",
    ),
    "rows out of order": (swap_mmio, "dispatch"),
    "a row over RAM": (over_ram, "dispatch"),
    "another device's operations": (change_ops, "dispatch"),
    "another VM's device": (rows("vm_first_mmio", 0, "mmio_row", instance=1), "dispatch"),
    "a register's mask": (rows("sysreg_set_0", 80, "sysreg_row", value=1), "register"),
    "a CPU of two": (rows("vcpu_rows", 1, "vcpu_row", pcpu=0), "cpu"),
    "CPUs of one number": (rows("pcpu_rows", 1, "pcpu_row", hardware_id=0), "cpu"),
    "an entry in a VM's RAM": (release_in_ram, "hypervisor-page"),
    "an entry in no memory": (
        rows("pcpu_rows", 1, "pcpu_row", release_address=8),
        "hypervisor-map",
    ),
    "a CPU without a call": (rows("pcpu_rows", 1, "pcpu_row", ipi_intid=0), "cpu"),
    "an owner of an interrupt": (rows("irq_rows", 2, "irq_row", vm=1), "interrupt"),
    "a second console": (rows("irq_rows", 0, "irq_row", owner=2), "interrupt"),
    "a number that the guest sees": (rows("irq_rows", 2, "irq_row", guest_intid=40), "interrupt"),
    "an interrupt without device": (rows("vuart_rows", 0, "vuart_row", intid=50), "interrupt"),
    "control of more VMs": (rows("monitor_rows", 0, "monitor_row", control_count=2), "control"),
    "another's voice": (rows("vuart_rows", 0, "vuart_row", voice=2), "console"),
    "a hash": (hash_bit, "image"),
    "a byte of an image": (image_byte, "image"),
    "an image outside RAM": (rows("vm_first_image", 0, "image_row", target=RAM), "image"),
    "an entry outside RAM": (rows("vm_rows", 0, "vm_row", entry=0x1000), "image"),
    "x0 that is no tree": (rows("vm_rows", 0, "vm_row", boot_arg=RAM), "image"),
    "another interrupt controller": (
        rows("board_row", 0, "board_row", gic_compatible=0),
        "shared-page",
    ),
    "a count of rows": (rows("vm_rows", 0, "vm_row", mmio_count=3), "unreadable"),
    "a bool of 2": (rows("vm_first_ram", 0, "ram_row", scrub=2), "unreadable"),
    "a stack that overflows": (large_frame, "stack"),
    "recursion": (recursion, "stack"),
    "a function that nothing calls": (lost_call, "stack"),
}


@pytest.mark.parametrize("name", ALONE)
def test_alone(name: str, alone: Try) -> None:
    change, code = ALONE[name]
    assert f"E-audit-{code}" in alone(change)


def drop_rtc(mutant: Mutant) -> None:
    mutant.put(mutant.stage2(0, RTC, 3), 0)


def more_device(mutant: Mutant) -> None:
    """The page behind the real-time clock: fw-cfg, a bus master."""
    page = mutant.stage2(0, RTC, 3)
    mutant.put(page + 8 * 0x10, mutant.word(page) + 0x1_0000)


def move_doorbell(mutant: Mutant) -> None:
    """To a hole where nobody looks for it."""
    ops = mutant.symbol("channel_ops")
    index = next(n for n in range(9) if mutant.row("vm_first_mmio", n, "mmio_row").ops == ops)
    mutant.change("vm_first_mmio", index, "mmio_row", base=0x7000_0000)


AGAINST: dict[str, tuple[Change, str]] = {
    "a device that is missing": (drop_rtc, "asked-memory"),
    "a device that nobody asked for": (more_device, "asked-memory"),
    "ROM that runs": (flip(lambda m: m.stage2(1, SECOND_ROM, 2), 1 << 54), "asked-memory"),
    "RAM that is not zeroed": (rows("vm_first_ram", 0, "ram_row", scrub=0), "asked-memory"),
    "a policy": (rows("vm_rows", 0, "vm_row", on_crash=0), "asked-vms"),
    "control from the console": (
        rows("vm_rows", 0, "vm_row", console_control=1),
        "asked-vms",
    ),
    "a watchdog": (rows("watchdog_rows", 0, "watchdog_row", timeout_ms=501), "asked-vms"),
    "whom a VM controls": (rows("control_rows", 0, "control_row", vm=0), "asked-vms"),
    "a CPU": (rows("pcpu_rows", 2, "pcpu_row", hardware_id=3), "asked-vms"),
    "a CPU in a spin table": (rows("pcpu_rows", 1, "pcpu_row", release_address=8), "asked-vms"),
    "a core": (
        lambda m: m.put(m.member("pcpu_rows", 1, "pcpu_row", "arch")[0] + 4, 7, 2),
        "asked-vms",
    ),
    "a feature": (
        lambda m: m.put(m.member("vm_rows", 0, "vm_row", "arch")[0] + 16, 1, 4),
        "asked-vms",
    ),
    "the board's RAM": (rows("board_ram", 0, "range_row", size=0x200000), "asked-vms"),
    "who may ring": (rows("channel_peer_rows", 1, "channel_peer_row", rings=0), "asked-channels"),
    "a channel that is kept": (rows("channel_rows", 0, "channel_row", keep=1), "asked-channels"),
    "an edge": (rows("irq_rows", 2, "irq_row", edge=1), "asked-interrupts"),
    "a doorbell": (move_doorbell, "asked-dispatch"),
    "bits of a shared register": (
        rows("trapped_rows", 1, "trapped_row", write_mask=0xFF),
        "asked-dispatch",
    ),
    "no lock": (rows("trapped_rows", 1, "trapped_row", lock=0xFFFF), "asked-dispatch"),
}


@pytest.mark.parametrize("name", AGAINST)
def test_against(name: str, against: Try) -> None:
    change, code = AGAINST[name]
    assert f"E-audit-{code}" in against(change)


def test_good(good: Path) -> None:
    """Unchanged it passes, alone and against what was asked for; the build said so too."""
    alone, asked = audit(good, None), audit(good, source())
    assert failed(alone) == failed(asked) == set()
    assert not as_object(alone)["asked"] and "No deployment was given" in alone.limits[0]
    assert as_object(asked)["asked"] and asked.limits == []
    shared = as_object(asked)["shared"]
    assert [part["access"] for part in shared] == [{"first": "rw", "second": "r"}]
    assert (good.parent / "audit.json").is_file()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("vm.first.ram=32M", "asked-memory"),
        ("vm.first.cpus=[3]", "asked-vms"),
        ("vm.first.interrupts=none", "asked-vms"),
        ("vm.first.devices=[]", "asked-memory"),
        ("vars.size=4K", "asked-channels"),
        ('channel.words.to=["first"]', "asked-channels"),
        ("deployment.console=none", "asked-interrupts"),
        ("vm.second.on_off=restart", "asked-vms"),
    ],
)
def test_another_deployment(good: Path, change: str, code: str) -> None:
    """What is asked for is read from the files, not from the image."""
    assert f"E-audit-{code}" in failed(audit(good, source(change)))


@pytest.mark.parametrize("size", [0, 63, 64, 1000, 100_000])
def test_truncated(good: Path, tmp_path: Path, size: int) -> None:
    short = tmp_path / "short.elf"
    short.write_bytes(good.read_bytes()[:size])
    assert failed(audit(short, None)) == {"E-audit-unreadable"}
