# SPDX-License-Identifier: Apache-2.0
"""--trace: the exits that the image recorded (vdev/trace.h), taken out of QEMU's memory while it
runs. The board's RAM is a file that this process has open, too: nothing is stopped or asked."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.read.keys import parse_size
from gen.tool.paths import shown, write_atomic
from gen.tool.qemu import RunPlan
from gen.tool.terminal import Terminal
from gen.tool.timeline import Trace, Vcpu, table, timeline
from gen.tool.trace_names import Names
from gen.tool.typed import Image

UNITS = ("vdev/trace.c", "vdev/trace_print.c")
_MIB = 1 << 20


@dataclass
class _Ring:
    """What was taken of one vCPU's records."""

    taken: bytearray = field(default_factory=bytearray)
    seen: int = 0  # records ever, at the last look
    lost: int = 0  # overwritten before a look


class Recorder:
    """One run. `command`: QEMU's, whole."""

    def __init__(self, folder: Path, plan: RunPlan, command: list[str]) -> None:
        self.image = Image(folder / "firmware.elf", UNITS)
        if "trace" not in self.image.symbols:
            raise Failure(Exit.BUILD, "the image has no trace: it was built without TRACE")
        size = memory_size(command)
        self.file = os.memfd_create("board-ram")
        os.truncate(self.file, size)
        self._memory = mmap.mmap(self.file, size, access=mmap.ACCESS_READ)
        self._base = self.image.symbols["trace"] - plan.ram_base
        own, vcpu = self.image.layouts["trace"], self.image.layouts["trace_vcpu"]
        self._vcpus = own.members["vcpus"]
        self._records = vcpu.members["records"]
        self._rings = [_Ring() for _ in range(self._vcpus.count)]

    def arguments(self) -> list[str]:
        """More for QEMU, which inherits `file`."""
        backend = f"memory-backend-file,id=board-ram,mem-path=/proc/self/fd/{self.file},share=on"
        size = len(self._memory)
        return ["-object", f"{backend},size={size}", "-machine", "memory-backend=board-ram"]

    def look(self) -> None:
        """Takes what is new of every vCPU."""
        for number, ring in enumerate(self._rings):
            self._take(ring, self._base + self._vcpus.offset + number * self._vcpus.size)

    def _take(self, ring: _Ring, at: int) -> None:
        """A record that may have been overwritten while it was copied does not count."""
        layout, depth = self.image.layouts["trace_vcpu"], self._records.count
        count = layout.number(self._slice(at, layout.size - depth * self._records.size), "count")
        if count < ring.seen:  # the board was reset
            ring.seen = 0
        first = max(ring.seen, count - depth)
        copied = [
            (n, self._slice(at + self._records.offset + n % depth * self._records.size))
            for n in range(first, count)
        ]
        now = layout.number(self._slice(at, layout.members["count"].size), "count")
        whole = [data for n, data in copied if n + depth > now]
        ring.taken += b"".join(whole)
        ring.lost += count - ring.seen - len(whole)
        ring.seen = count

    def _slice(self, at: int, size: int = 0) -> bytes:
        return self._memory[at : at + (size or self._records.size)]

    def trace(self) -> Trace:
        """All that was taken, and the counters as they are now, in words."""
        self.look()
        layout, own = self.image.layouts["trace_vcpu"], self.image.layouts["trace"]
        hz = own.number(self._slice(self._base, 8), "hz")
        names = Names(self.image)
        vcpus = []
        for number, ring in enumerate(self._rings):
            data = self._slice(self._base + self._vcpus.offset + number * layout.size, layout.size)
            records = self.image.layouts["trace_record"].numbers.iter_unpack(ring.taken)
            running = layout.number(data, "run_start")
            vcpus.append(
                Vcpu(
                    vm=names.vm(number),
                    index=names.vcpu_index(number),
                    cpu=names.pcpu(number),
                    records=tuple(names.record(number, fields) for fields in records),
                    counters=tuple(names.counters(number, data)),
                    running_since=running or None,
                    lost=ring.lost,
                )
            )
        return Trace(hz, tuple(vcpus))

    def close(self) -> None:
        self._memory.close()
        os.close(self.file)


def memory_size(command: list[str]) -> int:
    """Bytes of the last -m in QEMU's command."""
    texts = [value for option, value in zip(command, command[1:]) if option == "-m"]
    text = texts[-1].removeprefix("size=").split(",")[0] if texts else ""
    size = parse_size(text)
    if size is None:
        raise Failure(
            Exit.BUILD, f"--trace needs the board's memory size in its QEMU command: {text}"
        )
    return size if text[-1:] in "KMG" else size * _MIB


@contextmanager
def recording(
    folder: Path, target: Path, qemu_args: list[str], say: Terminal
) -> Iterator[Recorder]:
    """A recorder for one run; whatever ends it, the timeline is in `target` then, and a table of
    what the exits cost is told."""
    plan = RunPlan.read(folder)
    recorder = Recorder(folder, plan, [*plan.command, *qemu_args])
    try:
        yield recorder
    finally:
        trace = recorder.trace()
        recorder.close()
        write_atomic(target, timeline(trace).encode())
        say.say(f"{table(trace)}\ntimeline: {shown(target)} (open it at ui.perfetto.dev)")
        say.put("trace", str(target))
