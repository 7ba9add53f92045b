# SPDX-License-Identifier: Apache-2.0
"""Overlays, applied to a guest's device tree whether it is generated or the user's, and checked for what
they change."""

from __future__ import annotations

from pathlib import Path

import libfdt

from gen.diagnostics import Report
from gen.plan.guest_tree import GuestView
from gen.plan.tree_check import Source, check_cpus, check_reach, memory_text, told_memory
from gen.ranges import Range, union
from gen.read.devices import cpu_nodes
from gen.read.dtc import SourceError, compile_source
from gen.read.fdt import Tree, parse
from gen.read.interrupts import is_gic

OVERLAY_ROOM = 4096


def overlaid(
    view: GuestView, blob: bytes, mapped: tuple[Range, ...], report: Report
) -> bytes | None:
    """The tree with the VM's overlays applied. `mapped`: all guest-physical addresses at which the VM
    has something."""
    for file in view.vm.dtb_overlay:
        source = Source(file.name, view.vm.at("dtb_overlay"))
        try:
            applied = _apply(blob, _overlay_blob(file))
        except (OSError, SourceError, _NotApplied) as error:
            words = str(error.strerror if isinstance(error, OSError) else error)
            report.error(
                "dtb-overlay",
                source.where,
                f"VM {view.vm.name}: overlay {file.name} can't be applied: "
                + words.replace("\n", "; "),
                f"refer to nodes by target-path, or by a label of the tree{_labels_text(blob)}",
            )
            return None
        _check(view, blob, applied, source, mapped, report)
        blob = applied
    return blob


def _check(
    view: GuestView,
    before: bytes,
    after: bytes,
    source: Source,
    mapped: tuple[Range, ...],
    report: Report,
) -> None:
    """What the overlay adds or moves must be there for the VM."""
    old, tree = parse(before), parse(after)
    known = {(node.path, node.properties.get("reg")) for node in old.walk()}
    if _cpu_ids(tree) != _cpu_ids(old):
        check_cpus(view, tree, source, report)
    told = told_memory(tree.root)
    if told != tuple(union(view.ram)):
        report.error(
            "dtb-overlay",
            source.where,
            memory_text(view, told, source),
            "leave memory nodes to the VM's ram or memory",
        )
    for node in tree.walk():
        is_new = (node.path, node.properties.get("reg")) not in known
        if is_new and node.enabled and node.text("device_type") != "memory" and not is_gic(node):
            check_reach(view, node, source, mapped, report)


def _cpu_ids(tree: Tree) -> list[int]:
    return [number for number, _ in cpu_nodes(tree)]


def _labels(blob: bytes, node: str) -> list[str]:
    """Names of the properties of a node that dtc makes for labels."""
    found = parse(blob).root.child(node)
    return list(found.properties) if found is not None else []


def _labels_text(blob: bytes) -> str:
    labels = _labels(blob, "__symbols__")
    return f": {', '.join(labels)}" if labels else ", which has none"


def _overlay_blob(file: Path) -> bytes:
    if file.suffix == ".dtso" and file.is_file():
        return compile_source(file, "-@")
    return file.read_bytes()


class _NotApplied(Exception):
    """Why, in words."""


def _apply(blob: bytes, overlay: bytes) -> bytes:
    status = libfdt.fdt_check_full(bytearray(overlay), len(overlay))
    if status != 0:
        raise _NotApplied(f"not a sound device tree: {libfdt.strerror(status)}")
    known = _labels(blob, "__symbols__")
    lacking = [label for label in _labels(overlay, "__fixups__") if label not in known]
    if lacking:
        raise _NotApplied(f"the guest's tree has no label {', '.join(lacking)}")
    target = libfdt.Fdt(blob)
    target.resize(len(blob) + len(overlay) + OVERLAY_ROOM)
    merged = target.as_bytearray()
    status = libfdt.fdt_overlay_apply(merged, bytearray(overlay))
    if status != 0:
        raise _NotApplied(str(libfdt.strerror(status)))
    result = libfdt.Fdt(merged)
    result.pack()
    return bytes(result.as_bytearray())
