# SPDX-License-Identifier: Apache-2.0
"""Guest images by their first bytes: raw, Linux arm64 Image, the same with gzip, ELF64."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Literal

ARM64_MAGIC = b"ARM\x64"
ARM64_HEADER = 64
# Documentation/arm64/booting: with image_size 0 (before Linux 3.17) text_offset is 0x80000.
OLD_TEXT_OFFSET = 0x8_0000
UNPACKED_LIMIT = 1 << 30
KERNEL_HALF = 1 << 56  # where a kernel's virtual addresses are, and no physical ones

EM_AARCH64 = 183
MACHINES = {
    2: "SPARC",
    3: "x86",
    8: "MIPS",
    20: "PowerPC",
    21: "PowerPC64",
    40: "32-bit Arm",
    62: "x86_64",
    183: "AArch64",
    243: "RISC-V",
    258: "LoongArch",
}
ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_INTERP = 1, 3


class ImageError(Exception):
    """Why an image cannot be a guest, in words; `cure` is what to do."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


@dataclass(frozen=True)
class Segment:
    """A part to load: `data` at `gpa`, then zeros up to `memory_size`."""

    gpa: int  # p_paddr
    virtual: int  # p_vaddr
    data: bytes
    memory_size: int
    flags: str  # subset of "rwx"


@dataclass(frozen=True)
class ImageInfo:
    """What an image is. `data` is the whole file, unpacked."""

    format: Literal["raw", "linux", "elf"]
    data: bytes
    compressed: bool
    entry: int | None = None  # elf: physical address of the entry
    segments: tuple[Segment, ...] = ()  # elf
    text_offset: int = 0  # linux: from a 2 MiB boundary to the first byte
    memory_size: int = 0  # bytes of RAM it needs from its load address: its own and its bss
    anywhere: bool = False  # linux: flag bit 3, RAM need not start near it


def detect(data: bytes, wanted: str = "auto") -> ImageInfo:
    """What `data` is. `wanted` is the deployment's format: "auto" looks, the others insist.
    Raises ImageError."""
    if not data:
        raise ImageError("the file is empty", "give a guest image")
    if wanted == "raw":
        return ImageInfo("raw", data, False, memory_size=len(data))
    compressed = data[:2] == b"\x1f\x8b"
    if compressed:
        data = _gunzip(data)
    if data[:4] == b"\x7fELF":
        info = _elf(data, compressed)
    elif data[56:60] == ARM64_MAGIC:
        info = _linux(data, compressed)
    else:
        _refuse_known(data)
        info = ImageInfo("raw", data, compressed, memory_size=len(data))
    if wanted not in ("auto", info.format):
        raise ImageError(
            f'format = "{wanted}", and the file is {_WORDS[info.format]}',
            f'write format = "{info.format}" or give another file',
        )
    return info


_WORDS = {"raw": "neither ELF nor a Linux Image", "linux": "a Linux arm64 Image", "elf": "ELF"}

_CPIO = b"0707"
_UIMAGE = (0, b"\x27\x05\x19\x56", "a U-Boot legacy image", "give the image inside it")
_TREE = (0, b"\xd0\x0d\xfe\xed", "a device tree or FIT image", "give the image inside it")
# Files that are often given by mistake: where their magic is, the magic, what it is, the cure.
_KNOWN = (
    (4, b"zimg", "a compressed EFI kernel (zboot)", "unpack it: give the arm64 Image itself"),
    (0, b"\xfd7zXZ\0", "xz data", "unpack it with xz -d"),
    (0, b"BZh", "bzip2 data", "unpack it with bzip2 -d"),
    (0, b"\x28\xb5\x2f\xfd", "zstd data", "unpack it with zstd -d"),
    (0, b"\x04\x22\x4d\x18", "lz4 data", "unpack it with lz4 -d"),
    _UIMAGE,
    _TREE,
    (0, b"!<arch>\n", "an archive (a .deb or .a file)", "give the image inside it"),
    (0, _CPIO, "a cpio archive, as initrds are", "give the kernel; initrd = is this one's key"),
    (36, b"\x18\x28\x6f\x01", "a kernel for 32-bit Arm (zImage)", "build it for AArch64"),
    (0x202, b"HdrS", "a kernel for x86 (bzImage)", "build it for AArch64"),
)
# ... as an initrd.
_NO_INITRD = (
    _UIMAGE,
    _TREE,
    (0, b"\x7fELF", "an ELF", "give the archive of files"),
    (
        56,
        ARM64_MAGIC,
        "a Linux arm64 Image",
        "give the archive of files; kernel = is this one's key",
    ),
)
_TEXT_BYTES = 512  # a file that begins with so much text is text


def _refuse_known(data: bytes) -> None:
    for at, magic, what, cure in _KNOWN:
        if data[at : at + len(magic)] == magic:
            raise ImageError(f"the file is {what}", f'{cure}; or say format = "raw"')
    _refuse_text(data, '; or say format = "raw"')


def refuse_initrd(data: bytes, kernel: str) -> None:
    """Raises ImageError for what surely is no initrd: what Linux does not unpack, while a `kernel`
    of another format may take anything."""
    if not data:
        raise ImageError("the file is empty", "give a file with content, or remove initrd")
    if kernel != "linux":
        return
    for at, magic, what, cure in _NO_INITRD:
        if data[at : at + len(magic)] == magic:
            raise ImageError(f"the file is {what}", cure)
    if not data.startswith(_CPIO):
        _refuse_text(data)


def _refuse_text(data: bytes, more: str = "") -> None:
    """What a web server says in place of a file, pointers of Git LFS, sources."""
    head = data[:_TEXT_BYTES]
    if len(head) >= 16 and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head):
        first = head.split(b"\n")[0].decode().strip()[:40]
        raise ImageError(
            f'the file is text ("{first}"): a web page, or a pointer of Git LFS?',
            f"get the image itself{more}",
        )


def _gunzip(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, UNPACKED_LIMIT)
    except zlib.error as error:
        raise ImageError(f"the gzip data is damaged: {error}", "get the file again") from error
    if not unpacker.eof:
        if unpacker.unconsumed_tail:
            raise ImageError("the gzip data unpacks to more than 1 GiB", "give a smaller image")
        raise ImageError("the gzip data ends too early", "get the file again")
    if not unpacked:
        raise ImageError("the gzip data unpacks to nothing", "give a guest image")
    return unpacked


def _linux(data: bytes, compressed: bool) -> ImageInfo:
    """Header of Documentation/arm64/booting: text_offset at 8, image_size at 16, flags at 24."""
    if len(data) < ARM64_HEADER:
        raise ImageError("the Linux Image ends inside its header", "get the file again")
    text_offset, image_size, flags = struct.unpack_from("<QQQ", data, 8)
    if flags & 1:
        raise ImageError("the Linux Image is big-endian", "build it little-endian")
    if image_size == 0:
        text_offset = OLD_TEXT_OFFSET
    if text_offset >= 1 << 48 or image_size >= 1 << 48:
        raise ImageError(
            f"the Linux Image's header makes no sense: text_offset {text_offset:#x}, "
            f"image_size {image_size:#x}",
            "get the file again",
        )
    return ImageInfo(
        "linux",
        data,
        compressed,
        text_offset=text_offset,
        memory_size=max(image_size, len(data)),
        anywhere=bool(flags & 8),
    )


def _elf(data: bytes, compressed: bool) -> ImageInfo:
    _check_elf_header(data)
    entry, table_at = struct.unpack_from("<QQ", data, 24)
    size, count = struct.unpack_from("<HH", data, 54)
    if count and size < 56:
        raise ImageError(f"the ELF has program headers of {size} bytes", "get the file again")
    if table_at + size * count > len(data):
        raise ImageError("the ELF ends inside its program headers", "get the file again")
    segments = []
    for index in range(count):
        segment = _segment(data, table_at + index * size, index)
        if segment is not None:
            segments.append(segment)
    if not segments:
        raise ImageError("the ELF has nothing to load", "link it as an executable")
    _check_overlap(segments)
    return ImageInfo(
        "elf", data, compressed, entry=_entry(entry, segments), segments=tuple(segments)
    )


def _check_elf_header(data: bytes) -> None:
    if len(data) < 64:
        raise ImageError("the ELF ends inside its header", "get the file again")
    if data[4] == 1:
        raise ImageError("the ELF is 32-bit", "build it for AArch64")
    if data[5] == 2:
        raise ImageError("the ELF is big-endian", "build it little-endian")
    if data[4] != 2 or data[5] != 1:
        raise ImageError("the ELF's header makes no sense", "get the file again")
    kind, machine = struct.unpack_from("<HH", data, 16)
    if machine != EM_AARCH64:
        name = MACHINES.get(machine, f"machine {machine}")
        raise ImageError(f"the ELF is for {name}, the board is AArch64", "build it for AArch64")
    if kind not in (ET_EXEC, ET_DYN):
        raise ImageError("the ELF is not an executable", "link it")


def _segment(data: bytes, at: int, index: int) -> Segment | None:
    """One program header (ELF-64 object file format, figure 6)."""
    kind, flags, offset, virtual, physical, file_size, memory_size = struct.unpack_from(
        "<IIQQQQQ", data, at
    )
    if kind == PT_INTERP:
        raise ImageError("the ELF needs a dynamic loader", "link it statically")
    if kind != PT_LOAD or memory_size == 0:
        return None
    if offset + file_size > len(data):
        raise ImageError(f"the ELF ends inside its segment {index}", "get the file again")
    if physical >= KERNEL_HALF:
        raise ImageError(
            f"the ELF's segment {index} is linked at {physical:#x}, which is no physical address: a "
            "kernel's vmlinux?",
            "give arch/arm64/boot/Image in its place",
        )
    if file_size > memory_size or physical + memory_size > 1 << 52:
        raise ImageError(f"the ELF's segment {index} makes no sense", "get the file again")
    words = "".join(letter for bit, letter in ((4, "r"), (2, "w"), (1, "x")) if flags & bit)
    return Segment(physical, virtual, data[offset : offset + file_size], memory_size, words)


def _check_overlap(segments: list[Segment]) -> None:
    ordered = sorted(segments, key=lambda segment: segment.gpa)
    for one, other in zip(ordered, ordered[1:], strict=False):
        if one.gpa + one.memory_size > other.gpa:
            raise ImageError(
                f"the ELF's segments at {one.gpa:#x} and {other.gpa:#x} overlap",
                "correct its linker script",
            )


def _entry(entry: int, segments: list[Segment]) -> int:
    """The entry as a physical address: e_entry is virtual, the guest starts with its MMU off."""
    for segment in segments:
        if segment.virtual <= entry < segment.virtual + segment.memory_size:
            return entry - segment.virtual + segment.gpa
    for segment in segments:
        if segment.gpa <= entry < segment.gpa + segment.memory_size:
            return entry
    raise ImageError(f"the ELF's entry {entry:#x} is in none of its segments", "correct it")
