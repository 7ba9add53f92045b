# SPDX-License-Identifier: Apache-2.0
"""Taking records out of a board's memory while it writes them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import pytest

from gen.diagnostics import Failure
from gen.tool.trace import Recorder, _Ring, memory_size
from gen.tool.typed import Layout, Member

DEPTH = 4
SIZE = 8  # of a record, which here is its own number
AT = 16  # of the vCPU's part in the memory


@dataclass
class Board:
    """Memory with one vCPU's part; `hurry`: records that it writes while each one is copied."""

    count: int = 0
    hurry: int = 0
    slots: list[int] = field(default_factory=lambda: [0] * DEPTH)

    def write(self, how_many: int) -> None:
        for _ in range(how_many):
            self.slots[self.count % DEPTH] = self.count
            self.count += 1

    def __getitem__(self, part: slice) -> bytes:
        data = struct.pack(f"<{AT}xQ{DEPTH}Q", self.count, *self.slots)[part]
        if part.start > AT:
            self.write(self.hurry)
        return data


class Image:
    layouts = {
        "trace_vcpu": Layout(
            8 + DEPTH * SIZE,
            {"count": Member(0, 8, 1, ""), "records": Member(8, SIZE, DEPTH, "record")},
        )
    }


def recorder(board: Board) -> Recorder:
    made = Recorder.__new__(Recorder)
    made.image = Image()  # type: ignore[assignment]
    made._memory = board  # type: ignore[assignment]
    made._records = Image.layouts["trace_vcpu"].members["records"]
    return made


def taken(ring: _Ring) -> list[int]:
    return [number for (number,) in struct.iter_unpack("<Q", ring.taken)]


def test_each_record_is_taken_once() -> None:
    board, ring = Board(), _Ring()
    for how_many in (2, 0, 3, 1):
        board.write(how_many)
        recorder(board)._take(ring, AT)
    assert taken(ring) == list(range(6)) and ring.lost == 0


def test_what_was_overwritten_is_lost() -> None:
    board, ring = Board(), _Ring()
    board.write(DEPTH + 3)
    recorder(board)._take(ring, AT)
    # The slot of the oldest may be the one that is being written.
    assert taken(ring) == [4, 5, 6] and ring.lost == 4
    recorder(board)._take(ring, AT)
    assert ring.lost == 4


def test_what_is_overwritten_while_it_is_copied_does_not_count() -> None:
    board, ring = Board(hurry=1), _Ring()
    board.write(3)
    recorder(board)._take(ring, AT)
    assert taken(ring) == [] or all(number < 3 for number in taken(ring))
    assert len(taken(ring)) + ring.lost == 3


def test_a_reset_of_the_board_begins_anew() -> None:
    board, ring = Board(), _Ring()
    board.write(3)
    recorder(board)._take(ring, AT)
    board.count = 0
    board.write(2)
    recorder(board)._take(ring, AT)
    assert taken(ring) == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("command", "size"),
    [
        (["q", "-m", "2G"], 2 << 30),
        (["q", "-m", "512"], 512 << 20),
        (["q", "-m", "2G", "-smp", "4", "-m", "size=4G,slots=2"], 4 << 30),
    ],
)
def test_the_last_size_counts(command: list[str], size: int) -> None:
    assert memory_size(command) == size


def test_a_command_without_a_size_is_refused() -> None:
    with pytest.raises(Failure, match="memory size"):
        memory_size(["qemu", "-smp", "4"])
