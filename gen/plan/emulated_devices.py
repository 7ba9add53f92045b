# SPDX-License-Identifier: Apache-2.0
"""Emulated devices of the types in gen/read/device_types.py: their place, their rows, their nodes in
the guest's device tree. Nothing here knows a type."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report
from gen.plan.draft import Span
from gen.plan.model import EmulatedDevice, MmioRow
from gen.plan.tree_write import cells, reg, strings
from gen.ranges import PAGE, Range, align_up
from gen.read import device_types
from gen.read.deployment import Emulated, Vm
from gen.read.fdt import Node
from gen.read.gic import spi_cells

HEADER = "devices.h"  # generated: declares the operations and rows of all types


def emulated_devices(vm_index: int, vm: Vm, report: Report) -> tuple[EmulatedDevice, ...]:
    found = []
    for entry in vm.emulated:
        kind = device_types.find(entry.type)
        if kind is None:  # a UART: gen/plan/emulated.py
            continue
        if entry.gpa is not None and entry.gpa % PAGE:
            report.error(
                "emulated-misaligned",
                entry.where,
                f"VM {vm.name}: emulated {entry.type} at gpa = {entry.gpa:#_x} is not at a multiple "
                "of 4 KiB",
                f"use gpa = {align_up(entry.gpa, PAGE):#_x}",
            )
        place = (entry.gpa, entry.port, entry.spi)
        found.append(EmulatedDevice(kind, vm_index, *place, _options(entry), entry.where))
    return tuple(found)


def _options(entry: Emulated) -> tuple[tuple[str, int], ...]:
    kind = device_types.find(entry.type)
    assert kind is not None
    return tuple(
        (device_types.c_name(key), entry.options.get(key.name, device_types.default(key)))
        for key in kind.keys
    )


def emulated_spans(devices: Sequence[EmulatedDevice]) -> tuple[Span, ...]:
    return tuple(
        Span(Range(device.gpa, device.type.size), "emulated", device.type.name, device.where)
        for device in devices
        if device.gpa is not None
    )


def numbered(devices: Sequence[EmulatedDevice]) -> list[tuple[int, EmulatedDevice]]:
    """Each of the deployment's devices with its instance: its number among those of its type."""
    counts: dict[str, int] = {}
    found = []
    for device in devices:
        instance = counts.get(device.type.name, 0)
        counts[device.type.name] = instance + 1
        found.append((instance, device))
    return found


def emulated_rows(vm_index: int, devices: Sequence[EmulatedDevice]) -> tuple[MmioRow, ...]:
    """The rows of one VM; `devices` are all of the deployment."""
    rows = []
    for instance, device in numbered(devices):
        name, size = device.type.name, device.type.size
        if device.vm == vm_index and device.gpa is not None:
            rows.append(MmioRow(device.gpa, size, f"{name}_ops", HEADER, instance, name))
    return tuple(rows)


def emulated_symbols(devices: Sequence[EmulatedDevice]) -> dict[str, bool]:
    """Kconfig symbols: a type's code is in the image where a VM has such a device."""
    used = {device.type.name for device in devices}
    return {kind.symbol: kind.name in used for kind in device_types.TYPES}


def in_memory(devices: Sequence[EmulatedDevice]) -> tuple[EmulatedDevice, ...]:
    """Those that a device tree can tell: it knows no I/O ports."""
    return tuple(device for device in devices if device.gpa is not None)


def emulated_node(device: EmulatedDevice, has_gic: bool) -> Node:
    """Of a device in memory."""
    gpa = device.gpa or 0
    properties = {
        "compatible": strings(*device.type.compatible),
        "reg": reg(Range(gpa, device.type.size)),
    }
    if device.spi is not None and device.type.trigger is not None and has_gic:
        properties["interrupts"] = cells(*spi_cells(device.spi, device.type.trigger))
    return Node(f"{device.type.name}@{gpa:x}", None, properties)
