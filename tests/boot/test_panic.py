# SPDX-License-Identifier: Apache-2.0
"""A bug of the hypervisor's own: told in words with the VM concerned, whole, and every CPU stops. The
shipped image is built as ever; then one instruction of it, on the way of a guest's crash, is made
undefined."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

import pytest

from machine import DEPLOYMENTS, ICOUNT, MTTCG, Machine, board, build, by_kernel

BROKEN = "aarch64_serror_unmask"  # runs when a VM has crashed, on its CPU; never inlined
UNDEFINED = bytes(4)  # UDF #0
WFI = 0xD503207F.to_bytes(4, "little")  # where a CPU has halted
PANIC = r"""\[bulkhead\] panic: synchronous exception at EL2 on CPU 2: undefined instruction
\[bulkhead\]   pc {pc:#x}  address \S+  syndrome 0x2000000  sp 0x[0-9a-f]+
\[bulkhead\]   VM crasher, vCPU 0: vttbr 0x1[0-9a-f]{{12}}  pc before \S+
(\[bulkhead\]   x\d+ .*\n){{10}}\[bulkhead\]   x30 [0-9a-f]{{16}}
"""


def symbols(folder: Path) -> dict[str, tuple[int, int]]:
    """Address and size by name."""
    command = ["llvm-nm-14", "--print-size", "--defined-only", str(folder / "firmware.elf")]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    rows = [line.split() for line in said.splitlines()]
    return {row[-1]: (int(row[0], 16), int(row[1], 16)) for row in rows if len(row) == 4}


def image_base(folder: Path) -> int:
    command = ["llvm-readelf-14", "--program-headers", str(folder / "firmware.elf")]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    return min(
        int(row[3], 16) for row in (l.split() for l in said.splitlines()) if row[:1] == ["LOAD"]
    )


@pytest.fixture(scope="module")
def folder() -> Path:
    """The build, with firmware.bin broken at one instruction."""
    out = build(DEPLOYMENTS / "panic.toml", "panic")
    at = symbols(out)[BROKEN][0] - image_base(out)
    image = bytearray((out / "firmware.bin").read_bytes())
    assert image[at : at + 4] != UNDEFINED
    image[at : at + 4] = UNDEFINED
    (out / "broken").mkdir(exist_ok=True)
    (out / "broken/firmware.bin").write_bytes(image)
    return out


def registers(monitor: Path) -> dict[int, tuple[int, str]]:
    """PC and exception level of each CPU, from QEMU's monitor."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(30)
        link.connect(str(monitor))
        said = b""
        link.sendall(b"info registers -a\nprint 0x7777\n")
        while b"\n0x7777" not in said.replace(b"\r", b""):
            said += link.recv(65536)
    found = re.findall(r"CPU#(\d+)\s+PC=(\w+).*?PSTATE=\w+ \S+ (EL\d)", said.decode(), re.S)
    return {int(cpu): (int(pc, 16), level) for cpu, pc, level in found}


@pytest.mark.parametrize("mode", [ICOUNT, MTTCG], ids=["icount", "mttcg"])
def test_panic(folder: Path, mode: tuple[str, ...], tmp_path: Path) -> None:
    known = symbols(folder)
    monitor = tmp_path / "monitor"
    extra = ("-monitor", f"unix:{monitor},server=on,wait=off")
    with Machine(board(*mode, *extra, *by_kernel(folder / "broken"))) as machine:
        machine.expect(r"^\[bulkhead\]   x30 [0-9a-f]{16}\n")
        first = registers(monitor)
        again = registers(monitor)
        text = machine.text
    dump = re.search(PANIC.format(pc=known[BROKEN][0]), text)
    assert dump is not None and text.endswith(dump.group()), text
    image, base = (folder / "broken/firmware.bin").read_bytes(), image_base(folder)
    for cpu, (pc, level) in first.items():
        before = image[pc - base - 4 : pc - base]
        assert level == "EL2" and before == WFI, f"CPU {cpu} at {pc:#x}, {level}"
    assert len(first) == 4 and again == first
