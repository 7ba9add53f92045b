# SPDX-License-Identifier: Apache-2.0
"""Debian's Linux calls a ZCU102's firmware through the mediator: its drivers of firmware, clocks, pins
and power domains find what its one device needs. The firmware is ours (zynqmp/), at EL3 of QEMU's
ZCU102, which has none."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

from gen.tool import toolchain
from gen.tool.paths import FETCH
from machine import BUILT, DEPLOYMENTS, ROOT, Machine, build

PARTS = ("start.S", "firmware.c", "mock.c")
TREE = FETCH / "debian-dtbs/xilinx/zynqmp-zcu102-rev1.0.dtb"
OCM = 0xFFFC_0000  # on-chip memory, where a ZCU102 has its firmware


def firmware(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    flags = [*toolchain.TARGET["aarch64"], "-ffreestanding", "-fno-builtin", "-mgeneral-regs-only"]
    flags += ["-mstrict-align", "-fno-pic", "-O2", "-std=c11", "-I."]
    objects = []
    for part in PARTS:
        objects.append(str(folder / f"{part}.o"))
        source = ROOT / "tests/boot/zynqmp" / part
        run([toolchain.CLANG, *flags, "-c", str(source), "-o", objects[-1]])
    elf = folder / "firmware-el3.elf"
    run([toolchain.LLD, "-N", f"--image-base={OCM:#x}", "-e", "_start", *objects, "-o", str(elf)])
    return elf


def run(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)


def command(folder: Path, second_uart: Path) -> list[str]:
    loaded = [
        f"file={firmware(BUILT / 'eemi')},cpu-num=0",
        f"file={folder / 'firmware.bin'},addr=0x200000,force-raw=on",
        f"file={TREE},addr=0x100000,force-raw=on",
    ]
    return [
        *("qemu-system-aarch64", "-machine", "xlnx-zcu102,secure=on,virtualization=on"),
        *("-smp", "4", "-m", "4G", "-display", "none", "-nodefaults", "-semihosting"),
        *("-audiodev", "none,id=none", "-serial", "stdio", "-serial", f"file:{second_uart}"),
        *(word for device in loaded for word in ("-device", f"loader,{device}")),
    ]


def test_linux_drives_its_uart_by_firmware() -> None:
    folder = build(DEPLOYMENTS / "zcu102-eemi.toml", "zcu102-eemi")
    second_uart = folder / "uart1.txt"
    with Machine(command(folder, second_uart), signal.SIGKILL) as machine:
        machine.hear("linux", "init: ready")
        machine.type("mkdir /d; mount -t debugfs d /d; grep -E 'iopll|uart1' /d/clk/clk_summary\n")
        machine.hear("linux", r"iopll .*\n +uart1_ref_div1 .*\n +uart1_ref +\d +1 +0 +33333333 ")
        machine.type("echo what Linux says >/dev/ttyPS1\npoweroff -f\n")
        text = machine.wait_off()
    linux = machine.said("linux")
    assert "zynqmp_firmware_probe Platform Management API v1.0" in linux
    assert re.search(r"ff010000\.serial: ttyPS1 at MMIO 0xff010000 .*base_baud = 2083333", linux)
    assert "WARNING" not in linux and "EEMI" not in text
    assert "what Linux says" in second_uart.read_text()
    # What firmware heard of: the UART's own, and nothing that other devices live by.
    # Whether the UART slept meanwhile, which switches its clock off, is chance.
    assert "[firmware] clocks switched on: 57\n" in text
    assert re.search(r"\[firmware\] clocks switched off:( 57)?\n", text)
    assert "[firmware] nodes requested: 34\n" in text
    assert "[firmware] pins set: 20 21\n" in text
