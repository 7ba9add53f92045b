# SPDX-License-Identifier: Apache-2.0
"""Compiling only what changed, linking without an allocator, the same bytes everywhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure
from gen.tool import compile, elf, link, objects, sources, toolchain
from gen.tool.paths import ROOT

SCRIPT = """\
ENTRY(start)
SECTIONS { . = 0x40200000; .text : { *(.text .text.*) } .data : { *(.data .data.*) *(.bss .bss.*) } }
"""


class Tree:
    """A small set of sources in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.job = self.job_in("out")

    def job_in(self, out: str, *more: str) -> compile.Job:
        """With the build folder `out`, which has generated headers."""
        place = self.folder / out
        flags: tuple[str, ...] = (*toolchain.TARGET["aarch64"], *toolchain.CODE, *more, "-g")
        flags += (f"-ffile-prefix-map={self.folder}=.", "-fdebug-compilation-dir=.")
        flags += (f"-ffile-prefix-map={place}=build", "-I", str(place), "-I", str(self.folder))
        return compile.Job(flags, place, place / "obj", (self.folder,))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def build(self, *names: str) -> tuple[list[Path], list[str]]:
        """The objects, and the names of the sources that were compiled for them."""
        told: list[str] = []
        paths = [self.folder / name for name in names]
        made = compile.compile_all(self.job, paths, 2, lambda text: told.append(Path(text).name))
        return made, sorted(told)

    def link(self, *names: str) -> Path:
        script = self.write("layout.ld", SCRIPT)
        target = self.folder / "image.elf"
        link.link("aarch64", self.build(*names)[0], [], script, target, lto=False)
        return target


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where objects are kept for other builds; none are there."""
    monkeypatch.setattr(objects, "PLACE", tmp_path / "objects")
    return objects.PLACE


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path / "tree")
    made.write("one.h", "#define ONE 1\n")
    made.write("a.c", '#include "one.h"\nint start(void) { return ONE; }\n')
    made.write("b.c", "int other(void) { return 2; }\n")
    return made


def test_nothing_changed_compiles_nothing(tree: Tree) -> None:
    assert tree.build("a.c", "b.c")[1] == ["a.c", "b.c"]
    assert tree.build("a.c", "b.c")[1] == []


def test_changed_header_compiles_its_users(tree: Tree) -> None:
    tree.build("a.c", "b.c")
    tree.write("one.h", "#define ONE 3\n")
    assert tree.build("a.c", "b.c")[1] == ["a.c"]


def test_sources_that_are_gone_are_no_inputs(tree: Tree) -> None:
    tree.build("a.c", "b.c")
    (tree.folder / "b.c").unlink()
    read = compile.files_read(tree.job.objects, [tree.folder / "a.c"])
    assert [path.name for path in read] == ["a.c", "one.h"]


def test_touched_source_compiles_nothing(tree: Tree) -> None:
    tree.build("a.c")
    (tree.folder / "a.c").touch()
    assert tree.build("a.c")[1] == []


def test_lost_object_is_made_again(tree: Tree, place: Path) -> None:
    made, _ = tree.build("a.c")
    made[0].unlink()
    tree.build("a.c")
    assert made[0].exists()
    made[0].unlink()
    shutil.rmtree(place)
    assert tree.build("a.c")[1] == ["a.c"]


def test_other_flags_compile_again(tree: Tree) -> None:
    tree.build("b.c")
    tree.job = tree.job_in("out", "-DX")
    assert tree.build("b.c")[1] == ["b.c"]


def test_another_build_takes_what_was_compiled(tree: Tree) -> None:
    """Generated headers that hold the same are the same, wherever they are."""
    tree.write("a.c", '#include "one.h"\n#include "two.h"\nint start(void) { return ONE + TWO; }\n')
    for name in ("out", "a place/out"):
        (tree.folder / name).mkdir(parents=True)
        tree.write(f"{name}/two.h", "#define TWO 2\n")
    (first,), told = tree.build("a.c")
    assert told == ["a.c"]
    tree.job = tree.job_in("a place/out")
    (second,), told = tree.build("a.c")
    assert told == [] and second != first and second.read_bytes() == first.read_bytes()
    read = compile.files_read(tree.job.objects, [tree.folder / "a.c"])
    assert set(read) == {tree.folder / name for name in ("a.c", "one.h", "a place/out/two.h")}
    assert tree.build("a.c")[1] == []


@pytest.mark.parametrize("changed", ["one.h", "out2/two.h", "a.c"])
def test_another_build_compiles_what_differs(tree: Tree, changed: str) -> None:
    text = '#include "one.h"\n#include "two.h"\nint start(void) { return ONE; }\n'
    tree.write("a.c", text)
    for name in ("out", "out2"):
        tree.write(f"{name}/two.h", "#define TWO 2\n")
    tree.build("a.c")
    tree.job = tree.job_in("out2")
    tree.write(changed, "#define ONE 3\n" if changed != "a.c" else text + "int more;\n")
    assert tree.build("a.c")[1] == ["a.c"]


def test_what_changed_while_it_was_compiled_is_not_kept(
    tree: Tree, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_then_run(*arguments: object) -> bytes:
        said = run(*arguments)
        tree.write("one.h", "#define ONE 9\n")
        return said

    run: Callable[..., bytes] = compile.run
    monkeypatch.setattr(compile, "run", change_then_run)
    tree.build("a.c")
    monkeypatch.undo()
    monkeypatch.setattr(objects, "PLACE", place)
    assert not place.exists()
    assert tree.build("a.c")[1] == ["a.c"]


def test_the_newer_objects_stay(tree: Tree, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_FORMS", 4)
    for number in range(9):
        tree.write("one.h", f"#define ONE {number}\n")
        assert tree.build("a.c")[1] == ["a.c"]
    assert len(list(place.rglob("*.o"))) <= 4
    for number, told in ((8, []), (0, ["a.c"])):
        tree.job = tree.job_in(f"out-{number}")
        tree.write("one.h", f"#define ONE {number}\n")
        assert tree.build("a.c")[1] == told


def test_included_bytes_count(tree: Tree) -> None:
    tree.write("blob.bin", "1")
    tree.write("blob.S", '.data\n.incbin "blob.bin"\n')
    tree.build("blob.S")
    assert tree.build("blob.S")[1] == []
    tree.write("blob.bin", "2")
    assert tree.build("blob.S")[1] == ["blob.S"]


def test_error_names_the_file(tree: Tree) -> None:
    tree.write("bad.c", "int f(void) { return nothing; }\n")
    with pytest.raises(Failure) as caught:
        tree.build("bad.c")
    assert caught.value.status == Exit.BUILD
    assert "bad.c:1:" in caught.value.message


def test_same_bytes_in_another_folder(tmp_path: Path) -> None:
    images = []
    for name in ("here", "somewhere/else"):
        tree = Tree(tmp_path / name)
        tree.write("a.c", "const char *start(void) { return __FILE__; }\n")
        images.append(tree.link("a.c").read_bytes())
    assert images[0] == images[1]


def test_reachable_allocator_is_told(tree: Tree) -> None:
    tree.write("leak.c", "void *malloc(unsigned long);\nvoid *start(void) { return malloc(8); }\n")
    with pytest.raises(Failure) as caught:
        tree.link("leak.c")
    assert "the hypervisor allocates nothing, but malloc is reached" in caught.value.message
    assert "leak.c" in caught.value.message


def test_own_allocator_is_told(tree: Tree) -> None:
    tree.write("heap.c", "char b[9];\nvoid *sbrk(long n) { return b + n; }\n")
    tree.write("use.c", "void *sbrk(long);\nvoid *start(void) { return sbrk(8); }\n")
    with pytest.raises(Failure) as caught:
        tree.link("use.c", "heap.c")
    assert "sbrk is linked" in caught.value.message
    assert not (tree.folder / "image.elf").exists()


def test_unused_code_is_not_linked(tree: Tree) -> None:
    found = elf.symbols(tree.link("a.c", "b.c"))
    assert found["start"] >= 0x40200000
    assert "other" not in found


def test_symbols_choose_sources() -> None:
    everything = sources.select("aarch64", {})
    assert ROOT / "platform/pl011.c" in everything
    assert ROOT / "arch/aarch64/head.S" in everything
    without = sources.select("aarch64", {"VDEV_VPL011": "n", "PLATFORM_PL011": "y"})
    assert ROOT / "vdev/vpl011.c" not in without
    assert ROOT / "platform/pl011.c" in without
    assert not [path for path in everything if "fake" in str(path)]


def test_the_longest_symbol_decides() -> None:
    dist = ROOT / "vdev/vgic3_dist.c"
    assert dist in sources.select("aarch64", {"VDEV_VGIC3": "y", "VDEV_VGIC2": "n"})
    assert dist not in sources.select("aarch64", {"VDEV_VGIC3": "n"})
    assert dist in sources.select("aarch64", {"VDEV_VGIC3": "n", "VDEV_VGIC3_DIST": "y"})
