# SPDX-License-Identifier: Apache-2.0
"""What is different from a build that is kept, in words."""

from __future__ import annotations

from dataclasses import replace

import plans

from gen.emit.golden import Boot, Golden, differences, kept_report, kept_words
from gen.emit.manifest import build_manifest, part
from gen.emit.report.facts import facts
from gen.emit.tables import emit
from gen.plan.model import Plan

TOOLS = {"cc": "1"}
SAID = "[bulkhead] up\n[left] one\n[right] 1\n[left]+  and a half\n"


def made(plan: Plan | None = None, said: str = SAID, tools: dict[str, str] = TOOLS) -> Golden:
    plan = plan or plans.two_vms()
    return Golden(
        build_manifest(plan, emit(plan, tools=tools), b"firmware", tools),
        kept_report(facts(plan)),
        Boot("QEMU 7", said),
    )


def test_the_same_build_is_the_same() -> None:
    found = differences(made(), made(replace(plans.two_vms(), hash="1" * 64)))
    assert (found.wrong, found.open, found.why_open) == ((), (), ())


def test_what_a_guest_sees_is_told_by_its_name() -> None:
    plan = plans.two_vms()
    left = replace(plan.vms[0], vm=replace(plan.vms[0].vm, on_crash="reset-board"))
    found = differences(made(), made(replace(plan, vms=(left, plan.vms[1])))).wrong
    assert found[0] == "VM left: the guest sees a difference"
    assert any(line.startswith("bytes: tables.c: ") for line in found)
    assert "VM right-hand: unchanged" in found


def test_a_voice_that_says_something_else_is_named() -> None:
    found = differences(made(), made(said=SAID.replace("one", "two"))).wrong
    assert found[0] == "console of left: says something else"
    assert "    -one" in found and "    +two" in found
    assert not any("right" in line for line in found)


def test_another_order_of_the_same_words_is_told() -> None:
    first, second, *rest = SAID.splitlines(keepends=True)
    found = differences(made(), made(said="".join([second, first, *rest]))).wrong
    assert found == ("console: every voice says the same, in another order",)


def test_another_compiler_leaves_what_it_did_not_make() -> None:
    plan = plans.two_vms()
    other = {"cc": "2"}
    found = differences(made(), made(tools=other, said="other"))
    assert found.wrong == ()
    assert {"firmware.bin", "hypmap.c", "build_info.c", "console"} == set(found.open)
    assert found.why_open == ("cc: recorded 1, built 2",)
    left = replace(plan.vms[0], vm=replace(plan.vms[0].vm, on_crash="reset-board"))
    changed = made(replace(plan, vms=(left, plan.vms[1])), tools=other)
    assert "VM left: the guest sees a difference" in differences(made(), changed).wrong


def test_another_emulator_leaves_the_console_open() -> None:
    found = differences(made(), replace(made(said="x"), boot=Boot("QEMU 8", "x")))
    assert (found.wrong, found.open) == ((), ("console",))
    assert found.why_open == ("QEMU 7, now QEMU 8",)


def test_a_boot_that_comes_or_goes_is_told() -> None:
    found = differences(made(), replace(made(), boot=None)).wrong
    assert found == ("console: a boot, now no boot was kept",)
    first = differences(replace(made(), boot=None), made())
    assert (first.wrong, first.open, first.why_open) == ((), ("console",), ("no boot was kept",))


def test_parts_have_digests() -> None:
    kept = made()
    parts = {**kept.manifest.independent, "stage2.c": part(b"x")}
    other = replace(kept, manifest=replace(kept.manifest, independent=parts))
    (line,) = differences(kept, other).wrong
    assert line.startswith("bytes: stage2.c: recorded")


def test_the_hash_of_inputs_is_no_difference() -> None:
    assert kept_words(f"build {'ab' * 8}\n", "ab" * 32) == f"build {'0' * 16}\n"
