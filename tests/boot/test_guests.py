# SPDX-License-Identifier: Apache-2.0
"""Every folder of tests/guests with a deployment.toml: built and run by the command that users give,
which judges the lines that the deployment expects; no check of a guest may fail."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import latency
from machine import BUILT, ICOUNT, MTTCG, ROOT, Machine, by_run

GUESTS = ROOT / "tests/guests"
MAKER = "build.py"  # in a guest's folder: makes an image from elsewhere, build/tests/<guest>.bin
TYPED = {"uart": ("type a line: ", "one line\r")}  # what a guest asks for, what it gets
GICV2 = "qemu-virt-aarch64-gicv2"
# What touches the interrupt controller or waits for interrupts runs on a GICv2, too.
ON_GICV2 = (
    "channel-many",
    "counter",
    "crash",
    "direct",
    "hello",
    "monitor-smp",
    "psci",
    "reset",
    "smp",
    "timer",
    "uart",
    "vgic",
    "vgic-smp",
    "watchdog",
)
SETS = {"direct": ("vm.direct.stop=next-exit",)}  # what such a board asks for
HOSTILE = ("hostile", "hostile-direct")  # the victim beside the attacker has a bound to keep


def guests() -> list[str]:
    return sorted(path.parent.name for path in GUESTS.glob("*/deployment.toml"))


def deployment(guest: str) -> dict[str, Any]:
    return tomllib.loads((GUESTS / guest / "deployment.toml").read_text())


def is_concurrent(guest: str) -> bool:
    """More than one CPU works in it."""
    return sum(len(vm.get("cpus", [0])) for vm in deployment(guest)["vm"]) > 1


def make_image(guest: str) -> None:
    if (GUESTS / guest / MAKER).exists():
        image = ROOT / f"build/tests/{guest}.bin"
        subprocess.run([sys.executable, GUESTS / guest / MAKER, image], check=True, timeout=60)


def run(guest: str, mode: tuple[str, ...], board: str | None = None) -> None:
    make_image(guest)
    config: Path = GUESTS / guest / "deployment.toml"
    name = f"guests/{guest}" if board is None else f"guests/{board}-{guest}"
    sets = () if board is None else (f"deployment.board={board}", *SETS.get(guest, ()))
    command = by_run(config, name, *mode, sets=sets)
    with Machine(command, signal.SIGTERM) as machine:
        if guest in TYPED:
            machine.expect(TYPED[guest][0])
            machine.type(TYPED[guest][1])
        text = machine.wait_off()
    failed = [line for line in text.splitlines() if "FAIL:" in line]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("guest", [name for name in guests() if name not in HOSTILE])
def test_exact(guest: str) -> None:
    """One instruction a nanosecond, vCPUs in turn."""
    run(guest, ICOUNT)


@pytest.mark.parametrize("guest", HOSTILE)
def test_exact_beside_an_attacker(guest: str) -> None:
    """No attack makes the victim's timer wait longer than docs/assurance.md says."""
    out = BUILT / f"{guest}.answers"
    out.parent.mkdir(parents=True, exist_ok=True)
    run(guest, (*ICOUNT, *latency.plugin(out)))
    quiet, attacked = latency.answers(out)
    assert quiet.count > 100 and attacked.count > 1000
    assert quiet.longest < attacked.longest <= latency.bound(), f"{quiet} {attacked}"


@pytest.mark.parametrize("guest", [name for name in guests() if is_concurrent(name)])
def test_concurrent(guest: str) -> None:
    """A host thread for each CPU."""
    run(guest, MTTCG)


@pytest.mark.parametrize("guest", ON_GICV2)
def test_gicv2_exact(guest: str) -> None:
    run(guest, ICOUNT, GICV2)


@pytest.mark.parametrize("guest", [name for name in ON_GICV2 if is_concurrent(name)])
def test_gicv2_concurrent(guest: str) -> None:
    run(guest, MTTCG, GICV2)


def test_all_that_a_cpu_can_have() -> None:
    """The hidden is hidden where it exists: SVE, SME, pointer authentication and the rest."""
    run("faults", ("-cpu", "max", *ICOUNT))


def test_there_are_guests() -> None:
    assert guests() and all("test" in deployment(guest) for guest in guests())
