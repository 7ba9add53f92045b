# SPDX-License-Identifier: Apache-2.0
"""References between nodes of a device tree: phandles in properties whose form the common bindings
define (clocks, resets, power domains, pin control, GPIOs, regulators ...)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gen.read.fdt import Node, Tree
from gen.read.interrupts import specifiers

# Property to the property of the provider that says how many cells follow its phandle, or their
# number; "": none.
FORMS = {
    "assigned-clock-parents": "#clock-cells",
    "assigned-clocks": "#clock-cells",
    "clocks": "#clock-cells",
    "dmas": "#dma-cells",
    "extcon": "",
    "fsl,usbmisc": "#index-cells",
    "fsl,usbphy": "",
    "gpio": "#gpio-cells",
    "gpio-ranges": "3",
    "gpios": "#gpio-cells",
    "hwlocks": "#hwlock-cells",
    "interconnects": "#interconnect-cells",
    "io-channels": "#io-channel-cells",
    "iommus": "#iommu-cells",
    "mboxes": "#mbox-cells",
    "memory-region": "",
    "mmc-pwrseq": "",
    "msi-parent": "#msi-cells",
    "nvmem": "",
    "nvmem-cells": "#nvmem-cell-cells",
    "operating-points-v2": "",
    "phy": "",
    "phy-handle": "",
    "phys": "#phy-cells",
    "power-domains": "#power-domain-cells",
    "pwms": "#pwm-cells",
    "remote-endpoint": "",
    "resets": "#reset-cells",
    "sound-dai": "#sound-dai-cells",
    "syscon": "",
    "thermal-sensors": "#thermal-sensor-cells",
}
ENDINGS = {"-gpio": "#gpio-cells", "-gpios": "#gpio-cells", "-supply": "", "-phandle": ""}

# Properties that mean nothing without another one, which holds the references.
COMPANIONS = {
    "assigned-clock-rates": "assigned-clocks",
    "clock-names": "clocks",
    "dma-names": "dmas",
    "interconnect-names": "interconnects",
    "io-channel-names": "io-channels",
    "mbox-names": "mboxes",
    "nvmem-cell-names": "nvmem-cells",
    "phy-names": "phys",
    "pinctrl-names": "pinctrl-0",
    "power-domain-names": "power-domains",
    "reset-names": "resets",
}

# Whoever has the provider in hand can stop the device: those by which a device lives.
CONTROL = ("clocks", "resets", "power-domains", "phys", "iommus", "mboxes", "gpio", "gpios")
CONTROL_ENDINGS = ("-gpio", "-gpios", "-supply")


@dataclass(frozen=True)
class Reference:
    """One entry of a property. `provider` is None where the tree has no such phandle."""

    property: str
    provider: Node | None
    arguments: tuple[int, ...]


def form(name: str) -> str | None:
    """How many cells follow each phandle of a property: see FORMS; None: it holds no references."""
    if name in FORMS:
        return FORMS[name]
    if name.startswith("pinctrl-") and name[len("pinctrl-") :].isdigit():
        return ""
    return next((cells for ending, cells in ENDINGS.items() if name.endswith(ending)), None)


def references(tree: Tree, node: Node, name: str) -> tuple[Reference, ...]:
    """The entries of one property."""
    cells = node.cells(name)
    found, at = [], 0
    while at < len(cells):
        provider = tree.phandles.get(cells[at])
        width = _width(name, provider, len(cells))
        found.append(Reference(name, provider, cells[at + 1 : at + 1 + width]))
        at += 1 + width
    return tuple(found)


def _width(name: str, provider: Node | None, whole: int) -> int:
    """Cells behind a phandle."""
    how = form(name)
    if how is None:  # a vendor's own: one phandle, then whatever
        return whole - 1
    if how.isdigit():
        return int(how)
    return provider.cell(how, 0) if provider is not None and how else 0


def holds_references(tree: Tree, node: Node, name: str) -> bool:
    """By its name; or, of a vendor's property, by a first cell that leads to a register block."""
    if name == "gpios" and node.has("gpio-hog"):
        return False  # pins of the parent, no phandle
    raw = node.properties[name]
    if len(raw) % 4 or not raw:
        return False
    if form(name) is not None:
        return True
    provider = tree.phandles.get(node.cell(name, 0)) if "," in name else None
    return provider is not None and "syscon" in provider.compatible


def controls(name: str) -> bool:
    """Whether the provider of such a reference can stop the device that refers to it."""
    return name in CONTROL or name.endswith(CONTROL_ENDINGS) or name.startswith("pinctrl-")


def providers(tree: Tree, node: Node) -> Iterator[tuple[str, Node]]:
    """What a node's life depends on: property and provider."""
    for name in node.properties:
        if controls(name) and holds_references(tree, node, name):
            for reference in references(tree, node, name):
                if reference.provider is not None:
                    yield name, reference.provider
    for entry in specifiers(tree, node):
        yield "interrupts", entry.controller
