# SPDX-License-Identifier: Apache-2.0
"""Devices that master the bus. They reach all memory, whoever owns them: also where one only shares
a page with what a VM is given. A VM with identity-mapped memory is not isolated by that."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import NOWHERE, Report, Where, first_few
from gen.plan.draft import VmDevices
from gen.ranges import overlaps, pages
from gen.read.board import Board
from gen.read.deployment import Deployment, Vm


def check_masters(
    deployment: Deployment, board: Board, claimed: Sequence[VmDevices], report: Report
) -> None:
    for vm, devices in zip(deployment.vms, claimed):
        for path, via, where in _masters(vm, devices, board):
            _judge(vm, path, via, where, report)


def masters_of(vm: Vm, devices: VmDevices, board: Board) -> tuple[str, ...]:
    """By name, what of a VM's hardware reaches all memory."""
    return tuple(dict.fromkeys(path for path, _, _ in _masters(vm, devices, board)))


def _masters(vm: Vm, devices: VmDevices, board: Board) -> list[tuple[str, str, Where]]:
    """Path, in whose page it is found (empty: it was asked for itself), the line that asks."""
    found = [(c.device.path, "", c.request.where) for c in devices.claims if c.masters]
    found += [(entry.name, "", entry.where) for entry in vm.passthrough if entry.dma]
    own = {claim.device.path for claim in devices.claims}
    for window in devices.windows:
        mates = [
            device.path
            for device in board.devices
            if device.dma and not device.is_bus and device.path not in own
            if any(overlaps(pages(part), window.host) for part in device.own_reg)
        ]
        if mates:
            found.append((first_few(mates), window.owner, window.where))
    return found


def _judge(vm: Vm, path: str, owner: str, where: Where, report: Report) -> None:
    via = f" (in a page of {owner})" if owner else ""
    if vm.dma != "trusted":
        report.error(
            "dma-refused",
            where,
            f"VM {vm.name}: {path}{via} masters the bus: by DMA it reaches the memory of every VM "
            'and of the hypervisor, and dma = "refuse"; memory with map = "identical" does not '
            "isolate",
            'remove it, or accept that with dma = "trusted" and memory with map = "identical"',
        )
        return
    moved = [m for m in vm.memory if m.map == "alloc" and (m.hpa is None or m.hpa != m.gpa)]
    if moved:
        report.error(
            "dma-not-identical",
            moved[0].where,
            f'VM {vm.name}: dma = "trusted" for {path}{via} needs memory at the same guest and '
            'host address, but this memory has map = "alloc"',
            'use map = "identical"',
            where,
        )
    report.warning(
        "dma-trusted",
        where,
        f"VM {vm.name}: isolation from {path}{via} is not provided: by DMA it reaches all memory",
        "",
        vm.at("dma") if vm.at("dma") != NOWHERE else None,
    )
