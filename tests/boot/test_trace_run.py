# SPDX-License-Identifier: Apache-2.0
"""--trace: what a run wrote as a timeline and as a table; what it costs where it is off."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from machine import BUILT, DEPLOYMENTS, ICOUNT, MTTCG, PATIENCE_S, ROOT, by_run

GUESTS = ROOT / "tests/guests"


def traced(config: Path, target: Path, *qemu: str) -> list[str]:
    name = f"trace-{config.parent.name}"
    return [*by_run(config, name, *qemu), "--trace", str(target)]


def run(config: Path, target: Path, *qemu: str) -> str:
    """What it told: the console, then the table."""
    done = subprocess.run(
        traced(config, target, *qemu),
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=2 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def events(target: Path) -> list[dict[str, Any]]:
    whole = json.loads(target.read_text())
    assert not [key for key in whole["otherData"] if "lost" in key], whole["otherData"]
    return [event for event in whole["traceEvents"] if event["ph"] == "X"]


def counts(text: str, vcpu: str) -> dict[str, int]:
    """The table's exits of one vCPU, by their name."""
    part = text.split(f"\n{vcpu} on CPU")[1].split("\n\n")[0]
    return {name: int(n) for n, name in re.findall(r"^ +(\d+) .* +\d+  (\S.*)$", part, re.M)}


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The deployment that README leads with, one instruction a nanosecond."""
    target = tmp_path_factory.mktemp("trace") / "first.json"
    return target, run(ROOT / "configs/board.toml", target, *ICOUNT)


def test_timeline_holds_what_the_table_counts(channel: tuple[Path, str]) -> None:
    target, text = channel
    seen = Counter(e["cat"] for e in events(target) if e["pid"] == 1 and e["cat"] != "run")
    table = counts(text, "ping, vCPU 0")
    by_kind = Counter[str]()
    for name, count in table.items():
        by_kind[name.split(":")[0]] += count
    assert by_kind.pop("all") == sum(seen.values())
    assert by_kind == seen and seen["device"] > 100


def test_everything_has_a_name(channel: tuple[Path, str]) -> None:
    target, text = channel
    names = {event["name"] for event in events(target)}
    for name in (
        "write virtual UART",
        "write doorbell of channel table",
        "read interrupt redistributors",
        "PSCI_SYSTEM_OFF",
        "interrupt 0 (another CPU)",
        "read ID_AA64MMFR0_EL1",
        "ran until: off",
    ):
        assert name in names
    assert "device: doorbell of channel table" in counts(text, "pong, vCPU 0")


def test_exits_lie_in_runs_and_do_not_overlap(channel: tuple[Path, str]) -> None:
    for process in (1, 2):
        mine = [event for event in events(channel[0]) if event["pid"] == process]
        (whole,) = [event for event in mine if event["cat"] == "run"]
        at = whole["ts"]
        for event in (event for event in mine if event["cat"] != "run"):
            assert event["ts"] >= at - 0.001 and event["dur"] > 0
            at = event["ts"] + event["dur"]
        assert at <= whole["ts"] + whole["dur"] + 0.001


def test_same_run_same_timeline(channel: tuple[Path, str], tmp_path: Path) -> None:
    run(ROOT / "configs/board.toml", tmp_path / "again.json", *ICOUNT)
    assert (tmp_path / "again.json").read_bytes() == channel[0].read_bytes()


def test_calls_and_concurrent_cpus(tmp_path: Path) -> None:
    text = run(GUESTS / "smp/deployment.toml", tmp_path / "smp.json", *MTTCG)
    found = events(tmp_path / "smp.json")
    assert any(e["name"] == "PSCI_CPU_ON" and e["args"]["value"] == "0x0" for e in found)
    assert any(e["name"] == "ran until: cpu off" and e["tid"] > 1 for e in found)
    assert any(e["name"] == "write ICC_SGI1R_EL1" for e in found)
    assert counts(text, "smp, vCPU 1")["all"] > 0


def test_an_ended_run_is_written_too(tmp_path: Path) -> None:
    target = tmp_path / "ended.json"
    command = traced(DEPLOYMENTS / "echo.toml", target, *ICOUNT)
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        for _ in ("left", "right"):  # CPUs take turns: the first waits when the second has spoken
            assert any("listening" in line for line in child.stdout)
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
    assert "exits and their cost" in rest
    assert any(event["name"] == "still runs" for event in events(target))


def test_off_it_costs_nothing(tmp_path: Path) -> None:
    """The exit loop compiles to what it would be if nobody had ever thought of tracing."""
    folder = BUILT / "trace-off"
    subprocess.run(
        [str(ROOT / "build.py"), "-q", str(DEPLOYMENTS / "echo.toml"), "--out", str(folder)],
        check=True,
        timeout=120,
    )
    for name in ("vcpu", "irq"):
        source = (ROOT / f"vdev/{name}.c").read_text()
        without = re.sub(r" *if \(CONFIG_TRACE\b.*\) \{\n.*\n *\}\n", "", source)
        assert without.count("trace_") == 0 and source.count("trace_") > 0
        codes = []
        for text in (source, without.replace('#include "vdev/trace.h"\n', "")):
            (tmp_path / f"{name}.c").write_text(text)
            codes.append(machine_code(tmp_path / f"{name}.c", folder / "gen"))
        assert codes[0] == codes[1]


def machine_code(source: Path, generated: Path) -> bytes:
    """All sections of code and data that the compiler makes of a file of the hypervisor."""
    target = source.with_suffix(".o")
    flags = "--target=aarch64-none-elf -march=armv8-a -mgeneral-regs-only -mstrict-align -std=c11"
    subprocess.run(
        ["clang-14", *flags.split(), "-ffreestanding", "-fno-pic", "-O2", "-ffunction-sections"]
        + ["-I", str(ROOT), "-I", str(ROOT / "arch/aarch64/include"), "-I", str(generated)]
        + ["-include", str(generated / "autoconf.h")]
        + ["-c", str(source), "-o", str(target)],
        check=True,
        timeout=60,
    )
    shown = ["llvm-objdump-14", "--disassemble", "--reloc", "--full-contents", str(target)]
    return subprocess.run(shown, check=True, capture_output=True, timeout=60).stdout
