# SPDX-License-Identifier: Apache-2.0
"""Everything that the plan becomes for compiler and linker: file name to text."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gen.emit import build_info
from gen.emit.boundaries import Boundaries
from gen.emit.devices import devices_header
from gen.emit.hypmap import hypmap_source
from gen.emit.images import images_source
from gen.emit.layout import layout_script
from gen.emit.names import names_header, names_source
from gen.emit.rows import tables_header, tables_source
from gen.emit.stage2 import stage2_source
from gen.emit.symbols import symbols_header
from gen.plan.model import Plan

DEFAULT_STACK_SIZE = 8192


def emit(
    plan: Plan,
    boundaries: Boundaries | None = None,
    stack_size: int = DEFAULT_STACK_SIZE,
    tools: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """The files of build/<deployment>/gen. `boundaries`: of the last link, None before the first;
    only hypmap.c depends on them. `stack_size`: Kconfig STACK_SIZE, whole pages. `tools`: versions of compiler and
    linker, which only build_info.c tells. images.S also needs
    the files of gen.emit.images.image_files()."""
    return {
        "tables.h": tables_header(plan),
        "devices.h": devices_header(plan),
        "names.h": names_header(plan),
        "names.c": names_source(plan),
        "symbols.h": symbols_header(plan),
        "tables.c": tables_source(plan),
        build_info.FILE: build_info.build_info_source(plan, tools),
        "stage2.c": stage2_source(plan),
        "hypmap.c": hypmap_source(plan, boundaries, stack_size),
        "images.S": images_source(plan),
        "layout.ld": layout_script(plan, stack_size),
    }
