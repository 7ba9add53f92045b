# SPDX-License-Identifier: Apache-2.0
"""--report and --diff as a user gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_command import build, deployment  # noqa: F401  (a fixture)

from gen.diagnostics import Exit, Failure
from gen.tool import reports


@pytest.mark.parametrize(
    ("text", "status"),
    [(None, Exit.MISSING), ("{", Exit.USAGE), ("[1]", Exit.USAGE), ('{"format": 0}', Exit.USAGE)],
)
def test_what_is_no_report_is_told(tmp_path: Path, text: str | None, status: Exit) -> None:
    path = tmp_path / "report.json"
    if text is not None:
        path.write_text(text)
    for given in (path, tmp_path):
        with pytest.raises(Failure) as caught:
            reports.read(given)
        assert caught.value.status == status
        assert "report.json" in caught.value.message


def test_build_tells_what_changed(deployment: Path, tmp_path: Path) -> None:  # noqa: F811
    """Into the folder of the old build: the old report is read before it is replaced."""
    out = tmp_path / "out"
    first = build(deployment, "--out", out, "--report")
    assert first.returncode == 0, first.stderr
    assert "VM one: cpu@0, 16 MiB RAM, unikernel one" in first.stdout
    page = (out / "report.html").read_text()
    report = json.loads((out / "report.json").read_text())
    assert report["audit"]["result"] == "pass" and report["hash"] in page
    old = tmp_path / "old.json"
    old.write_bytes((out / "report.json").read_bytes())

    deployment.write_text(deployment.read_text().replace('"16M"', '"32M"'))
    second = build(deployment, "--out", out, "--diff", out)
    assert second.returncode == 0, second.stderr
    assert "memory at 0x40000000, size: 16 MiB → 32 MiB" in second.stdout

    (out / "report.html").unlink()
    again = build(deployment, "--out", out, "--diff", out)
    assert "nothing changed" in again.stdout
    assert (out / "report.html").exists()

    both = build("--diff", old, out, "--json")
    told = json.loads(both.stdout)["diff"]["vms"]["one"]["guest"]
    assert "memory at 0x40000000, size: 16 MiB → 32 MiB" in told


def test_usage() -> None:
    assert "one report or two" in build("--diff", "a", "b", "c").stderr
    wrong = build("--diff", "a/report.json", "configs/board.toml")
    assert wrong.returncode == 2 and "before --diff" in wrong.stderr
