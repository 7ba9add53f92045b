# SPDX-License-Identifier: Apache-2.0
"""Where things are, and files written so that nobody ever sees half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CACHE = BUILD / "cache"
FETCH = CACHE / "guests"  # ${fetch} of deployment files: images that gen/tool/fetch.py gets


def write_atomic(path: Path, data: bytes) -> None:
    """Replaces `path` in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_if_changed(path: Path, content: str | bytes) -> bool:
    """Writes `content` unless the file holds it already. True: the file changed."""
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    write_atomic(path, data)
    return True


def shown(path: Path) -> str:
    """`path` as messages show it: relative to the repository where it lies inside."""
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return str(path)
