# SPDX-License-Identifier: Apache-2.0
"""Who owns CPUs and interrupts."""

from __future__ import annotations

from gen.audit.dispatch import interrupt_mode
from gen.audit.findings import Check, Findings
from gen.audit.image import NONE, Tables

FIRST_SPI = 32
LAST_SPI = 1019
_AFF0 = 16


def check_cpus(tables: Tables, findings: Findings) -> None:
    with findings.check("audit-cpu", "Each CPU runs one vCPU, of one VM") as check:
        ids = [pcpu.hardware_id for pcpu in tables.pcpus]
        check.expect(len(set(ids)) == len(ids), "two CPUs have the same number")
        expected = 0
        for number, vm in enumerate(tables.vms):
            check.expect(vm.vcpu_count, f"VM {vm.name} has no vCPU")
            fine = vm.vcpu_first == expected
            check.expect(fine, f"VM {vm.name}: vCPUs from {vm.vcpu_first}, expected {expected}")
            expected += vm.vcpu_count
            for index in range(vm.vcpu_count):
                _check_vcpu(tables, number, vm.vcpu_first + index, index, check)
        check.expect(expected == len(tables.vcpus), "a vCPU belongs to no VM")
        runs = [pcpu.vcpu for pcpu in tables.pcpus if pcpu.vcpu != NONE]
        check.expect(sorted(runs) == list(range(len(tables.vcpus))), f"CPUs run vCPUs {runs}")
        check.shown = f"{len(runs)} vCPUs on {len(set(ids))} CPUs, one each"


def _check_vcpu(tables: Tables, vm: int, number: int, index: int, check: Check) -> None:
    what, vcpu = f"vCPU {number}", tables.vcpus[number]
    check.expect((vcpu.vm, vcpu.index) == (vm, index), f"{what} is not vCPU {index} of VM {vm}")
    seen = index % _AFF0 | index // _AFF0 << 8  # MPIDR_EL1 Aff0, Aff1 (D17.2.101)
    check.expect(vcpu.guest_id == seen, f"{what}: guest sees CPU {vcpu.guest_id:#x}")
    check.expect(tables.pcpus[vcpu.pcpu].vcpu == number, f"{what}: CPU {vcpu.pcpu} runs another")
    direct = interrupt_mode(tables, vm) == "INTERRUPTS_PASSTHROUGH"
    has_call = bool(tables.pcpus[vcpu.pcpu].ipi_intid)
    check.expect(has_call == direct, f"{what}: a call by SPI, or none, against its VM's interrupts")


def check_interrupts(tables: Tables, findings: Findings) -> None:
    with findings.check("audit-interrupt", "Each interrupt has one owner") as check:
        owners = {value: name for name, value in tables.firmware.enum("irq_owner").items()}
        check.expect(len(tables.irqs) <= LAST_SPI - FIRST_SPI + 1, "more SPIs than a GIC has")
        count: dict[str, int] = {}
        for intid, row in enumerate(tables.irqs, FIRST_SPI):
            kind = owners[row.owner]
            count[kind] = count.get(kind, 0) + 1
            _check_owner(tables, intid, kind, check)
        check.expect(count.get("IRQ_CONSOLE", 0) <= 1, "two interrupts are the console's")
        calls = [pcpu.ipi_intid for pcpu in tables.pcpus if pcpu.ipi_intid]
        check.expect(len(set(calls)) == len(calls), "two CPUs are called by one SPI")
        check.expect(len(calls) == count.get("IRQ_IPI", 0), "calls and their SPIs differ")
        for number in range(len(tables.vms)):
            _check_vgic(tables, number, check)
        check.shown = (
            f"{count.get('IRQ_VM', 0)} SPIs of VMs, {len(calls)} of the hypervisor's calls, "
            f"{count.get('IRQ_CONSOLE', 0)} of its console; what has no wire agrees with its device"
        )


def _check_owner(tables: Tables, intid: int, kind: str, check: Check) -> None:
    row = tables.irqs[intid - FIRST_SPI]
    if kind == "IRQ_VM":
        vgic = tables.vgics[row.vm]
        spi = row.guest_intid - FIRST_SPI
        fine = spi in vgic.spi_hardware and vgic.spi_physical[spi] == intid
        check.expect(fine, f"INTID {intid} goes to VM {row.vm}, whose controller does not say so")
        return
    check.expect(not row.vm and not row.guest_intid, f"INTID {intid}: {kind} with a guest's number")
    if kind == "IRQ_IPI":
        callers = [pcpu for pcpu in tables.pcpus if pcpu.ipi_intid == intid]
        check.expect(len(callers) == 1 and row.edge, f"INTID {intid} calls {len(callers)} CPUs")
    else:
        check.expect(not row.edge, f"INTID {intid}: {kind} is an edge")


def _check_vgic(tables: Tables, number: int, check: Check) -> None:
    vgic, name = tables.vgics[number], f"VM {tables.vms[number].name}"
    mode = interrupt_mode(tables, number)
    check.expect(vgic.spi_hardware <= vgic.spi_owned, f"{name}: a linked SPI that it does not own")
    linked = any(other.spi_hardware for other in tables.vgics)
    numbered = vgic.spi_count if linked else 0
    check.expect(
        len(vgic.spi_physical) == numbered,
        f"{name}: physical numbers of {len(vgic.spi_physical)} SPIs, not of {numbered}",
    )
    for spi, physical in enumerate(vgic.spi_physical):
        if spi not in vgic.spi_hardware:
            check.expect(
                not physical, f"{name}: SPI {spi} has a physical number, and is not linked"
            )
            continue
        at = physical - FIRST_SPI
        row = tables.irqs[at] if 0 <= at < len(tables.irqs) else None
        fine = row is not None and (row.vm, row.guest_intid) == (number, spi + FIRST_SPI)
        check.expect(fine, f"{name}: its SPI {spi} is INTID {physical}, which is not its own")
    software = software_spis(tables, number, check)
    expected = vgic.spi_owned - vgic.spi_hardware
    if mode == "INTERRUPTS_PASSTHROUGH":
        same = all(vgic.spi_physical[spi] == spi + FIRST_SPI for spi in vgic.spi_hardware)
        check.expect(same, f"{name}: takes its interrupts itself, under other numbers")
        check.expect(not expected, f"{name}: takes its interrupts itself, some have no SPI")
        edges = all(tables.irqs[spi].edge for spi in software)
        check.expect(edges and software <= vgic.spi_hardware, f"{name}: a device without an SPI")
    else:
        check.expect(expected == software, f"{name}: devices raise {software}, told: {expected}")
        none = mode == "INTERRUPTS_NONE" and vgic.spi_hardware
        check.expect(not none, f"{name}: has no interrupt controller, and physical interrupts")


def software_spis(tables: Tables, number: int, check: Check) -> set[int]:
    """SPIs that emulated devices of a VM raise, each its own. One without a controller has none:
    what its devices would raise goes nowhere."""
    emulated = [
        name.removesuffix("_row")
        for name, layout in tables.firmware.image.layouts.items()
        if {"vm", "intid"} <= layout.members.keys() and name not in _KNOWN
    ]
    rows = [*tables.vuarts, *tables.peers, *tables.monitors, *tables.watchdogs]
    rows += [row for name in emulated for row in tables.emulated(name)]
    spis = [row.intid - FIRST_SPI for row in rows if row.vm == number and row.intid]
    what = f"VM {tables.vms[number].name}"
    check.expect(len(set(spis)) == len(spis), f"{what}: two devices raise one interrupt")
    check.expect(min(spis, default=0) >= 0, f"{what}: a device raises an SGI or a PPI")
    return set(spis)


_KNOWN = ("vuart_row", "channel_peer_row", "monitor_row", "watchdog_row")


def check_controls(tables: Tables, findings: Findings) -> None:
    with findings.check("audit-control", "Who controls other VMs") as check:
        first = 0
        for monitor in tables.monitors:
            check.expect(monitor.vm < len(tables.vms), f"no VM {monitor.vm} could control others")
            fine = monitor.control_first == first
            check.expect(fine, f"VM {monitor.vm} controls from row {monitor.control_first} on")
            first += monitor.control_count
        check.expect(first == len(tables.controls), "rows of control and their users differ")
        known = all(row.vm < len(tables.vms) for row in tables.controls)
        check.expect(known, "a VM that is not there is controlled")
        check.shown = f"{len(tables.monitors)} VMs control {len(tables.controls)}"


def check_voices(tables: Tables, findings: Findings) -> None:
    with findings.check("audit-console", "Each virtual UART speaks with its own voice") as check:
        check.expect(tables.voices[0].vm == NONE, "the hypervisor's voice is a VM's")
        for number, voice in enumerate(tables.voices[1:], 1):
            uart = tables.vuarts[voice.vuart]
            fine = (uart.voice, uart.vm) == (number, voice.vm)
            check.expect(fine, f"voice {number} is of VM {voice.vm}, its UART's is of VM {uart.vm}")
        heard = [voice.vuart for voice in tables.voices]
        wanted = [NONE, *range(len(tables.vuarts))]
        check.expect(heard == wanted, f"keyboards of UARTs {heard}, not {wanted}")
        check.shown = f"{len(tables.voices)} voices"
