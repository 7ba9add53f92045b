# SPDX-License-Identifier: Apache-2.0
"""TOML files as values that know their place, merged over includes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gen.diagnostics import Report, Where
from gen.read import toml_lines

# An Item's value that can't be known, which was told; its place is what is to blame.
TOLD = object()


@dataclass(frozen=True)
class Item:
    """A value with its place. `value` is a scalar, dict[str, Item] or list[Item]; relative paths
    in it start from `base`."""

    value: Any
    where: Where
    base: Path

    @property
    def is_table(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_array(self) -> bool:
        return isinstance(self.value, list)

    @property
    def is_told(self) -> bool:
        """Whether the value, or something in it, can't be known."""
        return self.value is TOLD or any(part.is_told for part in self._parts())

    def _parts(self) -> Iterable[Item]:
        parts: Iterable[Item] = ()
        if self.is_table or self.is_array:
            parts = self.value.values() if self.is_table else self.value
        return parts

    def places(self) -> set[Where]:
        """Of the value and of all in it."""
        return {self.where}.union(*(part.places() for part in self._parts()))

    def get(self, key: str) -> Item | None:
        found = self.value.get(key) if self.is_table else None
        return found if isinstance(found, Item) else None

    def plain(self) -> Any:
        """The value without places."""
        if self.is_table:
            return {key: item.plain() for key, item in self.value.items()}
        if self.is_array:
            return [item.plain() for item in self.value]
        return self.value


def read_toml(path: Path, report: Report, blame: Where | None = None) -> Item | None:
    """The file as an Item; None after an error. `blame`: who names this file."""
    try:
        text = path.read_bytes().decode("utf-8")
        if text.startswith("\ufeff"):
            _refuse_mark(path, report)
            return None
        data = tomllib.loads(text)
    except OSError as error:
        report.error(
            "file-missing",
            blame or Where(path),
            f"{path}: cannot be read: {error.strerror}",
            f"did you mean {path.name}.toml?" if _is_without_ending(path) else "correct the path",
        )
        return None
    except UnicodeDecodeError as error:
        report.error(
            "toml-syntax", Where(path), f"not UTF-8 text (byte {error.start})", "save it as UTF-8"
        )
        return None
    except tomllib.TOMLDecodeError as error:
        words, cure = _sentence(error)
        report.error("toml-syntax", Where(path, _error_line(text, str(error))), words, cure)
        return None
    except RecursionError:
        deep = "tables or arrays are nested too deep"
        report.error("toml-syntax", Where(path), deep, "no key needs more than three levels")
        return None
    return _place(data, (), toml_lines.locate(text), Where(path))


def _refuse_mark(path: Path, report: Report) -> None:
    report.error(
        "toml-syntax",
        Where(path, 1),
        "the file begins with a byte order mark",
        'save it as "UTF-8", not as "UTF-8 with BOM"',
    )


def _is_without_ending(path: Path) -> bool:
    return path.with_name(f"{path.name}.toml").is_file() if path.name else False


def _error_line(text: str, message: str) -> int:
    match = re.search(r"\(at line (\d+), column \d+\)", message)
    if match:
        return int(match.group(1))
    return text.rstrip("\n").count("\n") + 1


_TOML_CURES = (  # what tomllib says, and what it mostly is
    ("Cannot overwrite a value", "this key or table is there already: keep one of the two"),
    ("Cannot declare", "this table is there already: put its keys together, or write [[...]]"),
    ("Illegal character '\\n'", 'end the string on its line with "'),
    ("Unterminated string", 'end the string with "'),
    ("Unclosed array", "separate the entries by commas, and end them with ]"),
    (
        "Invalid initial character for a key part",
        "an inline table stands on one line, without a comma at its end; or write it as [table]",
    ),
    ("Unclosed inline table", "an inline table stands on one line; or write it as [table]"),
    ("Invalid value", "strings need quotes; words without are true and false"),
    ("Expected newline", 'sizes and times need quotes: "16M", "500ms"'),
    ("Expected '='", "write KEY = VALUE, or [table]"),
    ("Invalid statement", "write KEY = VALUE, [table] or # a comment"),
)


def _sentence(error: tomllib.TOMLDecodeError) -> tuple[str, str]:
    """The message, and its cure."""
    cures = (cure for words, cure in _TOML_CURES if str(error).startswith(words))
    return f"TOML syntax: {error}", next(cures, "correct this line; strings need quotes")


def _place(data: Any, path: toml_lines.Path, lines: dict[toml_lines.Path, int], up: Where) -> Item:
    where = Where(up.file, lines.get(path, up.line))
    base = up.file.parent
    if isinstance(data, dict):
        table = {key: _place(value, path + (key,), lines, where) for key, value in data.items()}
        return Item(table, where, base)
    if isinstance(data, list):
        array = [_place(value, path + (i,), lines, where) for i, value in enumerate(data)]
        return Item(array, where, base)
    return Item(data, where, base)


# Keys of which a table holds one: the one that a later layer sets takes the other's place.
ALTERNATIVES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("ram",), ("memory",)),
    (("unikernel",), ("kernel", "initrd")),
    (("from", "to"), ("peers",)),
)


def merge(under: Item, over: Item) -> Item:
    """Tables by key, arrays of named tables by name; everything else: `over` wins. A table stands
    where `over` has it, unless that is no place in a file (`--set`)."""
    if under.is_table and over.is_table:
        table = {key: item for key, item in under.value.items() if not _replaced(key, over)}
        for key, item in over.value.items():
            table[key] = merge(table[key], item) if key in table else item
        return Item(table, over.where if over.where.line else under.where, over.base)
    if _is_named(under) and _is_named(over) and over.value:
        return Item(_merge_named(under.value, over.value), over.where, over.base)
    return over


def _replaced(key: str, over: Item) -> bool:
    for one, other in ALTERNATIVES:
        if key in one and any(name in over.value for name in other):
            return True
        if key in other and any(name in over.value for name in one):
            return True
    return False


def _is_named(item: Item) -> bool:
    return item.is_array and all(entry.get("name") is not None for entry in item.value)


def _merge_named(under: Sequence[Item], over: Sequence[Item]) -> list[Item]:
    merged = list(under)
    for item in over:
        name = item.value["name"].value
        at = next((i for i, old in enumerate(merged) if old.value["name"].value == name), None)
        if at is None:
            merged.append(item)
        else:
            known = {key: value for key, value in item.value.items() if key != "name"}
            merged[at] = merge(merged[at], Item(known, item.where, item.base))
    return merged


def read_with_includes(path: Path, report: Report) -> tuple[Item | None, tuple[Path, ...]]:
    """The file merged over those it includes, None unless all could be read; every file that was
    read."""
    sources: list[Path] = []
    lost = Report()  # what a file that can't be had would have said, nobody knows
    item = _read_layer(path.absolute(), report, lost, (), None, sources)
    report.found += lost.found
    return None if lost.errors else item, tuple(sources)


def _read_layer(
    path: Path,
    report: Report,
    lost: Report,
    chain: tuple[Path, ...],
    blame: Where | None,
    sources: list[Path],
) -> Item | None:
    if _resolved(path) in chain:
        lost.error(
            "include-cycle",
            blame or Where(path),
            f"{path} includes itself: " + " -> ".join(p.name for p in (*chain, path)),
            "remove one of these includes",
        )
        return None
    item = read_toml(path, lost, blame)
    if item is None:
        return None
    if path not in sources:
        sources.append(path)
    _check_names(item, report)
    merged: Item | None = None
    for included in _includes(item, lost):
        target = Path(included.base, included.value)
        more = (*chain, _resolved(path))
        layer = _read_layer(target, report, lost, more, included.where, sources)
        if layer is not None:
            merged = layer if merged is None else merge(merged, layer)
    own = Item({k: v for k, v in item.value.items() if k != "include"}, item.where, item.base)
    return own if merged is None else merge(merged, own)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except RuntimeError:  # symbolic links that lead to themselves: what reads it tells
        return path


def _includes(item: Item, lost: Report) -> list[Item]:
    listed = item.get("include")
    if listed is None:
        return []
    if listed.is_array and all(isinstance(entry.value, str) for entry in listed.value):
        return list(listed.value)
    lost.error(
        "wrong-type",
        listed.where,
        f"include is {listed.plain()!r}, expected an array of paths",
        'write include = ["common.toml"]',
    )
    return []


def _check_names(item: Item, report: Report) -> None:
    """Two of one name in one file (over files they are merged)."""
    for kind in ("vm", "channel"):
        array = item.get(kind)
        first: dict[Any, Item] = {}
        for entry in array.value if array is not None and array.is_array else ():
            name = entry.get("name")
            if name is None or not isinstance(name.value, str):
                continue
            if name.value in first:
                report.error(
                    "name-duplicate",
                    name.where,
                    f'two {kind} tables are named "{name.value}"',
                    "rename one of them",
                    first[name.value].where,
                )
            first.setdefault(name.value, name)
