# SPDX-License-Identifier: Apache-2.0
"""The ZCU102 as QEMU models it: GIC-400 with its pages repeated over 64 KiB, Cadence UART."""

from __future__ import annotations

import signal

import pytest

from machine import ICOUNT, ROOT, Machine, by_run

HELLO = "tests/guests/hello/deployment.toml"
DIRECT = ("vm.hello.interrupts=passthrough", "vm.hello.cpus=[1]")


@pytest.mark.parametrize(
    ("name", "config", "sets"),
    [
        ("board", "configs/board.toml", ()),
        ("timer", "tests/guests/timer/deployment.toml", ()),
        ("hello", HELLO, ()),
        ("hello-direct", HELLO, DIRECT),
    ],
)
def test_zcu102(name: str, config: str, sets: tuple[str, ...]) -> None:
    board = ("deployment.board=zcu102", *sets)
    command = by_run(ROOT / config, f"zcu102-{name}", *ICOUNT, sets=board)
    with Machine(command, signal.SIGTERM) as machine:
        text = machine.wait_off()
    assert "board check: this is zcu102" in text
    assert "FAIL:" not in text
