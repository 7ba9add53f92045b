# SPDX-License-Identifier: Apache-2.0
"""Emulated devices of a VM: its interrupt controller, its UARTs, its doorbells."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report
from gen.plan.direct import is_direct, uart_spi
from gen.plan.draft import Doorbell, EmulatedUart, Span, VmDevices
from gen.plan.model import Mapping, MmioRow
from gen.ranges import PAGE, Range, overlaps, pages
from gen.read.board import Board
from gen.read.deployment import Deployment, Vm
from gen.read.device_types import default_uart, find_uart
from gen.read.gic import REDISTRIBUTOR_SIZE

DISTRIBUTOR_SIZE = {2: PAGE, 3: 0x1_0000}  # by GIC version: GICv2 4.1, GICv3 12.8
CPU_INTERFACE_SIZE = 0x2000  # GICv2 4.1: GICC, and GICV in its place
ALIASED_SIZE = 0x2_0000  # of one whose two pages each fill 64 KiB with aliases
GIC_OPS = {
    (2, "emulated"): (("vgic_dist_ops", "vdev/vgic.h"),),
    (2, "passthrough"): (("vgic_direct_dist_ops", "vdev/vgic_direct.h"),),
    (3, "emulated"): (("vgic_dist_ops", "vdev/vgic.h"), ("vgic_redist_ops", "vdev/vgic.h")),
    (3, "passthrough"): (
        ("vgic_direct_dist_ops", "vdev/vgic_direct.h"),
        ("vgic_direct_redist_ops", "vdev/vgic_direct.h"),
    ),
}


def has_vgic(vm: Vm) -> bool:
    return vm.interrupts != "none"


def vgic_spans(vm: Vm, cpu_count: int, board: Board) -> tuple[Span, ...]:
    """At the board's own addresses: distributor, and redistributors (GICv3) or the CPU interface
    (GICv2)."""
    if not has_vgic(vm):
        return ()
    gic = board.gic
    frames = [("interrupt distributor", Range(gic.distributor.base, DISTRIBUTOR_SIZE[gic.version]))]
    interface = cpu_interface(vm, board)
    if interface is not None:
        frames.append(("interrupt CPU interface", Range(interface.gpa, interface.size)))
    else:
        size = REDISTRIBUTOR_SIZE * cpu_count
        frames.append(("interrupt redistributors", Range(gic.redistributors[0].base, size)))
    return tuple(Span(part, "emulated", name, vm.where, False) for name, part in frames)


def cpu_interface(vm: Vm, board: Board) -> Mapping | None:
    """GICv2: where guests find the CPU interface lies the virtual one, or the real one where they
    take their interrupts themselves. Each CPU has both for itself (GICv2 5.5)."""
    guest, host = board.gic.cpu_interface, board.gic.vcpu_interface
    if board.gic.version != 2 or guest is None or host is None:
        return None
    if is_direct(vm):
        host = guest
    aliased = min(guest.size, host.size) >= ALIASED_SIZE
    size = ALIASED_SIZE if aliased else CPU_INTERFACE_SIZE
    return Mapping(guest.base, host.base, size, "device", "rw", "interrupt CPU interface")


def emulated_uarts(
    vm: Vm,
    devices: VmDevices,
    deployment: Deployment,
    board: Board,
    taken: set[int],
    report: Report,
) -> tuple[EmulatedUart, ...]:
    """The default UART at the board's address, unless the VM has no defaults, owns the real one or
    names its own there; then those of `emulated`. Their numbers are the board's own, or, where the
    VM takes its interrupts itself, not in `taken`, to which they are added."""
    named = []
    for entry in vm.emulated:
        kind = find_uart(entry.type)
        if kind is None:  # gen/plan/emulated_devices.py
            continue
        gpa = entry.gpa if entry.gpa is not None else board.uart.reg.base
        spi = entry.spi if entry.spi is not None else uart_spi(vm, board, taken)
        named.append(EmulatedUart(kind, gpa, spi, entry.where))
        if deployment.console.mode in ("log", "none"):
            report.error(
                "emulated-console",
                entry.where,
                f"VM {vm.name}: an emulated {entry.type} speaks through the console, but console = "
                f'"{deployment.console.mode}"',
                'set console = "shared" in [deployment], or remove the device',
                deployment.at("deployment.console"),
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
    owns = any(overlaps(pages(board.uart.reg), window.host) for window in devices.windows)
    owns = owns or any(overlaps(board.uart.reg, trap.host) for trap in devices.traps)
    if owns or any(uart.gpa == board.uart.reg.base for uart in named):
        return tuple(named)
    kind, spi = default_uart(board.uart.type), uart_spi(vm, board, taken)
    default = EmulatedUart(kind, board.uart.reg.base, spi, vm.where, _uart_size(board))
    return (default, *named)


def _uart_size(board: Board) -> int:
    """Of the virtual UART at the board's address: all of the page, unless other devices of the board
    are in it."""
    uart = board.uart
    others = [part for d in board.devices if d.path != uart.path for part in d.own_reg]
    shared = any(overlaps(pages(uart.reg), part) for part in others)
    return uart.reg.size if shared else PAGE


def uart_spans(uarts: Sequence[EmulatedUart]) -> tuple[Span, ...]:
    return tuple(
        Span(Range(uart.gpa, uart.size), "emulated", "virtual UART", uart.where) for uart in uarts
    )


def mmio_rows(
    vm_index: int,
    gic_kind: tuple[int, str],
    gic: Sequence[Span],
    uarts: Sequence[tuple[int, EmulatedUart]],
    doorbells: Sequence[tuple[int, str, Doorbell]],
) -> tuple[MmioRow, ...]:
    """Sorted. `gic_kind`: the GIC's version, and how interrupts reach the VM. `uarts` and
    `doorbells` come with their index among all of the deployment."""
    rows = [
        MmioRow(span.range.base, span.range.size, ops, header, vm_index, span.owner)
        for span, (ops, header) in zip(gic, GIC_OPS[gic_kind] if gic else ())
    ]
    rows += [
        MmioRow(uart.gpa, uart.size, f"v{name}_ops", f"vdev/v{name}.h", number, "virtual UART")
        for number, uart in uarts
        for name in [uart.kind.name]
    ]
    rows += [
        MmioRow(end.frame, PAGE, "channel_ops", "vdev/channel.h", number, f"doorbell of {name}")
        for number, name, end in doorbells
        if end.frame is not None
    ]
    return tuple(sorted(rows, key=lambda row: row.gpa))
