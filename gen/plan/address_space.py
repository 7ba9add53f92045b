# SPDX-License-Identifier: Apache-2.0
"""The guest-physical address space of one VM: everything in it, disjoint."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report
from gen.plan.draft import Doorbell, Span, VmDevices
from gen.plan.memory import GuestRam
from gen.ranges import PAGE, Range, address_text, first_hole, overlaps, range_text, size_text
from gen.read.deployment import Channel

# Which check an overlap breaks: the kind that is blamed comes last in this order.
KIND_ORDER = ("ram", "passthrough", "emulated", "channel")
CODES = {
    ("ram", "passthrough"): "passthrough-over-ram",
    ("ram", "emulated"): "emulated-over-ram",
    ("ram", "channel"): "channel-over-ram",
    ("passthrough", "emulated"): "passthrough-over-emulated",
    ("passthrough", "channel"): "channel-over-device",
    ("emulated", "emulated"): "emulated-overlap",
    ("emulated", "channel"): "channel-over-device",
    ("channel", "channel"): "channel-overlap",
}


def ram_spans(ram: Sequence[GuestRam]) -> tuple[Span, ...]:
    return tuple(Span(r.guest, "ram", "memory", r.where) for r in ram)


def device_spans(devices: VmDevices) -> tuple[Span, ...]:
    return tuple(Span(w.guest, "passthrough", w.owner, w.where) for w in devices.merged)


def channel_spans(channels: Sequence[Channel], doorbells: Sequence[Doorbell]) -> tuple[Span, ...]:
    spans = []
    for end in doorbells:
        name = channels[end.channel].name
        spans.append(Span(end.window, "channel", f"window of channel {name}", end.where))
        if end.frame is not None:
            part = Range(end.frame, PAGE)
            spans.append(Span(part, "channel", f"doorbell of channel {name}", end.where))
    return tuple(spans)


def check_disjoint(vm_name: str, spans: Sequence[Span], limit: int, report: Report) -> None:
    """Every pair that overlaps is an error, with a free place for one of the two."""
    ordered = sorted(spans, key=lambda s: (s.range.base, KIND_ORDER.index(s.kind)))
    for number, first in enumerate(ordered):
        for second in ordered[number + 1 :]:
            if second.range.base >= first.range.end:
                break
            if overlaps(first.range, second.range):
                _report_overlap(vm_name, first, second, ordered, report)
    for span in ordered:
        if span.kind in ("channel", "emulated") and span.range.end > limit:
            report.error(
                "gpa-overflow",
                span.where,
                f"VM {vm_name}: {span.owner} {range_text(span.range)} ends above the last address "
                f"{address_text(limit - 1)} that the board's CPUs translate",
                f"keep it below {address_text(limit)}",
            )


def _report_overlap(vm_name: str, a: Span, b: Span, spans: Sequence[Span], report: Report) -> None:
    kept, moved = sorted((a, b), key=lambda s: KIND_ORDER.index(s.kind))
    code = CODES.get((kept.kind, moved.kind))
    if code is None:  # RAM over RAM and window over window are judged where they are made
        return
    top = max((s.range.end for s in spans if s.kind == "ram"), default=0)
    hole = first_hole([s.range for s in spans], moved.range.size, top, PAGE)
    cure = f"free for {size_text(moved.range.size)}: gpa = {address_text(hole)}"
    if not moved.movable:
        cure = f"move {kept.owner} away: guests find the {moved.owner} where the board has it"
    report.error(
        code,
        moved.where,
        f"VM {vm_name}: {moved.owner} at {range_text(moved.range)} overlaps {kept.owner} at "
        f"{range_text(kept.range)}",
        cure,
        kept.where,
    )
