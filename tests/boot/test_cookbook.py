# SPDX-License-Identifier: Apache-2.0
"""docs/cookbook.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from machine import ROOT
from followed_page import Block, blocks, copy_repository, follow

from gen.tool import fetch
from gen.tool.paths import FETCH

PAGE = ROOT / "docs/cookbook.md"
LINUX = FETCH / "debian-arm64"
RTOS = ".global _start\n_start: wfi\nb _start\n"  # stands for the image from elsewhere


def recipes() -> dict[str, list[Block]]:
    """The blocks of each recipe, by its heading."""
    parts = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    return {part.partition("\n")[0]: blocks(part) for part in parts}


def make_images(folder: Path) -> None:
    """What the first recipe has from elsewhere."""
    fetch.ensure([LINUX / "Image"], offline=False)
    folder.mkdir(parents=True)
    (folder / "Image").symlink_to(LINUX / "Image")
    (folder / "rootfs.cpio.gz").symlink_to(LINUX / "initramfs.cpio")
    (folder / "rtos.s").write_text(RTOS)
    target = ["clang-14", "--target=aarch64-none-elf", "-c", "rtos.s", "-o", "rtos.o"]
    subprocess.run(target, cwd=folder, check=True, timeout=60)
    link = ["ld.lld-14", "-Ttext=0x80000", "rtos.o", "-o", "rtos.elf"]
    subprocess.run(link, cwd=folder, check=True, timeout=60)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cookbook")
    copy_repository(place / "bulkhead")
    make_images(place / "product/images")
    return place / "bulkhead"


def test_recipes_are_there() -> None:
    assert len(recipes()) == 4


@pytest.mark.parametrize("name", recipes())
def test_recipe(name: str, clone: Path) -> None:
    follow(recipes()[name], clone)
