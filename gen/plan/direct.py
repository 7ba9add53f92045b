# SPDX-License-Identifier: Apache-2.0
"""VMs that take their interrupts themselves (interrupts = "passthrough"): they acknowledge physical
INTIDs, so every SPI has the same number inside and outside, and what has no wire of its own
(emulated devices, doorbells, the hypervisor's calls to such a CPU) needs an SPI that no device of
the board has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from gen.diagnostics import Report, Where
from gen.plan.channels import board_spis, first_free
from gen.plan.draft import VmDevices
from gen.plan.model import Irq, Pcpu, PlannedVm, Vcpu
from gen.read.board import Board
from gen.read.deployment import Deployment, Vm
from gen.read.gic import spi_text


def is_direct(vm: Vm) -> bool:
    return vm.interrupts == "passthrough"


def uart_spi(vm: Vm, board: Board, taken: set[int]) -> int:
    """The number of a virtual UART that the deployment gives none."""
    return take_spare(taken) if is_direct(vm) else board.uart.spi


def take_spare(taken: set[int]) -> int:
    """The lowest: SPIs are implemented from 0 on, and the hypervisor refuses a GIC with fewer than
    the plan uses."""
    spi = first_free(taken)
    taken.add(spi)
    return spi


def taken_spis(deployment: Deployment, board: Board, devices: Sequence[VmDevices]) -> set[int]:
    """SPIs that no VM may use for what has no wire, unless the deployment names them for it."""
    taken = board_spis(board) | {claim.spi for mine in devices for claim in mine.irqs}
    return taken | {spi for spi, _, _, _ in _asked(deployment)}


def _asked(deployment: Deployment) -> list[tuple[int, Vm, str, Where]]:
    """Numbers that the deployment gives to what has no wire, of all such VMs."""
    vms = {vm.name: vm for vm in deployment.vms if is_direct(vm)}
    asked = [
        (entry.spi, vm, f"the emulated {entry.type}", entry.where)
        for vm in vms.values()
        for entry in vm.emulated
        if entry.spi is not None
    ]
    asked += [
        (peer.spi, vms[peer.vm], f"the doorbell of channel {channel.name}", peer.where)
        for channel in deployment.channels
        for peer in channel.peers
        if peer.spi is not None and peer.vm in vms
    ]
    return asked


def check_direct(
    deployment: Deployment, board: Board, devices: Sequence[VmDevices], report: Report
) -> None:
    """Whether the board can do it, and the numbers agree."""
    _check_console(deployment, board, report)
    for vm, mine in zip(deployment.vms, devices):
        if is_direct(vm):
            _check_board(vm, board, deployment, report)
            _check_same(vm, mine, report)
    taken = board_spis(board) | {claim.spi for mine in devices for claim in mine.irqs}
    spare = first_free(taken | {spi for spi, _, _, _ in _asked(deployment)})
    for spi, vm, what, where in _asked(deployment):
        if spi in taken:
            report.error(
                "irq-software-taken",
                where,
                f"VM {vm.name}: {spi_text(spi)} for {what} belongs to a device "
                'of the board or to another VM; with interrupts = "passthrough" it must be one that '
                "nothing else has",
                f"leave spi out, or use spi = {spare}",
                vm.at("interrupts"),
            )
        taken.add(spi)


def holds_interface(vm: Vm, board: Board) -> bool:
    """Whether a VM's CPUs take no interrupt of the hypervisor's while they run it: the whole CPU
    interface of a GICv2 is the guest's."""
    return is_direct(vm) and board.gic.version == 2


def _check_board(vm: Vm, board: Board, deployment: Deployment, report: Report) -> None:
    if board.gic.version == 3 and board.gic.security_states != 1:
        report.error(
            "interrupts-board",
            vm.at("interrupts"),
            f'VM {vm.name}: interrupts = "passthrough", but board {board.name} has a GIC with two '
            "security states (GICD_CTLR.DS = 0): the hypervisor could not interrupt the VM to stop "
            "or restart it",
            'use interrupts = "emulated"',
        )
    elif holds_interface(vm, board) and vm.stop != "next-exit":
        for reason, where in _reasons_to_stop(vm, deployment):
            report.error(
                "stop-now",
                where,
                f'VM {vm.name}: {reason}, but with interrupts = "passthrough" on board {board.name} '
                f"(GICv{board.gic.version}) the hypervisor can't interrupt it: it would stop at its "
                "next exit",
                'write stop = "next-exit" if that will do, else interrupts = "emulated"',
                vm.at("interrupts"),
            )
            break


def _reasons_to_stop(vm: Vm, deployment: Deployment) -> list[tuple[str, Where]]:
    """Why another CPU may have to stop a VM. What a single vCPU does itself is an exit."""
    reasons = []
    if vm.watchdog_ms is not None:
        reasons.append(("its watchdog shall stop it", vm.at("watchdog")))
    for other in deployment.vms:
        if vm.name in other.controls:
            reasons.append((f"VM {other.name} controls it", other.at("controls")))
    if vm.console_control:
        reasons.append(("the console may stop it", vm.at("console_control")))
    if len(vm.cpus) > 1:
        reasons.append(("when one of its vCPUs ends the VM, the others must stop", vm.at("cpus")))
    return reasons


def _check_console(deployment: Deployment, board: Board, report: Report) -> None:
    """Somebody must take the interrupt of the console's UART."""
    if deployment.console.mode == "none" or not all(
        holds_interface(vm, board) for vm in deployment.vms
    ):
        return
    boot = {0, board.cpus[0].name}
    if not any(boot & set(vm.cpus) for vm in deployment.vms):
        return  # it is the hypervisor's alone
    vm = deployment.vms[0]
    report.error(
        "console-no-cpu",
        vm.at("interrupts"),
        f'every VM has interrupts = "passthrough", and board {board.name} has a GICv2: no CPU could '
        f"take the interrupt of the console's UART {board.uart.path}",
        'set console = "none" in [deployment], use interrupts = "emulated" for one VM, or leave CPU 0 '
        "to the hypervisor",
        deployment.at("deployment.console"),
    )


def _check_same(vm: Vm, devices: VmDevices, report: Report) -> None:
    for claim in devices.irqs:
        if claim.guest_spi != claim.spi:
            report.error(
                "irq-renumbered",
                claim.where,
                f"VM {vm.name}: guest_spi = {claim.guest_spi} for SPI {claim.spi} of {claim.owner}, "
                'but with interrupts = "passthrough" the guest sees the physical number',
                "remove guest_spi",
                vm.at("interrupts"),
            )


def direct_irqs(vm_index: int, devices: Sequence[Irq], software: Sequence[int]) -> tuple[Irq, ...]:
    """All SPIs of such a VM are physical ones; those without a wire are edges."""
    others = [Irq(spi, spi, vm_index, "edge", "an emulated device") for spi in software]
    return tuple(sorted((*devices, *others), key=lambda irq: irq.guest_spi))


def with_calls(
    pcpus: Sequence[Pcpu], vcpus: Sequence[Vcpu], vms: Sequence[PlannedVm], board: Board
) -> tuple[Pcpu, ...]:
    """Each CPU of such a VM gets the SPI by which the others call the hypervisor there."""
    taken = board_spis(board) | {irq.spi for vm in vms for irq in vm.irqs}
    return tuple(
        (
            replace(pcpu, ipi_spi=take_spare(taken))
            if pcpu.vcpu is not None and is_direct(vms[vcpus[pcpu.vcpu].vm].vm)
            else pcpu
        )
        for pcpu in pcpus
    )
