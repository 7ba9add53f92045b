#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the planner makes of deployments for boards: mappings, rows, interrupts, and the nodes of
granted devices in the guests' trees; or what is wrong with them. Kept as text in kept/.
`board_plans.py --update` rewrites it. Those of configs/ that are named like a board are planned with
the guests that they name, but unikernels, which are not compiled for this."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
DEPLOYMENTS = HERE / "deployments"
CONFIGS = ROOT / "configs"
KEPT = HERE / "kept"
INPUT_HASH = "0" * 64
MACHINE = ("aliases", "chosen", "cpus", "memory", "psci", "timer", "uart-clock")
LONG = 72  # characters of a property's value that are kept

sys.path.insert(0, str(ROOT))

from gen.diagnostics import Report  # noqa: E402
from gen.plan.model import Plan, PlannedVm, Trapped  # noqa: E402
from gen.plan.plan import make_plan  # noqa: E402
from gen.read.board_file import list_boards, load_board  # noqa: E402
from gen.read.fdt import Node, parse  # noqa: E402
from gen.read.load import load_deployment  # noqa: E402
from gen.tool import absent, fetch  # noqa: E402
from gen.tool.paths import FETCH  # noqa: E402


def boards_with_deployment() -> list[str]:
    """configs/<board>.toml: Linux and a unikernel that owns a device of that board."""
    return [name for name in list_boards() if (CONFIGS / f"{name}.toml").is_file()]


def cases() -> list[str]:
    return sorted([path.stem for path in DEPLOYMENTS.glob("*.toml")] + boards_with_deployment())


def produce(case: str) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if case in boards_with_deployment():
            return _produce(CONFIGS / f"{case}.toml", folder)
        shutil.copy(DEPLOYMENTS / f"{case}.toml", folder)
        (folder / "image.bin").write_bytes(bytes(range(256)))
        return _produce(folder / f"{case}.toml", folder)


def _produce(file: Path, folder: Path) -> str:
    report = Report()
    deployment = load_deployment(file, [], report, {"fetch": str(FETCH)})
    report.stop_on_errors()
    assert deployment is not None
    deployment = absent.with_stand_ins(deployment, set(), folder)
    board = load_board(deployment.board, deployment.variant, report, deployment.where)
    report.stop_on_errors()
    assert board is not None
    made = make_plan(deployment, board, {}, report, INPUT_HASH)
    lines = []
    for found in report.found:
        lines += [f"{found.code} line {found.where.line}", f"    {found.message}"]
        lines += [f"    cure: {found.cure}"] if found.cure else []
    if made is not None:
        lines += [line for vm in made.vms for line in _vm(made, vm)]
    return "\n".join(lines) + "\n"


def _vm(plan: Plan, vm: PlannedVm) -> list[str]:
    cpus = [plan.board.cpus[plan.pcpus[plan.vcpus[n].pcpu].board_index].name for n in vm.vcpus]
    lines = [f"VM {vm.vm.name}: {', '.join(cpus)}"]
    lines += [
        f"    {m.gpa:#_x} -> {m.hpa:#_x} {m.size:#_x} {m.kind} {m.access} {m.owner}"
        for m in vm.mappings
    ]
    for row in vm.mmio:
        rules = _trap(plan.trapped[row.instance]) if row.ops.startswith("trapped") else ""
        lines.append(f"    row {row.gpa:#_x} {row.size:#x} {row.ops} {row.owner}{rules}")
    lines += [f"    SPI {i.spi} -> {i.guest_spi} {i.trigger} {i.owner}" for i in vm.irqs]
    lines += [f"    NOT ISOLATED from {path}" for path in vm.masters]
    lines += [f"    note: {note}" for note in vm.notes]
    for node in parse(vm.dtb).root.children if vm.dtb is not None else ():
        if node.name.split("@")[0] not in MACHINE:
            lines += _node(node, 1)
    return lines


def _trap(trap: Trapped) -> str:
    if not trap.read_mask and not trap.write_mask:
        return ""
    lock = "" if trap.lock is None else f", lock {trap.lock}"
    return f", {trap.rest}{lock}"


def _node(node: Node, depth: int) -> list[str]:
    indent = "    " * depth
    lines = [f"{indent}{node.name}"]
    lines += [f"{indent}  {name}{_value(raw)}" for name, raw in node.properties.items()]
    if node.name.startswith(("dma-bus", "reserved-memory")) or len(node.children) < 3:
        for child in node.children:
            lines += _node(child, depth + 1)
    else:
        lines.append(f"{indent}  ... {len(node.children)} nodes")
    return lines


def _value(raw: bytes) -> str:
    if not raw:
        return ""
    is_text = raw.endswith(b"\0") and all(32 <= byte < 127 or byte == 0 for byte in raw)
    if is_text and raw[0] and b"\0\0" not in raw:
        text = " ".join(f'"{part}"' for part in raw[:-1].decode().split("\0"))
    else:
        text = raw.hex(" ", 4)
    return f" = {text if len(text) <= LONG else text[:LONG] + ' ...'}"


def kept(case: str) -> str:
    path = KEPT / f"{case}.txt"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", required=True)
    parser.parse_args()
    fetch.ensure_all(offline=False)
    KEPT.mkdir(exist_ok=True)
    for case in cases():
        made = produce(case)
        if made != kept(case):
            (KEPT / f"{case}.txt").write_text(made, encoding="utf-8")
            print(f"board plan {case}: changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
