# SPDX-License-Identifier: Apache-2.0
"""SErrors: one on a guest's time ends that VM by its policy, what a run leaves pending is that run's,
one of EL2's own is a panic that names the VM. QEMU has no physical SErrors, so the shipped image is
built as ever, and then single instructions of it are changed so that other exceptions come in by the
vectors of SErrors."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from machine import DEPLOYMENTS, ICOUNT, Machine, board, build, by_kernel
from test_panic import BROKEN, image_base

VECTORS = "aarch64_vectors"
OWN_SYNC, GUEST_FIQ = 0x200, 0x500
TO_OWN_SERROR = 0x14000060  # B #0x180, in the vector of an own synchronous exception
KIND_FIQ, KIND_SERROR = 0xD2800040, 0xD2800060  # MOV X0, #2; MOV X0, #3
ISB, SMC, NOP = 0xD5033FDF, 0xD4000003, 0xD503201F
# Not an exception, but a panic all the same: it names the VM that ran last.
PANIC = r"panic: firmware did not power the board off\n\[bulkhead\]   VM neighbour, vCPU 0: "


def addresses(folder: Path) -> dict[str, int]:
    """Of labels, too."""
    command = ["llvm-nm-14", "--defined-only", str(folder / "firmware.elf")]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    return {name: int(at, 16) for at, _, name in (line.split() for line in said.splitlines())}


def first_of(instruction: int, folder: Path, address: int) -> int:
    """Where it stands first, from `address` on."""
    image, base = (folder / "firmware.bin").read_bytes(), image_base(folder)
    return next(
        at for at in range(address, address + 256, 4) if image[at - base :][:4] == word(instruction)
    )


def word(value: int) -> bytes:
    return value.to_bytes(4, "little")


def changed(folder: Path, name: str, changes: dict[int, tuple[int | None, int]]) -> Path:
    """The image with instructions (address: what must be there, what shall be there) changed."""
    base = image_base(folder)
    image = bytearray((folder / "firmware.bin").read_bytes())
    for address, (old, new) in changes.items():
        at = address - base
        assert old is None or image[at : at + 4] == word(old), hex(address)
        image[at : at + 4] = word(new)
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "firmware.bin").write_bytes(image)
    return folder / name


def test_of_a_guest() -> None:
    """What interrupts the victim's CPU comes as an SError, and so does something behind each run. In
    the end firmware does not hear that the board shall go off."""
    folder = build(DEPLOYMENTS / "serror.toml", "serror")
    vectors, window = (addresses(folder)[name] for name in (VECTORS, "serror_window"))
    off = first_of(SMC, folder, addresses(folder)["arch_board_off"])
    broken = changed(
        folder,
        "broken",
        {
            vectors + GUEST_FIQ + 4: (KIND_FIQ, KIND_SERROR),
            vectors + OWN_SYNC: (None, TO_OWN_SERROR),
            window: (ISB, 0),
            off: (SMC, NOP),
        },
    )
    with Machine(board(*ICOUNT, *by_kernel(broken))) as machine:
        machine.expect(PANIC)
        text = machine.text
    told = [line for line in text.splitlines() if "victim: " in line or "neighbour: " in line]
    ends = [
        "victim: started",
        "victim: vCPU 0 crashed: SError: a bus or memory error of no known instruction",
        "victim: left an SError behind, syndrome 0x2000000",
        "victim: restarted",
        "victim: vCPU 0 crashed: SError: a bus or memory error of no known instruction",
        "victim: left an SError behind, syndrome 0x2000000",
        "victim: crashed 2 times within 60000 ms: stays off",
        "victim: off",
        "neighbour: left an SError behind, syndrome 0x2000000",
        "neighbour: off",
    ]
    said = [line.removeprefix("[bulkhead] ").removeprefix("error: ") for line in told]
    assert [line for line in said if line != "neighbour: started"] == ends, text
    assert text.count("  address 0  guest-physical 0  syndrome 0x5a0003e1") == 2, text
    assert [f"[neighbour] alive {n}" in text for n in range(1, 11)] == [True] * 10


@pytest.fixture(scope="module")
def crashing() -> Path:
    return build(DEPLOYMENTS / "panic.toml", "panic")


def test_of_our_own(crashing: Path) -> None:
    """Anywhere else at EL2: a bug or a broken board."""
    known = addresses(crashing)
    changes = {known[BROKEN]: (None, 0), known[VECTORS] + OWN_SYNC: (None, TO_OWN_SERROR)}
    with Machine(board(*ICOUNT, *by_kernel(changed(crashing, "serror", changes)))) as machine:
        machine.expect(r"^\[bulkhead\]   x30 [0-9a-f]{16}\n")
        text = machine.text
    assert re.search(
        r"\[bulkhead\] panic: SError at EL2 on CPU 2: .*\n"
        rf"\[bulkhead\]   pc {known[BROKEN]:#x}  .*\n"
        r"\[bulkhead\]   VM crasher, vCPU 0: ",
        text,
    ), text
