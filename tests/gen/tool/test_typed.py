# SPDX-License-Identifier: Apache-2.0
"""C objects read by their debug information: what the tool finds is what the compiler laid out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gen.tool.typed import Image, Member

SOURCE = """
#include <stdbool.h>
#include <stdint.h>
enum colour { RED = 3, BLUE = 7 };
struct point { uint16_t x; uint64_t y; };
typedef struct { uint64_t addr; } address_t;
struct all {
    uint8_t first;
    enum colour colour;
    _Atomic uint64_t count;
    const char *const name;
    bool flag;
    address_t where;
    struct point points[3];
    uint32_t numbers[5];
};
struct flat { uint8_t c; uint32_t b; bool d; uint64_t a; };
const struct all all = { .first = 9, .colour = BLUE, .count = 77, .name = "a name",
                         .where = { 0x1234 }, .points = { { 1, 2 }, { 3, 4 }, { 5, 6 } } };
const struct flat flat = { 3, 2, true, 1 };
const char *const names[] = { "one", 0, "three" };
int _start(void) { return all.first + flat.c + names[0][0]; }
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    folder = tmp_path_factory.mktemp("typed")
    (folder / "one.c").write_text(SOURCE)
    (folder / "two.c").write_text("struct other { int x; } other;\n")
    flags = ["--target=aarch64-none-elf", "-ffreestanding", "-g", "-c"]
    for name in ("one", "two"):
        run(["clang-14", *flags, f"{name}.c", "-o", f"{name}.o"], folder)
    run(["ld.lld-14", "one.o", "two.o", "-o", "image.elf"], folder)
    return Image(folder / "image.elf", ("one.c",))


def run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, timeout=60)


def test_members(image: Image) -> None:
    members = image.layouts["all"].members
    assert members["colour"] == Member(4, 4, 1, "")
    assert members["count"] == Member(8, 8, 1, "")
    assert members["where"] == Member(32, 8, 1, "")
    assert members["points"] == Member(40, 16, 3, "point")
    assert members["numbers"] == Member(88, 4, 5, "")
    assert image.layouts["all"].size == 112


def test_values(image: Image) -> None:
    layout = image.layouts["all"]
    data = image.read(image.symbols["all"], layout.size)
    assert [layout.number(data, name) for name in ("first", "count", "where")] == [9, 77, 0x1234]
    assert image.text(layout.number(data, "name")) == "a name"
    base = layout.members["points"].offset + 2 * layout.members["points"].size
    assert image.layouts["point"].number(data, "y", base) == 6


def test_plain_structs_are_read_at_once(image: Image) -> None:
    layout = image.layouts["flat"]
    data = image.read(image.symbols["flat"], layout.size)
    assert list(layout.numbers.iter_unpack(data * 2)) == [(3, 2, 1, 1)] * 2


def test_enums(image: Image) -> None:
    assert image.enums["colour"] == {"RED": 3, "BLUE": 7}


def test_arrays_know_their_size(image: Image) -> None:
    count = image.sizes["names"] // 8
    texts = [image.text(name) for name in image.pointers(image.symbols["names"], count)]
    assert texts == ["one", "", "three"]


def test_only_the_named_units_count(image: Image) -> None:
    assert "other" not in image.layouts


def test_what_is_not_in_the_image_is_refused(image: Image) -> None:
    with pytest.raises(ValueError, match="not in the image"):
        image.read(0x10, 4)
