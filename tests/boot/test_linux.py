# SPDX-License-Identifier: Apache-2.0
"""Debian's kernel on two vCPUs beside a unikernel: user space, typed input, CPU hotplug, timer and
inter-processor interrupts, a reboot from the pristine image, power-off; with interrupts that the
hypervisor takes, and with those that Linux takes itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine import ICOUNT, MTTCG, ROOT, Machine, board, build, by_kernel

PROMPT = r"/ # "


@pytest.fixture(scope="module", params=["emulated", "passthrough"])
def folder(request: pytest.FixtureRequest) -> Path:
    mode: str = request.param
    config = ROOT / "configs/qemu-aarch64-linux.toml"
    return build(config, f"linux-{mode}", "--set", f"vm.linux.interrupts={mode}")


def run_line(machine: Machine, line: str, answer: str) -> str:
    """Types a command into Linux' shell; the first group of the line it answers with."""
    machine.type(line + "\r")
    return machine.hear("linux", answer).group(1)


def interrupts(machine: Machine, name: str) -> int:
    """The sum over both CPUs of a line of /proc/interrupts."""
    awk = f"awk '/{name}/ {{ n += $2 + $3 }} END {{ print \"count:\" n }}' /proc/interrupts"
    return int(run_line(machine, awk, r"^count:(\d+)\n"))


def use_shell(machine: Machine) -> None:
    assert run_line(machine, "echo cpus:$(nproc)", r"^cpus:(\d+)\n") == "2"
    timer, ipi = interrupts(machine, "arch_timer"), interrupts(machine, "IPI[01]")
    run_line(machine, "echo 0 > /sys/devices/system/cpu/cpu1/online", r"(psci: CPU1 killed)")
    assert run_line(machine, "echo cpus:$(nproc)", r"^cpus:(\d+)\n") == "1"
    run_line(machine, "echo 1 > /sys/devices/system/cpu/cpu1/online", r"(Booted secondary)")
    assert run_line(machine, "echo cpus:$(nproc)", r"^cpus:(\d+)\n") == "2"
    run_line(machine, "sleep 1; echo rested:$((6 * 7))", r"^rested:(42)\n")
    assert interrupts(machine, "arch_timer") > timer
    assert interrupts(machine, "IPI[01]") > ipi


@pytest.mark.parametrize("mode", [ICOUNT, MTTCG], ids=["icount", "concurrent"])
def test_linux_beside_a_unikernel(folder: Path, mode: tuple[str, ...]) -> None:
    with Machine(board(*mode, *by_kernel(folder))) as machine:
        machine.hear("linux", r".* smp: Brought up 1 node, 2 CPUs")
        machine.hear("linux", r"init: 2 CPUs, Linux 6\.1\.")
        machine.hear("linux", PROMPT)
        use_shell(machine)
        machine.type("reboot -f\r")
        machine.hear("bulkhead", r"linux: restarted")
        machine.hear("linux", r"init: 2 CPUs, Linux 6\.1\.")
        machine.hear("linux", PROMPT)
        machine.type("poweroff -f\r")
        machine.hear("bulkhead", r"linux: off")
        machine.wait_off()
    assert "heartbeat 20" in machine.said("monitor")
    assert "monitor: off" in machine.said("bulkhead")
