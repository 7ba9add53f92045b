# SPDX-License-Identifier: Apache-2.0
"""Every Kconfig choice of the hypervisor: the default deployment builds with it without a warning,
boots and ends as ever; and the choice shows in the image or in what the hypervisor says."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from machine import DEPLOYMENTS, ICOUNT, ROOT, Machine, board, build, by_kernel


@dataclass(frozen=True)
class Seen:
    symbols: frozenset[str]  # of firmware.elf
    strings: bytes  # firmware.bin
    words: str  # of the hypervisor


DEBUG_STEPS = (
    "firmware is to start CPU 0x1\n",
    "ping: its images are right, its devices begin anew\n",
    ": starts on CPU 1\n",
    ": ends: SYSTEM_OFF\n",
    "pong: stops: SYSTEM_OFF\n",
)
LAST_WORDS = "all VMs are off: board off\n"
DIGESTS = frozenset({"arch_sha256_blocks", "arch_crc32"})
SHOWS: dict[str, Callable[[Seen], bool]] = {
    "VERIFY_IMAGES=sha256": lambda seen: DIGESTS & seen.symbols == {"arch_sha256_blocks"},
    "VERIFY_IMAGES=crc32": lambda seen: DIGESTS & seen.symbols == {"arch_crc32"},
    "VERIFY_IMAGES=none": lambda seen: not DIGESTS & seen.symbols,
    "LOADER_BOARD_CHECK=true": lambda seen: "board check: this is" in seen.words,
    "LOADER_BOARD_CHECK=false": lambda seen: "board_check" not in seen.symbols
    and "board check" not in seen.words,
    "LOG_LEVEL=none": lambda seen: seen.words == "" and "log_line" not in seen.symbols,
    "LOG_LEVEL=error": lambda seen: seen.words == "",
    "LOG_LEVEL=warn": lambda seen: seen.words == "",
    "LOG_LEVEL=debug": lambda seen: all(step in seen.words for step in DEBUG_STEPS),
    "LOG_LEVEL=info": lambda seen: not any(step in seen.words for step in DEBUG_STEPS),
    "ASSERT=true": lambda seen: b"assertion failed" in seen.strings,
    "TRACE=true": lambda seen: "trace_exit" in seen.symbols,
    "TRACE=false": lambda seen: "trace_exit" not in seen.symbols,
    "ASSERT=false": lambda seen: b"assertion failed" not in seen.strings,
    "LTO=true": lambda seen: "arch_cpu_index" not in seen.symbols,
    "LTO=false": lambda seen: "arch_cpu_index" in seen.symbols,
}
DEFAULTS = (
    "VERIFY_IMAGES=sha256",
    "LOADER_BOARD_CHECK=true",
    "LOG_LEVEL=info",
    "TRACE=false",
    "ASSERT=true",
    "LTO=true",
)
OTHERS = tuple(variant for variant in SHOWS if variant not in DEFAULTS)
SMALLEST = ("VERIFY_IMAGES=none", "LOADER_BOARD_CHECK=false", "LOG_LEVEL=none")


def boot(*variants: str) -> Seen:
    """Builds the default deployment with `variants` of [build] and runs it to its end."""
    options = [word for variant in variants for word in ("--set", f"build.{variant}")]
    name = "variant-" + "-".join(variants).lower().replace("=", "-")
    folder = build(ROOT / "configs/board.toml", name, *options)
    with Machine(board(*ICOUNT, *by_kernel(folder))) as machine:
        machine.wait_off()
    assert "8 of 8 balls came back whole\n" in machine.said("ping")
    assert "ball 8 returned\n" in machine.said("pong")
    return seen(folder, machine.said("bulkhead"))


def seen(folder: Path, words: str) -> Seen:
    command = ["llvm-nm-14", "--format=just-symbols", str(folder / "firmware.elf")]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    return Seen(frozenset(said.split()), (folder / "firmware.bin").read_bytes(), words)


@pytest.mark.parametrize("variant", OTHERS)
def test_variant(variant: str) -> None:
    found = boot(variant)
    assert SHOWS[variant](found), found.words
    if not variant.startswith("LOG_LEVEL"):
        assert found.words.endswith(LAST_WORDS)


def test_defaults() -> None:
    found = boot()
    for variant in DEFAULTS:
        assert SHOWS[variant](found), variant


def test_smallest() -> None:
    found = boot(*SMALLEST)
    assert not DIGESTS & found.symbols and found.words == ""


def test_trace_tells_the_last_exits() -> None:
    folder = build(DEPLOYMENTS / "echo.toml", "echo-trace", "--set", "build.TRACE=true")
    with Machine(board(*ICOUNT, *by_kernel(folder))) as machine:
        machine.hear("left", "^listening")
        machine.type("crash\r")
        machine.hear(
            "bulkhead", r"^error:   its last \d+ exits of \d+ \(ticks ago, \d+ a second\):\n"
        )
        machine.hear("bulkhead", r"^error: +\d+: wrote 0x72 to virtual UART \+ 0\n")  # of "crash"
        machine.hear("bulkhead", r"^left: restarted\n")
