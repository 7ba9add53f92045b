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


def release_address(cpu: int, shared: bool) -> int:
    return TABLE if shared else TABLE + 8 * cpu


def board_folder(shared: bool) -> Path:
    """The facts of qemu-virt-aarch64, but for its CPUs. `shared`: all wait for one entry."""
    folder = BUILT / ("shared-spin-table-board" if shared else "spin-table-board")
    folder.mkdir(parents=True, exist_ok=True)
    text = (PLATFORM / "board.dts").read_text()
    for cpu in range(4):
        place = release_address(cpu, shared)
        waits = f'enable-method = "spin-table"; cpu-release-addr = <0x00 {place:#x}>;'
        text = text.replace('enable-method = "psci";', waits, 1)
    (folder / "board.dts").write_text(text)
    (folder / "board.toml").write_text((PLATFORM / "board.toml").read_text())
    return folder


def built(place: Path) -> Path:
    config = ROOT / "configs/board.toml"
    return build(config, place.name.removesuffix("-board"), "--set", f"deployment.board={place}")


@pytest.fixture(scope="module")
def place() -> Path:
    return board_folder(shared=False)


@pytest.fixture(scope="module")
def folder(place: Path) -> Path:
    return built(place)


def stub(shared: bool) -> Path:
    made = BUILT / ("shared-spin-table-stub" if shared else "spin-table-stub")
    symbols = {"IMAGE": IMAGE_BASE, "TREE": TREE_BASE, "ENTRY_MASK": 0 if shared else 0xFF}
    defines = [f"-D{name}={value:#x}" for name, value in symbols.items()]
    for command in (
        [
            toolchain.CLANG,
            *toolchain.TARGET["aarch64"],
            *defines,
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


def machine(folder: Path, text: str, cpus: int = 4, shared: bool = False) -> Machine:
    """The board whose firmware hands over the tree `text`."""
    tree = folder / "firmware.dtb"
    compile_ = ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(tree), "-"]
    subprocess.run(compile_, input=text.encode(), check=True, timeout=30)
    loaders = []
    files = ((stub(shared), STUB_BASE), (folder / "firmware.bin", IMAGE_BASE), (tree, TREE_BASE))
    for file, base in files:
        loaders += ["-device", f"loader,file={file},addr={base:#x},force-raw=on"]
    return Machine(board(*loaders, "-device", f"loader,addr={STUB_BASE:#x},cpu-num=0", cpus=cpus))


def runs_to_the_end(place: Path, shared: bool) -> None:
    """The default deployment; the board can't be switched off."""
    with machine(built(place), (place / "board.dts").read_text(), shared=shared) as board_:
        board_.hear("bulkhead", rf"^board check: this is {place.name}")
        board_.hear("bulkhead", r"^all VMs are off: board off")
        assert "8 of 8 balls came back whole\n" in board_.said("ping")


def test_all_cpus_come(place: Path) -> None:
    runs_to_the_end(place, shared=False)


def test_all_cpus_wait_at_one_address() -> None:
    """Those come, too, that the deployment does not use."""
    runs_to_the_end(board_folder(shared=True), shared=True)


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
