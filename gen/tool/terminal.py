# SPDX-License-Identifier: Apache-2.0
"""What the user sees: progress while a build goes on (on a terminal by python3-rich, else plain
lines on stderr), results on stdout, findings as `file:line: error[CODE]: message`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gen.diagnostics import NOWHERE, Diagnostic, Failure, Where

if TYPE_CHECKING:
    from rich.status import Status


_IN_RED = ("W-dma-trusted",)  # warnings that give up isolation


class Terminal:
    """One command's voice. With `as_json` everything is collected into one object on stdout."""

    def __init__(self, verbose: bool = False, quiet: bool = False, as_json: bool = False) -> None:
        self.verbose = verbose
        self.quiet = quiet or as_json
        self.as_json = as_json
        self._status: Status | None = None
        self._result: dict[str, Any] = {}

    def step(self, text: str) -> None:
        """A stage begins."""
        if self.quiet:
            return
        if sys.stderr.isatty() and not self.verbose:
            self._spin(text)
        else:
            print(f"  {text}", file=sys.stderr, flush=True)

    def detail(self, text: str) -> None:
        """One file of a stage."""
        if self.verbose:
            print(f"    {text}", file=sys.stderr, flush=True)
        elif self._status is not None:
            self._status.update(text)

    def say(self, text: str) -> None:
        """A result."""
        self.pause()
        if not self.quiet:
            print(text, flush=True)

    def put(self, key: str, value: Any) -> None:
        """A result for --json."""
        self._result[key] = value

    def findings(self, found: Sequence[Diagnostic]) -> None:
        """Errors and warnings, errors last: they are what one reads first."""
        self.pause()
        if self.as_json:
            self.put("findings", [as_object(item) for item in found])
            return
        for item in sorted(found, key=lambda item: item.is_error):
            if item.is_error or not self.quiet:
                text = as_text(item)
                print(_red(text) if item.code in _IN_RED else text, file=sys.stderr)

    def failure(self, failure: Failure) -> None:
        self.findings(failure.diagnostics)
        self.put("message", failure.message)
        if not self.as_json:
            print(f"error: {failure.message}", file=sys.stderr)

    def finish(self, status: int) -> None:
        """The end of the command."""
        self.pause()
        if self.as_json:
            print(json.dumps({"status": status, **self._result}, indent=2, sort_keys=True))

    def pause(self) -> None:
        """Takes the progress off the terminal: something else writes there."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _spin(self, text: str) -> None:
        try:
            from rich.console import Console
        except ImportError:
            print(f"  {text}", file=sys.stderr, flush=True)
            return
        if self._status is None:
            self._status = Console(stderr=True).status(text)
            self._status.start()
        else:
            self._status.update(text)


def _red(text: str) -> str:
    return f"\033[31m{text}\033[0m" if sys.stderr.isatty() else text


def as_text(item: Diagnostic) -> str:
    kind = "error" if item.is_error else "warning"
    lines = [f"{_place(item.where)}: {kind}[{item.code}]: {item.message}"]
    if item.other is not None:
        lines.append(f"    {_place(item.other)}: the other party")
    if item.cure:
        lines.append(f"    cure: {item.cure}")
    return "\n".join(lines)


def as_object(item: Diagnostic) -> dict[str, Any]:
    found: dict[str, Any] = {
        "code": item.code,
        "file": str(item.where.file),
        "line": item.where.line,
        "message": item.message,
        "cure": item.cure,
    }
    if item.other is not None:
        found["other"] = {"file": str(item.other.file), "line": item.other.line}
    return found


def _place(where: Where) -> str:
    """A place as it can be clicked: relative where the file lies below the current directory."""
    if where == NOWHERE or not where.file.is_absolute():
        return str(where)
    here = Path(os.getcwd())
    if where.file.is_relative_to(here):
        return str(Where(where.file.relative_to(here), where.line))
    return str(where)
