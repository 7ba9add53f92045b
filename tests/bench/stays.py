# SPDX-License-Identifier: Apache-2.0
"""The hypervisor's longest stays in one guest's run, as stays.c measures them: in QEMU where an
instruction is a nanosecond and CPUs take turns, so that they are the same in every run."""

from __future__ import annotations

import array
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import recording
import subject

sys.path.insert(0, str(subject.ROOT))

from gen.tool.console import Transcript  # noqa: E402
from gen.tool.qemu import RunPlan  # noqa: E402

PLUGIN = Path(__file__).resolve().with_name("stays.c")
RUN_S = 1500
CAUSES = (  # enum cause
    "HVC",
    "SMC",
    "MRS, MSR",
    "DC, IC, TLBI, AT",
    "load, store",
    "fetch, other",
    "IRQ",
    "FIQ",
    "SError",
)
WORKS = ("", ", console output", ", vCPU stops or starts")  # enum work
_PATH_SIZE = 1 << 21  # PATH_SIZE
_HEAD = struct.Struct("<QQ")
_SIZE = _HEAD.size + 4 * _PATH_SIZE


@dataclass(frozen=True)
class Longest:
    """Of a class of stays the longest: instructions, whose run, how many of them in which
    function, in the order in which functions are first reached."""

    stays: int
    count: int
    guest: str
    path: dict[str, int]

    def joined(self, other: Longest) -> Longest:
        longest = other if other.count > self.count else self
        return replace(longest, stays=self.stays + other.stays)

    def as_object(self) -> dict[str, Any]:
        path = [{"function": name, "instructions": n} for name, n in self.path.items()]
        return {"longest": self.count, "guest": self.guest, "exits": self.stays, "path": path}

    @staticmethod
    def of_object(found: dict[str, Any]) -> Longest:
        path = {step["function"]: step["instructions"] for step in found["path"]}
        return Longest(found["exits"], found["longest"], found["guest"], path)


def _build(guest: str) -> Path:
    folder = subject.OUT / "worst" / guest
    config = subject.ROOT / "tests/guests" / guest / "deployment.toml"
    command = [str(subject.ROOT / "build.py"), str(config), "--out", str(folder), "-q"]
    done = subprocess.run(command, cwd=subject.ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return folder


def _run(folder: Path, plugin: str) -> None:
    """To the end that the guests give it: all that they should say must have been said."""
    qemu = subject.command(folder / "firmware.bin", below=True, cpus=4, extra=("-plugin", plugin))
    done = subprocess.run(
        qemu, cwd=subject.ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=RUN_S
    )
    plan = RunPlan.read(folder)
    transcript = Transcript(plan.voices, plan.expect, folder)
    transcript.feed(done.stdout)
    transcript.close()
    if done.returncode != 0 or transcript.failed or transcript.missing:
        sys.exit(f"{folder.name}: {transcript.failed} {transcript.missing}, see {folder}")


def measure(guest: str) -> dict[str, Longest]:
    """By class, for those that there were."""
    folder = _build(guest)
    symbols = recording.Symbols.read(folder / "firmware.elf")
    at = dict(zip(symbols.names, symbols.starts))
    out = folder / "stays"
    library = recording.plugin(PLUGIN)
    addresses = f"image={at['image_start']:x}:{at['text_end']:x},vectors={at['aarch64_vectors']:x}"
    _run(folder, f"{library},out={out},{addresses},console={at['drain_share']:x}")
    found = {}
    for number in range(len(CAUSES) * len(WORKS)):
        stays, path = _read(out, number)
        if stays:
            steps = Counter(symbols.name(at["image_start"] + offset) for offset in path)
            kind = CAUSES[number // len(WORKS)] + WORKS[number % len(WORKS)]
            found[kind] = Longest(stays, len(path), guest, dict(steps))
    out.unlink()
    return found


def _read(out: Path, number: int) -> tuple[int, array.array[int]]:
    """Of a class: how many stays, and the longest one's instructions."""
    with out.open("rb") as file:
        file.seek(number * _SIZE)
        stays, count = _HEAD.unpack(file.read(_HEAD.size))
        if count > _PATH_SIZE:
            sys.exit(f"{out}: a path of {count} instructions, of which only the first are kept")
        path = array.array("I")
        path.frombytes(file.read(4 * count))
    return stays, path
