# SPDX-License-Identifier: Apache-2.0
"""The default deployment, by every way that its image can boot, to the board's power-off: those
that FLASH.txt tells by its very words."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from gen.emit.flash_guide import commands
from gen.tool import info
from machine import ICOUNT, MTTCG, ROOT, Machine, board, build, by_kernel, by_u_boot_script


@pytest.fixture(scope="module")
def folder() -> Path:
    return build(ROOT / "configs/board.toml", "board")


def check(command: list[str]) -> None:
    with Machine(command) as machine:
        machine.hear("bulkhead", r"^Bulkhead: deployment 'board'")
        machine.hear("bulkhead", r"^board check: ")
        machine.wait_off()
    assert "ball 8 returned\n" in machine.said("pong")
    assert "8 of 8 balls came back whole\n" in machine.said("ping")
    assert machine.said("bulkhead").endswith("all VMs are off: board off\n")


def told(folder: Path, title: str) -> list[str]:
    return commands((folder / "FLASH.txt").read_text(), title)


@pytest.mark.parametrize("title", ["QEMU", "QEMU, from flash"])
def test_qemu(folder: Path, title: str) -> None:
    (command,) = told(folder, title)
    check(["env", f"--chdir={folder}", *shlex.split(command), "-no-reboot"])


def test_kernel_icount(folder: Path) -> None:
    check(board(*ICOUNT, *by_kernel(folder)))


def test_kernel_concurrent(folder: Path) -> None:
    check(board(*MTTCG, *by_kernel(folder)))


@pytest.mark.parametrize("address", ["0x401ff000", "0x40201000", "0x50000000"])
def test_loaded_elsewhere(folder: Path, address: str) -> None:
    """The image moves to where it is linked: from below and above, over itself, and from afar."""
    image = f"loader,file={folder / 'firmware.bin'},addr={address},force-raw=on"
    check(board("-device", image, "-device", f"loader,addr={address},cpu-num=0"))


@pytest.mark.parametrize("file", ["firmware.bin", "firmware.itb"])
def test_u_boot(folder: Path, file: str) -> None:
    """booti; bootm of a FIT with hashes, which U-Boot verifies."""
    script = told(folder, f"U-Boot: {file} from a file system")
    check(board(*by_u_boot_script(folder, f"disk-{file}", {file: folder / file}, script)))


def test_u_boot_network(folder: Path) -> None:
    script = told(folder, "U-Boot: firmware.itb over the network")
    network = ("-netdev", f"user,id=net,tftp={folder}", "-device", "virtio-net-device,netdev=net")
    check(board(*by_u_boot_script(folder, "disk-network", {}, script), *network))


def test_u_boot_raw_blocks(folder: Path) -> None:
    """From a partition into the blocks of another disk, which then boots."""
    raw = folder / "blocks.img"
    with raw.open("wb") as stream:
        stream.truncate(8 << 20)
    load, *write = told(folder, "U-Boot: firmware.itb into raw blocks, once")
    at = load.split()[-2]
    script = [load, "setenv devnum 1", *write, f"mw.b {at} 0 ${{filesize}}"]
    script += told(folder, "U-Boot: firmware.itb from raw blocks")
    files = {"firmware.itb": folder / "firmware.itb"}
    disk = (
        "-drive",
        f"if=none,id=raw,format=raw,file={raw}",
        "-device",
        "virtio-blk-device,drive=raw",
    )
    check(board(*disk, *by_u_boot_script(folder, "disk-raw", files, script)))
    assert raw.read_bytes()[0x800 * 512 :].startswith((folder / "firmware.itb").read_bytes())


def test_every_file_tells_what_it_holds(folder: Path) -> None:
    for name in ("firmware.bin", "firmware.elf", "firmware.itb", "flash.img"):
        (told,) = info.read(folder / name)
        assert told.deployment == "board" and told.vms == ("ping", "pong")
        assert told.hash == json.loads((folder / "report.json").read_text())["hash"]


def test_late_neighbour() -> None:
    """Zeroing its RAM keeps pong from starting until ping has served and rung."""
    late = build(ROOT / "configs/board.toml", "board-late", "--set", "vm.pong.ram=1G")
    check(board(*MTTCG, *by_kernel(late)))
