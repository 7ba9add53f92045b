# SPDX-License-Identifier: Apache-2.0
"""Guest images: what is loaded where in a VM's RAM, and where the VM starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Report, Where
from gen.plan.memory import BLOCK, GuestRam
from gen.ranges import (
    MIB,
    PAGE,
    Range,
    address_text,
    align_down,
    align_up,
    contains,
    overlaps,
    range_text,
    size_text,
    subtract,
)
from gen.read.board import Board
from gen.read.deployment import Vm
from gen.read.image import ImageError, ImageInfo, detect, refuse_initrd

DTB_SLOT = 64 << 10  # room kept for a device tree; larger trees get whole multiples
DTB_LIMIT = 2 * MIB  # Documentation/arm64/booting
DTB_REACH = 512 * MIB  # ... and older kernels look no further from their RAM base


@dataclass(frozen=True)
class Blob:
    """One piece of guest memory that is filled before the VM starts. `extent`: what it occupies
    with the zeroed memory behind its data."""

    name: str
    gpa: int
    data: bytes
    extent: int
    source: Path
    where: Where

    @property
    def range(self) -> Range:
        return Range(self.gpa, max(self.extent, len(self.data)))


@dataclass(frozen=True)
class Loaded:
    blobs: tuple[Blob, ...]
    entry: int
    format: str


def unikernel_link(vm: Vm, board: Board) -> tuple[int, int]:
    """(GPA, size) of the RAM for which a VM's unikernel is to be linked: its first region."""
    memory = vm.memory[0]
    gpa = memory.gpa if memory.gpa is not None else memory.hpa
    return (gpa if gpa is not None else board.ram[0].base), memory.size


def load_kernel(
    vm: Vm, ram: Sequence[GuestRam], unikernel: bytes | None, board: Board, report: Report
) -> Loaded | None:
    """The kernel's pieces and the entry, checked against the VM's RAM."""
    info = _read_kernel(vm, unikernel, report)
    if info is None:
        return None
    base = _load_base(vm, ram, info, board, report)
    blobs = _kernel_blobs(vm, info, base)
    wanted = vm.kernel.entry_gpa if vm.kernel is not None else None
    entry = wanted if wanted is not None else info.entry if info.entry is not None else base
    kept = [blob for blob in blobs if _fits(vm, blob, ram, info, report)]
    if len(kept) == len(blobs):
        _check_entry(vm, entry, blobs, ram, report)
    return Loaded(tuple(blobs), entry, info.format)


def _kernel_place(vm: Vm) -> tuple[Path, Where]:
    if vm.kernel is not None:
        return vm.kernel.image, vm.kernel.where
    return vm.unikernel or Path(), vm.at("unikernel")


def _read_kernel(vm: Vm, unikernel: bytes | None, report: Report) -> ImageInfo | None:
    path, where = _kernel_place(vm)
    try:
        if vm.kernel is None:
            return detect(unikernel or b"", "elf")
        return detect(path.read_bytes(), vm.kernel.format)
    except OSError as error:
        words = f"can't be read: {error.strerror}"
        report.error("image-unreadable", where, f"VM {vm.name}: {path.name} {words}", "give a file")
    except ImageError as error:
        report.error("image-format", where, f"VM {vm.name}: {path.name}: {error}", error.cure)
    return None


def _load_base(
    vm: Vm, ram: Sequence[GuestRam], info: ImageInfo, board: Board, report: Report
) -> int:
    """load_gpa, or the RAM base that the bare board has (Linux: plus its text_offset)."""
    explicit = vm.kernel.load_gpa if vm.kernel is not None else None
    base = board.ram[0].base
    if ram and not any(contains(r.guest, Range(base, 1)) for r in ram):
        base = ram[0].gpa
    offset = info.text_offset if info.format == "linux" else 0
    load = explicit if explicit is not None else base + offset
    where = _kernel_place(vm)[1]
    if info.format == "elf" and explicit is not None:
        report.error(
            "image-load-elf",
            where,
            f"VM {vm.name}: load_gpa = {address_text(explicit)}, but an ELF says itself where its "
            "segments go",
            "remove load_gpa, or give the image in raw form",
        )
    if info.format == "linux" and (load - offset) % BLOCK:
        good = align_up(load - offset, BLOCK) + offset
        report.error(
            "image-misaligned",
            where,
            f"VM {vm.name}: a Linux Image with text_offset = {address_text(offset)} can't start at "
            f"{address_text(load)}: its base must be a multiple of 2 MiB",
            f"use load_gpa = {address_text(good)}",
        )
    return load


def _kernel_blobs(vm: Vm, info: ImageInfo, base: int) -> list[Blob]:
    path, where = _kernel_place(vm)
    if info.format != "elf":
        return [Blob("kernel", base, info.data, info.memory_size, path, where)]
    blobs = []
    for number, segment in enumerate(info.segments):
        data = segment.data
        if not vm.scrub:  # nobody else writes the zeros behind the data at the first start
            data = data.ljust(segment.memory_size, b"\0")
        name = f"segment{number}"
        blobs.append(Blob(name, segment.gpa, data, segment.memory_size, path, where))
    return blobs


def _ram_text(ram: Sequence[GuestRam]) -> str:
    return ", ".join(range_text(r.guest) for r in ram) or "none"


def _fits(vm: Vm, blob: Blob, ram: Sequence[GuestRam], info: ImageInfo, report: Report) -> bool:
    if any(contains(r.guest, blob.range) for r in ram):
        return True
    largest = max((r.size for r in ram), default=0)
    if blob.range.size > largest:
        code, cure = "image-too-large", f"give the VM memory of at least {size_text(_room(blob))}"
    elif info.format == "elf":
        code, cure = "image-linked-elsewhere", "link it for the VM's RAM, or give the VM RAM there"
    else:
        code, cure = "image-outside-ram", "choose load_gpa so that all of it lies in the VM's RAM"
    report.error(
        code,
        blob.where,
        f"VM {vm.name}: {blob.name} of {blob.source.name} needs {range_text(blob.range)} "
        f"({size_text(blob.range.size)}), the VM's RAM is {_ram_text(ram)}",
        cure,
        ram[0].where if ram else None,
    )
    return False


def _room(blob: Blob) -> int:
    return align_up(blob.range.size, MIB)


def _check_entry(
    vm: Vm, entry: int, blobs: Sequence[Blob], ram: Sequence[GuestRam], report: Report
) -> None:
    where = _kernel_place(vm)[1]
    if not any(contains(Range(b.gpa, len(b.data)), Range(entry, 4)) for b in blobs):
        images = ", ".join(range_text(Range(b.gpa, len(b.data))) for b in blobs)
        report.error(
            "entry-outside",
            where,
            f"VM {vm.name}: its entry {address_text(entry)} is in no image ({images})",
            f"use entry_gpa = {address_text(blobs[0].gpa)}, or leave it out",
        )
    elif entry % 4:
        report.error(
            "entry-misaligned",
            where,
            f"VM {vm.name}: its entry {address_text(entry)} is not a multiple of 4",
            f"use entry_gpa = {address_text(align_down(entry, 4))}",
        )
    else:
        home = next(r for r in ram if contains(r.guest, Range(entry, 4)))
        if "x" not in home.memory.flags:
            report.error(
                "entry-not-executable",
                where,
                f"VM {vm.name}: its entry {address_text(entry)} is in memory with flags = "
                f'"{home.memory.flags}"',
                'use flags = "rwx" for it',
                home.where,
            )


def place_initrd(vm: Vm, ram: Sequence[GuestRam], loaded: Loaded, report: Report) -> Blob | None:
    """As high as a device tree above it allows, page-aligned, in the kernel's own region."""
    if vm.initrd is None:
        return None
    where = vm.at("initrd")
    try:
        data = vm.initrd.read_bytes()
    except OSError as error:
        report.error(
            "image-unreadable",
            where,
            f"VM {vm.name}: {vm.initrd.name} can't be read: {error.strerror}",
            "give a file",
        )
        return None
    try:
        refuse_initrd(data, loaded.format)
    except ImageError as error:
        words = f"VM {vm.name}: initrd {vm.initrd.name}: {error}"
        report.error("image-format", where, words, error.cure)
        return None
    if vm.initrd_gpa is not None:
        blob = Blob("initrd", vm.initrd_gpa, data, len(data), vm.initrd, vm.at("initrd_gpa"))
        return blob if _is_free(vm, blob, ram, loaded.blobs, report) else None
    gpa = _high_place(ram, loaded, len(data), PAGE, DTB_SLOT)
    if gpa is None:
        _report_no_room(vm, "initrd", len(data), where, ram, loaded, report)
        return None
    return Blob("initrd", gpa, data, len(data), vm.initrd, where)


def place_dtb(
    vm: Vm,
    ram: Sequence[GuestRam],
    loaded: Loaded,
    initrd: Blob | None,
    data: bytes,
    board: Board,
    report: Report,
) -> Blob | None:
    """At the RAM base where the kernel leaves that free (firmware and bare ELF guests look there,
    as QEMU puts it there), else high."""
    source = vm.dtb if isinstance(vm.dtb, Path) else Path("generated")
    where = vm.at("dtb")
    if len(data) > DTB_LIMIT:
        report.error(
            "dtb-too-large",
            where,
            f"VM {vm.name}: its device tree is {size_text(len(data))}, at most 2M is allowed",
            "make it smaller",
        )
        return None
    room = align_up(len(data), DTB_SLOT)
    low = Range(board.ram[0].base, room)
    others = (*loaded.blobs, *((initrd,) if initrd else ()))
    if vm.dtb_gpa is not None:
        blob = Blob("dtb", vm.dtb_gpa, data, len(data), source, vm.at("dtb_gpa"))
        return blob if _is_free(vm, blob, ram, others, report) else None
    busy = [blob.range for blob in others]
    free_low = any(contains(r.guest, low) for r in ram) and not any(overlaps(low, b) for b in busy)
    if loaded.format != "linux" and free_low:
        return Blob("dtb", low.base, data, room, source, where)
    spread = Loaded(others, loaded.entry, loaded.format)
    gpa = _high_place(ram, spread, room, PAGE, 0)
    if gpa is None:
        _report_no_room(vm, "dtb", room, where, ram, spread, report)
        return None
    return Blob("dtb", gpa, data, room, source, where)


def _is_free(
    vm: Vm, blob: Blob, ram: Sequence[GuestRam], others: Sequence[Blob], report: Report
) -> bool:
    """Whether a place that the deployment chose lies in RAM, beside what else is loaded."""
    name = f"VM {vm.name}: {blob.name} at {range_text(blob.range)}"
    if not any(contains(r.guest, blob.range) for r in ram):
        report.error(
            "image-outside-ram",
            blob.where,
            f"{name}: the VM's RAM is {_ram_text(ram)}",
            f"choose another {blob.name}_gpa, or leave it out",
            ram[0].where if ram else None,
        )
        return False
    taken = next((other for other in others if overlaps(other.range, blob.range)), None)
    if taken is not None:
        report.error(
            "image-overlap",
            blob.where,
            f"{name} overlaps {taken.name} at {range_text(taken.range)}",
            f"use {blob.name}_gpa = {address_text(align_up(taken.range.end, PAGE))}, or leave it out",
            taken.where,
        )
    return taken is None


def _high_place(
    ram: Sequence[GuestRam], loaded: Loaded, size: int, alignment: int, above: int
) -> int | None:
    """The highest place for `size` bytes with `above` bytes free over it, in the region where the
    kernel starts and within reach of its base; else in any other writable region."""
    home = [r for r in ram if contains(r.guest, Range(loaded.entry, 1))]
    for region in (*home, *(r for r in ram if r not in home)):
        reach = Range(region.gpa, min(region.size, DTB_REACH))
        for hole in reversed(subtract([reach], [b.range for b in loaded.blobs])):
            gpa = align_down(hole.end - above - size, alignment)
            if gpa >= hole.base:
                return gpa
    return None


def _report_no_room(
    vm: Vm,
    what: str,
    size: int,
    where: Where,
    ram: Sequence[GuestRam],
    loaded: Loaded,
    report: Report,
) -> None:
    holes = subtract([r.guest for r in ram], [b.range for b in loaded.blobs])
    largest = max((hole.size for hole in holes), default=0)
    others = ", ".join(f"{b.name} {range_text(b.range)}" for b in loaded.blobs)
    report.error(
        "image-no-room",
        where,
        f"VM {vm.name}: {what} needs {size_text(size)} of RAM, beside {others} the largest free "
        f"hole is {size_text(largest)}",
        f"give the VM {size_text(align_up(size - largest, MIB))} more memory",
        ram[0].where if ram else None,
    )
