# SPDX-License-Identifier: Apache-2.0
"""Boards: the committed facts, and boards whose facts are wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure, Report, Where
from gen.ranges import Range
from gen.read import board_file
from gen.read.board import Board
from gen.read.board_file import PLATFORM, list_boards, load_board
from gen.read.fdt import parse_file

QEMU = "qemu-virt-aarch64"
HERE = Where(Path("deployment.toml"), 3)


def load(name: str, variant: str | None = None) -> tuple[Board | None, Report]:
    report = Report()
    return load_board(name, variant, report, HERE), report


def test_qemu_virt() -> None:
    board, report = load(QEMU)
    assert board is not None and not report.found
    assert [(cpu.name, cpu.hardware_id) for cpu in board.cpus] == [
        ("cpu@0", 0),
        ("cpu@1", 1),
        ("cpu@2", 2),
        ("cpu@3", 3),
    ]
    assert board.ram == (Range(0x4000_0000, 2 << 30),)
    assert (board.gic.version, board.gic.distributor) == (3, Range(0x800_0000, 0x1_0000))
    assert board.gic.redistributors[0].base == 0x80A_0000
    assert (board.uart.reg, board.uart.spi) == (Range(0x900_0000, 0x1000), 1)
    assert board.uart.clock_hz == 24_000_000
    assert board.timer_ppi == {"secure": 13, "physical": 14, "virtual": 11, "hypervisor": 10}
    assert (board.maintenance_ppi, board.psci_conduit) == (9, "smc")
    assert (board.image_base, board.image_limit) == (0x4020_0000, 64 << 20)
    assert board.dtb_fallback == 0x4000_0000
    assert board.qemu[0] == "qemu-system-aarch64"
    assert board.tree.suffix == ".dtb" and board.tree.is_file()
    rtc = next(device for device in board.devices if device.path == "/pl031@9010000")
    assert (rtc.reg, rtc.interrupts[0].intid, rtc.dma) == ((Range(0x901_0000, 0x1000),), 34, False)
    virtio = [device for device in board.devices if "virtio,mmio" in device.compatible]
    assert len(virtio) == 32 and all(device.dma for device in virtio)


def test_variant_changes_ram_and_qemu() -> None:
    board, _ = load(QEMU, "1G")
    assert board is not None
    assert board.ram == (Range(0x4000_0000, 1 << 30),)
    assert board.variant == "1G" and board.variants == ("1G", "4G")
    assert board.qemu_variants["1G"] == ("-m", "1G")


def test_boards_are_listed() -> None:
    assert QEMU in list_boards()


def test_every_listed_board_loads() -> None:
    for name in list_boards():
        board, report = load(name)
        assert board is not None, report.found
        for variant in board.variants:
            assert load(name, variant)[0] is not None


@pytest.fixture(name="folder")
def board_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PLATFORM / QEMU, tmp_path / "mine"))


def test_a_board_outside_the_repository(folder: Path) -> None:
    board, report = load(str(folder))
    assert board is not None and not report.found
    assert board.name == "mine"
    assert board.files == (folder / "board.toml", folder / "board.dts")


def test_a_compiled_tree(folder: Path) -> None:
    board, _ = load(str(folder))
    assert board is not None
    shutil.copy(board.tree, folder / "board.dtb")
    text = (folder / "board.toml").read_text().replace("board.dts", "board.dtb")
    (folder / "board.toml").write_text(text)
    again, report = load(str(folder))
    assert again is not None and not report.found
    assert again.tree == folder / "board.dtb"


TOML_DEFECTS = [
    ("count                 = 4", "count = 6", "E-board-mismatch", "the device tree has 4 CPUs"),
    ("0x4020_0000", "0x1000_0000", "E-board-fact", "is not in the board's RAM"),
    ("0x4020_0000", "0x4020_0001", "E-board-fact", "is not a multiple of 4 KiB"),
    (
        'limit      = "64M"',
        'limit = "64G"',
        "E-board-fact",
        "more than the board's RAM at 0x40000000",
    ),
    ('"sha2"]', '"sha-2"]', "E-bad-value", 'cpu.features[6] = "sha-2"'),
    ('flash_size = "64M"', "", "E-board-fact", "flash_size is missing"),
    ('type = "pl011"', 'type = "ns16550"', "E-bad-value", 'expected "pl011" |'),
    ('type = "pl011"', 'type = "pl011"\nuart = "serial7"', "E-board-tree", '"serial7" is not in'),
    (
        'type = "pl011"',
        'type = "pl011"\nuart = "/pl031@9010000"',
        "E-board-mismatch",
        "/pl031@9010000 is arm,pl031",
    ),
    ('arch  = "aarch64"', 'arch = "sparc"', "E-bad-value", 'arch = "sparc"'),
    ('"board.dts"', '"x.dts"', "E-file-missing", "x.dts"),
    ("title", "titel", "E-key-unknown", "titel"),
    ("[variant.1G]", "[variant.1G]\nrom = 1", "E-key-unknown", "variant.1G.rom"),
    ("[variant.1G]", "[variant]\nx = 1\n[variant.1G]", "E-wrong-type", "variant.x"),
    ("[cpu]", "[cpu", "E-toml-syntax", "TOML syntax"),
    ("title", 'default_variant = "2G"\ntitle', "E-board-fact", "there is no [variant.2G]"),
]


@pytest.mark.parametrize(("old", "new", "code", "words"), TOML_DEFECTS)
def test_wrong_facts(folder: Path, old: str, new: str, code: str, words: str) -> None:
    text = (folder / "board.toml").read_text()
    assert old in text
    (folder / "board.toml").write_text(text.replace(old, new))
    board, report = load(str(folder))
    assert board is None
    assert code in [found.code for found in report.errors]
    found = next(found for found in report.errors if found.code == code)
    assert words in found.message
    assert found.where.file == folder / "board.toml"


TREE_DEFECTS = [
    ('compatible = "arm,gic-v3";', "", "has no GICv2 or GICv3"),
    ("0x00 0x80a0000 0x00 0xf60000>", ">", "reg has no redistributors"),
    ("interrupts = <0x01 0x09 0x04>;", "", "no maintenance interrupt"),
    ('"arm,armv8-timer\\0arm,armv7-timer"', '"x"', "no arm,armv8-timer"),
    ("0x01 0x0b 0x04 0x01 0x0a 0x04>", ">", "lacks the virtual timer's interrupt"),
    ('method = "smc";', "", "no psci node with a method"),
    ('stdout-path = "/pl011@9000000";', "", "no console is named"),
    ("interrupts = <0x00 0x01 0x04>;", "", "has no registers or no SPI"),
    ("clocks = <0x8000 0x8000>;", "", "its clock is not fixed"),
    ('device_type = "memory";', "", "no memory node with a size"),
    ('enable-method = "psci";', 'enable-method = "x";', "enable-method is x"),
    ('enable-method = "psci";', 'enable-method = "spin-table";', "no cpu-release-addr"),
    ("/dts-v1/;", "/dts-v1/; {", "does not compile"),
]


@pytest.mark.parametrize(("old", "new", "words"), TREE_DEFECTS)
def test_a_tree_that_lacks_a_fact(folder: Path, old: str, new: str, words: str) -> None:
    text = (folder / "board.dts").read_text()
    assert old in text
    (folder / "board.dts").write_text(text.replace(old, new))
    board, report = load(str(folder))
    assert board is None
    (found,) = report.errors
    assert found.code == "E-board-tree" and words in found.message
    assert found.cure


def test_a_tree_that_the_c_preprocessor_was_to_read(folder: Path) -> None:
    text = (folder / "board.dts").read_text()
    (folder / "board.dts").write_text(text.replace("/dts-v1/;", '/dts-v1/;\n#include "soc.dtsi"'))
    (found,) = load(str(folder))[1].errors
    assert "does not compile" in found.message and "-x assembler-with-cpp" in found.cure


def test_a_console_that_is_not_there_is_blamed_where_it_is_named(folder: Path) -> None:
    text = (folder / "board.toml").read_text()
    (folder / "board.toml").write_text(text.replace('"pl011"', '"pl011"\nuart = "serial7"'))
    (found,) = load(str(folder))[1].errors
    line = (folder / "board.toml").read_text().splitlines()[found.where.line - 1]
    assert line == 'uart = "serial7"' and found.cure.endswith("there are: /pl011@9000000")


def test_what_a_tree_includes_is_part_of_it(folder: Path) -> None:
    """A change there makes another blob, and another build."""
    inner = folder / "parts" / "more.dtsi"
    inner.parent.mkdir()
    with (folder / "board.dts").open("a") as stream:
        stream.write('/include/ "parts/more.dtsi"\n')
    inner.write_text('/ { model = "one"; };\n')
    board, report = load(str(folder))
    assert board is not None and not report.found
    assert board.files == (folder / "board.toml", folder / "board.dts", inner)
    inner.write_text('/ { model = "two"; };\n')
    again, _ = load(str(folder))
    assert again is not None and again.tree != board.tree
    assert parse_file(again.tree).root.text("model") == "two"


def test_no_cpus(folder: Path) -> None:
    text = (folder / "board.dts").read_text().replace('device_type = "cpu";', "")
    (folder / "board.dts").write_text(text)
    codes = [found.code for found in load(str(folder))[1].errors]
    assert codes == ["E-board-mismatch", "E-board-tree"]


def test_a_missing_compiler_is_one_clear_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_file, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match="dtc is missing; run: ./build.py --setup") as raised:
        load(str(folder))
    assert raised.value.status == Exit.MISSING


def test_a_blob_that_is_no_tree(folder: Path) -> None:
    (folder / "board.dtb").write_bytes(b"x" * 100)
    text = (folder / "board.toml").read_text().replace("board.dts", "board.dtb")
    (folder / "board.toml").write_text(text)
    (found,) = load(str(folder))[1].errors
    assert found.code == "E-board-tree" and "not a sound device tree" in found.message


REAL = {
    "rpi4": (4, 2, "spin-table", "pl011", 0xFE20_1000),
    "zcu102": (4, 2, "psci", "cadence", 0xFF00_0000),
    "rk3399": (6, 3, "psci", "dw8250", 0xFF1A_0000),
    "imx8mm-evk": (4, 3, "psci", "imx", 0x3089_0000),
    "imx8mp-evk": (4, 3, "psci", "imx", 0x3089_0000),
    "qemu-virt-aarch64-gicv2": (4, 2, "psci", "pl011", 0x900_0000),
}


@pytest.mark.parametrize("name", REAL)
def test_real_boards(name: str) -> None:
    board, report = load(name)
    assert board is not None and not report.found
    cpus, gic, start, uart, base = REAL[name]
    assert (len(board.cpus), board.gic.version, board.cpu_start) == (cpus, gic, start)
    assert (board.uart.type, board.uart.reg.base) == (uart, base)
    assert (board.psci_conduit is None) == (start == "spin-table")
    assert all((cpu.release_address is not None) == (start == "spin-table") for cpu in board.cpus)


def test_rpi4_addresses_are_the_cpus() -> None:
    """The tree's are those of a bus; its RAM is told by variants."""
    board, _ = load("rpi4")
    assert board is not None
    assert board.gic.distributor == Range(0xFF84_1000, 0x1000)
    assert board.gic.vcpu_interface == Range(0xFF84_6000, 0x2000)
    assert [cpu.release_address for cpu in board.cpus] == [0xD8, 0xE0, 0xE8, 0xF0]
    assert (board.variant, board.ram) == ("1G", (Range(0, 0x3B40_0000),))
    large, _ = load("rpi4", "8G")
    assert large is not None and sum(part.size for part in large.ram) > 7 << 30


def test_rk3399_has_two_clusters() -> None:
    board, _ = load("rk3399")
    assert board is not None
    assert [cpu.hardware_id for cpu in board.cpus] == [0, 1, 2, 3, 0x100, 0x101]
    assert {cpu.compatible for cpu in board.cpus} == {"arm,cortex-a53", "arm,cortex-a72"}


def test_tree_that_is_not_fetched_says_how(folder: Path) -> None:
    text = (folder / "board.toml").read_text()
    missing = "${fetch}/debian-dtbs/nobody/nothing.dtb"
    (folder / "board.toml").write_text(text.replace("board.dts", missing))
    board, report = load(str(folder))
    assert board is None
    (found,) = report.errors
    assert found.code == "E-file-missing" and "gen.tool.fetch" in found.cure
