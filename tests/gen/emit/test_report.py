# SPDX-License-Identifier: Apache-2.0
"""report.json and the summary say what the plan says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import plans

from gen.diagnostics import Diagnostic, Where
from gen.emit.boundaries import guess
from gen.emit.report.facts import facts, facts_json
from gen.emit.report.summary import Output, summary
from gen.plan.model import Trapped
from gen.read import deployment
from gen.read.deployment import Console


def test_memory_is_by_address_with_owners() -> None:
    found = facts(plans.two_vms())["memory"]
    assert [row["owner"] for row in found] == [
        "hypervisor",
        "left",
        "right-hand",
        "channel wire",
    ]
    bases = [int(row["base"], 16) for row in found]
    assert bases == sorted(bases)


def test_vm_tells_its_guest_map_images_and_interrupts() -> None:
    left, right = facts(plans.two_vms())["vms"]
    assert [row["gpa"] for row in left["map"]] == [
        "0x8000000",
        "0x80a0000",
        "0x9000000",
        "0x9010000",
        "0x40000000",
        "0x40200000",
    ]
    assert left["interrupts"]["hardware"][0]["intid"] == 34
    assert [image["placed"] for image in right["images"]] == ["packed, copied at start", "in place"]
    assert len(right["images"][0]["sha256"]) == 64


def test_channel_peers_by_name() -> None:
    channel = facts(plans.two_vms())["channels"][0]
    assert [(peer["vm"], peer["access"], peer["rings"]) for peer in channel["peers"]] == [
        ("left", "rw", ["right-hand"]),
        ("right-hand", "ro", ["left"]),
    ]


def test_text_is_stable_and_without_paths_of_this_machine() -> None:
    plan = plans.two_vms()
    plan = replace(plan, deployment=replace(plan.deployment, file=Path("/a/b/two.toml")))
    warning = Diagnostic("W-odd", Where(Path("/a/common.toml"), 3), "odd", "even it")
    error = Diagnostic("E-bad", Where(Path("/a/common.toml"), 3), "bad")
    text = facts_json(facts(plan, [warning, error], guess(plan, 8192)))
    assert text == facts_json(facts(plan, [warning, error], guess(plan, 8192)))
    tree = json.loads(text)
    assert [found["file"] for found in tree["warnings"]] == ["../common.toml"]
    assert tree["image"]["sections"]["stacks"] == 2 * (4096 + 8192)


def test_lost_isolation_is_told() -> None:
    plan = plans.two_vms()
    wish = replace(plan.vms[0].vm, dma="trusted", scrub=False)
    vm = replace(plan.vms[0], vm=wish, masters=("/soc/ethernet",), notes=("a clock is left out",))
    plan = replace(plan, vms=(vm, plan.vms[1]))
    found = facts(plan)
    assert len(found["notices"]) == 2 and "isolation" in found["notices"][0]
    assert [(row["vm"], row["device"]) for row in found["not_isolated"]] == [
        ("left", "/soc/ethernet")
    ]
    assert found["notes"] == [{"vm": "left", "note": "a clock is left out"}]
    assert "NOT ISOLATED from /soc/ethernet" in summary(facts(plan), [], 1)


def test_isolation_is_not_called_lost_where_nothing_masters_the_bus() -> None:
    plan = plans.two_vms()
    vm = replace(plan.vms[0], vm=replace(plan.vms[0].vm, dma="trusted"))
    found = facts(replace(plan, vms=(vm, plan.vms[1])))
    assert found["not_isolated"] == [] and found["notices"] == []


def test_trapped_registers_by_address() -> None:
    plan = plans.two_vms()
    traps = (
        Trapped(1, 0x9030400, 4, 0xF0, 0xF0, "keep", 0, "/gpio"),
        Trapped(0, 0x9030400, 4, 0x0F, 0x0F, "keep", 0, "/gpio"),
        Trapped(0, 0x9030404, 0xBFC, 0, 0, "keep", None, "/gpio"),
    )
    found = facts(replace(plan, trapped=traps))["trapped"]
    assert [(row["vm"], row["write_mask"], row["lock"]) for row in found] == [
        ("left", "0xf", 0),
        ("right-hand", "0xf0", 0),
    ]


def test_summary() -> None:
    plan = plans.two_vms()
    plan = replace(
        plan, deployment=replace(plan.deployment, test=deployment.Test(expect=("left: ready",)))
    )
    text = summary(facts(plan), [Output("build/two-vms/firmware.bin", 3 << 20)], 3 << 20)
    assert "3 MiB of 64 MiB (4.7 %)" in text
    assert "build/two-vms/firmware.bin" in text
    assert "left: cpu@0; 2 MiB RAM" in text
    assert "[bulkhead], [left], [right-hand]" in text
    assert "[bulkhead] Bulkhead: deployment 'two-vms', build 0000000000000000\n" in text
    assert "left: ready" in text


def test_summary_without_console() -> None:
    plan = plans.two_vms()
    plan = replace(plan, deployment=replace(plan.deployment, console=Console("none")))
    assert "/pl011@9000000; a guest's, once the first one starts" in summary(facts(plan), [], 1)
