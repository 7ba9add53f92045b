# SPDX-License-Identifier: Apache-2.0
"""What a Raspberry Pi boots from, as mtools and the partition table tell it."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
from pathlib import Path

import pytest

from gen.diagnostics import NOWHERE, Report
from gen.emit.flash_guide import SD_PARTITION
from gen.read.board import Board
from gen.read.board_file import load_board
from gen.tool import raspberry_pi


@pytest.fixture(scope="module")
def board() -> Board:
    loaded = load_board("rpi4", None, Report(), NOWHERE)
    assert loaded is not None
    return loaded


def made(board: Board, folder: Path, size: int = 5000) -> list[Path]:
    folder.mkdir(parents=True)
    firmware = folder / "firmware.bin"
    firmware.write_bytes(bytes(n % 251 for n in range(size)))
    return raspberry_pi.make(firmware, board, folder)


def mtools(command: str, card: Path, *more: str) -> bytes:
    words = [command, "-i", f"{card}@@{SD_PARTITION}", *more]
    return subprocess.run(words, check=True, capture_output=True, timeout=60).stdout


def test_config_txt_is_made_of_the_board_s_facts(board: Board) -> None:
    lines = raspberry_pi.config_txt(board).splitlines()
    assert {"arm_64bit=1", "enable_gic=1", "kernel=kernel8.img"} <= set(lines)
    assert f"kernel_address={board.image_base:#x}" in lines
    assert f"init_uart_clock={board.uart.clock_hz}" in lines


def test_the_card_has_the_files(board: Board, tmp_path: Path) -> None:
    kernel, config, card = made(board, tmp_path / "build")
    assert kernel.read_bytes() == (tmp_path / "build/firmware.bin").read_bytes()
    assert mtools("mcopy", card, "::kernel8.img", "-") == kernel.read_bytes()
    assert mtools("mcopy", card, "::config.txt", "-") == config.read_bytes()
    names = mtools("mdir", card, "-b", "::").decode().split()
    assert names == ["::/kernel8.img", "::/config.txt"]


def test_the_partition_is_where_its_table_says(board: Board, tmp_path: Path) -> None:
    card = made(board, tmp_path / "build")[2]
    record = card.read_bytes()[:512]
    assert record[510:] == b"\x55\xaa" and not any(record[:446]) and not any(record[462:510])
    kind, first, count = struct.unpack_from("<4xB3xII", record, 446)
    assert (kind, first * 512) == (0x0C, SD_PARTITION)
    assert (first + count) * 512 == card.stat().st_size
    told = mtools("minfo", card, "::").decode()
    assert 'disk type="FAT32   "' in told and f"big size: {count} sectors" in told
    assert f"hidden sectors: {first}" in told


def test_large_images_get_a_larger_card(board: Board, tmp_path: Path) -> None:
    kernel, _, card = made(board, tmp_path / "build", 60 << 20)
    assert card.stat().st_size > (60 + 32) << 20
    assert mtools("mcopy", card, "::kernel8.img", "-") == kernel.read_bytes()


def test_the_same_bytes_on_any_day_and_in_any_place(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest(folder: str) -> str:
        return hashlib.sha256(made(board, tmp_path / folder)[2].read_bytes()).hexdigest()

    before = digest("a")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("MTOOLSRC", str(tmp_path / "rc"))
    (tmp_path / "rc").write_text("mtools_lower_case=1\n")
    assert os.environ["TZ"] != "UTC" and digest("elsewhere/b") == before
