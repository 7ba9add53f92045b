# SPDX-License-Identifier: Apache-2.0
"""Whole images of small deployments and what they say, kept as `./build.py --golden update` keeps
them, in golden-images/<case>/. make golden rewrites them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from machine import BUILT, ROOT

sys.path[:0] = [str(ROOT), str(ROOT / "tests/gen")]

import golden as inputs  # noqa: E402
from gen.emit.golden import Golden  # noqa: E402
from gen.read.board_file import list_boards  # noqa: E402
from gen.tool import golden  # noqa: E402

KEPT = Path(__file__).resolve().parent / "golden-images"
PLACE = BUILT / "golden"
# Boards' own deployments are not booted here: test_boards.py boots what QEMU models.
BOARDS = tuple(name for name in list_boards() if (ROOT / f"configs/{name}.toml").is_file())
CONFIGS = ("board", *BOARDS)
# The others are those of tests/gen/golden, whose guests are no programs and crash: the same whatever
# compiler there is.
BOOTED = ("board", "channel", "linux", "restart")
CASES = (*BOOTED, *BOARDS)


def config_of(case: str) -> Path:
    """The deployment file; those of tests/gen/golden get their guests beside a copy."""
    if case in CONFIGS:
        return ROOT / f"configs/{case}.toml"
    folder = PLACE / f"{case}-guests"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in inputs.guest_images().items():
        (folder / name).write_bytes(data)
    return Path(shutil.copy(inputs.CASES / case / inputs.INPUT, folder))


def make(case: str) -> Path:
    """Builds; the folder with the results."""
    out = PLACE / case
    command = [str(ROOT / "build.py"), "--quiet", str(config_of(case)), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return out


def kept(case: str) -> Golden:
    return golden.read(KEPT / case)


def produce(case: str) -> Golden:
    folder = make(case)
    return golden.of_build(folder) if case in BOOTED else golden.of_files(folder)


def update_all() -> None:
    for case in CASES:
        changed = golden.write(KEPT / case, produce(case))
        print(f"image {case}: {', '.join(changed) or 'unchanged'}")
