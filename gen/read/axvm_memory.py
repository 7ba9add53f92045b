# SPDX-License-Identifier: Apache-2.0
"""[kernel]: the VM's memory and its images."""

from __future__ import annotations

from pathlib import Path

from gen.ranges import Range, address_text, range_text, size_text
from gen.read.axvm_file import MemoryRow
from gen.read.axvm_native import Placed, Translation
from gen.read.axvm_schema import (
    ALL_FLAGS,
    DEVICE,
    EXECUTE,
    MAP_TYPES,
    READ,
    UNCACHED,
    WRITE,
)
from gen.read.toml_file import Item


def translate_memory(to: Translation) -> None:
    if not to.wants("ram", "memory"):
        return
    regions = []
    kept: list[MemoryRow] = []
    for row in to.vm.memory:
        errors = len(to.report.errors)
        flags = _flags(to, row)
        if row.map_type >= len(MAP_TYPES):
            to.report.error(
                "bad-value",
                row.where,
                f"memory_regions: map_type = {row.map_type}: AxVM refuses it",
                "use 0 (allocated), 1 (identical) or 2 (reserved)",
            )
        if flags is not None and len(to.report.errors) == errors:
            _overlaps(to, row, kept)
            kept.append(row)
            kind = MAP_TYPES[row.map_type]
            regions.append(Placed(row.where, gpa=row.gpa, size=row.size, map=kind, flags=flags))
        elif len(to.report.errors) > errors:
            kept.append(row)
    if regions:
        to.put("memory", regions, to.vm.memory_where)
    elif not kept and not to.vm.memory_is_told:
        to.report.error(
            "axvm-memory-none",
            to.vm.memory_where,
            "memory_regions gives the VM no RAM: AxVM would panic when it creates the VM",
            "add a row, or memory = [...] to the [[vm]]",
        )


def _flags(to: Translation, row: MemoryRow) -> str | None:
    """Native flags; None where the region is no RAM, or wrong."""
    shown = f"memory_regions: flags = {row.flags:#x} of {range_text(Range(row.gpa, row.size))}"
    unknown = row.flags & ~ALL_FLAGS
    if unknown or not row.flags & READ:
        wrong = f"the unknown bits {unknown:#x}" if unknown else "no R (0x1)"
        to.report.error(
            "axvm-memory-flags",
            row.where,
            f"{shown} have {wrong}. AxVM ignores all flags and maps read-write-execute; here they "
            "are enforced",
            "use a sum of R = 1, W = 2, X = 4, USER = 8: 0x7 for RAM",
        )
        return None
    if row.flags & DEVICE:
        to.report.warning(
            "axvm-memory-device",
            row.where,
            f"{shown} say DEVICE (0x10): that is no RAM. AxVM ignores the flag and gives the VM RAM "
            "there; here the region is skipped",
            "hand over device registers by passthrough_devices or passthrough_addresses",
        )
        return None
    if row.flags & UNCACHED:
        to.report.warning(
            "axvm-memory-device",
            row.where,
            f"{shown} say UNCACHED (0x20): AxVM ignores it. Here stage 2 leaves caching to the "
            "guest, whose own page tables decide",
        )
    letters = ((READ, "r"), (WRITE, "w"), (EXECUTE, "x"))
    return "".join(letter for bit, letter in letters if row.flags & bit)


def _overlaps(to: Translation, row: MemoryRow, earlier: list[MemoryRow]) -> None:
    for other in earlier:
        if row.gpa >= other.gpa + other.size or other.gpa >= row.gpa + row.size:
            continue
        same = (row.gpa, row.size) == (other.gpa, other.size)
        words = (
            "is listed twice" if same else f"overlaps {range_text(Range(other.gpa, other.size))}"
        )
        total = size_text(row.size + other.size)
        happens = (
            f"AxVM would allocate RAM for both, anywhere: the VM would have {total} at addresses "
            "that this file does not tell"
            if MAP_TYPES[row.map_type] == "identical"
            else "AxVM would panic when it maps the second"
        )
        to.report.error(
            "axvm-memory-overlap",
            row.where,
            f"memory_regions: {range_text(Range(row.gpa, row.size))} {words}. {happens}. Here the addresses mean "
            "what they say, so a region can be there once",
            f"remove the row, or move it to {address_text(other.gpa + other.size)}",
            other.where,
        )
        return


def translate_kernel(to: Translation) -> None:
    kernel = to.vm.kernel
    _firmware(to)
    if to.wants("unikernel"):
        _image(to)
        _tree(to)
        _ramdisk(to)
    if to.wants("bootargs") and kernel.get("cmdline") is not None:
        to.put("bootargs", kernel.get("cmdline"), kernel.at("cmdline"))
    location = kernel.get("image_location")
    if location not in (None, "memory", "fs"):
        to.report.error(
            "bad-value",
            kernel.at("image_location"),
            f'image_location = "{location}": AxVM stops at it when it boots',
            'use "memory" or "fs"; here both mean: built into the image',
        )
    if kernel.get("disk_path") is not None:
        to.report.warning(
            "axvm-left-out",
            kernel.at("disk_path"),
            f'disk_path = "{kernel.get("disk_path").name}": AxVM reads it and uses it nowhere. Left '
            "out: there is no emulated disk",
        )


def _firmware(to: Translation) -> None:
    kernel = to.vm.kernel
    wanted = [key for key in ("bios_path", "uefi_firmware_path") if kernel.get(key) is not None]
    if kernel.get("enable_bios"):
        wanted.append("enable_bios")
    if kernel.get("boot_protocol") not in (None, "direct", "kernel"):
        wanted.append("boot_protocol")
    for key in wanted[:1]:
        to.report.error(
            "axvm-not-available",
            kernel.at(key),
            f"[kernel] {key}: AxVM starts such a VM in a firmware image beside the kernel (on x86_64 "
            "alone). Here a VM has one image to start in: without the firmware the guest would not "
            "boot, so this is an error",
            "name the firmware as kernel_path, and load the rest from there",
        )


def _image(to: Translation) -> None:
    kernel = to.vm.kernel
    load, entry = kernel.get("kernel_load_addr"), kernel.get("entry_point")
    own = to.own.get("kernel")
    if own is None and not kernel.wrote("kernel_path"):
        to.report.error(
            "key-missing",
            kernel.where,
            "[kernel] kernel_path is missing: AxVM refuses a file without it",
            'add kernel_path, or kernel = "..." to the [[vm]]',
        )
        return
    if own is not None and _says_itself(own):
        load = entry = None
    image = kernel.get("kernel_path")
    where = kernel.at("kernel_path") if kernel.wrote("kernel_path") else kernel.where
    table = {"image": str(image) if image is not None else None}
    to.put("kernel", table | {"load_gpa": load, "entry_gpa": entry}, where)


def _says_itself(own: Item) -> bool:
    """Whether a kernel that replaces the file's is an ELF, which tells its own addresses."""
    image, kind = own.get("image"), own.get("format")
    if kind is not None and kind.value != "auto":
        return bool(kind.value == "elf")
    path = Path(image.base, str(image.value)) if image is not None else None
    if path is None or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def _tree(to: Translation) -> None:
    kernel = to.vm.kernel
    tree, gpa = kernel.get("dtb_path"), kernel.get("dtb_load_addr")
    if to.wants("dtb") and tree is not None:
        to.put("dtb", str(tree), kernel.at("dtb_path"))
    if gpa is None or not to.wants("dtb_gpa") or to.setting("dtb") is False:
        return
    if gpa == kernel.get("kernel_load_addr"):
        to.report.warning(
            "axvm-left-out",
            kernel.at("dtb_load_addr"),
            f"dtb_load_addr = {address_text(gpa)} is kernel_load_addr too: AxVM moves the tree elsewhere, "
            "and so do we: its address is in x0",
            "",
            kernel.at("kernel_load_addr"),
        )
        return
    to.put("dtb_gpa", gpa, kernel.at("dtb_load_addr"))


def _ramdisk(to: Translation) -> None:
    kernel = to.vm.kernel
    path, gpa = kernel.get("ramdisk_path"), kernel.get("ramdisk_load_addr")
    if path is None or not to.wants("initrd"):
        return
    to.put("initrd", str(path), kernel.at("ramdisk_path"))
    if gpa is not None and to.wants("initrd_gpa"):
        to.put("initrd_gpa", gpa, kernel.at("ramdisk_load_addr"))
