# SPDX-License-Identifier: Apache-2.0
"""Guests that are built elsewhere: from what --export-guests tells before any image is there, to
running ones, and a debugger on one of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from machine import BUILT, DEPLOYMENTS, PATIENCE_S, ROOT, Machine, board, build, by_kernel, said_by

CONFIG = DEPLOYMENTS / "elsewhere.toml"
MAKER = ROOT / "tests/boot/elsewhere/build.py"
FILES = {"guest.dtb", "guest.dts", "guest.h", "guest.ld", "memory.txt", "zephyr.overlay"}


def command(*arguments: str) -> str:
    done = subprocess.run(
        [str(ROOT / "build.py"), *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def work() -> Path:
    """A folder with what was exported before any image was there, and the images made of it."""
    folder = BUILT / "elsewhere-guests"
    shutil.rmtree(folder, ignore_errors=True)
    command(str(CONFIG), "--export-guests", str(folder / "exported"))
    for vm in ("elf", "raw"):
        made = [sys.executable, str(MAKER), str(folder / "exported" / vm), str(folder / vm)]
        subprocess.run(made, check=True, timeout=60)
    return folder


def settings(folder: Path) -> tuple[str, ...]:
    return ("--set", f"vars.images={folder}")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def without_remarks(text: bytes) -> bytes:
    return b"\n".join(line for line in text.splitlines() if b"Provisional: " not in line)


def test_the_export_is_whole_and_holds_with_the_images(work: Path) -> None:
    before = contents(work / "exported")
    assert before.keys() == {f"{vm}/{name}" for vm in ("elf", "raw") for name in FILES}
    assert b"Provisional: raw.bin is not there" in before["raw/guest.h"]
    command(str(CONFIG), *settings(work), "--export-guests", str(work / "again"))
    after = contents(work / "again")
    assert not any(b"Provisional" in data for data in after.values())
    assert after == {name: without_remarks_of(name, data) for name, data in before.items()}


def without_remarks_of(name: str, data: bytes) -> bytes:
    return data if name.endswith(("dtb", "dts")) else without_remarks(data) + b"\n"


def test_the_guests_run(work: Path) -> None:
    folder = build(CONFIG, "elsewhere", *settings(work))
    with Machine(board(*by_kernel(folder))) as machine:
        machine.wait_off()
    said = "tree where it was exported\nrung by the other one\n"
    assert machine.said("elf") == said + "heard 4712\n"
    assert machine.said("raw") == said + "heard 4711\n"


def gdb(*commands: str) -> tuple[str, str]:
    words = " ".join(f"-ex '{one}'" for one in commands)
    return "--gdb-arg", f"-batch {words}"


def test_gdb_on_a_guest_with_symbols_of_its_own(work: Path) -> None:
    out = ("--out", str(BUILT / "elsewhere"), *settings(work))
    look = gdb("watch told", "continue", "print told", "print $_thread", "backtrace 2")
    text = command(str(CONFIG), *out, "--gdb", "raw", *look)
    assert re.search(r"hit Temporary breakpoint 1, start \(\) at .*start\.S:\d+", text)
    assert "New value = 4711\nhear () at" in text
    assert "$1 = 4711\n$2 = 3\n" in text  # CPU 2
    assert re.search(r"#1 .* in guest_main \(", text)


def test_gdb_steps_over_what_exits(work: Path) -> None:
    """The doorbell's register is the hypervisor's, and so is the call that powers off."""
    out = ("--out", str(BUILT / "elsewhere"), *settings(work))
    look = gdb("break say", "continue", "next", "next", "next", "break off", "continue", "next")
    text = command(str(CONFIG), *out, "--gdb", "elf", *look)
    stepped = text[text.index("BELL_RING) = ") :]
    assert re.search(r"guest_main \(.*\) at .*main\.c:\d+\n", stepped)
    assert "hit Breakpoint 3, off () at" in stepped
    assert "Traceback" not in text


def test_gdb_breaks_in_the_one_of_two_equal_guests() -> None:
    """Both have the same program at the same addresses."""
    folder = build(DEPLOYMENTS / "echo.toml", "echo")
    look = gdb("break main", "continue", "print $_thread", "print sizeof(line)")
    text = command(str(DEPLOYMENTS / "echo.toml"), "--out", str(folder), "--gdb", "right", *look)
    assert re.search(r"Thread 2 hit Breakpoint 2, main \(\) at .*main\.c:\d+", text)
    assert "$1 = 2\n$2 = 80\n" in text
    assert 'printf("listening\\n");' in text  # its sources are found


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


@pytest.fixture
def session() -> Iterator[subprocess.Popen[str]]:
    """gdb at its prompt, as a terminal would have started it."""
    folder = build(DEPLOYMENTS / "echo.toml", "echo")
    words = [str(ROOT / "build.py"), str(DEPLOYMENTS / "echo.toml"), "--out", str(folder)]
    child = subprocess.Popen(
        [*words, "--gdb", "left"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    watchdog = threading.Timer(PATIENCE_S, child.kill)
    watchdog.start()
    try:
        hear(child, "hit Temporary breakpoint 1")
        yield child
    finally:
        watchdog.cancel()
        child.kill()
        child.wait()


def hear(child: subprocess.Popen[str], words: str) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if words in line:
            return
    raise AssertionError(f"gdb ended without '{words}'")


def tell(child: subprocess.Popen[str], words: str) -> None:
    assert child.stdin is not None
    child.stdin.write(words + "\n")
    child.stdin.flush()


def wait_until_it_runs() -> None:
    """gdb says that it continues before it does, and would take a Ctrl-C otherwise till then."""
    deadline = time.monotonic() + PATIENCE_S
    while "listening" not in said_by("left", (BUILT / "echo/console.log").read_text()):
        assert time.monotonic() < deadline, "the guest that continues says nothing"
        time.sleep(0.05)


def test_ctrl_c_stops_the_board_and_quit_ends_both(session: subprocess.Popen[str]) -> None:
    started = children(session.pid)
    assert len(started) == 2
    tell(session, "continue")
    hear(session, "Continuing.")
    wait_until_it_runs()
    os.killpg(session.pid, signal.SIGINT)
    hear(session, "received signal SIGINT")
    tell(session, "quit")
    assert session.wait(PATIENCE_S) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)


def test_an_ended_command_leaves_nothing_behind(session: subprocess.Popen[str]) -> None:
    started = children(session.pid)
    session.terminate()
    assert session.wait(PATIENCE_S) == 130
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
