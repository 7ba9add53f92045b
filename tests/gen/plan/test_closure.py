# SPDX-License-Identifier: Apache-2.0
"""What comes along with a device and what does not: clocks, supplies, pins, interrupts of other
controllers, reserved memory, parts of devices, bridges."""

from __future__ import annotations

from pathlib import Path

from test_guest_tree import node
from test_plan import HEAD, vm_text
from world import plan_text

from gen.diagnostics import Report
from gen.plan.model import Plan, PlannedVm
from gen.read.fdt import Node, Tree, cpu_reg, parse

RICH = HEAD.replace("qemu-virt-aarch64", "./boards/rich")
IDENTICAL = 'memory = [{ gpa = 0x8400_0000, size = "16M", map = "identical" }]'


def plan_of(folder: Path, text: str) -> Plan:
    report = Report()
    plan = plan_text(folder, RICH + text, report)
    assert plan is not None, report.errors
    return plan


def granted(folder: Path, *devices: str, more: str = "", ram: str = 'ram = "16M"') -> PlannedVm:
    paths = ", ".join(f'"{path}"' for path in devices)
    return plan_of(folder, vm_text(f"{more}\ndevices = [{paths}]", ram)).vms[0]


def tree_of(vm: PlannedVm) -> Tree:
    assert vm.dtb is not None
    return parse(vm.dtb)


def target(tree: Tree, source: Node, name: str, at: int = 0) -> Node:
    return tree.phandles[source.cells(name)[at]]


def test_data_comes_along(folder: Path) -> None:
    tree = tree_of(granted(folder, "/soc/sensor@4000"))
    sensor = node(tree, "/sensor@30004000")
    half, crystal = target(tree, sensor, "clocks"), target(tree, sensor, "clocks", 1)
    assert half.text("compatible") == "fixed-factor-clock" and half.cell("clock-div", 0) == 2
    assert target(tree, half, "clocks") is crystal
    assert crystal.cell("clock-frequency", 0) == 24_000_000
    assert sensor.texts("clock-names") == ("core", "bus")
    assert target(tree, sensor, "vcc-supply").text("regulator-name") == "vcc"
    assert sensor.cell("vendor,width", 0) == 32


def test_what_is_not_granted_is_left_out_and_told(folder: Path) -> None:
    vm = granted(folder, "/soc/sensor@4000")
    sensor = node(tree_of(vm), "/sensor@30004000")
    gone = ("vsd-supply", "pinctrl-0", "pinctrl-names", "vendor,regs", "interrupts-extended")
    assert not [name for name in gone if sensor.has(name)]
    assert sensor.cells("interrupts") == (0, 21, 1)
    assert sensor.texts("interrupt-names") == ("ready",)
    (note,) = vm.notes
    for provider in ("/vsd", "/soc/pinctrl@1000/sensor-pins", "/soc/gpio@2000", "/soc/syscon@5000"):
        assert f"({provider} is not granted)" in note


def test_what_is_granted_too_is_referred_to(folder: Path) -> None:
    devices = ("/soc/gpio@2000", "/soc/pinctrl@1000", "/soc/syscon@5000", "/soc/sensor@4000")
    vm = granted(folder, *devices)
    tree = tree_of(vm)
    sensor, gpio = node(tree, "/sensor@30004000"), node(tree, "/gpio@30002000")
    assert target(tree, sensor, "pinctrl-0") is node(tree, "/pinctrl@30001000/sensor-pins")
    assert sensor.text("pinctrl-names") == "default"
    assert target(tree, sensor, "vendor,regs") is node(tree, "/syscon@30005000")
    assert sensor.cells("vendor,regs")[1] == 8
    gic, alert = target(tree, sensor, "interrupts-extended"), sensor.cells("interrupts-extended")[4]
    assert gic is node(tree, "/interrupt-controller@10000000")
    assert tree.phandles[alert] is gpio
    assert sensor.cells("interrupts-extended")[5:] == (7, 8)
    assert sensor.texts("interrupt-names") == ("ready", "alert")
    assert not sensor.has("vsd-supply"), "a regulator that is switched is more than data"
    assert node(tree, "/gpio@30002000/led-hog").cells("gpios") == (5, 0), "pins, no reference"


def test_a_fraction_of_a_controllers_clock_is_no_data(folder: Path) -> None:
    vm = granted(folder, "/soc/i2c@6000")
    assert not node(tree_of(vm), "/i2c@30006000").has("clocks")
    assert "clocks (/divided is not granted)" in vm.notes[0]


def test_parts_without_their_resources_are_disabled(folder: Path) -> None:
    tree = tree_of(granted(folder, "/soc/i2c@6000"))
    states = {child.name: child.enabled for child in node(tree, "/i2c@30006000").children}
    assert states == {"chip@10": False, "expander@20": False, "quiet@30": False, "plain@40": True}
    tree = tree_of(granted(folder, "/soc/i2c@6000", "/soc/gpio@2000"))
    chip = node(tree, "/i2c@30006000/chip@10")
    assert chip.enabled and target(tree, chip, "interrupts-extended").name == "gpio@30002000"


def test_reserved_memory_is_mapped_where_it_is(folder: Path) -> None:
    vm = granted(folder, "/soc/codec@7000")
    pool = next(m for m in vm.mappings if m.gpa == 0x8800_0000)
    assert (pool.hpa, pool.size, pool.kind) == (0x8800_0000, 0x10_0000, "ram")
    region = next(r for r in vm.ram if r.gpa == 0x8800_0000)
    assert region.map == "reserved" and not region.scrub
    tree = tree_of(vm)
    told = target(tree, node(tree, "/codec@30007000"), "memory-region")
    assert told is node(tree, "/reserved-memory/pool@88000000")
    assert told.has("no-map") and cpu_reg(told)[0].size == 0x10_0000


def test_reserved_memory_without_a_place_is_left_out(folder: Path) -> None:
    vm = granted(folder, "/soc/mixer@a000")
    assert not node(tree_of(vm), "/mixer@3000a000").has("memory-region")
    assert "memory-region (/reserved-memory/dynamic is not granted)" in vm.notes[0]


def test_devices_below_a_device_own_their_pages(folder: Path) -> None:
    one = granted(folder, "/soc/engine@8000")
    assert [(m.gpa, m.size) for m in one.mappings if m.kind == "device"] == [(0x3000_8000, 0x1000)]
    assert not node(tree_of(one), "/engine@30008000").children
    two = vm_text('devices = ["/soc/engine@8000"]') + vm_text(
        'devices = ["/soc/engine@8000/ring@1000"]'
    ).replace('"a"', '"b"').replace("[0]", "[1]")
    ring = plan_of(folder, two).vms[1]
    assert [(m.gpa, m.size) for m in ring.mappings if m.kind == "device"] == [(0x3000_9000, 0x1000)]


def test_both_stay_one_below_the_other(folder: Path) -> None:
    vm = granted(folder, "/soc/engine@8000", "/soc/engine@8000/ring@1000")
    ring = node(tree_of(vm), "/engine@30008000/ring@30009000")
    assert [(part.base, part.size) for part in cpu_reg(ring)] == [(0x3000_9000, 0x1000)]
    assert ring.cells("interrupts") == (0, 24, 4)
    assert ring.cell("interrupt-parent", 0) == tree_of(vm).root.cell("interrupt-parent", 1)


def test_devices_of_one_vm_may_share_a_line(folder: Path) -> None:
    vm = granted(folder, "/soc/i2c@6000", "/soc/codec@7000")
    (irq,) = vm.irqs
    assert irq.owner == "/soc/i2c@6000 + /soc/codec@7000"
    tree = tree_of(vm)
    assert node(tree, "/i2c@30006000").cells("interrupts") == (0, 22, 4)
    assert node(tree, "/codec@30007000").cells("interrupts") == (0, 22, 4)


def test_pci_bridge(folder: Path) -> None:
    """What it shows of its bus is mapped; its map leads to the guest's controller."""
    vm = granted(folder, "/pcie@40000000", more='dma = "trusted"', ram=IDENTICAL)
    assert vm.masters == ("/pcie@40000000",)
    device = [(m.gpa, m.size) for m in vm.mappings if m.kind == "device"]
    assert device == [(0x4000_0000, 0x10_0000), (0x5000_0000, 0x10_0000)]
    tree = tree_of(vm)
    bridge = node(tree, "/pcie@40000000")
    gic = node(tree, "/interrupt-controller@10000000").cell("phandle", 0)
    assert bridge.cells("interrupt-map") == (
        *(0, 0, 0, 1, gic, 0, 0, 0, 30, 4),
        *(0, 0, 0, 2, gic, 0, 0, 0, 31, 1),
    )
    assert bridge.cells("interrupt-map-mask") == (0, 0, 0, 7)
    assert bridge.cells("ranges") == (0x200_0000, 0, 0x5000_0000, 0, 0x5000_0000, 0, 0x10_0000)
    assert "interrupt-map (/soc/gpio@2000 is not granted)" in vm.notes[0]


PROVIDER = vm_text('devices = ["/clock-controller@20000000"]') + vm_text(
    'devices = ["/soc/i2c@6000"]'
).replace('"a"', '"b"').replace("[0]", "[1]")


def test_the_clock_of_a_clock_counts(folder: Path) -> None:
    report = Report()
    assert plan_text(folder, RICH + PROVIDER, report) is None
    (found,) = report.errors
    assert found.code == "E-device-provider"
    assert "provides clocks of /soc/i2c@6000 of VM b" in found.message
    assert 'serves = ["b"]' in found.cure


def test_who_is_served_accepts_that(folder: Path) -> None:
    entry = '[[vm.device]]\npath = "/clock-controller@20000000"\nserves = ["b"]'
    plan = plan_of(folder, PROVIDER.replace('devices = ["/clock-controller@20000000"]', entry))
    assert len(plan.vms) == 2


def test_reserved_memory_has_one_owner(folder: Path) -> None:
    """Also where one VM asks for it as memory."""
    other = vm_text("", 'memory = [{ gpa = 0x8800_0000, size = "1M", map = "reserved" }]')
    text = vm_text('devices = ["/soc/codec@7000"]') + other.replace('"a"', '"b"').replace(
        "[0]", "[1]"
    )
    report = Report()
    assert plan_text(folder, RICH + text, report) is None
    assert "E-memory-host-overlap" in [found.code for found in report.errors]
