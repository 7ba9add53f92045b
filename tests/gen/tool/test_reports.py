# SPDX-License-Identifier: Apache-2.0
"""--report and --diff as a user gives them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from test_command import build, deployment  # noqa: F401  (a fixture)

from gen.audit.audit import Audit
from gen.diagnostics import Exit, Failure
from gen.tool import reports, stages
from gen.tool.options import parse
from gen.tool.paths import ROOT
from gen.tool.terminal import Terminal


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


def test_failed_audit_leaves_a_report_that_says_so(
    deployment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    out = tmp_path / "out"
    bad = Audit()
    with bad.findings.check("audit-ram", "RAM is apart") as check:
        check.fail("two owners of page 0x40000000")
    options = parse([str(deployment), "--out", str(out)], ROOT)
    work = stages.read(options, Terminal(quiet=True))
    plan, config = stages.plan(work, stages.compile_unikernels(work))
    linked = stages.link(work, plan, config)
    bad.sha256 = hashlib.sha256(linked.elf.read_bytes()).hexdigest()
    monkeypatch.setattr("gen.tool.audit._audit", lambda elf, options: bad)
    with pytest.raises(Failure) as caught:
        stages.audit(work, plan, linked)
    assert caught.value.status == Exit.AUDIT
    page = (out / "report.html").read_text()
    assert "Failed" in page and "two owners of page 0x40000000" in page
    assert not (out / "firmware.bin").exists()
