# SPDX-License-Identifier: Apache-2.0
"""Pages of devices: which two owners would meet in one, and what else is in a page that a VM gets."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report, first_few
from gen.plan.draft import Trap, VmDevices
from gen.plan.passthrough import Window
from gen.ranges import Range, address_text, overlaps, pages, range_text
from gen.read.board import Board
from gen.read.deployment import Deployment, Vm


def console_is_ours(deployment: Deployment) -> bool:
    return deployment.console.mode in ("shared", "log")


def check_sharing(
    deployment: Deployment, board: Board, claimed: Sequence[VmDevices], report: Report
) -> None:
    for vm, devices in zip(deployment.vms, claimed):
        _check_console(vm, devices, deployment, board, report)
        for note in page_mates(vm, devices, board):
            report.warning("device-page-mates", vm.at("devices"), f"VM {vm.name}: {note}")
    seen: list[tuple[Vm, Window]] = []
    traps: list[tuple[Vm, Trap]] = []
    for vm, devices in zip(deployment.vms, claimed):
        for window in devices.windows:
            for other_vm, other in seen:
                if other_vm is not vm and overlaps(window.host, other.host):
                    _report_shared(vm, window, other_vm, other, report)
        seen += [(vm, window) for window in devices.windows]
        traps += [(vm, trap) for trap in devices.traps if trap.widths]
    for vm, trap in traps:
        for other_vm, window in seen:
            if other_vm is not vm and overlaps(pages(trap.host), window.host):
                part = Window(trap.gpa, pages(trap.host).base, 0, trap.owner, "rw", trap.where)
                _report_shared(vm, part, other_vm, window, report)
                break


def page_mates(vm: Vm, devices: VmDevices, board: Board) -> tuple[str, ...]:
    """Devices that nobody granted to a VM and that it reaches, because they are in a page with
    something that it was granted."""
    asked = [part for claim in devices.claims for part in claim.device.own_reg]
    asked += [Range(p.gpa if p.hpa is None else p.hpa, p.size) for p in vm.passthrough]
    others = [
        (device.path, part)
        for device in board.devices
        if not device.is_bus and device.path != board.uart.path
        for part in device.own_reg
        if not any(overlaps(part, mine) for mine in asked)
    ]
    notes = []
    for window in devices.windows:
        mates = [path for path, part in others if overlaps(pages(part), window.host)]
        if mates:
            notes.append(
                f"{window.owner} shares its pages with {first_few(mates)}: the VM reaches all"
            )
    return tuple(dict.fromkeys(notes))


def _check_console(
    vm: Vm, devices: VmDevices, deployment: Deployment, board: Board, report: Report
) -> None:
    if not console_is_ours(deployment):
        return
    uart = board.uart.reg
    reached = [(w.owner, w.where) for w in devices.windows if overlaps(pages(uart), w.host)]
    traps = [trap for trap in devices.traps if trap.widths]
    reached += [(trap.owner, trap.where) for trap in traps if overlaps(uart, trap.host)]
    for owner, where in dict.fromkeys(reached):
        report.error(
            "console-uart",
            where,
            f"VM {vm.name}: {owner} reaches the page of {board.uart.path} "
            f"({range_text(uart)}), which the console "
            f'(console = "{deployment.console.mode}") uses',
            'set console = "none" in [deployment], or leave the UART to the console (a device '
            'that is only in the same page can be had with access = "trap")',
            deployment.at("deployment.console"),
        )


def _report_shared(vm: Vm, window: Window, other_vm: Vm, other: Window, report: Report) -> None:
    if window.owner == other.owner and window.owner.startswith("/"):
        report.error(
            "device-shared",
            window.where,
            f"{window.owner} is given to VM {other_vm.name} and to VM {vm.name}: a device has one "
            "owner",
            'remove it from one of the two, or share it with access = "trap" in both',
            other.where,
        )
        return
    page = max(window.hpa, other.hpa)
    report.error(
        "device-page-shared",
        window.where,
        f"{window.owner} of VM {vm.name} and {other.owner} of VM {other_vm.name} are in one 4 KiB "
        f"page (host address {address_text(page)}): each VM could reach the other's device",
        'give both to one VM, or use access = "trap" for both',
        other.where,
    )
