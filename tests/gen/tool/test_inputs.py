# SPDX-License-Identifier: Apache-2.0
"""The stamp that knows an unchanged build, and the hash in the image."""

from __future__ import annotations

import os
from pathlib import Path

from gen.tool import inputs


def remembered(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A stamp over one file and one folder: (stamp, file, folder)."""
    image, folder = tmp_path / "image", tmp_path / "unikernel"
    image.write_bytes(b"one")
    folder.mkdir()
    (folder / "main.c").write_text("int main(void);")
    stamp = tmp_path / "stamp.json"
    inputs.remember(stamp, inputs.Stamp(tmp_path, "made", (image,), (folder,)))
    return stamp, image, folder


def test_unchanged(tmp_path: Path) -> None:
    stamp, _, _ = remembered(tmp_path)
    found = inputs.unchanged(stamp)
    assert found is not None
    assert found.summary == "made"


def test_content_changed_with_size_and_time_kept(tmp_path: Path) -> None:
    stamp, image, _ = remembered(tmp_path)
    times = image.stat()
    image.write_bytes(b"two")
    os.utime(image, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert inputs.unchanged(stamp) is None


def test_file_lost(tmp_path: Path) -> None:
    stamp, image, _ = remembered(tmp_path)
    image.unlink()
    assert inputs.unchanged(stamp) is None


def test_new_source_in_a_unikernel(tmp_path: Path) -> None:
    stamp, _, folder = remembered(tmp_path)
    (folder / "new.h").write_text("")
    assert inputs.unchanged(stamp) is None


def test_no_or_damaged_stamp(tmp_path: Path) -> None:
    assert inputs.unchanged(tmp_path / "none.json") is None
    (tmp_path / "bad.json").write_text("{")
    assert inputs.unchanged(tmp_path / "bad.json") is None


def test_options_have_their_own_stamps() -> None:
    config = Path("/x/board.toml")
    assert inputs.stamp_path(config, ["a=1"]) != inputs.stamp_path(config, ["a=2"])


def test_digest_depends_on_content_name_and_settings_not_on_place(tmp_path: Path) -> None:
    hashes = []
    for place, name, text, setting in (
        ("a", "f", "1", "s"),
        ("b", "f", "1", "s"),
        ("c", "g", "1", "s"),
        ("d", "f", "2", "s"),
        ("e", "f", "1", "t"),
    ):
        folder = tmp_path / place
        folder.mkdir()
        (folder / name).write_text(text)
        hashes.append(inputs.digest(folder, [folder / name], [setting]))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


def test_own_files_hold_generator_and_hypervisor() -> None:
    names = {path.name for path in inputs.own_files()}
    assert {"build.py", "rows.h", "head.S", "board.toml", "crt0.S", "Kconfig"} <= names
