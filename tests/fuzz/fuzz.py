#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzzing on the host: fuzz.py [--seconds N] [TARGET...]

Each tests/fuzz/<target>.c runs under libFuzzer with ASan and UBSan for N seconds; then the readers of
the generator (readers.py) do. Small committed corpora are in tests/fuzz/corpus/<target>/; what is
found on top grows in build/fuzz/corpus/<target>/ and is used again. An input that breaks something is
kept in build/fuzz/<target>-crash-*, and the command fails.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/unit")]

from test_unit import (
    COMPILER,
    FLAGS,
    INCLUDES,
    SANITIZERS,
    write_generated,
    sources_of,
)  # noqa: E402

FUZZ = ROOT / "tests/fuzz"
BUILD = ROOT / "build/fuzz"
READERS = ("dtb", "image", "toml")  # tests/fuzz/readers.py
INPUT_MAX = 4096  # bytes
ONE_INPUT_SECONDS = 20


def targets() -> list[str]:
    return sorted(path.stem for path in FUZZ.glob("*.c"))


def build(target: str) -> Path:
    write_generated()
    binary = BUILD / target
    binary.parent.mkdir(parents=True, exist_ok=True)
    command = [
        *(COMPILER, *FLAGS, *SANITIZERS["address"], "-fsanitize=fuzzer", *INCLUDES),
        *(*sources_of(FUZZ / f"{target}.c"), "-o", str(binary)),
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    return binary


def fuzz(target: str, seconds: int) -> bool:
    """True: nothing was found."""
    grown = BUILD / "corpus" / target
    grown.mkdir(parents=True, exist_ok=True)
    kept = FUZZ / "corpus" / target
    command = [
        *(str(build(target)), f"-max_total_time={seconds}", f"-max_len={INPUT_MAX}"),
        *(f"-timeout={ONE_INPUT_SECONDS}", f"-artifact_prefix={BUILD / target}-"),
        *("-print_final_stats=1", "-verbosity=1", "-close_fd_mask=1", str(grown)),
        *([str(kept)] if kept.is_dir() else []),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")
    lines = done.stderr.splitlines()
    runs = [line for line in lines if "number_of_executed_units" in line]
    print(f"{target}: {runs[0].split()[-1] if runs else '0'} inputs in {seconds} s", flush=True)
    if done.returncode != 0:
        print("\n".join(lines[-60:]), file=sys.stderr)
    return done.returncode == 0


def read(target: str, seconds: int, build_folder: Path = BUILD) -> bool:
    """In a process of its own: it may die."""
    build_folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(FUZZ / "readers.py"), target, str(seconds), str(build_folder)]
    return subprocess.run(command, cwd=ROOT).returncode == 0


def replay(target: str) -> bool:
    """The seeds and the committed corpus alone."""
    if target in READERS:
        return read(target, 0, BUILD / "replay")
    command = [str(build(target)), "-runs=0", f"-artifact_prefix={BUILD / target}-"]
    return subprocess.run([*command, str(FUZZ / "corpus" / target)], cwd=ROOT).returncode == 0


def fuzz_or_read(target: str, seconds: int) -> bool:
    return read(target, seconds) if target in READERS else fuzz(target, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="for each target")
    parser.add_argument("targets", nargs="*", default=[*targets(), *READERS])
    options = parser.parse_args()
    good = [fuzz_or_read(target, options.seconds) for target in options.targets]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
