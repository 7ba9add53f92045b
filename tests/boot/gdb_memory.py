# SPDX-License-Identifier: Apache-2.0
"""What a board's memory and boot registers hold when its first instruction runs: changed through
QEMU's gdbstub (GDB manual, appendix E: remote serial protocol), then the board goes on."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from machine import PATIENCE_S


class Stopped:
    """A QEMU started with qemu_arguments(), which waits for go()."""

    def __init__(self, place: Path) -> None:
        deadline = time.monotonic() + PATIENCE_S
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        while True:
            try:
                self._socket.connect(str(place))
                break
            except OSError:
                assert time.monotonic() < deadline, f"no gdbstub at {place}"
                time.sleep(0.05)
        self._ask("?")
        self._ask("qXfer:features:read:target.xml:0,ffb")  # without it QEMU sets no registers

    def write(self, address: int, data: bytes) -> None:
        answer = self._ask(f"M{address:x},{len(data):x}:{data.hex()}")
        assert answer == "OK", f"write to {address:#x}: {answer}"

    def read(self, address: int, size: int) -> bytes:
        return bytes.fromhex(self._ask(f"m{address:x},{size:x}"))

    def set_x0(self, value: int) -> None:
        answer = self._ask(f"P0={value.to_bytes(8, 'little').hex()}")
        assert answer == "OK", f"x0: {answer}"

    def go(self) -> None:
        self._ask("D")  # detaches, and continues
        self._socket.close()

    def _ask(self, text: str) -> str:
        checksum = sum(text.encode()) & 0xFF
        self._socket.sendall(f"${text}#{checksum:02x}".encode())
        answer = b""
        while b"#" not in answer or len(answer) < answer.index(b"#") + 3:
            heard = self._socket.recv(4096)
            if not heard:
                raise ConnectionError("QEMU has ended")
            answer += heard
        self._socket.sendall(b"+")
        return answer[answer.index(b"$") + 1 : answer.index(b"#")].decode()


def qemu_arguments(place: Path) -> list[str]:
    place.unlink(missing_ok=True)
    return [
        "-S",
        "-chardev",
        f"socket,path={place},server=on,wait=off,id=gdb",
        "-gdb",
        "chardev:gdb",
    ]
