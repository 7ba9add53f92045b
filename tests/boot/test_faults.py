# SPDX-License-Identifier: Apache-2.0
"""Firmware and boards that are broken, one fault each: told in words where something is left that can
tell; what is whole goes on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from gdb_memory import Stopped, qemu_arguments
from machine import BUILT, ROOT, Machine, board, build, by_flash, by_kernel, by_u_boot

DTB_FALLBACK = 0x4000_0000  # where the tree is when the board boots from flash
DTB_STRUCTURE_OFFSET = 8  # big-endian word of its header (Devicetree specification 5.2)
WAIT_FOR_EVER = bytes.fromhex("7f2003d5 ffffff17")  # wfi; b to it


@pytest.fixture(scope="module")
def folder() -> Path:
    """VM crasher on CPU 0, ticker on CPU 1; crasher's image is the first of the two."""
    return build(ROOT / "tests/guests/crash/deployment.toml", "faults")


def symbol(folder: Path, name: str) -> int:
    with (folder / "firmware.elf").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return int(table.get_symbol_by_name(name)[0]["st_value"])


def image_base(folder: Path) -> int:
    with (folder / "firmware.elf").open("rb") as file:
        return min(s["p_paddr"] for s in ELFFile(file).iter_segments() if s["p_type"] == "PT_LOAD")


def place_of(folder: Path, vm: str) -> int:
    """Where in firmware.bin the first code of a unikernel is."""
    with (folder / f"unikernels/{vm}/{vm}.elf").open("rb") as file:
        code = next(s for s in ELFFile(file).iter_segments() if s["p_type"] == "PT_LOAD").data()
    place = (folder / "firmware.bin").read_bytes().find(code)
    assert place > 0, f"{vm}'s code is not packed as it is"
    return place


def with_firmware(folder: Path, name: str, data: bytes) -> list[str]:
    changed = folder / name
    changed.mkdir(exist_ok=True)
    (changed / "firmware.bin").write_bytes(data)
    return board(*by_kernel(changed))


def test_a_damaged_image(folder: Path) -> None:
    """One bit of a guest's code: it does not start, the other one does."""
    data = bytearray((folder / "firmware.bin").read_bytes())
    data[place_of(folder, "ticker") + 1000] ^= 1
    with Machine(with_firmware(folder, "damaged", bytes(data))) as machine:
        machine.expect(r"ticker: image 'segment0' \(\d+ bytes\) is damaged: not started")
        machine.hear("crasher", r"^start 1$")
        assert not machine.said("ticker")


def test_truncated_in_the_images(folder: Path) -> None:
    """What follows the hypervisor's code is missing."""
    places = [place_of(folder, vm) for vm in ("crasher", "ticker")]
    data = (folder / "firmware.bin").read_bytes()[: min(places) + 1000]
    with Machine(with_firmware(folder, "truncated", data)) as machine:
        for _ in places:
            machine.expect(
                r"(crasher|ticker): image 'segment0' \(\d+ bytes\) is damaged: not start"
            )
        machine.expect(r"(crasher|ticker): off")
        assert not re.search(r"(crasher|ticker): started", machine.text)


def test_truncated_for_u_boot(folder: Path) -> None:
    """Anything is missing: the loader that reads the hashes of firmware.itb says so."""
    whole = (folder / "firmware.itb").read_bytes()
    (folder / "short.itb").write_bytes(whole[: len(whole) // 2])
    with Machine(board(*by_u_boot(folder, "short.itb", "bootm 0x60000000"))) as machine:
        machine.expect(r"Bad|bad|ERROR|Wrong")
        machine.expect(r"=> ")
        assert "Bulkhead" not in machine.text


def refused_tree(folder: Path, words: str, change: bytes | None, x0: int | None) -> None:
    """From flash, where x0 is 0 and the tree at DTB_FALLBACK; `change`: the first bytes of its
    structure block, or of its header where it is four bytes long."""
    place = BUILT / "gdb.socket"
    with Machine(board(*by_flash(folder), *qemu_arguments(place))) as machine:
        stopped = Stopped(place)
        if x0 is not None:
            stopped.set_x0(x0)
        if change is not None and len(change) == 4:
            stopped.write(DTB_FALLBACK, change)
        elif change is not None:
            offset = stopped.read(DTB_FALLBACK + DTB_STRUCTURE_OFFSET, 4)
            stopped.write(DTB_FALLBACK + int.from_bytes(offset, "big") + 8, change)
        stopped.go()
        machine.expect(words)
        assert "started" not in machine.text


def test_tree_missing(folder: Path) -> None:
    refused_tree(
        folder, r"board check: what firmware left at 0x40000000 is not a device", bytes(4), None
    )


def test_tree_damaged(folder: Path) -> None:
    refused_tree(
        folder, r"board check: firmware's device tree at 0x40000000 is damaged", bytes(64), None
    )


@pytest.mark.parametrize("address", [0x2000_0000, 0x900_0000], ids=["nowhere", "uart"])
def test_tree_outside_ram(folder: Path, address: int) -> None:
    """Registers are not read either: that may change what a device does."""
    words = rf"board check: firmware's device tree address {address:#x} is not in"
    refused_tree(folder, words, None, address)


def test_cpu_that_firmware_does_not_start(folder: Path) -> None:
    """The tree tells of CPUs that are not there."""
    whole, blob = BUILT / "faults/board.dtb", BUILT / "faults/four-cpus.dtb"
    machine = f"virt,virtualization=on,gic-version=3,dtb-randomness=off,dumpdtb={whole}"
    subprocess.run(board("-machine", machine), check=True, capture_output=True, timeout=30)
    packed = ["dtc", "-q", "-I", "dtb", "-O", "dtb", "-o", str(blob), str(whole)]
    subprocess.run(packed, check=True, timeout=30)
    with Machine(board("-dtb", str(blob), *by_kernel(folder), cpus=1)) as machine_:
        machine_.expect(r"panic: firmware did not start CPU 0x1")
        assert "crasher: started" not in machine_.text


def test_cpu_that_never_comes(folder: Path) -> None:
    """Firmware says that it starts, and it does not arrive: its VM does not run, the others do."""
    data = bytearray((folder / "firmware.bin").read_bytes())
    entry = symbol(folder, "secondary_entry") - image_base(folder)
    data[entry : entry + len(WAIT_FOR_EVER)] = WAIT_FOR_EVER
    with Machine(with_firmware(folder, "lonely", bytes(data))) as machine:
        machine.hear("crasher", r"^start 3$")
        machine.expect(r"crasher: crashed 3 times within 60000 ms: stays off")
        assert "ticker: started" not in machine.text
