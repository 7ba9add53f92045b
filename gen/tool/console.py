# SPDX-License-Identifier: Apache-2.0
"""What a run says: the board's UART taken apart into voices ("[name] text"), kept in one log a
voice, and judged against the deployment's [test] expect."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

_LINE = re.compile(rb"\[([^\]\s]+)\](\+?)(?: (.*))?", re.DOTALL)
_ANY = ""  # the voice of an entry that names none, and of a line without a prefix


@dataclass
class _Queue:
    """The entries for one voice, in order; at: how far each voice's present line is used up."""

    wanted: list[bytes]
    at: dict[str, int] = field(default_factory=dict)

    def see(self, voice: str, text: bytes) -> None:
        while self.wanted:
            found = text.find(self.wanted[0], self.at.get(voice, 0))
            if found < 0:
                return
            self.at[voice] = found + len(self.wanted.pop(0))


def split_entry(entry: str, voices: tuple[str, ...]) -> tuple[str, str]:
    """An entry of [test] expect: "control: ready" is for the voice control, if there is one."""
    voice, colon, text = entry.partition(":")
    if colon and voice.strip() in voices:
        return voice.strip(), text.strip()
    return _ANY, entry


@dataclass
class Transcript:
    """Fed with what the UART sends. Entries match inside a line of their voice; an entry without a
    voice matches inside any line. A line that another voice cut in two ("[name]+ rest") is one."""

    voices: tuple[str, ...]
    expect: tuple[str, ...]
    folder: Path
    failed: str = ""  # the line of a panic of the hypervisor
    _queues: dict[str, _Queue] = field(default_factory=dict)
    _logs: dict[str, BinaryIO] = field(default_factory=dict)
    _said: dict[str, bytes] = field(default_factory=dict)  # each voice's last line
    _line: bytes = b""  # the line that is being received
    _before: bytes | None = None  # what its voice said of it before; None: its voice is not known

    def __post_init__(self) -> None:
        for entry in self.expect:
            voice, text = split_entry(entry, self.voices)
            self._queues.setdefault(voice, _Queue([])).wanted.append(text.encode())
        for old in self.folder.glob("console*.log"):
            old.unlink()

    def feed(self, data: bytes) -> None:
        self._log("").write(data)
        *ended, rest = (self._line + data).split(b"\n")
        for line in ended:
            self._see(line.rstrip(b"\r"), complete=True)
        self._line = rest
        if rest:
            self._see(rest, complete=False)

    def _see(self, line: bytes, complete: bool) -> None:
        """Judges a line; a prompt is judged before its line ends."""
        voice, goes_on, text = self._parse(line, complete)
        if not complete and voice == _ANY and line.startswith(b"["):
            return  # its prefix is not whole yet
        if self._before is None:
            if not goes_on:
                self._end_line(voice)
            self._before = self._said.get(voice, b"")
        whole = self._before + text
        for name in {voice, _ANY} & self._queues.keys():
            self._queues[name].see(voice, whole)
        if voice in (_ANY, *self.voices[:1]):
            self._watch(whole)
        if complete:
            self._said[voice] = whole
            self._before = None

    def _parse(self, line: bytes, complete: bool) -> tuple[str, bool, bytes]:
        """Voice, whether it goes on with its line, and text."""
        match = _LINE.fullmatch(line)
        if match is None or (match.group(3) is None and not complete):
            return _ANY, False, line
        name = match.group(1).decode(errors="replace")
        if name not in self.voices:
            return _ANY, False, line
        return name, bool(match.group(2)), match.group(3) or b""

    def _end_line(self, voice: str) -> None:
        """The voice's last line is whole: it goes to the log."""
        if voice in self._said and voice != _ANY:
            self._log(voice).write(self._said[voice] + b"\n")
        self._said.pop(voice, None)
        for queue in self._queues.values():
            queue.at.pop(voice, None)

    def _watch(self, text: bytes) -> None:
        """The hypervisor's own words: a panic ends the run."""
        if text.startswith(b"panic: "):
            self.failed = text.decode(errors="replace")

    def _log(self, voice: str) -> BinaryIO:
        if voice not in self._logs:
            name = f"console-{voice}.log" if voice else "console.log"
            self._logs[voice] = (self.folder / name).open("wb")
        return self._logs[voice]

    @property
    def idle(self) -> bool:
        """Whether the last line that came is whole."""
        return not self._line

    @property
    def missing(self) -> list[str]:
        """The first entry of each voice that was not seen yet."""
        return [
            f"{voice}: {queue.wanted[0].decode()}" if voice else queue.wanted[0].decode()
            for voice, queue in self._queues.items()
            if queue.wanted
        ]

    def close(self) -> None:
        for voice in list(self._said):
            self._end_line(voice)
        for log in self._logs.values():
            log.close()
        self._logs.clear()
