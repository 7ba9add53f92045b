# SPDX-License-Identifier: Apache-2.0
"""The hypervisor's own page tables: `run`, while guests run, and `loader`, at boot and restarts."""

from __future__ import annotations

from dataclasses import dataclass

from gen.audit.arm import ENTRIES, MAIR, SHIFT, stage1_leaf
from gen.audit.findings import Check, Findings
from gen.audit.image import Firmware, Tables
from gen.audit.ranges import PAGE, Span, covered, sized, union, without
from gen.audit.stage2 import Reach
from gen.audit.walk import Mapping, Tree, walk

LEVEL1_BITS = 39  # the most that a root of level 1 translates (D8.2.2); with more it is of level 0


@dataclass(frozen=True)
class Devices:
    """Registers that the hypervisor maps. `exact`: told by the board's facts, not by the rows."""

    run: list[Span]
    loader: list[Span]
    exact: bool


@dataclass(frozen=True)
class HostRam:
    """The board's RAM and what of it firmware keeps."""

    ram: list[Span]
    reserved: list[Span]


def stack_spans(firmware: Firmware, cpus: int) -> tuple[list[Span], list[Span]]:
    """(stacks, guard pages): for each CPU a guard page, then its stack (gen/layout.h)."""
    start, end = firmware.symbols["stacks_start"], firmware.symbols["image_end"]
    if not cpus or (end - start) % cpus or (end - start) // cpus <= PAGE:
        raise ValueError("the stacks are not alike")
    step = (end - start) // cpus
    guards = [sized(start + n * step, PAGE) for n in range(cpus)]
    return [Span(guard.end, guard.base + step) for guard in guards], guards


def walk_own(
    tables: Tables, reaches: list[Reach], devices: Devices, ram: HostRam | None, findings: Findings
) -> dict[str, Tree]:
    """`ram`: None where no board file tells it."""
    firmware = tables.firmware
    trees: dict[str, Tree] = {}
    with findings.check("audit-hypervisor-map", "The hypervisor's own page tables") as check:
        told = firmware.symbols.get("AARCH64_MAIR")
        check.expect(told == MAIR, f"MAIR_EL2 is not {MAIR:#x}")
        bits = 64 - firmware.symbols["AARCH64_T0SZ"]
        root_level = 1 if bits <= LEVEL1_BITS else 0
        root_entries = 1 << bits - SHIFT[root_level]
        check.expect(2 <= root_entries <= ENTRIES, f"a root of {root_entries} entries")
        stacks, guards = stack_spans(firmware, len(tables.pcpus))
        image = _image(tables, stacks)
        for name in ("run", "loader"):
            root = firmware.symbols[f"hyp_{name}_table"]
            tree = walk(firmware.read, root, root_level, root_entries, stage1_leaf)
            trees[name] = tree
            _check_form(name, tree, firmware, check)
            for guard in guards:
                mapped = any(mapping.span.meets(guard) for mapping in tree.mappings)
                check.expect(not mapped, f"{name}: the guard page {guard} is mapped")
            for span, access in image[name]:
                _expect(name, tree, span, "normal", access, check)
            for span in getattr(devices, name):
                _expect(name, tree, span.pages(), "device", "rw", check)
        _check_rest(trees, image, devices, tables, reaches, ram, check)
        check.shown = (
            f"run: {len(trees['run'].mappings)} ranges, no guest's RAM; loader: guests' RAM writable, "
            "never executable; text never writable, data never executable, "
            f"{len(guards)} guard pages unmapped"
        )
    return trees


def spin_table(tables: Tables) -> list[Span]:
    """Pages in which entries of other CPUs are written."""
    places = {pcpu.release_address for pcpu in tables.pcpus if pcpu.release_address}
    return union(sized(place, 1).pages() for place in places)


def _image(tables: Tables, stacks: list[Span]) -> dict[str, list[tuple[Span, str]]]:
    """What each tree must map of the image, and the loader to start other CPUs."""
    firmware = tables.firmware
    data = Span(firmware.symbols["packed_end"], firmware.symbols["bss_end"]).pages()
    parts = [
        (firmware.span("image_start", "text_end"), "rx"),
        (firmware.constants, "r"),
        (data, "rw"),
        *((stack, "rw") for stack in stacks),
    ]
    packed = firmware.span("rodata_end", "packed_end")
    loader = [*parts, *((page, "rw") for page in spin_table(tables))]
    return {"run": parts, "loader": [*loader, (packed, "r")] if packed.size else loader}


def _check_form(name: str, tree: Tree, firmware: Firmware, check: Check) -> None:
    for problem in tree.problems:
        check.fail(f"{name}: {problem}")
    for table in tree.tables:
        fine = firmware.constants.holds(table) and firmware.object_size(table.base) == table.size
        check.expect(fine, f"{name}: {table.base:#x} is no read-only table")
    for mapping in tree.mappings:
        check.expect(mapping.base == mapping.output, f"{name}: not an identity: {mapping}")
        both = "w" in mapping.access and "x" in mapping.access
        check.expect(not both, f"{name}: writable and executable: {mapping}")


def _expect(name: str, tree: Tree, span: Span, memory: str, access: str, check: Check) -> None:
    """All of a range is mapped, in this way."""
    left = [span]
    for mapping in tree.mappings:
        if mapping.span.meets(span):
            fine = (mapping.memory, mapping.access) == (memory, access)
            check.expect(
                fine, f"{name}: {span} is mapped as {mapping}, expected {memory}, {access}"
            )
            left = without(left, [mapping.span])
    check.expect(not left, f"{name}: {span} is not all mapped")


def _check_rest(
    trees: dict[str, Tree],
    image: dict[str, list[tuple[Span, str]]],
    devices: Devices,
    tables: Tables,
    reaches: list[Reach],
    ram: HostRam | None,
    check: Check,
) -> None:
    """What is mapped beyond that: nothing by run, RAM by loader."""
    guests = union(
        [sized(r.hpa, r.size) for vm in tables.vms for r in vm.ram if r.restore]
        + [sized(channel.base, channel.size) for channel in tables.channels]
    )
    own = tables.firmware.own
    for name, tree in trees.items():
        known = [span for span, _ in image[name]]
        known += [span.pages() for span in getattr(devices, name)]
        rest = [piece for mapping in tree.mappings for piece in _beyond(mapping, known)]
        for mapping in rest:
            if mapping.memory == "device":
                mine = not any(mapping.host.meets(m.host) for r in reaches for m in r.mappings)
                check.expect(
                    mine and not devices.exact, f"{name}: maps a device that is not its: {mapping}"
                )
            elif name == "run":
                check.fail(f"run: maps memory that is not the hypervisor's: {mapping}")
            else:
                _check_loader_ram(mapping, own, ram, check)
        if name == "loader":
            mapped = [mapping.host for mapping in rest if mapping.memory == "normal"]
            _check_all_ram(mapped, guests, own, ram, check)


def _beyond(mapping: Mapping, known: list[Span]) -> list[Mapping]:
    return [
        Mapping(part.base, part.base, part.size, mapping.memory, mapping.access)
        for part in without([mapping.span], known)
    ]


def _check_loader_ram(mapping: Mapping, own: Span, ram: HostRam | None, check: Check) -> None:
    check.expect(mapping.access == "rw", f"loader: memory is mapped as {mapping}")
    check.expect(not mapping.host.meets(own), f"loader: maps the hypervisor: {mapping}")
    if ram is not None:
        check.expect(covered(mapping.host, ram.ram), f"loader: no RAM of the board: {mapping}")
        kept = any(mapping.host.meets(part.pages()) for part in ram.reserved)
        check.expect(not kept, f"loader: firmware's memory: {mapping}")


def _check_all_ram(
    mapped: list[Span], guests: list[Span], own: Span, ram: HostRam | None, check: Check
) -> None:
    """The loader reaches all memory that it loads, zeroes and copies."""
    wanted = guests
    if ram is not None:
        whole = [Span(-(-r.base // PAGE) * PAGE, r.end // PAGE * PAGE) for r in ram.ram]
        wanted = without(whole, [own.pages(), *(part.pages() for part in ram.reserved)])
    for left in without(wanted, mapped):
        if ram is None or not any(left.meets(part.pages()) for part in ram.reserved):
            check.fail(f"loader: {left} is not mapped")
