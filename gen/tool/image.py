# SPDX-License-Identifier: Apache-2.0
"""From the plan to firmware.elf and firmware.bin. The hypervisor's own page tables need to know
where its sections end up, so it is linked again until they stay where the tables say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.emit.boundaries import Boundaries, boundaries_from_symbols
from gen.emit.images import image_files
from gen.emit.tables import emit
from gen.plan.model import Plan
from gen.tool import compile, kconfig, libfdt, link, newlib, sources, toolchain
from gen.tool.paths import write_if_changed

_LINKS = 3


@dataclass(frozen=True)
class Linked:
    elf: Path
    bin: Path
    boundaries: Boundaries
    files: dict[str, str]  # what gen/emit gave at the last link


def build(
    plan: Plan,
    config: kconfig.Config,
    out: Path,
    jobs: int,
    offline: bool,
    tell: Callable[[str], None],
) -> Linked:
    """Emits, compiles and links in the build folder `out`."""
    arch = plan.board.arch
    generated = out / "gen"
    kconfig.write(config, out)
    for name, data in image_files(plan).items():
        write_if_changed(generated / name, data)
    libc, fdt = newlib.library(arch, "hyp"), libfdt.library(arch, "hyp", offline)
    flags = compile.hypervisor_flags(arch, generated, (libc.include, fdt.include))
    own = sources.select(arch, config.values)
    lto = config.is_on("LTO")
    special = {source: _own_flags(source, lto) for source in own}
    job = compile.Job(flags, out, out / "obj", (generated,), special)
    elf = out / "firmware.elf"
    boundaries = _boundaries(elf)
    for _ in range(_LINKS):
        files = emit(plan, boundaries, config.number("STACK_SIZE"), toolchain.versions())
        for name, text in files.items():
            write_if_changed(generated / name, text)
        made = [generated / name for name in files if name.endswith((".c", ".S"))]
        objects = compile.compile_all(job, [*made, *own], jobs, tell)
        _remove_others(job.objects, objects)
        script = generated / "layout.ld"
        link.link(arch, objects, [fdt.archive, libc.archive], script, elf, lto)
        before, boundaries = boundaries, _boundaries(elf)
        if boundaries is not None and boundaries == before:
            link.raw(elf, out / "firmware.bin")
            return Linked(elf, out / "firmware.bin", boundaries, files)
    raise Failure(Exit.BUILD, f"the sections of {elf.name} still moved in link {_LINKS}")


def _own_flags(source: Path, lto: bool) -> tuple[str, ...]:
    """Generated files have none of these: the audit finds their tables by symbols and types, which
    link-time optimization might change."""
    level = () if source.suffix == ".S" else (sources.optimisation(source),)
    return (*level, *toolchain.FOR_LINK_TIME) if lto else level


def _boundaries(elf: Path) -> Boundaries | None:
    try:
        return boundaries_from_symbols(link.boundary_symbols(elf))
    except KeyError:
        return None


def _remove_others(folder: Path, objects: list[Path]) -> None:
    """Objects of sources that are gone, or not in this configuration any more."""
    kept = {path.stem for path in objects}
    for path in folder.iterdir():
        if path.stem not in kept:
            path.unlink()
