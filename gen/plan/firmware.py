# SPDX-License-Identifier: Apache-2.0
"""The firmware image in RAM: the window it needs, what is packed into it, what it runs in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen.diagnostics import Report, Where
from gen.plan.images import Blob
from gen.plan.memory import BLOCK, GuestRam, allocate
from gen.plan.model import Image, Plan, RamRegion
from gen.plan.stage2 import table_bytes
from gen.ranges import MIB, PAGE, Range, align_up, contains, size_text
from gen.read.board import Board
from gen.read.deployment import Deployment, Vm

HYPERVISOR_SIZE = MIB  # surely holds text, tables, data, bss and stacks; the link asserts it
TABLES_SIZE = HYPERVISOR_SIZE // 2  # of it for stage-2 tables
SMALLEST_HYPERVISOR = 64 << 10  # surely is in the file; the exact limit is checked by the link
IN_PLACE_COST = MIB  # what images in place may add to firmware.bin
IMAGE_ALIGN = 64
TRACE_RECORD_SIZE = 64  # surely holds a struct trace_record (vdev/trace.h)


def hypervisor_size(deployment: Deployment) -> int:
    """What the hypervisor itself takes; with Kconfig TRACE the records of all vCPUs are extra."""
    if deployment.build.get("TRACE") not in (True, "y"):
        return HYPERVISOR_SIZE
    vcpus = sum(len(vm.cpus) for vm in deployment.vms)
    depth = int(str(deployment.build.get("TRACE_DEPTH", 0)), 0)
    return HYPERVISOR_SIZE + align_up(depth * vcpus * TRACE_RECORD_SIZE, MIB)


def more_for_tables(plan: Plan) -> int:
    """What stage-2 tables take beyond their part of HYPERVISOR_SIZE. Memory whose guest and host
    address lie differently in their blocks is mapped page by page: 2 MiB of tables a gigabyte."""
    tables = sum(table_bytes(vm.stage2) for vm in plan.vms)
    return align_up(max(tables - TABLES_SIZE, 0), MIB)


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
        where = deployment.at(key)
        report.error(
            "firmware-too-large",
            where,
            f"the guest images need {size_text(packed)} in the firmware and the hypervisor at least "
            f"{size_text(SMALLEST_HYPERVISOR)}, but the limit is {size_text(limit)} "
            f"({'max_size' if own else f'board {board.name}'})",
            f'use max_size = "{size_text(align_up(packed + SMALLEST_HYPERVISOR, MIB))}"'
            + ("" if own else " where the board can take it,")
            + " or smaller images",
        )


def keeps_pristine(vm: Vm, vms: Sequence[Vm]) -> bool:
    """Whether the VM may start again, so that its images must outlive it."""
    controlled = vm.console_control or any(vm.name in other.controls for other in vms)
    ends = vm.on_crash == "halt" and vm.on_reset == "halt" and vm.on_off != "restart"
    return controlled or not ends


@dataclass(frozen=True)
class Placement:
    """Everything that has a host address."""

    window: Range
    rams: tuple[tuple[RamRegion, ...], ...]  # by VM
    channels: tuple[int, ...]  # HPA by channel
    free: tuple[Range, ...]
    images: tuple[tuple[Image, ...], ...]  # by VM

    @property
    def packed(self) -> int:
        """Bytes of the images that are packed."""
        return packed_bytes([i.data for mine in self.images for i in mine if not i.in_place])


@dataclass(frozen=True)
class Request:
    """What is to be placed."""

    vms: tuple[Vm, ...]
    rams: tuple[tuple[GuestRam, ...], ...]
    blobs: tuple[tuple[Blob, ...], ...]
    channels: tuple[tuple[str, int, Where], ...]  # name, size, where it is declared
    hypervisor_size: int
    board_where: Where  # the deployment's line that names the board


def place(request: Request, board: Board, report: Report) -> Placement | None:
    """Images of VMs that need no pristine copy run in place, if that makes firmware.bin at most
    1 MiB larger for all of them; else every image is packed."""
    once = frozenset(n for n, vm in enumerate(request.vms) if not keeps_pristine(vm, request.vms))
    if once:
        placement = _attempt(request, once, board, Report())
        if placement is not None and _in_place_cost(placement) <= IN_PLACE_COST:
            return placement
    return _attempt(request, frozenset(), board, report)


def _attempt(
    request: Request, in_place: frozenset[int], board: Board, report: Report
) -> Placement | None:
    packed = [b.data for n, mine in enumerate(request.blobs) if n not in in_place for b in mine]
    window = hypervisor_window(board, request.hypervisor_size, packed_bytes(packed))
    errors = len(report.errors)
    rams, channels, free = allocate(
        request.rams, request.channels, window, board, request.board_where, report
    )
    if len(report.errors) > errors:
        return None
    images = tuple(
        tuple(_image(blob, ram, n in in_place) for blob in mine)
        for n, (mine, ram) in enumerate(zip(request.blobs, rams))
    )
    return Placement(window, tuple(rams), tuple(channels), free, images)


def _image(blob: Blob, ram: Sequence[RamRegion], in_place: bool) -> Image:
    home = next(r for r in ram if contains(Range(r.gpa, r.size), blob.range))
    hpa = home.hpa + blob.gpa - home.gpa
    return Image(blob.name, blob.gpa, hpa, len(blob.data), in_place, blob.source, blob.data)


def _in_place_cost(placement: Placement) -> int:
    """Bytes of firmware.bin between what is packed and the last image in place that are neither.
    Images below the window can't be in the file at all."""
    here = [image for mine in placement.images for image in mine if image.in_place]
    if not here:  # refused, each with its reason
        return 0
    end = max(image.hpa + image.size for image in here)
    if min(image.hpa for image in here) < placement.window.end:
        return end
    own = sum(image.size for image in here)
    return end - placement.window.base - SMALLEST_HYPERVISOR - placement.packed - own
