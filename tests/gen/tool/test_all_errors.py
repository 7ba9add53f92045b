# SPDX-License-Identifier: Apache-2.0
"""Everything that is wrong with a deployment is told by one command, each thing once, and nothing
that only follows from it. The lines that are blamed end with the codes that are expected."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from gen.tool.paths import ROOT

HEAD = """\
schema = 1
[deployment]
name = "many"
board = "qemu-virt-aarch64"
"""

STAGES = (
    HEAD
    + """
[build]
LTOO = true                             # E-build-symbol
[[vm]]                                  # of the file alone
name = "spelling"
cpus = [0]
rma = "16M"                             # E-key-unknown
unikernel = "one"
[[vm]]                                  # of the board
name = "cpus"
cpus = [9]                              # E-cpu-unknown
ram = "16M"
unikernel = "one"
[[vm]]                                  # of the guest's memory
name = "memory"
cpus = [1]
memory = [{ gpa = 0x4000_0000, size = 5000 }]  # E-memory-misaligned
unikernel = "one"
[[vm]]                                  # of an image's content
name = "image"
cpus = [2]
ram = "1M"
kernel = "large.bin"                    # E-image-too-large
[[vm]]                                  # of a file
name = "file"
cpus = [3]
ram = "4096M"                           # E-memory-full
kernel = "gone.bin"                     # E-file-missing
[[channel]]
name = "one"
size = "4K"
from = "spelling"
to = ["cpus"]
[[channel]]
name = "two"
size = "4K"
from = "cpus"
to = ["memroy"]                         # E-peer-unknown
"""
)

NAMES = (
    HEAD
    + """
[[vm]]
name = "a b"                            # E-bad-name
cpus = [0]
ram = "16M"
unikernel = "one"
[[vm]]
name = "two"
cpus = [1]
ram = "16M"
unikernel = "one"
controls = ["a b"]
[[vm]]
name = "three"
cpus = ["1"]                            # E-cpu-unknown
ram = "16M"
unikernel = "one"
id = 1
[[vm]]
name = "four"
cpus = [2]
ram = "16M"
unikernel = "one"
id = 2                                  # E-vm-id
[[channel]]
name = "c"
size = "4K"
peers = [
    { vm = "a b", access = "rw" },
    { vm = "two", access = "ro" },
]
"""
)

VARIABLES = (
    HEAD
    + """
[vars]
size = 5                                # E-wrong-type
[[vm]]
name = "one"
cpus = [0]
ram = "${size}"
unikernel = "${there}/one"              # E-variable-unknown
[[vm]]
name = "two"
template = "${kind}"                    # E-variable-unknown
cpus = [0, 8]
[[vm]]
name = "three"
template = "linux"                      # E-template-unknown
cpsu = [0]                              # E-key-unknown
[[vm]]
name = "four"
cpus = [0, 1, 0]                        # E-cpu-duplicate
ram = "16M"
unikernel = "one"
"""
)

DEPLOYMENT_TABLE = """
schema = 1
[deployment]
name = "many"
board = "qemu-virt-aarch64"
console = "nome"                        # E-bad-value
max_sise = "1M"                         # E-key-unknown
[[vm]]
name = "uart"
cpus = [0]
ram = "64M"
kernel = "large.bin"
devices = ["/pl011@9000000"]
[[vm]]
name = "voice"
cpus = [1]
ram = "16M"
unikernel = "one"
emulated = [{ type = "pl011" }]
on_crash = "maybe"                      # E-bad-value
[[vm]]
name = "rtc"
cpus = [2]
ram = "16M"
unikernel = "one"
devices = ["/pl031@9010001"]            # E-device-unknown
"""

NO_BOARD = STAGES.replace('board = "qemu-virt-aarch64"', 'board = "qemu"  # E-board-unknown')
NEEDS_BOARD = ("E-cpu-unknown", "E-image-too-large", "E-memory-full")

AXVM = (
    HEAD
    + """
[[vm]]
axvm = "vm.toml"
[[vm]]
name = "native"
cpus = [7]                              # E-cpu-unknown
ram = "16M"
unikernel = "one"
[[channel]]
name = "c"
size = "4K"
from = "native"
to = ["native", "nobody"]               # E-peer-duplicate
"""
)


def check(folder: Path, text: str) -> tuple[int, list[tuple[str, int]]]:
    (folder / "one").mkdir()
    (folder / "one/main.c").write_text("int main(void) { return 0; }\n")
    (folder / "large.bin").write_bytes(bytes(2 << 20))
    config = folder / "many.toml"
    config.write_text(text)
    command = [str(ROOT / "build.py"), str(config), "--json", "--out", str(folder / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    findings = json.loads(done.stdout)["findings"]
    return done.returncode, sorted((found["code"], found["line"]) for found in findings)


def expected(text: str) -> list[tuple[str, int]]:
    lines = enumerate(text.splitlines(), 1)
    marked = [(re.search(r"# (E-[a-z-]+)$", line), number) for number, line in lines]
    return sorted((match[1], number) for match, number in marked if match)


PARTS = {"stages": STAGES, "names": NAMES, "variables": VARIABLES, "head": DEPLOYMENT_TABLE}


@pytest.mark.parametrize("text", PARTS.values(), ids=PARTS)
def test_each_thing_is_told_once(text: str, tmp_path: Path) -> None:
    assert check(tmp_path, text) == (1, expected(text))


def test_without_a_board(tmp_path: Path) -> None:
    known = [found for found in expected(NO_BOARD) if found[0] not in NEEDS_BOARD]
    assert len(known) == 6
    assert check(tmp_path, NO_BOARD) == (1, known)


def test_axvm_files_with_errors_hide_nothing(tmp_path: Path) -> None:
    (tmp_path / "vm.toml").write_text("[bsae]\nid = 1\n")
    status, found = check(tmp_path, AXVM)
    assert status == 1
    assert [entry for entry in found if entry in expected(AXVM)] == expected(AXVM)
    assert ("E-axvm-key-unknown", 1) in found
    assert not [code for code, _ in found if code == "E-peer-unknown"], "the VM may be so named"


def test_missing_files_alone_are_status_3(tmp_path: Path) -> None:
    vm = '[[vm]]\nname = "a"\ncpus = [0]\nram = "16M"\nkernel = "gone.bin"\n'
    assert check(tmp_path, HEAD + vm) == (3, [("E-file-missing", 9)])


def test_a_unikernel_that_does_not_compile_hides_nothing(tmp_path: Path) -> None:
    vm = '[[vm]]\nname = "a"\ncpus = [9]\nram = "16M"\nunikernel = "one"\n'
    config = tmp_path / "many.toml"
    config.write_text(HEAD + vm)
    (tmp_path / "one").mkdir()
    (tmp_path / "one/main.c").write_text("int main(void) { return nothing; }\n")
    command = [str(ROOT / "build.py"), str(config), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "E-cpu-unknown" in done.stderr and "undeclared identifier 'nothing'" in done.stderr
    config.write_text(HEAD + vm.replace("[9]", "[0]"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 4
