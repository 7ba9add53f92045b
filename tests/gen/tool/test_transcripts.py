# SPDX-License-Identifier: Apache-2.0
"""The console of a run taken apart into voices, and judged."""

from __future__ import annotations

from pathlib import Path

from gen.tool.console import Transcript, split_entry

VOICES = ("bulkhead", "control", "linux")


def transcript(folder: Path, *expect: str) -> Transcript:
    return Transcript(VOICES, expect, folder)


def test_entry_with_a_voice() -> None:
    assert split_entry("control: ready", VOICES) == ("control", "ready")


def test_entry_whose_colon_is_text() -> None:
    assert split_entry("smp: up", VOICES) == ("", "smp: up")


def test_lines_match_in_order_of_their_voice(tmp_path: Path) -> None:
    run = transcript(tmp_path, "control: one", "linux: a", "control: two")
    run.feed(b"[control] two\r\n[control] one\r\n[linux] xax\r\n")
    assert run.missing == ["control: two"]
    run.feed(b"[control] two\r\n")
    assert run.missing == []


def test_voices_are_judged_apart(tmp_path: Path) -> None:
    run = transcript(tmp_path, "control: ready")
    run.feed(b"[linux] ready\r\n")
    assert run.missing == ["control: ready"]


def test_entry_without_voice_matches_any_line(tmp_path: Path) -> None:
    run = transcript(tmp_path, "ready")
    run.feed(b"no prefix, but ready\n")
    assert run.missing == []


def test_prompt_matches_before_its_line_ends(tmp_path: Path) -> None:
    run = transcript(tmp_path, "linux: / #")
    run.feed(b"[linux] / ")
    assert run.missing
    run.feed(b"# ")
    assert run.missing == []


def test_one_text_is_used_for_one_entry(tmp_path: Path) -> None:
    run = transcript(tmp_path, "control: tick", "control: tick")
    run.feed(b"[control] ti")
    run.feed(b"ck\n")
    assert run.missing == ["control: tick"]


def test_panic_of_the_hypervisor_ends_the_run(tmp_path: Path) -> None:
    run = transcript(tmp_path)
    run.feed(b"[linux] panic: of the guest's own\n")
    assert not run.failed
    run.feed(b"panic: arch/x.c:3: assertion failed\n")
    assert run.failed == "panic: arch/x.c:3: assertion failed"


def test_one_log_a_voice(tmp_path: Path) -> None:
    (tmp_path / "console-old.log").write_text("of an earlier run")
    run = transcript(tmp_path)
    run.feed(b"[linux] a\r\n[control] b\r\n[linux]+ c\r\nplain\r\n[other] d\r\n")
    run.close()
    assert (tmp_path / "console-linux.log").read_bytes() == b"ac\n"
    assert (tmp_path / "console-control.log").read_bytes() == b"b\n"
    assert b"plain" in (tmp_path / "console.log").read_bytes()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["console-control.log", "console-linux.log", "console.log"]


def test_line_that_another_voice_cut_is_one_line(tmp_path: Path) -> None:
    run = transcript(tmp_path, "control: serving 8", "linux: up")
    for piece in (
        b"[control] ser",
        b"\r\n[linux] up\r\n[contr",
        b"ol]",
        b"+",
        b" ving",
        b" 8 balls\n",
    ):
        run.feed(piece)
    assert run.missing == []
    run.close()
    assert (tmp_path / "console-control.log").read_bytes() == b"serving 8 balls\n"


def test_cut_line_is_not_used_twice(tmp_path: Path) -> None:
    run = transcript(tmp_path, "tick", "tick")
    run.feed(b"[control] tick\n[linux] x\n[control]+ er\n")
    assert run.missing == ["tick"]


def test_empty_line(tmp_path: Path) -> None:
    run = transcript(tmp_path)
    run.feed(b"[control]")
    run.feed(b"\r\n[control] a\r\n[control] \r\n")
    run.close()
    assert (tmp_path / "console-control.log").read_bytes() == b"\na\n\n"
