# SPDX-License-Identifier: Apache-2.0
"""Every file of tests/gen/bad/read has one defect and gives exactly the error that its first line
tells: `# expect: CODE: text`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen.diagnostics import MISSING_FILE, Diagnostic, Exit, Failure
from gen.tool import stages
from gen.tool.options import parse
from gen.tool.paths import ROOT
from gen.tool.terminal import Terminal

BAD = Path(__file__).parents[1] / "bad" / "read"
FILES = sorted(BAD.glob("*.toml"))

# Nothing but a file is missing: another status.
NO_FILE = ("include_missing",)

LATE = """
[[vm]]
name = "late"
cpus = [99]
ram = 16_778_240
unikernel = "a"
"""
LATE_ERRORS = {"E-cpu-unknown": "cpus = [99]", "E-memory-misaligned": "ram = 16_778_240"}

# What the file is to mean isn't known.
ENDS_ALL = (
    "include_itself include_missing include_text schema_newer syntax_inline_table_two_lines "
    "syntax_key_twice syntax_string_open syntax_value_missing"
).split()

# What CPU 99 is, nobody knows.
NO_BOARD = (
    "axvm_board_missing board_folder_empty board_unknown deployment_board_missing deployment_board_number "
    "deployment_missing variant_unknown"
).split()


def expectation(path: Path) -> tuple[str, str]:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    marker, code, text = first.split(": ", 2)
    assert marker == "# expect"
    return code, text


def judge(path: Path, folder: Path) -> list[Diagnostic]:
    """The errors that a build tells, but for the guest files that these deployments have not."""
    options = parse([str(path), "--out", str(folder / "out")], ROOT)
    with pytest.raises(Failure) as ended:
        work = stages.read(options, Terminal(quiet=True))
        stages.plan(work, {})
    assert ended.value.status == Exit.CONFIG or path.stem in NO_FILE
    if ended.value.status == Exit.MISSING:
        return list(ended.value.diagnostics)
    return [found for found in ended.value.diagnostics if found.is_error and not is_guests(found)]


def is_guests(found: Diagnostic) -> bool:
    return found.code == MISSING_FILE and found.message.startswith("vm.")


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_one_defect_one_error(path: Path, tmp_path: Path) -> None:
    code, text = expectation(path)
    errors = judge(path, tmp_path)
    assert [found.code for found in errors] == [code], errors
    found = errors[0]
    assert text in found.message
    assert found.where.file.name == path.name
    assert found.cure
    assert found.where.line > 1 or "missing" in found.message


WITH_VM = [path for path in FILES if "[[vm]]" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WITH_VM, ids=[path.stem for path in WITH_VM])
def test_what_the_planner_finds_in_another_vm_is_told_too(path: Path, tmp_path: Path) -> None:
    code, _ = expectation(path)
    text = path.read_text(encoding="utf-8") + LATE
    copy = tmp_path / path.name
    copy.write_text(text, encoding="utf-8")
    errors = judge(copy, tmp_path)
    late = [] if path.stem in ENDS_ALL else sorted(LATE_ERRORS)[path.stem in NO_BOARD :]
    assert [found.code for found in errors] == [code, *late], errors
    for found in errors[1:]:
        assert text.splitlines()[found.where.line - 1] == LATE_ERRORS[found.code]


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("vm_key_unknown", 'did you mean "interrupts"?'),
        ("vm_key_of_file", "put include at the top of the file, before the first [table]"),
        ("vm_key_of_deployment", "[deployment] has it"),
    ],
)
def test_the_cure_of_an_unknown_key(name: str, cure: str, tmp_path: Path) -> None:
    (found,) = judge(BAD / f"{name}.toml", tmp_path)
    assert found.cure == cure


def test_there_are_many() -> None:
    assert len(FILES) >= 45
