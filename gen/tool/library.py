# SPDX-License-Identifier: Apache-2.0
"""A static library made from C sources that are not ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gen.tool import toolchain
from gen.tool.process import default_jobs, parallel, run
from gen.tool.toolchain import relative


@dataclass(frozen=True)
class Library:
    archive: Path
    include: Path


@dataclass(frozen=True)
class Unit:
    """One object: a source and the flags that only it gets."""

    source: Path
    flags: tuple[str, ...] = ()
    name: str = ""  # of the object; "": the source's

    @property
    def object_name(self) -> str:
        return f"{self.name or self.source.stem}.o"


def archive(units: list[Unit], flags: tuple[str, ...], target: Path, jobs: int = 0) -> None:
    """Compiles `units` and writes the archive `target`; its members are in the units' order."""
    objects = target.parent / f"{target.name}.objects"
    objects.mkdir(parents=True)

    def compile_one(unit: Unit) -> Path:
        result = objects / unit.object_name
        run(
            [toolchain.CLANG, *flags, *unit.flags, "-c", str(unit.source), "-o", str(result)],
            f"compiling {unit.source.name}",
        )
        return result

    built = parallel(compile_one, units, jobs or default_jobs())
    run([toolchain.AR, "rcsD", str(target), *map(str, built)], f"archiving {relative(target)}")
    for item in built:
        item.unlink()
    objects.rmdir()
