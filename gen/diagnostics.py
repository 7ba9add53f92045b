# SPDX-License-Identifier: Apache-2.0
"""How every stage reports what is wrong: collected, all told in one go, with place and cure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path


class Exit(IntEnum):
    """Exit status of ./build.py."""

    OK = 0
    CONFIG = 1
    USAGE = 2
    MISSING = 3
    BUILD = 4
    AUDIT = 5
    GUEST = 6
    TIMEOUT = 7


@dataclass(frozen=True)
class Where:
    """A place in a file the user wrote. line is 1-based; 0: the file as a whole."""

    file: Path
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else str(self.file)


NOWHERE = Where(Path("(built in)"))


@dataclass(frozen=True)
class Diagnostic:
    """One finding. `code` is stable ("E-memory-overlap"; "W-..." for warnings), listed with its
    meaning in gen/codes.py, from which docs/errors.md and --explain are made."""

    code: str
    where: Where
    message: str  # names key, value, the limit it broke, and both parties of a conflict
    cure: str = ""  # the smallest change that cures it
    other: Where | None = None  # the other party's place

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E-")


class Failure(Exception):
    """Ends the command: carries the exit status and what to tell."""

    def __init__(
        self, status: Exit, message: str, diagnostics: tuple[Diagnostic, ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.diagnostics = diagnostics


@dataclass
class Report:
    """Collects the findings of all stages."""

    found: list[Diagnostic] = field(default_factory=list)

    def error(
        self, code: str, where: Where, message: str, cure: str = "", other: Where | None = None
    ) -> None:
        self._add(Diagnostic(f"E-{code}", where, message, cure, other))

    def warning(
        self, code: str, where: Where, message: str, cure: str = "", other: Where | None = None
    ) -> None:
        self._add(Diagnostic(f"W-{code}", where, message, cure, other))

    def _add(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self.found:
            self.found.append(diagnostic)

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self.found if d.is_error]

    def stop_on_errors(self) -> None:
        """Raises Failure(CONFIG) if anything found so far is an error."""
        if self.errors:
            count = len(self.errors)
            raise Failure(
                Exit.CONFIG, f"{count} error{'s' if count > 1 else ''}", tuple(self.found)
            )
