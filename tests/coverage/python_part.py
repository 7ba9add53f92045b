# SPDX-License-Identifier: Apache-2.0
"""Coverage of gen/ by its tests: of pytest itself and of every ./build.py that the tests start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from covered import Covered

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("gen",)
TESTS = ("tests/gen",)
# Each interpreter that starts imports this by name, and measures itself.
_START = "import coverage\n\ncoverage.process_startup()\n"
_SETTINGS = """\
[run]
branch = True
parallel = True
source = {root}/gen
data_file = {out}/data
[report]
exclude_lines =
    pragma: no cover
    if TYPE_CHECKING:
    if __name__ == .__main__.:
"""
SECONDS = 3600


def measure(out: Path, workers: int) -> dict[str, Covered]:
    """By path. `out`: where the details go."""
    site = out / "site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "sitecustomize.py").write_text(_START)
    settings = out / "coveragerc"
    settings.write_text(_SETTINGS.format(root=ROOT, out=out))
    for old in out.glob("data*"):
        old.unlink()
    environment = {
        **os.environ,
        "COVERAGE_PROCESS_START": str(settings),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")])),
    }
    spread = ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *spread, *TESTS]
    if subprocess.run(tests, cwd=ROOT, env=environment, timeout=SECONDS).returncode:
        sys.exit("the tests failed: coverage is that of tests which pass")
    rcfile = f"--rcfile={settings}"
    _coverage("combine", "-q", rcfile)
    _coverage("html", "-q", rcfile, "-d", str(out / "html"))
    _coverage("json", "-q", rcfile, "-o", str(out / "python.json"))
    return parse(json.loads((out / "python.json").read_text()))


def parse(told: dict[str, dict[str, dict[str, dict[str, int]]]]) -> dict[str, Covered]:
    """What `coverage json` writes."""
    found = {}
    for name, one in told["files"].items():
        counts = one["summary"]
        path = os.path.relpath(ROOT / name, ROOT)
        found[path] = Covered(
            counts["num_statements"],
            counts["covered_lines"],
            counts["num_branches"],
            counts["covered_branches"],
            tuple(one["missing_lines"]),
        )
    return found


def _coverage(*arguments: str) -> None:
    command: Sequence[str] = [sys.executable, "-m", "coverage", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, timeout=SECONDS)
