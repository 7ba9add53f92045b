# SPDX-License-Identifier: Apache-2.0
"""A board's facts read a second time, apart from gen/read: board.toml and the device tree."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gen.audit.asked_file import Table, expanded, read_toml, size
from gen.audit.asked_tree import Node, Tree, number, parse, registers
from gen.audit.ranges import Span, sized, union

_GICV3, _GICV2 = "arm,gic-v3", ("arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic")
_POWER = {"bcm2835_pm": ("brcm,bcm2711-pm", "brcm,bcm2835-pm")}
_EDGES = (1, 2)  # the GIC binding's flags; 4 and 8 are levels


@dataclass(frozen=True)
class Board:
    tree: Tree
    cpus: list[tuple[str, int]]  # (name, MPIDR affinity), in the order of the latter
    cores: dict[int, str]  # what the tree calls a CPU, by MPIDR affinity
    releases: dict[int, int]  # where a CPU waits in a spin table, by MPIDR affinity
    ram: list[Span]
    reserved: list[Span]  # what firmware keeps
    gic: Node
    uart: Node
    uart_type: str  # of the virtual one in its place
    power: Span | None  # registers that switch the board off
    features: list[str]
    physical_bits: int
    image_base: int
    dtb_fallback: int  # where firmware's tree is when it hands over none; 0: nowhere

    @property
    def is_gicv3(self) -> bool:
        return _GICV3 in self.gic.texts("compatible")

    @property
    def distributor(self) -> Span:
        return registers(self.gic)[0]

    @property
    def gic_frames(self) -> list[Span]:
        """What the hypervisor needs of it: GICD and GICRs, or GICD, GICC and GICH."""
        count = self.gic.cell("#redistributor-regions", 1) if self.is_gicv3 else 2
        return registers(self.gic)[: 1 + count]

    @property
    def virtual_cpu_interface(self) -> Span | None:
        """GICV of a GICv2."""
        return None if self.is_gicv3 else registers(self.gic)[3]

    @property
    def uart_registers(self) -> Span:
        return registers(self.uart)[0]

    @property
    def uart_spi(self) -> int:
        return interrupts(self.tree, self.uart)[0][0]

    def spis(self) -> dict[int, bool]:
        """SPIs that devices of the board have, and whether they are edges."""
        found: dict[int, bool] = {}
        for node in self.tree.root.walk():
            if not any(up.name.split("@")[0] in _MACHINE for up in node.above()):
                found |= dict(interrupts(self.tree, node))
        return found


UART_TYPES = ("pl011", "cadence")  # there are virtual ones of
_MACHINE = ("cpus", "memory", "reserved-memory", "chosen")


def read_board(folder: Path, variant: str | None, predefined: Mapping[str, str]) -> Board:
    facts = expanded(read_toml(folder / "board.toml"), predefined)
    tree = parse(_blob(facts["tree"].path()))
    told = facts.get("variant", {}).get(variant or facts.get("default_variant"), {}).get("ram")
    ram = [sized(part["base"], size(part["size"])) for part in told] if told else _memory(tree)
    kept = [
        sized(r["base"], size(r["size"])) for r in facts.get("firmware", {}).get("reserved", [])
    ]
    holder = tree.root.child("reserved-memory")
    nodes = [node for node in (holder.children if holder else []) if node.enabled]
    kept += tree.reservations + [span for node in nodes for span in registers(node)]
    releases = _releases(tree)
    kept += [sized(place, 1).pages() for place in releases.values()]
    return Board(
        tree=tree,
        cpus=_cpus(tree),
        cores={cpu: node.texts("compatible")[0] for cpu, node in _cpu_nodes(tree)},
        releases=releases,
        ram=union(ram),
        reserved=union(kept),
        gic=_gic(tree),
        uart=_uart(tree, facts),
        uart_type=facts["console"]["type"] if facts["console"]["type"] in UART_TYPES else "pl011",
        power=_power(tree, facts),
        features=facts["cpu"].get("features", []),
        physical_bits=facts["cpu"]["physical_address_bits"],
        image_base=facts["image"]["base"],
        dtb_fallback=facts.get("firmware", {}).get("dtb_fallback", 0),
    )


def _blob(file: Path) -> bytes:
    if file.suffix != ".dts":
        return file.read_bytes()
    command = ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "-", str(file)]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def _memory(tree: Tree) -> list[Span]:
    nodes = [node for node in tree.root.children if node.text("device_type") == "memory"]
    return [span for node in nodes if node.enabled for span in registers(node)]


def _cpu_nodes(tree: Tree) -> list[tuple[int, Node]]:
    holder = tree.root.child("cpus")
    found = [
        (number(node.cells("reg")), node)
        for node in (holder.children if holder is not None else [])
        if node.text("device_type") == "cpu" and node.text("status") not in ("fail", "reserved")
    ]
    return sorted(found, key=lambda cpu: cpu[0])


def _cpus(tree: Tree) -> list[tuple[str, int]]:
    return [(node.name, affinity) for affinity, node in _cpu_nodes(tree)]


def _releases(tree: Tree) -> dict[int, int]:
    """Where CPUs wait that firmware does not start itself (3.8.1)."""
    return {
        affinity: number(node.cells("cpu-release-addr"))
        for affinity, node in _cpu_nodes(tree)
        if node.text("enable-method") == "spin-table"
    }


def _gic(tree: Tree) -> Node:
    known = (_GICV3, *_GICV2)
    for node in tree.root.walk():
        if node.enabled and any(name in known for name in node.texts("compatible")):
            return node
    raise ValueError("the board's tree has no interrupt controller")


def _uart(tree: Tree, facts: Table) -> Node:
    chosen = tree.root.child("chosen")
    name = facts["console"].get("uart") or (chosen.text("stdout-path") if chosen else "")
    node = tree.find(name)
    if node is None:
        raise ValueError("the board's tree has no console")
    return node


def _power(tree: Tree, facts: Table) -> Span | None:
    if "power" not in facts:
        return None
    for name in _POWER[facts["power"]["type"]]:
        for node in tree.root.walk():
            if node.enabled and name in node.texts("compatible"):
                return registers(node)[0]
    raise ValueError("the board's tree has no such power device")


def interrupts(tree: Tree, node: Node) -> list[tuple[int, bool]]:
    """(SPI, whether it is an edge) of a device, as far as they reach the GIC (2.4)."""
    if "interrupt-map" in node.properties:
        return _mapped(tree, node)
    found = []
    if "interrupts-extended" in node.properties:
        cells = node.cells("interrupts-extended")
        while cells and (parent := tree.phandles.get(cells[0])) is not None:
            width = parent.cell("#interrupt-cells", 1)
            found += _spi(parent, cells[1 : 1 + width])
            cells = cells[1 + width :]
        return found
    parent = _controller(tree, node)
    if parent is not None:
        width = max(parent.cell("#interrupt-cells", 1), 1)
        cells = node.cells("interrupts")
        for at in range(0, len(cells), width):
            found += _spi(parent, cells[at : at + width])
    return found


def _controller(tree: Tree, node: Node) -> Node | None:
    for up in node.above():
        if "interrupt-parent" in up.properties:
            return tree.phandles.get(up.cell("interrupt-parent", 0))
        if up.parent is not None and "interrupt-controller" in up.parent.properties:
            return up.parent
    return None


def _mapped(tree: Tree, node: Node) -> list[tuple[int, bool]]:
    """What a bridge's interrupt-map leads to (2.4.3)."""
    cells = node.cells("interrupt-map")
    child = node.cell("#address-cells", 2) + node.cell("#interrupt-cells", 1)
    found: list[tuple[int, bool]] = []
    while len(cells) > child and (parent := tree.phandles.get(cells[child])) is not None:
        start = child + 1 + parent.cell("#address-cells", 0)
        end = start + parent.cell("#interrupt-cells", 1)
        found += [spi for spi in _spi(parent, cells[start:end]) if spi not in found]
        cells = cells[end:]
    return found


def _spi(controller: Node, cells: list[int]) -> list[tuple[int, bool]]:
    """The GIC's binding: 0 for an SPI, its number, flags."""
    known = (_GICV3, *_GICV2)
    if not any(name in known for name in controller.texts("compatible")) or len(cells) < 3:
        return []
    return [(cells[1], cells[2] & 0xF in _EDGES)] if cells[0] == 0 else []
