# SPDX-License-Identifier: Apache-2.0
"""Device trees: addresses, interrupts, what masters the bus."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from gen.ranges import Range
from gen.read.board import Interrupt
from gen.read.devices import clock_hz, cpu_nodes, ram_ranges, read_devices, read_interrupts
from gen.read.fdt import FdtError, Tree, bus_reg, cpu_reg, parse, parse_file

SOC = """\
/dts-v1/;
/memreserve/ 0x80000000 0x10000;
/ {
  #address-cells = <2>;
  #size-cells = <2>;
  interrupt-parent = <&gic>;
  aliases { serial0 = "/soc/bus@30800000/serial@10000"; };
  cpus {
    #address-cells = <2>; #size-cells = <0>;
    cpu@100 { device_type = "cpu"; reg = <0 0x100>; };
    cpu@0 { device_type = "cpu"; reg = <0 0>; };
    cpu@1 { device_type = "cpu"; reg = <0 1>; status = "fail"; };
    idle-states { state { compatible = "arm,idle-state"; }; };
  };
  memory@80000000 { device_type = "memory"; reg = <0 0x80000000 0 0x1000000 1 0 0 0x1000000>; };
  reserved-memory {
    #address-cells = <2>; #size-cells = <2>; ranges;
    secure@80100000 { reg = <0 0x80100000 0 0x1000>; no-map; };
    pool { size = <0 0x1000>; };
  };
  clk: clock { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <48000000>; };
  gic: interrupt-controller@38800000 {
    compatible = "arm,gic-v3"; interrupt-controller; #interrupt-cells = <3>;
    #address-cells = <0>;
    reg = <0 0x38800000 0 0x10000 0 0x38880000 0 0xc0000>;
  };
  soc {
    compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>;
    ranges = <0 0 0 0x3e000000>, <0x40000000 1 0x40000000 0x1000>;
    dma: bus@30800000 {
      compatible = "fsl,aips-bus", "simple-bus"; #address-cells = <1>; #size-cells = <1>;
      reg = <0x30800000 0x400000>;
      ranges = <0 0x30800000 0x400000>;
      serial@10000 {
        compatible = "arm,pl011"; reg = <0x10000 0x1000>; interrupts = <0 26 4>; clocks = <&clk>;
      };
      gpio: gpio@20000 {
        reg = <0x20000 0x1000>; interrupt-controller; #interrupt-cells = <2>;
        interrupts = <0 64 8>, <0 65 2>;
      };
      button { interrupt-parent = <&gpio>; interrupts = <3 1>; };
      both@30000 {
        reg = <0x30000 0x100>; status = "disabled";
        interrupts-extended = <&gpio 1 2>, <&gic 0 99 1>, <&gic 1 5 4>;
      };
      ethernet@40000 { reg = <0x40000 0x1000>; };
      outside@500000 { reg = <0x500000 0x1000>; };
    };
    high@40000000 { reg = <0x40000000 0x1000>; iommus = <&clk>; };
    i2c@50000 {
      #address-cells = <1>; #size-cells = <0>; reg = <0x50000 0x100>;
      sensor@42 { reg = <0x42>; };
    };
    pcie@60000 {
      device_type = "pci"; reg = <0x60000 0x1000>; #address-cells = <3>; #size-cells = <2>;
      #interrupt-cells = <1>; interrupt-map-mask = <0 0 0 7>;
      ranges = <0x2000000 0 0x10000000 0x10000000 0 0x1000>;
      interrupt-map = <0 0 0 1 &gic 0 125 4>, <0 0 0 2 &gic 0 124 4>, <0 0 0 3 &gic 0 125 4>;
    };
  };
};
"""


@pytest.fixture(name="tree", scope="module")
def soc_tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return parse(compile_tree(tmp_path_factory.mktemp("fdt"), SOC))


def compile_tree(folder: Path, source: str) -> bytes:
    (folder / "x.dts").write_text(source)
    command = ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(folder / "x.dtb")]
    subprocess.run([*command, str(folder / "x.dts")], check=True, timeout=30)
    return (folder / "x.dtb").read_bytes()


def reg_of(tree: Tree, path: str) -> tuple[Range, ...]:
    node = tree.find(path)
    assert node is not None, path
    return cpu_reg(node)


def irqs_of(tree: Tree, path: str) -> list[tuple[str, int, str]]:
    node = tree.find(path)
    assert node is not None, path
    return [(irq.kind, irq.number, irq.trigger) for irq in read_interrupts(tree, node)]


BUS = "/soc/bus@30800000"


def test_addresses_are_translated_through_every_bus(tree: Tree) -> None:
    assert reg_of(tree, "serial0") == (Range(0x3081_0000, 0x1000),)
    assert reg_of(tree, "/soc/high@40000000") == (Range(0x1_4000_0000, 0x1000),)
    assert reg_of(tree, f"{BUS}/outside@500000") == ()
    assert reg_of(tree, "/soc/i2c@50000") == (Range(0x5_0000, 0x100),)
    assert reg_of(tree, "/soc/i2c@50000/sensor@42") == ()
    node = tree.find("serial0")
    assert node is not None and bus_reg(node) == (Range(0x1_0000, 0x1000),)


def test_find(tree: Tree) -> None:
    for name in (f"{BUS}/serial@10000", "serial0", "serial0:115200n8", "/soc/bus/serial"):
        node = tree.find(name)
        assert node is not None and node.path == f"{BUS}/serial@10000", name
    assert tree.find("serial9") is None
    assert tree.find("/soc/nothing/below") is None


def test_interrupts(tree: Tree) -> None:
    assert irqs_of(tree, "serial0") == [("spi", 26, "level")]
    assert irqs_of(tree, f"{BUS}/gpio@20000") == [("spi", 64, "level"), ("spi", 65, "edge")]
    assert irqs_of(tree, f"{BUS}/button") == []
    assert irqs_of(tree, f"{BUS}/both@30000") == [("spi", 99, "edge"), ("ppi", 5, "level")]
    assert irqs_of(tree, "/soc/pcie@60000") == [("spi", 124, "level"), ("spi", 125, "level")]
    assert Interrupt("spi", 26, "level").intid == 58
    assert Interrupt("ppi", 11, "level").intid == 27


def test_devices(tree: Tree) -> None:
    devices = {device.name: device for device in read_devices(tree)}
    assert "cpu@0" not in devices and "memory@80000000" not in devices
    assert "secure@80100000" not in devices
    assert devices["serial@10000"].aliases == ("serial0",)
    assert devices["bus@30800000"].is_bus and not devices["serial@10000"].is_bus
    assert not devices["both@30000"].enabled and devices["serial@10000"].enabled
    masters = sorted(name for name, device in devices.items() if device.dma)
    assert masters == ["ethernet@40000", "high@40000000", "pcie@60000"]


def test_machine_facts(tree: Tree) -> None:
    assert [(i, node.name) for i, node in cpu_nodes(tree)] == [(0, "cpu@0"), (0x100, "cpu@100")]
    ram, reserved = ram_ranges(tree)
    assert ram == (Range(0x8000_0000, 0x100_0000), Range(0x1_0000_0000, 0x100_0000))
    assert reserved == (Range(0x8000_0000, 0x1_0000), Range(0x8010_0000, 0x1000))
    serial = tree.find("serial0")
    assert serial is not None and clock_hz(tree, serial) == 48_000_000


def test_asking_for_missing_properties_is_harmless(tree: Tree) -> None:
    """pylibfdt drops a reference to None each time; an interpreter survives about a thousand."""
    for _ in range(300):
        for node in tree.walk():
            assert not node.has("no-such-property") and node.cells("no-such") == ()


@pytest.mark.parametrize("blob", [b"", b"x" * 10, b"x" * 100, bytes(100)])
def test_no_tree(blob: bytes) -> None:
    with pytest.raises(FdtError, match="not a"):
        parse(blob)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FdtError, match="No such file"):
        parse_file(tmp_path / "x.dtb")


def test_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "t.dts").write_text("/dts-v1/; / { nodename { propname = <1>; }; };")
    blob = tmp_path / "t.dtb"
    subprocess.run(["dtc", "-q", "-o", str(blob), str(tmp_path / "t.dts")], check=True)
    for name in (b"nodename", b"propname"):
        with pytest.raises(FdtError, match="a name is not text"):
            parse(blob.read_bytes().replace(name, name[:-1] + b"\xff"))


def test_damaged_trees_give_words(tmp_path: Path) -> None:
    good = compile_tree(tmp_path, SOC)
    generator = random.Random(1)
    refused = 0
    for _ in range(3000):
        blob = bytearray(good)
        for _ in range(generator.randint(1, 8)):
            blob[generator.randrange(len(blob))] = generator.randrange(256)
        try:
            tree = parse(bytes(blob))
            read_devices(tree)
            cpu_nodes(tree)
            ram_ranges(tree)
        except FdtError:
            refused += 1
    assert refused > 100
