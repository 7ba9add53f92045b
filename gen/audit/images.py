# SPDX-License-Identifier: Apache-2.0
"""Guest images in the firmware: what they hash to, and where they go."""

from __future__ import annotations

import hashlib
import zlib

from gen.audit.findings import Check, Findings
from gen.audit.image import Row, Tables
from gen.audit.ranges import Span, sized


def check_images(tables: Tables, findings: Findings) -> None:
    with findings.check("audit-image", "Guest images have their hashes and their places") as check:
        size = 0
        for vm in tables.vms:
            placed: list[Span] = []
            for image in vm.image:
                size += image.size
                target = sized(image.target, image.size)
                what = f"VM {vm.name}: image {image.name}"
                check.expect(not any(target.meets(o) for o in placed), f"{what} lies over another")
                placed.append(target)
                _check_image(tables, vm, image, what, check)
            _check_start(vm, check)
        check.shown = f"{sum(len(vm.image) for vm in tables.vms)} images, {size} bytes hashed"


def _check_image(tables: Tables, vm: Row, image: Row, what: str, check: Check) -> None:
    firmware = tables.firmware
    data = firmware.read(image.source, image.size)
    check.expect(hashlib.sha256(data).digest() == image.sha256, f"{what}: SHA-256 differs")
    check.expect(zlib.crc32(data) == image.crc32, f"{what}: CRC-32 differs")
    target = sized(image.target, image.size)
    homes = [ram for ram in vm.ram if sized(ram.hpa, ram.size).holds(target)]
    check.expect(len(homes) == 1, f"{what}: {target} is not in the VM's RAM")
    check.expect(all(ram.restore for ram in homes), f"{what}: {target} is reserved memory")
    packed = firmware.span("rodata_end", "packed_end")
    source = sized(image.source, image.size)
    fine = packed.holds(source) or source == target
    check.expect(fine, f"{what}: {source} is no image packed in the firmware")


def _check_start(vm: Row, check: Check) -> None:
    """The first instruction is in RAM; x0 is where the tree is loaded."""
    inside = any(sized(ram.gpa, ram.size).holds(sized(vm.entry, 4)) for ram in vm.ram)
    check.expect(
        inside and vm.entry % 4 == 0, f"VM {vm.name} starts at {vm.entry:#x}: not in its RAM"
    )
    trees = {
        ram.gpa + image.target - ram.hpa
        for image in vm.image
        for ram in vm.ram
        if image.name == "dtb" and sized(ram.hpa, ram.size).holds(sized(image.target, image.size))
    }
    told = {vm.boot_arg} if vm.boot_arg else set()
    check.expect(
        told == trees, f"VM {vm.name}: x0 is {vm.boot_arg:#x}, its device tree is elsewhere"
    )
