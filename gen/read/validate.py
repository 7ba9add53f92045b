# SPDX-License-Identifier: Apache-2.0
"""Items checked against the tables of gen/read/keys.py and turned into typed values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gen.diagnostics import Report, Where
from gen.read.homes import home_of
from gen.read.keys import (
    ADDRESS_LIMIT,
    NAME,
    Form,
    Key,
    Kind,
    Table,
    parse_size,
    parse_time,
)
from gen.read.suggest import did_you_mean, nearest
from gen.read.toml_file import TOLD, Item

_BAD = object()  # told already
# What Linux takes in one name and, its NUL included, in one path.
NAME_BYTES = 255
PATH_BYTES = 4096


@dataclass
class Values:
    """A table's typed values: int bytes, int ms, absolute Path, str, bool, Values, lists of
    these. What was wrong is absent, and its key is in `told`."""

    where: Where
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Where] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def at(self, key: str) -> Where:
        return self.places.get(key, self.where)

    def wrote(self, key: str) -> bool:
        """Whether the user gave this key, right or wrong."""
        return key in self.places


def read_table(
    item: Item, table: Table, label: str, report: Report, partial: bool = False
) -> Values:
    """Typed values of a table. `label` names it in messages ("vm.linux"); every wrong and unknown
    key is reported, and unless `partial` every missing one."""
    values = Values(item.where)
    known = [key.name for key in table.keys]
    for name, entry in item.value.items():
        key = table.key(name)
        values.places[name] = entry.where
        if key is None:
            _unknown(name, entry, table, label, report)
            meant = nearest(name, known)
            if meant is not None and meant not in item.value:  # then that one is not missing
                values.places[meant] = entry.where
                values.told.add(meant)
        else:
            told = len(report.errors)
            value = _read_key(entry, key, _join(label, name), report)
            if len(report.errors) > told or entry.is_told:
                values.told.add(name)
            if value is not _BAD:
                values.values[name] = value
    for key in table.keys:
        if key.required and not partial and not values.wrote(key.name):
            report.error(
                "key-missing",
                item.where,
                f"{_join(label, key.name)} is missing. {key.doc}",
                f"add {key.name} = {key.example}" if key.example else f"add {_header(key)}",
            )
    return values


def _join(label: str, name: str) -> str:
    return f"{label}.{name}" if label else name


def _unknown(name: str, entry: Item, table: Table, label: str, report: Report) -> None:
    report.error(
        "key-unknown",
        entry.where,
        f"{_join(label, name)} = {show(entry)}: there is no such key in "
        + (f"[{table.name}]" if table.name else "the file"),
        _cure_of_unknown(name, table),
    )


def _cure_of_unknown(name: str, table: Table) -> str:
    """The tables that have it, the key that may have been meant, or what the table has."""
    home, known = home_of(name, table), [key.name for key in table.keys]
    meant = nearest(name, known)
    if not home:
        return did_you_mean(name, known)
    return f'{home}; or did you mean "{meant}"?' if meant else home


def show(item: Item) -> str:
    """A value as a message shows it: TOML-like and short."""
    return short(_toml(item.plain()))


def short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + "}"
    return str(value)


def _read_key(item: Item, key: Key, label: str, report: Report) -> Any:
    if not key.many:
        return _read_value(item, key, label, report)
    if item.value is TOLD:
        return _BAD
    if not item.is_array:
        _wrong_type(item, key, key.words, label, report)
        return _BAD
    values = [
        _read_value(entry, key, f"{label}[{_entry_name(entry, index)}]", report)
        for index, entry in enumerate(item.value)
    ]
    return [value for value in values if value is not _BAD]


def _entry_name(entry: Item, index: int) -> str:
    name = entry.get("name")
    return short(name.value) if name is not None and isinstance(name.value, str) else str(index)


def _read_value(item: Item, key: Key, label: str, report: Report) -> Any:
    """The value by the first form whose TOML type fits."""
    if item.value is TOLD:
        return _BAD
    form = _form(item, key)
    if form is None:
        _wrong_type(item, key, key.element_words, label, report)
        return _BAD
    if form.kind == "table":
        assert form.table is not None
        return read_table(item, form.table, label.replace("[", ".").replace("]", ""), report)
    if form.kind == "free":
        return {name: entry.plain() for name, entry in item.value.items()}
    value = item.value
    if form.kind == "path":
        wrong = _path_defect(value)
        if not wrong:
            return Path(item.base, value)
        report.error(
            "bad-value", item.where, f"{label} {wrong}", f"write {key.name} = {key.example}"
        )
        return _BAD
    if form.kind == "board":
        return str(Path(item.base, value).absolute()) if _is_path(value) else value
    if form.kind in ("int", "size", "address", "time"):
        return _read_number(item, form.kind, key, label, report)
    return _read_word(item, form, label, report)


def _path_defect(value: str) -> str:
    """Why no file can be called so; "" where one can."""
    if not value:
        return "is empty"
    if "\0" in value:
        return "has a NUL, which no path has"
    if any(len(name.encode()) > NAME_BYTES for name in value.split("/")):
        return f"has a name of more than {NAME_BYTES} bytes"
    return "has more than 4095 bytes" if len(value.encode()) >= PATH_BYTES else ""


def _is_path(board: str) -> bool:
    return "/" in board or board.startswith(".")


def _form(item: Item, key: Key) -> Form | None:
    """The first form that takes the item's TOML type; an enum gives way to a later form when it
    does not have the word."""
    fitting = [form for form in key.forms if _fits(item, form)]
    for form in fitting[:-1]:
        if form.kind != "enum" or item.value in form.values + form.later:
            return form
    return fitting[-1] if fitting else None


def _fits(item: Item, form: Form) -> bool:
    value = item.value
    if form.kind in ("text", "name", "enum", "path", "board", "time"):
        return isinstance(value, str)
    if form.kind == "bool":
        return isinstance(value, bool)
    if form.kind == "false":
        return value is False
    if form.kind in ("size", "address"):
        return isinstance(value, (int, str)) and not isinstance(value, bool)
    if form.kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return item.is_table


def _wrong_type(item: Item, key: Key, words: str, label: str, report: Report) -> None:
    report.error(
        "wrong-type",
        item.where,
        f"{label} = {show(item)}: expected {words}",
        f"write {key.name} = {key.example}" if key.example else f"write {_header(key)}",
    )


def _header(key: Key) -> str:
    return f"[[{key.name}]]" if key.many else f"[{key.name}]"


def _read_number(item: Item, kind: Kind, key: Key, label: str, report: Report) -> Any:
    number: int | None = item.value if isinstance(item.value, int) else None
    if number is None:
        number = parse_time(item.value) if kind == "time" else parse_size(item.value)
    if number is None:
        report.error(
            "bad-value",
            item.where,
            f"{label} = {show(item)}: expected {key.element_words}",
            f"write {key.name} = {key.example}",
        )
        return _BAD
    if not key.minimum <= number <= key.maximum:
        shown = short(hex(number)) if kind == "address" and number >= 0 else show(item)
        limit = (
            f"at least {key.minimum}"
            if number < key.minimum
            else f"at most {hex(key.maximum) if key.maximum == ADDRESS_LIMIT else key.maximum}"
        )
        report.error(
            "out-of-range",
            item.where,
            f"{label} = {shown}: must be {limit}",
            f"for example {key.name} = {key.example}",
        )
        return _BAD
    return number


def _read_word(item: Item, form: Form, label: str, report: Report) -> Any:
    value = item.value
    if form.kind == "name" and not NAME.fullmatch(value):
        report.error(
            "bad-name",
            item.where,
            f"{label} = {show(item)}: expected {form.words}",
            "choose another name",
        )
        return _BAD
    if form.kind != "enum" or value in form.values:
        return value
    if value in form.later:
        report.error(
            "not-available",
            item.where,
            f'{label} = "{value}" is not available in this version',
            f"choose {form.words}",
        )
        return _BAD
    report.error(
        "bad-value",
        item.where,
        f'{label} = "{value}": expected {form.words}',
        did_you_mean(value, form.values),
    )
    return _BAD
