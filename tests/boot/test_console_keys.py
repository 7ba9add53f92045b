# SPDX-License-Identifier: Apache-2.0
"""Commands typed at the console: what they tell, and what they do to a VM while its neighbour runs
on."""

from __future__ import annotations

from machine import DEPLOYMENTS, MTTCG, Machine, board, build, by_kernel
from test_console import start, switch, tell

KEY = "\x14"  # Ctrl-T
LAST_EXITS = (
    r"^right: vCPU 0:\n  its last \d+ exits of \d+ (.*\n)+?.*wrote 0x[0-9a-f]+ to virtual UART"
)


def command(machine: Machine, keys: str, answer: str) -> None:
    machine.type(KEY + keys)
    machine.hear("bulkhead", answer)


def test_one_vm_is_ordered_about_while_another_runs() -> None:
    folder = build(DEPLOYMENTS / "keys.toml", "keys")
    with Machine(board(*MTTCG, *by_kernel(folder))) as machine:
        start(machine)
        command(machine, "h", r"^Ctrl-T, then:\n")
        command(
            machine,
            "b",
            r"^deployment 'test-keys' for board \S+, build [0-9a-f]{64}\nbuilt with \S",
        )
        command(
            machine, "l", r"^ 0   left +running +1 of 1 +1 +0  yes\n 1   right +running .* no\n"
        )
        switch(machine, "right")
        tell(machine, "right", "before")

        command(machine, "r0", r"^left: restarted\n")
        machine.hear("left", r"^listening")
        command(machine, "x0", r"^left: off\n")
        command(machine, "l", r"^ 0   left +off +0 of 1 +2 +0  yes\n")
        command(machine, "r0", r"^left: it is off: s starts it\n")
        command(machine, "s0", r"^left: restarted\n")
        machine.hear("left", r"^listening")
        machine.type(f"{KEY}{KEY}x0\r")  # what a guest writes is no key
        machine.hear("right", rf'^heard "{KEY}x0"\n')
        for order in "rxs":
            command(machine, f"{order}1", r"^right: not controllable from the console")
        command(
            machine, "l", r"^ 0   left +running +1 of 1 +3 +0  yes\n 1   right +running +1 of 1 +1 "
        )

        tell(machine, "right", "after")
        command(machine, "k", r"^keyboard: left\n")
        tell(machine, "left", "off")
        switch(machine, "right")
        tell(machine, "right", "off")
        machine.wait_off()
    assert machine.said("right").count("listening") == 1
    assert machine.said("left").count("listening") == 3


def test_exits_are_told_where_they_are_traced() -> None:
    folder = build(DEPLOYMENTS / "keys.toml", "keys-trace", "--set", "build.TRACE=true")
    with Machine(board(*MTTCG, *by_kernel(folder))) as machine:
        start(machine)
        command(machine, "e1", LAST_EXITS)
        command(
            machine, "c1", r"^right: vCPU 0:\n(.*\n)*? +\d+ device, \d+ ticks, the dearest \d+\n"
        )


def test_keys_where_the_console_has_the_log_alone() -> None:
    folder = build(DEPLOYMENTS / "keys.toml", "keys-log", "--set", "deployment.console=log")
    with Machine(board(*by_kernel(folder))) as machine:
        machine.hear("bulkhead", r"^left: started\n")
        command(machine, "x0", r"^left: off\n")
        command(machine, "l", r"^ 0   left +off +0 of 1 +1 +0  yes\n")


def test_nothing_of_it_is_in_other_images() -> None:
    words = b"which VM?"
    assert words in (build(DEPLOYMENTS / "keys.toml", "keys") / "firmware.bin").read_bytes()
    assert words not in (build(DEPLOYMENTS / "echo.toml", "echo") / "firmware.bin").read_bytes()
