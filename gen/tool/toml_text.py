# SPDX-License-Identifier: Apache-2.0
"""Values as they stand in a deployment file that the tool writes."""

from __future__ import annotations

import json
import os
from pathlib import Path


def string(text: str) -> str:
    """A basic string; "$" would be a variable."""
    return json.dumps(text.replace("$", "$$"), ensure_ascii=False)


def board(name_or_path: str, folder: Path) -> str:
    """A board as a file in `folder` names it; a path starts from the current directory so far."""
    if "/" not in name_or_path and not name_or_path.startswith("."):
        return name_or_path
    near = os.path.relpath(Path(name_or_path).absolute(), folder)
    return near if "/" in near else f"./{near}"
