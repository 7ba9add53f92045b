# SPDX-License-Identifier: Apache-2.0
"""Boards with a GICv2: what guests see of it."""

from __future__ import annotations

from pathlib import Path

from test_plan import HEAD, vm_text
from world import plan_text

from gen.diagnostics import NOWHERE, Report
from gen.plan.emulated import cpu_interface
from gen.read.deployment import Vm
from gen.read.board_file import load_board
from gen.read.fdt import cpu_reg, parse


def test_gicv2_board(folder: Path) -> None:
    """The distributor is emulated; where guests look for the CPU interface is the virtual one."""
    report = Report()
    head = HEAD.replace("qemu-virt-aarch64", "./boards/gicv2")
    plan = plan_text(folder, head + vm_text(), report)
    assert plan is not None, report.errors
    (vm,) = plan.vms
    rows = [(row.gpa, row.size, row.ops, row.header) for row in vm.mmio if "vgic" in row.ops]
    assert rows == [(0x1000_0000, 0x1000, "vgic_dist_ops", "vdev/vgic.h")]
    interface = next(m for m in vm.mappings if m.kind == "device")
    assert (interface.gpa, interface.hpa, interface.size) == (0x1000_2000, 0x1000_6000, 0x2000)
    assert interface.access == "rw"
    assert not [row.name for row in vm.sysregs if row.name.startswith("ICC_")]
    assert plan.config_symbols["VDEV_VGIC2"] == "y" and plan.config_symbols["ARCH_GIC2"] == "y"
    assert "VDEV_VGIC3" not in plan.config_symbols
    assert vm.dtb is not None
    node = parse(vm.dtb).find("/interrupt-controller@10000000")
    assert node is not None and node.compatible == ("arm,gic-400",)
    assert [part.base for part in cpu_reg(node)] == [0x1000_0000, 0x1000_2000]


def test_aliased_gicv2_is_passed_whole() -> None:
    """zcu102 repeats each page of the CPU interface over 64 KiB; guests may use the last repeat."""
    board = load_board("zcu102", None, Report(), NOWHERE)
    assert board is not None
    interface = cpu_interface(Vm(name="a", cpus=(0,), memory=()), board)
    assert interface is not None
    assert (interface.gpa, interface.hpa, interface.size) == (0xF902_0000, 0xF906_0000, 0x2_0000)


def test_passthrough_gets_the_real_interface(folder: Path) -> None:
    """Its CPUs hold it whole: what must stop the VM waits for its next exit, and says so."""
    report = Report()
    head = HEAD.replace("qemu-virt-aarch64", "./boards/gicv2")
    text = vm_text().replace("cpus = [0]", "cpus = [1]")
    direct = text + 'interrupts = "passthrough"\nwatchdog = "1s"\nstop = "next-exit"\n'
    plan = plan_text(folder, head + direct, report)
    assert plan is not None, report.errors
    (vm,) = plan.vms
    rows = [row.ops for row in vm.mmio if "vgic" in row.ops]
    assert rows == ["vgic_direct_dist_ops"]
    interface = next(m for m in vm.mappings if m.kind == "device")
    assert (interface.gpa, interface.hpa, interface.size) == (0x1000_2000, 0x1000_2000, 0x2000)
    assert plan.config_symbols["STOP_NEXT_EXIT"] == "y"
