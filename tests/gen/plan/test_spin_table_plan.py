# SPDX-License-Identifier: Apache-2.0
"""Boards whose CPUs wait in a spin table, without PSCI: the table is nobody's, and what switches the
board off is the hypervisor's."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_plan import HEAD, vm_text
from world import BOARDS, plan_text

from gen.diagnostics import Report
from gen.emit.hypmap import hypmap_source
from gen.ranges import Range

PI = HEAD.replace("qemu-virt-aarch64", "rpi4")
WAITS = 'enable-method = "spin-table"; cpu-release-addr = <0 {:#x}>;'
PM_PAGE = Range(0xFE10_0000, 0x1000)


@pytest.fixture(scope="module")
def spin(folder: Path) -> str:
    """The deployment's head for board gicv2 with a spin table in place of PSCI, as CPUs have it that
    all wait at one address."""
    board = folder / "boards/spin"
    board.mkdir()
    text = (BOARDS / "gicv2/board.dts").read_text()
    text = text.replace('enable-method = "psci";', WAITS.format(0x8FFF_F008))
    (board / "board.dts").write_text(text.replace('compatible = "arm,psci-1.0";', ""))
    (board / "board.toml").write_text((BOARDS / "gicv2/board.toml").read_text())
    return HEAD.replace("qemu-virt-aarch64", "./boards/spin")


def errors(folder: Path, text: str) -> list[str]:
    report = Report()
    assert plan_text(folder, text, report) is None
    return [f"{found.code}: {found.message}" for found in report.errors]


def test_rows(folder: Path) -> None:
    plan = plan_text(folder, PI + vm_text().replace("[0]", "[1, 3]"), Report())
    assert plan is not None
    assert [pcpu.release_address for pcpu in plan.pcpus] == [0xD8, 0xE0, 0xF0]
    assert (
        plan.config_symbols["ARCH_SPIN_TABLE"] == plan.config_symbols["PLATFORM_BCM2835_PM"] == "y"
    )
    assert "ARCH_PSCI" not in plan.config_symbols


def test_only_the_loader_reaches_the_table(folder: Path, spin: str) -> None:
    plan = plan_text(folder, spin + vm_text(), Report())
    assert plan is not None and plan.config_symbols["PLATFORM_NO_POWER"] == "y"
    assert plan.board.spin_table == (Range(0x8FFF_F000, 0x1000),)
    lines = hypmap_source(plan, None, 4096).splitlines()
    maps = [line for line in lines if "0x8ffff000" in line and "ARCH_S1_PAGE" in line]
    assert len(maps) == 1 and "spin table" in maps[0]
    assert not any(m.hpa <= 0x8FFF_F000 < m.hpa + m.size for m in plan.vms[0].mappings)


def test_the_table_is_no_memory_of_a_guest(folder: Path, spin: str) -> None:
    kept = 'memory = [{ map = "alloc", gpa = 0x8000_0000, size = "16M" }, %s]'
    for memory in (
        '{ map = "reserved", gpa = 0x8fff_f000, size = "4K" }',
        '{ map = "identical", gpa = 0x8fff_e000, size = "8K" }',
    ):
        text = spin + vm_text(ram=kept % memory)
        (found,) = errors(folder, text)
        assert "0x8fff_f000" in found, found


def test_nothing_resets_the_board(folder: Path, spin: str) -> None:
    (found,) = errors(folder, spin + vm_text() + 'on_crash = "reset-board"\n')
    assert found.startswith("E-board-reset-missing") and "on_crash" in found
    report = Report()
    assert plan_text(folder, PI + vm_text() + 'on_crash = "reset-board"\n', report), report.errors


def test_power_is_no_device_of_a_guest(folder: Path) -> None:
    (found,) = errors(folder, PI + vm_text() + 'devices = ["/soc/watchdog@7e100000"]\n')
    assert found.startswith("E-device-machine") and "switches the board off" in found
    explicit = 'passthrough = [{ name = "x", gpa = 0x900_0000, hpa = 0xfe10_0000, size = "4K" }]\n'
    (found,) = errors(folder, PI + vm_text() + explicit)
    assert found.startswith("E-passthrough-power"), found
