# SPDX-License-Identifier: Apache-2.0
"""A guest device tree that the user supplies: patched with what the plan decides, and checked against
it."""

from __future__ import annotations

from pathlib import Path

from gen.diagnostics import Report
from gen.plan.guest_tree import GuestView, chosen_properties, memory_node
from gen.plan.tree_check import Source, check_cpus, check_gic, check_reach, memory_text, told_memory
from gen.plan.tree_write import cells
from gen.ranges import Range, union
from gen.read.fdt import FdtError, Node, Tree, parse
from gen.read.interrupts import is_gic


def user_tree(
    view: GuestView, file: Path, mapped: tuple[Range, ...], report: Report
) -> Tree | None:
    """The patched tree. `mapped`: all guest-physical addresses at which the VM has something."""
    source = Source(file.name, view.vm.at("dtb"))
    try:
        tree = parse(file.read_bytes())
    except (OSError, FdtError) as error:
        report.error(
            "dtb-unreadable",
            source.where,
            f'VM {view.vm.name}: dtb = "{file.name}" can\'t be used: {error}',
            "give a flattened device tree (.dtb), or a source compiled by dtc",
        )
        return None
    root = tree.root
    check_cpus(view, tree, source, report)
    for node in root.walk():
        if node.enabled and is_gic(node):
            check_gic(view, node, source, report)
        elif node.enabled and node.text("device_type") != "memory":
            check_reach(view, node, source, mapped, report)
    told = told_memory(root)
    if told and told != tuple(union(view.ram)):
        report.warning(
            "dtb-memory",
            source.where,
            f"{memory_text(view, told, source)}: the guest is told the VM's",
            "make the tree's memory node and the VM's memory agree, or leave the node out",
        )
    _patch(view, root)
    return tree


def _patch(view: GuestView, root: Node) -> None:
    root.children = [c for c in root.children if c.text("device_type") != "memory"]
    root.properties["#address-cells"] = root.properties.get("#address-cells", cells(2))
    for part in view.ram:
        node = memory_node(part)
        node.parent = root
        node.properties["reg"] = _reg_cells(root, part)
        root.children.append(node)
    chosen = root.child("chosen")
    if chosen is None:
        chosen = Node("chosen", root)
        root.children.append(chosen)
    for stale in ("rng-seed", "kaslr-seed", "linux,initrd-start", "linux,initrd-end"):
        chosen.properties.pop(stale, None)
    chosen.properties |= chosen_properties(view, [])


def _reg_cells(root: Node, part: Range) -> bytes:
    address, size = root.cell("#address-cells", 2), root.cell("#size-cells", 1)
    return part.base.to_bytes(4 * address, "big") + part.size.to_bytes(4 * size, "big")
