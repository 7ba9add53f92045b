# SPDX-License-Identifier: Apache-2.0
"""Walks the tables of a linked ELF, with the bits from the Arm ARM (DDI 0487, D8.3) written anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import plans
import pytest
import toolchain

from gen.emit.boundaries import boundaries_from_symbols, window
from gen.emit.hypmap import address_bits, image_table_count
from gen.plan.model import Plan
from gen.ranges import Range
from gen.read.deployment import Console

PAGE = 4096
ADDRESS = 0x0000_FFFF_FFFF_F000
S1_READ_ONLY = 1 << 7
S1_XN = 1 << 54
S2_WRITE = 1 << 7
S2_XN = 1 << 54


@dataclass(frozen=True)
class Leaf:
    input: int
    output: int
    size: int
    word: int

    @property
    def end(self) -> int:
        return self.input + self.size

    @property
    def writable(self) -> bool:
        return not self.word & S1_READ_ONLY

    @property
    def executable(self) -> bool:
        return not self.word & S1_XN


def walk(
    memory: toolchain.Memory, table: int, level: int, count: int = 512, base: int = 0
) -> Iterator[Leaf]:
    size = 1 << (39 - 9 * level)
    for index in range(count):
        word = memory.u64(table + 8 * index)
        if not word & 1:
            assert word == 0
            continue
        start = base + index * size
        if word & 2 and level < 3:
            yield from walk(memory, word & ADDRESS, level + 1, 512, start)
        else:
            assert bool(word & 2) == (level == 3)
            assert word & (1 << 10), "access flag"
            yield Leaf(start, word & ADDRESS, size, word)


@dataclass(frozen=True)
class Built:
    plan: Plan
    symbols: dict[str, int]
    memory: toolchain.Memory

    def tree(self, name: str) -> list[Leaf]:
        bits = address_bits(self.plan)
        level, shift = (1, 30) if bits <= 39 else (0, 39)
        return list(walk(self.memory, self.symbols[name], level, 1 << bits - shift))


def built(plan: Plan, folder: Path) -> Built:
    elf = toolchain.build(plan, folder)
    return Built(plan, toolchain.symbols(elf), toolchain.Memory(elf))


@pytest.fixture(scope="module", params=[5000, 6 * plans.MIB + 5])
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built(plans.two_vms(request.param), tmp_path_factory.mktemp("image"))


def at(tree: list[Leaf], address: int) -> Leaf | None:
    return next((leaf for leaf in tree if leaf.input <= address < leaf.end), None)


@pytest.mark.parametrize("name", ["hyp_run_table", "hyp_loader_table"])
def test_identity_and_never_writable_and_executable(image: Built, name: str) -> None:
    for leaf in image.tree(name):
        assert leaf.input == leaf.output
        assert not (leaf.writable and leaf.executable)


@pytest.mark.parametrize("name", ["hyp_run_table", "hyp_loader_table"])
def test_only_text_is_executable(image: Built, name: str) -> None:
    executable = [leaf for leaf in image.tree(name) if leaf.executable]
    assert executable[0].input == image.symbols["image_start"]
    assert executable[-1].end == image.symbols["text_end"]
    assert sum(leaf.size for leaf in executable) == executable[-1].end - executable[0].input


@pytest.mark.parametrize("name", ["hyp_run_table", "hyp_loader_table"])
def test_sections_have_their_rights(image: Built, name: str) -> None:
    tree, symbols = image.tree(name), image.symbols
    for first, end, writable in (
        ("image_start", "text_end", False),
        ("text_end", "rodata_end", False),
        ("packed_end", "bss_end", True),
    ):
        for address in range(symbols[first], symbols[end], PAGE):
            leaf = at(tree, address)
            assert leaf and leaf.writable == writable, hex(address)


@pytest.mark.parametrize("name", ["hyp_run_table", "hyp_loader_table"])
def test_every_stack_has_an_unmapped_page_below(image: Built, name: str) -> None:
    tree, start = image.tree(name), image.symbols["stacks_start"]
    for index in range(len(image.plan.pcpus)):
        guard = start + index * (PAGE + 8192)
        assert at(tree, guard) is None
        for page in (PAGE, 2 * PAGE):
            leaf = at(tree, guard + page)
            assert leaf and leaf.writable and leaf.size == PAGE
    assert start + len(image.plan.pcpus) * (PAGE + 8192) == image.symbols["image_end"]


def test_run_tree_maps_no_guest_ram_and_no_packed_image(image: Built) -> None:
    symbols = image.symbols
    for leaf in image.tree("hyp_run_table"):
        if leaf.input >= plans.RAM_BASE:
            assert symbols["image_start"] <= leaf.input and leaf.end <= symbols["image_end"]
            assert leaf.end <= symbols["rodata_end"] or symbols["packed_end"] <= leaf.input


def test_loader_tree_maps_all_ram_but_guards(image: Built) -> None:
    tree = [leaf for leaf in image.tree("hyp_loader_table") if leaf.input >= plans.RAM_BASE]
    guards = len(image.plan.pcpus)
    assert sum(leaf.size for leaf in tree) == image.plan.board.ram[0].size - guards * PAGE
    assert any(leaf.size == 1 << 30 for leaf in tree)
    packed = at(tree, image.symbols["rodata_end"])
    assert packed and not packed.writable


def test_memory_above_39_bits_has_a_root_of_level_0(tmp_path: Path) -> None:
    """Level 0 has no blocks: even 512 GiB in one piece are blocks of 1 GiB."""
    plan = plans.two_vms()
    high = Range(1 << 40, 1 << 39)
    image = built(replace(plan, board=replace(plan.board, ram=(*plan.board.ram, high))), tmp_path)
    assert address_bits(image.plan) == 41
    found = [leaf for leaf in image.tree("hyp_loader_table") if leaf.input >= 1 << 39]
    assert [(leaf.input, leaf.output, leaf.size) for leaf in found] == [
        (base, base, 1 << 30) for base in range(high.base, high.end, 1 << 30)
    ]
    assert all(leaf.end <= 1 << 39 for leaf in image.tree("hyp_run_table"))


def test_loader_tree_leaves_what_firmware_keeps(tmp_path: Path) -> None:
    plan = plans.two_vms()
    kept = Range(0x9000_0800, 0x1000)  # touches two pages
    image = built(replace(plan, board=replace(plan.board, reserved=(kept,))), tmp_path)
    tree = image.tree("hyp_loader_table")
    assert at(tree, 0x8FFF_F000) and at(tree, 0x9000_2000)
    assert at(tree, 0x9000_0000) is None and at(tree, 0x9000_1000) is None


def test_devices_are_mapped_as_devices(image: Built) -> None:
    for name in ("hyp_run_table", "hyp_loader_table"):
        devices = [leaf for leaf in image.tree(name) if leaf.input < plans.RAM_BASE]
        pages = {leaf.input for leaf in devices}
        assert {0x900_0000, 0x800_0000, 0x80A_0000, 0x811_F000} <= pages
        assert len(pages) == 16 + 128 + 1
        assert all(leaf.word >> 2 & 7 == 0 and not leaf.executable for leaf in devices)


def test_a_guests_uart_is_not_mapped_while_guests_run(tmp_path: Path) -> None:
    plan = plans.two_vms()
    silent = replace(plan.deployment, console=Console("none"))
    image = built(replace(plan, deployment=silent), tmp_path)
    assert at(image.tree("hyp_run_table"), 0x900_0000) is None
    assert at(image.tree("hyp_run_table"), 0x800_0000)
    uart = at(image.tree("hyp_loader_table"), 0x900_0000)
    assert uart and not uart.executable


def test_stage2_translates_what_the_plan_maps(image: Built) -> None:
    for vm in image.plan.vms:
        root = next(t for t in vm.stage2.tables if t.name == vm.stage2.root)
        leaves = list(walk(image.memory, image.symbols[root.name], 1, root.count))
        assert image.symbols[root.name] % (8 * root.count) == 0
        found = {
            (leaf.input, leaf.output, leaf.size, bool(leaf.word & S2_WRITE)) for leaf in leaves
        }
        expected = {(m.gpa, m.hpa, m.size, "w" in m.access) for m in vm.mappings}
        assert found == expected
        assert all(
            bool(leaf.word & S2_XN) != ("x" in m.access)
            for leaf in leaves
            for m in vm.mappings
            if m.gpa == leaf.input
        )


def test_vm_rows_hold_root_and_vmid(image: Built) -> None:
    vttbr = image.memory.u64(image.symbols["vm_rows"] + 8)
    assert vttbr == image.symbols["s2_0_root"] + (1 << 48)


def test_packed_images_are_in_the_file(image: Built) -> None:
    for vm, name in ((0, "image_left_kernel"), (1, "image_right_hand_kernel")):
        data = image.plan.vms[vm].images[0].data
        assert image.memory.read(image.symbols[name], len(data)) == data
    dtb = image.plan.vms[1].images[1]
    assert image.symbols["image_right_hand_dtb"] == dtb.hpa
    assert image.memory.read(dtb.hpa, dtb.size) == dtb.data


def test_second_link_moves_nothing(tmp_path: Path) -> None:
    plan = plans.two_vms(6 * plans.MIB)
    first = toolchain.symbols(toolchain.link(plan, tmp_path, None))
    second = toolchain.symbols(toolchain.link(plan, tmp_path, boundaries_from_symbols(first)))
    assert first == second


def test_a_packed_giant_costs_few_page_tables() -> None:
    assert image_table_count(plans.two_vms(40 * plans.MIB)) <= 5


def test_an_image_larger_than_its_memory_does_not_link(tmp_path: Path) -> None:
    plan = plans.two_vms()
    reserved = window(plan)

    small = replace(plan, hypervisor=Range(reserved.base, 0x1000), packed=Range(0, 0))
    with pytest.raises(AssertionError, match="larger than the 0x1000 bytes of RAM"):
        toolchain.link(small, tmp_path, None)
