# SPDX-License-Identifier: Apache-2.0
"""stage2.c: the stage-2 translation tables of every VM, as rows of ARCH_* macros."""

from __future__ import annotations

from gen.emit import c
from gen.plan.model import Mapping, Plan, PlannedVm, Stage2Table

LEVEL_SHIFT = {0: 39, 1: 30, 2: 21, 3: 12}


def stage2_source(plan: Plan) -> str:
    parts = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        c.NOTICE,
        "",
        '#include "gen/rows.h"',
        "",
        "#include <symbols.h>",
        "",
    ]
    parts += [_vm_tables(vm) for vm in plan.vms]
    return "\n".join(parts)


def _vm_tables(vm: PlannedVm) -> str:
    tables = {table.name: table for table in vm.stage2.tables}
    bases = _table_bases(vm, tables)
    root = vm.stage2.root
    parts = [
        f"/* {c.comment_text(vm.vm.name)}: VMID {vm.stage2.vmid}, {vm.stage2.ipa_bits}-bit IPA, "
        f"root at level {vm.stage2.start_level} */\n"
    ]
    for name in sorted(tables, key=lambda name: (-tables[name].level, bases[name])):
        storage = "" if name == root else "static "
        parts.append(_table(tables[name], bases[name], storage, vm.mappings))
    return "\n".join(parts)


def _table_bases(vm: PlannedVm, tables: dict[str, Stage2Table]) -> dict[str, int]:
    """Name of each table to the GPA that its entry 0 translates. Tables that nothing reaches are an
    error of the plan."""
    bases = {vm.stage2.root: 0}
    pending = [vm.stage2.root]
    while pending:
        table = tables[pending.pop()]
        for index, entry in table.entries.items():
            if entry[0] == "table":
                bases[entry[1]] = bases[table.name] + (index << LEVEL_SHIFT[table.level])
                pending.append(entry[1])
    lost = sorted(set(tables) - set(bases))
    if lost:
        raise ValueError(f"stage-2 tables of {vm.vm.name} not reachable: {', '.join(lost)}")
    return bases


def _table(table: Stage2Table, base: int, storage: str, mappings: tuple[Mapping, ...]) -> str:
    rows = []
    for index, entry in sorted(table.entries.items()):
        gpa = base + (index << LEVEL_SHIFT[table.level])
        rows.append(f"    [{index}] = {_entry(entry)}, /* {_what(entry, gpa, mappings)} */")
    declaration = (
        f"/* level {table.level}, from GPA {base:#x} */\n"
        f"{storage}const uint64_t {table.name}[{table.count}]\n"
        f"    __attribute__(({c.table_place(table.count)}))"
    )
    return c.array(declaration, rows or ["    0,"], table.name, str(table.count))


def _entry(entry: tuple[str, ...]) -> str:
    if entry[0] == "table":
        return f"ARCH_TABLE({entry[1]})"
    kind, hpa, attribute = entry
    macro = {"block": "ARCH_S2_BLOCK", "page": "ARCH_S2_PAGE"}[kind]
    return f"{macro}({c.u64(int(str(hpa), 0))}, ARCH_S2_{attribute})"


def _what(entry: tuple[str, ...], gpa: int, mappings: tuple[Mapping, ...]) -> str:
    if entry[0] == "table":
        return f"{gpa:#x}"
    for mapping in mappings:
        if mapping.gpa <= gpa < mapping.gpa + mapping.size:
            return f"{gpa:#x} {c.comment_text(mapping.owner)}"
    raise ValueError(f"stage-2 entry for GPA {gpa:#x} belongs to no mapping")
