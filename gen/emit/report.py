# SPDX-License-Identifier: Apache-2.0
"""The plan in words and numbers: report.json for tools, and the summary a build ends with."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gen.diagnostics import Diagnostic
from gen.emit.boundaries import Boundaries, owns_uart, packed_size, size_limit, window
from gen.plan.model import Image, Irq, Plan, PlannedChannel, PlannedVm

Json = dict[str, Any]


def report(
    plan: Plan, warnings: Sequence[Diagnostic] = (), boundaries: Boundaries | None = None
) -> Json:
    """Everything decided. Addresses are hexadecimal text, sizes and counts numbers, paths relative
    to the deployment file. `boundaries`: of the last link, for the sizes of the image's parts."""
    base = plan.deployment.file.parent
    return {
        "deployment": plan.deployment.name,
        "board": {"name": plan.board.name, "title": plan.board.title, "arch": plan.board.arch},
        "variant": plan.board.variant,
        "hash": plan.hash,
        "console": {
            "mode": plan.deployment.console.mode,
            "uart": plan.board.uart.path if owns_uart(plan) else None,
            "voices": [voice.name for voice in plan.voices],
        },
        "cpus": _cpus(plan),
        "memory": _memory(plan),
        "free": [_range(part.base, part.size) for part in plan.free],
        "image": _image_parts(plan, boundaries),
        "vms": [_vm(plan, vm, base) for vm in plan.vms],
        "channels": [_channel(plan, channel) for channel in plan.channels],
        "interrupts": _interrupts(plan),
        "build": dict(plan.config_symbols),
        "warnings": [_warning(found, base) for found in warnings if not found.is_error],
        "notices": list(_notices(plan)),
        "not_isolated": _not_isolated(plan),
        "notes": [{"vm": vm.vm.name, "note": note} for vm in plan.vms for note in vm.notes],
        "trapped": _trapped(plan),
    }


def report_json(
    plan: Plan, warnings: Sequence[Diagnostic] = (), boundaries: Boundaries | None = None
) -> str:
    """report() as text: sorted, the same bytes for the same plan."""
    return json.dumps(report(plan, warnings, boundaries), indent=2, sort_keys=True) + "\n"


def _range(base: int, size: int) -> Json:
    return {"base": f"{base:#x}", "size": size}


def _cpus(plan: Plan) -> list[Json]:
    rows = []
    for pcpu in plan.pcpus:
        cpu = plan.board.cpus[pcpu.board_index]
        runs = None
        if pcpu.vcpu is not None:
            vcpu = plan.vcpus[pcpu.vcpu]
            runs = {"vm": plan.vms[vcpu.vm].vm.name, "vcpu": vcpu.index}
        rows.append({"name": cpu.name, "hardware_id": f"{pcpu.hardware_id:#x}", "runs": runs})
    return rows


def _memory(plan: Plan) -> list[Json]:
    """Host RAM by address: what is where, and whose."""
    own = window(plan)
    rows = [(own.base, own.size, "hypervisor", "hypervisor and packed guest images")]
    for vm in plan.vms:
        rows += [(ram.hpa, ram.size, vm.vm.name, f"RAM ({ram.map})") for ram in vm.ram]
    rows += [(c.hpa, c.size, f"channel {c.name}", "shared memory") for c in plan.channels]
    rows += [(r.base, r.size, "firmware", "reserved by the board") for r in plan.board.reserved]
    return [
        {**_range(base, size), "owner": owner, "what": what}
        for base, size, owner, what in sorted(rows)
    ]


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


def _vm(plan: Plan, vm: PlannedVm, base: Path) -> Json:
    wish = vm.vm
    return {
        "name": wish.name,
        "vcpus": [
            {
                "index": plan.vcpus[i].index,
                "cpu": plan.board.cpus[plan.pcpus[plan.vcpus[i].pcpu].board_index].name,
                "guest_id": f"{plan.vcpus[i].guest_id:#x}",
            }
            for i in vm.vcpus
        ],
        "entry": f"{vm.entry_gpa:#x}",
        "device_tree": None if vm.dtb_gpa is None else f"{vm.dtb_gpa:#x}",
        "map": _guest_map(vm),
        "images": [_image(image, base) for image in vm.images],
        "interrupts": {
            "mode": wish.interrupts,
            "spi_count": vm.spi_count,
            "software": list(vm.software_spis),
            "hardware": [_irq(irq) for irq in vm.irqs],
        },
        "features": list(wish.features),
        "stage2": {
            "vmid": vm.stage2.vmid,
            "ipa_bits": vm.stage2.ipa_bits,
            "start_level": vm.stage2.start_level,
            "tables": len(vm.stage2.tables),
        },
        "policy": {
            "on_crash": wish.on_crash,
            "on_reset": wish.on_reset,
            "on_off": wish.on_off,
            "restart_max": wish.restart.max,
            "restart_window_ms": wish.restart.window_ms,
            "restart_backoff_ms": wish.restart.backoff_ms,
            "watchdog_ms": wish.watchdog_ms,
            "scrub": wish.scrub,
            "dma": wish.dma,
            "controls": list(wish.controls),
            "controlled_by": [v.vm.name for v in plan.vms if wish.name in v.vm.controls],
        },
    }


def _guest_map(vm: PlannedVm) -> list[Json]:
    """Everything that the guest finds in its physical address space, by address."""
    mapped: list[Json] = [
        {
            "gpa": m.gpa,
            "size": m.size,
            "kind": m.kind,
            "access": m.access,
            "hpa": f"{m.hpa:#x}",
            "owner": m.owner,
        }
        for m in vm.mappings
    ]
    emulated: list[Json] = [
        {"gpa": row.gpa, "size": row.size, "kind": "emulated", "ops": row.ops, "owner": row.owner}
        for row in vm.mmio
    ]
    rows = sorted(mapped + emulated, key=lambda row: int(row["gpa"]))
    return [{**row, "gpa": f"{row['gpa']:#x}"} for row in rows]


def _image(image: Image, base: Path) -> Json:
    return {
        "name": image.name,
        "gpa": f"{image.gpa:#x}",
        "hpa": f"{image.hpa:#x}",
        "size": len(image.data),
        "placed": "in place" if image.in_place else "packed, copied at start",
        "sha256": hashlib.sha256(image.data).hexdigest(),
        "source": _relative(image.source, base),
    }


def _irq(irq: Irq) -> Json:
    return {
        "spi": irq.spi,
        "intid": irq.spi + 32,
        "guest_spi": irq.guest_spi,
        "guest_intid": irq.guest_spi + 32,
        "trigger": irq.trigger,
        "owner": irq.owner,
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
    rows: list[Json] = [{**_irq(irq), "vm": vm.vm.name} for vm in plan.vms for irq in vm.irqs]
    for cpu in plan.pcpus:
        if cpu.ipi_spi is not None:
            owner = f"hypervisor's calls to {plan.board.cpus[cpu.board_index].name}"
            row = {"spi": cpu.ipi_spi, "intid": cpu.ipi_spi + 32, "owner": owner, "vm": None}
            rows.append(row)
    if owns_uart(plan):
        spi = plan.board.uart.spi
        rows.append({"spi": spi, "intid": spi + 32, "owner": "hypervisor's console", "vm": None})
    return sorted(rows, key=lambda row: int(row["spi"]))


def _warning(found: Diagnostic, base: Path) -> Json:
    return {
        "code": found.code,
        "file": _relative(found.where.file, base),
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


def _relative(path: Path, base: Path) -> str:
    return os.path.relpath(path, base) if path.is_absolute() else str(path)


@dataclass(frozen=True)
class Output:
    """One file of the build, for the summary."""

    path: str
    size: int


def summary(plan: Plan, outputs: Sequence[Output], image_bytes: int) -> str:
    """What a successful build ends with. `image_bytes`: the size of firmware.bin."""
    limit = size_limit(plan)
    lines = [
        f"{plan.deployment.name} for {plan.board.title}: {len(plan.vms)} VMs on "
        f"{len(plan.pcpus)} of {len(plan.board.cpus)} CPUs",
        f"  size   {_bytes(image_bytes)} of {_bytes(limit)} ({image_bytes * 100 / limit:.1f} %)",
    ]
    for vm in plan.vms:
        cpus = ", ".join(
            plan.board.cpus[plan.pcpus[plan.vcpus[i].pcpu].board_index].name for i in vm.vcpus
        )
        ram = sum(region.size for region in vm.ram)
        lines.append(f"  VM     {vm.vm.name}: {cpus}; {_bytes(ram)} RAM")
        if vm.masters:
            lines.append(f"         NOT ISOLATED from {', '.join(vm.masters)}: DMA to all memory")
    width = max((len(output.path) for output in outputs), default=0)
    for label, output in zip(["files", *[""] * len(outputs)], outputs):
        lines.append(f"  {label:6} {output.path:{width}}  {_bytes(output.size)}")
    lines += _serial(plan)
    return "\n".join(lines) + "\n"


def _serial(plan: Plan) -> list[str]:
    names = ", ".join(f"[{voice.name}]" for voice in plan.voices)
    lines = [f"  serial {plan.board.uart.path}; lines begin with {names}"]
    if not owns_uart(plan):
        lines = [f"  serial {plan.board.uart.path}; a guest's, once the first one starts"]
    hypervisor = plan.voices[0].name
    lines.append(
        f"           [{hypervisor}] Bulkhead: deployment '{plan.deployment.name}', "
        f"build {plan.hash[:16]}"
    )
    expected = plan.deployment.test.expect if plan.deployment.test else ()
    lines += [f"           {line}" for line in expected[:3]]
    return lines


def _bytes(size: int) -> str:
    """A size as people read it."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            whole = size % unit == 0
            return f"{size // unit} {name}" if whole else f"{size / unit:.1f} {name}"
    return f"{size} B"


def sizes(files: Mapping[str, Path]) -> tuple[Output, ...]:
    """Outputs for files that exist: shown name to path."""
    return tuple(Output(name, path.stat().st_size) for name, path in files.items())
