# SPDX-License-Identifier: Apache-2.0
"""Device tree sources: what they consist of, and the blobs that dtc makes of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from gen.diagnostics import missing

_INCLUDED = re.compile(r'/inc(?:lude|bin)/\s*\(?\s*"([^"]+)"')


class SourceError(Exception):
    """What dtc says of a source that it does not take."""


def sources_of(file: Path) -> tuple[Path, ...]:
    """The source and all that it includes, each once; a name in it starts from its own folder."""
    found, pending = [file], [file]
    while pending:
        source = pending.pop(0)
        if source.suffix.startswith(".dts") and source.is_file():
            text = source.read_text(encoding="utf-8", errors="replace")
            named = dict.fromkeys(source.parent / name for name in _INCLUDED.findall(text))
            fresh = [path for path in named if path.is_file() and path not in found]
            found += fresh
            pending += fresh
    return tuple(found)


def compile_source(file: Path, *options: str) -> bytes:
    """The blob. SourceError where dtc refuses it, Failure where there is no dtc."""
    program = shutil.which("dtc")
    if program is None:
        raise missing("dtc")
    command = [program, "-q", "-I", "dts", "-O", "dtb", *options, str(file)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise SourceError(done.stderr.decode(errors="replace").strip() or "dtc failed")
    return done.stdout
