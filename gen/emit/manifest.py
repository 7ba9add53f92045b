# SPDX-License-Identifier: Apache-2.0
"""Golden images: a manifest of everything a build made, and the comparison of two of them.

Two groups of parts. `independent`: what the generator writes (tables, device trees, linker script)
and the guest images that come from outside; the same whatever compiles it. `compiled`: what depends
on the compiler and linker too; comparable only between the same versions of those."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from gen.emit import build_info
from gen.plan.model import Plan


FILE = "manifest.json"


@dataclass(frozen=True)
class Part:
    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    deployment: str
    toolchain: Mapping[str, str]  # tool name -> its version line
    independent: Mapping[str, Part]  # part name -> digest
    compiled: Mapping[str, Part]


@dataclass(frozen=True)
class Comparison:
    """Both are by name; `different` says what is wrong with a part."""

    different: tuple[str, ...]
    not_comparable: tuple[str, ...]


def part(data: bytes) -> Part:
    return Part(hashlib.sha256(data).hexdigest(), len(data))


def manifest(
    deployment: str,
    toolchain: Mapping[str, str],
    independent: Mapping[str, bytes],
    compiled: Mapping[str, bytes],
) -> Manifest:
    """Names must not hold paths of this machine; a name is in one of the two groups only."""
    both = sorted(independent.keys() & compiled.keys())
    if both:
        raise ValueError(f"parts in both groups: {', '.join(both)}")
    return Manifest(
        deployment,
        dict(toolchain),
        {name: part(data) for name, data in independent.items()},
        {name: part(data) for name, data in compiled.items()},
    )


def build_manifest(
    plan: Plan, files: Mapping[str, str], firmware: bytes, toolchain: Mapping[str, str]
) -> Manifest:
    """Manifest of a build. `files`: what gen.emit.tables.emit() gave at the last link; `firmware`:
    firmware.bin. The hash of all inputs counts as zeros, so that only what else reaches the image
    shows. Where a VM is a unikernel, compiled here, the size of its image decides the placement of
    others and its hash is in the tables: then these count as compiled too."""
    nothing = "0" * len(plan.hash)
    images: dict[str, bytes] = {}
    unikernels: dict[str, bytes] = {}
    trees: dict[str, bytes] = {}
    for vm in plan.vms:
        for image in vm.images:
            if image.name == "dtb":
                continue
            group = unikernels if vm.vm.unikernel else images
            group[f"image {vm.vm.name}/{image.name}"] = image.data
        if vm.dtb:
            trees[f"device tree {vm.vm.name}"] = vm.dtb
    firmware = firmware.replace(plan.hash.encode(), nothing.encode())
    tables = {name: text.replace(plan.hash, nothing).encode() for name, text in files.items()}
    independent = {"tables.h": tables.pop("tables.h")}
    compiled = {name: tables.pop(name) for name in ("hypmap.c", build_info.FILE)}
    compiled |= {"firmware.bin": firmware, **unikernels}
    (compiled if unikernels else independent).update(tables)
    return manifest(plan.deployment.name, toolchain, {**independent, **images, **trees}, compiled)


def manifest_text(value: Manifest) -> str:
    """manifest.json: sorted, the same bytes for the same manifest."""
    tree = {
        "deployment": value.deployment,
        "toolchain": dict(value.toolchain),
        "independent": {name: vars(item) for name, item in value.independent.items()},
        "compiled": {name: vars(item) for name, item in value.compiled.items()},
    }
    return json.dumps(tree, indent=2, sort_keys=True) + "\n"


def parse_manifest(text: str) -> Manifest:
    """Inverse of manifest_text(); KeyError or TypeError where a member is missing or unknown."""
    tree = json.loads(text)
    return Manifest(
        tree["deployment"],
        tree["toolchain"],
        {name: Part(**item) for name, item in tree["independent"].items()},
        {name: Part(**item) for name, item in tree["compiled"].items()},
    )


def compare(recorded: Manifest, built: Manifest) -> Comparison:
    """With the recorded toolchain everything must be equal; with another one the independent parts
    must be, and the compiled ones are named as not comparable."""
    different = list(_differences(recorded.independent, built.independent))
    not_comparable: list[str] = []
    if recorded.toolchain == built.toolchain:
        different += _differences(recorded.compiled, built.compiled)
    else:
        not_comparable = sorted(recorded.compiled.keys() | built.compiled.keys())
    if recorded.deployment != built.deployment:
        different.insert(0, f"deployment: recorded {recorded.deployment}, built {built.deployment}")
    return Comparison(tuple(different), tuple(not_comparable))


def toolchain_changes(recorded: Manifest, built: Manifest) -> tuple[str, ...]:
    """In words, why parts are not comparable."""
    tools = sorted(recorded.toolchain.keys() | built.toolchain.keys())
    return tuple(
        f"{tool}: recorded {recorded.toolchain.get(tool, 'none')}, "
        f"built {built.toolchain.get(tool, 'none')}"
        for tool in tools
        if recorded.toolchain.get(tool) != built.toolchain.get(tool)
    )


def _differences(recorded: Mapping[str, Part], built: Mapping[str, Part]) -> list[str]:
    found = []
    for name in sorted(recorded.keys() | built.keys()):
        old, new = recorded.get(name), built.get(name)
        if old is None:
            found.append(f"{name}: built, but not recorded")
        elif new is None:
            found.append(f"{name}: recorded, but not built")
        elif old.size != new.size:
            found.append(f"{name}: recorded {old.size} bytes, built {new.size}")
        elif old != new:
            found.append(f"{name}: same size, other bytes")
    return found
