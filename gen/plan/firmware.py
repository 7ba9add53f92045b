# SPDX-License-Identifier: Apache-2.0
"""The firmware image in RAM: the window it needs, what is packed into it, what it runs in place."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report
from gen.plan.images import Blob
from gen.plan.memory import BLOCK
from gen.plan.model import PAGE, Image, RamRegion
from gen.plan.ranges import MIB, align_up, contains, size_text
from gen.read.board import Board, Range
from gen.read.deployment import Deployment, Vm

HYPERVISOR_SIZE = MIB  # surely holds text, tables, data, bss and stacks; the link asserts it
SMALLEST_HYPERVISOR = 64 << 10  # surely is in the file; the exact limit is checked by the link
IN_PLACE_COST = MIB  # what images in place may add to firmware.bin
IMAGE_ALIGN = 64


def packed_bytes(blobs: Sequence[bytes]) -> int:
    """Room for packed images; equal ones are stored once."""
    return align_up(sum(align_up(len(data), IMAGE_ALIGN) for data in set(blobs)), PAGE)


def hypervisor_window(board: Board, hypervisor_size: int, packed: int) -> Range:
    return Range(board.image_base, align_up(hypervisor_size + packed, BLOCK))


def check_limit(deployment: Deployment, board: Board, packed: int, report: Report) -> None:
    """The images alone must leave room for the smallest hypervisor."""
    own = deployment.max_size is not None
    limit = deployment.max_size if deployment.max_size is not None else board.image_limit
    if packed + SMALLEST_HYPERVISOR > limit:
        key = "deployment.max_size" if own else "deployment.board"
        where = deployment.key_where.get(key, deployment.where)
        report.error(
            "firmware-too-large",
            where,
            f"the guest images need {size_text(packed)} in the firmware and the hypervisor at least "
            f"{size_text(SMALLEST_HYPERVISOR)}, but the limit is {size_text(limit)} "
            f"({'max_size' if own else f'board {board.name}'})",
            f"use max_size = {size_text(align_up(packed + SMALLEST_HYPERVISOR, MIB))} or smaller "
            "images",
        )


def keeps_pristine(vm: Vm) -> bool:
    """Whether the VM may start again, so that its images must outlive it."""
    return not (vm.on_crash == "halt" and vm.on_reset == "halt")


def place_images(
    vms: Sequence[Vm],
    blobs: Sequence[Sequence[Blob]],
    rams: Sequence[Sequence[RamRegion]],
    window: Range,
) -> list[tuple[Image, ...]]:
    """Every image with its host address; in place where nobody needs a pristine copy and the file
    grows by at most 1 MiB for it all."""
    flat = [
        (number, _image(blob, rams[number])) for number, mine in enumerate(blobs) for blob in mine
    ]
    in_place = _in_place(vms, flat, window)
    placed: list[list[Image]] = [[] for _ in vms]
    for at, (number, image) in enumerate(flat):
        placed[number].append(
            Image(
                image.name,
                image.gpa,
                image.hpa,
                image.size,
                at in in_place,
                image.source,
                image.data,
            )
        )
    return [tuple(images) for images in placed]


def _image(blob: Blob, ram: Sequence[RamRegion]) -> Image:
    home = next(r for r in ram if contains(Range(r.gpa, r.size), blob.range))
    hpa = home.hpa + blob.gpa - home.gpa
    return Image(blob.name, blob.gpa, hpa, len(blob.data), False, blob.source, blob.data)


def _in_place(
    vms: Sequence[Vm], images: Sequence[tuple[int, Image]], window: Range
) -> frozenset[int]:
    """Indices of the images to run in place. The file then reaches from the window's start to the
    last of them: what that adds is all that lies between it and the packed images."""
    candidates = sorted(
        (image.hpa, at)
        for at, (vm, image) in enumerate(images)
        if image.size and image.hpa >= window.end and not keeps_pristine(vms[vm])
    )
    chosen: set[int] = set()
    for _, at in candidates:
        trial = chosen | {at}
        packed = packed_bytes([i.data for n, (_, i) in enumerate(images) if n not in trial])
        end = max(images[n][1].hpa + images[n][1].size for n in trial)
        own = sum(images[n][1].size for n in trial)
        if end - (window.base + packed) - own > IN_PLACE_COST:
            break
        chosen = trial
    return frozenset(chosen)
