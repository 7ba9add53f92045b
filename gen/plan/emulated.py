# SPDX-License-Identifier: Apache-2.0
"""Emulated devices of a VM: its interrupt controller, its UARTs, its doorbells."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report
from gen.plan.devices import pages
from gen.plan.draft import Doorbell, EmulatedUart, Span, VmDevices
from gen.plan.model import PAGE, MmioRow
from gen.plan.ranges import overlaps
from gen.read.board import Board, Range
from gen.read.deployment import Deployment, Vm

DISTRIBUTOR_SIZE = 0x1_0000  # GICv3 12.8
REDISTRIBUTOR_SIZE = 0x2_0000  # GICv3 12.10: RD_base and SGI_base frames
UART_SIZE = PAGE


def has_vgic(vm: Vm) -> bool:
    return vm.interrupts == "emulated"


def vgic_spans(vm: Vm, cpu_count: int, board: Board) -> tuple[Span, ...]:
    """Distributor and redistributors at the board's own addresses."""
    if not has_vgic(vm):
        return ()
    frames = (
        ("interrupt distributor", Range(board.gic.distributor.base, DISTRIBUTOR_SIZE)),
        (
            "interrupt redistributors",
            Range(board.gic.redistributors[0].base, REDISTRIBUTOR_SIZE * cpu_count),
        ),
    )
    return tuple(Span(part, "emulated", name, vm.where) for name, part in frames)


def emulated_uarts(
    vm: Vm, devices: VmDevices, deployment: Deployment, board: Board, report: Report
) -> tuple[EmulatedUart, ...]:
    """The default UART at the board's address, unless the VM has no defaults, owns the real one or
    names its own there; then those of `emulated`."""
    named = []
    for entry in vm.emulated:
        gpa = entry.gpa if entry.gpa is not None else board.uart.reg.base
        spi = entry.spi if entry.spi is not None else board.uart.spi
        named.append(EmulatedUart(gpa, spi, entry.where))
        if deployment.console.mode != "shared":
            report.error(
                "emulated-console",
                entry.where,
                f"VM {vm.name}: an emulated {entry.type} speaks through the console, but console = "
                f'"{deployment.console.mode}"',
                'set console = "shared" in [deployment], or remove the device',
                deployment.key_where.get("deployment.console", deployment.where),
            )
        if gpa % PAGE:
            report.error(
                "emulated-misaligned",
                entry.where,
                f"VM {vm.name}: emulated {entry.type} at gpa = {gpa:#_x} is not at a multiple of "
                "4 KiB",
                f"use gpa = {gpa - gpa % PAGE + PAGE:#_x}",
            )
    if deployment.console.mode != "shared" or not vm.defaults:
        return tuple(named)
    default = EmulatedUart(board.uart.reg.base, board.uart.spi, vm.where)
    owns = any(overlaps(pages(board.uart.reg), window.host) for window in devices.windows)
    if owns or any(uart.gpa == default.gpa for uart in named):
        return tuple(named)
    return (default, *named)


def uart_spans(uarts: Sequence[EmulatedUart]) -> tuple[Span, ...]:
    return tuple(
        Span(Range(uart.gpa, UART_SIZE), "emulated", "virtual UART", uart.where) for uart in uarts
    )


def mmio_rows(
    vm_index: int,
    gic: Sequence[Span],
    uarts: Sequence[tuple[int, EmulatedUart]],
    doorbells: Sequence[tuple[int, str, Doorbell]],
) -> tuple[MmioRow, ...]:
    """Sorted. `uarts` and `doorbells` come with their index among all of the deployment."""
    rows = [
        MmioRow(span.range.base, span.range.size, ops, "vdev/vgic.h", vm_index, span.owner)
        for span, ops in zip(gic, ("vgic_dist_ops", "vgic_redist_ops"))
    ]
    rows += [
        MmioRow(uart.gpa, UART_SIZE, "vpl011_ops", "vdev/vpl011.h", number, "virtual UART")
        for number, uart in uarts
    ]
    rows += [
        MmioRow(end.frame, PAGE, "channel_ops", "vdev/channel.h", number, f"doorbell of {name}")
        for number, name, end in doorbells
        if end.frame is not None
    ]
    return tuple(sorted(rows, key=lambda row: row.gpa))
