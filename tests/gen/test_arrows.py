# SPDX-License-Identifier: Apache-2.0
"""Rooms use each other in one direction (docs/design.md, Rooms and arrows): no import and no #include
goes against it. What a room may use stands here once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Of the generator: a room may use itself and these, a module or all of a room.
PYTHON = {
    "gen/read": ("gen.diagnostics", "gen.ranges"),
    "gen/plan": ("gen.diagnostics", "gen.ranges", "gen.read"),
    "gen/emit": ("gen.diagnostics", "gen.ranges", "gen.read", "gen.plan"),
    # A witness: it shares the reader of ELF files, and nothing else.
    "gen/audit": ("gen.tool.elf", "gen.tool.typed"),
}
# Of the hypervisor; gen/ has the contract with the generator.
C = {
    "platform": ("gen",),
    "arch": ("gen", "platform"),
    "vdev": ("gen", "platform", "arch"),
    "loader": ("gen", "platform", "arch", "vdev"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"](\w+)/[\w./]+[>"]', re.MULTILINE)


def imported(source: str) -> Iterator[str]:
    """Modules of ours that a source imports, also inside of functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("gen"))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("gen"):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def against_python(room: str, source: str) -> list[str]:
    allowed = (room.replace("/", "."), *PYTHON[room])
    return [
        name
        for name in imported(source)
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    ]


def against_c(room: str, source: str) -> list[str]:
    return [name for name in INCLUDE.findall(source) if name not in (room, *C[room])]


def test_the_generator_keeps_to_its_arrows() -> None:
    for room in PYTHON:
        for path in (ROOT / room).rglob("*.py"):
            wrong = against_python(room, path.read_text(encoding="utf-8"))
            assert not wrong, f"{path.relative_to(ROOT)} imports {', '.join(wrong)}"


def test_the_hypervisor_keeps_to_its_arrows() -> None:
    for room in C:
        for path in (ROOT / room).rglob("*.[chS]"):
            wrong = against_c(room, path.read_text(encoding="utf-8"))
            assert not wrong, f"{path.relative_to(ROOT)} includes {', '.join(wrong)}/"


def test_an_arrow_back_is_found() -> None:
    assert against_python("gen/read", "from gen.plan.model import PAGE\n") == [
        "gen.plan.model.PAGE"
    ]
    assert against_python("gen/audit", "def f() -> None:\n    import gen.plan\n") == ["gen.plan"]
    assert against_python("gen/emit", "from gen.tool import elf\n") == ["gen.tool.elf"]
    assert not against_python("gen/audit", "from gen.tool import elf\nimport hashlib\n")
    assert against_c("vdev", '#include "loader/life.h"\n#include "vdev/vm.h"\n') == ["loader"]
    assert against_c("platform", "#include <arch/arch.h>\n#include <stdint.h>\n") == ["arch"]
