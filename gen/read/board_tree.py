# SPDX-License-Identifier: Apache-2.0
"""The facts of a board that its device tree tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gen.diagnostics import Report, Where
from gen.ranges import Range
from gen.read.board import BoardDevice, Cpu, Gic, Power, Uart
from gen.read.devices import (
    clock_hz,
    cpu_nodes,
    ram_ranges,
    read_devices,
)
from gen.read.fdt import Node, Tree, cpu_reg, take
from gen.read.gic import REDISTRIBUTOR_SIZE
from gen.read.interrupts import GIC_COMPATIBLES, is_gic, read_interrupts
from gen.read.validate import Values

UART_COMPATIBLES: dict[str, tuple[str, ...]] = {
    "pl011": ("arm,pl011",),
    "cadence": ("cdns,uart-r1p12", "cdns,uart-r1p8"),
    "dw8250": ("snps,dw-apb-uart",),
    "imx": ("fsl,imx6q-uart", "fsl,imx21-uart"),
}

POWER_COMPATIBLES = {"bcm2835_pm": ("brcm,bcm2711-pm", "brcm,bcm2835-pm")}

# Order of `interrupts` in the arm,armv8-timer binding, and the names of interrupt-names.
TIMER_ORDER = ("secure", "physical", "virtual", "hypervisor")
TIMER_NAMES = {"sec-phys": 0, "phys": 1, "virt": 2, "hyp-phys": 3}


@dataclass(frozen=True)
class TreeFacts:
    cpus: tuple[Cpu, ...]
    ram: tuple[Range, ...]
    reserved: tuple[Range, ...]
    gic: Gic
    uart: Uart
    power: Power | None
    timer_ppi: dict[str, int]
    maintenance_ppi: int
    psci_conduit: Literal["smc", "hvc"] | None
    cpu_start: Literal["psci", "spin-table"]
    devices: tuple[BoardDevice, ...]


class _Missing(Exception):
    """A fact that the tree does not tell: what, and what to do."""

    def __init__(self, what: str, cure: str, where: Where | None = None) -> None:
        super().__init__(what)
        self.cure = cure
        self.where = where  # None: where the tree is named


def read_facts(tree: Tree, values: Values, ram_told: bool, report: Report) -> TreeFacts | None:
    """All facts; what is missing or contradicts board.toml goes to `report`. `ram_told`: board.toml
    tells the RAM."""
    where = values.at("tree")
    _check_cpus(tree, values, report)
    try:
        gic_node = _gic_node(tree)
        start = _cpu_start(tree)
        return TreeFacts(
            cpus=_cpus(tree, start),
            ram=_ram(tree, ram_told),
            reserved=ram_ranges(tree)[1],
            gic=_gic(gic_node),
            uart=_uart(tree, values, report),
            power=_power(tree, values.get("power"), start),
            timer_ppi=_timer(tree),
            maintenance_ppi=_maintenance(tree, gic_node),
            psci_conduit=_psci(tree) if start == "psci" else None,
            cpu_start=start,
            devices=read_devices(tree),
        )
    except _Missing as missing:
        report.error("board-tree", missing.where or where, str(missing), missing.cure)
        return None


def _check_cpus(tree: Tree, values: Values, report: Report) -> None:
    cpu: Values = values.get("cpu")
    wanted, found = cpu.get("count"), len(cpu_nodes(tree))
    if wanted is not None and wanted != found:
        report.error(
            "board-mismatch",
            cpu.at("count"),
            f"cpu.count = {wanted}, and the device tree has {found} CPUs",
            "correct the one that is wrong",
            Where(values.get("tree")),
        )


def _cpu_start(tree: Tree) -> Literal["psci", "spin-table"]:
    """By `enable-method` of the CPUs (Devicetree Specification 3.8); PSCI where none says it."""
    methods = {node.text("enable-method", "psci") for _, node in cpu_nodes(tree)}
    if methods == {"spin-table"}:
        return "spin-table"
    if methods <= {"psci"}:
        return "psci"
    raise _Missing(
        f"the CPUs' enable-method is {', '.join(sorted(methods))}",
        'only "psci" for all or "spin-table" for all is supported',
    )


def _cpus(tree: Tree, start: str) -> tuple[Cpu, ...]:
    cpus = []
    for hardware_id, node in cpu_nodes(tree):
        release = None
        if start == "spin-table":
            where = node.cells("cpu-release-addr")
            if not where:
                raise _Missing(f"{node.path} has no cpu-release-addr", "complete its node")
            release = take(where, 0, len(where))
            if release % 8:
                raise _Missing(f"{node.path}: cpu-release-addr {release:#x}", "align it to 8 bytes")
        compatible = node.compatible[0] if node.compatible else ""
        cpus.append(Cpu(node.name, hardware_id, compatible, release))
    if not cpus:
        raise _Missing("the device tree has no CPUs", "add /cpus")
    return tuple(cpus)


def _ram(tree: Tree, told: bool) -> tuple[Range, ...]:
    ram = ram_ranges(tree)[0]
    if not ram and not told:
        raise _Missing(
            "the device tree has no memory node with a size, and no variant is chosen that tells "
            "the RAM",
            "add /memory@..., or variant = ... to the deployment",
        )
    return ram


def _gic_node(tree: Tree) -> Node:
    for node in tree.walk():
        if is_gic(node) and node.enabled:
            return node
    raise _Missing("the device tree has no GICv2 or GICv3", "only boards with one are supported")


def _gic(node: Node) -> Gic:
    compatible = next(name for name in node.compatible if name in GIC_COMPATIBLES)
    version = GIC_COMPATIBLES[compatible]
    reg = cpu_reg(node)
    if version == 3:
        # arm,gic-v3 binding: GICD, then one GICR region a cluster, then GICC, GICH, GICV.
        regions = node.cell("#redistributor-regions", 1)
        if len(reg) < 1 + regions or any(
            part.size < REDISTRIBUTOR_SIZE for part in reg[1 : 1 + regions]
        ):
            raise _Missing(f"{node.path}: reg has no redistributors", "complete its reg")
        return Gic(3, compatible, reg[0], reg[1 : 1 + regions], path=node.path)
    if len(reg) < 4:
        raise _Missing(f"{node.path}: reg lacks GICH and GICV", "complete its reg")
    return Gic(2, compatible, reg[0], (), reg[1], reg[2], reg[3], node.path)


def _uart(tree: Tree, values: Values, report: Report) -> Uart:
    console: Values = values.get("console")
    kind: str = console.get("type")
    chosen = tree.root.child("chosen")
    path = console.get("uart") or (chosen.text("stdout-path") if chosen is not None else "")
    node = tree.find(path) if path else None
    known = UART_COMPATIBLES[kind]
    if node is None:
        alike = [one.path for one in tree.walk() if set(known) & set(one.compatible)]
        raise _Missing(
            f'the console "{path}" is not in the device tree' if path else "no console is named",
            f"[console] uart = ...; of type {kind} there are: {', '.join(alike) or 'none'}",
            console.at("uart") if console.wrote("uart") else console.where,
        )
    compatible = next((name for name in known if name in node.compatible), known[0])
    if compatible not in node.compatible:
        report.error(
            "board-mismatch",
            console.at("type"),
            f'console.type = "{kind}", and {node.path} is {", ".join(node.compatible) or "nothing"}',
            f"name a UART that is {compatible}",
            Where(values.get("tree")),
        )
    reg, irqs = cpu_reg(node), read_interrupts(tree, node)
    spis = [irq.number for irq in irqs if irq.kind == "spi"]
    clock = console.get("clock") or clock_hz(tree, node)
    if not reg or not spis:
        raise _Missing(f"{node.path} has no registers or no SPI", "complete its node")
    if not clock:
        raise _Missing(f"{node.path}: its clock is not fixed", "add [console] clock = HZ")
    return Uart(kind, node.path, compatible, reg[0], clock, spis[0])


def _power(tree: Tree, asked: Values | None, start: str) -> Power | None:
    if asked is None:
        return None
    if start == "psci":
        raise _Missing("power names a device, and firmware has PSCI, which does it", "remove it")
    kind: str = asked.get("type")
    nodes = (_compatible(tree, name) for name in POWER_COMPATIBLES[kind])
    node = next((node for node in nodes if node is not None), None)
    reg = cpu_reg(node) if node is not None else ()
    if node is None or not reg:
        raise _Missing(f"the device tree has no {kind} with registers", "remove power")
    return Power(kind, node.path, reg[0])


def _timer(tree: Tree) -> dict[str, int]:
    node = _compatible(tree, "arm,armv8-timer")
    irqs = read_interrupts(tree, node) if node is not None else ()
    if node is None or any(irq.kind != "ppi" for irq in irqs):
        raise _Missing("the device tree has no arm,armv8-timer", "add its node")
    names = node.texts("interrupt-names")
    order = [TIMER_NAMES.get(name, -1) for name in names] if names else list(range(len(irqs)))
    ppis = {
        TIMER_ORDER[at]: irq.number
        for at, irq in zip(order, irqs, strict=False)
        if 0 <= at < len(TIMER_ORDER)
    }
    absent = [name for name in ("physical", "virtual", "hypervisor") if name not in ppis]
    if absent:
        raise _Missing(f"{node.path} lacks the {absent[0]} timer's interrupt", "complete its node")
    return ppis


def _maintenance(tree: Tree, gic: Node) -> int:
    irqs = [irq.number for irq in read_interrupts(tree, gic) if irq.kind == "ppi"]
    if not irqs:
        raise _Missing(f"{gic.path} has no maintenance interrupt", "add interrupts to it")
    return irqs[0]


def _psci(tree: Tree) -> Literal["smc", "hvc"]:
    node = tree.root.child("psci")
    method = node.text("method") if node is not None else ""
    if method == "smc":
        return "smc"
    if method == "hvc":
        return "hvc"
    raise _Missing("the device tree has no psci node with a method", "add /psci")


def _compatible(tree: Tree, name: str) -> Node | None:
    return next((node for node in tree.walk() if name in node.compatible and node.enabled), None)
