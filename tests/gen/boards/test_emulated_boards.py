# SPDX-License-Identifier: Apache-2.0
"""Facts of boards that are machines of QEMU's."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gen.diagnostics import NOWHERE, Report
from gen.plan.stage2 import address_limit, ipa_bits, root_entries, start_level
from gen.ranges import Range
from gen.read.board import Board
from gen.read.board_file import load_board
from gen.tool import qemu_firmware

GIB = 1 << 30


def load(name: str) -> Board:
    report = Report()
    board = load_board(name, None, report, NOWHERE)
    assert board is not None and not report.found, report.found
    return board


def test_versal() -> None:
    board = load("qemu-versal-virt")
    assert [(cpu.hardware_id, cpu.compatible) for cpu in board.cpus] == [
        (0, "arm,cortex-a72"),
        (1, "arm,cortex-a72"),
    ]
    assert (board.physical_address_bits, board.ram) == (44, (Range(0, 2 * GIB),))
    assert (board.gic.version, board.gic.distributor.base) == (3, 0xF900_0000)
    assert board.gic.security_states == 2
    assert (board.uart.reg.base, board.uart.spi, board.uart.clock_hz) == (
        0xFF00_0000,
        18,
        125_000_000,
    )
    assert (board.psci_conduit, board.image_base, board.qemu_firmware) == ("smc", 0x20_0000, None)


def test_sbsa() -> None:
    board = load("qemu-sbsa-ref")
    assert [cpu.hardware_id for cpu in board.cpus] == [0, 1, 2, 3]
    assert (board.physical_address_bits, board.ram) == (48, (Range(1 << 40, 2 * GIB),))
    assert board.image_base == (1 << 40) + 0x20_0000
    assert (board.gic.version, board.gic.distributor.base) == (3, 0x4006_0000)
    assert board.gic.redistributors == (Range(0x4008_0000, 4 * 0x2_0000),)
    assert (board.uart.reg.base, board.uart.spi) == (0x6000_0000, 1)
    masters = [device.path for device in board.devices if device.dma]
    assert masters == ["/sata@60100000", "/usb@60110000"]


def test_guests_of_sbsa_have_concatenated_roots() -> None:
    """RAM at 2^40 takes 42 bits: eight tables of level 1 side by side, not one more step a walk. RAM at
    2^44 takes more than sixteen of them: a root of level 0."""
    board = load("qemu-sbsa-ref")
    low, high = (ipa_bits((1 << at) + 256 * (1 << 20), board) for at in (40, 44))
    assert (low, start_level(low), root_entries(low)) == (42, 1, 8 * 512)
    assert (high, start_level(high), root_entries(high)) == (48, 0, 512)
    assert address_limit(board) == 1 << 48


def test_stand_in_for_firmware(tmp_path: Path) -> None:
    board = load("qemu-sbsa-ref")
    image = tmp_path / "a,b.bin"
    words = qemu_firmware.arguments(board, image, tmp_path)
    assert words == (
        *("-bios", str(tmp_path / "qemu-firmware.bin")),
        *("-device", f"loader,file={tmp_path}/a,,b.bin,addr=0x10000200000,force-raw=on"),
        *("-device", f"loader,file={board.tree},addr=0x10000100000,force-raw=on"),
    )
    code = (tmp_path / "qemu-firmware.bin").read_bytes()
    assert (board.image_base).to_bytes(8, "little") in code
    assert board.qemu_firmware is not None and board.qemu_firmware.source in board.files


def test_qemu_starts_other_boards_by_itself(tmp_path: Path) -> None:
    assert qemu_firmware.arguments(load("qemu-versal-virt"), tmp_path / "x", tmp_path) == ()


def test_a_stand_in_that_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    board = load("qemu-sbsa-ref")
    folder.mkdir()
    for name in ("board.toml", "board.dts"):
        (folder / name).write_text((board.folder / name).read_text())
    report = Report()
    assert load_board(str(folder), None, report, NOWHERE) is None
    (found,) = report.errors
    assert found.code == "E-file-missing" and str(folder / "firmware.S") in found.message


def machine_regions(board: Board) -> dict[Range, str]:
    """What the CPUs of QEMU's machine find at which addresses, as its monitor shows it."""
    shown = subprocess.run(
        [*board.qemu, "-S", "-serial", "none", "-monitor", "stdio"],
        input="info mtree -f\nquit\n",
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    view = shown.split('AS "cpu-memory-0"')[1].split("FlatView")[0]
    lines = re.findall(r"^  ([0-9a-f]{16})-([0-9a-f]{16}) \(prio.*\): (.*)$", view, re.MULTILINE)
    return {
        Range(int(first, 16), int(last, 16) + 1 - int(first, 16)): name
        for first, last, name in lines
    }


@pytest.mark.parametrize("name", ["qemu-sbsa-ref", "qemu-versal-virt", "qemu-virt-aarch64-gicv2"])
def test_facts_are_the_machines(name: str) -> None:
    board = load(name)
    regions = machine_regions(board)
    assert all("ram" in regions[ram] or "ddr" in regions[ram] for ram in board.ram)
    begins = {region.base: what for region, what in regions.items()}
    assert "pl011" in begins[board.uart.reg.base]
    assert "dist" in begins[board.gic.distributor.base]
    for device in board.devices:
        for part in device.reg[:1]:
            assert part.base in begins, f"{device.path} at {part.base:#x}"
