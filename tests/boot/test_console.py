# SPDX-License-Identifier: Apache-2.0
"""The board's UART shared by two VMs that echo: typed lines, the escape key, a crash and a restart
that the neighbour does not notice, and guest images that are damaged in the firmware."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from machine import DEPLOYMENTS, MTTCG, Machine, board, build, by_kernel

ESCAPE = "\x1d"  # Ctrl-]


@pytest.fixture(scope="module")
def folder() -> Path:
    return build(DEPLOYMENTS / "echo.toml", "echo")


def tell(machine: Machine, vm: str, line: str) -> None:
    """Types a line, which `vm` must hear."""
    machine.type(line + "\r")
    machine.hear(vm, rf'^heard "{line}"\n')


def switch(machine: Machine, vm: str) -> None:
    machine.type(ESCAPE)
    machine.hear("bulkhead", rf"^keyboard: {vm}\n")


def start(machine: Machine) -> None:
    machine.hear("left", r"^listening")
    machine.hear("right", r"^listening")


def test_escape_switches_the_keyboard(folder: Path) -> None:
    with Machine(board(*MTTCG, *by_kernel(folder))) as machine:
        start(machine)
        tell(machine, "left", "the first VM has the keyboard")
        switch(machine, "right")
        tell(machine, "right", "now the second one")
        tell(machine, "right", "and it keeps it")
        switch(machine, "left")
        tell(machine, "left", "round once")
        tell(machine, "left", "off")
        machine.hear("bulkhead", r"^left: off")
        switch(machine, "right")
        tell(machine, "right", "off")
        machine.wait_off()
    assert machine.said("left").count("heard") == 3
    assert machine.said("right").count("heard") == 3


def test_crash_leaves_the_neighbour_alone(folder: Path) -> None:
    with Machine(board(*MTTCG, *by_kernel(folder))) as machine:
        start(machine)
        tell(machine, "left", "crash")
        machine.hear("bulkhead", r"^error: left: vCPU 0 crashed: no memory where")
        machine.hear("bulkhead", r"^left: restarted")
        machine.hear("left", r"^listening")
        tell(machine, "left", "back again")
        tell(machine, "left", "off")
        switch(machine, "right")
        tell(machine, "right", "still the first run")
        tell(machine, "right", "off")
        machine.wait_off()
    assert machine.said("right").count("listening") == 1


def test_crashes_end_by_the_policy(folder: Path) -> None:
    """restart = { max = 3 } by default."""
    with Machine(board(*by_kernel(folder))) as machine:
        start(machine)
        for _ in range(3):
            tell(machine, "left", "crash")
            machine.hear("left", r"^listening")
        tell(machine, "left", "crash")
        machine.hear("bulkhead", r"^error: left: crashed 4 times within 60000 ms: stays off")
        machine.hear("bulkhead", r"^left: off")
        switch(machine, "right")
        tell(machine, "right", "off")
        machine.wait_off()


def damaged(folder: Path, file: str) -> list[str]:
    """QEMU with an image in which one bit of a packed guest image is another."""
    firmware = bytearray((folder / "firmware.bin").read_bytes())
    packed = (folder / "gen/images" / file).read_bytes()
    assert firmware.count(packed) == 1
    firmware[firmware.find(packed) + len(packed) // 2] ^= 0x10
    image = folder / "damaged.bin"
    image.write_bytes(firmware)
    return board("-kernel", str(image))


def check_damaged(folder: Path) -> None:
    with Machine(damaged(folder, "left_dtb.bin")) as machine:
        machine.hear("right", r"^listening")
        switch(machine, "right")
        tell(machine, "right", "here")
        tell(machine, "right", "off")
        machine.wait_off()
    words = machine.said("bulkhead")
    assert re.search(
        r"^error: left: image 'dtb' \(\d+ bytes\) is damaged: not started\n", words, re.M
    )
    assert "left: started" not in words and machine.said("left") == ""


def test_damaged_image(folder: Path) -> None:
    check_damaged(folder)


def test_damaged_image_by_crc32() -> None:
    variant = ("--set", "build.VERIFY_IMAGES=crc32")
    check_damaged(build(DEPLOYMENTS / "echo.toml", "echo-crc32", *variant))
