# SPDX-License-Identifier: Apache-2.0
"""A guest device tree that the user supplies: patched with what the plan decides, checked against
it; and overlays, for this or for the generated tree."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import libfdt

from gen.diagnostics import Exit, Failure, Report
from gen.plan.guest_tree import GuestView, chosen_properties, memory_node
from gen.plan.ranges import address_text, contains, range_text, union
from gen.plan.tree_write import cells, flatten
from gen.read.board import Range
from gen.read.devices import GIC_COMPATIBLES, cpu_nodes, is_gic
from gen.read.fdt import FdtError, Node, Tree, cpu_reg, parse

OVERLAY_ROOM = 4096


def user_tree(
    view: GuestView, file: Path, mapped: tuple[Range, ...], report: Report
) -> Tree | None:
    """The patched tree. `mapped`: all guest-physical addresses at which the VM has something."""
    where = view.vm.at("dtb")
    try:
        tree = parse(file.read_bytes())
    except (OSError, FdtError) as error:
        report.error(
            "dtb-unreadable",
            where,
            f'VM {view.vm.name}: dtb = "{file.name}" can\'t be used: {error}',
            "give a flattened device tree (.dtb), or a source compiled by dtc",
        )
        return None
    root = tree.root
    _check_cpus(view, [number for number, _ in cpu_nodes(tree)], file, report)
    for node in root.walk():
        if node.enabled and is_gic(node):
            _check_gic(view, node, file, report)
        elif node.enabled and node.text("device_type") != "memory":
            _check_reach(view, node, file, mapped, report)
    _check_memory(view, root, file, report)
    _patch(view, root)
    return tree


def _check_cpus(view: GuestView, ids: list[int], file: Path, report: Report) -> None:
    if sorted(ids) != sorted(view.cpu_ids):
        report.error(
            "dtb-cpus",
            view.vm.at("dtb"),
            f"VM {view.vm.name}: {file.name} has CPUs with reg {ids}, but cpus gives the VM "
            f"{list(view.cpu_ids)}",
            "change the tree's /cpus or the VM's cpus so that they agree",
            view.vm.at("cpus"),
        )


def _check_gic(view: GuestView, node: Node, file: Path, report: Report) -> None:
    version = next(GIC_COMPATIBLES[name] for name in node.compatible if name in GIC_COMPATIBLES)
    if version != view.board.gic.version:
        report.error(
            "dtb-gic",
            view.vm.at("dtb"),
            f"VM {view.vm.name}: {file.name} has a GICv{version} ({node.path}), board "
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
            view.vm.at("dtb"),
            f"VM {view.vm.name}: {file.name} has its interrupt controller {node.path} at {shown}, "
            f"the VM's is at {wanted}",
            "correct reg of that node",
        )


def _check_memory(view: GuestView, root: Node, file: Path, report: Report) -> None:
    """What the tree calls memory; a node without a size waits for firmware to fill it in."""
    nodes = [child for child in root.children if child.text("device_type") == "memory"]
    told = union([part for node in nodes for part in cpu_reg(node) if part.size])
    if told and told != union(view.ram):
        report.warning(
            "dtb-memory",
            view.vm.at("dtb"),
            f"VM {view.vm.name}: {file.name} has memory at {_ranges(told)}, the VM has "
            f"{_ranges(view.ram)}: the guest is told the VM's",
            "make the tree's memory node and the VM's memory agree, or leave the node out",
        )


def _ranges(parts: Iterable[Range]) -> str:
    return ", ".join(range_text(part) for part in parts)


def _check_reach(
    view: GuestView, node: Node, file: Path, mapped: tuple[Range, ...], report: Report
) -> None:
    for part in cpu_reg(node):
        if part.size and not any(contains(space, part) for space in union(mapped)):
            report.warning(
                "dtb-reg",
                view.vm.at("dtb"),
                f"VM {view.vm.name}: {file.name} has {node.path} at {range_text(part)}, where the "
                "VM has nothing: an access faults",
                'give it the device, or set status = "disabled" in the tree',
            )


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


def finish(
    view: GuestView, root: Node, reservations: tuple[Range, ...], report: Report
) -> bytes | None:
    """The flattened tree with the VM's overlays applied."""
    blob = flatten(root, reservations)
    for overlay in view.vm.dtb_overlay:
        applied = _apply(blob, _overlay_blob(overlay))
        if isinstance(applied, str):
            report.error(
                "dtb-overlay",
                view.vm.at("dtb_overlay"),
                f"VM {view.vm.name}: overlay {overlay.name} can't be applied: {applied}",
                f"refer to nodes by target-path, or by a label of the tree{_labels_text(blob)}",
            )
            return None
        blob = applied
    return blob


def _labels(blob: bytes, node: str) -> list[str]:
    """Names of the properties of a node that dtc makes for labels."""
    found = parse(blob).root.child(node)
    return list(found.properties) if found is not None else []


def _labels_text(blob: bytes) -> str:
    labels = _labels(blob, "__symbols__")
    return f": {', '.join(labels)}" if labels else ", which has none"


def _overlay_blob(file: Path) -> bytes | str:
    """The overlay's blob, or what is wrong with it."""
    try:
        data = file.read_bytes()
    except OSError as error:
        return str(error.strerror)
    if file.suffix != ".dtso":
        return data
    command = ["dtc", "-@", "-I", "dts", "-O", "dtb", "-i", str(file.parent), "-"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)
    except FileNotFoundError as error:
        raise Failure(Exit.MISSING, "dtc is missing; run: ./build.py --setup") from error
    if done.returncode != 0:
        return done.stderr.decode("utf-8", "replace").strip().replace("\n", "; ")
    return done.stdout


def _apply(blob: bytes, overlay: bytes | str) -> bytes | str:
    if isinstance(overlay, str):
        return overlay
    status = libfdt.fdt_check_full(bytearray(overlay), len(overlay))
    if status != 0:
        return f"not a sound device tree: {libfdt.strerror(status)}"
    known = _labels(blob, "__symbols__")
    lacking = [label for label in _labels(overlay, "__fixups__") if label not in known]
    if lacking:
        return f"the guest's tree has no label {', '.join(lacking)}"
    target = libfdt.Fdt(blob)
    target.resize(len(blob) + len(overlay) + OVERLAY_ROOM)
    merged = target.as_bytearray()
    status = libfdt.fdt_overlay_apply(merged, bytearray(overlay))
    if status != 0:
        return str(libfdt.strerror(status))
    result = libfdt.Fdt(merged)
    result.pack()
    return bytes(result.as_bytearray())
