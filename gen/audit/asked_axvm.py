# SPDX-License-Identifier: Apache-2.0
"""AxVM's VM file read a second time, apart from gen/read, into the keys of the native file
(docs/axvm.md). It takes files that the generator took. What it does not know it does not guess:
NotRead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gen.audit.asked_board import Board, interrupts
from gen.audit.asked_file import NotRead, Table, read_toml
from gen.audit.asked_tree import Node, registers
from gen.audit.ranges import Span, sized, without

_FIELDS = {
    "memory_regions": ("gpa", "size", "flags", "map_type"),
    "emu_devices": ("name", "base_gpa", "length", "irq_id", "emu_type", "cfg_list"),
    "passthrough_devices": ("name", "base_gpa", "base_hpa", "length", "irq_id"),
    "passthrough_addresses": ("base_gpa", "length"),
}
_MODES = {
    "emu": "emulated",
    "emulated": "emulated",
    "passthrough": "passthrough",
    "pt": "passthrough",
}
_MAPS = ("alloc", "identical", "reserved")
_LETTERS = ((1, "r"), (2, "w"), (4, "x"))  # MappingFlags of axaddrspace
_DEVICE = 0x10
_CONTROLLERS = (0x1, 0x20, 0x21)  # types that make an interrupt controller
_PLAIN = (0x0, *_CONTROLLERS, 0x22)  # what the VM has anyway, or nothing
_MACHINE = ("cpus", "memory", "reserved-memory", "chosen", "psci", "timer")


def with_axvm(vm: Table, board: Board, console: str) -> Table:
    """The [[vm]] table with what its AxVM file says; its own keys win."""
    if "axvm" not in vm:
        return vm
    told = read_toml(vm["axvm"].path())
    base, kernel, devices = told.get("base", {}), told.get("kernel", {}), told.get("devices", {})
    if devices.get("excluded_devices") or "passthrough" in vm:
        raise NotRead("excluded_devices, and passthrough beside an AxVM file")
    found: Table = {"name": base.get("name")}
    if base.get("id"):
        found["id"] = base["id"]
    if "cpus" not in vm:
        found["cpus"] = _cpus(base, board)
    if "ram" not in vm and "memory" not in vm:
        found["memory"] = list(_memory(kernel))
    if "unikernel" not in vm:
        found |= _images(vm, kernel)
    found["interrupts"] = _mode(devices, board)
    mode = vm.get("interrupts", found["interrupts"])
    found |= _devices(devices, board, console == "shared", mode != "none")
    own = {key: value for key, value in vm.items() if key not in ("axvm", "kernel")}
    return found | own


def _rows(table: Table, key: str) -> Iterator[dict[str, Any]]:
    """Tuples or tables; what a tuple leaves out is 0."""
    for row in table.get(key, []):
        fields = dict(zip(_FIELDS[key], row)) if isinstance(row, list) else row
        yield {name: 0 for name in _FIELDS[key]} | fields


def _cpus(base: Table, board: Board) -> list[int]:
    """By affinity, or the lowest of each mask that is free."""
    if "phys_cpu_ids" in base:
        index = {number: n for n, (_, number) in enumerate(board.cpus)}
        return [index[number] for number in base["phys_cpu_ids"]]
    chosen: list[int] = []
    for mask in base["phys_cpu_sets"]:
        chosen.append(next(n for n in range(64) if mask >> n & 1 and n not in chosen))
    return chosen


def _memory(kernel: Table) -> Iterator[Table]:
    for row in _rows(kernel, "memory_regions"):
        if not row["flags"] & _DEVICE:
            flags = "".join(letter for bit, letter in _LETTERS if row["flags"] & bit)
            kind = _MAPS[row["map_type"]]
            yield {"gpa": row["gpa"], "size": row["size"], "map": kind, "flags": flags}


def _images(vm: Table, kernel: Table) -> Table:
    """An ELF of the deployment's own says itself where it begins."""
    own = vm.get("kernel", {})
    own = own if isinstance(own, dict) else {"image": own}
    table = {"image": kernel.get("kernel_path")} | own
    is_elf = "image" in own and own["image"].path().read_bytes()[:4] == b"\x7fELF"
    if "entry_point" in kernel and not is_elf and own.get("format") != "elf":
        table = {"entry_gpa": kernel["entry_point"]} | table
    ramdisk = kernel.get("ramdisk_path")
    return {"kernel": table} | ({"initrd": ramdisk} if ramdisk else {})


def _controller(board: Board) -> list[Span]:
    return [span for node in board.gic.walk() for span in registers(node)]


def _mode(devices: Table, board: Board) -> str:
    """A file without a mode that has an interrupt controller gets a virtual one."""
    mode = _MODES.get(devices.get("interrupt_mode", ""))
    if mode is not None:
        return mode
    makes = any(row["emu_type"] in _CONTROLLERS for row in _rows(devices, "emu_devices"))
    spans = [sized(row["base_hpa"], row["length"]) for row in _rows(devices, "passthrough_devices")]
    covers = any(a.meets(b.pages()) for a in spans if a.size for b in _controller(board))
    return "emulated" if makes or covers else "none"


def _devices(devices: Table, board: Board, has_uart: bool, has_irqs: bool) -> Table:
    """Ranges with the interrupts of the devices in them, and nodes by path."""
    if any(row["emu_type"] not in _PLAIN for row in _rows(devices, "emu_devices")):
        raise NotRead("emulated devices of AxVM's file")
    ranges: list[Table] = []
    nodes: list[Table] = []
    taken: set[int] = set()
    for row in _rows(devices, "passthrough_devices"):
        if not (row["base_gpa"] or row["base_hpa"] or row["length"] or row["irq_id"]):
            nodes += _node(row["name"], board, taken, has_irqs)
            continue
        delta = row["base_gpa"] - row["base_hpa"]
        for piece in _apart(sized(row["base_hpa"], row["length"]), board, has_uart, delta):
            spis = _spis(piece, board, taken) if has_irqs else []
            ranges.append(_range(piece, delta) | {"spi": spis})
    for row in _rows(devices, "passthrough_addresses"):
        for piece in _apart(sized(row["base_gpa"], row["length"]), board, has_uart, 0):
            ranges.append(_range(piece, 0))
    uart = board.uart_registers.pages()
    covers = any(sized(each["gpa"], each["size"]).pages().meets(uart) for each in ranges)
    found: Table = {"passthrough": ranges, "device": nodes}
    return found | ({"defaults": False} if covers else {})


def _range(piece: Span, delta: int) -> Table:
    return {"gpa": piece.base + delta, "hpa": piece.base, "size": piece.size}


def _node(path: str, board: Board, taken: set[int], has_irqs: bool) -> list[Table]:
    node = board.tree.find(path)
    if path == "/" or node is None or node.children or path == board.uart.path:
        raise NotRead(f"passthrough_devices: {path}")
    if node in board.gic.walk():
        return []
    own = [spi for spi, _ in interrupts(board.tree, node)]
    free = [spi for spi in own if spi not in taken] if has_irqs else []
    taken |= set(free)
    return [{"path": path} | ({"irq": [{"spi": spi} for spi in free]} if free != own else {})]


def _apart(part: Span, board: Board, has_uart: bool, delta: int) -> list[Span]:
    """Without the interrupt controller and the console's UART, which every VM has virtual."""
    holes = [span.pages() for span in _controller(board)]
    uart = board.uart_registers.pages()
    if has_uart and uart.meets(part.pages()) and delta:
        raise NotRead("the console's UART at another address")
    holes += [uart] if has_uart else []
    if not any(hole.meets(part.pages()) for hole in holes):
        return [part]
    return [piece for piece in without([part.pages()], holes) if any(_inside(piece, board))]


def _inside(piece: Span, board: Board) -> Iterator[Node]:
    for node in board.tree.root.walk():
        if node in board.gic.walk() or any(
            up.name.split("@")[0] in _MACHINE for up in node.above()
        ):
            continue
        if any(span.size and span.meets(piece) for span in registers(node)):
            yield node


def _spis(piece: Span, board: Board, taken: set[int]) -> list[int]:
    found = {spi for node in _inside(piece, board) for spi, _ in interrupts(board.tree, node)}
    fresh = sorted(found - taken)
    taken |= found
    return fresh
