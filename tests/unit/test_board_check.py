# SPDX-License-Identifier: Apache-2.0
"""loader/board_check.c over the device trees of real boards, filled in as their firmware does: plans
for them are accepted where the board has what they use, and refused in words where it has not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import test_unit

from gen.diagnostics import Report
from gen.emit.rows import tables_source
from gen.plan.model import Plan
from gen.plan.plan import make_plan
from gen.read.board_file import load_board
from gen.read.load import load_deployment

BUILD = test_unit.BUILD / "board-check"
SOURCES = ("fixture/board_check_main.c", "fixture/libfdt.c")
LOADER = ("loader/board_check.c", "loader/tree.c")
GIB = 1 << 30
# What firmware makes of the Pi's memory node: its sizes have one cell.
PI_RAM = {
    "1G": "0 0 0x3b400000",
    "2G": "0 0 0x3b400000  0 0x40000000 0x40000000",
    "4G": "0 0 0x3b400000  0 0x40000000 0xbc000000",
    "8G": "0 0 0x3b400000  0 0x40000000 0xbc000000  1 0 0x80000000  1 0x80000000 0x80000000",
}


@cache
def plan_of(board: str, variant: str, ram: str) -> Plan:
    """One VM on the board's CPUs 0 and 1, with `ram`."""
    folder = BUILD / f"{board}-{variant}-{ram}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "image.bin").write_bytes(bytes(64))
    chosen = f'variant = "{variant}"\n' if variant else ""
    text = (
        f'schema = 1\n[deployment]\nname = "check"\nboard = "{board}"\n{chosen}[[vm]]\nname = "a"\n'
    )
    text += f'cpus = [0, 1]\nram = "{ram}"\nkernel = "image.bin"\n'
    (folder / "check.toml").write_text(text)
    report = Report()
    deployment = load_deployment(folder / "check.toml", [], report)
    assert deployment is not None, report.found
    loaded = load_board(board, variant or None, report, deployment.where)
    assert loaded is not None, report.found
    plan = make_plan(deployment, loaded, {}, report, "0" * 64)
    assert plan is not None, report.found
    return plan


@cache
def program(board: str, variant: str = "", ram: str = "16M") -> Path:
    """The board check with the rows of that plan, for this computer."""
    plan = plan_of(board, variant, ram)
    folder = BUILD / f"{board}-{variant}-{ram}"
    rows = tables_source(plan)
    parts = [
        re.search(rf"^(?:static )?const struct {name}.*?^}};", rows, re.MULTILINE | re.DOTALL)
        for name in (r"range_row board_ram", "range_row board_gic", "board_row", "pcpu_row")
    ]
    text = "\n".join(part.group() for part in parts if part is not None)
    (folder / "rows.c").write_text(f'#include "gen/rows.h"\n#include <tables.h>\n{text}\n')
    (folder / "tables.h").write_text(f"#define PCPU_COUNT {len(plan.pcpus)}u\n")
    sources = [*(str(test_unit.UNIT / name) for name in SOURCES), *LOADER, str(folder / "rows.c")]
    command = [test_unit.COMPILER, *test_unit.FLAGS, *test_unit.SANITIZERS["address"]]
    command += [f"-I{folder}", *test_unit.INCLUDES, *sources, "-o", str(folder / "check")]
    test_unit.run(command, test_unit.COMPILE_SECONDS)
    return folder / "check"


def forget() -> None:
    """Plans and programs are made anew: in another BUILD, or by other flags."""
    plan_of.cache_clear()
    program.cache_clear()


@cache
def source(board: str) -> str:
    """The board's tree as text."""
    loaded = load_board(board, None, Report(), plan_of(board, "", "16M").deployment.where)
    assert loaded is not None
    command = ["dtc", "-q", "-I", "dtb", "-O", "dts", str(loaded.tree)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def replaced(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new)


def filled(ram: str, text: str | None = None) -> str:
    """The Pi's tree with its memory told."""
    text = source("rpi4") if text is None else text
    made, count = re.subn(r"(memory@0 \{[^}]*reg = )<[^>]*>", rf"\1<{ram}>", text)
    assert count == 1
    return made


def said(checker: Path, text: str, *more: str) -> str:
    blob = checker.with_name("tree.dtb")
    command = ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(blob), "-"]
    subprocess.run(command, input=text.encode(), check=True, timeout=30)
    done = subprocess.run(
        [str(checker), str(blob), *more], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("have", PI_RAM)
def test_a_pi_with_as_much_ram_or_more(have: str) -> None:
    assert said(program("rpi4"), filled(PI_RAM[have])) == "board check: this is rpi4"


@pytest.mark.parametrize(
    ("variant", "ram", "have"),
    [("2G", "1G", "1G"), ("4G", "2G", "2G"), ("8G", "3G", "4G")],
)
def test_a_pi_with_less_ram(variant: str, ram: str, have: str) -> None:
    checker = program("rpi4", variant, ram)
    assert said(checker, filled(PI_RAM[variant])) == "board check: this is rpi4"
    told = said(checker, filled(PI_RAM[have]))
    assert re.fullmatch(
        r"board check: the plan uses RAM 0x\w+-0x\w+, which this board does not have", told
    ), told


def test_memory_that_firmware_did_not_tell() -> None:
    assert "the plan uses RAM" in said(program("rpi4"), source("rpi4"))


def test_what_firmware_reserves() -> None:
    """An initrd, its bootloader's configuration: refused where the plan uses that memory alone."""
    used = plan_of("rpi4", "", "16M").ram_used[0]
    text = filled(PI_RAM["1G"])
    for base, words in (
        (0x3000_0000, "this is rpi4"),
        (used.base, "firmware reserves RAM"),
        (used.end - 1, "firmware reserves RAM"),
    ):
        entry = replaced(text, "/dts-v1/;", f"/dts-v1/;\n/memreserve/ {base:#x} 0x1000;")
        assert words in said(program("rpi4"), entry)
        told = re.sub(r"(nvram@0 \{[^}]*reg = )<[^>]*>", rf"\1<0 {base:#x} 0x1000>", text)
        assert words in said(program("rpi4"), told)


def test_registers_behind_other_addresses_of_the_bus() -> None:
    text = filled(PI_RAM["1G"])
    ranges = re.search(r"\tsoc \{.*?ranges = <([^>]*)>;", text, re.DOTALL)
    assert ranges is not None and "0x7e000000 0x00 0xfe000000" in ranges.group(1)
    elsewhere = ranges.group().replace("0x7e000000 0x00 0xfe000000", "0x7e000000 0x00 0xfd000000")
    told = said(program("rpi4"), text.replace(ranges.group(), elsewhere))
    assert told == "board check: no UART 'arm,pl011' at 0xfe201000"
    for cells in ("", "ranges;"):  # not translated at all; the same addresses
        other = ranges.group().replace(f"ranges = <{ranges.group(1)}>;", cells)
        told = said(program("rpi4"), text.replace(ranges.group(), other))
        assert (
            told
            == "board check: no interrupt controller 'arm,gic-400' with its registers at 0xff841000"
        )


def test_a_cpu_that_waits_elsewhere() -> None:
    text = replaced(
        filled(PI_RAM["1G"]), "cpu-release-addr = <0x00 0xe0>", "cpu-release-addr = <0 8>"
    )
    told = said(program("rpi4"), text)
    assert told == "board check: CPU 0x1 does not wait for its entry at 0xe0"
    psci = re.sub(
        r'enable-method = "spin-table";\s*cpu-release-addr = <[^>]*>',
        'enable-method = "psci"',
        text,
    )
    assert "does not wait for its entry" in said(program("rpi4"), psci)


def rk3399_memory(text: str) -> str:
    return replaced(
        text,
        "\taliases {",
        '\tmemory { device_type = "memory"; reg = <0 0x200000 0 0x7fe00000>; };\n\taliases {',
    )


@pytest.mark.parametrize(
    ("board", "fill"),
    [("imx8mm-evk", str), ("zcu102", str), ("rk3399", rk3399_memory), ("qemu-virt-aarch64", str)],
)
def test_other_boards(board: str, fill: Callable[[str], str]) -> None:
    """The console of the i.MX is three buses below the root."""
    assert said(program(board), fill(source(board))) == f"board check: this is {board}"


def test_damaged_trees_end_in_words() -> None:
    assert said(program("rpi4"), filled(PI_RAM["1G"]), "damage") == "damaged everywhere"
