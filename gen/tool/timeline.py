# SPDX-License-Identifier: Apache-2.0
"""A trace in words: as a timeline that Perfetto and Chrome open (Trace Event Format), and as a table
of exits and their cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

SHOWN_MAX = 20  # sorts of exits of one vCPU in the table


@dataclass(frozen=True)
class Record:
    """An exit, or (kind "run") a stretch in which the vCPU ran. Times in ticks."""

    start: int
    length: int
    kind: str
    name: str
    details: dict[str, str]


@dataclass(frozen=True)
class Counter:
    """Exits of one sort. most: the dearest one; None: not known."""

    name: str
    count: int
    cost: int
    most: int | None


@dataclass(frozen=True)
class Vcpu:
    vm: str
    index: int
    cpu: int  # physical
    records: tuple[Record, ...]
    counters: tuple[Counter, ...]
    running_since: int | None
    lost: int  # records that nobody took in time


@dataclass(frozen=True)
class Trace:
    hz: int  # ticks a second
    vcpus: tuple[Vcpu, ...]


def timeline(trace: Trace) -> str:
    """One process a VM, one track a vCPU; times from the first record on."""
    starts = [record.start for vcpu in trace.vcpus for record in vcpu.records]
    events: list[Json] = []
    vms = list(dict.fromkeys(vcpu.vm for vcpu in trace.vcpus))
    for number, vm in enumerate(vms, 1):
        events.append(_meta("process_name", number, 0, vm))
    for vcpu in trace.vcpus:
        place = (vms.index(vcpu.vm) + 1, vcpu.index + 1)
        events.append(_meta("thread_name", *place, f"vCPU {vcpu.index} on CPU {vcpu.cpu}"))
        events += _slices(vcpu, place, min(starts, default=0), trace.hz)
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    other = json.dumps({"ticks a second": trace.hz} | _losses(trace))
    return f'{{"displayTimeUnit":"ns","otherData":{other},"traceEvents":[\n{lines}\n]}}\n'


def _meta(kind: str, process: int, thread: int, name: str) -> Json:
    return {"ph": "M", "name": kind, "pid": process, "tid": thread, "args": {"name": name}}


def _slices(vcpu: Vcpu, place: tuple[int, int], origin: int, hz: int) -> Iterator[Json]:
    """Outer before inner, as viewers nest them."""
    records = list(vcpu.records)
    if vcpu.running_since is not None:
        last = max((r.start + r.length for r in records), default=vcpu.running_since)
        since = vcpu.running_since
        records.append(Record(since, max(last - since, 0), "run", "still runs", {}))
    for record in sorted(records, key=lambda r: (r.start, r.kind != "run")):
        yield {
            "ph": "X",
            "name": record.name,
            "cat": record.kind,
            "pid": place[0],
            "tid": place[1],
            "ts": _micros(record.start - origin, hz),
            "dur": _micros(record.length, hz),
            "args": record.details,
        }


def _micros(ticks: int, hz: int) -> float:
    return round(ticks * 1e6 / hz, 3) if hz else 0.0


def _losses(trace: Trace) -> Json:
    return {
        f"records lost of {vcpu.vm} vCPU {vcpu.index}": vcpu.lost
        for vcpu in trace.vcpus
        if vcpu.lost
    }


def table(trace: Trace) -> str:
    """What the exits of each vCPU cost, the dearest sort first."""
    if not trace.hz:
        return "no guest ran: there is nothing to trace"
    nanos = 1e9 / trace.hz
    lines = [f"exits and their cost in ns (a tick is {nanos:.3g} ns)"]
    for vcpu in trace.vcpus:
        counters = sorted(vcpu.counters, key=lambda c: (-c.cost, c.name))
        counters = [*counters[:SHOWN_MAX], *_sum(counters[SHOWN_MAX:], "the rest")]
        lines += ["", f"{vcpu.vm}, vCPU {vcpu.index} on CPU {vcpu.cpu}"]
        lines.append(f"  {'count':>10} {'mean':>9} {'most':>9} {'total':>13}  exit")
        lines += [_line(counter, nanos) for counter in (*counters, *_sum(counters, "all"))]
        if vcpu.lost:
            lines.append(
                f"  the timeline lacks {vcpu.lost} of these exits: they came faster than they were "
                "taken; --set build.TRACE_DEPTH=65536 keeps more"
            )
    return "\n".join(lines)


def _sum(counters: list[Counter], name: str) -> list[Counter]:
    if not counters:
        return []
    return [Counter(name, sum(c.count for c in counters), sum(c.cost for c in counters), None)]


def _line(counter: Counter, nanos: float) -> str:
    mean = f"{counter.cost * nanos / counter.count:.0f}" if counter.count else "-"
    most = f"{counter.most * nanos:.0f}" if counter.most is not None else ""
    total = f"{counter.cost * nanos:.0f}"
    return f"  {counter.count:>10} {mean:>9} {most:>9} {total:>13}  {counter.name}"
