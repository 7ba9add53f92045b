# SPDX-License-Identifier: Apache-2.0
"""Whether what a user's device tree or overlay tells a guest is what the VM has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gen.diagnostics import Report, Where
from gen.plan.guest_tree import GuestView
from gen.ranges import Range, address_text, contains, range_text, union
from gen.read.devices import cpu_nodes
from gen.read.fdt import Node, Tree, cpu_reg
from gen.read.interrupts import GIC_COMPATIBLES


@dataclass(frozen=True)
class Source:
    """Who tells it."""

    name: str  # of the file
    where: Where  # the deployment's line that names it


def check_cpus(view: GuestView, tree: Tree, source: Source, report: Report) -> None:
    ids = [number for number, _ in cpu_nodes(tree)]
    if sorted(ids) != sorted(view.cpu_ids):
        report.error(
            "dtb-cpus",
            source.where,
            f"VM {view.vm.name}: {source.name} has CPUs with reg {ids}, but cpus gives the VM "
            f"{list(view.cpu_ids)}",
            "change the tree's /cpus or the VM's cpus so that they agree",
            view.vm.at("cpus"),
        )


def check_gic(view: GuestView, node: Node, source: Source, report: Report) -> None:
    version = next(GIC_COMPATIBLES[name] for name in node.compatible if name in GIC_COMPATIBLES)
    if version != view.board.gic.version:
        report.error(
            "dtb-gic",
            source.where,
            f"VM {view.vm.name}: {source.name} has a GICv{version} ({node.path}), board "
            f"{view.board.name} and its VMs have a GICv{view.board.gic.version}",
            'use dtb = "auto", or the tree of a machine with that interrupt controller',
        )
        return
    frames = [part.base for part in cpu_reg(node)[:2]]
    expected = [span.range.base for span in view.gic]
    if frames != expected:
        shown = ", ".join(address_text(base) for base in frames) or "no address"
        wanted = ", ".join(address_text(base) for base in expected) or "none at all"
        report.error(
            "dtb-gic",
            source.where,
            f"VM {view.vm.name}: {source.name} has its interrupt controller {node.path} at {shown}, "
            f"the VM's is at {wanted}",
            "correct reg of that node",
        )


def told_memory(root: Node) -> tuple[Range, ...]:
    """What a tree calls memory; a node without a size waits for firmware to fill it in."""
    nodes = [child for child in root.children if child.text("device_type") == "memory"]
    return tuple(union([part for node in nodes for part in cpu_reg(node) if part.size]))


def memory_text(view: GuestView, told: Iterable[Range], source: Source) -> str:
    """How they differ from the VM's."""
    return (
        f"VM {view.vm.name}: {source.name} has memory at {_ranges(told)}, the VM has "
        f"{_ranges(view.ram)}"
    )


def _ranges(parts: Iterable[Range]) -> str:
    return ", ".join(range_text(part) for part in parts) or "none"


def check_reach(
    view: GuestView, node: Node, source: Source, mapped: tuple[Range, ...], report: Report
) -> None:
    for part in cpu_reg(node):
        if part.size and not any(contains(space, part) for space in union(mapped)):
            report.warning(
                "dtb-reg",
                source.where,
                f"VM {view.vm.name}: {source.name} has {node.path} at {range_text(part)}, where the "
                "VM has nothing: an access faults",
                'give it the device, or set status = "disabled" in the tree',
            )
