# SPDX-License-Identifier: Apache-2.0
"""symbols.h: the generated objects that rows of tables.c point at."""

from __future__ import annotations

from gen.emit import c
from gen.emit.images import image_symbols
from gen.plan.model import Plan


def symbols_header(plan: Plan) -> str:
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        c.NOTICE,
        "#ifndef SYMBOLS_H",
        "#define SYMBOLS_H",
        "",
        "#include <stdint.h>",
        "",
        "/* Roots of the stage-2 tables */",
    ]
    for vm in plan.vms:
        root = next(table for table in vm.stage2.tables if table.name == vm.stage2.root)
        lines.append(f"extern const uint64_t {root.name}[{root.count}];")
    images = image_symbols(plan)
    if images:
        lines += ["", "/* Guest images in the firmware */"]
        lines += [f"extern const uint8_t {entry.symbol}[];" for entry in images]
    lines += ["", "#endif", ""]
    return "\n".join(lines)
