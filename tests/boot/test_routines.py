# SPDX-License-Identifier: Apache-2.0
"""The routines that zero, copy and hash guest memory, on a bare board: known answers, and what they
cost in instructions."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gen.tool import newlib, toolchain
from machine import BUILT, ICOUNT, ROOT, board

HERE = ROOT / "tests/boot/routines"
SCRIPT = ROOT / "tests/guests/raw_image.ld"
PARTS = (
    *("arch/aarch64/mem.S", "arch/aarch64/sha256.S", "arch/aarch64/crc32.S"),
    *("arch/aarch64/mem.c", "loader/digest.c", "tests/unit/fixture/digest_vectors.c"),
)
MIB = 1 << 20
# Instructions a byte.
LIMITS = {"zero": 1 / 16, "copy": 1 / 4, "sha256": 1.7, "crc32": 0.4}


def said(instructions: bool) -> str:
    """What the program prints, with the CPU's instructions for digests or without."""
    folder = BUILT / f"routines-{'instructions' if instructions else 'c'}"
    folder.mkdir(parents=True, exist_ok=True)
    libc = newlib.library("aarch64", "hyp")
    flags = [*toolchain.TARGET["aarch64"], *toolchain.HYPERVISOR_ONLY["aarch64"], *toolchain.CODE]
    flags += ["-std=c11", "-I.", "-Iarch/aarch64/include", "-isystem", str(libc.include)]
    flags += [f"-DCONFIG_ARCH_{name}={int(instructions)}" for name in ("SHA256", "CRC32")]
    objects = []
    for source in [*(ROOT / part for part in PARTS), *sorted(HERE.glob("*.[cS]"))]:
        target = folder / f"{source.parent.name}-{source.name}.o"
        run([toolchain.CLANG, *flags, "-c", str(source), "-o", str(target)])
        objects.append(str(target))
    elf, image = folder / "routines.elf", folder / "routines.bin"
    script = ["--gc-sections", "-e", "_start", "-T", str(SCRIPT), "--image-base=0"]
    run([toolchain.LLD, *script, *objects, str(libc.archive), "-o", str(elf)])
    run([toolchain.OBJCOPY, "-O", "binary", str(elf), str(image)])
    command = board(*ICOUNT, "-kernel", str(image))
    return run(command).stdout


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("instructions", (True, False))
def test_known_answers(instructions: bool) -> None:
    found = dict(re.findall(r"^(\w+): wrong (\d+)$", said(instructions), re.MULTILINE))
    assert found == {"zero": "0", "copy": "0", "sha256": "0", "crc32": "0"}


def test_costs() -> None:
    text = said(instructions=True)
    found = dict(re.findall(r"^(\w+): instructions a MiB (\d+)$", text, re.MULTILINE))
    assert found.keys() == LIMITS.keys(), text
    for name, limit in LIMITS.items():
        assert int(found[name]) <= limit * MIB, f"{name}: {int(found[name]) / MIB:.4f} a byte"
