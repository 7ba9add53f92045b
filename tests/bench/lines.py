# SPDX-License-Identifier: Apache-2.0
"""Lines of devices that rise together: while the benchmark guest stands at `lines_rise_here`, all that
its x0 names are pended in the board's own distributor, through QEMU's gdbstub (GDB manual, appendix E;
QEMU's "PhyMemMode"), and the guest goes on. No time passes meanwhile."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

import recording
import subject
from subject import ROOT

sys.path.insert(0, str(ROOT / "tests/boot"))

import gdb_memory  # noqa: E402

GUEST_BASE = 0x4000_0000  # of the VM's RAM: the image begins there
GICD_ISPENDR1 = 0x0800_0204
X0 = 0
PC = 32  # of the registers that QEMU tells for AArch64


class _Board(gdb_memory.Stopped):
    """Writes go to the board's physical addresses."""

    def register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(self._ask(f"p{number:x}")), "little")

    def set_register(self, number: int, value: int) -> None:
        self._expect_ok(f"P{number:x}={value.to_bytes(8, 'little').hex()}")

    def stop_at(self, address: int) -> None:
        self._expect_ok("Qqemu.PhyMemMode:1")
        self._expect_ok(f"Z0,{address:x},4")

    def run_on(self) -> None:
        self._socket.settimeout(subject.RUN_S)
        self._ask("c")

    def _expect_ok(self, text: str) -> None:
        answer = self._ask(text)
        assert answer == "OK", f"{text}: {answer}"


def _raise_lines(place: Path, at: int) -> None:
    board = _Board(place)
    board.stop_at(at)
    with contextlib.suppress(OSError):  # the board is ended
        while True:
            board.run_on()
            board.write(GICD_ISPENDR1, board.register(X0).to_bytes(4, "little"))
            board.set_register(PC, at + 4)


def run(firmware: Path) -> str:
    """As subject.run(), of a board whose lines rise."""
    place = (subject.OUT / f"{threading.current_thread().name}.gdb").relative_to(ROOT)
    command = subject.command(
        firmware, below=True, extra=tuple(gdb_memory.qemu_arguments(ROOT / place))
    )
    symbols = recording.Symbols.read(subject.IMAGE.with_suffix(".elf"))
    at = GUEST_BASE + symbols.starts[symbols.names.index("lines_rise_here")]
    helper = threading.Thread(target=_raise_lines, args=(ROOT / place, at))
    helper.start()
    try:
        return subject.run(command)
    finally:
        helper.join()
