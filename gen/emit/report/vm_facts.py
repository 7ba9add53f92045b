# SPDX-License-Identifier: Apache-2.0
"""What one VM has: CPUs, memory, devices, interrupts, images, dispatch tables, policies."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from gen.plan.model import Image, Irq, MmioRow, Plan, PlannedVm
from gen.read.gic import ppi_intid, spi_intid

Json = dict[str, Any]
# Class of an interrupt: how it gets to the guest.
DIRECT = "direct"  # acknowledged and ended by the guest itself, without an exit
LINKED = "hardware-linked"  # taken by the hypervisor, ended by the guest without an exit
EMULATED = "emulated"  # there is no wire: raised by the hypervisor
_WITHOUT_WIRE = "an emulated device"  # gen/plan/direct.py


def vm_facts(plan: Plan, vm: PlannedVm, base: Path, sysregs: int) -> Json:
    """`base`: the deployment's folder; `sysregs`: which set of system registers it has."""
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
        "guest": _guest(vm, base),
        "bootargs": wish.bootargs,
        "entry": f"{vm.entry_gpa:#x}",
        "device_tree": None if vm.dtb_gpa is None else f"{vm.dtb_gpa:#x}",
        "map": _guest_map(plan, vm),
        "images": [_image(image, base) for image in vm.images],
        "interrupts": {
            "mode": wish.interrupts,
            "spi_count": vm.spi_count,
            "software": list(vm.software_spis),
            "hardware": [irq(one) for one in vm.irqs],
            "routes": _routes(plan, vm),
        },
        "dispatch": {
            "mmio": [_mmio(row) for row in vm.mmio],
            "ports": [
                {"base": f"{p.base:#x}", "size": p.size, "ops": p.ops, "owner": p.owner}
                for p in vm.ports
            ],
            "sysregs": sysregs,
        },
        "devices": _devices(plan, vm),
        "features": list(wish.features),
        "counter": wish.counter,
        "stage2": {
            "vmid": vm.stage2.vmid,
            "ipa_bits": vm.stage2.ipa_bits,
            "start_level": vm.stage2.start_level,
            "tables": len(vm.stage2.tables),
        },
        "policy": _policy(plan, vm),
    }


def _policy(plan: Plan, vm: PlannedVm) -> Json:
    wish = vm.vm
    return {
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
        "firmware": _firmware(plan, vm),
        "console_control": wish.console_control,
        "controlled_by": [v.vm.name for v in plan.vms if wish.name in v.vm.controls],
    }


def _firmware(plan: Plan, vm: PlannedVm) -> list[str]:
    """What the VM may change by calls of firmware, and for which device."""
    return [
        f"{grant.kind} {grant.first} of {grant.owner}"
        for eemi in plan.eemis
        for grant in eemi.grants
        if eemi.vm == vm.index and grant.owned
    ]


def _guest(vm: PlannedVm, base: Path) -> Json:
    wish = vm.vm
    if wish.unikernel is not None:
        return {"kind": "unikernel", "source": relative(wish.unikernel, base)}
    source = relative(wish.kernel.image, base) if wish.kernel is not None else None
    return {"kind": "image", "source": source}


def _guest_map(plan: Plan, vm: PlannedVm) -> list[Json]:
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
        | _behind(plan, row)
        for row in vm.mmio
    ]
    rows = sorted(mapped + emulated, key=lambda row: int(row["gpa"]))
    return [{**row, "gpa": f"{row['gpa']:#x}"} for row in rows]


def _behind(plan: Plan, row: MmioRow) -> Json:
    """The hardware that trapped registers lead to, as far as it is granted."""
    if not row.ops.startswith("trapped"):
        return {}
    trap = plan.trapped[row.instance]
    access = ("r" if trap.read_mask else "") + ("w" if trap.write_mask else "")
    return {"hpa": f"{trap.hpa:#x}", "access": access} if access else {"access": ""}


def _mmio(row: MmioRow) -> Json:
    return {
        "base": f"{row.gpa:#x}",
        "size": row.size,
        "ops": row.ops,
        "instance": row.instance,
        "owner": row.owner,
    }


def _image(image: Image, base: Path) -> Json:
    return {
        "name": image.name,
        "gpa": f"{image.gpa:#x}",
        "hpa": f"{image.hpa:#x}",
        "size": len(image.data),
        "placed": "in place" if image.in_place else "packed, copied at start",
        "sha256": hashlib.sha256(image.data).hexdigest(),
        "source": relative(image.source, base),
    }


def irq(one: Irq) -> Json:
    return {
        "spi": one.spi,
        "intid": spi_intid(one.spi),
        "guest_spi": one.guest_spi,
        "guest_intid": spi_intid(one.guest_spi),
        "trigger": one.trigger,
        "owner": one.owner,
    }


def _routes(plan: Plan, vm: PlannedVm) -> list[Json]:
    """Every interrupt that the guest can get, by the guest's number, with its class."""
    mode = vm.vm.interrupts
    if mode == "none":
        return []
    physical = DIRECT if mode == "passthrough" else LINKED
    rows = [
        _route(physical, ppi_intid(ppi), ppi_intid(ppi), "level", f"{name} timer")
        for name, ppi in plan.board.timer_ppi.items()
        if name in ("virtual", "physical")
    ]
    sources = dict(_software_sources(plan, vm))
    for one in vm.irqs:
        owner = sources.get(one.guest_spi) if one.owner == _WITHOUT_WIRE else None
        guest, host = spi_intid(one.guest_spi), spi_intid(one.spi)
        rows.append(_route(physical, guest, host, one.trigger, owner or one.owner))
    rows += [
        _route(EMULATED, spi_intid(spi), None, None, sources.get(spi, _WITHOUT_WIRE))
        for spi in vm.software_spis
    ]
    rows.append(_route(EMULATED, 0, None, "edge", "SGIs 0 to 15: calls between the VM's own CPUs"))
    return sorted(rows, key=lambda row: int(row["guest_intid"]))


def _route(kind: str, guest: int, host: int | None, trigger: str | None, owner: str) -> Json:
    return {
        "class": kind,
        "guest_intid": guest,
        "host_intid": host,
        "trigger": trigger,
        "owner": owner,
    }


def _software_sources(plan: Plan, vm: PlannedVm) -> list[tuple[int, str]]:
    """Guest SPIs that the hypervisor raises, and for what."""
    found = [(one.spi, "virtual UART") for one in plan.vuarts if one.vm == vm.index]
    for channel in plan.channels:
        found += [
            (peer.spi, f"doorbell of channel {channel.name}")
            for peer in channel.peers
            if peer.vm == vm.index and peer.spi is not None
        ]
    for device in plan.emulated:
        if device.vm == vm.index and device.spi is not None:
            found.append((device.spi, device.type.name))
    for dog in plan.watchdogs:
        if dog.vm == vm.index and dog.spi is not None:
            found.append((dog.spi, "watchdog"))
    for monitor in plan.monitors:
        if monitor.vm == vm.index and monitor.spi is not None:
            found.append((monitor.spi, "news of the VMs that it controls"))
    return found


def _devices(plan: Plan, vm: PlannedVm) -> list[Json]:
    """The board's hardware that was asked for, and what else masters the bus through it."""
    rows: list[Json] = []
    known = {name: d for d in plan.board.devices for name in (d.path, *d.aliases)}
    for request in vm.vm.devices:
        device = known.get(request.path)
        path = device.path if device is not None else request.path
        masters = path in vm.masters
        rows.append({"path": path, "access": request.access, "masters": masters})
    rows += [
        {"path": entry.name, "access": "direct", "masters": entry.name in vm.masters}
        for entry in vm.vm.passthrough
    ]
    named = {row["path"] for row in rows}
    rows += [
        {"path": path, "access": "by a shared page", "masters": True}
        for path in vm.masters
        if path not in named
    ]
    return rows


def relative(path: Path, base: Path) -> str:
    return os.path.relpath(path, base) if path.is_absolute() else str(path)
