# SPDX-License-Identifier: Apache-2.0
"""Which files make up the hypervisor: a rule instead of a list. Every .c and .S that lies directly
in a room is compiled; one whose room and stem form a Kconfig symbol (vdev/vpl011.c and
VDEV_VPL011) only when that symbol is y."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gen.tool.paths import ROOT


def rooms(arch: str) -> tuple[str, ...]:
    return (f"arch/{arch}", "platform", "vdev", "loader")


def symbol(path: Path) -> str:
    """The Kconfig symbol that would govern `path`: VDEV_VPL011 for vdev/vpl011.c."""
    room = path.parent.relative_to(ROOT).parts
    return f"{room[0]}_{path.stem}".upper()


def select(arch: str, config: Mapping[str, str]) -> list[Path]:
    """The hypervisor's sources, sorted. `config` holds every Kconfig symbol there is with its
    value (bools: "y" or "n")."""
    found: list[Path] = []
    for room in rooms(arch):
        for path in sorted((ROOT / room).glob("*.[cS]")):
            if config.get(symbol(path), "y") != "n":
                found.append(path)
    return found
