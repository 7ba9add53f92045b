# SPDX-License-Identifier: Apache-2.0
"""Debian's kernel on two vCPUs of a board with a GICv2, beside a unikernel."""

from __future__ import annotations

import signal

from machine import ICOUNT, ROOT, Machine, by_run

TIMEOUT_S = 240


def test_linux() -> None:
    """What the deployment expects on a GICv3."""
    command = by_run(
        ROOT / "configs/qemu-aarch64-linux.toml",
        "linux-gicv2",
        *ICOUNT,
        timeout_s=TIMEOUT_S,
        sets=("deployment.board=qemu-virt-aarch64-gicv2",),
    )
    with Machine(command, signal.SIGTERM) as machine:
        text = machine.wait_off(timeout_s=TIMEOUT_S)
    assert "init: 2 CPUs" in text
