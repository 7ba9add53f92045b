# SPDX-License-Identifier: Apache-2.0
"""images.S: guest images as they travel in the firmware: packed behind each other, or in place at
the address they run at. A blob that several VMs pack is stored once."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from gen.emit import c
from gen.plan.model import Image, Plan

PACKED_ALIGN = 64  # a cache line: copies and hashes start aligned


@dataclass(frozen=True)
class ImageSymbol:
    """One image of one VM with its names in C, the linker script and the build folder."""

    vm: int
    image: Image
    symbol: str
    section: str  # ".packed", or a section of its own for an image in place
    file: str  # where its bytes are, relative to the folder of the generated files

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.image.data).digest()

    @property
    def crc32(self) -> int:
        return zlib.crc32(self.image.data)


def image_symbols(plan: Plan) -> tuple[ImageSymbol, ...]:
    """All images of the plan, in the plan's order."""
    named = [
        (vm.index, image, f"{vm.vm.name}_{image.name}") for vm in plan.vms for image in vm.images
    ]
    names = c.unique_identifiers([name for _, _, name in named])
    return tuple(
        ImageSymbol(
            vm=vm,
            image=image,
            symbol=f"image_{name}",
            section=f".image.{name}" if image.in_place else ".packed",
            file=f"images/{name}.bin",
        )
        for (vm, image, _), name in zip(named, names)
    )


def image_files(plan: Plan) -> dict[str, bytes]:
    """The blobs that images.S includes: file name to bytes."""
    symbols = image_symbols(plan)
    stored = [blob[0] for blob in _packed_blobs(symbols)]
    stored += [entry for entry in symbols if entry.image.in_place]
    return {entry.file: entry.image.data for entry in stored}


def images_source(plan: Plan) -> str:
    parts = ["/* SPDX-License-Identifier: Apache-2.0 */", c.NOTICE, ""]
    symbols = image_symbols(plan)
    for blob in _packed_blobs(symbols):
        parts += ['    .section .packed, "a", @progbits', f"    .balign {PACKED_ALIGN}"]
        parts += _blob(blob)
    for entry in symbols:
        if entry.image.in_place:
            parts.append(f'    .section {entry.section}, "a", @progbits')
            parts += _blob([entry])
    return "\n".join(parts) + "\n"


def _packed_blobs(symbols: tuple[ImageSymbol, ...]) -> list[list[ImageSymbol]]:
    """Packed images grouped by equal bytes, in order of first use."""
    groups: dict[bytes, list[ImageSymbol]] = {}
    for entry in symbols:
        if not entry.image.in_place:
            groups.setdefault(entry.image.data, []).append(entry)
    return list(groups.values())


def _blob(entries: list[ImageSymbol]) -> list[str]:
    lines = []
    for entry in entries:
        lines += [f"    .globl {entry.symbol}", f"    .type {entry.symbol}, @object"]
        lines += [f"    .size {entry.symbol}, {len(entry.image.data)}", f"{entry.symbol}:"]
    lines += [f'    .incbin "{entries[0].file}"', ""]
    return lines
