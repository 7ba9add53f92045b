# SPDX-License-Identifier: Apache-2.0
"""A folder of C sources with a main() becomes a unikernel: compiled and linked with the guest
runtime, newlib and libfdt to an ELF that starts at the VM's RAM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.ranges import size_text
from gen.tool import compile, libfdt, newlib, toolchain
from gen.tool.link import map_of
from gen.tool.paths import ROOT, shown
from gen.tool.process import capture
from gen.tool.toolchain import relative

RUNTIME = ROOT / "guest"
SCRIPT = RUNTIME / "link.ld"


@dataclass(frozen=True)
class Unikernel:
    name: str  # the VM's
    folder: Path
    ram_base: int  # GPA
    ram_size: int


def build(
    unikernel: Unikernel,
    arch: str,
    out: Path,
    jobs: int,
    offline: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> bytes:
    """The ELF of a unikernel. `out` is the deployment's build folder."""
    own = sources(unikernel.folder)
    if not own:
        raise Failure(Exit.CONFIG, f"{shown(unikernel.folder)} holds no C sources")
    libc = newlib.library(arch, "guest")
    fdt = libfdt.library(arch, "guest", offline)
    place = objects(out, unikernel.name)
    shared = flags(arch, out, (libc.include, fdt.include))
    runtime = compile.Job(shared, out, objects(out, "runtime"))
    parts = compile.compile_all(runtime, sorted(RUNTIME.glob("*.[cS]")), jobs, tell)
    folder = relative(unikernel.folder)
    named = f"-ffile-prefix-map={folder}={unikernel.folder.name}"
    job = compile.Job((*shared, named, "-I", folder), out, place)
    parts += compile.compile_all(job, own, jobs, tell)
    target = elf_path(out, unikernel.name)
    _link(unikernel, parts, [libc.archive, fdt.archive], target)
    return target.read_bytes()


def sources(folder: Path) -> list[Path]:
    """What of a unikernel's folder is compiled."""
    return sorted(folder.glob("*.[cS]"))


def objects(out: Path, name: str) -> Path:
    """The folder of a unikernel's own objects, and of its ELF."""
    return out / "unikernels" / name


def elf_path(out: Path, name: str) -> Path:
    return objects(out, name) / f"{name}.elf"


def flags(arch: str, out: Path, includes: tuple[Path, ...]) -> tuple[str, ...]:
    flags = [
        *toolchain.TARGET[arch],
        *toolchain.CODE,
        *("-std=gnu11", "-g", *toolchain.WARNINGS, *toolchain.REPRODUCIBLE),
        f"-ffile-prefix-map={relative(out)}=build",
        *("-I", "guest/include", "-I", "guest"),
    ]
    for folder in includes:
        flags += ["-isystem", relative(folder)]
    return tuple(flags)


def _link(unikernel: Unikernel, parts: list[Path], libraries: list[Path], target: Path) -> None:
    command = [
        toolchain.LLD,
        *("--gc-sections", "-z", "max-page-size=4096", "--build-id=none", "--no-dynamic-linker"),
        *("--fatal-warnings", "-static", "-T", relative(SCRIPT)),
        *(
            f"--defsym=RAM_BASE={unikernel.ram_base:#x}",
            f"--defsym=RAM_SIZE={unikernel.ram_size:#x}",
        ),
        f"-Map={relative(map_of(target))}",
        *("-o", relative(target), *map(relative, parts)),
        *("--start-group", *map(relative, libraries), "--end-group"),
    ]
    output = capture(command)
    if output.status != 0:
        said = "\n".join(dict.fromkeys(output.err.strip().splitlines()))  # lld repeats ASSERTs
        room = size_text(unikernel.ram_size)
        raise Failure(
            Exit.BUILD, f"linking unikernel {unikernel.name} for {room} of RAM failed:\n{said}"
        )
