# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb: a session on one guest of a board in QEMU. QEMU's gdbstub knows CPUs and virtual
addresses, not whose they are: other guests and the hypervisor have code at the same ones. So each
breakpoint gets a condition: the VM's CPUs (threads, from 1), and not at EL2 or above (SPSR's and CPSR's
M[3:2] is the exception level: Arm ARM C5.2.20)."""

from __future__ import annotations

from typing import Any

import gdb  # type: ignore[import]  # gdb's own

_mine = ""  # the condition


def _guard(breakpoint: Any) -> None:
    """Also after `condition N ...` by the user."""
    known = breakpoint.condition
    if breakpoint.number > 0 and _mine not in (known or ""):
        breakpoint.condition = f"{_mine} && ({known})" if known else _mine


def begin(stub: str, cpus: list[int], entry: int) -> None:
    """The board's first instruction, and on to the guest's."""
    global _mine
    threads = " || ".join(f"$_thread == {cpu + 1}" for cpu in cpus)
    _mine = f"($cpsr & 0xc) < 8 && ({threads})"
    gdb.events.breakpoint_created.connect(_guard)
    gdb.events.breakpoint_modified.connect(_guard)
    gdb.execute("set confirm off")
    gdb.execute("set architecture aarch64")
    gdb.execute(f"target remote {stub}")
    gdb.execute(f"tbreak *{entry:#x}")
    gdb.execute("continue")
