# SPDX-License-Identifier: Apache-2.0
"""Codes and pages: every code that the generator uses is explained, every explained one is used,
and the committed pages are what their source gives."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from gen import docs
from gen.codes import CODES, explain
from gen.docs import REPO, explain_key, old_pages, schema_json
from gen.read.board_schema import BOARD, VARIANT
from gen.read.keys import all_tables
from gen.read.schema import ROOT

BAD = REPO / "tests" / "gen" / "bad" / "read"


def strings(node: ast.expr) -> list[str]:
    """The string constants that an expression can be."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return strings(node.body) + strings(node.orelse)
    return []


def reported(path: Path) -> Iterator[str]:
    """Codes in calls of Report.error and Report.warning."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("error", "warning") and len(node.args) >= 3:
                for code in strings(node.args[0]):
                    yield f"{'E' if node.func.attr == 'error' else 'W'}-{code}"


def sources() -> list[Path]:
    return [path for path in (REPO / "gen").rglob("*.py") if not path.name.startswith("codes")]


def test_every_used_code_is_explained() -> None:
    used = {code for path in sources() for code in reported(path)}
    assert used - set(CODES) == set()


def test_every_explained_code_is_used() -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in sources())
    assert [code for code in CODES if f'"{code[2:]}"' not in texts] == []


def test_explanations_are_sentences() -> None:
    for code in CODES.values():
        assert code.meaning.endswith((".", ")")) and code.cure.endswith("."), code.name


def test_explain() -> None:
    text = explain("key-unknown")
    assert text is not None and text.startswith("E-key-unknown") and "Cure:" in text
    assert explain("W-schema-missing") is not None
    assert explain("E-no-such") is None
    ram = explain_key("vm.ram")
    assert ram is not None and "16M" in ram
    gpa = explain_key("gpa")
    assert gpa is not None and gpa.count("\n\n") >= 3
    assert explain_key("rams") is None


def test_pages_are_current() -> None:
    assert old_pages() == [], "run /usr/bin/python3 -m gen.docs"


def test_check_tells_what_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "REPO", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "configs").mkdir()
    assert docs.main(["--check"]) == 1
    assert "docs/errors.md is old" in capsys.readouterr().out
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0


def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(schema_json())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_editor_schema_accepts_what_is_good() -> None:
    for path in (REPO / "configs").glob("*.toml"):
        validator().validate(tomllib.loads(path.read_text(encoding="utf-8")))


LOCAL = ("E-key-unknown", "E-wrong-type", "E-out-of-range", "E-bad-name", "E-not-available")
# What JSON Schema cannot say: the value behind a size or a time with its unit, names that are taken.
BEYOND_SCHEMA = ("vm_name_bulkhead", "vm_ram_small", "vm_watchdog_zero", "test_timeout_zero")


def test_editor_schema_refuses_what_the_validator_refuses() -> None:
    for path in BAD.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if text.split(": ")[1] in LOCAL and path.stem not in BEYOND_SCHEMA:
            assert list(validator().iter_errors(tomllib.loads(text))), path.name


def test_every_key_has_words() -> None:
    for table in all_tables(ROOT):
        for key in table.keys:
            assert key.doc.endswith("."), f"{table.name}.{key.name}"


def test_no_table_has_a_key_twice() -> None:
    for table in [*all_tables(ROOT), *all_tables(BOARD), *all_tables(VARIANT)]:
        names = [key.name for key in table.keys]
        assert len(set(names)) == len(names), table.name


def test_examples_are_toml() -> None:
    for table in all_tables(ROOT):
        for key in table.keys:
            if key.example:
                tomllib.loads(f"{key.name} = {key.example}")


# Codes that no single deployment file can cause: --set arguments, warnings, board folders.
ELSEWHERE = {
    "E-set-syntax",
    "E-set-unknown",
    "E-board-tree",
    "E-board-mismatch",
    "E-board-fact",
}


def test_every_error_of_reading_has_a_bad_config() -> None:
    told = {path.read_text(encoding="utf-8").split(": ")[1] for path in BAD.parent.rglob("*.toml")}
    used = {code for path in (REPO / "gen" / "read").rglob("*.py") for code in reported(path)}
    errors = {code for code in used if code.startswith("E-")}
    assert errors - told - ELSEWHERE == set()
