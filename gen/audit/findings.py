# SPDX-License-Identifier: Apache-2.0
"""What the audit found: checks, each with what it shows or why it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Check:
    """One thing that is to be shown."""

    code: str  # "E-audit-…" of its failures, listed in gen/codes_audit.py
    title: str
    shown: str = ""  # with figures, when it passed
    failures: list[str] = field(default_factory=list)
    skipped: str = ""  # why it could not be looked at; "": it was

    def fail(self, message: str) -> None:
        if message not in self.failures:
            self.failures.append(message)

    def expect(self, holds: object, message: str) -> bool:
        """One condition; `message` says what is wrong where it does not hold."""
        if not holds:
            self.fail(message)
        return bool(holds)

    @property
    def result(self) -> str:
        if self.failures:
            return "fail"
        return "skipped" if self.skipped else "pass"

    def as_object(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "title": self.title,
            "result": self.result,
            "shown": self.shown if self.result == "pass" else "",
            "skipped": self.skipped,
            "failures": self.failures,
        }


class Findings:
    """The checks of one audit, in their order."""

    def __init__(self) -> None:
        self.checks: list[Check] = []

    @contextmanager
    def check(self, code: str, title: str) -> Iterator[Check]:
        """A check; what it can't read fails it, and the others go on."""
        check = Check(f"E-{code}", title)
        self.checks.append(check)
        try:
            yield check
        except Exception as error:  # whatever reading a damaged file may raise
            check.fail(f"cannot be read: {type(error).__name__}: {error}")

    @property
    def failed(self) -> bool:
        return any(check.failures for check in self.checks)
