# SPDX-License-Identifier: Apache-2.0
"""Folders under build/cache that are made once: each is named by a hash of what it is made from,
appears in one step, and is made by one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gen.tool.paths import CACHE, make_folder


@contextlib.contextmanager
def locked(lock: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds `lock` against other processes; `waiting` is called if another one has it."""
    make_folder(lock.parent)
    with lock.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is not None:
                waiting()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """A hash over strings and files' contents."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            data = part.read_bytes()
        else:
            data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "little"))
        whole.update(data)
    return whole.hexdigest()


def made(name: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder build/cache/<name>-<key>; make(folder) fills it if it is not there. Older ones
    of that name are removed."""
    folder = CACHE / f"{name}-{key[:16]}"
    if folder.is_dir():
        return folder
    with locked(CACHE / f".{name}.lock"):
        if folder.is_dir():
            return folder
        growing = CACHE / f".{name}.{os.getpid()}"
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir(parents=True)
        try:
            make(growing)
            growing.rename(folder)
        except BaseException:
            shutil.rmtree(growing, ignore_errors=True)
            raise
        for old in CACHE.glob(f"{name}-" + "[0-9a-f]" * 16):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
    return folder
