# SPDX-License-Identifier: Apache-2.0
"""Compiles and runs every tests/unit/test_*.c on the host, over arch/fake.

A test's first lines name what it is linked with: `sources: vdev/vgic.c arch/fake/cpu.c`, paths
from the root, shell patterns allowed (arch/fake/[a-z]*.c: a comment can't hold slash-star).
`defines: NAME=VALUE` sets a symbol of fixture/autoconf.h.  Tests run under ASan and UBSan; those
named test_*_threads.c also under TSan.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from gen.emit.devices import header_text
from gen.read import device_types
from gen.tool import compile, libfdt
from gen.tool.paths import write_if_changed

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests" / "unit"
BUILD = ROOT / "build" / "unit"
COMPILE_SECONDS = 120
RUN_SECONDS = 600  # threads on a busy machine

COMPILER = "clang-14"
FLAGS = (
    "-std=c11 -g -O1 -D_GNU_SOURCE -fno-omit-frame-pointer -pthread"
    " -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wvla -Wstrict-prototypes"
    " -Wmissing-prototypes -Wmissing-variable-declarations -Wundef -Wimplicit-fallthrough"
    " -Wswitch-enum -Wcast-qual -Wpointer-arith -Werror"
).split()
INCLUDES = [
    "-I.",
    "-Iarch/fake/include",
    "-Itests/unit/fixture",
    f"-I{BUILD}/include",
    "-include",
    "tests/unit/fixture/autoconf.h",
    "-isystem",
    str(libfdt.sources()),
]
SANITIZERS = {
    "address": ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    "thread": ["-fsanitize=thread"],
}


def sources_of(test: Path) -> list[str]:
    """The files that `test` names, as paths from the root, itself first."""
    head = "".join(test.read_text(encoding="utf-8").splitlines(keepends=True)[:8])
    match = re.search(r"sources:(.*?)\*/", head, re.DOTALL)
    assert match is not None, f"{test.name}: no `sources:` comment in its first lines"
    patterns = [word for word in match.group(1).split() if word != "*"]
    named: list[Path] = []
    for pattern in patterns:
        found = sorted(ROOT.glob(pattern))
        assert found, f"{test.name}: {pattern} is no file"
        named += found
    return [str(path.relative_to(ROOT)) for path in [test, *named]]


def defines_of(test: Path) -> list[str]:
    """What `test` sets in place of fixture/autoconf.h: `defines: NAME=VALUE …` in a comment."""
    head = "".join(test.read_text(encoding="utf-8").splitlines(keepends=True)[:8])
    match = re.search(r"defines:(.*?)\*/", head)
    return [f"-D{word}" for word in match.group(1).split()] if match is not None else []


def variants() -> list[tuple[str, str]]:
    """Each test with each sanitizer it runs under."""
    found: list[tuple[str, str]] = []
    for test in sorted(UNIT.glob("test_*.c")):
        found.append((test.stem, "address"))
        if test.stem.endswith("_threads"):
            found.append((test.stem, "thread"))
    return found


def run(command: list[str], seconds: int) -> None:
    """Runs `command` in the root; its output is the assertion's message when it fails."""
    environment = dict(os.environ, TSAN_OPTIONS="halt_on_error=1", ASAN_OPTIONS="detect_leaks=1")
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}"


@pytest.fixture(scope="module")
def generated() -> None:
    write_generated()


def write_generated() -> None:
    """devices.h as a deployment with two devices of each type has it."""
    counts = {kind.name: 2 for kind in device_types.TYPES}
    write_if_changed(BUILD / "include" / "devices.h", header_text(counts))


@pytest.mark.usefixtures("generated")
@pytest.mark.parametrize(("name", "sanitizer"), variants())
def test_unit(name: str, sanitizer: str) -> None:
    """One program under one sanitizer."""
    run([str(built(name, sanitizer))], RUN_SECONDS)


def built(name: str, sanitizer: str) -> Path:
    """The program. Most sources are those of other tests, too: each is compiled once for all that
    set the same."""
    test = UNIT / f"{name}.c"
    defines = defines_of(test)
    place = "-".join([sanitizer, *(word.removeprefix("-D") for word in defines)])
    flags = (*FLAGS, *SANITIZERS[sanitizer], *defines, *INCLUDES)
    job = compile.Job(flags, BUILD, BUILD / "objects" / place)
    sources = [ROOT / source for source in sources_of(test)]
    objects = [str(path) for path in compile.compile_all(job, sources, jobs=1)]
    binary = BUILD / f"{name}-{sanitizer}"
    link = [COMPILER, "-pthread", *SANITIZERS[sanitizer], *objects, "-o", str(binary)]
    run(link, COMPILE_SECONDS)
    return binary
