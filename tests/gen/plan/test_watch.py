# SPDX-License-Identifier: Apache-2.0
"""Watchdogs, monitors, and what AxVM's channel calls may do."""

from __future__ import annotations

from pathlib import Path

from test_plan import FILLER, HALT, good, vm_text
from world import plan_text

from gen.diagnostics import Report
from gen.plan.firmware import keeps_pristine
from gen.plan.model import Ivc
from gen.read.fdt import Node, cpu_reg, parse

B = '[[vm]]\nname = "b"\ncpus = [1]\nram = "2M"\nkernel = "small.bin"\n'
C = '[[vm]]\nname = "c"\ncpus = [2]\nram = "2M"\nkernel = "small.bin"\n'
CHANNEL = '[[channel]]\nname = "wire"\nsize = "8K"\nfrom = "b"\nto = ["a"]\n'


def node_of(dtb: bytes | None, compatible: str) -> Node:
    assert dtb is not None
    return next(node for node in parse(dtb).root.walk() if compatible in node.compatible)


def test_watchdog_has_its_own_place_and_interrupt(folder: Path) -> None:
    plan = good(folder, vm_text('watchdog = "2500ms"') + B + CHANNEL)
    (dog,) = plan.watchdogs
    vm = plan.vms[0]
    rows = [row for row in vm.mmio if row.ops.startswith("watchdog")]
    assert [(row.gpa, row.ops) for row in rows] == [
        (dog.gpa, "watchdog_control_ops"),
        (dog.gpa + 0x1000, "watchdog_refresh_ops"),
    ]
    bell = plan.channels[0].peers[1]
    assert dog.spi is not None and dog.spi != bell.spi and dog.spi in vm.software_spis
    node = node_of(vm.dtb, "arm,sbsa-gwdt")
    assert [part.base for part in cpu_reg(node)] == [dog.gpa, dog.gpa + 0x1000]
    assert node.cells("interrupts") == (0, dog.spi, 1)
    assert node.cell("timeout-sec", 0) == 2 and dog.timeout_ms == 2500
    assert plan.config_symbols["VDEV_WATCHDOG"] == "y"


def test_watchdog_without_interrupts(folder: Path) -> None:
    plan = good(folder, vm_text('watchdog = "500ms"\ninterrupts = "none"\ndefaults = false'))
    assert plan.watchdogs[0].spi is None
    node = node_of(plan.vms[0].dtb, "arm,sbsa-gwdt")
    assert not node.has("interrupts") and node.cell("timeout-sec", 0) == 1


def test_monitor(folder: Path) -> None:
    plan = good(folder, vm_text('controls = ["c", "b"]\nwatchdog = "1s"') + B + C)
    (monitor,) = plan.monitors
    assert (monitor.vm, monitor.controls) == (0, (2, 1)), "in the order of `controls`"
    assert monitor.spi not in (None, plan.watchdogs[0].spi)
    assert monitor.spi in plan.vms[0].software_spis
    node = node_of(plan.vms[0].dtb, "bulkhead,monitor")
    assert node.properties["bulkhead,controls"] == b"c\0b\0"
    assert node.cells("interrupts") == (0, monitor.spi, 1)
    assert plan.config_symbols["VDEV_MONITOR"] == "y"


def test_who_is_controlled_starts_again(folder: Path) -> None:
    """So its images must stay pristine, even if its policies never restart it."""
    alone = good(folder, vm_text(HALT) + FILLER).deployment.vms
    assert not keeps_pristine(alone[0], alone)
    controlled = good(folder, vm_text(HALT) + FILLER + 'controls = ["a"]\n').deployment.vms
    assert keeps_pristine(controlled[0], controlled)


def test_nothing_of_it_where_it_is_not_asked_for(folder: Path) -> None:
    plan = good(folder, vm_text() + B + CHANNEL)
    assert (plan.watchdogs, plan.monitors, plan.ivcs) == ((), (), ())
    assert {plan.config_symbols[f"VDEV_{name}"] for name in ("WATCHDOG", "MONITOR", "IVC")} == {"n"}


def test_channel_calls(folder: Path) -> None:
    """The first writer publishes, the others subscribe; ids are chosen or places."""
    wire = CHANNEL.replace('"a"', '"a", "c"') + "key = 0x33\n"
    plan = good(folder, vm_text("id = 9") + B + C + wire)
    assert plan.ivcs == (
        Ivc(1, 0, 0, True, 0, 2, 0x33),
        Ivc(0, 0, 1, False, 0, 2, 0x33),
        Ivc(2, 0, 2, False, 0, 2, 0x33),
    )


def test_one_key_of_two_publishers(folder: Path) -> None:
    other = CHANNEL.replace("wire", "back").replace(
        'from = "b"\nto = ["a"]', 'from = "a"\nto = ["b"]'
    )
    plan = good(folder, vm_text() + B + CHANNEL + "key = 7\n" + other + "key = 7\n")
    assert [(ivc.publisher_id, ivc.publication) for ivc in plan.ivcs] == [
        (2, 0),
        (2, 0),
        (1, 2),
        (1, 2),
    ]


def test_large_windows_are_mapped_in_blocks(folder: Path) -> None:
    plan = good(folder, vm_text() + B + CHANNEL.replace("8K", "5M"))
    channel = plan.channels[0]
    block = 2 << 20
    assert channel.hpa % block == 0
    assert all(peer.window % block == 0 for peer in channel.peers)
    entries = [e for table in plan.vms[0].stage2.tables for e in table.entries.values()]
    assert [e for e in entries if e[0] == "block" and e[2] == "RAM_R"] == [
        ("block", f"{channel.hpa:#x}", "RAM_R"),
        ("block", f"{channel.hpa + block:#x}", "RAM_R"),
    ]


def test_uncached_channel(folder: Path) -> None:
    plan = good(folder, vm_text() + B + CHANNEL + "cached = false\n")
    kinds = [
        {e[2] for table in vm.stage2.tables for e in table.entries.values() if e[0] != "table"}
        for vm in plan.vms
    ]
    assert kinds == [{"RAM_RWX", "RAM_R_UNCACHED"}, {"RAM_RWX", "RAM_RW_UNCACHED"}]


def test_many_peers_without_doorbells(folder: Path) -> None:
    """The limit is the doorbell's."""
    head = 'schema = 1\n[deployment]\nname = "many"\nboard = "./boards/many"\n'
    names = [f"v{n}" for n in range(33)]
    vms = "".join(
        f'[[vm]]\nname = "{name}"\ncpus = [{n}]\nram = "1M"\nkernel = "small.bin"\n'
        for n, name in enumerate(names)
    )
    readers = ", ".join(f'"{name}"' for name in names[1:])
    wire = f'[[channel]]\nname = "wire"\nsize = "4K"\nfrom = "v0"\nto = [{readers}]\n'
    report = Report()
    plan = plan_text(folder, head + vms + wire + "doorbell = false\n", report)
    assert plan is not None, report.errors
    assert len(plan.channels[0].peers) == 33
