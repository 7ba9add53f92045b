# SPDX-License-Identifier: Apache-2.0
"""newlib, compiled by clang straight from Debian's newlib-source: no configure, no make.

Two libraries an architecture: the hypervisor's (a freestanding subset, integer registers only, no
allocator) and the unikernels' (libc and libm whole, floating point allowed). What newlib's
configure would have decided is in newlib_config/*/newlib.h.
"""

from __future__ import annotations

import functools
import shutil
import tarfile
from pathlib import Path
from typing import Literal

from gen.diagnostics import missing
from gen.tool import cache, toolchain
from gen.tool.library import Library, Unit, archive
from gen.tool.paths import ROOT
from gen.tool.toolchain import relative

Kind = Literal["hyp", "guest"]  # who links it

SOURCE_FOLDER = Path("/usr/src/newlib")
CONFIG = ROOT / "gen/tool/newlib_config"

# The hypervisor's subset: what its C and the compiler itself call.
HYPERVISOR = {"string": "memchr memcmp memcpy memmove memset strcmp strlen"}

# The unikernels' library: folders taken whole, less what is made by variants or needs more than
# a unikernel has.
GUEST_LIBC = "string stdlib stdio ctype time locale reent errno misc search signal".split()
GUEST_LIBM = "math common fenv".split()
GUEST_LEFT_OUT = {
    "libc/stdlib/mallocr.c",  # see GUEST_MALLOC
    "libc/stdio/vfprintf.c",  # see GUEST_PRINTF; likewise the three below
    "libc/stdio/vfscanf.c",
    "libc/stdio/vfwprintf.c",
    "libc/stdio/vfwscanf.c",
}
GUEST_LEFT_OUT_PREFIXES = ("nano-",)
# The assembler of clang refuses one operand form of these; the generic C is taken instead.
GUEST_GENERIC_C = {"memchr", "strchr", "strchrnul", "strrchr"}
GUEST_MALLOC = (
    "MALLOC FREE REALLOC CALLOC CFREE MEMALIGN VALLOC PVALLOC MALLINFO MALLOC_STATS"
    " MALLOC_USABLE_SIZE MALLOPT"
).split()
GUEST_PRINTF = {
    name: (source, tuple(flags.split()))
    for name, source, flags in (
        ("vfprintf", "vfprintf", ""),
        ("vfiprintf", "vfprintf", "-DINTEGER_ONLY"),
        ("svfprintf", "vfprintf", "-DSTRING_ONLY"),
        ("svfiprintf", "vfprintf", "-DINTEGER_ONLY -DSTRING_ONLY"),
        ("vfscanf", "vfscanf", ""),
        ("vfiscanf", "vfscanf", "-DINTEGER_ONLY"),
        ("svfscanf", "vfscanf", "-DSTRING_ONLY"),
        ("svfiscanf", "vfscanf", "-DINTEGER_ONLY -DSTRING_ONLY"),
        ("vfwprintf", "vfwprintf", ""),
        ("vfiwprintf", "vfwprintf", "-DINTEGER_ONLY"),
        ("svfwprintf", "vfwprintf", "-DSTRING_ONLY"),
        ("svfiwprintf", "vfwprintf", "-DINTEGER_ONLY -DSTRING_ONLY"),
        ("vfwscanf", "vfwscanf", ""),
        ("vfiwscanf", "vfwscanf", "-DINTEGER_ONLY"),
        ("svfwscanf", "vfwscanf", "-DSTRING_ONLY"),
        ("svfiwscanf", "vfwscanf", "-DINTEGER_ONLY -DSTRING_ONLY"),
    )
}


def source() -> Path:
    """The archive of package newlib-source."""
    found = sorted(SOURCE_FOLDER.glob("newlib-*.tar.xz"))
    if not found:
        raise missing(f"{SOURCE_FOLDER}/newlib-*.tar.xz")
    return found[-1]


def version() -> str:
    return source().name.removeprefix("newlib-").removesuffix(".tar.xz")


@functools.cache  # what it is made from is 9 MB to hash
def library(arch: str, kind: Kind) -> Library:
    """The libc (and for unikernels libm, in the same archive) for `arch`, compiled if need be."""
    folder = cache.made(
        f"newlib-{arch}-{kind}", _key(arch, kind), lambda growing: _make(arch, kind, growing)
    )
    return Library(folder / "libc.a", folder / "include")


def _key(arch: str, kind: Kind) -> str:
    config = sorted((CONFIG / kind).iterdir())
    own = [Path(__file__), Path(toolchain.__file__)]
    return cache.digest([arch, kind, toolchain.version(), source(), *config, *own])


def _make(arch: str, kind: Kind, folder: Path) -> None:
    unpacked = folder / "source"
    with tarfile.open(source()) as tar:
        top = tar.next()
        assert top is not None
        prefix = top.name.split("/")[0] + "/newlib/"
        wanted = tuple(prefix + part for part in ("libc/", "libm/"))
        for member in tar:
            if member.name.startswith(wanted) and member.isfile():
                member.name = member.name[len(prefix) :]
                tar.extract(member, unpacked, set_attrs=False)
    _headers(arch, kind, unpacked, folder / "include")
    flags: tuple[str, ...] = (*toolchain.TARGET[arch], *toolchain.CODE)
    flags += ("-fno-builtin", "-w", "-D_LIBC")
    # Assertions name their file: not by the folder that the library happened to be made in.
    flags += tuple(f"-ffile-prefix-map={p}=newlib" for p in (unpacked, relative(unpacked)))
    includes = ("-I", str(folder / "include"), "-isystem", str(folder / "include"))
    if kind == "hyp":
        flags += (*toolchain.HYPERVISOR_ONLY[arch], "-DPREFER_SIZE_OVER_SPEED")
        units = _hypervisor_units(unpacked)
    else:
        units = _guest_units(arch, unpacked)
    archive(units, (*flags, *includes), folder / "libc.a")
    shutil.rmtree(unpacked)


def _headers(arch: str, kind: Kind, unpacked: Path, include: Path) -> None:
    """One include folder: newlib's headers, the architecture's over them, our newlib.h on top."""
    # Clang brings its own stdatomic.h; newlib's does not agree with clang's stdint.h.
    shutil.copytree(
        unpacked / "libc/include", include, ignore=shutil.ignore_patterns("stdatomic.h")
    )
    own = unpacked / "libc/machine" / arch / "machine"
    for header in sorted(own.glob("*.h")):
        shutil.copy(header, include / "machine" / header.name)
    shutil.copy(CONFIG / kind / "newlib.h", include / "newlib.h")


def _hypervisor_units(unpacked: Path) -> list[Unit]:
    local = ("-I", str(unpacked / "libc/string"))
    return [
        Unit(unpacked / "libc" / folder / f"{name}.c", local)
        for folder, names in HYPERVISOR.items()
        for name in names.split()
    ]


def _guest_units(arch: str, unpacked: Path) -> list[Unit]:
    """libc, then libm. A file of the architecture's folder replaces the generic one of its
    name."""
    units: dict[str, Unit] = {}
    for part, folders in (("libc", GUEST_LIBC), ("libm", GUEST_LIBM)):
        for folder in folders:
            for path in sorted((unpacked / part / folder).glob("*.c")):
                if _wanted(path, unpacked):
                    units[path.stem] = Unit(path, _guest_local(path.parent, unpacked))
        for path in sorted((unpacked / part / "machine" / arch).iterdir()):
            stem = path.stem.removesuffix("-stub")
            if path.suffix in (".c", ".S") and stem not in GUEST_GENERIC_C:
                if stem == path.stem:  # a -stub.c only forwards to the generic C
                    units[stem] = Unit(path, _guest_local(path.parent, unpacked))
    stdlib, stdio = unpacked / "libc/stdlib", unpacked / "libc/stdio"
    for name in GUEST_MALLOC:
        flags = (*_guest_local(stdlib, unpacked), "-DINTERNAL_NEWLIB", f"-DDEFINE_{name}")
        units[f"mallocr-{name}"] = Unit(stdlib / "mallocr.c", flags, f"mallocr-{name.lower()}")
    for name, (stem, defines) in GUEST_PRINTF.items():
        flags = (*_guest_local(stdio, unpacked), *defines)
        units[name] = Unit(stdio / f"{stem}.c", flags, name)
    return list(units.values())


def _wanted(path: Path, unpacked: Path) -> bool:
    name = str(path.relative_to(unpacked))
    return name not in GUEST_LEFT_OUT and not path.name.startswith(GUEST_LEFT_OUT_PREFIXES)


def _guest_local(folder: Path, unpacked: Path) -> tuple[str, ...]:
    places = (folder, *(unpacked / name for name in ("libc/stdio", "libc/locale", "libm/common")))
    return tuple(flag for place in places for flag in ("-I", str(place)))
