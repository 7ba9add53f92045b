# SPDX-License-Identifier: Apache-2.0
"""I/O ports: an address space of their own, which only some architectures have."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report
from gen.plan.emulated_devices import numbered
from gen.plan.model import EmulatedDevice, PortRow
from gen.read.board import Board
from gen.read.deployment import Vm

LIMIT = 0x1_0000  # Intel SDM volume 1, 19.3


def check_ports(vm: Vm, emulated: Sequence[EmulatedDevice], board: Board, report: Report) -> None:
    """Ports where there are some, inside the space, no two at one place."""
    if not board.has_ports:
        _refuse(vm, emulated, board, report)
        return
    for part in vm.ports:
        report.error(
            "ports-direct",
            part.where,
            f"VM {vm.name}: {part.name}: this version gives no VM the board's own I/O ports",
            "remove it",
        )
    with_port = [device for device in emulated if device.port is not None]
    for number, device in enumerate(with_port):
        own = range(device.port or 0, (device.port or 0) + device.type.ports)
        if own.stop > LIMIT:
            report.error(
                "ports-overlap",
                device.where,
                f"VM {vm.name}: {device.type.name} takes the I/O ports {_text(own)}, the last one is "
                f"{LIMIT - 1:#x}",
                f"use port = {LIMIT - device.type.ports:#x} at most",
            )
        for other in with_port[:number]:
            taken = range(other.port or 0, (other.port or 0) + other.type.ports)
            if own.start < taken.stop and taken.start < own.stop:
                report.error(
                    "ports-overlap",
                    device.where,
                    f"VM {vm.name}: {device.type.name} at the I/O ports {_text(own)} overlaps "
                    f"{other.type.name} at {_text(taken)}",
                    f"use port = {taken.stop:#x}",
                    other.where,
                )


def _refuse(vm: Vm, emulated: Sequence[EmulatedDevice], board: Board, report: Report) -> None:
    why = f"the architecture of {board.name}, {board.arch}, has no I/O ports"
    for part in vm.ports:
        report.error(
            "ports-none",
            part.where,
            f"VM {vm.name}: {part.name} asks for I/O ports {part.base:#x} to "
            f"{part.base + part.size - 1:#x}, but {why}",
            "give gpa and size in place of ports",
        )
    for device in emulated:
        if device.port is not None:
            report.error(
                "ports-none",
                device.where,
                f"VM {vm.name}: emulated {device.type.name} asks for I/O port {device.port:#x}, "
                f"but {why}",
                "give gpa in place of port",
            )


def _text(ports: range) -> str:
    return f"{ports.start:#x} to {ports.stop - 1:#x}"


def port_rows(vm_index: int, devices: Sequence[EmulatedDevice]) -> tuple[PortRow, ...]:
    """Sorted; of one VM. `devices` are all of the deployment."""
    rows = [
        PortRow(
            device.port, device.type.ports, f"{device.type.name}_ops", instance, device.type.name
        )
        for instance, device in numbered(devices)
        if device.vm == vm_index and device.port is not None
    ]
    return tuple(sorted(rows, key=lambda row: row.base))
