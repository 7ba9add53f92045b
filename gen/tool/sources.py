# SPDX-License-Identifier: Apache-2.0
"""Which files make up the hypervisor: a rule instead of a list. Every .c and .S that lies directly
in a room is compiled; one whose room and the first words of its stem form a Kconfig symbol
(vdev/vpl011.c and VDEV_VPL011, arch/aarch64/gic3_lr.c and ARCH_GIC3) only when that symbol is y."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gen.tool.paths import ROOT

# Short ways are compiled for speed, what most other exits run through for size with an eye on speed,
# everything else for size alone (docs/design.md).
OPTIMISATION = {
    "-O2": ("arch/*/vcpu.c", "vdev/call.c", "vdev/fast.c", "vdev/vgic3_fast*.c"),
    "-Os": ("arch/*/exit.c", "vdev/dispatch.c", "vdev/psci.c", "vdev/vcpu.c", "vdev/vgic_list.c"),
}
SMALLEST = "-Oz"


def optimisation(source: Path) -> str:
    """The level of the hypervisor's own C file `source`."""
    place = source.relative_to(ROOT)
    for level, patterns in OPTIMISATION.items():
        if any(place.match(pattern) for pattern in patterns):
            return level
    return SMALLEST


def rooms(arch: str) -> tuple[str, ...]:
    return (f"arch/{arch}", "platform", "vdev", "loader")


def symbols(path: Path) -> tuple[str, ...]:
    """The Kconfig symbols that would govern `path`, the longest first: VDEV_VGIC3_DIST and VDEV_VGIC3
    for vdev/vgic3_dist.c."""
    room = path.parent.relative_to(ROOT).parts[0]
    words = path.stem.split("_")
    return tuple("_".join([room, *words[:count]]).upper() for count in range(len(words), 0, -1))


def is_wanted(path: Path, config: Mapping[str, str]) -> bool:
    known = [config[name] for name in symbols(path) if name in config]
    return not known or known[0] != "n"


def select(arch: str, config: Mapping[str, str]) -> list[Path]:
    """The hypervisor's sources, sorted. `config` holds every Kconfig symbol there is with its
    value (bools: "y" or "n")."""
    found: list[Path] = []
    for room in rooms(arch):
        for path in sorted((ROOT / room).glob("*.[cS]")):
            if is_wanted(path, config):
                found.append(path)
    return found
