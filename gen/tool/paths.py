# SPDX-License-Identifier: Apache-2.0
"""Where things are, how they are called, and files written so that nobody ever sees half of one."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from gen.diagnostics import Exit, Failure

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CACHE = BUILD / "cache"
FETCH = CACHE / "guests"  # ${fetch} of deployment files: images that gen/tool/fetch.py gets


def make_folder(folder: Path) -> None:
    """With those above it, where they are not there yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise Failure(Exit.BUILD, f"{shown(folder)}: is no folder") from None
    except OSError as error:
        why = "can't be made" if error.errno == errno.ENOENT else error.strerror
        raise Failure(Exit.BUILD, f"{shown(folder)}: {why}") from None


def write_atomic(path: Path, data: bytes) -> None:
    """Replaces `path` in one step."""
    make_folder(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        error.filename = error.filename2 = str(path)  # a full disk's error has none
        raise
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
    """`path` as messages show it: relative to the current directory where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
