# SPDX-License-Identifier: Apache-2.0
"""A trace in words: the timeline's events and the table of costs."""

from __future__ import annotations

import json
from typing import Any

from gen.tool.timeline import SHOWN_MAX, Counter, Record, Trace, Vcpu, table, timeline

HZ = 1_000_000  # a tick is a microsecond


def vcpu(vm: str = "one", index: int = 0, **changes: Any) -> Vcpu:
    plain = {
        "vm": vm,
        "index": index,
        "cpu": 3,
        "records": (),
        "counters": (),
        "running_since": None,
        "lost": 0,
    }
    return Vcpu(**{**plain, **changes})


def events(*vcpus: Vcpu, hz: int = HZ) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(timeline(Trace(hz, vcpus)))["traceEvents"]
    return found


def slices(*vcpus: Vcpu) -> list[dict[str, Any]]:
    return [event for event in events(*vcpus) if event["ph"] == "X"]


def test_every_vcpu_has_a_track_of_its_vm() -> None:
    names = [
        (event["name"], event["pid"], event["tid"], event["args"]["name"])
        for event in events(vcpu("one"), vcpu("two", 0), vcpu("two", 1))
    ]
    assert names == [
        ("process_name", 1, 0, "one"),
        ("process_name", 2, 0, "two"),
        ("thread_name", 1, 1, "vCPU 0 on CPU 3"),
        ("thread_name", 2, 1, "vCPU 0 on CPU 3"),
        ("thread_name", 2, 2, "vCPU 1 on CPU 3"),
    ]


def test_times_begin_with_the_first_record() -> None:
    first = Record(500, 2, "device", "write uart", {"value": "0x1"})
    second = Record(750, 5, "call", "PSCI_VERSION", {})
    found = slices(vcpu("one", records=(second,)), vcpu("two", records=(first,)))
    assert [(e["name"], e["ts"], e["dur"]) for e in found] == [
        ("PSCI_VERSION", 250.0, 5.0),
        ("write uart", 0.0, 2.0),
    ]
    assert found[1]["args"] == {"value": "0x1"} and found[1]["cat"] == "device"


def test_ticks_become_microseconds() -> None:
    record = Record(0, 3, "idle", "idle", {})
    (event,) = [e for e in events(vcpu(records=(record,)), hz=62_500_000) if e["ph"] == "X"]
    assert event["dur"] == 0.048


def test_a_run_stands_before_the_exits_in_it() -> None:
    run, exit_ = Record(10, 90, "run", "ran until: off", {}), Record(10, 5, "idle", "idle", {})
    assert [e["cat"] for e in slices(vcpu(records=(exit_, run)))] == ["run", "idle"]


def test_a_run_that_was_cut_off_lasts_to_the_last_record() -> None:
    exits = (Record(20, 5, "idle", "idle", {}),)
    run = slices(vcpu(records=exits, running_since=12))[0]
    assert (run["name"], run["ts"], run["dur"]) == ("still runs", -8.0, 13.0)


def test_losses_are_told() -> None:
    lossy = Trace(HZ, (vcpu(lost=7),))
    assert json.loads(timeline(lossy))["otherData"]["records lost of one vCPU 0"] == 7
    assert "lacks 7 of these exits" in table(lossy)
    assert "lacks" not in table(Trace(HZ, (vcpu(),)))


def test_the_dearest_stands_first() -> None:
    counters = (Counter("cheap", 100, 10, 1), Counter("dear", 2, 50, 40))
    lines = table(Trace(HZ, (vcpu(counters=counters),))).splitlines()
    assert [line.split() for line in lines[-3:]] == [
        ["2", "25000", "40000", "50000", "dear"],
        ["100", "100", "1000", "10000", "cheap"],
        ["102", "588", "60000", "all"],
    ]


def test_what_costs_least_is_summed_up() -> None:
    counters = tuple(Counter(f"sort {n}", 1, 1000 - n, 1) for n in range(SHOWN_MAX + 3))
    lines = table(Trace(HZ, (vcpu(counters=counters),))).splitlines()
    assert [line.split()[-2:] for line in lines[-3:]] == [
        ["sort", str(SHOWN_MAX - 1)],
        ["the", "rest"],
        [str(sum(c.cost for c in counters) * 1000), "all"],
    ]
    assert lines[-2].split()[0] == "3"


def test_a_board_that_ran_nothing_has_no_rate() -> None:
    assert "no guest ran" in table(Trace(0, (vcpu(),)))
    assert timeline(Trace(0, (vcpu(),)))
