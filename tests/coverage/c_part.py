# SPDX-License-Identifier: Apache-2.0
"""Coverage of vdev/ and loader/ by the host unit tests: each tests/unit/test_*.c, and the board check
over boards' trees, as tests/unit runs it, compiled with clang's own counters in place of sanitizers.
Those that race (test_*_threads.c) are left out: the counters would race, too, and make them slow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from covered import Covered

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT), str(ROOT / "tests/unit")]

import pytest  # noqa: E402
import test_board_check  # noqa: E402
import test_unit  # noqa: E402

from gen.tool.process import default_jobs, parallel  # noqa: E402

ROOMS = ("vdev", "loader")
# With %c in the profile's name counters are in a shared file all along, so that those of a child, and
# of a program that aborts, count.
COUNTERS = (
    "-fprofile-instr-generate",
    "-fcoverage-mapping",
    "-mllvm",
    "-runtime-counter-relocation",
)
SECONDS = 300


def measure(out: Path) -> dict[str, Covered]:
    """By path; files that no test has count with all their lines. `out`: where the details go."""
    out.mkdir(parents=True, exist_ok=True)
    test_unit.write_generated()
    tests = [t for t in sorted(test_unit.UNIT.glob("test_*.c")) if not t.stem.endswith("_threads")]
    for old in out.glob("*.profraw"):
        old.unlink()
    tested = {name for test in tests for name in test_unit.sources_of(test)}
    tested |= set(test_board_check.LOADER)
    own = [str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / room).glob("*.c")]
    alone = [_object(name, out) for name in sorted(set(own) - tested)]
    programs = parallel(lambda test: _run(test, out), tests, default_jobs())
    programs += board_checks(out)
    profile = out / "all.profdata"
    raw = [str(path) for path in out.glob("*.profraw")]
    _tool(["llvm-profdata-14", "merge", "-sparse", *raw, "-o", str(profile)])
    first, *others = [str(path) for path in (*programs, *alone)]
    what = [first, *(f"-object={name}" for name in others), f"-instr-profile={profile}"]
    lcov = _tool(["llvm-cov-14", "export", "-format=lcov", *what, *own])
    (out / "c.lcov").write_text(lcov)
    pages = ["-format=html", f"-output-dir={out / 'html'}", "-show-branches=count"]
    _tool(["llvm-cov-14", "show", *pages, *what, *own])
    return parse(lcov)


def parse(lcov: str) -> dict[str, Covered]:
    """lcov's records: SF: names a file, DA:line,count a line, BRDA:line,block,branch,count."""
    found: dict[str, Covered] = {}
    for record in lcov.split("end_of_record"):
        name = ""
        lines: dict[int, int] = {}
        branches: list[bool] = []
        for entry in record.splitlines():
            kind, _, rest = entry.partition(":")
            if kind == "SF":
                name = os.path.relpath(rest, ROOT)
            elif kind == "DA":
                line, count = rest.split(",")[:2]
                lines[int(line)] = int(count)
            elif kind == "BRDA":
                branches.append(rest.rsplit(",", 1)[1] not in ("-", "0"))
        if name:
            dead = tuple(line for line, count in lines.items() if count == 0)
            run = len(lines) - len(dead)
            found[name] = Covered(len(lines), run, len(branches), sum(branches), dead)
    return found


def _run(test: Path, out: Path) -> Path:
    program = out / test.stem
    sources = test_unit.sources_of(test)
    flags = [*test_unit.FLAGS, *COUNTERS, *test_unit.defines_of(test), *test_unit.INCLUDES]
    _tool([test_unit.COMPILER, *flags, *sources, "-o", str(program)])
    counts = out / f"{test.stem}.profraw"
    _tool([str(program)], {"LLVM_PROFILE_FILE": f"{counts}%c"})
    return program


def board_checks(out: Path, *options: str) -> list[Path]:
    """The programs that tests/unit/test_board_check.py makes of boards' plans, run by its tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_board_check, "BUILD", out / "board-check")
        patch.setitem(test_unit.SANITIZERS, "address", list(COUNTERS))
        patch.setenv("LLVM_PROFILE_FILE", f"{out}/board-check-%p.profraw")
        test = str(Path(test_board_check.__file__))
        test_board_check.forget()  # this process may have run these tests before, or run them yet
        status = pytest.main(["-q", "-p", "no:cacheprovider", *options, test])
        test_board_check.forget()
    if status != 0:
        sys.exit("the tests failed: coverage is that of tests which pass")
    return sorted((out / "board-check").glob("*/check"))


def _object(name: str, out: Path) -> Path:
    """A file that no test has: so that its lines count."""
    target = out / (name.replace("/", "-") + ".o")
    flags = [*test_unit.FLAGS, *COUNTERS, *test_unit.INCLUDES]
    _tool([test_unit.COMPILER, *flags, "-c", name, "-o", str(target)])
    return target


def _tool(command: Sequence[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)[:200]}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout
