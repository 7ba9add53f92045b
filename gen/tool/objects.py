# SPDX-License-Identifier: Apache-2.0
"""Objects under build/cache/objects, for every build folder: what was compiled once, from the same
bytes by the same command, is not compiled again. A folder for each source and command holds

    <hash>.names   files that were read, one a line
    <hash>.o       what was made of them: the hash is over these names and what the files hold
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.tool.paths import CACHE, ROOT, write_atomic

PLACE = CACHE / "objects"
_FORMS = 64  # of one source and command; with more the older half goes
_FOLDERS = 2048  # likewise
_OUT, _ROOT = "\0", "\1"  # stand for the build folder and the repository, which differ

Digests = Callable[[Path], str]


@dataclass(frozen=True)
class Kept:
    """One source compiled by one command, for whichever build folder."""

    folder: Path
    out: str  # the build folder, as the command names it

    def find(self, digests: Digests) -> tuple[list[str], bytes] | None:
        """The files that were read, and the object, if one was made of what they hold now."""
        with contextlib.suppress(OSError):
            for path in self.folder.glob("*.names"):
                names = path.read_text().splitlines()
                made = self.folder / f"{self._form(names, digests)}.o"
                if made.exists():
                    data = made.read_bytes()
                    os.utime(made)  # the least used go first
                    return [name.replace(_OUT, self.out) for name in names], data
        return None

    def add(self, read: Sequence[str], digests: Digests, data: bytes) -> None:
        names = [name.replace(self.out, _OUT) for name in read]
        if not self.folder.is_dir():
            _leave(PLACE, "*", _FOLDERS)
        _leave(self.folder, "*.o", _FORMS)
        listed = "".join(f"{name}\n" for name in names)
        write_atomic(self.folder / f"{_hash([listed])}.names", listed.encode())
        write_atomic(self.folder / f"{self._form(names, digests)}.o", data)

    def _form(self, names: Iterable[str], digests: Digests) -> str:
        parts = []
        for name in names:
            parts += [name, digests(ROOT / name.replace(_OUT, self.out))]
        return _hash(parts)


def kept(command: Iterable[str], out: str) -> Kept:
    """`command` compiles one source; what it makes must not depend on where the build folder `out`
    and the repository lie."""
    words = [word.replace(out, _OUT).replace(str(ROOT), _ROOT) for word in command]
    return Kept(PLACE / _hash(words), out)


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n\0".join(parts).encode()).hexdigest()[:24]


def _leave(folder: Path, pattern: str, most: int) -> None:
    """The newer half, where there are more than `most`."""
    with contextlib.suppress(OSError):  # another build removes them, too
        found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime_ns)
        for path in found[: len(found) // 2] if len(found) >= most else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
