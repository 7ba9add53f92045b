# SPDX-License-Identifier: Apache-2.0
"""Guests made for the bare board, unmodified: U-Boot to its prompt, and owners of the real UART."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from machine import BUILT, DEPLOYMENTS, ICOUNT, ROOT, Machine, board, build, by_kernel

PROMPT = r"^\[u-boot\]\+? => "


@pytest.fixture(scope="module")
def foreign() -> Path:
    """The image that tests/guests/foreign makes."""
    image = BUILT / "foreign.bin"
    maker = ROOT / "tests/guests/foreign/build.py"
    subprocess.run([sys.executable, maker, image], check=True, timeout=60)
    return image


def test_u_boot_reaches_its_prompt() -> None:
    folder = build(DEPLOYMENTS / "u-boot.toml", "u-boot")
    with Machine(board(*ICOUNT, *by_kernel(folder))) as machine:
        machine.expect(r"^\[u-boot\] U-Boot 20\d\d\.\d\d")
        machine.expect(r"^\[u-boot\] DRAM:  64 MiB")
        machine.expect(r"Hit any key to stop autoboot")
        machine.type(" ")
        machine.expect(PROMPT)
        machine.type("echo six times seven is $fdtcontroladdr\r")
        machine.expect(r"^\[u-boot\]\+? six times seven is [0-9a-f]+\n")
        machine.expect(PROMPT)
        machine.type("poweroff\r")
        machine.expect(r"\[bulkhead\] u-boot: off")
        machine.wait_off()


def bare(image: Path, arguments: str) -> str:
    """What the image says on the board itself, without a hypervisor."""
    command = board("-machine", "virt,virtualization=off,gic-version=3", "-kernel", str(image))
    with Machine([*command, "-append", arguments]) as machine:
        return machine.wait_off()


def test_foreign_guest_owns_the_uart(foreign: Path) -> None:
    """It says the same as on the bare board, but for the size of its RAM; nobody else speaks."""
    folder = build(DEPLOYMENTS / "uart-owner.toml", "uart-owner")
    with Machine(board(*by_kernel(folder))) as machine:
        text = machine.wait_off()
    ours, theirs = text[: text.index("foreign")], text[text.index("foreign") :]
    assert all(line.startswith("[bulkhead] ") for line in ours.splitlines())
    assert (
        theirs == 'foreign guest at 0x40200000, RAM 0x40000000 + 0x1000000, told "as it pleases"\n'
    )
    assert re.sub("0x80000000", "0x1000000", bare(foreign, "as it pleases")) == theirs


def test_linux_owns_the_uart() -> None:
    """Its early console, its driver with the UART's own interrupt, and what is typed."""
    folder = build(DEPLOYMENTS / "linux-owner.toml", "linux-owner")
    with Machine(board(*by_kernel(folder))) as machine:
        machine.expect(r"^\[    0\.000000\] earlycon: pl11 at MMIO 0x0*9000000")
        machine.expect(r"ttyAMA0 at MMIO 0x9000000 \(irq = \d+, base_baud = 0\) is a PL011 rev1")
        machine.expect(r"^init: 1 CPU")
        machine.expect(r"^/ # ")
        machine.type("cat /proc/interrupts | grep -c uart-pl011\r")
        machine.expect(r"^1\n")
        machine.expect(r"^/ # ")
        machine.type("poweroff -f\r")
        text = machine.wait_off()
    assert "[bulkhead] linux" not in text.split("earlycon")[1]
