# SPDX-License-Identifier: Apache-2.0
"""Every AxVM file of tests/gen/bad/axvm has one defect, and gives exactly the error, or for W- codes
the warning, that its first line tells, beside a sound VM."""

from __future__ import annotations

from pathlib import Path

import pytest
from axvm_world import PARTNER, plan

from gen.codes_axvm import AXVM

BAD = Path(__file__).parents[1] / "bad" / "axvm"
FILES = sorted(BAD.glob("*.toml"))


def expectation(path: Path) -> tuple[str, str]:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    marker, code, text = first.split(": ", 2)
    assert marker == "# expect"
    return code, text


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_one_defect_one_finding(path: Path, tmp_path: Path) -> None:
    outcome = plan(tmp_path, [(PARTNER, ""), (path, "")])
    code, text = expectation(path)
    if code.startswith("E-"):
        assert [found.code for found in outcome.report.errors] == [code], outcome.report.errors
    else:
        assert outcome.plan is not None, outcome.report.errors
    found = next(f for f in outcome.report.found if f.code == code and text in f.message)
    assert found.where.file.name == path.name
    assert found.where.line > 1 or "missing" in found.message
    assert found.cure or code.startswith("W-")
    if code in AXVM:
        assert "AxVM" in found.message, "it says what AxVM would have done"


def test_every_code_has_a_bad_file() -> None:
    assert sorted(AXVM.keys() - {expectation(path)[0] for path in FILES}) == []
