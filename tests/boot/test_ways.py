# SPDX-License-Identifier: Apache-2.0
"""The default deployment, by every way that its image can boot, to the board's power-off."""

from __future__ import annotations

from pathlib import Path

import pytest

from machine import ICOUNT, MTTCG, ROOT, Machine, board, build, by_flash, by_kernel, by_u_boot


@pytest.fixture(scope="module")
def folder() -> Path:
    return build(ROOT / "configs/board.toml", "board")


def check(command: list[str]) -> None:
    with Machine(command) as machine:
        machine.hear("bulkhead", r"^Bulkhead: deployment 'board'")
        machine.hear("bulkhead", r"^board check: ")
        text = machine.wait_off()
    assert "ball 8 returned\n" in machine.said("pong")
    assert "8 of 8 balls came back whole\n" in machine.said("ping")
    assert text.rstrip().endswith("all VMs are off: board off")


def test_kernel(folder: Path) -> None:
    check(board(*by_kernel(folder)))


def test_kernel_icount(folder: Path) -> None:
    check(board(*ICOUNT, *by_kernel(folder)))


def test_kernel_concurrent(folder: Path) -> None:
    check(board(*MTTCG, *by_kernel(folder)))


def test_flash(folder: Path) -> None:
    check(board(*by_flash(folder)))


@pytest.mark.parametrize("address", ["0x401ff000", "0x40201000", "0x50000000"])
def test_loaded_elsewhere(folder: Path, address: str) -> None:
    """The image moves to where it is linked: from below and above, over itself, and from afar."""
    image = f"loader,file={folder / 'firmware.bin'},addr={address},force-raw=on"
    check(board("-device", image, "-device", f"loader,addr={address},cpu-num=0"))


def test_booti(folder: Path) -> None:
    command = "booti 0x60000000 - ${fdtcontroladdr}"
    check(board(*by_u_boot(folder, "firmware.bin", command)))


def test_bootm(folder: Path) -> None:
    """A FIT with hashes, which U-Boot verifies."""
    command = "bootm 0x60000000#conf - ${fdtcontroladdr}"
    check(board(*by_u_boot(folder, "firmware.itb", command)))


def test_late_neighbour() -> None:
    """Zeroing its RAM keeps pong from starting until ping has served and rung."""
    late = build(ROOT / "configs/board.toml", "board-late", "--set", "vm.pong.ram=1G")
    check(board(*MTTCG, *by_kernel(late)))
