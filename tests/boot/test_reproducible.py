# SPDX-License-Identifier: Apache-2.0
"""The same inputs give the same bytes in any directory; what did not change is not built again, and
what did is always noticed. All of it in copies of the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from machine import BUILT, ROOT

PLACES = BUILT / "reproducible"
OUT = "build/image"
BOARD = "configs/board.toml"
GUEST = "mine/guest.bin"
RAW = "mine/raw.toml"
RAW_TEXT = """\
schema = 1
[deployment]
name  = "raw"
board = "qemu-virt-aarch64"
[[vm]]
name   = "guest"
cpus   = [0]
ram    = "4M"
kernel = "guest.bin"
"""
HASH = f"obj/{OUT.replace('/', '-')}-gen-build_info.c.o"  # of all inputs


@dataclass(frozen=True)
class Copy:
    """A copy of the repository: tracked files, and what is cached of downloads and libraries."""

    root: Path

    def make(self, deployment: str, *options: str) -> str:
        """Builds; what was said."""
        command = ["./build.py", deployment, "--out", OUT, "-v", *options]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def made(self) -> dict[str, bytes]:
        """All that is an output or a step to one; not the locks."""
        out = self.root / OUT
        files = [path for path in out.rglob("*") if path.is_file() and path.suffix != ".lock"]
        kept = [path for path in files if not path.name.startswith(".lock")]
        return {str(path.relative_to(out)): path.read_bytes() for path in sorted(kept)}

    def times(self) -> dict[str, int]:
        out = self.root / OUT
        return {name: (out / name).stat().st_mtime_ns for name in self.made()}

    def changed(self, before: dict[str, int], ending: str = "") -> set[str]:
        """Names of what was written since `before`."""
        now = self.times()
        return {name for name in now if now[name] != before.get(name) and name.endswith(ending)}


def copy_repository(root: Path) -> Copy:
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=30,
    ).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    others = shutil.ignore_patterns("objects", "stamps", "guests", "apt", "packages", "*.lock")
    shutil.copytree(
        ROOT / "build/cache", root / "build/cache", ignore=others, copy_function=os.link
    )
    (root / GUEST).parent.mkdir()
    (root / GUEST).write_bytes(bytes(range(256)) * 16)
    (root / RAW).write_text(RAW_TEXT)
    return Copy(root)


@pytest.fixture(scope="module")
def one() -> Iterator[Copy]:
    shutil.rmtree(PLACES, ignore_errors=True)
    yield copy_repository(PLACES / "one")
    shutil.rmtree(PLACES, ignore_errors=True)


def rewrite(path: Path, old: str, new: str) -> None:
    """Changes a text file, which keeps its size and its time of modification."""
    text, status = path.read_text(), path.stat()
    assert text.count(old) and len(old) == len(new)
    path.write_text(text.replace(old, new, 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_same_bytes_in_another_directory(one: Copy) -> None:
    other = copy_repository(PLACES / "a directory with a longer name/other")
    one.make(BOARD)
    other.make(BOARD, "--jobs", "1")
    first, second = one.made(), other.made()
    results = {name for name in first if name.startswith(("gen/", "firmware.", "flash.", "report"))}
    assert {"firmware.bin", "firmware.itb", "firmware.elf", "gen/tables.c"} < results
    assert {name for name in results if first[name] != second.get(name)} == set()
    assert first["manifest.json"] == second["manifest.json"]


def test_nothing_changed(one: Copy) -> None:
    one.make(BOARD)
    before = one.times()
    one.make(BOARD)
    assert one.changed(before) == set()


def test_new_times_are_no_change(one: Copy) -> None:
    one.make(BOARD)
    before = one.times()
    (one.root / "vdev/psci.c").touch()
    (one.root / "configs/board/ping/main.c").touch()
    one.make(BOARD)
    assert one.changed(before, ".o") == set()


def test_one_file_changed(one: Copy) -> None:
    """That one, the hash of all inputs, and what is linked of them."""
    one.make(BOARD)
    before, image = one.times(), one.made()["firmware.bin"]
    with (one.root / "vdev/psci.c").open("a") as stream:
        stream.write("/* another word */\n")
    one.make(BOARD)
    assert one.changed(before, ".o") == {"obj/vdev-psci.c.o", HASH}
    rest = {name for name in one.changed(before) if not name.startswith("obj/")}
    assert {name for name in rest if name.startswith("gen/")} == {"gen/build_info.c"}
    assert {"firmware.elf", "firmware.bin", "firmware.itb", "flash.img"} < rest
    assert one.made()["firmware.bin"] != image


def test_unikernel_source_changed(one: Copy) -> None:
    one.make(BOARD)
    before, image = one.times(), one.made()["firmware.bin"]
    rewrite(
        one.root / "configs/board/ping/main.c", "balls came back whole", "balls came back again"
    )
    one.make(BOARD)
    objects = one.changed(before, ".o")
    images = {name for name in objects if name.endswith("-gen-images.S.o")}
    tables = {name for name in objects if name.endswith("-gen-tables.c.o")}  # its SHA-256
    assert objects - images - tables == {"unikernels/ping/configs-board-ping-main.c.o", HASH}
    assert b"balls came back again" in one.made()["firmware.bin"] != image


def test_header_of_a_unikernel_changed(one: Copy) -> None:
    """configs/board/table.h lies beside the folders of both VMs."""
    one.make(BOARD)
    before = one.times()
    rewrite(one.root / "configs/board/table.h", "BALLS 8", "BALLS 7")
    one.make(BOARD)
    assert {name for name in one.changed(before, ".o") if name.startswith("unikernels/")} == {
        "unikernels/ping/configs-board-ping-main.c.o",
        "unikernels/pong/configs-board-pong-main.c.o",
    }


def test_guest_image_changed(one: Copy) -> None:
    """Same size, same time of modification, another byte."""
    one.make(RAW)
    image = one.root / GUEST
    before, status = one.made()["firmware.bin"], image.stat()
    image.write_bytes(b"\x01" + image.read_bytes()[1:])
    os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))
    one.make(RAW)
    assert one.made()["firmware.bin"] != before
    assert image.read_bytes() in one.made()["firmware.bin"]


def test_guest_image_elsewhere(one: Copy) -> None:
    one.make(RAW)
    other = bytes(range(255, -1, -1)) * 16
    (one.root / "mine/other.bin").write_bytes(other)
    rewrite(one.root / RAW, '"guest.bin"', '"other.bin"')
    one.make(RAW)
    assert other in one.made()["firmware.bin"]
    rewrite(one.root / RAW, '"other.bin"', '"guest.bin"')


def test_board_changed(one: Copy) -> None:
    """Its facts, and its tree."""
    folder = one.root / "platform/qemu-virt-aarch64"
    one.make(RAW)
    before = one.made()
    rewrite(folder / "board.toml", "QEMU virt, 4 x", "QEMU virt, 5 x")
    assert "QEMU virt, 5 x" in one.make(RAW)
    rewrite(folder / "board.dts", 'model = "linux,dummy-virt"', 'model = "linux,dammy-virt"')
    one.make(RAW)
    assert one.made()["gen/images/guest_dtb.bin"] != before["gen/images/guest_dtb.bin"]
