# SPDX-License-Identifier: Apache-2.0
"""What the tests here share beside fixtures. (Not in conftest.py: there are several of that name, and
who imports one gets any.)"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from gen.audit.audit import Audit, Source
from gen.tool.paths import FETCH, ROOT

from mutant import Mutant

DEPLOYMENT = Path(__file__).parent / "deployment.toml"
Try = Callable[[Callable[[Mutant], None]], set[str]]


def built(deployment: Path, out: Path) -> Path:
    """The firmware.elf of the deployment, built into `out`."""
    command = [str(ROOT / "build.py"), str(deployment), "-q", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return out / "firmware.elf"


def source(*sets: str, deployment: Path = DEPLOYMENT) -> Source:
    return Source(deployment, sets, {"fetch": str(FETCH), "root": str(ROOT)}, ROOT / "platform")


def failed(result: Audit) -> set[str]:
    return {check.code for check in result.findings.checks if check.failures}
