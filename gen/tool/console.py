# SPDX-License-Identifier: Apache-2.0
"""What a run says: the board's UART taken apart into voices ("[name] text"), kept in one log a
voice, and judged against the deployment's [test] expect."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

_LINE = re.compile(rb"\[([^\]\s]+)\](\+?) ?(.*)", re.DOTALL)
_ANY = ""  # the voice of an entry that names none


@dataclass
class _Queue:
    """The entries for one voice, in order; at: how far the line being written is used up."""

    wanted: list[bytes]
    at: int = 0

    def see(self, text: bytes) -> None:
        while self.wanted:
            found = text.find(self.wanted[0], self.at)
            if found < 0:
                return
            self.at = found + len(self.wanted.pop(0))


def split_entry(entry: str, voices: tuple[str, ...]) -> tuple[str, str]:
    """An entry of [test] expect: "control: ready" is for the voice control, if there is one."""
    voice, colon, text = entry.partition(":")
    if colon and voice.strip() in voices:
        return voice.strip(), text.strip()
    return _ANY, entry


@dataclass
class Transcript:
    """Fed with what the UART sends. Entries match inside a line of their voice; an entry without a
    voice matches inside any line, prefix included."""

    voices: tuple[str, ...]
    expect: tuple[str, ...]
    folder: Path
    failed: str = ""  # the line of a panic of the hypervisor
    _queues: dict[str, _Queue] = field(default_factory=dict)
    _logs: dict[str, BinaryIO] = field(default_factory=dict)
    _line: bytes = b""

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
            for queue in self._queues.values():
                queue.at = 0
        self._line = rest
        if rest:
            self._see(rest, complete=False)

    def _see(self, line: bytes, complete: bool) -> None:
        """Judges a line; a prompt is judged before its line ends."""
        self._judge(_ANY, line)
        match = _LINE.fullmatch(line)
        name = match.group(1).decode(errors="replace") if match else ""
        if match is None or name not in self.voices:
            self._watch(line)
            return
        self._judge(name, match.group(3))
        if name == self.voices[0]:
            self._watch(match.group(3))
        if complete:
            self._log(name).write(match.group(3) + b"\n")

    def _watch(self, text: bytes) -> None:
        """The hypervisor's own words: a panic ends the run."""
        if text.startswith(b"panic: "):
            self.failed = text.decode(errors="replace")

    def _judge(self, voice: str, text: bytes) -> None:
        queue = self._queues.get(voice)
        if queue is not None:
            queue.see(text)

    def _log(self, voice: str) -> BinaryIO:
        if voice not in self._logs:
            name = f"console-{voice}.log" if voice else "console.log"
            self._logs[voice] = (self.folder / name).open("wb")
        return self._logs[voice]

    @property
    def missing(self) -> list[str]:
        """The first entry of each voice that was not seen yet."""
        return [
            f"{voice}: {queue.wanted[0].decode()}" if voice else queue.wanted[0].decode()
            for voice, queue in self._queues.items()
            if queue.wanted
        ]

    def close(self) -> None:
        for log in self._logs.values():
            log.close()
        self._logs.clear()
