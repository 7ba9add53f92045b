# SPDX-License-Identifier: Apache-2.0
"""hypmap.c: the hypervisor's own page tables, an identity map with 4 KiB pages.

Two trees: `run` maps what the hypervisor needs while guests run (itself without packed images, its
devices), `loader` adds the packed images, all other RAM, firmware's spin table, and a UART that is
later a guest's. Each 2 MiB that holds parts of the image
needs a table of pages; which ones do depends on the boundaries, how many tables are reserved for
them does not, and those left over stay empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gen.emit import c
from gen.emit.boundaries import Boundaries, guess, owns_uart, packed_size, usable, window
from gen.plan.model import Plan
from gen.plan.trapped import trapped_pages
from gen.ranges import PAGE, Range, align_down, align_up, overlaps, pages, subtract

ENTRIES = 512
LEVEL_SIZE = {0: 1 << 39, 1: 1 << 30, 2: 1 << 21, 3: PAGE}
CHUNK = LEVEL_SIZE[2]
LEVEL1_BITS = range(31, 40)  # of addresses for a root of level 1 (D8.2.2); more: of level 0
ADDRESS_BITS = 48


@dataclass(frozen=True)
class Region:
    base: int
    end: int
    attribute: str  # ARCH_S1_*
    owner: str


@dataclass(frozen=True)
class Table:
    name: str
    level: int
    base: int
    rows: tuple[str, ...]


def hypmap_source(plan: Plan, boundaries: Boundaries | None, stack_size: int) -> str:
    """`boundaries`: of the last link, None or of another plan's link where there was none."""
    where = boundaries
    if where is None or not usable(plan, where, stack_size):
        where = guess(plan, stack_size)
    devices = _device_regions(plan)
    image = _image_regions(plan, where, stack_size)
    uart = [_uart_region(plan)]
    apart = [*_memory(plan), window(plan), *plan.board.spin_table]
    run = devices + [region for region in image if region.owner != "packed images"]
    if owns_uart(plan) or any(
        overlaps(part, plan.board.uart.reg) for part in trapped_pages(plan.trapped)
    ):
        run += uart
    else:
        apart.append(plan.board.uart.reg)
    loader = devices + uart + image + _ram_regions(plan, where) + _spin_table_regions(plan)
    tables: dict[str, Table] = {}
    for tree, regions in (("run", run), ("loader", loader)):
        builder = _Builder(
            tree,
            sorted(regions, key=lambda r: r.base),
            apart,
            window(plan),
            image_table_count(plan),
            tables,
        )
        builder.build_root(root_level(address_bits(plan)))
    parts = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        c.NOTICE,
        "",
        '#include "gen/layout.h"',
        '#include "gen/rows.h"',
        "",
    ]
    order = sorted(tables.values(), key=lambda table: -table.level)
    parts += [_table_text(table, address_bits(plan)) for table in order]
    return "\n".join(parts)


def address_bits(plan: Plan) -> int:
    """Of the identity map: the fewest that hold all it may map. A root that is smaller than a page
    takes no page."""
    regions = [*_device_regions(plan), _uart_region(plan), *_spin_table_regions(plan)]
    ends = [region.end for region in regions] + [ram.end for ram in _memory(plan)]
    top = max(*ends, window(plan).end)
    if top > 1 << ADDRESS_BITS:
        raise ValueError(f"what is to be mapped ends beyond {ADDRESS_BITS} bits: {top:#x}")
    return max(LEVEL1_BITS[0], (top - 1).bit_length())


def root_level(bits: int) -> int:
    """The level that the walk of so many bits of addresses starts at."""
    return 1 if bits in LEVEL1_BITS else 0


def image_table_count(plan: Plan) -> int:
    """Level-3 tables that each tree reserves for the image: enough wherever the packed images begin
    and end inside the window."""
    reserved = window(plan)
    chunks = -(-reserved.end // CHUNK) - reserved.base // CHUNK
    unpacked = reserved.size - packed_size(plan)
    return min(chunks, unpacked // CHUNK + 4)


def _image_regions(plan: Plan, where: Boundaries, stack_size: int) -> list[Region]:
    regions = [
        Region(where.image_start, where.text_end, "ARCH_S1_TEXT", "text"),
        Region(where.text_end, where.rodata_end, "ARCH_S1_RODATA", "rodata"),
        Region(where.rodata_end, where.packed_end, "ARCH_S1_RODATA", "packed images"),
        Region(where.packed_end, align_up(where.bss_end, PAGE), "ARCH_S1_DATA", "data, bss"),
    ]
    for index in range(len(plan.pcpus)):
        guard = where.stacks_start + index * (PAGE + stack_size)
        regions.append(
            Region(guard + PAGE, guard + PAGE + stack_size, "ARCH_S1_DATA", f"stack {index}")
        )
    return [region for region in regions if region.base < region.end]


def _device_regions(plan: Plan) -> list[Region]:
    gic = plan.board.gic
    found = [("GICD", gic.distributor)]
    found += [("GICR", reg) for reg in gic.redistributors]
    for name, reg in (("GICC", gic.cpu_interface), ("GICH", gic.hyp_interface)):
        if reg is not None:
            found.append((name, reg))
    if plan.board.power is not None:
        found.append(("power", plan.board.power.reg))
    return [_device_region(reg, name) for name, reg in found] + _trapped_regions(plan)


def _device_region(reg: Range, name: str) -> Region:
    part = pages(reg)
    return Region(part.base, part.end, "ARCH_S1_DEVICE", name)


def _trapped_regions(plan: Plan) -> list[Region]:
    """Pages of trapped registers. That of the UART is mapped as such."""
    uart = _uart_region(plan)
    return [
        Region(part.base, part.end, "ARCH_S1_DEVICE", "trapped registers")
        for part in trapped_pages(plan.trapped)
        if not uart.base <= part.base < uart.end
    ]


def _uart_region(plan: Plan) -> Region:
    return _device_region(plan.board.uart.reg, "UART")


def _memory(plan: Plan) -> tuple[Range, ...]:
    """The board's RAM, whole pages."""
    ranges = ((align_up(r.base, PAGE), align_down(r.end, PAGE)) for r in plan.board.ram)
    return tuple(Range(base, end - base) for base, end in ranges if base < end)


def _ram_regions(plan: Plan, where: Boundaries) -> list[Region]:
    """All RAM but the image and what firmware keeps: speculation may touch whatever is mapped."""
    taken = [Range(where.image_start, where.image_end - where.image_start)]
    taken += [pages(part) for part in plan.board.reserved]
    return [
        Region(part.base, part.end, "ARCH_S1_DATA", "RAM")
        for part in subtract(_memory(plan), taken)
    ]


def _spin_table_regions(plan: Plan) -> list[Region]:
    """Where the entries of other CPUs are written when they are started."""
    return [Region(p.base, p.end, "ARCH_S1_DATA", "spin table") for p in plan.board.spin_table]


class _Builder:
    """Builds one tree into `tables`. Tables that meet nothing of `apart`, what the trees map each in
    its own way, are shared."""

    def __init__(
        self,
        tree: str,
        regions: list[Region],
        apart: list[Range],
        reserved: Range,
        image_tables: int,
        tables: dict[str, Table],
    ) -> None:
        self.tree = tree
        self.regions = regions
        self.apart = apart
        self.reserved = reserved
        self.slots: Iterator[str] = iter(
            [f"hyp_{tree}_image_{index}" for index in range(image_tables)]
        )
        self.tables = tables
        for before, after in zip(regions, regions[1:]):
            if after.base < before.end:
                raise ValueError(f"{before.owner} and {after.owner} overlap at {after.base:#x}")

    def build_root(self, level: int) -> None:
        self._build(f"hyp_{self.tree}_table", level, 0)
        for name in self.slots:
            self.tables[name] = Table(name, 3, 0, ())

    def _build(self, name: str, level: int, base: int) -> None:
        rows = []
        size = LEVEL_SIZE[level]
        for index in self._used(base, size):
            row = self._entry(level, base + index * size, size)
            if row:
                rows.append(f"    [{index}] = {row}")
        self.tables[name] = Table(name, level, base, tuple(rows))

    def _used(self, base: int, size: int) -> list[int]:
        """Indices of the entries of the table at `base` that some region touches."""
        used: set[int] = set()
        for region in self.regions:
            first = max((region.base - base) // size, 0)
            last = min((region.end - 1 - base) // size, ENTRIES - 1)
            used.update(range(first, last + 1))
        return sorted(used)

    def _entry(self, level: int, base: int, size: int) -> str:
        inside = [r for r in self.regions if r.base < base + size and base < r.end]
        whole = len(inside) == 1 and inside[0].base <= base and base + size <= inside[0].end
        if whole and level > 0:
            kind = "PAGE" if level == 3 else "BLOCK"
            region = inside[0]
            return f"ARCH_S1_{kind}({c.u64(base)}, {region.attribute}), /* {region.owner} */"
        if level == 3:
            raise ValueError(f"page {base:#x} is part of {inside[0].owner} only partly")
        name = self._child_name(level + 1, base, size)
        if name not in self.tables:
            self._build(name, level + 1, base)
        return f"ARCH_TABLE({name}), /* {base:#x} */"

    def _child_name(self, level: int, base: int, size: int) -> str:
        own = Range(base, size)
        if level == 3 and overlaps(own, self.reserved):
            name = next(self.slots, None)
            if name is None:
                raise ValueError("the image is larger than the memory reserved for it")
            return name
        shared = not any(overlaps(own, part) for part in self.apart)
        return f"hyp_{'device' if shared else self.tree}_{level}_{base:x}"


def _table_text(table: Table, bits: int) -> str:
    level = root_level(bits)
    root = table.level == level
    count = 1 << bits - LEVEL_SIZE[level].bit_length() + 1 if root else ENTRIES
    where = f"from {table.base:#x}" if table.rows else "spare"
    declaration = (
        f"/* level {table.level}, {where} */\n"
        f"{'' if root else 'static '}const uint64_t {table.name}[{count}]\n"
        f"    __attribute__((used, {c.table_place(count)}))"
    )
    return c.array(declaration, table.rows or ["    0,"], table.name, str(count))
