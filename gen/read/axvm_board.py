# SPDX-License-Identifier: Apache-2.0
"""What of a board an AxVM file may mean by a range or a path: devices that a VM can own, and the
machine itself, of which every VM sees its own virtual copy."""

from __future__ import annotations

from gen.ranges import Range, overlaps, pages
from gen.read.axvm_native import Translation
from gen.read.board import Board, BoardDevice
from gen.read.devices import MACHINE_NODES, is_cpu_part
from gen.read.fdt import Node, Tree

FLASH_COMPATIBLES = ("cfi-flash", "jedec-flash")


def is_controller(path: str, board: Board) -> bool:
    return path == board.gic.path or path.startswith(f"{board.gic.path}/")


def is_machine(path: str, board: Board) -> bool:
    """CPUs, memory, firmware interface, timers: every VM has them anyway."""
    first = path.split("/")[1].split("@")[0] if path.startswith("/") else ""
    found = next((d for d in board.devices if d.path == path), None)
    compatible = found.compatible if found is not None else ()
    return first in (*MACHINE_NODES, "timer", "pmu") or is_cpu_part(compatible)


def controller_ranges(board: Board) -> list[Range]:
    """Every register of the interrupt controller, those of its ITS and MSI frames too."""
    gic = board.gic
    single = (gic.distributor, gic.cpu_interface, gic.hyp_interface, gic.vcpu_interface)
    ranges = [part for part in (*single, *gic.redistributors) if part is not None]
    below = [device for device in board.devices if is_controller(device.path, board)]
    return ranges + [part for device in below for part in device.reg]


def virtual_uart(to: Translation) -> Range | None:
    """The pages of the board's UART where every VM has a virtual one in its place."""
    return pages(to.board.uart.reg) if to.console == "shared" else None


def inside(board: Board, part: Range) -> list[BoardDevice]:
    """Devices with registers in a range, apart from buses and the interrupt controller."""
    return [
        device
        for device in board.devices
        if not device.is_bus
        and not is_controller(device.path, board)
        and any(reg.size and overlaps(reg, part) for reg in device.reg)
    ]


def spis(device: BoardDevice) -> list[int]:
    return [irq.number for irq in device.interrupts if irq.kind == "spi"]


def find_node(tree: Tree, path: str) -> Node | None:
    """The node at exactly this path: AxVM compares whole names."""
    node = tree.find(path) if path.startswith("/") else None
    return node if node is not None and node.path == path else None


def below(board: Board, path: str) -> list[BoardDevice]:
    """The device at a path and those under it, as AxVM's lists mean it."""
    if path == "/":
        return list(board.devices)
    return [d for d in board.devices if d.path == path or d.path.startswith(f"{path}/")]


def share_pages(a: BoardDevice, b: BoardDevice) -> bool:
    return any(overlaps(pages(x), pages(y)) for x in a.reg if x.size for y in b.reg if y.size)
