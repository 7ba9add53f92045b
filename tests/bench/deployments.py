# SPDX-License-Identifier: Apache-2.0
"""Deployments that differ in one thing each: how many VMs, rows, bytes."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import subject
from subject import OUT, ROOT

sys.path.insert(0, str(ROOT / "tests/guests"))

import raw_image  # type: ignore[import]  # noqa: E402

NEIGHBOURS = Path(__file__).resolve().with_name("neighbours")
BOARD = "qemu-virt-aarch64"
BOARD_CPUS = 8
QUIET = {"LOG_LEVEL": "error", "LOADER_BOARD_CHECK": "n", "VERIFY_IMAGES": "none"}


@dataclass(frozen=True)
class Vm:
    name: str
    cpus: tuple[int, ...]
    image: Path
    keys: tuple[str, ...] = ()  # more lines of its table
    ram: str = "2M"
    scrub: bool = False

    def text(self) -> str:
        kernel = f'{{ image = "{self.image}", format = "raw", load_gpa = 0x4000_0000 }}'
        lines = [
            "[[vm]]",
            f'name = "{self.name}"',
            f"cpus = {list(self.cpus)}",
            f'ram = "{self.ram}"',
            f"kernel = {kernel}",
            f"scrub = {str(self.scrub).lower()}",
            'on_crash = "halt"',
            'on_reset = "halt"',
            *self.keys,
        ]
        return "\n".join(lines) + "\n"


def write(
    name: str, vms: list[Vm], build: dict[str, str], board: str = BOARD, console: str = "shared"
) -> Path:
    """The deployment file."""
    settings = "\n".join(f'{key} = "{value}"' for key, value in build.items())
    parts = [
        "# SPDX-License-Identifier: Apache-2.0",
        "schema = 1",
        "[deployment]",
        f'name = "{name}"',
        f'board = "{board}"',
        f'console = "{console}"',
        f"[build]\n{settings}",
        *(vm.text() for vm in vms),
    ]
    path = OUT / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts))
    return path


def neighbour(name: str) -> Path:
    """The image of a VM beside the measured one: "storm" or "idle"."""
    image = OUT / f"{name}.bin"
    raw_image.build(NEIGHBOURS / name, image)
    return image


def padded(size: int) -> Path:
    """The guest's image with zeros behind it, `size` bytes in all."""
    image = OUT / f"bench-{size}.bin"
    image.write_bytes(subject.IMAGE.read_bytes().ljust(size, b"\0"))
    return image


def board_of_8() -> str:
    """The board with 8 CPUs, made from the committed one and the tree that QEMU gives it."""
    folder = OUT / "board-8"
    folder.mkdir(parents=True, exist_ok=True)
    machine = "virt,virtualization=on,gic-version=3,dtb-randomness=off"
    command = ["qemu-system-aarch64", "-machine", f"{machine},dumpdtb={folder / 'board.dtb'}"]
    command += ["-cpu", "cortex-a53", "-smp", str(BOARD_CPUS), "-m", "2G"]
    command += ["-display", "none", "-nodefaults"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    text = (ROOT / "platform" / BOARD / "board.toml").read_text()
    for pattern, value in (
        (r'"board\.dts"', '"board.dtb"'),
        (r"(?m)^count *= 4$", f"count = {BOARD_CPUS}"),
        (r'"-smp", "4"', f'"-smp", "{BOARD_CPUS}"'),
    ):
        text, count = re.subn(pattern, value, text)
        assert count == 1, f"{pattern} in board.toml of {BOARD}"
    (folder / "board.toml").write_text(text)
    return "./board-8"
