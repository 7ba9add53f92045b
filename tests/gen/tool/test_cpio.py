# SPDX-License-Identifier: Apache-2.0
"""The initramfs writer, read back by hand."""

from __future__ import annotations

import stat

from gen.tool import cpio


def members(data: bytes) -> list[tuple[str, list[int], bytes]]:
    """Name, header fields and content of every member."""
    found = []
    at = 0
    while at < len(data):
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        size, name_size = fields[6], fields[11]
        name = data[at + 110 : at + 110 + name_size - 1].decode()
        start = (at + 110 + name_size + 3) & ~3
        found.append((name, fields, data[start : start + size]))
        at = (start + size + 3) & ~3
    return found


def test_archive_holds_what_was_given() -> None:
    entries = [
        cpio.folder("bin"),
        cpio.program("bin/tool", b"12345"),
        cpio.character_device("dev/console", 5, 1),
    ]
    names = members(cpio.archive(entries))
    assert [name for name, _, _ in names] == ["bin", "bin/tool", "dev/console", "TRAILER!!!"]
    assert stat.S_ISDIR(names[0][1][1])
    assert names[1][1][1] == stat.S_IFREG | 0o755
    assert names[1][2] == b"12345"
    assert names[2][1][9:11] == [5, 1]


def test_inodes_differ() -> None:
    found = members(cpio.archive([cpio.program("a", b""), cpio.program("b", b"")]))
    assert found[0][1][0] != found[1][1][0]


def test_same_entries_same_bytes() -> None:
    assert cpio.archive([cpio.folder("x")]) == cpio.archive([cpio.folder("x")])
