# SPDX-License-Identifier: Apache-2.0
"""What a guest that is built elsewhere must know of its VM: everything in its physical address space
with its interrupts, by names that C and linkers take. Files for such guests are made of this alone
(gen/emit/export.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gen.emit import c
from gen.plan.model import Plan, PlannedVm
from gen.ranges import PAGE, Range, align_up, subtract

LEVEL, EDGE = "level", "edge"
_GIC = {
    "interrupt distributor": "GICD",
    "interrupt redistributors": "GICR",
    "interrupt CPU interface": "GICC",
}

Kind = Literal["ram", "rom", "loaded", "channel", "device", "emulated"]

_MEMORY: tuple[tuple[Kind, str, bool], ...] = (
    ("ram", "RAM", True),
    ("rom", "memory that the guest can't write", False),
)


@dataclass(frozen=True)
class Place:
    """One range of guest-physical addresses."""

    name: str  # an identifier, unique in the VM: "RAM0", "CHANNEL_TELEMETRY"
    what: str  # in words
    base: int
    size: int
    kind: Kind
    spis: tuple[tuple[int, str], ...] = ()  # as the guest sees them, each with its trigger
    numbers: tuple[tuple[str, int], ...] = ()  # what else there is to know
    flags: str = "rw"

    @property
    def end(self) -> int:
        return self.base + self.size


def places(plan: Plan, vm: PlannedVm) -> tuple[Place, ...]:
    """By address; what is loaded comes behind the memory that it lies in."""
    found = [*_memory(vm), *_loaded(vm), *_gic(vm), *_uarts(plan, vm), *_emulated(plan, vm)]
    found += [*_watchdog(plan, vm), *_channels(plan, vm), *_devices(plan, vm)]
    return tuple(sorted(found, key=lambda place: (place.base, -place.size)))


def link_regions(vm: PlannedVm) -> tuple[tuple[str, Range, str], ...]:
    """Where a guest may be linked: name, range and flags of each memory. Beside what else is loaded;
    the one that the image goes to begins where it does."""
    beside = [image.range for image in _images(vm) if image.name in ("dtb", "initrd")]
    load, regions = load_address(vm), []
    for place in _memory(vm):
        free = subtract([Range(place.base, place.size)], beside)
        here = [part for part in free if part.base <= load < part.end]
        part = here[0] if here else max(free, key=lambda part: part.size)
        base = load if here else align_up(part.base, PAGE)
        regions.append((place.name, Range(base, part.end - base), place.flags))
    return tuple(regions)


def load_address(vm: PlannedVm) -> int:
    """The first byte of the guest's image."""
    return min(i.gpa for i in vm.images if i.name == "kernel" or i.name.startswith("segment"))


@dataclass(frozen=True)
class _Loaded:
    name: str
    range: Range


def _images(vm: PlannedVm) -> list[_Loaded]:
    return [_Loaded(i.name, Range(i.gpa, max(i.size, len(i.data)))) for i in vm.images]


def _memory(vm: PlannedVm) -> list[Place]:
    found = []
    for kind, what, writable in _MEMORY:
        parts = [part for part in vm.ram if ("w" in part.flags) == writable]
        for number, part in enumerate(sorted(parts, key=lambda part: part.gpa)):
            name = f"{kind.upper()}{number}"
            found.append(Place(name, what, part.gpa, part.size, kind, flags=part.flags))
    return found


def _loaded(vm: PlannedVm) -> Iterator[Place]:
    words = {"dtb": "device tree; x0 points to it at the start", "initrd": "initial RAM disk"}
    for image in _images(vm):
        if image.name in words:
            what = words[image.name]
            yield Place(image.name.upper(), what, image.range.base, image.range.size, "loaded")


def _gic(vm: PlannedVm) -> Iterator[Place]:
    frames = [(row.owner, row.gpa, row.size) for row in vm.mmio]
    frames += [(part.owner, part.gpa, part.size) for part in vm.mappings]
    for owner, gpa, size in frames:
        if owner in _GIC:
            yield Place(_GIC[owner], f"{owner} of the GIC", gpa, size, "emulated")


def _uarts(plan: Plan, vm: PlannedVm) -> Iterator[Place]:
    mine = [uart for uart in plan.vuarts if uart.vm == vm.index]
    for number, uart in enumerate(mine):
        size = next((row.size for row in vm.mmio if row.gpa == uart.gpa), PAGE)
        what = f"virtual UART ({uart.kind.compatible[0]})"
        clock = (("CLOCK_HZ", plan.board.uart.clock_hz),)
        spis = ((uart.spi, LEVEL),)
        yield Place(f"UART{number}", what, uart.gpa, size, "emulated", spis, clock)


def _emulated(plan: Plan, vm: PlannedVm) -> Iterator[Place]:
    counts: dict[str, int] = {}
    for device in plan.emulated:
        if device.vm != vm.index or device.gpa is None:
            continue
        number = counts.setdefault(device.type.name, 0)
        counts[device.type.name] += 1
        spis = ((device.spi, device.type.trigger or EDGE),) if device.spi is not None else ()
        name = f"{c.identifier(device.type.name).upper()}{number}"
        what = f"emulated {device.type.name}"
        yield Place(name, what, device.gpa, device.type.size, "emulated", spis)


def _watchdog(plan: Plan, vm: PlannedVm) -> Iterator[Place]:
    for dog in plan.watchdogs:
        if dog.vm == vm.index:
            spis = ((dog.spi, EDGE),) if dog.spi is not None else ()
            control, refresh = ("WATCHDOG_CONTROL", "WATCHDOG_REFRESH")
            timeout = (("TIMEOUT_MS", dog.timeout_ms),)
            what = "SBSA watchdog, {} frame"
            yield Place(control, what.format("control"), dog.gpa, PAGE, "emulated", spis, timeout)
            yield Place(refresh, what.format("refresh"), dog.gpa + PAGE, PAGE, "emulated")


def _channels(plan: Plan, vm: PlannedVm) -> Iterator[Place]:
    names = c.unique_identifiers([channel.name for channel in plan.channels])
    for channel, plain in zip(plan.channels, names):
        name = f"CHANNEL_{plain.upper()}"
        for number, peer in enumerate(channel.peers):
            if peer.vm != vm.index:
                continue
            access = "read and write" if peer.writable else "read only"
            facts = (("SELF", number), ("RINGS", peer.rings), ("WRITABLE", int(peer.writable)))
            flags = "rw" if peer.writable else "r"
            what = f"window of channel {channel.name}, {access}"
            place = Place(name, what, peer.window, channel.size, "channel", (), facts, flags)
            yield place
            if peer.doorbell is not None:
                spis = ((peer.spi, EDGE),) if peer.spi is not None else ()
                bell = f"doorbell of channel {channel.name}"
                yield Place(f"{name}_DOORBELL", bell, peer.doorbell, PAGE, "emulated", spis)


def _devices(plan: Plan, vm: PlannedVm) -> Iterator[Place]:
    """Hardware that the VM owns, where the board has it, or where the deployment says."""
    known = {name: d for d in plan.board.devices for name in (d.path, *d.aliases)}
    owned = [known[entry.path] for entry in vm.vm.devices if entry.path in known]
    explicit = [(entry.name, Range(entry.gpa, entry.size)) for entry in vm.vm.passthrough]
    paths = [device.path for device in owned] + [name for name, _ in explicit]
    names = c.unique_identifiers([path.rsplit("/", 1)[-1] for path in paths])
    ranges = [list(device.own_reg) for device in owned] + [[part] for _, part in explicit]
    for path, name, parts in zip(paths, names, ranges):
        spis = tuple((irq.guest_spi, irq.trigger) for irq in vm.irqs if irq.owner == path)
        for number, part in enumerate(parts):
            full = f"DEVICE_{name.upper()}" + (f"_{number}" if number else "")
            mine = spis if number == 0 else ()
            yield Place(full, f"device {path}", part.base, part.size, "device", mine)
