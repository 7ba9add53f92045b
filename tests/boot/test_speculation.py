# SPDX-License-Identifier: Apache-2.0
"""What guests teach branch prediction: on board qemu-virt-aarch64 with Cortex-A72s, behind firmware at
EL3 (speculation/firmware.S) that has workarounds or not, and counts who calls them. That each exit
calls, or loops, is shown; that this helps is Arm's word, for an emulator does not speculate."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gen.tool import toolchain
from machine import BUILT, DEPLOYMENTS, ICOUNT, ROOT, Machine, board, build
from test_serror import addresses, changed

PLATFORM = ROOT / "platform/qemu-virt-aarch64"
IMAGE_BASE, TREE_BASE = 0x4020_0000, 0x4000_0000  # where QEMU leaves its tree
EXITS = 1000  # that the guest makes, at least
BRANCHES = 8  # of a Cortex-A72
CORE_FLAGS, ALL = 24, 7  # in struct pcpu_row: ARCH_WEAK_*, then how many branches
TICK = 16  # instructions
WORKAROUND_1, WORKAROUND_3 = 0x8000_8000, 0x8000_3FFF


def board_folder() -> Path:
    folder = BUILT / "speculation-board"
    folder.mkdir(parents=True, exist_ok=True)
    tree, facts = ((PLATFORM / name).read_text() for name in ("board.dts", "board.toml"))
    (folder / "board.dts").write_text(tree.replace("arm,cortex-a53", "arm,cortex-a72"))
    facts = facts.replace('"cortex-a53"', '"cortex-a72"').replace("security_states = 1", "")
    (folder / "board.toml").write_text(facts)
    return folder


@pytest.fixture(scope="module")
def folder() -> Path:
    place = board_folder()
    return build(DEPLOYMENTS / "speculation.toml", "speculation", f"--set=deployment.board={place}")


def firmware(folder: Path, has: tuple[bool, bool]) -> Path:
    made = folder / f"firmware-{has[0]:d}{has[1]:d}"
    symbols = {"IMAGE": IMAGE_BASE, "TREE": TREE_BASE, "HAS_1": int(has[0]), "HAS_3": int(has[1])}
    symbols["ENTRY"] = addresses(folder)["speculation_entries"]
    defines = [f"-D{name}={value:#x}" for name, value in symbols.items()]
    source = ROOT / "tests/boot/speculation/firmware.S"
    raw = made.with_suffix(".bin")
    for command in (
        [toolchain.CLANG, *toolchain.TARGET["aarch64"], *defines, "-c", source, "-o", f"{made}.o"],
        [toolchain.LLD, "-N", "-Ttext=0", f"{made}.o", "-o", f"{made}.elf"],
        [toolchain.OBJCOPY, "-O", "binary", f"{made}.elf", str(raw)],
    ):
        subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    return raw


def run(firmware_: Path, image: Path) -> str:
    machine = "virt,secure=on,virtualization=on,gic-version=3,dtb-randomness=off"
    command = board(
        *("-machine", machine, "-cpu", "cortex-a72", "-semihosting", *ICOUNT),
        *("-bios", str(firmware_)),
        *("-device", f"loader,file={image / 'firmware.bin'},addr={IMAGE_BASE:#x},force-raw=on"),
        cpus=1,
    )
    with Machine(command) as qemu:
        return qemu.wait_off()


@pytest.mark.parametrize(
    ("has", "told", "called"),
    [
        ((False, False), "told -1 -1 -1 gave -1 -1 -1", None),
        ((True, False), "told 0 -2 -1 gave 0 -1 -1", 0),
        ((True, True), "told 0 -2 0 gave 0 -1 0", 2),
    ],
    ids=["nothing", "the first", "all"],
)
def test_firmware(folder: Path, has: tuple[bool, bool], told: str, called: int | None) -> None:
    """`called`: which workaround each exit calls; None: it loops."""
    text = run(firmware(folder, has), folder)
    assert f"[guest] {told} exits {EXITS} ticks " in text, text
    counted = re.search(r"\[firmware\] calls and entry: (\w+) (\w+) (\w+) (\w+) (\w+) ", text)
    assert counted is not None, text
    *counts, call, branches = (int(number, 16) for number in counted.groups())
    assert counts[1] == (1 if has[0] else 0)  # the hypervisor switches it on, once
    for n in (0, 2):
        assert (counts[n] > EXITS) == (n == called), counts
        assert n == called or counts[n] == 0, counts
    assert call == (0 if called is None else (WORKAROUND_1, 0, WORKAROUND_3)[called])
    assert branches == (BRANCHES if called is None else 0)


def test_each_exit_loops(folder: Path) -> None:
    """A hundred branches more cost three hundred instructions more, each time."""
    core = addresses(folder)["pcpu_rows"] + CORE_FLAGS
    more = changed(folder, "more", {core: (ALL | BRANCHES << 16, ALL | (BRANCHES + 100) << 16)})
    quiet = firmware(folder, (False, False))
    few, many = (ticks(run(quiet, image)) for image in (folder, more))
    assert abs((many - few) * TICK - EXITS * 300) <= TICK


def ticks(text: str) -> int:
    found = re.search(r"ticks (\d+)\n", text)
    assert found is not None, text
    return int(found.group(1))
