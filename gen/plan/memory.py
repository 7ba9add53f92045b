# SPDX-License-Identifier: Apache-2.0
"""Guest RAM: where each VM sees it (checked first), then where it really is (allocated)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen.diagnostics import NOWHERE, Report, Where
from gen.plan.model import RamRegion
from gen.plan.stage2 import address_limit
from gen.ranges import (
    GIB,
    MIB,
    PAGE,
    Range,
    address_text,
    align_up,
    contains,
    overlaps,
    range_text,
    size_text,
    subtract,
    union,
)
from gen.read.board import Board
from gen.read.deployment import Memory, Vm

BLOCK = 2 * MIB  # stage-2 block at level 2; level 1 has 1 GiB


@dataclass(frozen=True)
class GuestRam:
    """One region of guest RAM before its host address is known."""

    vm: str
    gpa: int
    size: int
    memory: Memory
    hpa: int | None  # where the deployment fixes it
    scrub: bool

    @property
    def guest(self) -> Range:
        return Range(self.gpa, self.size)

    @property
    def where(self) -> Where:
        return self.memory.where

    def name(self) -> str:
        return f"VM {self.vm}: memory at gpa = {address_text(self.gpa)}"


@dataclass(frozen=True)
class Taken:
    """Host RAM that is spoken for, and by whom."""

    range: Range
    owner: str
    where: Where = NOWHERE


def guest_ram(vm: Vm, board: Board | None, report: Report) -> tuple[GuestRam, ...]:
    """The VM's regions sorted by GPA; those that can't be are left out, and while the board isn't
    known, those that it places."""
    aligned = [memory for memory in vm.memory if _is_aligned(vm, memory, report)]
    made = [_guest_region(vm, memory, board) for memory in aligned]
    sound = [region for region in made if region is not None and _ends(region, board, report)]
    kept: list[GuestRam] = []
    for region in sorted(sound, key=lambda r: (r.gpa, r.size)):
        if kept and overlaps(kept[-1].guest, region.guest):
            report.error(
                "memory-overlap",
                region.where,
                f"{region.name()}, size = {size_text(region.size)}, overlaps its memory "
                f"{range_text(kept[-1].guest)}",
                f"use gpa = {address_text(kept[-1].guest.end)}",
                kept[-1].where,
            )
        else:
            kept.append(region)
    return tuple(kept)


def _guest_region(vm: Vm, memory: Memory, board: Board | None) -> GuestRam | None:
    gpa = memory.gpa
    if gpa is None and memory.map != "alloc":
        gpa = memory.hpa
    if gpa is None and board is not None:
        gpa = board.ram[0].base
    if gpa is None:
        return None
    hpa = memory.hpa if memory.map == "alloc" else gpa
    scrub = vm.scrub and memory.map != "reserved"
    return GuestRam(vm.name, gpa, memory.size, memory, hpa, scrub)


def _is_aligned(vm: Vm, memory: Memory, report: Report) -> bool:
    found = len(report.found)
    place = "" if memory.gpa is None else f" at gpa = {address_text(memory.gpa)}"
    for key, value in (("gpa", memory.gpa), ("size", memory.size), ("hpa", memory.hpa)):
        if value is not None and value % PAGE:
            shown = size_text(value) if key == "size" else address_text(value)
            report.error(
                "memory-misaligned",
                memory.where,
                f"VM {vm.name}: memory{place}: {key} = {shown} is not a multiple of 4 KiB",
                f"use {key} = {address_text(align_up(value, PAGE))}",
            )
    return len(report.found) == found


def _ends(region: GuestRam, board: Board | None, report: Report) -> bool:
    """Whether it ends where the board's CPUs can still reach."""
    if board is None or region.guest.end <= address_limit(board):
        return True
    limit = address_limit(board)
    report.error(
        "memory-overflow",
        region.where,
        f"{region.name()}, size = {size_text(region.size)}, ends above the last address "
        f"{address_text(limit - 1)} that the board's CPUs translate",
        f"choose gpa so that it ends at or below {address_text(limit)}",
    )
    return False


def allocate(
    vms: Sequence[Sequence[GuestRam]],
    channel_sizes: Sequence[tuple[str, int, Where]],
    window: Range,
    board: Board,
    where: Where,
    report: Report,
) -> tuple[list[tuple[RamRegion, ...]], list[int], tuple[Range, ...]]:
    """Host addresses of all guest RAM (by VM) and of all channels, and the RAM that is left. `where`
    is the deployment's line that names the board.
    Largest regions first, each into the smallest hole that gives it the largest stage-2 blocks."""
    taken = [Taken(window, "the hypervisor and its packed images")]
    taken += [Taken(page, "the spin table of other CPUs") for page in board.spin_table]
    if not any(contains(part, window) for part in union(board.ram)):
        report.error(
            "firmware-outside-ram",
            where,
            f"the firmware needs {range_text(window)}, which is not all RAM of board {board.name}",
            "make the images smaller: packed images and the hypervisor share these addresses",
        )
    fixed = [region for regions in vms for region in regions if region.hpa is not None]
    placed: dict[int, int] = {}
    for region in fixed:
        hpa = region.hpa if region.hpa is not None else 0
        if _check_fixed(region, Range(hpa, region.size), taken, board, report):
            taken.append(Taken(Range(hpa, region.size), region.name(), region.where))
            placed[id(region)] = hpa
    free = subtract(subtract(board.ram, board.reserved), [t.range for t in taken])
    floating = [region for regions in vms for region in regions if region.hpa is None]
    for region in sorted(floating, key=lambda r: -r.size):
        hpa, free = _place(region.name(), region.gpa, region.size, region.where, free, report)
        placed[id(region)] = hpa
    channels = []
    for name, size, where in channel_sizes:
        hpa, free = _place(f"channel {name}", None, size, where, free, report)
        channels.append(hpa)
    rams = [
        tuple(
            RamRegion(r.gpa, placed[id(r)], r.size, r.memory.flags, r.memory.map, r.scrub)
            for r in regions
            if id(r) in placed
        )
        for regions in vms
    ]
    return rams, channels, free


def _check_fixed(
    region: GuestRam, host: Range, taken: list[Taken], board: Board, report: Report
) -> bool:
    name = f"{region.name()}: host memory {range_text(host)}"
    free = subtract(subtract(board.ram, board.reserved), [t.range for t in taken])
    cure = _hole_text(region.size, free)
    if not any(contains(part, host) for part in union((*board.ram, *_reservable(region, board)))):
        ram = ", ".join(range_text(part) for part in board.ram)
        report.error(
            "memory-outside-board",
            region.where,
            f"{name} is not all RAM of board {board.name} ({ram})",
            cure,
        )
        return False
    for part in board.reserved if region.memory.map != "reserved" else ():
        if overlaps(part, host):
            report.error(
                "memory-over-reserved",
                region.where,
                f"{name} overlaps {range_text(part)}, which the firmware of board {board.name} "
                "keeps",
                cure,
            )
            return False
    for other in taken:
        if overlaps(other.range, host):
            hypervisor = other is taken[0]
            report.error(
                "memory-over-hypervisor" if hypervisor else "memory-host-overlap",
                region.where,
                f"{name} overlaps {range_text(other.range)} of {other.owner}",
                cure,
                None if hypervisor else other.where,
            )
            return False
    return True


def _reservable(region: GuestRam, board: Board) -> tuple[Range, ...]:
    return board.reserved if region.memory.map == "reserved" else ()


def _hole_text(size: int, free: tuple[Range, ...]) -> str:
    fitting = [part for part in free if part.size >= size]
    if fitting:
        hole = fitting[0]
        return f"free for {size_text(size)}: {range_text(hole)}"
    largest = max((part.size for part in free), default=0)
    return f"no free hole of that size; the largest is {size_text(largest)}"


def _place(
    name: str, gpa: int | None, size: int, where: Where, free: tuple[Range, ...], report: Report
) -> tuple[int, tuple[Range, ...]]:
    for block in _block_sizes(gpa, size):
        offset = gpa % block if gpa is not None else 0
        fits = []
        for hole in free:
            base = align_up(hole.base - offset, block) + offset
            if base + size <= hole.end:
                fits.append((hole.size, base))
        if fits:
            base = min(fits)[1]
            return base, subtract(free, [Range(base, size)])
    total = sum(part.size for part in free)
    largest = max(free, key=lambda part: part.size, default=Range(0, 0))
    report.error(
        "memory-full",
        where,
        f"{name} needs {size_text(size)}, but the largest free hole of the board's RAM is "
        f"{size_text(largest.size)} ({size_text(total)} free in all)",
        f"use at most {size_text(largest.size)}, or make others smaller",
    )
    return 0, free


def _block_sizes(gpa: int | None, size: int) -> tuple[int, ...]:
    """Distances by which GPA and HPA may differ, best first: a block helps only where the region
    holds a whole aligned one. gpa None: of a channel, whose windows are aligned like it."""
    base = gpa if gpa is not None else 0
    return tuple(b for b in (GIB, BLOCK) if align_up(base, b) + b <= base + size) + (PAGE,)
