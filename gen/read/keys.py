# SPDX-License-Identifier: Apache-2.0
"""What a key of a TOML file may hold. Tables of these are the one source of the validator, the
editor schema, the reference page and `--explain KEY`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gen.ranges import GIB, KIB, MIB, size_text

Kind = Literal[
    "text",  # any string
    "name",  # a name: letters, digits, - and _
    "enum",  # one of `values`
    "int",
    "bool",
    "false",  # the word false alone
    "size",  # bytes, or "64K", "16M", "1G"
    "address",  # bytes
    "time",  # "500ms", "30s", "5m": milliseconds
    "path",  # relative to the file that names it
    "board",  # a board's name, or a path (with a / or a leading .)
    "table",
    "free",  # a table whose keys are the user's own, with scalar values
]

KIND_WORDS: dict[str, str] = {
    "text": "a string",
    "name": "a name (a letter, then letters, digits, - or _; at most 31)",
    "int": "a whole number",
    "bool": "true or false",
    "false": "false",
    "size": 'a size ("64K", "16M", "1G", or bytes)',
    "address": "an address (0x4000_0000)",
    "time": 'a time with its unit ("500ms", "30s", "5m")',
    "path": "a path (a string)",
    "board": "a board's name or a path",
    "table": "a table",
    "free": "a table",
}

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")
SIZE = re.compile(r"(0[xX][0-9a-fA-F_]+|[0-9][0-9_]*)([KMG]?)")
TIME = re.compile(r"([0-9]+)(ms|s|m)")
SIZE_UNITS = {"": 1, "K": KIB, "M": MIB, "G": GIB}
TIME_UNITS = {"ms": 1, "s": 1000, "m": 60_000}
ADDRESS_LIMIT = 1 << 52  # the architecture's largest physical address space


@dataclass(frozen=True)
class Form:
    """One form that a value may have. `values`: the words of an enum; the JSON types of a free
    table's values. `later`: words that the file format knows and this version cannot do yet."""

    kind: Kind
    values: tuple[str, ...] = ()
    table: Table | None = None
    later: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        if self.kind == "enum":
            return " | ".join(f'"{value}"' for value in self.values)
        return KIND_WORDS[self.kind]


@dataclass(frozen=True)
class Key:
    """One key. `many`: an array of such values."""

    name: str
    forms: tuple[Form, ...]
    doc: str
    example: str = ""  # TOML text
    default: str = ""  # TOML text, or words; empty: nothing
    many: bool = False
    required: bool = False
    minimum: int = 0
    maximum: int = ADDRESS_LIMIT

    @property
    def element_words(self) -> str:
        """What one value takes, for messages and the reference."""
        return " or ".join(form.words for form in self.forms)

    @property
    def words(self) -> str:
        return f"an array, each {self.element_words}" if self.many else self.element_words


@dataclass(frozen=True)
class Table:
    """A table's keys. `name` is the path that documentation shows ("vm.memory")."""

    name: str
    doc: str
    keys: tuple[Key, ...]

    def key(self, name: str) -> Key | None:
        return next((key for key in self.keys if key.name == name), None)


def all_tables(root: Table) -> list[Table]:
    """Every table below `root`, outer before inner, once."""
    found: list[Table] = []
    pending = [root]
    while pending:
        one = pending.pop(0)
        found.append(one)
        inner = [form.table for key in one.keys for form in key.forms if form.table is not None]
        pending = inner + pending
    return found


def scalar(kind: Kind) -> tuple[Form, ...]:
    return (Form(kind),)


def enum(*values: str, later: tuple[str, ...] = ()) -> tuple[Form, ...]:
    return (Form("enum", values, None, later),)


def table(content: Table) -> tuple[Form, ...]:
    return (Form("table", (), content),)


def parse_size(text: str) -> int | None:
    """Bytes of "64K", "0x4000_0000" or "4096"; None if it is no size."""
    match = SIZE.fullmatch(text.strip())
    if match is None:
        return None
    digits = match.group(1).replace("_", "")
    if not digits.lower().removeprefix("0x"):
        return None
    return int(digits, 16 if digits[:2].lower() == "0x" else 10) * SIZE_UNITS[match.group(2)]


def parse_time(text: str) -> int | None:
    """Milliseconds of "500ms", "30s" or "5m"; None if it is no time."""
    match = TIME.fullmatch(text.strip())
    return int(match.group(1)) * TIME_UNITS[match.group(2)] if match else None


def show_size(size: int) -> str:
    """A size as the file writes it: "16M", "64K", "100"."""
    return size_text(size).removesuffix(" bytes")
