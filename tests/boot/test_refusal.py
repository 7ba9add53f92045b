# SPDX-License-Identifier: Apache-2.0
"""Boards that are not the planned one, one difference each: told in words, and nothing starts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from machine import BUILT, ROOT, Machine, board, build, by_kernel


@pytest.fixture(scope="module")
def folder() -> Path:
    return build(ROOT / "configs/board.toml", "refusal")


def board_tree() -> str:
    """The tree that QEMU hands over, as text."""
    blob = BUILT / "refusal/board.dtb"
    machine = f"virt,virtualization=on,gic-version=3,dtb-randomness=off,dumpdtb={blob}"
    command = board("-machine", machine)
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    dtc = ["dtc", "-q", "-I", "dtb", "-O", "dts", str(blob)]
    return subprocess.run(dtc, check=True, capture_output=True, text=True, timeout=30).stdout


def with_tree(folder: Path, name: str, text: str) -> list[str]:
    """QEMU with a tree of our own in place of its."""
    source, blob = folder / f"{name}.dts", folder / f"{name}.dtb"
    source.write_text(text)
    subprocess.run(
        ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(blob), str(source)],
        check=True,
        timeout=30,
    )
    return board("-dtb", str(blob), *by_kernel(folder))


def refused(command: list[str], words: str) -> None:
    with Machine(command) as machine:
        machine.expect(words)
        assert not re.search(r"^\[(ping|pong)\]", machine.text, re.MULTILINE)


def mutated(pattern: str, replacement: str) -> str:
    text, count = re.subn(pattern, replacement, board_tree(), flags=re.DOTALL)
    assert count > 0, f"the board's tree has no {pattern}"
    return text


def test_less_ram(folder: Path) -> None:
    refused(board(*by_kernel(folder), memory="32M"), r"board check: the plan uses RAM 0x")


def test_two_security_states() -> None:
    config = ROOT / "tests/guests/direct/deployment.toml"
    secure = "virt,virtualization=on,secure=on,gic-version=3"
    command = board("-machine", secure, *by_kernel(build(config, "refusal-secure")))
    refused(command, r'interrupts = "passthrough" needs a GIC with one security state')


def test_another_core(folder: Path) -> None:
    refused(
        board("-cpu", "cortex-a72", *by_kernel(folder)),
        "board check: CPU 0: the CPU is of another type than its board's tree says",
    )


def test_fewer_cpus(folder: Path) -> None:
    refused(
        board(*by_kernel(folder), cpus=1), r"board check: the plan uses CPU 0x1, which .* not have"
    )


def test_other_gic(folder: Path) -> None:
    command = board("-machine", "virt,virtualization=on,gic-version=2", *by_kernel(folder))
    refused(command, r"board check: CPU 0: the CPU has no GICv3 system registers")


def test_gic_elsewhere(folder: Path) -> None:
    text = mutated(r"intc@8000000 \{\s+phandle", "intc@8000000 {\n bulkhead,test;\n phandle")
    text = re.sub(r"reg = <0x00 0x8000000 0x00", "reg = <0x00 0x8100000 0x00", text)
    text = re.sub(r"intc@8000000", "intc@8100000", text)
    refused(with_tree(folder, "gic", text), r"board check: no interrupt controller 'arm,gic-v3'")


def test_other_gic_in_tree(folder: Path) -> None:
    text = mutated(r'"arm,gic-v3"', '"arm,gic-v4"')
    refused(with_tree(folder, "gic4", text), r"board check: no interrupt controller 'arm,gic-v3'")


def test_other_uart(folder: Path) -> None:
    text = mutated(r"pl011@9000000", "pl011@9100000").replace(
        "reg = <0x00 0x9000000", "reg = <0x00 0x9100000"
    )
    refused(with_tree(folder, "uart", text), r"board check: no UART 'arm,pl011' at 0x9000000")


def test_cpu_missing_in_tree(folder: Path) -> None:
    text = mutated(r"\t\tcpu@1 \{.*?\n\t\t\};\n", "")
    text = re.sub(r"core1 \{\s+cpu = <0x[0-9a-f]+>;", "core1 {", text)
    refused(with_tree(folder, "cpu", text), r"board check: the plan uses CPU 0x1, which")


def test_cpu_disabled_in_tree(folder: Path) -> None:
    text = mutated(r"(\t\tcpu@1 \{\n)", r'\1\t\t\tstatus = "disabled";\n')
    refused(with_tree(folder, "cpu-off", text), r"board check: the plan uses CPU 0x1, which")


def test_reserved_beyond_the_end(folder: Path) -> None:
    reserved = "/memreserve/ 0x40400000 0xffffffffffffffff;\n"
    text = board_tree().replace("/dts-v1/;\n", "/dts-v1/;\n" + reserved)
    refused(
        with_tree(folder, "endless", text),
        r"board check: firmware reserves RAM 0x40400000-0xfffffffffffffffe, which the plan uses",
    )


def test_reserved_ram(folder: Path) -> None:
    reserved = (
        "/ {\n\treserved-memory {\n\t\t#address-cells = <2>;\n\t\t#size-cells = <2>;\n\t\tranges;\n"
        "\t\tsecure@40400000 {\n\t\t\treg = <0 0x40400000 0 0x100000>;\n\t\t\tno-map;\n\t\t};\n\t};\n"
    )
    text = board_tree() + "\n" + reserved + "};\n"
    refused(
        with_tree(folder, "reserved", text),
        r"board check: firmware reserves RAM 0x40400000-0x404fffff, which the plan uses",
    )


def test_entered_at_el1(folder: Path) -> None:
    command = board("-machine", "virt,virtualization=off,gic-version=3", *by_kernel(folder))
    refused(command, r"panic: started at EL1, but a hypervisor needs EL2")


def test_entered_at_el3(folder: Path) -> None:
    """Secure firmware's level: flash is entered at EL3 when the machine has one."""
    command = board(
        *("-machine", "virt,secure=on,virtualization=on,gic-version=3"),
        *("-drive", f"if=pflash,format=raw,readonly=on,file={folder / 'flash.img'}"),
    )
    refused(command, r"panic: started at EL3, but a hypervisor needs EL2")
