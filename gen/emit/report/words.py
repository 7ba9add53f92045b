# SPDX-License-Identifier: Apache-2.0
"""Numbers as people read them: the same on the terminal, on the page and in comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gen.emit.report.vm_facts import Json

UNITS = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def size(value: int) -> str:
    """Digits behind the point tell that it is rounded."""
    for unit, name in UNITS:
        if value >= unit:
            share = value / unit
            digits = 0 if value % unit == 0 else 1 if share >= 10 else 2
            return f"{share:.{digits}f} {name}"
    return f"{value} B"


def span(base: str | int, length: int) -> str:
    """First and last byte."""
    first = base if isinstance(base, int) else int(base, 16)
    return f"{first:#x} to {first + length - 1:#x}"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def duration(milliseconds: int) -> str:
    for unit, name in ((60_000, "min"), (1000, "s")):
        if milliseconds >= unit and milliseconds % unit == 0:
            return f"{milliseconds // unit} {name}"
    return f"{milliseconds} ms"


def cpus(vm: Json) -> str:
    return ", ".join(vcpu["cpu"] for vcpu in vm["vcpus"])


def ram(vm: Json) -> int:
    return sum(row["size"] for row in vm["map"] if row["kind"] == "ram")


def restart(policy: Json) -> str:
    """What bounds restarts; empty where nothing restarts."""
    if "restart" not in (policy["on_crash"], policy["on_reset"]):
        return ""
    window = duration(policy["restart_window_ms"])
    pause = duration(policy["restart_backoff_ms"])
    return f"at most {policy['restart_max']} in {window}, {pause} apart"


def intid(row: dict[str, Any], prefix: str = "") -> str:
    """ "SPI 1 (INTID 33)" of a row with spi and intid."""
    return f"SPI {row[prefix + 'spi']} (INTID {row[prefix + 'intid']})"
