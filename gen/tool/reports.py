# SPDX-License-Identifier: Apache-2.0
"""--report and --diff: reports of builds, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gen.diagnostics import Exit, Failure
from gen.emit.report.diff import diff, diff_object, diff_text
from gen.emit.report.facts import FILE, FORMAT
from gen.emit.report.overview import overview
from gen.tool.paths import shown
from gen.tool.terminal import Terminal


def read(path: Path) -> dict[str, Any]:
    """A report; `path` may be the folder of a build."""
    file = path / FILE if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(Exit.MISSING, f"{shown(file)}: {error.strerror}; build it first") from None
    except ValueError:
        raise Failure(Exit.USAGE, f"{shown(file)} is no {FILE}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Failure(
            Exit.USAGE,
            f"{shown(file)} is no {FILE} of this version (format {FORMAT}); build it again",
        )
    return found


def tell(folder: Path, say: Terminal) -> None:
    """--report"""
    found = read(folder)
    say.say(overview(found).rstrip())
    say.put("report", found)


def compare(old: dict[str, Any], new: dict[str, Any], say: Terminal) -> None:
    """--diff"""
    found = diff(old, new)
    say.say(diff_text(found).rstrip())
    say.put("diff", diff_object(found))
