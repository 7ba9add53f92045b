# SPDX-License-Identifier: Apache-2.0
"""The files that --golden keeps; tests/boot/test_golden_command.py keeps and checks real builds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure
from gen.emit.golden import Boot
from gen.emit.manifest import manifest, manifest_text
from gen.emit.report.facts import FORMAT
from gen.tool import golden
from gen.tool.qemu import RunPlan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a build for a board that nothing emulates."""
    place = tmp_path / "build"
    place.mkdir()
    made = manifest("x", {"cc": "1"}, {"tables.c": b"rows"}, {"firmware.bin": b"bin"})
    (place / "manifest.json").write_text(manifest_text(made))
    report = {"format": FORMAT, "hash": "ab" * 32, "files": [{}], "audit": None, "exits": []}
    (place / "report.json").write_text(json.dumps(report))
    RunPlan((), "firmware.bin", ("bulkhead",), (), 0, 0).write(place)
    return place


def test_a_board_that_nothing_emulates_keeps_no_boot(folder: Path, tmp_path: Path) -> None:
    made = golden.of_build(folder)
    assert made.boot is None
    place = tmp_path / "kept"
    assert golden.write(place, made) == ["manifest.json", "report.json"]
    assert golden.read(place) == made
    assert golden.write(place, made) == []


def test_what_is_written_is_read_again(folder: Path, tmp_path: Path) -> None:
    made = replace(golden.of_build(folder), boot=Boot("QEMU 7", "one\ntwo\n"))
    place = tmp_path / "kept"
    golden.write(place, made)
    assert golden.read(place) == made
    assert golden.write(place, replace(made, boot=None)) == ["transcript.txt"]
    assert golden.read(place).boot is None


def test_nothing_of_the_inputs_hash_is_kept(folder: Path) -> None:
    report = golden.of_build(folder).report
    assert report["hash"] == "0" * 64 and report["files"] == [] and "exits" not in report


def test_a_kept_build_that_is_damaged_is_told(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    golden.write(place, golden.of_build(folder))
    for text in ("", "[]", "{}", '{"deployment": 1}'):
        (place / "manifest.json").write_text(text)
        with pytest.raises(Failure, match="--golden update writes it") as caught:
            golden.read(place)
        assert caught.value.status == Exit.MISSING
