# SPDX-License-Identifier: Apache-2.0
"""Every file of tests/gen/bad/plan has one defect and gives exactly the error (or, for W- codes,
the warning) that its first line tells: `# expect: CODE: text`. And every check of reader and
planner has such a file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from world import plan_text

from gen.codes_plan import PLAN
from gen.codes_read import READ
from gen.diagnostics import Report

ROOT = Path(__file__).parents[3]
BAD = ROOT / "tests" / "gen" / "bad"
FILES = sorted((BAD / "plan").glob("*.toml"))

# Told about things that no deployment file says; each has a test of its own.
ELSEWHERE = {
    "E-set-syntax",  # --set
    "E-set-unknown",
    "E-ports-direct",  # a board with I/O ports: test_ports.py
    "E-ports-overlap",
    "E-board-reset-missing",  # a board without PSCI: test_spin_table_plan.py
    "E-passthrough-power",
}


def expectation(path: Path) -> tuple[str, str]:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    marker, code, text = first.split(": ", 2)
    assert marker == "# expect"
    return code, text


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_one_defect_one_error(path: Path, folder: Path) -> None:
    report = Report()
    plan = plan_text(folder, path.read_text(encoding="utf-8"), report)
    code, text = expectation(path)
    if code.startswith("E-"):
        assert plan is None
        assert [found.code for found in report.errors] == [code], report.errors
    else:
        assert plan is not None, report.errors
    found = next(found for found in report.found if found.code == code)
    assert text in found.message, found.message
    assert found.cure or code in ("W-dma-trusted", "W-device-page-mates")
    assert found.where.line > 0 or code in ("E-firmware-outside-ram", "W-schema-missing")


def test_there_are_many() -> None:
    assert len(FILES) >= 50


def codes_in(room: str) -> set[str]:
    """All codes that a room can report: first arguments of error() and warning(), and the names
    that reach them through a variable or a table."""
    found = set()
    for file in sorted((ROOT / "gen" / room).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                letter = {"error": "E", "warning": "W"}.get(node.func.attr)
                for part in ast.walk(node.args[0]) if letter and node.args else ():
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        found.add(f"{letter}-{part.value}")
    return found


def strings_in(room: str) -> set[str]:
    return {
        node.value
        for file in sorted((ROOT / "gen" / room).glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_code_of_the_planner_is_listed() -> None:
    assert not codes_in("plan") - PLAN.keys() - READ.keys()


def test_every_listed_code_of_the_planner_is_used() -> None:
    used = strings_in("plan")
    assert not [code for code in PLAN if code[2:] not in used]


def test_every_check_has_a_bad_config() -> None:
    shown = {expectation(path)[0] for path in BAD.glob("**/*.toml")}
    assert sorted({*PLAN, *READ} - shown - ELSEWHERE) == []
