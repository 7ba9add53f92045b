# SPDX-License-Identifier: Apache-2.0
"""platform/imx_uart.c on QEMU's model of that UART, which only machines with 32-bit CPUs have: polled
output, input, and its interrupt at the distributor."""

from __future__ import annotations

import subprocess
from pathlib import Path

from gen.tool import toolchain
from machine import BUILT, ROOT, Machine

HERE = ROOT / "tests/boot/imx_uart"
RAM_BASE = 0x1000_0000
FLAGS = ("--target=armv7a-none-eabi", "-mfloat-abi=soft", "-ffreestanding", "-O1", "-std=c11")


def program() -> Path:
    folder = BUILT / "imx-uart"
    folder.mkdir(parents=True, exist_ok=True)
    objects = []
    for source in (HERE / "start.S", HERE / "main.c", ROOT / "platform/imx_uart.c"):
        target = folder / f"{source.stem}.o"
        command = [toolchain.CLANG, *FLAGS, "-I.", f"-I{HERE}", "-c", str(source)]
        subprocess.run([*command, "-o", str(target)], cwd=ROOT, check=True, timeout=60)
        objects.append(str(target))
    elf = folder / "imx-uart.elf"
    link = [toolchain.LLD, f"-Ttext={RAM_BASE:#x}", *objects, "-o", str(elf)]
    subprocess.run(link, check=True, timeout=60)
    return elf


def test_driver() -> None:
    command = ["qemu-system-aarch64", "-machine", "sabrelite", "-display", "none", "-nodefaults"]
    with Machine([*command, "-serial", "stdio", "-kernel", str(program())]) as machine:
        machine.expect(r"^type\n")
        machine.type("x")
        machine.expect(r"^interrupt when it is read: no\n")
        machine.type("y")
        machine.expect(r"^done\n")
    assert machine.text.splitlines() == [
        "idle: yes",
        "input: no",
        "interrupt after init: no",
        "interrupt with room to send: yes",
        "interrupt for input alone: no",
        "type",
        "typed x: yes",
        "interrupt when it is read: no",
        "interrupt when released: no",
        "typed y: yes",
        "done",
    ]
