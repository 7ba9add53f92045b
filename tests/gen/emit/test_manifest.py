# SPDX-License-Identifier: Apache-2.0
"""Manifests of golden images and their comparison."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import plans
import pytest

from gen.emit.manifest import (
    Manifest,
    build_manifest,
    compare,
    manifest,
    manifest_text,
    parse_manifest,
    toolchain_changes,
)
from gen.emit.tables import emit

TOOLS = {"clang": "14.0.6", "lld": "14.0.6"}


def made(tables: bytes = b"tables", firmware: bytes = b"firmware", clang: str = "14") -> Manifest:
    return manifest("d", {"clang": clang}, {"tables.c": tables}, {"firmware.bin": firmware})


def test_text_and_back() -> None:
    assert parse_manifest(manifest_text(made())) == made()


def test_same_toolchain_compares_everything() -> None:
    assert not compare(made(), made()).different
    found = compare(made(), made(firmware=b"firmwarf"))
    assert found.different == ("firmware.bin: same size, other bytes",)
    found = compare(made(), made(tables=b"more tables"))
    assert found.different == ("tables.c: recorded 6 bytes, built 11",)


def test_other_toolchain_names_what_it_cannot_compare() -> None:
    found = compare(made(), made(firmware=b"other", clang="19"))
    assert not found.different and found.not_comparable == ("firmware.bin",)
    assert compare(made(), made(tables=b"TABLES", clang="19")).different
    assert toolchain_changes(made(), made(clang="19")) == ("clang: recorded 14, built 19",)


def test_parts_that_come_and_go() -> None:
    old = manifest("d", TOOLS, {"a": b"", "b": b""}, {})
    new = manifest("d", TOOLS, {"b": b"", "c": b""}, {})
    assert compare(old, new).different == (
        "a: recorded, but not built",
        "c: built, but not recorded",
    )
    with pytest.raises(ValueError, match="both groups: a"):
        manifest("d", TOOLS, {"a": b""}, {"a": b""})


def test_manifest_of_a_build() -> None:
    plan = plans.two_vms()
    found = build_manifest(plan, emit(plan), b"bin", TOOLS)
    assert set(found.compiled) == {"firmware.bin", "hypmap.c", "build_info.c"}
    assert {"tables.c", "stage2.c", "layout.ld", "image left/kernel"} <= set(found.independent)


def test_the_hash_of_inputs_does_not_count() -> None:
    one, two = (replace(plans.two_vms(), hash=digit * 64) for digit in "12")
    parts = [
        build_manifest(plan, emit(plan), f"bin {plan.hash}".encode(), TOOLS) for plan in (one, two)
    ]
    assert parts[0] == parts[1]


def test_unikernels_make_tables_depend_on_the_compiler() -> None:
    plan = plans.two_vms()
    left = replace(plan.vms[0], vm=replace(plan.vms[0].vm, unikernel=Path("left")))
    plan = replace(plan, vms=(left, plan.vms[1]))
    found = build_manifest(plan, emit(plan), b"bin", TOOLS)
    assert set(found.independent) == {"tables.h", "image right-hand/kernel"}
    assert {"tables.c", "image left/kernel"} <= set(found.compiled)
