# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb: a session on one guest of a board in QEMU. QEMU's gdbstub knows CPUs and virtual
addresses, not whose they are: other guests and the hypervisor have code at the same ones. So each
breakpoint gets a condition: the VM's CPUs (threads, from 1), and not at EL2 or above (CPSR's M[3:2] is
the exception level: Arm ARM C5.2.20). A step over an instruction that exits ends in the hypervisor;
then the board goes on until the guest does."""

from __future__ import annotations

import time
from typing import Any

import gdb  # type: ignore[import]  # gdb's own

_STEPS = ("step", "next", "stepi", "nexti")
_STUB_S = 60  # for QEMU to listen and to answer, on a busy machine, too
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
    for step in _STEPS:
        gdb.execute(f"define hookpost-{step}\npython come_back()\nend")
    gdb.execute("set confirm off")
    gdb.execute("set architecture aarch64")
    gdb.execute(f"set remotetimeout {_STUB_S}")
    _connect(stub)
    gdb.execute(f"tbreak *{entry:#x}")
    gdb.execute("continue")


def _connect(stub: str) -> None:
    """The socket is there a moment before QEMU listens."""
    deadline = time.monotonic() + _STUB_S
    while True:
        try:
            gdb.execute(f"target remote {stub}")
            return
        except gdb.error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def come_back() -> None:
    """From the hypervisor's exception vector: to the instruction that exited, or the one behind it."""
    if gdb.parse_and_eval("$cpsr & 0xc") < 8:
        return
    left = int(gdb.parse_and_eval("$ELR_EL2"))
    ways = [gdb.Breakpoint(f"*{left + n:#x}", internal=True) for n in (0, 4)]
    for way in ways:
        way.condition = _mine
    try:
        gdb.execute("continue")
    except gdb.error as error:  # the guest was switched off, and with it the board
        gdb.write(f"{error}\n")
    for way in ways:
        way.delete()
