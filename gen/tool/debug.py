# SPDX-License-Identifier: Apache-2.0
"""--gdb VM: the image in QEMU, and gdb on one guest with its symbols."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from gen.diagnostics import Exit, Failure
from gen.plan.model import Plan, PlannedVm
from gen.tool import unikernel
from gen.tool.elf import MAGIC
from gen.tool.paths import ROOT, shown
from gen.tool.process import end, find
from gen.tool.qemu import RunGuest, RunPlan, board_command, end_with_parent
from gen.tool.terminal import Terminal
from gen.tool.toolchain import relative

GDB = "gdb-multiarch"
INSIDE = Path(__file__).with_name("gdb_guest.py")  # runs in gdb
CONSOLE = "console.log"
_STUB_S = 60.0  # for QEMU's gdbstub to be there


def guest(plan: Plan, vm: PlannedVm, out: Path) -> RunGuest:
    """What a later session needs to know of a VM."""
    cpus = tuple(plan.pcpus[plan.vcpus[index].pcpu].board_index for index in vm.vcpus)
    symbols, program = _symbols(vm, out), vm.vm.unikernel
    return RunGuest(
        name=vm.vm.name,
        cpus=cpus,
        entry=vm.entry_gpa,
        symbols=relative(symbols) if symbols is not None else "",
        sources=relative(program.parent) if program is not None else "",
    )


def _symbols(vm: PlannedVm, out: Path) -> Path | None:
    """The ELF that tells a VM's program to a debugger."""
    if vm.vm.symbols is not None:
        return vm.vm.symbols
    if vm.vm.unikernel is not None:
        return unikernel.elf_path(out, vm.vm.name)
    image = vm.vm.kernel.image if vm.vm.kernel is not None else None
    return image if image is not None and image.read_bytes()[:4] == MAGIC else None


def session(
    folder: Path, name: str, qemu_args: Sequence[str], gdb_args: Sequence[str], say: Terminal
) -> None:
    """Starts both; ends both when gdb ends, or this process is told to."""
    plan = RunPlan.read(folder)
    one = _find_guest(plan, name)
    command = board_command(plan, folder, f"file:{folder / CONSOLE}")
    find(GDB)
    if not one.symbols:
        say.say(f'VM {name} has no symbols: name an ELF that has them with symbols = "..."')
    elif not (ROOT / one.symbols).is_file():
        raise Failure(Exit.MISSING, f"VM {name}: its symbols are not there: {one.symbols}")
    say.say(f"the board's UART goes to {shown(folder / CONSOLE)}; all CPUs stop together")
    with tempfile.TemporaryDirectory(prefix="bulkhead-gdb-") as place:
        stub = Path(place) / "stub"
        with _board([*command, *qemu_args], stub) as board:
            _wait_for(stub, board)
            status = _debug(one, stub, gdb_args)
    if status != 0:
        raise Failure(Exit.GUEST, f"{GDB} ended with status {status}")


def _find_guest(plan: RunPlan, name: str) -> RunGuest:
    for one in plan.guests:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in plan.guests)
    raise Failure(Exit.USAGE, f"--gdb: there is no VM {name}; there are {known}")


@contextlib.contextmanager
def _board(command: Sequence[str], stub: Path) -> Iterator[subprocess.Popen[bytes]]:
    """QEMU before its first instruction."""
    child = subprocess.Popen(
        [*command, "-S", "-gdb", f"unix:{stub},server=on,wait=off"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C is gdb's
        preexec_fn=end_with_parent,
    )
    try:
        yield child
    finally:
        end(child)


def _wait_for(stub: Path, board: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _STUB_S
    while not stub.exists():
        if board.poll() is not None or time.monotonic() > deadline:
            raise Failure(Exit.GUEST, "QEMU did not start")
        time.sleep(0.02)


def _debug(one: RunGuest, stub: Path, extra: Sequence[str]) -> int:
    """gdb to its end: its status. It has the terminal, and a Ctrl-C stops the board there."""
    command = [GDB, "-q", "-nx", *("-x", str(INSIDE))]
    command += ["-d", str(ROOT)]
    command += ["-d", str(ROOT / one.sources)] if one.sources else []
    command += [str(ROOT / one.symbols)] if one.symbols else []
    command += ["-ex", f"python begin({str(stub)!r}, {list(one.cpus)}, {one.entry:#x})", *extra]
    before = signal.signal(signal.SIGINT, _leave_to_gdb)
    child = subprocess.Popen(command, preexec_fn=end_with_parent)
    try:
        return child.wait()
    finally:
        child.kill()
        child.wait()
        signal.signal(signal.SIGINT, before)


def _leave_to_gdb(number: int, frame: FrameType | None) -> None:
    """A handler, unlike SIG_IGN, is not inherited by gdb."""
