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
    stack        {cpu: {size, deepest: {bytes, path: [{function, bytes}]}}, exceptions: likewise,
                  functions, agreed: so many the compiler tells alike}

Addresses and sizes are numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gen.audit.agree import check_asked
from gen.audit.agree_dispatch import check_dispatch_asked
from gen.audit.asked import Asked, read_asked
from gen.audit.asked_file import NotRead
from gen.audit.dispatch import check_dispatch, check_registers, interrupt_mode, ops_name
from gen.audit.eemi import check_eemi, check_eemi_asked
from gen.audit.findings import Check, Findings
from gen.audit.hypervisor import Devices, HostRam, spin_table, walk_own
from gen.audit.image import Firmware, Tables
from gen.audit.images import check_images
from gen.audit.owners import (
    FIRST_SPI,
    check_controls,
    check_cpus,
    check_interrupts,
    check_voices,
)
from gen.audit.ranges import Span, sized
from gen.audit.segments import check_heap, check_segments
from gen.audit.stack import Stack, check_stack
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
NOT_GIVEN = (
    "No deployment was given: shown is that VMs and the hypervisor are apart, not that each has "
    "what was asked for."
)


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
    stack: Stack | None = None
    asked: bool = False

    @property
    def failed(self) -> bool:
        return self.findings.failed


@dataclass(frozen=True)
class Source:
    """Where to read what was asked for."""

    deployment: Path
    sets: tuple[str, ...]
    predefined: dict[str, str]  # variables that exist without [vars]
    platform: Path  # the folder of boards


def audit(elf: Path, source: Source | None) -> Audit:
    """What the file shows by itself, and against what was asked for where that is given."""
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
    asked = _read(source, result) if source is not None else None
    if source is None:
        result.limits.append(NOT_GIVEN)
    with findings.check("audit-unreadable", "All of it can be looked at") as check:
        _look(result, tables, asked)
        check.shown = "every check came to its end"
    return result


def _look(result: Audit, tables: Tables, asked: Asked | None) -> None:
    """All checks."""
    firmware, findings = tables.firmware, result.findings
    check_segments(firmware, tables, findings)
    check_heap(firmware, findings)
    result.reaches = walk_vms(tables, findings)
    result.shared = check_exclusive(tables, result.reaches, findings)
    devices, kept = _devices(tables, asked)
    check_hypervisor_pages(tables, result.reaches, kept, findings)
    check_ram_rows(tables, result.reaches, findings)
    ram = HostRam(asked.board.ram, asked.board.reserved) if asked is not None else None
    result.own = walk_own(tables, result.reaches, devices, ram, findings)
    check_dispatch(tables, result.reaches, findings)
    check_registers(tables, findings)
    check_cpus(tables, findings)
    check_interrupts(tables, findings)
    check_controls(tables, findings)
    check_eemi(tables, findings)
    check_voices(tables, findings)
    check_images(tables, findings)
    result.stack = check_stack(firmware, len(tables.pcpus), findings)
    if asked is not None:
        result.asked = True
        check_asked(asked, tables, result.reaches, findings)
        check_dispatch_asked(asked, tables, findings, result.limits)
        check_eemi_asked(asked, tables, findings)


def _read(source: Source, result: Audit) -> Asked | None:
    """None where something can't be read apart from the generator: the limits say it."""
    with result.findings.check("audit-asked-read", "The deployment is read apart") as check:
        where = (source.deployment, source.sets, source.predefined, source.platform)
        try:
            asked = read_asked(*where)
        except NotRead as reason:
            check.skipped = str(reason)
            result.limits.append(f"{reason}: shown is that VMs and the hypervisor are apart.")
            return None
        check.shown = f"{len(asked.vms)} VMs, {len(asked.channels)} channels, and the board's facts"
        return asked
    return None


def _devices(tables: Tables, asked: Asked | None) -> tuple[Devices, list[tuple[str, Span]]]:
    """The hypervisor's own registers: (to be mapped, to be kept from VMs)."""
    trapped = trapped_pages(tables)
    values = tables.firmware.enum("irq_owner")
    gic = tables.gic
    console = any(row.owner == values["IRQ_CONSOLE"] for row in tables.irqs)
    power = None
    if asked is not None:
        gic, console, power = asked.board.gic_frames, asked.has_console, asked.board.power
    kept = [("the interrupt controller", part) for part in gic]
    kept += [("trapped registers", part) for part in trapped]
    if power is not None:
        kept.append(("what switches the board off", power))
    if console:
        kept.append(("the console", tables.uart))
    run = [part for _, part in kept]
    kept += [("the spin table of other CPUs", page) for page in spin_table(tables)]
    return Devices(run, [*run, tables.uart], exact=asked is not None), kept


def trapped_pages(tables: Tables) -> list[Span]:
    """Pages of registers that VMs reach through the hypervisor."""
    found = []
    for row in (row for vm in tables.vms for row in vm.mmio):
        if ops_name(tables, row.ops) == "trapped_ops" and row.instance < len(tables.trapped):
            trap = tables.trapped[row.instance]
            if trap.read_mask or trap.write_mask:
                found.append(sized(trap.base, row.size).pages())
    return found


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
        "asked": result.asked,
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
        "stack": result.stack.as_object() if result.stack else None,
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
