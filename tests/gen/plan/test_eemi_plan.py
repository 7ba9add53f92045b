# SPDX-License-Identifier: Apache-2.0
"""What a VM may name in calls of Zynq UltraScale+ firmware follows from its devices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from world import plan_text

from gen.diagnostics import Report
from gen.plan.model import EemiGrant, Plan
from gen.read.fdt import Tree, parse

Planner = Callable[..., Plan]
HEAD = 'schema = 1\n[deployment]\nname = "firmware"\nboard = "zcu102"\n'
UART1 = 'devices = ["serial1"]\nfirmware = ["zynqmp-eemi"]'
ROOTS = [("clock", 0, 9), ("clock", 76, 100), ("clock", 112, 205)]


def text(*vms: str) -> str:
    """A VM a text."""
    own = 'cpus = [{0}]\nmemory = [{{ gpa = 0x{1}000_0000, size = "16M", map = "identical" }}]\n'
    heads = (f'[[vm]]\nname = "{"ab"[n]}"\n' + own.format(n, n + 2) for n in range(len(vms)))
    kernel = 'kernel = "small.bin"\n'
    return HEAD + "".join(f"{head}{kernel}{vm}\n" for head, vm in zip(heads, vms))


@pytest.fixture
def planned(folder: Path) -> Planner:
    def make(*vms: str) -> Plan:
        report = Report()
        plan = plan_text(folder, text(*vms), report)
        assert plan is not None, report.errors
        return plan

    return make


def granted(plan: Plan, vm: int = 0) -> list[tuple[str, int, int]]:
    found = next(eemi.grants for eemi in plan.eemis if eemi.vm == vm)
    return [(grant.kind, grant.first, grant.last) for grant in found if grant.owned]


def readable(plan: Plan) -> list[tuple[str, int, int]]:
    return [(g.kind, g.first, g.last) for g in plan.eemis[0].grants if not g.owned]


def tree(plan: Plan) -> Tree:
    blob = plan.vms[0].dtb
    assert blob is not None
    return parse(blob)


def test_what_a_uart_lives_by(planned: Planner) -> None:
    plan = planned(UART1)
    assert granted(plan) == [("node", 34, 34), ("clock", 57, 57), ("pin", 20, 20), ("pin", 21, 21)]
    assert sorted(readable(plan)) == sorted([*ROOTS, ("clock", 31, 31)])


def test_rows_are_sorted_and_disjoint(planned: Planner) -> None:
    plan = planned('devices = ["serial1", "/axi/can@ff070000"]\nfirmware = ["zynqmp-eemi"]')
    order = ("node", "clock", "reset", "pin")
    keys = [(order.index(g.kind), g.first, g.last) for g in plan.eemis[0].grants]
    assert keys == sorted(keys)
    assert all(a[:1] != b[:1] or a[2] < b[1] for a, b in zip(keys, keys[1:]))
    assert ("clock", 64, 64) in granted(plan) and ("node", 48, 48) in granted(plan)


def test_the_tree_has_what_is_mediated(planned: Planner) -> None:
    found = tree(planned(UART1))
    firmware = found.find("/zynqmp-firmware")
    assert firmware is not None
    names = sorted(node.name for node in firmware.children)
    assert names == ["clock-controller", "pinctrl", "reset-controller"]
    pins = found.find("/zynqmp-firmware/pinctrl")
    assert pins is not None and [state.name for state in pins.children] == ["uart1-default"]
    uart = found.find("/serial@ff010000")
    clocks = found.find("/zynqmp-firmware/clock-controller")
    assert uart is not None and clocks is not None
    phandle = clocks.cell("phandle", 0)
    assert uart.cells("clocks") == (phandle, 57, phandle, 31)
    assert uart.cells("power-domains") == (firmware.cell("phandle", 0), 34)


def test_without_the_key_nothing_is_there(planned: Planner) -> None:
    plan = planned('devices = ["serial1"]')
    assert plan.eemis == () and plan.config_symbols["VDEV_EEMI"] == "n"
    assert tree(plan).find("/zynqmp-firmware") is None
    assert planned(UART1).config_symbols["VDEV_EEMI"] == "y"


def test_pins_that_only_a_group_names_are_nobodys(planned: Planner) -> None:
    """Which pins are in a group only firmware knows: the state stays as the boot loader set it."""
    plan = planned('devices = ["/axi/i2c@ff020000"]\nfirmware = ["zynqmp-eemi"]')
    assert not [grant for grant in granted(plan) if grant[0] == "pin"]
    device = tree(plan).find("/i2c@ff020000")
    assert device is not None and not device.has("pinctrl-0")


def test_two_vms_with_devices_of_their_own(planned: Planner) -> None:
    second = 'devices = ["/axi/can@ff070000"]\nfirmware = ["zynqmp-eemi"]'
    plan = planned(UART1, second)
    assert not set(granted(plan)) & set(granted(plan, 1))


def test_what_another_vm_lives_by_is_refused(folder: Path) -> None:
    """Whether or not that one calls firmware. Two network controllers have one clock for time."""
    first = 'dma = "trusted"\ndevices = ["/axi/ethernet@ff0e0000"]\nfirmware = ["zynqmp-eemi"]'
    report = Report()
    second = 'dma = "trusted"\ndevices = ["/axi/ethernet@ff0b0000"]'
    assert plan_text(folder, text(first, second), report) is None
    found = [error.message for error in report.errors if error.code == "E-firmware-shared"]
    assert len(found) == 1 and "the same clock 44 of firmware" in found[0]


def test_grants_know_what_they_are_for(planned: Planner) -> None:
    grants = planned(UART1).eemis[0].grants
    assert EemiGrant("clock", 57, 57, True, "/axi/serial@ff010000") in grants
    assert all(grant.owner for grant in grants)
