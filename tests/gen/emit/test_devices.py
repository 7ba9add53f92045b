# SPDX-License-Identifier: Apache-2.0
"""Emulated devices: what one entry of gen/read/device_types.py becomes in C."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import plans
import pytest
import toolchain

from gen.emit.devices import device_arrays, devices_header
from gen.emit.tables import emit
from gen.plan.emulated_devices import emulated_rows, emulated_symbols
from gen.plan.model import EmulatedDevice, Plan
from gen.plan.ports import port_rows
from gen.read import device_types
from gen.read.device_types import DeviceType
from gen.read.keys import Key, scalar

TOY = DeviceType(
    name="toy",
    doc="a */ toy",
    compatible=("test,toy",),
    size=0x2000,
    trigger="level",
    keys=(
        Key("count", scalar("int"), "", "5", "7"),
        Key("room", scalar("size"), "", '"4K"', '"64K"'),
        Key("period", scalar("time"), "", '"1s"', '"250ms"'),
        Key("loud", scalar("bool"), "", "true", "true"),
        Key("plain", scalar("bool"), "", "true"),
    ),
)
OTHER = DeviceType("other", "has nothing", ("test,other",))


@pytest.fixture(autouse=True)
def types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_types, "TYPES", (TOY, OTHER))


def toy(vm: int, gpa: int, spi: int | None) -> EmulatedDevice:
    values = tuple((device_types.c_name(key), device_types.default(key)) for key in TOY.keys)
    return EmulatedDevice(TOY, vm, gpa, None, spi, values)


def plan() -> Plan:
    devices = (toy(0, 0xA00_0000, 3), toy(1, 0xA00_0000, None))
    made = plans.two_vms()
    vms = tuple(
        replace(vm, mmio=tuple([*vm.mmio, *emulated_rows(vm.index, devices)])) for vm in made.vms
    )
    return replace(made, vms=vms, emulated=devices)


def test_defaults_are_what_the_entry_says() -> None:
    assert dict(toy(0, 0, None).options) == {
        "count": 7,
        "room": 0x1_0000,
        "period_ms": 250,
        "loud": 1,
        "plain": 0,
    }


def test_header_declares_every_type() -> None:
    text = devices_header(plan())
    for line in (
        "#define TOY_COUNT 2u",
        "#define OTHER_COUNT 0u",
        "    uint64_t period_ms;",
        "    bool loud;",
        "extern const struct toy_row toy_rows[];",
        "extern const struct vdev_ops other_ops;",
    ):
        assert line in text.splitlines()


def test_rows_count_instances_over_all_vms() -> None:
    devices = plan().emulated
    (first,), (second,) = emulated_rows(0, devices), emulated_rows(1, devices)
    assert (first.ops, first.instance, first.size) == ("toy_ops", 0, 0x2000)
    assert (second.ops, second.instance) == ("toy_ops", 1)


def test_only_used_types_have_rows() -> None:
    (text,) = device_arrays(plan())
    assert ".intid = 35," in text and ".intid = 0," in text
    assert ".period_ms = UINT64_C(0xfa)," in text and ".loud = true," in text


def test_port_rows_stand_beside_mmio_rows(tmp_path: Path) -> None:
    made = plan()
    at_port = replace(made.emulated[0], gpa=None, port=0x3F8, type=replace(TOY, ports=8))
    (row,) = port_rows(0, (at_port,))
    assert (row.base, row.size, row.ops, row.instance) == (0x3F8, 8, "toy_ops", 0)
    vms = (replace(made.vms[0], ports=(row,)), made.vms[1])
    text = emit(replace(made, vms=vms))["tables.c"]
    assert "static const struct port_row vm_left_port[] = {" in text
    assert text.count(".port_count = 1,") == 1 and text.count(".port_count = 0,") == 1
    assert toolchain.build(replace(made, vms=vms), tmp_path).exists()


def test_only_used_types_are_compiled() -> None:
    assert emulated_symbols(plan().emulated) == {"VDEV_TOY": True, "VDEV_OTHER": False}


def test_it_compiles_and_links(tmp_path: Path) -> None:
    assert "toy_rows" in emit(plan())["tables.c"]
    assert toolchain.build(plan(), tmp_path).exists()


def test_two_types_may_not_share_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_types, "TYPES", (TOY, replace(TOY, name="twin")))
    with pytest.raises(ValueError, match="twin: another type has a key count"):
        device_types.type_keys()
