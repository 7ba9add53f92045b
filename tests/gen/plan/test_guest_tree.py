# SPDX-License-Identifier: Apache-2.0
"""Device trees of guests: generated, supplied, overlaid."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_plan import HEAD, PAIR, good, vm_text
from world import RAM_BASE, plan_text

from gen.diagnostics import Report
from gen.plan.tree_write import flatten
from gen.ranges import Range
from gen.read.fdt import Node, Tree, cpu_reg, parse

ODD = HEAD.replace("qemu-virt-aarch64", "./boards/odd")


def tree_of(folder: Path, text: str, vm: int = 0, head: str = HEAD) -> Tree:
    report = Report()
    plan = plan_text(folder, head + text, report)
    assert plan is not None, report.errors
    blob = plan.vms[vm].dtb
    assert blob is not None
    return parse(blob)


def node(tree: Tree, path: str) -> Node:
    found = tree.find(path)
    assert found is not None, path
    return found


@pytest.fixture(scope="module")
def linux(folder: Path) -> Tree:
    return tree_of(folder, PAIR)


def test_machine(linux: Tree) -> None:
    assert [c.cell("reg", 9) for c in node(linux, "/cpus").children] == [0, 1]
    assert node(linux, "/cpus/cpu@1").text("enable-method") == "psci"
    assert node(linux, "/psci").text("method") == "hvc"
    (ram,) = cpu_reg(node(linux, "/memory@40000000"))
    assert (ram.base, ram.size) == (RAM_BASE, 512 << 20)
    dist, redist = cpu_reg(node(linux, "/intc@8000000"))
    assert (dist.base, redist.base, redist.size) == (0x800_0000, 0x80A_0000, 0x4_0000)
    assert node(linux, "/timer").cells("interrupts")[6:8] == (1, 11), "third is the virtual timer"
    assert linux.root.cell("interrupt-parent", 0) == node(linux, "/intc@8000000").cell("phandle", 1)


def test_chosen(folder: Path, linux: Tree) -> None:
    chosen = node(linux, "/chosen")
    assert chosen.text("bootargs") == "console=ttyAMA0"
    assert linux.find(chosen.text("stdout-path")) is node(linux, "serial0")
    start, end = (
        int.from_bytes(chosen.properties[f"linux,initrd-{side}"], "big")
        for side in ("start", "end")
    )
    initrd = next(i for i in good(folder, PAIR).vms[0].images if i.name == "initrd")
    assert (start, end) == (initrd.gpa, initrd.gpa + initrd.size)
    assert not [name for name in chosen.properties if "seed" in name]


def test_channel(linux: Tree) -> None:
    channel = next(n for n in linux.walk() if "bulkhead,channel" in n.compatible)
    assert channel.text("label") == "telemetry" and channel.text("bulkhead,access") == "ro"
    assert channel.cells("interrupts") == (0, 0, 1)
    window = linux.phandles[channel.cell("memory-region", 0)]
    assert window.parent is node(linux, "/reserved-memory") and window.has("no-map")
    assert cpu_reg(window)[0].size == 0x2000
    assert cpu_reg(channel)[0].base == cpu_reg(window)[0].end


def test_passed_device_brings_its_clock(folder: Path) -> None:
    tree = tree_of(folder, PAIR, vm=1)
    rtc = node(tree, "/pl031@9010000")
    clock = tree.phandles[rtc.cell("clocks", 0)]
    assert clock.cell("clock-frequency", 0) == 24_000_000
    assert rtc.cells("interrupts") == (0, 2, 4)
    assert rtc.text("clock-names") == "apb_pclk"


def test_disabled_device_is_enabled_for_its_owner(folder: Path) -> None:
    """And gets CPU addresses, as its bus is not there."""
    tree = tree_of(folder, vm_text('devices = ["serial1"]'), head=ODD)
    uart = node(tree, "/serial@30004000")
    assert uart.enabled and cpu_reg(uart)[0].base == 0x3000_4000
    assert node(tree, "serial1") is uart


def test_references_to_what_is_not_there_are_dropped(folder: Path) -> None:
    tree = tree_of(folder, vm_text('devices = ["/soc/timer@5000"]'), head=ODD)
    timer = node(tree, "/timer@30005000")
    assert sorted(timer.properties) == ["bulkhead,width", "compatible", "interrupts", "reg"]
    assert timer.cells("interrupts") == (0, 7, 1), "edge as the board's tree says"


def test_children_of_a_device_come_along(folder: Path) -> None:
    ram = 'memory = [{ gpa = 0x8800_0000, size = "16M", map = "identical" }]'
    more = 'dma = "trusted"\ndevices = ["/soc/ethernet@7000"]'
    tree = tree_of(folder, vm_text(more, ram), head=ODD)
    assert node(tree, "/ethernet@30007000/phy@0").has("reg")


def test_guest_cpus_follow_the_board(folder: Path) -> None:
    tree = tree_of(folder, vm_text(), head=ODD)
    assert node(tree, "/cpus/cpu@0").compatible == ("arm,cortex-a72",)


def test_supplied_tree_is_patched(folder: Path) -> None:
    tree = tree_of(folder, vm_text('dtb = "guest.dtb"\nbootargs = "new"'))
    assert tree.find("/memory@0") is None
    assert cpu_reg(node(tree, "/memory@40000000"))[0].size == 16 << 20
    chosen = node(tree, "/chosen")
    assert chosen.text("bootargs") == "new"
    assert not chosen.has("rng-seed") and not chosen.has("linux,initrd-start")
    assert tree.memory_reservations == (Range(0x4010_0000, 0x1000),)
    assert tree.root.compatible == ("test,guest",)


def test_supplied_tree_keeps_its_own_bootargs(folder: Path) -> None:
    tree = tree_of(folder, vm_text('dtb = "guest.dtb"'))
    assert node(tree, "/chosen").text("bootargs") == "old"


def test_overlay_by_label(folder: Path) -> None:
    tree = tree_of(folder, vm_text('dtb_overlay = ["good.dtso"]'))
    assert node(tree, "serial0").cell("test,added", 0) == 7


def test_memory_that_can_not_be_written_is_not_told_as_ram(folder: Path) -> None:
    ram = 'memory = [{ gpa = 0, size = "2M", flags = "rx" }, { gpa = 0x4000_0000, size = "64M" }]'
    tree = tree_of(
        folder, vm_text(ram=ram, kernel='kernel = { image = "small.bin", load_gpa = 0 }')
    )
    assert [n.name for n in tree.root.children if n.has("device_type")] == ["memory@40000000"]


def test_no_tree(folder: Path) -> None:
    vm = good(folder, vm_text("dtb = false")).vms[0]
    assert vm.dtb is None and vm.dtb_gpa is None and len(vm.images) == 1


def test_flatten_gives_back_the_same_tree(folder: Path, linux: Tree) -> None:
    blob = good(folder, PAIR).vms[0].dtb
    assert flatten(linux.root) == blob


def test_trees_of_any_size_are_written() -> None:
    """Each size of a blob around those where pylibfdt makes room."""
    for size in range(2100):
        root = Node("", properties={"fill": bytes(size)})
        assert parse(flatten(root)).root.properties["fill"] == bytes(size)
