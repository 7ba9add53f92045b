# SPDX-License-Identifier: Apache-2.0
"""The picture of memory: host memory by owner, beside it what each VM sees, lines between the two.
Heights grow with the logarithm of sizes, so that a page is visible beside a gigabyte. Here are only
places and words: picture.svg draws them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gen.emit.report import words
from gen.emit.report.picture_rows import Part, guest_parts, host_parts
from gen.emit.report.vm_facts import Json

WIDTH = 1200
COLUMNS = 3  # most VMs side by side
TOP = 30  # of the columns, below their heads
_HOST_WIDTH = 172
_STRIP, _LINES = 10, 50  # of a panel: the host's strip, the lines
_DIGIT = 6.4  # width of one, of an address
_MOST, _LEAST, _TALLEST = 4.6, 1.4, 620  # pixels a doubling of size adds; height aimed at
_GUEST = 300  # most of a guest's width
_PAGE_HEIGHT = 17.0
_BREAK = 11.0  # between parts that do not touch
_INSET_HEIGHT = 15.0
_CHARACTER = 5.8  # pixels of one, on average


@dataclass(frozen=True)
class Inset:
    """An image inside the RAM that holds it."""

    y: float
    height: float
    label: str


@dataclass(frozen=True)
class Block:
    """One part of a column."""

    y: float
    height: float
    part: Part
    insets: tuple[Inset, ...] = ()

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def at(self, address: int) -> float:
        """Height of an address in it."""
        share = (address - self.part.base) / self.part.size
        return self.y + self.height * min(max(share, 0.0), 1.0)


@dataclass(frozen=True)
class Line:
    """From host memory to where a guest sees it."""

    path: str
    style: str
    title: str


@dataclass(frozen=True)
class Column:
    x: float
    width: float
    blocks: tuple[Block, ...]
    breaks: tuple[float, ...]  # heights where addresses are left out

    def short(self, text: str) -> str:
        """As much of a label as fits."""
        room = int((self.width - 12) / _CHARACTER)
        return text if len(text) <= room else text[: room - 1] + "…"


@dataclass(frozen=True)
class Panel:
    """One VM: a strip of host memory, lines, the guest's map."""

    vm: str
    index: int
    strip: Column
    guest: Column
    lines: tuple[Line, ...]

    def reaches(self, block: Block) -> bool:
        """Whether the VM sees anything of a block of the strip."""
        parts = [other.part for other in self.guest.blocks]
        return any(
            part.host is not None
            and part.host < block.part.end
            and block.part.base < part.host + part.size
            for part in parts
        )


@dataclass(frozen=True)
class Picture:
    """One drawing: up to COLUMNS VMs beside host memory."""

    height: float
    host: Column
    panels: tuple[Panel, ...]
    width: int = WIDTH
    top: int = TOP
    names: tuple[str, ...] = field(default=())


def pictures(facts: Json) -> tuple[Picture, ...]:
    """As many drawings as all VMs need."""
    hosts = host_parts(facts)
    slope = _slope([part.size for part in hosts])
    host = _column(_address_width(hosts), _HOST_WIDTH, hosts, slope)
    vms = list(enumerate(facts["vms"]))
    columns = min(len(vms), COLUMNS)
    return tuple(
        _picture(host, vms[first : first + columns], columns, slope)
        for first in range(0, len(vms), columns)
    )


def _picture(host: Column, vms: Sequence[tuple[int, Json]], columns: int, slope: float) -> Picture:
    left = host.x + host.width + 16
    room = (WIDTH - left) / columns
    panels = tuple(
        _panel(index, vm, left + number * room, room, host, slope)
        for number, (index, vm) in enumerate(vms)
    )
    bottoms = [_bottom(column) for column in (host, *(panel.guest for panel in panels))]
    names = tuple(vm["name"] for _, vm in vms)
    return Picture(math.ceil(max(bottoms)) + 8, host, panels, names=names)


def _panel(index: int, vm: Json, x: float, width: float, host: Column, slope: float) -> Panel:
    strip = Column(x, _STRIP, host.blocks, host.breaks)
    guest_x = x + _STRIP + _LINES
    parts = guest_parts(index, vm)
    room = x + width - guest_x - _address_width(parts) - 10
    guest = _column(guest_x, min(room, _GUEST), parts, slope)
    lines = tuple(
        line for block in guest.blocks if (line := _line(strip, guest, block)) is not None
    )
    return Panel(vm["name"], index, strip, guest, lines)


def _slope(sizes: Sequence[int]) -> float:
    """The most for which host memory does not get too tall."""
    slope = _MOST
    while slope > _LEAST and sum(_height(size, slope) for size in sizes) > _TALLEST:
        slope -= 0.2
    return slope


def _height(size: int, slope: float) -> float:
    doublings = max(0.0, math.log2(max(size, 1) / 4096))
    return _PAGE_HEIGHT + slope * doublings


def _address_width(parts: Sequence[Part]) -> float:
    """Room for the addresses beside a column."""
    return 8 + _DIGIT * max((len(f"{part.base:#x}") for part in parts), default=0)


def _column(x: float, width: float, parts: Sequence[Part], slope: float) -> Column:
    blocks: list[Block] = []
    breaks: list[float] = []
    y = float(TOP)
    end = None
    for part in parts:
        if end is not None and part.base != end:
            breaks.append(y + _BREAK / 2)
            y += _BREAK
        block = _block(part, y, slope)
        blocks.append(block)
        y, end = block.bottom, part.base + part.size
    return Column(x, width, tuple(blocks), tuple(breaks))


def _block(part: Part, y: float, slope: float) -> Block:
    """With the images in it, at heights in the order of their addresses."""
    needed = _PAGE_HEIGHT + len(part.images) * (_INSET_HEIGHT + 3)
    height = max(_height(part.size, slope), needed if part.images else 0.0)
    insets: list[Inset] = []
    free = height - needed  # spread over the holes between images, by their size
    holes = _holes(part)
    whole = sum(holes) or 1.0
    place = y
    for image, hole in zip(part.images, holes):
        at_start = image.base == part.base
        place += free * hole / whole + (2.0 if at_start else 3.0)
        place = max(place, insets[-1].y + _INSET_HEIGHT + 3 if insets else y + 2)
        insets.append(Inset(place, _INSET_HEIGHT, image.label))
        place += _INSET_HEIGHT
    return Block(y, height, part, tuple(insets))


def _holes(part: Part) -> list[float]:
    """Free room before each image, and behind the last, in doublings."""
    found = []
    end = part.base
    for image in part.images:
        found.append(math.log2(1 + max(0, image.base - end) / 4096))
        end = image.base + image.size
    return [*found, math.log2(1 + max(0, part.base + part.size - end) / 4096)]


def _bottom(column: Column) -> float:
    return max((block.bottom for block in column.blocks), default=float(TOP))


def _line(strip: Column, guest: Column, block: Block) -> Line | None:
    """A band from all of the host's memory that the block shows to the block."""
    part = block.part
    if part.host is None:
        return None
    first, last = part.host, part.host + part.size
    upper = _at(strip, first, lambda b: b.part.base <= first < b.part.end)
    lower = _at(strip, last, lambda b: b.part.base < last <= b.part.end)
    if upper is None or lower is None:
        return None
    x0, x1 = strip.x + strip.width, guest.x
    bend = (x0 + x1) / 2
    path = (
        f"M{x0:.1f} {upper:.1f}C{bend:.1f} {upper:.1f} {bend:.1f} {block.y:.1f} {x1:.1f} "
        f"{block.y:.1f}V{block.bottom:.1f}C{bend:.1f} {block.bottom:.1f} {bend:.1f} {lower:.1f} "
        f"{x0:.1f} {lower:.1f}Z"
    )
    style = f"{part.style} trap" if part.kind == "emulated" else part.style
    title = (
        f"{part.label}: guest {words.span(part.base, part.size)} is host "
        f"{words.span(first, part.size)}"
    )
    return Line(path, style, title)


def _at(strip: Column, address: int, holds: Callable[[Block], bool]) -> float | None:
    return next((block.at(address) for block in strip.blocks if holds(block)), None)
