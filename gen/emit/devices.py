# SPDX-License-Identifier: Apache-2.0
"""devices.h and the rows of emulated devices, from gen/read/device_types.py: what a device's C file
needs is declared from the same entry that the deployment file is checked by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gen.emit import c
from gen.emit.c import Members
from gen.plan.model import EmulatedDevice, Plan
from gen.read import device_types
from gen.read.device_types import DeviceType


def devices_header(plan: Plan) -> str:
    return header_text({kind.name: len(_of(plan, kind)) for kind in device_types.TYPES})


def header_text(counts: Mapping[str, int]) -> str:
    """`counts`: devices of each type, by name. Every type is there, used or not, so that its C file
    compiles."""
    lines = ["/* SPDX-License-Identifier: Apache-2.0 */", c.NOTICE]
    lines += ["#ifndef DEVICES_H", "#define DEVICES_H", "", '#include "vdev/vdev.h"', ""]
    for kind in device_types.TYPES:
        lines += _declarations(kind, counts[kind.name])
    lines += ["#endif", ""]
    return "\n".join(lines)


def _declarations(kind: DeviceType, count: int) -> list[str]:
    name = kind.name
    members = [f"    {device_types.c_type(key)} {device_types.c_name(key)};" for key in kind.keys]
    return [
        f"/* {name}: {c.comment_text(kind.doc)}; instance: index into {name}_rows */",
        f"#define {name.upper()}_COUNT {count}u",
        f"struct {name}_row {{",
        "    uint16_t vm;",
        "    uint16_t intid; /* guest INTID of its interrupt, 0: none */",
        *members,
        "};",
        f"extern const struct {name}_row {name}_rows[];",
        f"extern const struct vdev_ops {name}_ops;",
        "",
    ]


def device_arrays(plan: Plan) -> list[str]:
    """The rows of every type that a VM has."""
    parts = []
    for kind in device_types.TYPES:
        devices = _of(plan, kind)
        if devices:
            symbol = f"{kind.name}_rows"
            rows = [c.row(_members(device)) for device in devices]
            head = f"const struct {kind.name}_row {symbol}[]"
            parts.append(c.array(head, rows, symbol, f"{kind.name.upper()}_COUNT"))
    return parts


def _of(plan: Plan, kind: DeviceType) -> Sequence[EmulatedDevice]:
    return [device for device in plan.emulated if device.type.name == kind.name]


def _members(device: EmulatedDevice) -> Members:
    kinds = {device_types.c_name(key): device_types.c_type(key) for key in device.type.keys}
    members = [
        ("vm", str(device.vm)),
        ("intid", c.intid(device.spi)),
    ]
    for name, value in device.options:
        members.append((name, c.boolean(bool(value)) if kinds[name] == "bool" else c.u64(value)))
    return members
