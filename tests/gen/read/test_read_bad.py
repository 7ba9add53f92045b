# SPDX-License-Identifier: Apache-2.0
"""Every file of tests/gen/bad/read has one defect and gives exactly the error that its first line
tells: `# expect: CODE: text`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen.diagnostics import Report
from gen.read.board_file import load_board
from gen.read.load import load_deployment

BAD = Path(__file__).parents[1] / "bad" / "read"
FILES = sorted(BAD.glob("*.toml"))


def expectation(path: Path) -> tuple[str, str]:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    marker, code, text = first.split(": ", 2)
    assert marker == "# expect"
    return code, text


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_one_defect_one_error(path: Path) -> None:
    report = Report()
    deployment = load_deployment(path, (), report)
    if deployment is not None:
        where = deployment.key_where["deployment.board"]
        load_board(deployment.board, deployment.variant, report, where)
    code, text = expectation(path)
    assert [found.code for found in report.errors] == [code], report.errors
    found = report.errors[0]
    assert text in found.message
    assert found.where.file.name == path.name
    assert found.cure or code == "E-toml-syntax"
    assert found.where.line > 1 or "missing" in found.message


def test_there_are_many() -> None:
    assert len(FILES) >= 45
