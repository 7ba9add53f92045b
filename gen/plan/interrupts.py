# SPDX-License-Identifier: Apache-2.0
"""Shared peripheral interrupts: each physical one has one owner, each guest number one source."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report, Where
from gen.plan.draft import Doorbell, EmulatedUart, SpiClaim, VmDevices
from gen.plan.emulated import has_vgic
from gen.plan.model import EmulatedDevice, Irq
from gen.plan.sharing import console_is_ours
from gen.ranges import align_up
from gen.read.board import Board
from gen.read.deployment import Channel, Deployment, Vm
from gen.read.gic import SPI_COUNT, spi_text

POLLED = "irq = [] in its [[vm.device]], for a driver that polls; or a device with an interrupt of its own"


def check_physical(
    deployment: Deployment, board: Board, devices: Sequence[VmDevices], report: Report
) -> None:
    """Every physical SPI goes to one place."""
    owner: dict[int, tuple[Vm, SpiClaim]] = {}
    for vm, mine in zip(deployment.vms, devices):
        for claim in mine.irqs:
            name = f"{claim.owner} of VM {vm.name}"
            if claim.owner == board.uart.path and console_is_ours(deployment):
                continue  # judged as a whole: devices.py
            if claim.spi == board.uart.spi and console_is_ours(deployment):
                report.error(
                    "irq-console",
                    claim.where,
                    f"{name}: {spi_text(claim.spi)} is the interrupt of the console's UART "
                    f"{board.uart.path}",
                    f'set console = "none" in [deployment], or {POLLED}',
                )
            elif claim.spi in owner:
                other_vm, other = owner[claim.spi]
                if other_vm is vm and claim.guest_spi == other.guest_spi:
                    continue  # one line of several devices, all its own
                if other.owner == claim.owner and claim.owner.startswith("/"):
                    continue  # one device with two owners: devices.py
                report.error(
                    "irq-owned-twice",
                    claim.where,
                    f"{spi_text(claim.spi)} is given to {name} and to {other.owner} of VM "
                    f"{other_vm.name}",
                    f"remove it from one of the two: {POLLED}",
                    other.where,
                )
            else:
                owner[claim.spi] = (vm, claim)


def guest_numbers(
    vm: Vm,
    devices: VmDevices,
    uarts: Sequence[EmulatedUart],
    emulated: Sequence[EmulatedDevice],
    report: Report,
) -> set[int]:
    """The guest SPIs in use before doorbells get theirs; clashes are errors."""
    users: dict[int, tuple[str, Where]] = {}
    lines = {(c.spi, c.guest_spi): c for c in reversed(devices.irqs)}
    asked = [(c.guest_spi, c.owner, c.where) for c in reversed(lines.values())]
    asked += [(d.spi, d.type.name, d.where) for d in emulated if d.spi is not None]
    given = [(uart.spi, "virtual UART", uart.where) for uart in uarts]
    for spi, owner, where in asked + given:
        _claim_guest(vm, spi, owner, where, users, report)
    if asked and not has_vgic(vm):
        _, owner, where = asked[0]
        report.error(
            "irq-no-controller",
            where,
            f"VM {vm.name}: {owner} has interrupts, but interrupts = "
            f'"{vm.interrupts}" gives the VM no interrupt controller',
            'use interrupts = "emulated"',
            vm.at("interrupts"),
        )
    return set(users)


def check_doorbells(
    vm: Vm,
    channels: Sequence[Channel],
    doorbells: Sequence[Doorbell],
    used: set[int],
    report: Report,
) -> None:
    users = {spi: ("another device", vm.where) for spi in used}
    for end in doorbells:
        if end.spi is not None:
            owner = f"doorbell of channel {channels[end.channel].name}"
            _claim_guest(vm, end.spi, owner, end.where, users, report)


def _claim_guest(
    vm: Vm,
    spi: int,
    owner: str,
    where: Where,
    users: dict[int, tuple[str, Where]],
    report: Report,
) -> None:
    free = next(n for n in range(SPI_COUNT) if n not in users)
    if spi in users:
        report.error(
            "irq-guest-clash",
            where,
            f"VM {vm.name}: {owner} and {users[spi][0]} both use guest {spi_text(spi)}",
            f"use guest_spi = {free} (spi = {free} for an emulated device)",
            users[spi][1],
        )
    else:
        users[spi] = (owner, where)


def planned_irqs(vm_index: int, devices: VmDevices) -> tuple[Irq, ...]:
    lines: dict[int, Irq] = {}
    for claim in devices.irqs:
        before = lines.get(claim.spi)
        owner = f"{before.owner} + {claim.owner}" if before is not None else claim.owner
        lines[claim.spi] = Irq(claim.spi, claim.guest_spi, vm_index, claim.trigger, owner)
    return tuple(sorted(lines.values(), key=lambda irq: irq.guest_spi))


def spi_count(numbers: Sequence[int]) -> int:
    """GICD_TYPER.ITLinesNumber counts in steps of 32; every VM has at least 32."""
    return align_up(max((*numbers, 0)) + 1, 32)
