# SPDX-License-Identifier: Apache-2.0
"""Runs judged: a shell stands in for QEMU (the image's path lands in its positional arguments)."""

from __future__ import annotations

import os
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure
from gen.tool import qemu
from gen.tool.paths import ROOT


RAM_BASE = 0x4000_0000


def run(
    folder: Path,
    script: str,
    *expect: str,
    timeout_s: float | None = None,
    timeout_ms: int = 20_000,
) -> None:
    plan = qemu.RunPlan(
        ("sh", "-c", script), "firmware.bin", ("bulkhead", "vm"), expect, timeout_ms, RAM_BASE
    )
    plan.write(folder)
    assert qemu.RunPlan.read(folder) == plan
    with Path("/dev/null").open() as nobody:
        qemu.run(folder, [], timeout_s, show=False, keyboard=nobody.fileno())


def failure(folder: Path, script: str, *expect: str, timeout_s: float | None = None) -> Failure:
    with pytest.raises(Failure) as caught:
        run(folder, script, *expect, timeout_s=timeout_s)
    return caught.value


def test_ends_by_itself(tmp_path: Path) -> None:
    run(tmp_path, "echo '[vm] ready'", "vm: ready")
    assert (tmp_path / "console-vm.log").read_text() == "ready\n"


def test_a_board_that_no_qemu_models(tmp_path: Path) -> None:
    qemu.RunPlan((), "firmware.bin", (), (), 0, RAM_BASE).write(tmp_path)
    with pytest.raises(Failure) as caught:
        qemu.run(tmp_path, [], None, show=False)
    assert caught.value.status == Exit.MISSING
    assert "no QEMU models this board" in caught.value.message
    assert str(tmp_path / "firmware.bin") in caught.value.message


def test_line_that_never_comes(tmp_path: Path) -> None:
    found = failure(tmp_path, "echo '[vm] other'", "vm: ready")
    assert found.status == Exit.GUEST
    assert "vm: ready" in found.message


def test_timeout_names_what_is_missing_and_ends_the_run(tmp_path: Path) -> None:
    begun = time.monotonic()
    found = failure(tmp_path, "sleep 60", "vm: ready", timeout_s=0.3)
    assert found.status == Exit.TIMEOUT
    assert "vm: ready" in found.message
    assert time.monotonic() - begun < 20


def test_timeout_without_expectations(tmp_path: Path) -> None:
    assert failure(tmp_path, "sleep 60", timeout_s=0.2).status == Exit.TIMEOUT


def test_deployments_timeout_is_the_default(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        run(tmp_path, "sleep 60", timeout_ms=200)
    assert caught.value.status == Exit.TIMEOUT


def test_panic_fails_at_once(tmp_path: Path) -> None:
    found = failure(tmp_path, "echo 'panic: a bug'; sleep 60", "vm: ready")
    assert found.status == Exit.GUEST
    assert "panic: a bug" in found.message


def test_panic_is_heard_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu, "_GRACE_S", 20.0)
    monkeypatch.setattr(qemu, "_QUIET_S", 20.0)
    script = "printf 'panic: a '; sleep 0.3; echo bug; sleep 0.3; echo '  pc 0'"
    found = failure(tmp_path, script, "vm: ready")
    assert found.message.endswith("panic: a bug")
    assert (tmp_path / "console.log").read_text() == "panic: a bug\n  pc 0\n"


def test_panic_among_endless_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu, "_GRACE_S", 0.5)
    script = "echo 'panic: a bug'; while :; do echo talk; sleep 0.01; done"
    assert failure(tmp_path, script, "vm: ready", timeout_s=3600).status == Exit.GUEST


def test_status_of_qemu(tmp_path: Path) -> None:
    assert failure(tmp_path, "exit 3").status == Exit.GUEST


def test_all_seen_and_still_running_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "_GRACE_S", 0.2)
    run(tmp_path, "echo '[vm] ready'; sleep 60", "vm: ready")


def test_keys_reach_the_guest(tmp_path: Path) -> None:
    plan = qemu.RunPlan(
        ("sh", "-c", "read key; echo $key"), "firmware.bin", (), ("typed",), 20_000, RAM_BASE
    )
    plan.write(tmp_path)
    reader, writer = os.pipe()
    os.write(writer, b"typed\n")
    qemu.run(tmp_path, [], None, show=False, keyboard=reader)
    os.close(reader)
    os.close(writer)


def test_terminal_is_restored(tmp_path: Path) -> None:
    plan = qemu.RunPlan(("sh", "-c", "sleep 0.1"), "firmware.bin", (), (), 20_000, RAM_BASE)
    plan.write(tmp_path)
    master, terminal = os.openpty()
    before = termios.tcgetattr(terminal)
    qemu.run(tmp_path, [], None, show=False, keyboard=terminal)
    assert termios.tcgetattr(terminal) == before
    os.close(master)
    os.close(terminal)


def test_run_ends_with_its_parent(tmp_path: Path) -> None:
    """Even one that is killed."""
    plan = qemu.RunPlan(
        ("sh", "-c", "echo $$; exec sleep 60"), "firmware.bin", (), (), 60_000, RAM_BASE
    )
    plan.write(tmp_path)
    code = "import sys; from pathlib import Path; from gen.tool import qemu; "
    code += "qemu.run(Path(sys.argv[1]), [], None, True)"
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
