# SPDX-License-Identifier: Apache-2.0
"""A trace in words: records as a board would leave them in its memory, of a real image."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_command import GOOD, MAIN, build

from gen.tool.qemu import RunPlan
from gen.tool.timeline import Trace
from gen.tool.trace import Recorder
from gen.tool.trace_names import sysreg_words

RAM_BASE = 0x4000_0000
NO_ROW = 0xFFFF


class Board:
    """The memory that a traced image writes to."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.layouts = recorder.image.layouts
        self.base = recorder.image.symbols["trace"] - RAM_BASE
        self.kinds = list(recorder_kinds(recorder))
        self.count = 0

    def put(self, struct: str, at: int, name: str, value: int, index: int = 0) -> int:
        member = self.layouts[struct].members[name]
        place = at + member.offset + index * member.size
        os.pwrite(self.recorder.file, value.to_bytes(member.size, "little"), place)
        return place

    def record(self, **fields: int) -> None:
        vcpu = self.base + self.layouts["trace"].members["vcpus"].offset
        records = self.layouts["trace_vcpu"].members["records"]
        at = vcpu + records.offset + self.count * records.size
        for name, value in {"row": NO_ROW, "start": 100, "cost": 5, **fields}.items():
            self.put("trace_record", at, name, value)
        self.count += 1
        self.put("trace_vcpu", vcpu, "count", self.count)

    def counter(self, array: str, index: int, count: int, cost: int) -> None:
        vcpu = self.base + self.layouts["trace"].members["vcpus"].offset
        member = self.layouts["trace_vcpu"].members[array]
        at = vcpu + member.offset + index * member.size
        for name, value in (("count", count), ("cost", cost), ("most", cost)):
            self.put("trace_counter", at, name, value)


def recorder_kinds(recorder: Recorder) -> tuple[str, ...]:
    from gen.tool.trace_names import Names

    return Names(recorder.image)._kinds


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    folder = tmp_path_factory.mktemp("traced")
    (folder / "one").mkdir()
    (folder / "one/main.c").write_text(MAIN)
    config = folder / "test.toml"
    config.write_text(GOOD.format(name="trace-names"))
    done = build(config, "--out", folder / "out", "--set", "build.TRACE=true")
    assert done.returncode == 0, done.stderr
    command = ("qemu", "-m", "64M")
    plan = RunPlan(command, "firmware.bin", (), (), 0, RAM_BASE)
    recorder = Recorder(folder / "out", plan, list(command))
    yield Board(recorder)
    recorder.close()


@pytest.fixture(scope="module")
def trace(board: Board) -> Trace:
    kind = board.kinds.index
    board.put("trace", board.base, "hz", 62_500_000)
    board.record(kind=kind("device"), row=2, address=0x0900_0018, value=0x90)
    board.record(kind=kind("device"), row=2, address=0x0900_0000, value=0x41, write=1)
    board.record(kind=kind("device"), address=0x7000_0000)
    board.record(kind=kind("system register"), address=3 << 14 | 5 << 3)
    board.record(kind=kind("call"), address=0x8400_0000, value=0x1_0001)
    board.record(kind=kind("call"), address=0xC400_0003)
    board.record(kind=kind("call"), address=0x1234)
    board.record(kind=kind("interrupt"), address=27)
    board.record(kind=kind("interrupt"), address=900)
    board.record(kind=len(board.kinds), address=0, start=40, value=90)
    board.counter("kinds", kind("device"), 7, 70)
    board.counter("mmio", 2, 5, 50)
    board.counter("kinds", kind("call"), 3, 9)
    return board.recorder.trace()


def test_records_in_words(trace: Trace) -> None:
    (vcpu,) = trace.vcpus
    assert trace.hz == 62_500_000
    assert (vcpu.vm, vcpu.index, vcpu.cpu, vcpu.lost) == ("one", 0, 0, 0)
    names = [record.name for record in vcpu.records]
    assert names[:4] == [
        "read virtual UART",
        "write virtual UART",
        "read nothing there",
        "read S3_0_C0_C5_0",
    ]
    assert names[4] == "PSCI_VERSION" and names[5] == "PSCI_CPU_ON" and names[6] == "unknown call"
    assert names[7].startswith("interrupt 27 (virtual") and names[8] == "interrupt 900"
    assert names[9].startswith("ran until: ")


def test_details(trace: Trace) -> None:
    read, write = trace.vcpus[0].records[:2]
    assert read.details == {"address": "0x9000018", "offset": "0x18", "value": "0x90"}
    assert write.details["offset"] == "0x0" and (read.start, read.length) == (100, 5)
    run = trace.vcpus[0].records[9]
    assert (run.start, run.length) == (40, 50)


def test_counters_by_row_and_what_is_left(trace: Trace) -> None:
    counted = {one.name: (one.count, one.cost) for one in trace.vcpus[0].counters}
    assert counted == {
        "device: virtual UART": (5, 50),
        "device: nothing there": (2, 20),
        "call": (3, 9),
    }


def test_system_register_without_name() -> None:
    assert sysreg_words(3 << 14 | 3 << 11 | 14 << 7 | 2 << 3 | 1) == "S3_3_C14_C2_1"
