# SPDX-License-Identifier: Apache-2.0
"""Emulated devices of the types in gen/read/device_types.py: their place, their rows, their nodes in
the guest's device tree. Nothing here knows a type."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report
from gen.plan.draft import Span
from gen.plan.model import PAGE, EmulatedDevice, MmioRow
from gen.plan.ranges import align_up
from gen.plan.tree_write import cells, reg, strings
from gen.read import device_types
from gen.read.board import Range
from gen.read.deployment import Emulated, Vm
from gen.read.fdt import Node

HEADER = "devices.h"  # generated: declares the operations and rows of all types


def emulated_devices(vm_index: int, vm: Vm, report: Report) -> tuple[EmulatedDevice, ...]:
    found = []
    for entry in vm.emulated:
        kind = device_types.find(entry.type)
        if kind is None or entry.gpa is None:  # a UART: gen/plan/emulated.py
            continue
        if entry.gpa % PAGE:
            report.error(
                "emulated-misaligned",
                entry.where,
                f"VM {vm.name}: emulated {entry.type} at gpa = {entry.gpa:#_x} is not at a multiple "
                "of 4 KiB",
                f"use gpa = {align_up(entry.gpa, PAGE):#_x}",
            )
        found.append(
            EmulatedDevice(kind, vm_index, entry.gpa, entry.spi, _options(entry), entry.where)
        )
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
    )


def emulated_rows(vm_index: int, devices: Sequence[EmulatedDevice]) -> tuple[MmioRow, ...]:
    """The rows of one VM; `devices` are all of the deployment."""
    counts: dict[str, int] = {}
    rows = []
    for device in devices:
        name = device.type.name
        instance = counts.get(name, 0)
        counts[name] = instance + 1
        if device.vm == vm_index:
            rows.append(
                MmioRow(device.gpa, device.type.size, f"{name}_ops", HEADER, instance, name)
            )
    return tuple(rows)


def emulated_symbols(devices: Sequence[EmulatedDevice]) -> dict[str, bool]:
    """Kconfig symbols: a type's code is in the image where a VM has such a device."""
    used = {device.type.name for device in devices}
    return {kind.symbol: kind.name in used for kind in device_types.TYPES}


def emulated_node(device: EmulatedDevice, has_gic: bool) -> Node:
    properties = {
        "compatible": strings(*device.type.compatible),
        "reg": reg(Range(device.gpa, device.type.size)),
    }
    if device.spi is not None and device.type.trigger is not None and has_gic:
        properties["interrupts"] = cells(0, device.spi, 1 if device.type.trigger == "edge" else 4)
    return Node(f"{device.type.name}@{device.gpa:x}", None, properties)
