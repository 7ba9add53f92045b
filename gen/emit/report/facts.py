# SPDX-License-Identifier: Apache-2.0
"""Everything that was decided about a deployment: report.json. What a VM has is in vm_facts.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Diagnostic
from gen.emit.boundaries import Boundaries, owns_uart, packed_size, size_limit, window
from gen.emit.report.vm_facts import Json, irq, relative, vm_facts
from gen.plan.model import Plan, PlannedChannel, SysregRow
from gen.read.gic import spi_intid
from gen.ranges import Range, union

_AUDIT = (
    "elf",
    "result",
    "asked",
    "limits",
    "checks",
    "stack",
)  # what of audit.json the report tells
_EXITS = Path(__file__).with_name("exits.json")  # written by `make worst`
FILE = "report.json"
FORMAT = 2  # of it; changes when a member changes its meaning


@dataclass(frozen=True)
class File:
    """One file that the board boots from."""

    name: str
    size: int
    sha256: str


def file_of(path: Path) -> File:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return File(path.name, path.stat().st_size, digest)


def facts(
    plan: Plan,
    warnings: Sequence[Diagnostic] = (),
    boundaries: Boundaries | None = None,
    files: Sequence[File] = (),
    audit: Json | None = None,
) -> Json:
    """Addresses are hexadecimal text, sizes and counts numbers, paths relative to the deployment
    file. `boundaries`: of the last link, for the sizes of the image's parts. `audit`: what
    audit.json tells about this very image; None: it was not audited."""
    base = plan.deployment.file.parent
    sets = _sysreg_sets(plan)
    return {
        "format": FORMAT,
        "deployment": plan.deployment.name,
        "board": {"name": plan.board.name, "title": plan.board.title, "arch": plan.board.arch},
        "variant": plan.board.variant,
        "hash": plan.hash,
        "console": {
            "mode": plan.deployment.console.mode,
            "uart": plan.board.uart.path if owns_uart(plan) else None,
            "board_uart": plan.board.uart.path,
            "voices": [voice.name for voice in plan.voices],
        },
        "expect": list(plan.deployment.test.expect) if plan.deployment.test else [],
        "cpus": _cpus(plan),
        "ram": [_range(part.base, part.size) for part in plan.board.ram],
        "memory": _memory(plan),
        "registers": _registers(plan),
        "free": [_range(part.base, part.size) for part in plan.free],
        "image": _image_parts(plan, boundaries),
        "files": [vars(file) for file in files],
        "vms": [vm_facts(plan, vm, base, sets.index(vm.sysregs)) for vm in plan.vms],
        "sysregs": [[_sysreg(row) for row in rows] for rows in sets],
        "channels": [_channel(plan, channel) for channel in plan.channels],
        "interrupts": _interrupts(plan),
        "audit": None if audit is None else {name: audit.get(name) for name in _AUDIT},
        "exits": json.loads(_EXITS.read_text(encoding="utf-8")),
        "build": dict(plan.config_symbols),
        "warnings": [_warning(found, base) for found in warnings if not found.is_error],
        "notices": list(_notices(plan)),
        "not_isolated": _not_isolated(plan),
        "notes": [{"vm": vm.vm.name, "note": note} for vm in plan.vms for note in vm.notes],
        "trapped": _trapped(plan),
    }


def facts_json(found: Json) -> str:
    """As text: sorted, the same bytes for the same plan."""
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def _range(base: int, size: int) -> Json:
    return {"base": f"{base:#x}", "size": size}


def _cpus(plan: Plan) -> list[Json]:
    """Those that are started, then the board's others."""
    rows = []
    for pcpu in plan.pcpus:
        runs = None
        if pcpu.vcpu is not None:
            vcpu = plan.vcpus[pcpu.vcpu]
            runs = {"vm": plan.vms[vcpu.vm].vm.name, "vcpu": vcpu.index}
        rows.append(_cpu(plan, pcpu.board_index, runs, True))
    started = {pcpu.board_index for pcpu in plan.pcpus}
    others = [index for index in range(len(plan.board.cpus)) if index not in started]
    return rows + [_cpu(plan, index, None, False) for index in others]


def _cpu(plan: Plan, index: int, runs: Json | None, started: bool) -> Json:
    cpu = plan.board.cpus[index]
    return {
        "name": cpu.name,
        "hardware_id": f"{cpu.hardware_id:#x}",
        "compatible": cpu.compatible,
        "runs": runs,
        "started": started,
    }


def _memory(plan: Plan) -> list[Json]:
    """Host RAM by address: what is where, and whose."""
    own = window(plan)
    rows = [(own.base, own.size, "hypervisor", "hypervisor and packed guest images")]
    for vm in plan.vms:
        rows += [(ram.hpa, ram.size, vm.vm.name, f"RAM ({ram.map})") for ram in vm.ram]
    rows += [(c.hpa, c.size, f"channel {c.name}", "shared memory") for c in plan.channels]
    kept = union(plan.board.reserved)
    rows += [(r.base, r.size, "firmware", "reserved by the board") for r in kept]
    return [
        {**_range(base, size), "owner": owner, "what": what}
        for base, size, owner, what in sorted(rows)
    ]


def _registers(plan: Plan) -> list[Json]:
    """Registers of devices that somebody has, by address."""
    gic = plan.board.gic
    own = [(gic.distributor, "interrupt distributor")]
    own += [(part, "interrupt redistributors") for part in gic.redistributors]
    for part, what in (
        (gic.cpu_interface, "interrupt CPU interface"),
        (gic.hyp_interface, "virtual interface control"),
        (gic.vcpu_interface, "virtual CPU interface, one for each CPU"),
    ):
        own += [(part, what)] if part is not None else []
    if owns_uart(plan):
        own.append((plan.board.uart.reg, "console UART"))
    rows = {(part.base, part.size, "hypervisor", what) for part, what in own}
    for vm in plan.vms:
        for found in vm.mappings:
            if found.kind == "device" and found.hpa != _base(gic.vcpu_interface):
                rows.add((found.hpa, found.size, vm.vm.name, found.owner))
        for owner in {trap.owner for trap in plan.trapped if trap.vm == vm.index}:
            traps = [t for t in plan.trapped if t.vm == vm.index and t.owner == owner]
            for part in union(Range(trap.hpa, trap.size) for trap in traps):
                rows.add((part.base, part.size, vm.vm.name, f"{owner}, granted registers"))
    return [
        {**_range(base, size), "owner": owner, "what": what}
        for base, size, owner, what in sorted(rows)
    ]


def _base(part: Range | None) -> int | None:
    return None if part is None else part.base


def _image_parts(plan: Plan, where: Boundaries | None) -> Json:
    parts: Json = {
        "base": f"{plan.board.image_base:#x}",
        "limit": size_limit(plan),
        "packed_bytes": packed_size(plan),
    }
    if where:
        parts["sections"] = {
            "text": where.text_end - where.image_start,
            "rodata": where.rodata_end - where.text_end,
            "packed": where.packed_end - where.rodata_end,
            "data": where.data_end - where.packed_end,
            "bss": where.bss_end - where.bss_start,
            "stacks": where.image_end - where.stacks_start,
        }
    return parts


def _sysreg_sets(plan: Plan) -> list[tuple[SysregRow, ...]]:
    """The different ones: most VMs share one."""
    return list(dict.fromkeys(vm.sysregs for vm in plan.vms))


def _sysreg(row: SysregRow) -> Json:
    return {
        "name": row.name,
        "encoding": f"S{row.op0}_{row.op1}_C{row.crn}_C{row.crm}_{row.op2}",
        "ops": row.ops,
        "value": f"{row.value:#x}",
    }


def _channel(plan: Plan, channel: PlannedChannel) -> Json:
    names = [plan.vms[peer.vm].vm.name for peer in channel.peers]
    return {
        "name": channel.name,
        **_range(channel.hpa, channel.size),
        "keep": channel.keep,
        "cached": channel.cached,
        "calls": [
            {
                "vm": plan.vms[ivc.vm].vm.name,
                "may": "publish" if ivc.publishes else "subscribe",
                "publisher_id": ivc.publisher_id,
                "key": f"{ivc.key:#x}",
            }
            for ivc in plan.ivcs
            if plan.channels[ivc.channel] is channel
        ],
        "peers": [
            {
                "vm": names[index],
                "access": "rw" if peer.writable else "ro",
                "window": f"{peer.window:#x}",
                "doorbell": None if peer.doorbell is None else f"{peer.doorbell:#x}",
                "spi": peer.spi,
                "rings": [name for bit, name in enumerate(names) if peer.rings >> bit & 1],
            }
            for index, peer in enumerate(channel.peers)
        ],
    }


def _interrupts(plan: Plan) -> list[Json]:
    """Every physical SPI that has an owner, by number."""
    rows: list[Json] = [{**irq(one), "vm": vm.vm.name} for vm in plan.vms for one in vm.irqs]
    for cpu in plan.pcpus:
        if cpu.ipi_spi is not None:
            owner = f"hypervisor's calls to {plan.board.cpus[cpu.board_index].name}"
            row = {"spi": cpu.ipi_spi, "intid": spi_intid(cpu.ipi_spi), "owner": owner, "vm": None}
            rows.append(row)
    if owns_uart(plan):
        spi = plan.board.uart.spi
        rows.append(
            {"spi": spi, "intid": spi_intid(spi), "owner": "hypervisor's console", "vm": None}
        )
    return sorted(rows, key=lambda row: int(row["spi"]))


def _warning(found: Diagnostic, base: Path) -> Json:
    return {
        "code": found.code,
        "file": relative(found.where.file, base),
        "line": found.where.line,
        "message": found.message,
        "cure": found.cure,
    }


def _notices(plan: Plan) -> list[str]:
    """What a reader of the report must not miss."""
    found = []
    for vm in plan.vms:
        for path in vm.masters:
            found.append(
                f"VM {vm.vm.name}: isolation from {path}, which masters the bus, is not provided"
            )
        if not vm.vm.scrub:
            found.append(f"VM {vm.vm.name}: scrub = false: its RAM is not zeroed before first use")
    return found


def _not_isolated(plan: Plan) -> list[Json]:
    """What must be shown in red: whatever reaches all memory, past the second stage."""
    return [
        {"vm": vm.vm.name, "device": path, "reaches": "all memory, by DMA"}
        for vm in plan.vms
        for path in vm.masters
    ]


def _trapped(plan: Plan) -> list[Json]:
    """Registers that VMs reach by traps, by address."""
    rows: list[Json] = [
        {
            "base": f"{trap.hpa:#x}",
            "size": trap.size,
            "vm": plan.vms[trap.vm].vm.name,
            "owner": trap.owner,
            "read_mask": f"{trap.read_mask:#x}",
            "write_mask": f"{trap.write_mask:#x}",
            "rest": trap.rest,
            "lock": trap.lock,
        }
        for trap in plan.trapped
        if trap.read_mask or trap.write_mask
    ]
    return sorted(rows, key=lambda row: (int(row["base"], 16), str(row["vm"])))
