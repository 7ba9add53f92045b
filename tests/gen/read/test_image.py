# SPDX-License-Identifier: Apache-2.0
"""Guest images by their first bytes."""

from __future__ import annotations

import gzip
import random
import struct

import pytest

from gen.read.image import ImageError, detect, refuse_initrd


def linux_image(text_offset: int = 0, image_size: int = 0x1000, flags: int = 0xA) -> bytes:
    head = struct.pack("<IIQQQQQQ4sI", 0, 0, text_offset, image_size, flags, 0, 0, 0, b"ARM\x64", 0)
    return head + bytes(100)


def elf_image(
    segments: tuple[tuple[int, int, int, bytes, int], ...] = ((1, 5, 0x4000_0000, b"code", 0x100),),
    entry: int = 0x4000_0000,
    machine: int = 183,
    kind: int = 2,
    bits: int = 2,
    order: int = 1,
) -> bytes:
    """segments: (type, flags, address, data, memory size)."""
    table, body = b"", b""
    at = 64 + 56 * len(segments)
    for ptype, flags, address, data, memory in segments:
        table += struct.pack(
            "<IIQQQQQQ", ptype, flags, at + len(body), address, address, len(data), memory, 0x1000
        )
        body += data
    ident = b"\x7fELF" + bytes((bits, order, 1)) + bytes(9)
    head = ident + struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, entry, 64, 0, 0, 64, 56, len(segments), 0, 0, 0
    )
    return head + table + body


def test_raw() -> None:
    info = detect(b"\x14\0\0\x14" * 10)
    assert (info.format, info.memory_size, info.compressed) == ("raw", 40, False)


def test_linux() -> None:
    info = detect(linux_image(0x20_0000, 0x5000, 0xA))
    assert (info.format, info.text_offset, info.memory_size) == ("linux", 0x20_0000, 0x5000)
    assert info.anywhere
    assert not detect(linux_image(flags=2)).anywhere


def test_linux_without_image_size_is_old() -> None:
    info = detect(linux_image(0x1234, 0))
    assert (info.text_offset, info.memory_size) == (0x8_0000, 164)


def test_gzip_is_unpacked() -> None:
    info = detect(gzip.compress(linux_image()))
    assert (info.format, info.compressed, info.data) == ("linux", True, linux_image())


def test_a_raw_gzip_stays_as_it_is_when_told() -> None:
    packed = gzip.compress(b"x", mtime=0)
    assert detect(packed, "raw").data == packed


def test_elf() -> None:
    segments = ((1, 5, 0x4000_0000, b"code", 0x10), (1, 6, 0x4000_1000, b"data", 0x2000))
    info = detect(elf_image(segments, entry=0x4000_0004))
    assert info.entry == 0x4000_0004
    assert [(s.gpa, s.data, s.memory_size, s.flags) for s in info.segments] == [
        (0x4000_0000, b"code", 0x10, "rx"),
        (0x4000_1000, b"data", 0x2000, "rw"),
    ]


def test_a_virtual_entry_becomes_physical() -> None:
    image = bytearray(elf_image(entry=0xFFFF_0000_0000_0008))
    struct.pack_into("<Q", image, 64 + 16, 0xFFFF_0000_0000_0000)  # p_vaddr
    assert detect(bytes(image)).entry == 0x4000_0008


LOAD = (1, 5, 0x4000_0000, b"code", 0x100)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (elf_image(bits=1), "the ELF is 32-bit"),
        (elf_image(order=2), "the ELF is big-endian"),
        (elf_image(bits=7), "the ELF's header makes no sense"),
        (elf_image(machine=62), "the ELF is for x86_64"),
        (elf_image(machine=4711), "the ELF is for machine 4711"),
        (elf_image(kind=1), "the ELF is not an executable"),
        (elf_image()[:40], "the ELF ends inside its header"),
        (elf_image()[:100], "the ELF ends inside its program headers"),
        (elf_image()[:-1], "the ELF ends inside its segment 0"),
        (elf_image(()), "the ELF has nothing to load"),
        (elf_image(((3, 4, 0, b"ld", 2), LOAD)), "the ELF needs a dynamic loader"),
        (elf_image((LOAD, (1, 6, 0x4000_0080, b"", 8))), "0x40000000 and 0x40000080 overlap"),
        (elf_image(entry=5), "the ELF's entry 0x5 is in none of its segments"),
        (elf_image(((1, 5, 0, b"code", 2),)), "the ELF's segment 0 makes no sense"),
        (linux_image(flags=1), "the Linux Image is big-endian"),
        (linux_image()[:60], "the Linux Image ends inside its header"),
        (linux_image(text_offset=1 << 60), "the Linux Image's header makes no sense"),
        (gzip.compress(b"x" * 1000, mtime=0)[:20], "the gzip data ends too early"),
        (b"\x1f\x8b" + bytes(20), "the gzip data is damaged"),
        (gzip.compress(b"", mtime=0), "the gzip data unpacks to nothing"),
        (b"MZ\0\0zimg" + bytes(100), "a compressed EFI kernel"),
        (b"\xfd7zXZ\0" + bytes(9), "xz data"),
        (b"\xd0\x0d\xfe\xed" + bytes(9), "a device tree or FIT image"),
        (b"070701" * 20, "a cpio archive"),
        (bytes(36) + b"\x18\x28\x6f\x01" + bytes(9), "a kernel for 32-bit Arm"),
        (b"MZ" + bytes(0x200) + b"HdrS" + bytes(9), "a kernel for x86"),
        (b"<!DOCTYPE html>\n<html>404</html>\n", 'the file is text ."<!DOCTYPE html>"'),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d", "a pointer of Git LFS"),
    ],
)
def test_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words) as raised:
        detect(data)
    assert raised.value.cure


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (linux_image(), "a Linux arm64 Image"),
        (elf_image(), "an ELF"),
        (b"\x27\x05\x19\x56" + bytes(60), "a U-Boot legacy image"),
        (b"<!DOCTYPE html>\n<html>404</html>\n", "the file is text"),
    ],
)
def test_what_is_no_initrd(data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        refuse_initrd(data, "linux")


@pytest.mark.parametrize("data", [b"070701" * 20, gzip.compress(b"070701", mtime=0), bytes(1024)])
def test_what_may_be_an_initrd(data: bytes) -> None:
    refuse_initrd(data, "linux")


def test_another_guest_than_linux_may_have_any_initrd() -> None:
    refuse_initrd(b"[settings]\nspeed = 9600\n", "elf")


def test_a_wanted_format_that_it_is_not() -> None:
    with pytest.raises(ImageError, match='format = "elf", and the file is a Linux arm64 Image'):
        detect(linux_image(), "elf")
    with pytest.raises(ImageError, match='format = "linux", and the file is ELF'):
        detect(elf_image(), "linux")
    assert detect(elf_image(), "elf").format == "elf"


@pytest.mark.parametrize("seed", range(3))
def test_garbage_gives_words_never_a_traceback(seed: int) -> None:
    generator = random.Random(seed)
    plain = (elf_image(), linux_image())
    bases = (*plain, *(gzip.compress(image, mtime=0) for image in plain))
    for _ in range(1500):
        data = bytearray(generator.choice(bases))
        for _ in range(generator.randint(1, 6)):
            data[generator.randrange(len(data))] = generator.choice((0, 1, 0xFF, 0x80, 0x7F))
        del data[generator.randint(1, len(data) * 2) :]
        try:
            detect(bytes(data))
        except ImageError as error:
            assert str(error) and error.cure
