# SPDX-License-Identifier: Apache-2.0
"""CPUs that wait in a spin table: board qemu-virt-aarch64 behind firmware that starts CPUs as the
Raspberry Pi 4's does (spin_table/stub.S), which has no PSCI for us."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from gen.tool import toolchain
from machine import BUILT, ROOT, Machine, board, build

PLATFORM = ROOT / "platform/qemu-virt-aarch64"
STUB = ROOT / "tests/boot/spin_table/stub.S"
STUB_BASE, IMAGE_BASE, TREE_BASE = 0x4010_0000, 0x4020_0000, 0x4800_0000
TABLE = STUB_BASE + 0xD8  # behind QEMU's own tree, which fills the first MiB


def board_folder() -> Path:
    """The facts of qemu-virt-aarch64, but for its CPUs."""
    folder = BUILT / "spin-table-board"
    folder.mkdir(parents=True, exist_ok=True)
    text = (PLATFORM / "board.dts").read_text()
    for cpu in range(4):
        place = TABLE + 8 * cpu
        waits = f'enable-method = "spin-table"; cpu-release-addr = <0x00 {place:#x}>;'
        text = text.replace('enable-method = "psci";', waits, 1)
    (folder / "board.dts").write_text(text)
    (folder / "board.toml").write_text((PLATFORM / "board.toml").read_text())
    return folder


@pytest.fixture(scope="module")
def place() -> Path:
    return board_folder()


@pytest.fixture(scope="module")
def folder(place: Path) -> Path:
    return build(ROOT / "configs/board.toml", "spin-table", "--set", f"deployment.board={place}")


def stub() -> Path:
    made = BUILT / "spin-table-stub"
    places = [f"-DIMAGE={IMAGE_BASE:#x}", f"-DTREE={TREE_BASE:#x}"]
    for command in (
        [
            toolchain.CLANG,
            *toolchain.TARGET["aarch64"],
            *places,
            "-c",
            str(STUB),
            "-o",
            f"{made}.o",
        ],
        [toolchain.LLD, f"-Ttext={STUB_BASE:#x}", f"{made}.o", "-o", f"{made}.elf"],
        [toolchain.OBJCOPY, "-O", "binary", f"{made}.elf", f"{made}.bin"],
    ):
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    return Path(f"{made}.bin")


def machine(folder: Path, text: str, cpus: int = 4) -> Machine:
    """The board whose firmware hands over the tree `text`."""
    tree = folder / "firmware.dtb"
    compile_ = ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(tree), "-"]
    subprocess.run(compile_, input=text.encode(), check=True, timeout=30)
    loaders = []
    files = ((stub(), STUB_BASE), (folder / "firmware.bin", IMAGE_BASE), (tree, TREE_BASE))
    for file, base in files:
        loaders += ["-device", f"loader,file={file},addr={base:#x},force-raw=on"]
    return Machine(board(*loaders, "-device", f"loader,addr={STUB_BASE:#x},cpu-num=0", cpus=cpus))


def test_all_cpus_come(folder: Path, place: Path) -> None:
    """The default deployment on its CPUs to the end; the board can't be switched off."""
    with machine(folder, (place / "board.dts").read_text()) as board_:
        board_.hear("bulkhead", r"^board check: this is spin-table-board")
        board_.hear("bulkhead", r"^all VMs are off: board off")
        assert "8 of 8 balls came back whole\n" in board_.said("ping")


def test_a_cpu_that_never_comes(folder: Path, place: Path) -> None:
    with machine(folder, (place / "board.dts").read_text(), cpus=1) as board_:
        board_.expect(r"panic: firmware did not start CPU 0x1")
        assert not re.search(r"^\[(ping|pong)\]", board_.text, re.MULTILINE)


def test_firmware_that_waits_elsewhere(folder: Path, place: Path) -> None:
    text = (place / "board.dts").read_text().replace(f"{TABLE + 8:#x}>", "0x40100800>")
    with machine(folder, text) as board_:
        board_.expect(r"board check: CPU 0x1 does not wait for its entry at 0x401000e0")


def test_psci_is_not_linked(folder: Path) -> None:
    with (folder / "firmware.elf").open("rb") as file:
        names = {
            symbol.name for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols()
        }
    assert "spin_table_entry" in names and "aarch64_smc" not in names
