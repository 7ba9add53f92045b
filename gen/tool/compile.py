# SPDX-License-Identifier: Apache-2.0
"""C and assembly to objects, by clang, several at a time. An object is made anew only when the
content of a file it was made from, or its command, changed; and is compiled only where no build
made the same one before."""

from __future__ import annotations

import functools
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gen.tool import objects, toolchain
from gen.tool.paths import ROOT, shown, write_atomic
from gen.tool.process import parallel, run
from gen.tool.toolchain import relative

_INCBIN = re.compile(r'^\s*\.incbin\s+"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """What one set of sources is compiled with."""

    flags: tuple[str, ...]
    out: Path  # the build folder
    objects: Path  # the folder for the results, in `out`
    include: tuple[Path, ...] = ()  # where .incbin looks, too
    special: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)  # more flags for some


def hypervisor_flags(arch: str, generated: Path, includes: tuple[Path, ...]) -> tuple[str, ...]:
    """Flags of the hypervisor's own C; `includes` are the libraries' headers."""
    flags = [
        *toolchain.TARGET[arch],
        *toolchain.HYPERVISOR_ONLY[arch],
        *toolchain.CODE,
        "-std=c11",
        "-g",
        "-fstack-size-section",  # for the audit
        *toolchain.WARNINGS,
        *toolchain.REPRODUCIBLE,
        f"-ffile-prefix-map={relative(generated.parent)}=build",
        *("-I", ".", "-I", f"arch/{arch}/include", "-I", relative(generated)),
        *("-include", relative(generated / "autoconf.h")),
    ]
    for folder in includes:
        flags += ["-isystem", relative(folder)]
    return tuple(flags)


def compile_all(
    job: Job, sources: list[Path], jobs: int, tell: Callable[[str], None] = lambda text: None
) -> list[Path]:
    """The objects of `sources`, in their order; `tell` hears the name of each one compiled."""
    digests = functools.cache(_digest)
    stale: list[tuple[Path, Path]] = []
    results: list[Path] = []
    for source in sources:
        result = job.objects / f"{_flat(source)}.o"
        results.append(result)
        if not _is_fresh(job, source, result, digests):
            stale.append((source, result))

    def compile_one(item: tuple[Path, Path]) -> None:
        source, result = item
        result.with_suffix(".key").unlink(missing_ok=True)
        now = digests
        if not _fetch(job, source, result, digests):
            tell(shown(source))
            begun = time.time_ns()
            run(_command(job, source, result), f"compiling {shown(source)}")
            if _changed_since(begun, _inputs(job, source, result)):
                return  # it is not known what was compiled: the next build does it again
            now = functools.cache(_digest)
            _keep(job, source, result, now)
        write_atomic(result.with_suffix(".key"), _key(job, source, result, now).encode())

    job.objects.mkdir(parents=True, exist_ok=True)
    parallel(compile_one, stale, jobs)
    return results


def files_read(objects: Path, sources: Iterable[Path]) -> list[Path]:
    """Every file that went into the objects of these sources, as far as they are compiled. The folder
    may hold older ones, of sources that are gone or that a moved deployment had elsewhere."""
    depfiles = [objects / f"{_flat(source)}.d" for source in sources]
    names = {name for path in depfiles if path.exists() for name in _dependencies(path.read_text())}
    return sorted(ROOT / name for name in names)


def _flat(source: Path) -> str:
    """A name for the source's object that no other source has."""
    try:
        return str(source.relative_to(ROOT)).replace("/", "-")
    except ValueError:
        return f"{hashlib.sha256(str(source.parent).encode()).hexdigest()[:8]}-{source.name}"


def _command(job: Job, source: Path, result: Path) -> list[str]:
    depfile = relative(result.with_suffix(".d"))
    # -MMD: without the libraries' headers; their version is in the flags and in the compiler's.
    command = [toolchain.CLANG, *job.flags, *job.special.get(source, ())]
    command += ["-MMD", "-MF", depfile]
    return [*command, "-c", relative(source), "-o", relative(result)]


def _kept(job: Job, source: Path, result: Path) -> objects.Kept | None:
    """What other builds made of it. None: of what the generator wrote, or with bytes included, there
    is hardly one like another."""
    if source.is_relative_to(job.out) or source.suffix == ".S" and _included_binaries(job, source):
        return None
    command = [toolchain.version(), *_command(job, source, result)]
    return objects.kept(command, relative(job.out))


def _fetch(job: Job, source: Path, result: Path, digests: Callable[[Path], str]) -> bool:
    """The object as another build compiled it; false: none did."""
    kept = _kept(job, source, result)
    found = kept.find(digests) if kept is not None else None
    if found is None:
        return False
    names, data = found
    listed = " ".join(name.replace(" ", "\\ ") for name in names)
    write_atomic(result.with_suffix(".d"), f"{result.name}: {listed}\n".encode())
    write_atomic(result, data)
    return True


def _keep(job: Job, source: Path, result: Path, digests: Callable[[Path], str]) -> None:
    kept = _kept(job, source, result)
    if kept is not None:
        names = _dependencies(result.with_suffix(".d").read_text())
        kept.add(names, digests, result.read_bytes())


def _is_fresh(job: Job, source: Path, result: Path, digests: Callable[[Path], str]) -> bool:
    try:
        recorded = result.with_suffix(".key").read_text()
    except OSError:
        return False
    return result.exists() and recorded == _key(job, source, result, digests)


def _key(job: Job, source: Path, result: Path, digests: Callable[[Path], str]) -> str:
    """A hash over the command, the compiler and every file that it read last time."""
    whole = hashlib.sha256()
    for part in (toolchain.version(), *_command(job, source, result)):
        whole.update(part.encode() + b"\0")
    inputs = _inputs(job, source, result)
    if not inputs:
        return ""
    for path in inputs:
        whole.update(f"{path}\0{digests(path)}\0".encode())
    return whole.hexdigest()


def _inputs(job: Job, source: Path, result: Path) -> list[Path]:
    """Every file that the compiler read last time."""
    try:
        text = result.with_suffix(".d").read_text()
    except OSError:
        return []
    inputs = [ROOT / name for name in _dependencies(text)]
    return inputs + _included_binaries(job, source) if source.suffix == ".S" else inputs


def _changed_since(begun: int, inputs: Iterable[Path]) -> bool:
    """Whether one was written, by any means, after `begun`."""
    return any(not path.exists() or path.stat().st_ctime_ns >= begun for path in inputs)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "missing"


def _dependencies(depfile: str) -> list[str]:
    """The prerequisites in a rule that clang wrote ("target: a b \\ c"; spaces as "\\ ")."""
    text = depfile.split(": ", 1)[-1].replace("\\\n", " ")
    return [name.replace("\\ ", " ") for name in re.split(r"(?<!\\)\s+", text) if name]


def _included_binaries(job: Job, source: Path) -> list[Path]:
    """Files that the assembler includes as bytes: the depfile does not tell them."""
    places = (source.parent, *job.include)
    found: list[Path] = []
    for name in _INCBIN.findall(source.read_text()):
        existing = [place / name for place in places if (place / name).exists()]
        found.append(existing[0] if existing else source.parent / name)
    return found
