# SPDX-License-Identifier: Apache-2.0
"""--run: the image in QEMU, its console on the terminal, judged by the deployment's [test]."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from gen.diagnostics import Exit, Failure
from gen.tool.console import Transcript
from gen.tool.paths import shown, write_if_changed
from gen.tool.process import end, find
from gen.tool.process import run as run_tool

# Exact and repeatable: one instruction is one nanosecond, vCPUs run in turn.
ICOUNT = ("-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01,clock=vm")
RUN_PLAN = "run.json"  # what of a build a later run reads
_PR_SET_PDEATHSIG = 1
LOOK_S = 0.02  # between two looks of a watcher
_GRACE_S = 5.0  # for powering off by itself, after the last expected line
_QUIET_S = 0.3  # after a panic: nothing more comes


@dataclass(frozen=True)
class RunGuest:
    """A VM as a debugger meets it."""

    name: str
    cpus: tuple[int, ...]  # the board's numbers of them
    entry: int  # the first instruction's address, in the guest
    symbols: str  # an ELF's path, from the repository's root; "": there is none
    sources: str  # the folder that paths in a unikernel's ELF begin in, likewise; "": they tell it


@dataclass(frozen=True)
class RunPlan:
    """All that a run needs to know: written beside the image, so that a later run plans nothing."""

    command: tuple[str, ...]  # QEMU for the board, without the image
    image: str
    voices: tuple[str, ...]  # of the console, the hypervisor's own first
    expect: tuple[str, ...]
    timeout_ms: int  # 0: none
    ram_base: int  # of the board
    loading: tuple[str, ...] = ()  # QEMU's arguments that start the image; none: by -kernel
    guests: tuple[RunGuest, ...] = ()

    def write(self, folder: Path) -> None:
        write_if_changed(folder / RUN_PLAN, json.dumps(asdict(self), indent=1) + "\n")

    @staticmethod
    def read(folder: Path) -> RunPlan:
        text = json.loads((folder / RUN_PLAN).read_text())
        return RunPlan(
            command=tuple(text["command"]),
            image=text["image"],
            voices=tuple(text["voices"]),
            expect=tuple(text["expect"]),
            timeout_ms=text["timeout_ms"],
            ram_base=text["ram_base"],
            loading=tuple(text["loading"]),
            guests=tuple(
                RunGuest(**(one | {"cpus": tuple(one["cpus"])})) for one in text["guests"]
            ),
        )


def lacking(command: Sequence[str]) -> str:
    """Why a board can't be run here, in words; "": it can. `command`: the board's."""
    if not command:
        return "no QEMU models this board, as far as its board.toml tells ([qemu] command)"
    program = find(command[0])
    if "-machine" not in command:
        return ""
    machine = command[command.index("-machine") + 1].split(",")[0]
    listed = run_tool([program, "-machine", "help"], "asking QEMU for its machines").decode()
    if machine in (line.split(" ")[0] for line in listed.splitlines()[1:]):
        return ""
    return f"{version(program)} ({program}) models no {machine}; put one that does first on PATH"


def version(program: str) -> str:
    """The line that tells QEMU's version: it decides how much time instructions take."""
    return run_tool([program, "--version"], program).decode().splitlines()[0]


class Watcher(Protocol):
    """Somebody who looks at a running board now and then."""

    file: int  # QEMU inherits it

    def arguments(self) -> list[str]:
        """More for QEMU."""

    def look(self) -> None:
        ...


def run(
    folder: Path,
    extra: list[str],
    timeout_s: float | None,
    show: bool,
    keyboard: int = 0,
    watcher: Watcher | None = None,
) -> None:
    """Runs folder's image to its end. Failure(GUEST) or Failure(TIMEOUT) says what is missing.
    Guests get what is typed at the file descriptor `keyboard`; where that is a terminal, the run
    goes on after the last expected line."""
    plan = RunPlan.read(folder)
    if timeout_s is None:
        timeout_s = plan.timeout_ms / 1000
    command = [*board_command(plan, folder, "stdio"), *extra]
    if watcher is not None:
        command += watcher.arguments()
    transcript = Transcript(plan.voices, plan.expect, folder)
    interactive = os.isatty(keyboard)
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        pass_fds=(watcher.file,) if watcher is not None else (),
        preexec_fn=end_with_parent,
    )
    try:
        with _raw(keyboard, interactive):
            ended = _exchange(child, transcript, timeout_s, keyboard, show, watcher)
    finally:
        end(child)
        transcript.close()
    _judge(transcript, ended, child.returncode, timeout_s)


def board_command(plan: RunPlan, folder: Path, serial: str) -> list[str]:
    """QEMU with the image of a build and its UART at `serial`; Failure(MISSING) if there is none."""
    if why := lacking(plan.command):
        raise Failure(Exit.MISSING, f"{why}; the image is {shown(folder / plan.image)}")
    loading = plan.loading or ("-kernel", str(folder / plan.image))
    return [*plan.command, "-serial", serial, *loading]


def end_with_parent() -> None:
    """In the child: SIGKILL for it when this process is gone, however that ends (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _exchange(
    child: subprocess.Popen[bytes],
    transcript: Transcript,
    timeout_s: float,
    keyboard: int,
    show: bool,
    watcher: Watcher | None,
) -> bool:
    """Moves console and keyboard until the run is over. True: QEMU ended by itself."""
    assert child.stdin is not None and child.stdout is not None
    serial = child.stdout.fileno()
    interactive = os.isatty(keyboard)
    deadline = time.monotonic() + timeout_s if timeout_s else None
    seen_all = False
    stop_by: float | None = None  # set by a panic, whose dump is heard out
    with selectors.DefaultSelector() as selector:
        selector.register(serial, selectors.EVENT_READ)
        with contextlib.suppress(PermissionError, ValueError):  # a plain file cannot be waited for
            selector.register(keyboard, selectors.EVENT_READ)
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            if watcher is not None:
                watcher.look()
                left = LOOK_S if left is None else min(left, LOOK_S)
            for key, _ in selector.select(left):
                data = os.read(key.fd, 65536)
                if key.fd == keyboard:
                    if data:
                        _type(child, data)
                    else:
                        selector.unregister(keyboard)
                elif not data:
                    child.wait()
                    return True
                else:
                    _hear(data, transcript, show)
                    if transcript.failed and not interactive:
                        now = time.monotonic()
                        stop_by = stop_by or now + _GRACE_S
                        deadline = min(stop_by, now + _QUIET_S) if transcript.idle else stop_by
            if transcript.expect and not (seen_all or stop_by or transcript.missing):
                seen_all = True
                deadline = None if interactive else time.monotonic() + _GRACE_S


def _type(child: subprocess.Popen[bytes], data: bytes) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(data)
        child.stdin.flush()


def _hear(data: bytes, transcript: Transcript, show: bool) -> None:
    transcript.feed(data)
    if show:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def _raw(keyboard: int, interactive: bool) -> Iterator[None]:
    """The terminal hands over each key at once, unechoed, Enter as a carriage return; Ctrl-C still
    ends the run."""
    if not interactive:
        yield
        return
    before = termios.tcgetattr(keyboard)
    raw = termios.tcgetattr(keyboard)
    raw[0] &= ~(termios.ICRNL | termios.IXON)
    raw[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    termios.tcsetattr(keyboard, termios.TCSADRAIN, raw)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _judge(transcript: Transcript, ended: bool, status: int, timeout_s: float) -> None:
    if transcript.failed:
        raise Failure(Exit.GUEST, f"the hypervisor stopped: {transcript.failed}")
    listed = "".join(f"\n    {entry}" for entry in transcript.missing)
    if not ended and (listed or not transcript.expect):
        waited = f"; these lines were not seen:{listed}" if listed else ""
        raise Failure(Exit.TIMEOUT, f"still running after {timeout_s:g} s{waited}")
    if listed:
        raise Failure(Exit.GUEST, f"the run ended without these lines:{listed}")
    if ended and status != 0:
        raise Failure(Exit.GUEST, f"QEMU ended with status {status}")
