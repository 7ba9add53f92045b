# SPDX-License-Identifier: Apache-2.0
"""names.h and names.c: what rows are called, for traces. Nothing refers to them without Kconfig
TRACE, and then they are not linked."""

from __future__ import annotations

from collections.abc import Sequence

from gen.emit import c
from gen.emit.vm_rows import vm_names
from gen.plan.model import Plan
from gen.read.board import Board
from gen.read.gic import ppi_intid, spi_intid


def names_header(plan: Plan) -> str:
    counts = {
        "MMIO_ROW_MAX": max(len(vm.mmio) for vm in plan.vms),
        "PORT_ROW_MAX": max(len(vm.ports) for vm in plan.vms),
        "SYSREG_ROW_MAX": max(len(vm.sysregs) for vm in plan.vms),
        "IRQ_NAME_COUNT": len(irq_names(plan)),
    }
    lines = ["/* SPDX-License-Identifier: Apache-2.0 */", c.NOTICE]
    lines += ["#ifndef NAMES_H", "#define NAMES_H", ""]
    lines += [f"#define {name} {count}u" for name, count in counts.items()]
    return "\n".join([*lines, "", "#endif", ""])


def names_source(plan: Plan) -> str:
    parts = ["/* SPDX-License-Identifier: Apache-2.0 */", c.NOTICE, ""]
    parts += ['#include "gen/rows.h"', "#include <names.h>", "#include <tables.h>", ""]
    rows = []
    for vm, name in zip(plan.vms, vm_names(plan)):
        members = []
        for kind, owners in (
            ("mmio", [row.owner for row in vm.mmio]),
            ("port", [port.owner for port in vm.ports]),
            ("sysreg", [register.name for register in vm.sysregs]),
        ):
            symbol = f"{name}_{kind}_names"
            members.append((kind, symbol if owners else "NULL"))
            if owners:
                parts.append(_array(f"static const char *const {symbol}[]", owners, symbol))
        rows.append(c.row(members))
    parts.append(c.array("const struct name_row name_rows[]", rows, "name_rows", "VM_COUNT"))
    irqs = irq_names(plan)
    parts.append(_array("const char *const irq_names[]", irqs, "irq_names"))
    return "\n".join(parts)


def _array(declaration: str, names: Sequence[str | None], symbol: str) -> str:
    rows = [f"    {'NULL' if name is None else c.string(name)}," for name in names]
    return c.array(declaration, rows, symbol, str(len(names)))


def irq_names(plan: Plan) -> list[str | None]:
    """By physical INTID; the hypervisor's own and the VMs'."""
    board = plan.board
    found = {0: "another CPU", ppi_intid(board.maintenance_ppi): "vGIC maintenance"}
    found |= {ppi_intid(ppi): f"{name} timer" for name, ppi in _timers(board).items()}
    found[spi_intid(board.uart.spi)] = "console"
    found |= {spi_intid(irq.spi): irq.owner for vm in plan.vms for irq in vm.irqs}
    return [found.get(intid) for intid in range(max(found) + 1)]


def _timers(board: Board) -> dict[str, int]:
    return dict(sorted(board.timer_ppi.items()))
