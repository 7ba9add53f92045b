# SPDX-License-Identifier: Apache-2.0
"""Where the sections of the hypervisor ended up in a link: the symbols of gen/layout.h. Only the
attributes in its own page tables depend on them, never the size of anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from gen.plan.model import Plan
from gen.ranges import PAGE, Range, align_up


_ORDER = (
    "image_start text_end rodata_end packed_end data_end bss_start bss_end stacks_start".split()
)


@dataclass(frozen=True)
class Boundaries:
    """Each field is the address of the symbol of that name in gen/layout.h."""

    image_start: int
    text_end: int
    rodata_end: int
    packed_end: int
    data_end: int
    image_load_end: int
    bss_start: int
    bss_end: int
    stacks_start: int
    image_end: int


def boundaries_from_symbols(symbols: Mapping[str, int]) -> Boundaries:
    """`symbols`: name to address, as read from a linked ELF; KeyError names one that is missing."""
    return Boundaries(**{field.name: symbols[field.name] for field in fields(Boundaries)})


def guess(plan: Plan, stack_size: int) -> Boundaries:
    """For the first link: one page a section, behind each other."""
    start = plan.board.image_base
    packed_end = start + 2 * PAGE + align_up(packed_size(plan), PAGE)
    bss_end = packed_end + 2 * PAGE
    return Boundaries(
        image_start=start,
        text_end=start + PAGE,
        rodata_end=start + 2 * PAGE,
        packed_end=packed_end,
        data_end=packed_end + PAGE,
        image_load_end=packed_end + PAGE,
        bss_start=packed_end + PAGE,
        bss_end=bss_end,
        stacks_start=bss_end,
        image_end=bss_end + len(plan.pcpus) * (PAGE + stack_size),
    )


def usable(plan: Plan, where: Boundaries, stack_size: int) -> bool:
    """Whether boundaries of some earlier link can be those of this plan: of a link of another plan
    they are no better than a guess."""
    order = [getattr(where, name) for name in _ORDER]
    return (
        where.image_start == plan.board.image_base
        and order == sorted(order)
        and where.packed_end - where.rodata_end >= packed_size(plan)
        and where.image_end == where.stacks_start + len(plan.pcpus) * (PAGE + stack_size)
        and where.image_end <= window(plan).end
    )


def packed_size(plan: Plan) -> int:
    """Bytes of image data that are packed: a blob that several VMs use counts once."""
    blobs = {image.data for vm in plan.vms for image in vm.images if not image.in_place}
    return sum(len(blob) for blob in blobs)


def window(plan: Plan) -> Range:
    """The RAM reserved for the hypervisor and what is packed with it: [image_start, image_end) must
    lie inside."""
    ranges = [r for r in (plan.hypervisor, plan.packed) if r.size > 0]
    base = min(r.base for r in ranges)
    return Range(base, max(r.end for r in ranges) - base)


def owns_uart(plan: Plan) -> bool:
    """Whether the board's UART is the hypervisor's; else it is a guest's, or nobody's."""
    return plan.deployment.console.mode != "none"


def size_limit(plan: Plan) -> int:
    """Most bytes that firmware.bin may have."""
    limit = plan.board.image_limit
    return min(limit, plan.deployment.max_size or limit)
