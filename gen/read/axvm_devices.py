# SPDX-License-Identifier: Apache-2.0
"""[devices]: hardware that is passed through. AxVM takes from a row of five fields the guest
address and the length, maps guest = host address, and rounds the two apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gen.diagnostics import Where, first_few
from gen.ranges import Range, address_text, overlaps, pages, subtract
from gen.read.axvm_board import (
    FLASH_COMPATIBLES,
    below,
    controller_ranges,
    find_node,
    inside,
    is_controller,
    is_machine,
    share_pages,
    spis,
    virtual_uart,
)
from gen.read.axvm_file import PassthroughRow
from gen.read.axvm_native import Placed, Translation
from gen.read.board import BoardDevice
from gen.read.device_types import default_uart


@dataclass
class Granted:
    """The VM's hardware so far: every SPI and every name once."""

    ranges: list[Placed] = field(default_factory=list)
    devices: list[Placed] = field(default_factory=list)
    uarts: list[Placed] = field(default_factory=list)  # virtual ones in the place of the real one
    spis: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    has_interrupts: bool = True
    covers_uart: bool = False  # something of the file stands where the default UART would


def covers_controller(to: Translation) -> bool:
    """Whether the file hands over the interrupt controller: its guest then needs one."""
    controller = [pages(part) for part in controller_ranges(to.board)]
    excluded = {path for path, _ in to.vm.excluded}
    for row in to.vm.passthrough:
        if row.is_path and (row.name == "/" or is_controller(row.name, to.board)):
            if to.board.gic.path not in excluded and row.name not in excluded:
                return True
        elif any(overlaps(Range(row.hpa, max(row.size, 1)), part) for part in controller):
            return True
    return False


def translate_devices(to: Translation, interrupts: str) -> None:
    granted = Granted(has_interrupts=interrupts != "none")
    _exclude(to, granted)
    for row in to.vm.passthrough:
        if row.is_path:
            _by_path(to, row, granted)
        else:
            _by_range(to, row, granted)
    for number, entry in enumerate(to.vm.addresses):
        part = Range(entry.gpa, entry.size)
        for piece in _without_virtual(to, part, 0, "passthrough_addresses", entry.where, granted):
            _grant(to, f"address{number}", piece, 0, (), entry.where, granted)
    _tell_ignored_irqs(to, granted)
    _put(to, granted)


def _put(to: Translation, granted: Granted) -> None:
    where = to.vm.devices.where
    if granted.ranges:
        to.put("passthrough", granted.ranges, where)
    if granted.devices and to.wants("device"):
        to.put("device", granted.devices, where)
    if granted.uarts and to.wants("emulated"):
        to.put("emulated", granted.uarts, where)
    if (granted.covers_uart or granted.uarts) and to.wants("defaults"):
        to.put("defaults", False, where)


def _exclude(to: Translation, granted: Granted) -> None:
    for path, where in to.vm.excluded:
        if path != "/" and find_node(to.tree, path) is None:
            to.report.error(
                "axvm-excluded-unknown",
                where,
                f'excluded_devices: board {to.board.name} has no device "{path}": AxVM would ignore '
                "the entry and hand the device over, whatever its real name is",
                f"./build.py --devices {to.board.name} lists the paths",
            )
        granted.excluded |= {device.path for device in below(to.board, path)}


def _by_path(to: Translation, row: PassthroughRow, granted: Granted) -> None:
    if not row.name.startswith("/"):
        to.report.error(
            "axvm-row",
            row.where,
            f'passthrough_devices: the row "{row.name}" has neither a range nor a path: AxVM would '
            "find no such node and pass nothing through",
            'write ["/path"], or name, base_gpa, base_hpa, length and irq_id',
        )
        return
    wanted = [d for d in below(to.board, row.name) if d.path not in granted.excluded]
    wanted = [d for d in wanted if d.path not in granted.paths]
    if row.name == "/":
        wanted = _all_that_can_be_given(to, row, wanted)
    elif is_controller(row.name, to.board):
        _tell_controller(to, row.where, f'"{row.name}"')
        return
    elif is_machine(row.name, to.board):
        return
    elif find_node(to.tree, row.name) is not None and not below(to.board, row.name):
        to.report.warning(
            "axvm-left-out",
            row.where,
            f"passthrough_devices: {row.name} has neither registers nor interrupts: AxVM would copy "
            "the node into the guest's tree. Left out: there is nothing to hand over",
        )
        return
    elif not wanted and not below(to.board, row.name):
        granted.devices.append(Placed(row.where, path=row.name))  # the planner tells what there is
    for device in wanted:
        _own(to, device, row, granted)


def _own(to: Translation, device: BoardDevice, row: PassthroughRow, granted: Granted) -> None:
    uart = virtual_uart(to)
    if uart is not None and device.path == to.board.uart.path:
        _tell_uart(to, row.where, device.path)
        return
    granted.paths.add(device.path)
    free = [spi for spi in spis(device) if spi not in granted.spis]
    granted.spis |= set(free)
    partial = not granted.has_interrupts or len(free) != len(spis(device))
    irq = [{"spi": spi} for spi in free] if granted.has_interrupts else []
    granted.devices.append(
        Placed(row.where, path=device.path, irq=irq if partial and spis(device) else None)
    )


def _all_that_can_be_given(
    to: Translation, row: PassthroughRow, wanted: list[BoardDevice]
) -> list[BoardDevice]:
    """ "/" without what would end isolation, which is told."""
    board = to.board
    trusted = to.setting("dma") == "trusted"
    plain = [
        d
        for d in wanted
        if not is_controller(d.path, board) and not is_machine(d.path, board) and not d.is_bus
    ]
    flash = [d for d in plain if any(name in FLASH_COMPATIBLES for name in d.compatible)]
    masters = [d for d in plain if d.dma and not trusted]
    masters.sort(key=lambda d: not d.name.startswith("pci"))  # host bridges first
    private = [d for d in plain if any(irq.kind == "ppi" for irq in d.interrupts)]
    kept = [d for d in plain if d.enabled and d not in (*flash, *masters, *private)]
    mates = [d for d in kept if any(share_pages(d, other) for other in (*masters, *flash))]
    reasons = (
        ("masters of the bus, which reach all memory by DMA", masters),
        ("flash, which can hold the firmware", flash),
        ("in a page with one of these", mates),
        ("with interrupts that every CPU has for itself", private),
    )
    left = [f"{why} ({first_few([d.path for d in some])})" for why, some in reasons if some]
    given = [d.path for d in kept if d not in mates]
    frames = [d.path for d in wanted if is_controller(d.path, board)]
    to.report.warning(
        "axvm-root",
        row.where,
        'passthrough_devices has "/": AxVM would hand over every device that the tree describes, and '
        f"the whole interrupt controller with its ITS ({first_few(frames)}). Here the VM gets a virtual "
        f"interrupt controller, and {first_few(given, 8) or 'no device'}. Left out: "
        f"{'; '.join(left) or 'nothing else'}",
        'name single devices instead; dma = "trusted" in the [[vm]] hands over masters too, without '
        "isolation from them",
    )
    return [d for d in kept if d not in mates]


def _by_range(to: Translation, row: PassthroughRow, granted: Granted) -> None:
    delta = row.gpa - row.hpa
    if delta:
        to.report.warning(
            "axvm-hpa",
            row.where,
            f"passthrough_devices: {row.name} has base_gpa = {address_text(row.gpa)} and base_hpa = "
            f"{address_text(row.hpa)}: AxVM ignores base_hpa and would map the guest to "
            f"{address_text(row.gpa)}. Here the guest gets {address_text(row.hpa)}, as the row says",
        )
    part = Range(row.hpa, row.size)
    for piece in _without_virtual(to, part, delta, row.name, row.where, granted):
        mine = []
        for device in inside(to.board, piece) if granted.has_interrupts else ():
            mine += [spi for spi in spis(device) if spi not in granted.spis]
            granted.spis |= set(mine)
        _grant(to, row.name, piece, delta, tuple(sorted(mine)), row.where, granted)


def _without_virtual(
    to: Translation, part: Range, delta: int, name: str, where: Where, granted: Granted
) -> list[Range]:
    """The pieces of a host range that are left beside the interrupt controller and the console,
    for which every VM has virtual ones."""
    controller = [c for c in controller_ranges(to.board) if overlaps(pages(c), pages(part))]
    uart = virtual_uart(to)
    has_uart = uart is not None and overlaps(uart, pages(part))
    if not part.size or not (controller or has_uart):
        return [part]
    if controller:
        _tell_controller(to, where, name)
    if uart is not None and has_uart:
        _tell_uart(to, where, name)
        if delta:
            gpa, spi = uart.base + delta, to.board.uart.spi
            kind = default_uart(to.board.uart.type).name
            granted.uarts.append(Placed(where, type=kind, gpa=gpa, spi=spi))
    holes = controller + ([uart] if uart is not None and has_uart else [])
    left = subtract([pages(part)], [pages(hole) for hole in holes if hole.size])
    return [piece for piece in left if inside(to.board, piece)]


def _tell_controller(to: Translation, where: Where, name: str) -> None:
    to.report.warning(
        "axvm-gic",
        where,
        f"passthrough: {name} covers the interrupt controller {to.board.gic.path}: AxVM would hand "
        "over its registers, by which a VM can take or stop the interrupts of all others. Here the "
        "VM sees a virtual one at the same addresses, and no ITS",
    )


def _tell_uart(to: Translation, where: Where, name: str) -> None:
    to.report.warning(
        "axvm-console",
        where,
        f"passthrough: {name} covers the console's UART {to.board.uart.path}: AxVM would let the VM, "
        "others and the hypervisor write to it at once. Here the VM sees a virtual one in its place",
        'console = "none" in [deployment] gives the real one to one VM',
    )


def _grant(
    to: Translation,
    name: str,
    piece: Range,
    delta: int,
    irqs: tuple[int, ...],
    where: Where,
    granted: Granted,
) -> None:
    guest = Range(piece.base + delta, piece.size)
    if overlaps(pages(guest), pages(to.board.uart.reg)):
        granted.covers_uart = True
    granted.ranges.append(
        Placed(
            where,
            name=_name(name, granted.names),
            gpa=guest.base,
            hpa=piece.base if delta else None,
            size=piece.size,
            spi=list(irqs) or None,
        )
    )


def _name(wanted: str, taken: set[str]) -> str:
    """A native name: letters, digits, - and _, unique in the VM."""
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-") or "range"
    base = base if base[0].isalpha() else f"at-{base}"
    name, number = base[:31], 1
    while name in taken:
        number += 1
        name = f"{base[:27]}-{number}"
    taken.add(name)
    return name


def _tell_ignored_irqs(to: Translation, granted: Granted) -> None:
    rows = [row for row in to.vm.passthrough if row.irq]
    if not rows:
        return
    numbers = ", ".join(f"{irq:#x}" for irq in sorted({row.irq for row in rows}))
    found = _runs(sorted(granted.spis)) or "none"
    to.report.warning(
        "axvm-irq",
        rows[0].where,
        f"passthrough_devices: irq_id ({numbers}) is used by nobody: AxVM takes interrupts from the "
        "guest's device tree. Here they are those of the board's devices in these ranges: SPI "
        f"{found}",
    )


def _runs(numbers: list[int]) -> str:
    """Numbers with runs told by their ends: "2, 7, 16-47"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in runs)
