# SPDX-License-Identifier: Apache-2.0
"""I/O ports, on a board as x86 has them: the planner knows them before any such board is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from test_plan import HEAD
from world import INPUT_HASH, load

from gen.diagnostics import Report
from gen.plan.model import Plan
from gen.plan.plan import make_plan

VM = """
[[vm]]
name = "a"
cpus = [0]
ram = "16M"
kernel = "small.bin"
"""


def plan_with_ports(folder: Path, entries: str) -> tuple[Plan | None, Report]:
    report = Report()
    deployment, board = load(folder, HEAD + VM + entries, report)
    assert deployment is not None and board is not None, report.errors
    return make_plan(deployment, replace(board, has_ports=True), {}, report, INPUT_HASH), report


def emulated(*entries: str) -> str:
    devices = ", ".join(f'{{ type = "countdown", {entry} }}' for entry in entries)
    return f"emulated = [{devices}]\n"


def test_rows_are_sorted_and_know_their_instance(folder: Path) -> None:
    entries = emulated("port = 0x340", "gpa = 0xa00_0000", "port = 0x300", "port = 0xffe0")
    plan, report = plan_with_ports(folder, entries)
    assert plan is not None, report.errors
    rows = plan.vms[0].ports
    assert [(row.base, row.size, row.instance) for row in rows] == [
        (0x300, 32, 2),
        (0x340, 32, 0),
        (0xFFE0, 32, 3),
    ]
    assert [row.instance for row in plan.vms[0].mmio if row.ops == "countdown_ops"] == [1]
    assert plan.config_symbols["VDEV_PORT"] == "y"


def test_no_other_architecture_has_the_code(folder: Path) -> None:
    report = Report()
    deployment, board = load(folder, HEAD + VM, report)
    assert deployment is not None and board is not None
    plan = make_plan(deployment, board, {}, report, INPUT_HASH)
    assert plan is not None and plan.config_symbols["VDEV_PORT"] == "n"


def test_overlaps_are_refused(folder: Path) -> None:
    plan, report = plan_with_ports(folder, emulated("port = 0x300", "port = 0x31f"))
    assert plan is None
    (error,) = report.errors
    assert error.code == "E-ports-overlap"
    assert "0x31f to 0x33e overlaps countdown at 0x300 to 0x31f" in error.message
    assert error.cure == "use port = 0x320"


def test_neighbours_are_not(folder: Path) -> None:
    plan, report = plan_with_ports(folder, emulated("port = 0x300", "port = 0x320"))
    assert plan is not None, report.errors


def test_the_last_port_is_a_limit(folder: Path) -> None:
    plan, report = plan_with_ports(folder, emulated("port = 0xffe1"))
    assert plan is None
    assert [error.code for error in report.errors] == ["E-ports-overlap"]


def test_the_boards_own_ports_are_refused(folder: Path) -> None:
    entries = 'passthrough = [{ name = "com1", ports = [{ base = 0x3f8, size = 8 }] }]\n'
    plan, report = plan_with_ports(folder, entries)
    assert plan is None
    assert [error.code for error in report.errors] == ["E-ports-direct"]
