# SPDX-License-Identifier: Apache-2.0
"""What is kept of a build that was found good, and what is different in another one, in words: the
guests' view and the maps (from report.json), every part's bytes (from manifest.json), and what each
VM says when the image boots in exact time."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gen.emit.manifest import Manifest, compare, toolchain_changes
from gen.emit.report.diff import diff, diff_text
from gen.emit.report.vm_facts import Json

_ANY_HASH = "0" * 64  # in place of that of all inputs: only what else reaches the image shows
_OF_COMPILER = ("image",)  # members of a report that another compiler changes
_VOICE = re.compile(r"\[([^\]\s]+)\]\+? ?(.*)")


@dataclass(frozen=True)
class Boot:
    emulator: str  # its version: it decides how much time instructions take
    said: str  # all that the console said


@dataclass(frozen=True)
class Golden:
    manifest: Manifest
    report: Json
    boot: Boot | None  # None: nothing here emulates the board


@dataclass(frozen=True)
class Differences:
    wrong: tuple[str, ...]  # in words
    open: tuple[str, ...]  # what can't be compared, by name
    why_open: tuple[str, ...]


def kept_report(report: Json) -> Json:
    """What is kept of a report.json: not what tells of files, which the manifest does, or is the
    same in every report."""
    left = {name: value for name, value in report.items() if name != "exits"}
    audit = report["audit"] and {"result": report["audit"]["result"]}
    return {**left, "hash": _ANY_HASH, "files": [], "audit": audit}


def kept_words(said: str, input_hash: str) -> str:
    """A transcript without what changes with every input."""
    return said.replace(input_hash[:16], _ANY_HASH[:16])


def differences(kept: Golden, made: Golden) -> Differences:
    parts = compare(kept.manifest, made.manifest)
    why = list(toolchain_changes(kept.manifest, made.manifest))
    wrong = _report_lines(kept, made, bool(why))
    wrong += [f"bytes: {text}" for text in parts.different]
    open_ = list(parts.not_comparable)
    if made.boot is None:
        wrong += ["console: a boot, now no boot was kept"] if kept.boot is not None else []
    elif kept.boot is None:
        open_.append("console")
        why.append("no boot was kept")
    elif open_ or kept.boot.emulator != made.boot.emulator:
        open_.append("console")
        if kept.boot.emulator != made.boot.emulator:
            why.append(f"{kept.boot.emulator}, now {made.boot.emulator}")
    else:
        wrong += _console_lines(kept.boot.said, made.boot.said)
    return Differences(tuple(wrong), tuple(open_), tuple(why))


def _report_lines(kept: Golden, made: Golden, other_compiler: bool) -> list[str]:
    new = made.report
    if other_compiler:
        new = {**new, **{name: kept.report[name] for name in _OF_COMPILER}}
    found = diff(kept.report, new)
    return [] if found.is_empty else diff_text(found).splitlines()


def _console_lines(old: str, new: str) -> Iterable[str]:
    if old == new:
        return
    before, after = _voices(old), _voices(new)
    told = False
    for voice in dict.fromkeys([*before, *after]):
        was, now = before.get(voice, []), after.get(voice, [])
        if was != now:
            told = True
            yield f"console of {voice or 'no voice'}: says something else"
            lines = difflib.unified_diff(was, now, "kept", "made", n=1, lineterm="")
            yield from (f"    {line}" for line in lines if not line.startswith(("---", "+++")))
    if not told:
        yield "console: every voice says the same, in another order"


def _voices(said: str) -> dict[str, list[str]]:
    """The lines of each voice; a line that another voice cut in two counts as two."""
    found: dict[str, list[str]] = {}
    for line in said.splitlines():
        match = _VOICE.fullmatch(line)
        voice, text = match.groups() if match else ("", line)
        found.setdefault(voice, []).append(text)
    return found
