# SPDX-License-Identifier: Apache-2.0
"""What a Raspberry Pi boots from: kernel8.img and config.txt, and both on an SD card, sd.img. The
firmware's own files (start4.elf and its like) are not ours to give: FLASH.txt says which to add."""

from __future__ import annotations

import struct
from pathlib import Path

from gen.emit.flash_guide import SD_PARTITION
from gen.ranges import MIB, align_up
from gen.read.board import Board
from gen.tool.paths import write_if_changed
from gen.tool.process import run
from gen.tool.toolchain import relative

KERNEL = "kernel8.img"  # what firmware looks for in 64-bit mode
CONFIG = "config.txt"
CARD = "sd.img"

_SECTOR = 512
_SMALLEST = 64 * MIB  # FAT32 has at least 65525 clusters
_ROOM = 32 * MIB  # for the firmware's own files
_VOLUME = ("BULKHEAD", "42554c4b")  # label, serial number
_FAT32 = 0x0C  # type of the partition, by sector numbers
_SIGNATURE = b"\x55\xaa"
# The same bytes on any day, and by no rules of the user's; FAT counts from 1980.
_ENVIRONMENT = {"SOURCE_DATE_EPOCH": "315532800", "TZ": "UTC", "MTOOLSRC": "/dev/null"}


def make(firmware: Path, board: Board, out: Path) -> list[Path]:
    """kernel8.img, config.txt, sd.img."""
    kernel, config = out / KERNEL, out / CONFIG
    write_if_changed(kernel, firmware.read_bytes())
    write_if_changed(config, config_txt(board))
    return [kernel, config, _card([kernel, config], out)]


def config_txt(board: Board) -> str:
    lines = (
        *board.firmware_config,
        f"kernel={KERNEL}",
        f"kernel_address={board.image_base:#x}",
        f"init_uart_clock={board.uart.clock_hz}",
    )
    return "\n".join(lines) + "\n"


def _card(files: list[Path], out: Path) -> Path:
    """A partition table with one FAT32 partition that has the files; the rest is a hole in the file
    (mtools), so it costs no disk."""
    target, growing = out / CARD, out / f".{CARD}"
    size = max(_SMALLEST, align_up(sum(file.stat().st_size for file in files) + _ROOM, MIB))
    with growing.open("wb") as stream:
        stream.write(partition_table(SD_PARTITION // _SECTOR, size // _SECTOR))
        stream.truncate(SD_PARTITION + size)
    label, serial = _VOLUME
    place = ["-i", f"{relative(growing)}@@{SD_PARTITION}"]
    geometry = ["-T", str(size // _SECTOR), "-h", "255", "-s", "63"]
    geometry += ["-H", str(SD_PARTITION // _SECTOR)]
    formatting = ["mformat", *place, "-F", "-N", serial, "-v", label, *geometry, "::"]
    run(formatting, f"formatting {CARD}", _ENVIRONMENT)
    copying = ["mcopy", *place, *(relative(file) for file in files), "::"]
    run(copying, f"filling {CARD}", _ENVIRONMENT)
    growing.replace(target)
    return target


def partition_table(first: int, count: int) -> bytes:
    """A master boot record without code: one partition, its place in sectors (cylinder, head and sector
    say "beyond what they count")."""
    beyond = b"\xfe\xff\xff"
    entry = struct.pack("<B3sB3sII", 0, beyond, _FAT32, beyond, first, count)
    return entry.rjust(446 + len(entry), b"\0").ljust(510, b"\0") + _SIGNATURE
