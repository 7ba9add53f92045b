# SPDX-License-Identifier: Apache-2.0
"""How long building configs/board.toml takes, in a copy of the repository: told, never judged."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from subject import OUT, ROOT

TREE = OUT / "tree"
CONFIG = "configs/board.toml"
CHANGED = "vdev/psci.c"


def seconds() -> dict[str, float]:
    """Cold: set up, nothing of the deployment built; unchanged; after a change in one C file."""
    _copy()
    _build()  # libraries that this state of the tree needs are in the cache after it
    for made in [*(TREE / "build").iterdir(), TREE / "build/cache/objects"]:
        if made.name != "cache":
            shutil.rmtree(made) if made.is_dir() else made.unlink()
    found = {"cold": _build()}
    found["unchanged"] = _build()
    with (TREE / CHANGED).open("a") as stream:
        stream.write("\n/* changed */\n")
    found["one-file"] = _build()
    shutil.rmtree(TREE)
    return found


def _copy() -> None:
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            target = TREE / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    subprocess.run(["git", "init", "-q", "."], cwd=TREE, check=True)
    cache = ROOT / "build/cache"
    if cache.is_dir():
        shutil.copytree(cache, TREE / "build/cache", symlinks=True)


def _build() -> float:
    begun = time.monotonic()
    subprocess.run([str(Path(TREE / "build.py")), CONFIG, "-q"], cwd=TREE, check=True, timeout=600)
    return round(time.monotonic() - begun, 2)
