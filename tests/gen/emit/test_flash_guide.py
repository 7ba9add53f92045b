# SPDX-License-Identifier: Apache-2.0
"""FLASH.txt; tests/boot/test_ways.py and test_slots.py run what it says."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import plans
import pytest

from gen.diagnostics import NOWHERE, Report
from gen.emit.flash_guide import (
    SD_PARTITION,
    commands,
    flash_guide,
    load_address,
    slots_script,
)
from gen.ranges import Range
from gen.read.board_file import load_board
from gen.tool import raspberry_pi

MIB = 1 << 20
SIZES = {"firmware.bin": 5 * MIB, "firmware.itb": 5 * MIB + 1}


def titles(formats: tuple[str, ...], key: tuple[str, str] | None = None) -> list[str]:
    plan = plans.two_vms()
    plan = replace(plan, board=replace(plan.board, formats=formats, qemu=("qemu",)))
    lines = flash_guide(plan, SIZES, key).splitlines()
    return [line.removeprefix("## ") for line in lines if line.startswith("## ")]


def test_only_formats_of_the_board_are_told() -> None:
    assert titles(("bin",)) == ["QEMU", "U-Boot: firmware.bin from a file system"]
    both = titles(("bin", "itb"))
    assert len([title for title in both if "firmware.itb" in title]) == 4
    assert not any("slots" in title or "Signature" in title or "lash" in title for title in both)
    assert titles(("bin", "flash"))[1] == "QEMU, from flash"
    assert titles(("itb",), ("keys", "one"))[-1].startswith("Signature")


def test_every_word_is_filled_in() -> None:
    plan = plans.two_vms()
    plan = replace(
        plan,
        board=replace(plan.board, formats=("bin", "itb", "flash"), flash_size=64 * MIB),
        deployment=replace(plan.deployment, slots=2),
    )
    text = flash_guide(plan, SIZES, ("keys", "one"))
    assert "<" not in text and plan.hash in text
    assert "0x2801 blocks" in text
    assert commands(text, "Signature: the public key into U-Boot's device tree, once")[1] == (
        "mkimage -F -k keys -K u-boot.dtb -r signed.itb"
    )
    with pytest.raises(KeyError):
        commands(text, "no such way")


def test_files_are_loaded_clear_of_the_image_and_of_kept_ram() -> None:
    board = plans.two_vms().board
    board = replace(
        board,
        ram=(Range(0x4000_0000, 512 * MIB),),
        image_base=0x4020_0000,
        image_limit=64 * MIB,
        reserved=(),
    )
    assert load_address(board, 5 * MIB) == 0x4420_0000
    kept = replace(board, reserved=(Range(0x4440_0000, MIB),))
    assert load_address(kept, 5 * MIB) == 0x4460_0000
    high = replace(board, image_base=0x4000_0000 + 440 * MIB)
    assert load_address(high, 20 * MIB) == 0x4000_0000
    assert f"{load_address(board, 5 * MIB + 1):#x} slot-" in slots_script(
        replace(plans.two_vms(), board=board), 5 * MIB + 1
    )


def test_the_firmware_s_own_files_come_onto_the_card(tmp_path: Path) -> None:
    board = load_board("rpi4", None, Report(), NOWHERE)
    assert board is not None
    (tmp_path / "firmware.bin").write_bytes(bytes(5000))
    raspberry_pi.make(tmp_path / "firmware.bin", board, tmp_path)
    files = ("start4.elf", "fixup4.dat", "bcm2711-rpi-4-b.dtb", "disable-bt.dtbo")
    for name in files:
        (tmp_path / name).write_text(name)
    guide = flash_guide(replace(plans.two_vms(), board=board), SIZES, None)
    for line in commands(guide, "SD card: what firmware needs of its own, into sd.img"):
        subprocess.run(shlex.split(line), cwd=tmp_path, check=True, timeout=60)
    listing = ["mdir", "-i", f"sd.img@@{SD_PARTITION}", "-b", "-/", "::"]
    listed = subprocess.run(listing, cwd=tmp_path, check=True, capture_output=True, text=True)
    names = {line.rpartition("/")[2] for line in listed.stdout.split()}
    assert {*files, "kernel8.img", "config.txt"} <= names
    assert "::/overlays/disable-bt.dtbo" in listed.stdout


def test_the_script_has_no_quote_that_u_boot_s_shell_misreads() -> None:
    lines = slots_script(plans.two_vms(), MIB).splitlines()
    assert not any("'" in line for line in lines if not line.startswith("#"))
