# SPDX-License-Identifier: Apache-2.0
"""VMs with interrupts = "passthrough": numbers, rows, what they share with others."""

from __future__ import annotations

from pathlib import Path

from test_plan import HEAD
from world import plan_text

from gen.diagnostics import Report
from gen.emit.report.facts import facts
from gen.emit.rows import tables_source
from gen.plan.channels import board_spis
from gen.plan.model import Plan
from gen.read.fdt import parse


def vm_text(name: str, cpu: int) -> str:
    return f'[[vm]]\nname = "{name}"\ncpus = [{cpu}]\nram = "16M"\nkernel = "small.bin"\n'


DIRECT = 'interrupts = "passthrough"\n'
BELLS = """
[[channel]]
name = "c"
size = "4K"
from = "a"
to = ["b", "c"]
doorbell = true
"""


def planned(folder: Path, *texts: str) -> Plan:
    report = Report()
    plan = plan_text(folder, HEAD + "".join(texts), report)
    assert plan is not None, report.errors
    assert not report.found
    return plan


def test_numbers_are_physical_and_without_a_wire(folder: Path) -> None:
    rtc = 'devices = ["/pl031@9010000"]\n'
    plan = planned(
        folder,
        vm_text("a", 0) + DIRECT + rtc,
        vm_text("b", 1) + DIRECT,
        vm_text("c", 2),
        BELLS,
    )
    first, second, third = plan.vms
    for vm in (first, second):
        assert not vm.software_spis
        assert all(irq.spi == irq.guest_spi for irq in vm.irqs)
    assert 2 in [irq.spi for irq in first.irqs]
    wireless = [irq for vm in (first, second) for irq in vm.irqs if irq.spi != 2]
    assert len(wireless) == 4 and all(irq.trigger == "edge" for irq in wireless)
    calls = [cpu.ipi_spi for cpu in plan.pcpus if cpu.ipi_spi is not None]
    chosen = [irq.spi for irq in wireless] + calls
    assert len(calls) == 2 and len(set(chosen)) == 6
    assert not set(chosen) & board_spis(plan.board)
    assert plan.pcpus[2].ipi_spi is None
    assert 1 in third.software_spis and not third.irqs
    assert plan.config_symbols["INTERRUPTS_PASSTHROUGH"] == "y"
    told = {row["spi"]: row["owner"] for row in facts(plan)["interrupts"]}
    assert all("hypervisor's calls to cpu@" in told[spi] for spi in calls)


def test_tree_tells_the_numbers(folder: Path) -> None:
    plan = planned(folder, vm_text("a", 0) + DIRECT)
    (vm,) = plan.vms
    assert vm.dtb is not None
    uart = parse(vm.dtb).find("/pl011@9000000")
    assert uart is not None and uart.cells("interrupts")[1] == vm.irqs[0].spi != 1


def test_asked_numbers_are_kept(folder: Path) -> None:
    asked = 'emulated = [{ type = "pl011", gpa = 0x900_0000, spi = 100 }]\n'
    plan = planned(folder, vm_text("a", 0) + DIRECT + asked, vm_text("b", 1) + DIRECT)
    assert [irq.spi for irq in plan.vms[0].irqs] == [100]
    assert plan.vms[1].irqs[0].spi != 100


def test_rows(folder: Path) -> None:
    plan = planned(folder, vm_text("a", 0) + DIRECT, vm_text("b", 1))
    direct, emulated = plan.vms
    assert [row.ops for row in direct.mmio[:2]] == [
        "vgic_direct_dist_ops",
        "vgic_direct_redist_ops",
    ]
    assert [row.ops for row in emulated.mmio[:2]] == ["vgic_dist_ops", "vgic_redist_ops"]
    names = {row.name for row in direct.sysregs if row.name.startswith("ICC_")}
    assert {"ICC_PMR_EL1", "ICC_CTLR_EL1", "ICC_RPR_EL1", "ICC_DIR_EL1", "ICC_SGI1R_EL1"} <= names
    assert "ICC_PMR_EL1" not in {row.name for row in emulated.sysregs}
    text = tables_source(plan)
    assert ".interrupts = INTERRUPTS_PASSTHROUGH" in text and ".owner = IRQ_IPI" in text


def test_without_interrupts_there_is_no_controller(folder: Path) -> None:
    plan = planned(folder, vm_text("a", 0) + 'interrupts = "none"\n')
    (vm,) = plan.vms
    assert not [row for row in vm.mmio if "vgic" in row.ops]
    assert not [row for row in vm.sysregs if row.name.startswith("ICC_")]
    (pfr0,) = [row for row in vm.sysregs if row.name == "ID_AA64PFR0_EL1"]
    assert pfr0.value >> 24 & 0xF == 0
    assert plan.config_symbols["INTERRUPTS_PASSTHROUGH"] == "n"
