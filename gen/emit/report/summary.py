# SPDX-License-Identifier: Apache-2.0
"""The summary that a build ends with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen.emit.report import words
from gen.emit.report.vm_facts import Json


@dataclass(frozen=True)
class Output:
    """One file of the build, as it is shown."""

    path: str
    size: int


def summary(found: Json, outputs: Sequence[Output], image_bytes: int) -> str:
    """`found`: facts(); `image_bytes`: the size of firmware.bin."""
    limit = found["image"]["limit"]
    started = sum(cpu["started"] for cpu in found["cpus"])
    lines = [
        f"{found['deployment']} for {found['board']['title']}: {words.count(len(found['vms']), 'VM')} on "
        f"{started} of {len(found['cpus'])} CPUs",
        f"  size   {words.size(image_bytes)} of {words.size(limit)} "
        f"({image_bytes * 100 / limit:.1f} %)",
    ]
    for vm in found["vms"]:
        lines.append(f"  VM     {vm['name']}: {words.cpus(vm)}; {words.size(words.ram(vm))} RAM")
        masters = [r["device"] for r in found["not_isolated"] if r["vm"] == vm["name"]]
        if masters:
            lines.append(f"         NOT ISOLATED from {', '.join(masters)}: DMA to all memory")
    width = max((len(output.path) for output in outputs), default=0)
    for label, output in zip(["files", *[""] * len(outputs)], outputs):
        lines.append(f"  {label:6} {output.path:{width}}  {words.size(output.size)}")
    return "\n".join(lines + _serial(found)) + "\n"


def _serial(found: Json) -> list[str]:
    console = found["console"]
    names = ", ".join(f"[{name}]" for name in console["voices"])
    lines = [f"  serial {console['board_uart']}; lines begin with {names}"]
    if console["uart"] is None:
        lines = [f"  serial {console['board_uart']}; a guest's, once the first one starts"]
    lines.append(
        f"           [{console['voices'][0]}] Bulkhead: deployment '{found['deployment']}', "
        f"build {found['hash'][:16]}"
    )
    return lines + [f"           {line}" for line in found["expect"][:3]]
