# SPDX-License-Identifier: Apache-2.0
"""The files for guests that are built elsewhere: tools take them, and they tell what the guest's device
tree tells."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import golden
import pytest

from gen.diagnostics import Report
from gen.emit.export import HEADER, LINKER, SUMMARY, ZEPHYR, guest_files
from gen.emit.guest_places import link_regions
from gen.plan.model import Plan, PlannedVm
from gen.plan.plan import make_plan
from gen.read.board_file import load_board
from gen.read.fdt import Node, parse
from gen.read.load import load_deployment

TARGET = "--target=aarch64-none-elf"
RICH = """
schema = 1
[deployment]
name = "rich"
board = "qemu-virt-aarch64"
[[vm]]
name = "os-1"
cpus = [0, 2]
memory = [
  { gpa = 0x4000_0000, size = "8M" },
  { gpa = 0x5000_0000, size = "2M", flags = "rx" },
]
kernel = { image = "small.bin", format = "raw", load_gpa = 0x4010_0000 }
initrd = "initrd.bin"
watchdog = "2s"
controls = ["other"]
devices = ["/pl031@9010000"]
emulated = [{ type = "countdown", gpa = 0x3000_0000, spi = 60 }]
[[vm]]
name = "other"
cpus = [1]
ram = "2M"
kernel = "small.bin"
[[channel]]
name = "to-you"
size = "4K"
from = "os-1"
to = ["other"]
"""


def rich(folder: Path) -> Plan:
    for name, data in golden.guest_images().items():
        (folder / name).write_bytes(data)
    (folder / "d.toml").write_text(RICH)
    report = Report()
    deployment = load_deployment(folder / "d.toml", [], report)
    assert deployment is not None
    board = load_board(deployment.board, None, report, deployment.where)
    assert board is not None
    plan = make_plan(deployment, board, {}, report, golden.INPUT_HASH)
    report.stop_on_errors()
    assert plan is not None
    return plan


def defines(header: str) -> dict[str, int]:
    return {name: int(value, 0) for name, value in re.findall(r"#define (\w+) (\w+)", header)}


def test_names_and_numbers(tmp_path: Path) -> None:
    plan = rich(tmp_path)
    files = guest_files(plan, plan.vms[0], ["one thing."])
    known = defines(files[HEADER])
    assert "/*\n * VM os-1 of deployment rich on board qemu-virt-aarch64.\n" in files[HEADER]
    assert " * Provisional: one thing.\n" in files[HEADER]
    wanted = {
        **{"GUEST_LOAD": 0x4010_0000, "GUEST_ENTRY": 0x4010_0000, "GUEST_CPU_COUNT": 2},
        **{"GUEST_CPU1_MPIDR": 1, "GUEST_GIC_VERSION": 3, "GUEST_TIMER_VIRTUAL_INTID": 27},
        **{"GUEST_RAM0_BASE": 0x4000_0000, "GUEST_RAM0_SIZE": 8 << 20},
        **{"GUEST_ROM0_BASE": 0x5000_0000, "GUEST_ROM0_SIZE": 2 << 20},
        **{"GUEST_GICR_SIZE": 0x4_0000, "GUEST_UART0_BASE": 0x900_0000, "GUEST_UART0_INTID": 33},
        **{"GUEST_COUNTDOWN0_BASE": 0x3000_0000, "GUEST_COUNTDOWN0_INTID": 92},
        **{"GUEST_WATCHDOG_CONTROL_TIMEOUT_MS": 2000, "GUEST_CHANNEL_TO_YOU_WRITABLE": 1},
        **{"GUEST_DEVICE_PL031_9010000_BASE": 0x901_0000, "GUEST_DEVICE_PL031_9010000_INTID": 34},
    }
    assert {name: known.get(name) for name in wanted} == wanted
    assert known["GUEST_MONITOR_INTID"] == known["GUEST_MONITOR_SPI"] + 32
    other = defines(guest_files(plan, plan.vms[1], [])[HEADER])
    assert other["GUEST_CHANNEL_TO_YOU_WRITABLE"] == 0 and other["GUEST_CHANNEL_TO_YOU_SELF"] == 1
    assert "GUEST_ROM0_BASE" not in other and "GUEST_MONITOR_SPI" not in other
    assert "Provisional" not in "".join(guest_files(plan, plan.vms[1], []).values())


def test_an_image_is_linked_beside_what_else_is_loaded(tmp_path: Path) -> None:
    plan = rich(tmp_path)
    [(name, part, flags), (rom, _, rights)] = link_regions(plan.vms[0])
    initrd = next(image for image in plan.vms[0].images if image.name == "initrd")
    assert (name, part.base, flags) == ("RAM0", 0x4010_0000, "rwx")
    assert part.end <= initrd.gpa < 0x4080_0000
    assert (rom, rights) == ("ROM0", "rx")
    assert (
        re.search(r"0x40100000 +0x\w+ +0x\w+ ", guest_files(plan, plan.vms[0], [])[SUMMARY]) is None
    )


def every_guest(folder: Path) -> list[tuple[Plan, PlannedVm]]:
    found = []
    for case in golden.cases():
        place = folder / case
        place.mkdir()
        plan = golden.plan_case(case, place)
        found += [(plan, vm) for vm in plan.vms]
    (folder / "rich").mkdir()
    plan = rich(folder / "rich")
    return found + [(plan, vm) for vm in plan.vms]


def test_tools_take_them(tmp_path: Path) -> None:
    for number, (plan, vm) in enumerate(every_guest(tmp_path)):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, text in guest_files(plan, vm, ["*/ is told, too"]).items():
            (folder / name).write_text(text)
        compile_header(folder)
        link(folder)
        check_overlay(folder, vm)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return done.stdout


def compile_header(folder: Path) -> None:
    """Alone, twice, by the preprocessor's numbers, and for assembly."""
    text = (
        f'#include "{HEADER}"\n#include "{HEADER}"\n#if GUEST_ENTRY < GUEST_LOAD\n#error\n#endif\n'
    )
    (folder / "a.c").write_text(text + "unsigned long entry(void) { return GUEST_ENTRY; }\n")
    (folder / "a.S").write_text(text + "    .quad GUEST_ENTRY\n    .long GUEST_CPU_COUNT\n")
    flags = ("-Wall", "-Wextra", "-Werror", "-Wno-missing-prototypes", "-c")
    for source in ("a.c", "a.S"):
        run("clang-14", TARGET, *flags, str(folder / source), "-o", str(folder / f"{source}.o"))


def link(folder: Path) -> None:
    script = f"INCLUDE {LINKER}\nSECTIONS {{ .text : {{ *(.text) }} > RAM0 }}\n"
    script += 'ASSERT(entry == GUEST_LOAD, "not at its place")\n'
    (folder / "link.ld").write_text(script)
    where = ("-T", str(folder / "link.ld"), "-L", str(folder), "-e", "entry")
    run("ld.lld-14", *where, "-o", str(folder / "a.elf"), str(folder / "a.c.o"))


def check_overlay(folder: Path, vm: PlannedVm) -> None:
    """Behind a board's own source, as Zephyr's build puts it."""
    board = "/dts-v1/;\n/ { #address-cells = <2>; #size-cells = <2>; };\n"
    (folder / "a.dts").write_text(board + (folder / ZEPHYR).read_text())
    run("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(folder / "a.dtb"), str(folder / "a.dts"))
    root = parse((folder / "a.dtb").read_bytes()).root
    chosen = root.child("chosen")
    assert chosen is not None
    sram = next(node for node in root.walk() if node.path == chosen.text("zephyr,sram"))
    _, part, _ = link_regions(vm)[0]
    assert numbers(sram, "reg", 8) == [part.base, part.size]


def numbers(node: Node, name: str, width: int) -> list[int]:
    data = node.properties.get(name, b"")
    return [int.from_bytes(data[n : n + width], "big") for n in range(0, len(data), width)]


def test_the_tree_tells_nothing_else(tmp_path: Path) -> None:
    """Addresses and SPIs of all nodes in a guest's tree are in its header."""
    checked = 0
    for plan, vm in every_guest(tmp_path):
        known = defines(guest_files(plan, vm, [])[HEADER])
        bases = {value for name, value in known.items() if name.endswith("_BASE")}
        spis = {value for name, value in known.items() if name.endswith("_SPI")}
        assert vm.dtb is not None
        for node in parse(vm.dtb).root.walk():
            if node.parent is not None and node.parent.name != "cpus" and "reg" in node.properties:
                assert set(numbers(node, "reg", 8)[::2]) <= bases, node.path
                checked += 1
            cells = numbers(node, "interrupts", 4)
            assert {n for kind, n in zip(cells[::3], cells[1::3]) if kind == 0} <= spis, node.path
    assert checked > 40


@pytest.mark.parametrize("name", [HEADER, LINKER, SUMMARY, ZEPHYR])
def test_place_does_not_show(name: str, tmp_path: Path) -> None:
    texts = []
    for place in ("a", "another-place"):
        (tmp_path / place).mkdir()
        plan = rich(tmp_path / place)
        texts.append(guest_files(plan, plan.vms[0], [])[name])
    assert texts[0] == texts[1]
