# SPDX-License-Identifier: Apache-2.0
"""Compiling only what changed, linking without an allocator, the same bytes everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure
from gen.tool import compile, elf, link, sources, toolchain
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
        flags: tuple[str, ...] = (*toolchain.TARGET["aarch64"], *toolchain.CODE)
        flags += ("-g", f"-ffile-prefix-map={folder}=.", "-fdebug-compilation-dir=.")
        self.job = compile.Job((*flags, "-I", str(folder)), folder / "obj", (folder,))

    def write(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text)
        return self.folder / name

    def build(self, *names: str) -> tuple[list[Path], list[str]]:
        """The objects, and the names of the sources that were compiled for them."""
        told: list[str] = []
        paths = [self.folder / name for name in names]
        objects = compile.compile_all(self.job, paths, 2, lambda text: told.append(Path(text).name))
        return objects, sorted(told)

    def link(self, *names: str) -> Path:
        script = self.write("layout.ld", SCRIPT)
        target = self.folder / "image.elf"
        link.link("aarch64", self.build(*names)[0], [], script, target, lto=False)
        return target


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


def test_lost_object_is_made_again(tree: Tree) -> None:
    objects, _ = tree.build("a.c")
    objects[0].unlink()
    assert tree.build("a.c")[1] == ["a.c"]


def test_other_flags_compile_again(tree: Tree) -> None:
    tree.build("b.c")
    tree.job = compile.Job((*tree.job.flags, "-DX"), tree.job.objects)
    assert tree.build("b.c")[1] == ["b.c"]


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
