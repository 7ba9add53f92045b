# SPDX-License-Identifier: Apache-2.0
"""Who watches a VM: its watchdog, the monitors that control it, and who types at the console."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report
from gen.plan.channels import board_spis, first_free
from gen.plan.draft import Span
from gen.plan.memory import BLOCK
from gen.plan.model import MmioRow, Monitor, Watchdog
from gen.plan.tree_write import cells, reg, strings
from gen.ranges import PAGE, Range, align_up, first_hole
from gen.read.board import Board
from gen.read.deployment import Deployment, Vm
from gen.read.fdt import Node
from gen.read.gic import spi_cells

WATCHDOG_SIZE = 2 * PAGE  # control and refresh frame
HEADER = "vdev/watchdog.h"


def place_watchdog(
    index: int, vm: Vm, spans: Sequence[Span], used: set[int], has_vgic: bool, board: Board
) -> Watchdog | None:
    """Its frames lie in the first hole above the VM's RAM that no device of the board has; its
    interrupt is the first number that neither the board's tree nor the VM uses."""
    if vm.watchdog_ms is None:
        return None
    taken = [span.range for span in spans]
    taken += [part for device in board.devices for part in device.reg]
    top = align_up(max((s.range.end for s in spans if s.kind == "ram"), default=0), BLOCK)
    gpa = first_hole(taken, WATCHDOG_SIZE, top, PAGE)
    spi = first_free(used | board_spis(board)) if has_vgic else None
    return Watchdog(index, gpa, spi, vm.watchdog_ms)


def place_monitor(
    index: int, deployment: Deployment, used: set[int], has_vgic: bool, board: Board
) -> Monitor | None:
    """The rights of a VM over others, and the interrupt that tells it of them."""
    names = [vm.name for vm in deployment.vms]
    controls = tuple(names.index(name) for name in deployment.vms[index].controls)
    if not controls:
        return None
    spi = first_free(used | board_spis(board)) if has_vgic else None
    return Monitor(index, spi, controls)


def check_console_control(deployment: Deployment, report: Report) -> None:
    """Nobody types at a console that is a guest's."""
    for vm in deployment.vms:
        if vm.console_control and deployment.console.mode == "none":
            report.error(
                "console-control-none",
                vm.at("console_control"),
                f'VM {vm.name}: console_control = true, but console = "none": nothing that is typed '
                "reaches the hypervisor",
                'remove it, or set console = "shared" or "log" in [deployment]',
                deployment.at("deployment.console"),
            )


def watchdog_spans(watchdog: Watchdog | None, vm: Vm) -> tuple[Span, ...]:
    if watchdog is None:
        return ()
    part = Range(watchdog.gpa, WATCHDOG_SIZE)
    return (Span(part, "emulated", "watchdog", vm.at("watchdog")),)


def watchdog_rows(vm_index: int, watchdogs: Sequence[Watchdog]) -> tuple[MmioRow, ...]:
    """The rows of one VM; `watchdogs` are all of the deployment."""
    rows = []
    for number, dog in enumerate(watchdogs):
        if dog.vm == vm_index:
            rows.append(_row(dog.gpa, "control", number))
            rows.append(_row(dog.gpa + PAGE, "refresh", number))
    return tuple(rows)


def _row(gpa: int, frame: str, number: int) -> MmioRow:
    return MmioRow(gpa, PAGE, f"watchdog_{frame}_ops", HEADER, number, f"watchdog, {frame} frame")


def watchdog_node(watchdog: Watchdog) -> Node:
    """Binding arm,sbsa-gwdt. Linux takes whole seconds, and would else choose its own timeout."""
    properties = {
        "compatible": strings("arm,sbsa-gwdt"),
        "reg": reg(Range(watchdog.gpa, PAGE), Range(watchdog.gpa + PAGE, PAGE)),
        "timeout-sec": cells(max(1, watchdog.timeout_ms // 1000)),
    }
    if watchdog.spi is not None:
        properties["interrupts"] = cells(*spi_cells(watchdog.spi, "edge"))
    return Node(f"watchdog@{watchdog.gpa:x}", None, properties)


def monitor_node(monitor: Monitor, names: Sequence[str]) -> Node:
    """`names`: of the VMs that it controls, in the order of its calls."""
    properties = {
        "compatible": strings("bulkhead,monitor"),
        "bulkhead,controls": strings(*names),
    }
    if monitor.spi is not None:
        properties["interrupts"] = cells(*spi_cells(monitor.spi, "edge"))
    return Node("monitor", None, properties)
