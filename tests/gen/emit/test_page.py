# SPDX-License-Identifier: Apache-2.0
"""report.html: sound, escaped, the same bytes for the same facts. How it looks: tests/report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import golden
import html_tree
import plans
import pytest

from gen.emit.boundaries import guess
from gen.emit.report.facts import facts
from gen.emit.report.diff import diff
from gen.emit.report.overview import overview
from gen.emit.report.page import page
from gen.emit.report.picture import pictures
from gen.emit.report.vm_facts import Json
from gen.plan.model import Trapped

HOSTILE = '<script>alert("1")</script>&\'{{7*7}}'


def whole() -> Json:
    """Facts with something in every section."""
    plan = plans.two_vms()
    wish = replace(plan.vms[0].vm, dma="trusted", scrub=False)
    vm = replace(plan.vms[0], vm=wish, masters=("/soc/ethernet",), notes=("a clock is left out",))
    traps = (Trapped(1, 0x9030400, 4, 0xF0, 0xF0, "keep", 0, "/gpio"),)
    plan = replace(plan, vms=(vm, plan.vms[1]), trapped=traps)
    return facts(plan, [], guess(plan, 8192))


def with_text(found: Json, hostile: str) -> Json:
    """Every text that a user or a file chose, hostile."""
    names = {"name", "owner", "what", "source", "bootargs", "message", "cure", "note", "device"}
    names |= {"path", "title", "deployment", "notices", "vm", "cpu", "file"}

    def spoil(key: str, value: object) -> object:
        if isinstance(value, dict):
            return {name: spoil(name, inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [spoil(key, inner) for inner in value]
        return f"{value}{hostile}" if key in names and isinstance(value, str) else value

    spoilt = spoil("", found)
    assert isinstance(spoilt, dict)
    return spoilt


def test_page_is_sound() -> None:
    seen = html_tree.Page(page(whole()))
    assert seen.problems == []
    assert seen.tags["script"] == 1 and seen.tags["main"] == 1
    assert seen.tags["svg"] == 1


def test_checker_sees_what_is_wrong() -> None:
    bad = '<p id="a"><b></p></b><i id="a"></i><a href="#b"></a><img src="x"><a href="http://x"></a>'
    assert len(html_tree.Page(bad).problems) >= 6


def test_no_text_becomes_markup() -> None:
    plain, hostile = page(whole()), page(with_text(whole(), HOSTILE))
    seen = html_tree.Page(hostile)
    assert seen.problems == []
    assert seen.tags == html_tree.Page(plain).tags
    assert HOSTILE in "".join(seen.text)
    assert 'alert("1")</script>' not in hostile


def test_same_facts_give_the_same_page_from_the_plan_and_from_report_json() -> None:
    found = whole()
    assert page(found) == page(json.loads(json.dumps(found, sort_keys=True)))


def test_lost_isolation_is_in_red_and_said_first() -> None:
    text = page(whole())
    assert "Not isolated from 1 device" in text and "Every VM is isolated" not in text
    assert text.index('class="alarm"') < text.index("Virtual machines")
    safe = page(facts(plans.two_vms()))
    assert "Every VM is isolated" in safe and 'class="alarm"' not in safe


@pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 11])
def test_picture_holds_every_vm_and_overlaps_nothing(count: int) -> None:
    found = facts(plans.two_vms())
    found["vms"] = [{**found["vms"][0], "name": f"vm{n}"} for n in range(count)]
    drawn = pictures(found)
    assert [panel.vm for picture in drawn for panel in picture.panels] == [
        f"vm{n}" for n in range(count)
    ]
    for picture in drawn:
        columns = [picture.host] + [panel.guest for panel in picture.panels]
        for column in columns:
            for above, below in zip(column.blocks, column.blocks[1:]):
                assert above.bottom <= below.y + 0.01
                assert above.part.end <= below.part.base
            assert column.blocks[-1].bottom <= picture.height
            assert all(block.height >= 15 for block in column.blocks)
        for left, right in zip(columns, columns[1:]):
            assert left.x + left.width <= right.x
        assert columns[-1].x + columns[-1].width <= picture.width


def test_lines_lead_to_what_the_guest_sees() -> None:
    left = pictures(facts(plans.two_vms()))[0].panels[0]
    assert {line.title for line in left.lines} == {
        "/pl031@9010000: guest 0x9010000 to 0x9010fff is host 0x9010000 to 0x9010fff",
        "RAM: guest 0x40000000 to 0x401fffff is host 0x40800000 to 0x409fffff",
        "channel wire: guest 0x40200000 to 0x40200fff is host 0x50000000 to 0x50000fff",
    }


def audited(result: str) -> Json:
    check = {"code": "E-audit-ram", "title": "RAM", "result": result, "skipped": ""}
    check |= {"shown": "2 ranges" if result == "pass" else ""}
    found = {"elf": {"sha256": "ab" * 32}, "result": result, "asked": True, "limits": ["a limit"]}
    failures = ["two owners"] if result == "fail" else []
    path = [{"function": "boot_main", "bytes": 32}, {"function": "panic", "bytes": 144}]
    one = {"size": 4096, "deepest": {"bytes": 1024, "path": path}}
    stack = {"cpu": one, "exceptions": one, "functions": 9}
    return {**found, "checks": [{**check, "failures": failures}], "stack": stack, "vms": []}


def test_longest_exits_are_told() -> None:
    found = facts(plans.two_vms())
    step = {"function": "irq_take", "instructions": 41}
    row = {"class": "IRQ", "longest": 4711, "guest": "hostile", "exits": 1, "path": [step]}
    assert "not of this image" in page(found)
    found["exits"] = {"board": "a board", "guests": ["hostile"], "exits": [row]}
    text = page(found)
    assert html_tree.Page(text).problems == []
    assert "4711" in text and "irq_take" in text and "a board" in text


def test_audit_is_told() -> None:
    plan = plans.two_vms()
    assert "This image was not audited." in page(facts(plan))
    passed = page(facts(plan, audit=audited("pass")))
    assert "25.0 %" in passed and "boot_main" in passed
    assert "Passed" in passed and "2 ranges" in passed and "a limit" in passed
    failed = page(facts(plan, audit=audited("fail")))
    assert "Failed" in failed and "two owners" in failed and "E-audit-ram" in failed
    overflow = audited("fail")
    nothing = {"size": 0, "deepest": {"bytes": 0, "path": []}}
    overflow["stack"] = {"cpu": nothing, "exceptions": nothing, "functions": 9}
    assert "at their deepest" in passed and "at their deepest" not in page(
        facts(plan, audit=overflow)
    )
    assert html_tree.Page(failed).problems == [] and html_tree.Page(passed).problems == []


@pytest.mark.parametrize("case", golden.cases())
def test_pages_of_real_plans_are_sound(case: str, tmp_path: Path) -> None:
    found = facts(golden.plan_case(case, tmp_path))
    seen = html_tree.Page(page(found))
    assert seen.problems == []
    said = " ".join(" ".join(seen.text).split())
    for vm in found["vms"]:
        for row in [*vm["map"], *vm["interrupts"]["routes"]]:
            assert row["owner"] in said
            assert row["owner"] != "an emulated device", "it has a name"
    assert overview(found) and not diff(found, found).whole
