# SPDX-License-Identifier: Apache-2.0
"""What the picture of memory shows, by address: rows of the facts, neighbours of a kind merged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gen.emit.report import words
from gen.emit.report.vm_facts import Json

COLOURS = 8  # of VMs; the next ones begin again


@dataclass(frozen=True)
class Part:
    """A range with one owner. `host`: where it is in host memory, of a guest's part."""

    base: int
    size: int
    label: str
    style: str  # CSS classes: whose colour
    title: str
    kind: str = ""
    host: int | None = None
    anchor: str = ""
    images: tuple[Part, ...] = ()

    @property
    def end(self) -> int:
        return self.base + self.size


def colour(index: int) -> str:
    return f"vm{index % COLOURS}"


def host_parts(facts: Json) -> list[Part]:
    """Host memory: RAM with its free holes, and the pages of devices that have an owner."""
    names = {vm["name"]: index for index, vm in enumerate(facts["vms"])}
    risky = {(row["vm"], row["device"]) for row in facts["not_isolated"]}
    rows = [(row, "", "memory") for row in facts["memory"]]
    rows += [({**row, "owner": "free", "what": "free RAM"}, "", "memory") for row in facts["free"]]
    rows += [(row, row["what"], "registers") for row in facts["registers"]]
    edges = sorted({edge for row, _, _ in rows for edge in _edges(row)})
    parts: list[Part] = []
    for base, end in zip(edges, edges[1:]):
        here = [row for row in rows if _edges(row[0])[0] <= base < _edges(row[0])[1]]
        if here:
            parts.append(_host_part(base, end - base, here, names, risky))
    return _merged(parts)


def _edges(row: Json) -> tuple[int, int]:
    base = int(row["base"], 16)
    return base, base + row["size"]


def _host_part(
    base: int,
    size: int,
    rows: list[tuple[Json, str, str]],
    names: dict[str, int],
    risky: set[tuple[str, str]],
) -> Part:
    owners = list(dict.fromkeys(row["owner"] for row, _, _ in rows))
    what = words.listed(list(dict.fromkeys(row["what"] for row, _, _ in rows)))
    owner = owners[0]
    if len(owners) > 1:
        style = "shared"
    elif owner in names:
        style = colour(names[owner])
    else:
        style = {"free": "free", "firmware": "firmware", "hypervisor": "own"}.get(owner, "channel")
    if any((row["owner"], row["what"]) in risky for row, _, _ in rows):
        style += " risky"
    kind = rows[0][2]
    label = " + ".join(owners)
    if kind == "registers":
        label = what if owner == "hypervisor" else f"{label}: {_device(what)}"
    title = f"{label}: {what}; {words.span(base, size)}, {words.size(size)}"
    anchor = f"host-{int(rows[0][0]['base'], 16):#x}"
    return Part(base, size, label, style, title, kind, anchor=anchor)


def guest_parts(index: int, vm: Json) -> list[Part]:
    """A guest's physical address space."""
    parts = []
    for row in vm["map"]:
        base, size = int(row["gpa"], 16), row["size"]
        kind = row["kind"]
        style = {"emulated": "emulated", "channel": "channel"}.get(kind, colour(index))
        label = "RAM" if kind == "ram" else row["owner"]
        if kind == "emulated" and "access" in row:
            label = f"{_device(row['owner'])}: registers"
        host = int(row["hpa"], 16) if "hpa" in row else None
        anchor = f"{vm['name']}-{base:#x}"
        part = Part(base, size, label, style, "", kind, host, anchor)
        parts.append(replace(part, images=_images(vm, part) if kind == "ram" else ()))
    return [replace(part, title=_guest_title(part)) for part in _merged(parts)]


def _device(text: str) -> str:
    """The node's own name out of what begins with a path of the device tree."""
    return re.split("[:,]", text.rpartition("/")[2])[0]


def _guest_title(part: Part) -> str:
    place = f"{part.label}: guest {words.span(part.base, part.size)}, {words.size(part.size)}"
    if part.kind == "emulated":
        how = "trapped: the hypervisor answers"
        return f"{place}; {how}" + (
            f", granted registers at host {part.host:#x}" if part.host else ""
        )
    return f"{place}; host {part.host:#x}" if part.host is not None else place


def _images(vm: Json, ram: Part) -> tuple[Part, ...]:
    """Images in a piece of RAM; the segments of one program are one."""
    found: list[Part] = []
    for image in sorted(vm["images"], key=lambda image: int(image["gpa"], 16)):
        base = int(image["gpa"], 16)
        if not ram.base <= base < ram.end:
            continue
        label = "program" if image["name"].startswith("segment") else image["name"]
        if found and found[-1].label == label == "program":
            found[-1] = replace(found[-1], size=base + image["size"] - found[-1].base)
        else:
            found.append(Part(base, image["size"], label, "", ""))
    return tuple(found)


def _merged(parts: Iterable[Part]) -> list[Part]:
    """Neighbours that differ in nothing that is shown become one."""
    found: list[Part] = []
    for part in sorted(parts, key=lambda part: part.base):
        if found and _continues(found[-1], part):
            last = found[-1]
            host = last.host if last.host is not None else part.host
            found[-1] = replace(last, size=part.end - last.base, host=host)
        else:
            found.append(part)
    return found


def _continues(last: Part, part: Part) -> bool:
    same = (last.label, last.style, last.kind) == (part.label, part.style, part.kind)
    if not same or last.end != part.base or part.images or last.images:
        return False
    if part.kind == "emulated":
        return True
    return part.host is not None and last.host is not None and part.host - last.host == last.size
