# SPDX-License-Identifier: Apache-2.0
"""`make lint`: what the compiler does not check. /usr/bin/python3 -m gen.tool.lint [CHECK…]"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gen.diagnostics import Failure
from gen.tool import compile, libfdt, newlib, sources, toolchain
from gen.tool.paths import BUILD, ROOT
from gen.tool.process import capture, default_jobs, parallel, run

ARCH = "aarch64"
NEUTRAL = ("vdev/", "loader/", "gen/", "guest/include/")
OUT = BUILD / "lint"
CONFIG = "configs/board.toml"
_ARCH_IF = re.compile(
    r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*(?:__aarch64|__arm|__riscv|__x86|ARCH_)"
)
_EXTERN = re.compile(r"^\s*extern\b")
_HASH_COMMENT = (".py", ".toml", ".yml", "Makefile", "Kconfig", ".clang-tidy")

_EXPECTED = (  # what tests compare with, one-line inputs, what others published
    "tests/gen/golden/",
    "tests/gen/bad/",
    "tests/gen/axvm/published/",
    "tests/gen/axvm/outcomes/",
)

Problems = list[str]


def files(*endings: str) -> list[str]:
    """Files of the repository with these endings: new ones too; neither ignored ones, nor those
    that are data of tests."""
    said = run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], "listing files"
    ).decode()
    return sorted(
        name
        for name in said.splitlines()
        if name.endswith(endings) and not name.startswith(_EXPECTED) and (ROOT / name).is_file()
    )


def c_format() -> Problems:
    return _said(["clang-format-14", "--dry-run", "-Werror", *files(".c", ".h")])


def c_tidy() -> Problems:
    """clang-tidy over the hypervisor, with the flags it is compiled with."""
    flags = _hypervisor_flags()
    own = [str(p.relative_to(ROOT)) for p in sources.select(ARCH, {}) if p.suffix == ".c"]

    def tidy(name: str) -> Problems:
        return _said(["clang-tidy-14", "--quiet", name, "--", *flags])

    return sum(parallel(tidy, own, default_jobs()), [])


def c_headers() -> Problems:
    """Every header compiles alone."""
    hypervisor, guest = _hypervisor_flags(), _guest_flags()

    def alone(name: str) -> Problems:
        flags = guest if name.startswith("guest/") else hypervisor
        return _said([toolchain.CLANG, *flags, "-fsyntax-only", "-Wno-unused", "-x", "c", name])

    skipped = ("arch/fake/", "tests/", "gen/tool/", "configs/")
    names = [name for name in files(".h") if not name.startswith(skipped)]
    return sum(parallel(alone, names, default_jobs()), [])


def c_symbols() -> Problems:
    """No weak symbol in any object of the hypervisor, no allocator, nothing in .init_array."""
    problems: Problems = []
    for path in sorted((OUT / "obj").glob("*.o")):
        for line in run([toolchain.NM, str(path)], "llvm-nm").decode().splitlines():
            kind, name = line[17:18], line[19:]
            if kind in "wWvV":
                problems.append(f"{path.name}: weak symbol {name}")
            if name in ("malloc", "calloc", "realloc", "free", "sbrk", "_sbrk"):
                problems.append(f"{path.name}: allocator {name}")
    return problems


def c_conditions() -> Problems:
    """No architecture or board decided by #if outside arch/ and platform/; no extern in a .c."""
    problems: Problems = []
    for name in files(".c", ".h", ".S"):
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1):
            if name.startswith(NEUTRAL) and not line.rstrip().endswith("_H"):
                if _ARCH_IF.match(line):
                    problems.append(f"{name}:{number}: architecture in #if: {line.strip()}")
            if name.endswith(".c") and _EXTERN.match(line):
                problems.append(f"{name}:{number}: extern in a .c file: {line.strip()}")
    return problems


def licence() -> Problems:
    """One SPDX line at the top of every file that can hold a comment."""
    endings = (
        ".c",
        ".h",
        ".S",
        ".ld",
        ".dts",
        ".dtso",
        ".html",
        ".svg",
        ".css",
        ".js",
        *_HASH_COMMENT,
    )
    return [
        f"{name}: no SPDX-License-Identifier in its first two lines"
        for name in files(*endings)
        if "SPDX-License-Identifier: Apache-2.0"
        not in "\n".join((ROOT / name).read_text().splitlines()[:2])
        and (ROOT / name).stat().st_size
    ]


def python_format() -> Problems:
    return _said(["black", "--quiet", "--check", "--diff", *files(".py")])


def python_names() -> Problems:
    """Modules of tests/ have names of their own: pytest imports them by these alone."""
    places: dict[str, list[str]] = {}
    for name in files(".py"):
        path = Path(name)
        if path.parts[0] == "tests" and path.name not in _NOT_IMPORTED:
            places.setdefault(path.name, []).append(name)
    return [f"{' and '.join(same)}: one name" for same in places.values() if len(same) > 1]


def python_types() -> Problems:
    return _said(["mypy", "build.py", "gen"])


def shell() -> Problems:
    scripts = [name for name in files("") if _is_shell(ROOT / name)]
    return _said(["shellcheck", "--shell=sh", *scripts])


def pages() -> Problems:
    """The generated pages and the editor schema are what their source gives."""
    return _said([sys.executable, "-m", "gen.docs", "--check"])


CHECKS: dict[str, Callable[[], Problems]] = {
    "c-format": c_format,
    "c-conditions": c_conditions,
    "c-headers": c_headers,
    "c-symbols": c_symbols,
    "c-tidy": c_tidy,
    "licence": licence,
    "pages": pages,
    "python-format": python_format,
    "python-names": python_names,
    "python-types": python_types,
    "shell": shell,
}
_NOT_IMPORTED = ("build.py", "conftest.py")  # commands of guests' folders; pytest's own
_NEED_BUILD = ("c-headers", "c-symbols", "c-tidy")


def _is_shell(path: Path) -> bool:
    with path.open("rb") as stream:
        first = stream.readline(64)
    return first.startswith(b"#!") and first.rstrip().endswith((b"sh", b"bash"))


def _said(command: Sequence[str]) -> Problems:
    """What a command that failed said, as one problem."""
    output = capture(command)
    if output.status == 0:
        return []
    said = (output.out.decode(errors="replace") + output.err).strip()
    return [said or f"{command[0]}: status {output.status}"]


def _hypervisor_flags() -> tuple[str, ...]:
    libc, fdt = newlib.library(ARCH, "hyp"), libfdt.library(ARCH, "hyp")
    return compile.hypervisor_flags(ARCH, OUT / "gen", (libc.include, fdt.include))


def _guest_flags() -> tuple[str, ...]:
    from gen.tool import unikernel

    libc, fdt = newlib.library(ARCH, "guest"), libfdt.library(ARCH, "guest")
    return unikernel.flags(ARCH, OUT, (libc.include, fdt.include))


def _build() -> None:
    """Generated headers and objects for the checks that look at them."""
    command = [sys.executable, "build.py", CONFIG, "--quiet", "--out", str(OUT)]
    subprocess.run(command, cwd=ROOT, check=True)


def main(arguments: Sequence[str]) -> int:
    chosen = list(arguments) or list(CHECKS)
    unknown = [name for name in chosen if name not in CHECKS]
    if unknown:
        print(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
        return 2
    if any(name in _NEED_BUILD for name in chosen):
        _build()
    failed = 0
    for name in chosen:
        begun = time.monotonic()
        try:
            problems = CHECKS[name]()
        except Failure as failure:
            problems = [failure.message]
        took = time.monotonic() - begun
        print(f"{'FAIL' if problems else 'ok':5} {name} ({took:.1f} s)", flush=True)
        for problem in problems:
            print(problem)
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
