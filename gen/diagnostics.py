# SPDX-License-Identifier: Apache-2.0
"""How every stage reports what is wrong: collected, all told in one go, with place and cure."""

from __future__ import annotations

from collections.abc import Sequence, Set
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
    GOLDEN = 8


@dataclass(frozen=True)
class Where:
    """A place in a file the user wrote. line is 1-based; 0: the file as a whole."""

    file: Path
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else str(self.file)


SETUP = "./build.py --setup"
NOWHERE = Where(Path("(built in)"))
MISSING_FILE = "E-file-missing"


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


def first_few(names: Sequence[str], shown: int = 4) -> str:
    """Names for a message: those that are `shown`, and how many more."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


class Failure(Exception):
    """Ends the command: carries the exit status and what to tell."""

    def __init__(
        self, status: Exit, message: str, diagnostics: tuple[Diagnostic, ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.diagnostics = diagnostics


def missing(what: str) -> Failure:
    """What --setup installs is not there."""
    return Failure(Exit.MISSING, f"{what} is missing; run: {SETUP}")


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

    def blames(self, places: Set[Where]) -> bool:
        """Whether an error found so far stands at one of these places, or names one as the other
        party's: then what stands there is not sound, and what follows from it not judged."""
        named = {place for d in self.errors for place in (d.where, d.other)} - {NOWHERE}
        return not named.isdisjoint(places)

    def failure(self) -> Failure | None:
        """What ends the command, if anything found so far is an error. Files that are not there are
        no fault of the configuration, unless it has others."""
        count = len(self.errors)
        if count == 0:
            return None
        lacks = all(d.code == MISSING_FILE for d in self.errors)
        status = Exit.MISSING if lacks else Exit.CONFIG
        return Failure(status, f"{count} error{'s' if count > 1 else ''}", tuple(self.found))

    def stop_on_errors(self) -> None:
        failure = self.failure()
        if failure is not None:
            raise failure
