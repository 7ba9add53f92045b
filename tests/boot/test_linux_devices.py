# SPDX-License-Identifier: Apache-2.0
"""What Linux finds beyond a bare board. Its driver for the SBSA watchdog keeps it quiet, until a
program in user space takes over and does not: then the VM starts again. A program exchanges messages
with a unikernel by a channel."""

from __future__ import annotations

from machine import DEPLOYMENTS, ICOUNT, MTTCG, ROOT, Machine, board, build, by_kernel, by_run

PROMPT = r"/ # "
READY = r"^init: SBSA Generic Watchdog, timeout 12 s, last boot status {}\n"


def test_hang_ends_in_a_restart() -> None:
    folder = build(DEPLOYMENTS / "linux-watchdog.toml", "linux-watchdog")
    with Machine(board(*ICOUNT, *by_kernel(folder))) as machine:
        machine.hear("linux", READY.format(0))
        machine.hear("linux", PROMPT)
        machine.type("sleep 30; echo rested:$((6 * 7))\r")
        machine.hear("linux", r"^rested:42\n")
        machine.type("exec 3>/dev/watchdog0\r")
        machine.hear("bulkhead", r"linux: crashed: its watchdog was not refreshed")
        machine.hear("bulkhead", r"linux: restarted")
        machine.hear("linux", READY.format(32))
        machine.hear("linux", PROMPT)
        machine.type("poweroff -f\r")
        text = machine.wait_off()
    assert text.count("linux: crashed") == 1


def test_messages_between_linux_and_a_unikernel() -> None:
    config = ROOT / "configs/qemu-aarch64-channel-linux.toml"
    with Machine(by_run(config, "channel-linux", *MTTCG)) as machine:
        machine.wait_off()
