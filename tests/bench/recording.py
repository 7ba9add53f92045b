# SPDX-License-Identifier: Apache-2.0
"""Every instruction of one operation, as plugin.c records them, cut into exits: what the hypervisor
executes on one CPU from the guest's trap to the guest's next instruction."""

from __future__ import annotations

import array
import bisect
import itertools
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import subject

PLUGIN = Path(__file__).resolve().with_name("plugin.c")
_FLAGS = (
    "-std=c11",
    "-D_DEFAULT_SOURCE",
    "-O2",
    "-shared",
    "-fPIC",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
)
_BEGIN = 0xFFFFFFFF
_RESET_END = 0x4000_1000  # the first instructions of QEMU's own

Path_ = tuple[int, ...]  # addresses, in the order of execution


@dataclass(frozen=True)
class Symbols:
    """Functions of a linked file by address."""

    starts: list[int]
    names: list[str]

    @staticmethod
    def read(elf: Path) -> Symbols:
        said = subprocess.run(
            ["llvm-nm-14", "--numeric-sort", "--defined-only", str(elf)],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        rows = [line.split(maxsplit=2) for line in said.splitlines()]
        code = [(int(at, 16), name) for at, kind, name in rows if kind in "tT"]
        return Symbols([at for at, _ in code], [name for _, name in code])

    def name(self, address: int) -> str:
        at = bisect.bisect_right(self.starts, address)
        return self.names[at - 1] if at else hex(address)


@dataclass(frozen=True)
class Operation:
    """The instructions of all rounds of an operation."""

    words: array.array[int]
    physical: list[int]  # by number of an instruction
    hypervisor: range  # physical addresses
    others: int  # instructions of CPUs that are not recorded, meanwhile

    def windows(self) -> Iterator[array.array[int]]:
        """One for each time that the operation was begun."""
        words: array.array[int] = array.array("I")
        for word in self.words:
            if word == _BEGIN:
                if words:
                    yield words
                words = array.array("I")
            else:
                words.append(word)
        if words:
            yield words

    def exits_in_order(self, cpu: int) -> list[Path_]:
        """What the hypervisor executed on a CPU, exit by exit; those that the operation's begin or
        end cuts are left out."""
        found: list[Path_] = []
        for window in self.windows():
            mine = [self.physical[word >> 4] for word in window if word & 15 == cpu]
            runs = itertools.groupby(mine, key=self.hypervisor.__contains__)
            pieces = [(below, tuple(piece)) for below, piece in runs]
            found += [path for below, path in pieces[1:-1] if below]
        return found

    def exits(self, cpu: int) -> Counter[Path_]:
        """How often the hypervisor executed which path on a CPU."""
        return Counter(self.exits_in_order(cpu))

    def hypervisor_count(self) -> int:
        """Instructions of the hypervisor on all CPUs."""
        return sum(
            word != _BEGIN and self.physical[word >> 4] in self.hypervisor for word in self.words
        )

    def boot(self) -> Path_:
        """From reset to the first instruction of a guest, all CPUs together."""
        physical = (self.physical[word >> 4] for word in self.words)
        return tuple(
            itertools.takewhile(lambda at: at < _RESET_END or at in self.hypervisor, physical)
        )


def plugin(source: Path = PLUGIN) -> Path:
    """A compiled plugin."""
    library = subject.OUT / source.with_suffix(".so").name
    library.parent.mkdir(parents=True, exist_ok=True)
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        with tempfile.TemporaryDirectory(dir=library.parent) as place:
            made = Path(place) / library.name
            command = ["clang-14", *_FLAGS, str(source), "-o", str(made)]
            subprocess.run(command, check=True, timeout=60)
            os.replace(made, library)  # at once: QEMU of another thread may have it open
    return library


def hypervisor_range(folder: Path) -> range:
    """The physical addresses of the hypervisor's code."""
    symbols = Symbols.read(folder / "firmware.elf")
    by_name = dict(zip(symbols.names, symbols.starts))
    return range(by_name["image_start"], by_name["text_end"])


def record(
    folder: Path, operation: str | None, *, board_cpus: int = 2, only_cpus: int | None = None
) -> Operation:
    """Runs folder's image and records `operation`, or boot: None. With only_cpus the first CPUs
    alone are recorded, and all run concurrently."""
    prefix = folder / (operation or "boot")
    option = f"{plugin()},out={prefix}"
    if operation is not None:
        option += f",operation={subject.operations().index(operation)}"
    if only_cpus is not None:
        option += f",cpus={only_cpus}"
    qemu = subject.command(
        folder / "firmware.bin",
        below=True,
        cpus=board_cpus,
        concurrent=only_cpus is not None,
        extra=("-plugin", option),
    )
    subject.run(qemu)
    words = array.array("I")
    trace, table = prefix.with_suffix(".trace"), prefix.with_suffix(".table")
    recorded = trace.read_bytes()
    words.frombytes(recorded[: len(recorded) // 4 * 4])
    trace.unlink()
    complete = table.read_text().rpartition("\n")[0]  # QEMU was ended in the midst of the last one
    rows = [line.split() for line in complete.splitlines()]
    table.unlink()
    code = [row for row in rows if row[0] != "others"]
    others = [int(row[1]) for row in rows if row[0] == "others"]
    return Operation(
        words=words,
        physical=[int(row[1], 16) for row in code],
        hypervisor=hypervisor_range(folder),
        others=others[-1] if others else 0,
    )
