# SPDX-License-Identifier: Apache-2.0
"""A folder with everything that deployments of these tests name: guest images, device trees,
boards. Made at test time, so that nothing binary is committed."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from gen.diagnostics import Report
from gen.plan.model import Plan
from gen.plan.plan import make_plan
from gen.read.board import Board
from gen.read.board_file import load_board
from gen.read.deployment import Deployment
from gen.read.load import load_deployment

BOARDS = Path(__file__).parent / "boards"
RAM_BASE = 0x4000_0000
MIB = 1 << 20
INPUT_HASH = "0" * 64

TREE = """/dts-v1/;
/memreserve/ 0x40100000 0x1000;
/ {
    #address-cells = <2>; #size-cells = <2>; interrupt-parent = <1>;
    compatible = "test,guest";
    memory@0 { device_type = "memory"; reg = <0 0 0 0x1000>; };
    cpus {
        #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = "cpu"; compatible = "arm,cortex-a53"; reg = <0>; };
    };
    intc@8000000 {
        compatible = "arm,gic-v3"; #interrupt-cells = <3>; interrupt-controller; phandle = <1>;
        reg = <0 0x8000000 0 0x10000>, <0 0x80a0000 0 0x20000>;
    };
    chosen { bootargs = "old"; rng-seed = <1 2 3 4>; linux,initrd-start = <5>; };
};
"""
OVERLAY = """/dts-v1/;
/plugin/;
&uart0 { test,added = <7>; };
"""
MORE_MEMORY = '&{/} { memory@80000000 { device_type = "memory"; reg = <0 0x80000000 0 0x1000>; }; }'
DEVICE = "&{/} { rtc@9010000 { reg = <0 0x9010000 0 0x1000>; }; }"
CPU = '&{/cpus} { cpu@1 { device_type = "cpu"; reg = <1>; }; }'


def elf(base: int, size: int = 0x2000, entry: int | None = None, memory_size: int = 0) -> bytes:
    """A static AArch64 executable of one segment (ELF-64 object file format)."""
    entry = base if entry is None else entry
    identity = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", identity, 2, 183, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    memory_size = max(size, memory_size)
    segment = struct.pack("<IIQQQQQQ", 1, 7, 120, base, base, size, memory_size, 4096)
    return header + segment + bytes(i % 251 for i in range(size))


def linux_image(size: int = 0x1_0000, text_offset: int = 0, image_size: int = 0x2_0000) -> bytes:
    """An arm64 Image (Documentation/arch/arm64/booting)."""
    header = struct.pack("<IIQQQ", 0x14000010, 0, text_offset, image_size, 0xA)
    return (header + bytes(24) + b"ARM\x64").ljust(size, b"\x5a")


def compile_tree(source: str, *options: str) -> bytes:
    command = ["dtc", "-q", *options, "-I", "dts", "-O", "dtb", "-"]
    done = subprocess.run(
        command, input=source.encode(), capture_output=True, check=True, timeout=20
    )
    return done.stdout


def make_world(folder: Path) -> None:
    files = {
        "small.bin": bytes(range(256)) * 3,
        "large.bin": b"\x11" * (3 * MIB),
        "empty.bin": b"",
        "Image": linux_image(),
        "Image-offset": linux_image(text_offset=0x8_0000),
        "guest.elf": elf(RAM_BASE),
        "elsewhere.elf": elf(0x6000_0000),
        "x86.elf": elf(RAM_BASE).replace(struct.pack("<H", 183), struct.pack("<H", 62), 1),
        "initrd.cpio": b"070701" * 4096,
        "large.cpio": b"070701".ljust(3 * MIB + 4096, b"\0"),
        "guest.dtb": compile_tree(TREE),
        "two-cpus.dtb": compile_tree(
            TREE.replace(
                "<0>; };\n    };", '<0>; };\n cpu@1 { device_type = "cpu"; reg = <1>; };};'
            )
        ),
        "gic.dtb": compile_tree(TREE.replace("8000000", "7000000")),
        "gic2.dtb": compile_tree(TREE.replace("gic-v3", "gic-400")),
        "memory.dtb": compile_tree(
            TREE.replace("memory@0", "memory@40000000").replace(
                "0x1000>; };", "0>, <0 0x40000000 0 0x40000000>; };", 1
            )
        ),
        "vmlinux": elf(RAM_BASE).replace(
            struct.pack("<Q", RAM_BASE), struct.pack("<Q", 0xFFFF_8000_0800_0000)
        ),
        "device.dtb": compile_tree(
            TREE.replace("chosen", "rtc@9010000 { reg = <0 0x9010000 0 0x1000>; };\n chosen")
        ),
        "big.dtb": compile_tree(TREE, "-p", str(3 * MIB)),
        "damaged.dtb": compile_tree(TREE)[:100],
        "good.dtso": OVERLAY.encode(),
        "label.dtso": OVERLAY.replace("uart0", "nowhere").encode(),
        "memory.dtso": OVERLAY.replace("&uart0 { test,added = <7>; }", MORE_MEMORY).encode(),
        "device.dtso": OVERLAY.replace("&uart0 { test,added = <7>; }", DEVICE).encode(),
        "cpu.dtso": OVERLAY.replace("&uart0 { test,added = <7>; }", CPU).encode(),
        "syntax.dtso": b"/dts-v1/; /plugin/; nonsense",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    fat = TREE.replace("chosen", "fat { data = [" + "11 " * (3 * MIB) + "]; };\n chosen")
    (folder / "fat.dtb").write_bytes(compile_tree(fat))
    (folder / "unikernel").mkdir()
    (folder / "unikernel" / "main.c").write_text("int main(void) { return 0; }\n")
    shutil.copytree(BOARDS, folder / "boards")
    _vary(folder, "edge", "board.toml", "0x8020_0000", "0x8ff0_0000")
    _vary(folder, "no-timer", "board.dts", "arm,armv8-timer", "arm,sp804")
    _vary(folder, "three-cpus", "board.toml", "[cpu]", "[cpu]\ncount = 3")
    _vary(folder, "base-outside", "board.toml", "0x8020_0000", "0x4020_0000")
    more = "".join(
        f'cpu@{n:x} {{ device_type = "cpu"; compatible = "arm,cortex-a72"; reg = <{n:#x}>; }};\n'
        for n in range(0x200, 0x200 + 40)
    )
    _vary(folder, "many", "board.dts", "cpu@100 {", f"{more}cpu@100 {{")


def _vary(folder: Path, name: str, file: str, old: str, new: str) -> None:
    """A board that differs from the odd one in one place."""
    board = folder / "boards" / name
    shutil.copytree(BOARDS / "odd", board)
    text = (board / file).read_text()
    assert old in text
    (board / file).write_text(text.replace(old, new))


def load(folder: Path, text: str, report: Report) -> tuple[Deployment | None, Board | None]:
    path = folder / "deployment.toml"
    path.write_text(text, encoding="utf-8")
    deployment = load_deployment(path, (), report)
    if deployment is None:
        return None, None
    board = load_board(deployment.board, deployment.variant, report, deployment.where)
    return deployment, board


def plan_text(folder: Path, text: str, report: Report) -> Plan | None:
    """The plan of a deployment text; unikernels are small ELFs linked where they should be."""
    deployment, board = load(folder, text, report)
    if deployment is None or board is None:
        return None
    base = board.ram[0].base
    kernels = {vm.name: elf(base) for vm in deployment.vms if vm.unikernel is not None}
    return make_plan(deployment, board, kernels, report, INPUT_HASH)
