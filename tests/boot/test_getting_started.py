# SPDX-License-Identifier: Apache-2.0
"""docs/getting-started.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from machine import ROOT
from followed_page import blocks, commands, copy_repository, follow

STEPS = blocks((ROOT / "docs/getting-started.md").read_text(encoding="utf-8"))


def test_every_step_does_what_the_page_says(tmp_path: Path) -> None:
    clone = tmp_path / "bulkhead"
    copy_repository(clone)
    follow(STEPS, clone)


def test_the_page_has_every_step() -> None:
    typed = [line for block in STEPS if block.language == "sh" for line in commands(block)]
    for option in ("--setup", "--new", "--run", "--check", "--report"):
        assert any(option in line for line in typed), option
    assert any(block.action == "fails" for block in STEPS)


def test_the_readme_s_deployment_lacks_its_files_alone(tmp_path: Path) -> None:
    example = (ROOT / "README.md").read_text(encoding="utf-8").split("## A deployment\n")[1]
    lines = [line[4:] for line in example.partition("\n`./build.py")[0].splitlines()]
    (tmp_path / "demo.toml").write_text("\n".join(lines))
    command = [str(ROOT / "build.py"), "demo.toml", "--check", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    found = json.loads(done.stdout)["findings"]
    assert {one["code"] for one in found} == {"E-file-missing"} and len(found) == 3, found
