# SPDX-License-Identifier: Apache-2.0
"""Objects to firmware.elf, by ld.lld with the generated script, and to the raw firmware.bin."""

from __future__ import annotations

import re
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.tool import elf, toolchain
from gen.tool.process import capture, run
from gen.tool.toolchain import relative

# What an allocator is called, in C and in newlib: none may be reachable from the hypervisor.
HEAP_SYMBOLS = frozenset(
    "malloc calloc realloc free memalign aligned_alloc sbrk _sbrk _sbrk_r _malloc_r _calloc_r"
    " _realloc_r _free_r _memalign_r".split()
)
_ERRATA = {"aarch64": ("--fix-cortex-a53-843419",)}
_UNDEFINED = re.compile(
    r"undefined symbol: (\S+)\n((?:>>> .*\n?)+)",
)


def link(
    arch: str, objects: list[Path], libraries: list[Path], script: Path, target: Path, lto: bool
) -> None:
    """Links the hypervisor. An allocator that is reachable is an error that says from where."""
    why = target.with_suffix(".why")
    command = [
        toolchain.LLD,
        *("--gc-sections", "-z", "max-page-size=4096", "--build-id=none", "--no-dynamic-linker"),
        *("-O2", "--fatal-warnings", "-static", *_ERRATA[arch], f"--why-extract={relative(why)}"),
        f"-Map={relative(map_of(target))}",
        *(toolchain.LINK_TIME if lto else ()),
        *("-T", relative(script), "-o", relative(target)),
        *map(relative, objects),
        *map(relative, libraries),
    ]
    output = capture(command)
    if output.status != 0:
        raise Failure(Exit.BUILD, _explain(output.err))
    _refuse_heap(target, why)


def map_of(program: Path) -> Path:
    """The linker's map beside what it linked."""
    return program.with_suffix(".map")


def boundary_symbols(image: Path) -> dict[str, int]:
    """Symbols of a link, or none if there has been no link yet."""
    try:
        return elf.symbols(image)
    except FileNotFoundError:
        return {}


def raw(image: Path, target: Path) -> None:
    """firmware.bin: what firmware loads at the image's base."""
    command = [toolchain.OBJCOPY, "-O", "binary", relative(image), relative(target)]
    run(command, "making firmware.bin")


def _explain(said: str) -> str:
    """What lld said; an undefined allocator in the hypervisor's own words."""
    lines = [
        f"the hypervisor allocates nothing, but {name} is reached:\n{places.strip()}"
        for name, places in _UNDEFINED.findall(said)
        if name in HEAP_SYMBOLS
    ]
    return "\n".join(lines) if lines else f"linking failed:\n{said.strip()}"


def _refuse_heap(image: Path, why: Path) -> None:
    found = sorted(HEAP_SYMBOLS & elf.symbols(image).keys())
    if found:
        image.unlink()
        raise Failure(
            Exit.BUILD,
            f"the hypervisor allocates nothing, but {', '.join(found)} is linked;"
            f" {relative(why)} tells which file wanted which",
        )
