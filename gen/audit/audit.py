# SPDX-License-Identifier: Apache-2.0
"""The audit of one firmware.elf, and audit.json, which tells it to people and to the report:

    schema       1
    elf          {sha256, deployment, board}
    result       "pass" or "fail"
    asked        whether the deployment was read too; without it only exclusivity is shown
    limits       sentences: what this audit did not look at
    checks       [{code, title, result: pass|fail|skipped, shown, skipped, failures: [sentence]}]
    vms          [{name, vmid, ipa_bits, start_level, cpus: [hardware id], interrupts,
                   memory: [{gpa, hpa, size, type: normal|uncached|device, access: "rwx", owner}],
                   dispatch: [{base, size, device, instance}],
                   interrupts_owned: [{intid, guest_intid, edge}],
                   images: [{name, size, sha256}]}]
    hypervisor   {memory: {base, size}, run: [range], loader: [range]}; range: {base, size, type,
                  access}
    shared       [{hpa, size, owner, access: {VM: "rw"}}]: what several VMs reach, by declaration
    stack        gen/audit/stack.py Stack, or null where it could not be computed

Addresses and sizes are numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gen.audit.dispatch import check_dispatch, check_registers, interrupt_mode, ops_name
from gen.audit.findings import Check, Findings
from gen.audit.hypervisor import Devices, HostRam, walk_own
from gen.audit.image import Firmware, Tables
from gen.audit.images import check_images
from gen.audit.owners import FIRST_SPI, check_cpus, check_interrupts
from gen.audit.ranges import Span, sized
from gen.audit.segments import check_heap, check_segments
from gen.audit.stage2 import (
    Reach,
    SharedPage,
    check_exclusive,
    check_hypervisor_pages,
    check_ram_rows,
    walk_vms,
)
from gen.audit.walk import Mapping, Tree

SCHEMA = 1
_ONLY_EXCLUSIVE = (
    "No deployment was given: shown is that VMs and the hypervisor are apart, not that each has "
    "what was asked for."
)
_READS = (ValueError, LookupError, ArithmeticError, AttributeError, TypeError, OSError)


@dataclass
class Audit:
    """What was found; tables and trees are there as far as the file could be read."""

    sha256: str = ""
    findings: Findings = field(default_factory=Findings)
    limits: list[str] = field(default_factory=list)
    tables: Tables | None = None
    reaches: list[Reach] = field(default_factory=list)
    shared: list[SharedPage] = field(default_factory=list)
    own: dict[str, Tree] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.findings.failed


def audit(elf: Path) -> Audit:
    """All that the file shows by itself."""
    result = Audit()
    findings = result.findings
    tables: Tables | None = None
    with findings.check("audit-unreadable", "The file is a firmware image") as check:
        firmware = Firmware(elf)
        result.sha256 = firmware.sha256
        tables = Tables(firmware)
        check.shown = f"{len(tables.vms)} VMs; layout of rows from the file's debug information"
    if tables is None:
        return result
    result.tables = tables
    check_segments(firmware, tables, findings)
    check_heap(firmware, findings)
    result.reaches = walk_vms(tables, findings)
    result.shared = check_exclusive(tables, result.reaches, findings, None)
    devices, kept = _devices(tables)
    check_hypervisor_pages(tables, result.reaches, kept, findings)
    check_ram_rows(tables, result.reaches, findings)
    result.own = walk_own(tables, result.reaches, devices, None, findings)
    check_dispatch(tables, result.reaches, findings)
    check_registers(tables, findings)
    check_cpus(tables, findings)
    check_interrupts(tables, findings)
    check_images(tables, findings)
    result.limits.append(_ONLY_EXCLUSIVE)
    return result


def _devices(tables: Tables) -> tuple[Devices, list[tuple[str, Span]]]:
    """What the rows tell of the hypervisor's own registers: (to be mapped, to be kept from VMs)."""
    console = any(
        row.owner == tables.firmware.enum("irq_owner")["IRQ_CONSOLE"] for row in tables.irqs
    )
    trapped = trapped_pages(tables)
    gic = [("the interrupt controller", part) for part in tables.board.gic]
    kept = [*gic, *(("trapped registers", part) for part in trapped)]
    if console:
        kept.append(("the console", tables.uart))
    run = [part for _, part in kept]
    return Devices(run, [*run, tables.uart], exact=False), kept


def trapped_pages(tables: Tables) -> list[Span]:
    """Pages of registers that VMs reach through the hypervisor."""
    rows = {}
    for vm in tables.vms:
        for row in vm.mmio:
            if ops_name(tables, row.ops) == "trapped_ops":
                rows[row.instance] = sized(tables.trapped[row.instance].base, row.size).pages()
    granted = [n for n, row in enumerate(tables.trapped) if row.read_mask or row.write_mask]
    return [rows[number] for number in granted if number in rows]


def as_object(result: Audit) -> dict[str, Any]:
    """audit.json."""
    tables, findings = result.tables, result.findings
    return {
        "schema": SCHEMA,
        "elf": {
            "sha256": result.sha256,
            "deployment": tables.deployment if tables else "",
            "board": tables.board.name if tables else "",
        },
        "result": "fail" if result.failed else "pass",
        "asked": not any(limit is _ONLY_EXCLUSIVE for limit in result.limits),
        "limits": result.limits,
        "checks": [check.as_object() for check in findings.checks],
        "vms": [
            _vm(tables, number, reach) for number, reach in enumerate(result.reaches) if tables
        ],
        "hypervisor": _hypervisor(result),
        "shared": [
            {
                "hpa": page.host.base,
                "size": page.host.size,
                "owner": page.owner,
                "access": page.access,
            }
            for page in result.shared
        ],
        "stack": None,
    }


def _vm(tables: Tables, number: int, reach: Reach) -> dict[str, Any]:
    vm = reach.vm
    vcpus = tables.vcpus[vm.vcpu_first : vm.vcpu_first + vm.vcpu_count]
    return {
        "name": vm.name,
        "vmid": reach.vmid,
        "ipa_bits": reach.control.ipa_bits,
        "start_level": reach.control.start_level,
        "cpus": [tables.pcpus[vcpu.pcpu].hardware_id for vcpu in vcpus],
        "interrupts": interrupt_mode(tables, number).removeprefix("INTERRUPTS_").lower(),
        "memory": [
            {
                "gpa": mapping.base,
                "hpa": mapping.output,
                "size": mapping.size,
                "type": mapping.memory,
                "access": mapping.access,
                "owner": _owner(tables, number, mapping),
            }
            for mapping in reach.mappings
        ],
        "dispatch": [
            {
                "base": row.base,
                "size": row.size,
                "device": ops_name(tables, row.ops).removesuffix("_ops"),
                "instance": row.instance,
            }
            for row in vm.mmio
        ],
        "interrupts_owned": [
            {"intid": intid, "guest_intid": row.guest_intid, "edge": bool(row.edge)}
            for intid, row in enumerate(tables.irqs, FIRST_SPI)
            if row.vm == number and row.guest_intid
        ],
        "images": [
            {"name": image.name, "size": image.size, "sha256": image.sha256.hex()}
            for image in vm.image
        ],
    }


def _owner(tables: Tables, number: int, mapping: Mapping) -> str:
    for peer in tables.peers:
        channel = tables.channels[peer.channel]
        if peer.vm == number and sized(channel.base, channel.size).meets(mapping.host):
            return f"channel {channel.name}"
    return "device" if mapping.memory == "device" else "memory"


def _hypervisor(result: Audit) -> dict[str, Any]:
    if result.tables is None:
        return {}
    own = result.tables.firmware.own
    found: dict[str, Any] = {"memory": {"base": own.base, "size": own.size}}
    for name, tree in result.own.items():
        found[name] = [
            {"base": m.base, "size": m.size, "type": m.memory, "access": m.access}
            for m in tree.mappings
        ]
    return found


def failures(result: Audit) -> list[tuple[Check, str]]:
    return [(check, text) for check in result.findings.checks for text in check.failures]
