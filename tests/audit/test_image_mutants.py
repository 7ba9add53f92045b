# SPDX-License-Identifier: Apache-2.0
"""The audit rejects images with a single defect each: bits of page tables, pointers, rows, owners,
hashes, guests' bytes; and what two VMs exchange or share. BULKHEAD_MUTANTS=all: each that mutants.py
makes, not a sample."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gen.audit import audit
from gen.diagnostics import Exit
from gen.tool.paths import FETCH, ROOT
from tests.audit.joint_mutants import joint_mutants
from tests.audit.mutants import mutants, sample

BUILD = ROOT / "build/tests/audit"
SAMPLE = 110  # of each deployment, some of each kind: more than 500 in all
JOINT_SAMPLE = 40
DEPLOYMENTS = {
    "channel": "configs/board.toml",
    "direct": "tests/guests/direct/deployment.toml",
    "shared-page": "tests/guests/shared-page/deployment.toml",
    "monitor": "tests/guests/monitor/deployment.toml",
    "axvm": "tests/guests/axvm/deployment.toml",
}


def built(name: str) -> Path:
    """firmware.elf of a deployment, which the build has audited."""
    out = BUILD / name
    if name == "axvm":  # an image from elsewhere
        maker = [sys.executable, "tests/guests/axvm/build.py", "build/tests/axvm.bin"]
        subprocess.run(maker, cwd=ROOT, check=True, timeout=60)
    command = ["./build.py", DEPLOYMENTS[name], "-q", "--out", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)
    return out / "firmware.elf"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_mutant_is_rejected(name: str, tmp_path: Path) -> None:
    good = built(name)
    source = audit.Source(
        ROOT / DEPLOYMENTS[name], (), {"fetch": str(FETCH), "root": str(ROOT)}, ROOT / "platform"
    )
    assert not audit.audit(good, source).failed
    found, joint = mutants(good), joint_mutants(good)
    if os.environ.get("BULKHEAD_MUTANTS") != "all":
        found, joint = sample(found, SAMPLE), sample(joint, JOINT_SAMPLE)
    assert len(found) >= SAMPLE and joint
    found += joint
    data = good.read_bytes()
    bad = tmp_path / "firmware.elf"
    survivors = []
    for mutant in found:
        bad.write_bytes(mutant.applied(data))
        if not audit.audit(bad, source).failed:
            survivors.append(f"{mutant.kind}: {mutant.what}")
    assert not survivors, f"{len(survivors)} of {len(found)}:\n" + "\n".join(survivors)


def test_the_command_rejects_one(tmp_path: Path) -> None:
    good = built("channel")
    mutant = next(m for m in mutants(good) if m.kind == "stage 2 hole")
    bad = tmp_path / "firmware.elf"
    bad.write_bytes(mutant.applied(good.read_bytes()))
    for elf, status in ((good, Exit.OK), (bad, Exit.AUDIT)):
        command = ["./build.py", "--audit", str(elf), DEPLOYMENTS["channel"], "-q"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stdout + done.stderr
