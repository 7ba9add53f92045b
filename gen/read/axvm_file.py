# SPDX-License-Identifier: Apache-2.0
"""AxVM's VM file, from text to typed values and rows that know their place. What AxVM's own reader
(serde) takes is taken: tuples and tables, any order. What it drops silently is an error."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gen.diagnostics import Report, Where
from gen.read.axvm_schema import (
    ADDRESS_ROW,
    EMU_ROW,
    MEMORY_ROW,
    PASSTHROUGH_ROW,
    RENAMED,
    ROW_KEYS,
    TABLES,
    WORD,
    RowField,
    RowShape,
)
from gen.read.suggest import did_you_mean
from gen.read.toml_file import Item, read_toml
from gen.read.validate import Values, read_table, show


@dataclass(frozen=True)
class MemoryRow:
    gpa: int
    size: int
    flags: int
    map_type: int
    where: Where


@dataclass(frozen=True)
class EmuRow:
    name: str
    gpa: int
    size: int
    irq: int
    type: int
    cfg: tuple[int, ...]
    where: Where


@dataclass(frozen=True)
class PassthroughRow:
    """Five fields, or a path of the device tree alone."""

    name: str
    gpa: int
    hpa: int
    size: int
    irq: int
    is_path: bool
    where: Where


@dataclass(frozen=True)
class AddressRow:
    gpa: int
    size: int
    where: Where


@dataclass(frozen=True)
class AxVm:
    """One file. A row that was wrong is told and absent."""

    file: Path
    where: Where
    base: Values
    kernel: Values
    devices: Values
    memory: tuple[MemoryRow, ...]
    memory_is_told: bool  # something in its rows was wrong
    memory_where: Where
    emulated: tuple[EmuRow, ...]
    passthrough: tuple[PassthroughRow, ...]
    addresses: tuple[AddressRow, ...]
    excluded: tuple[tuple[str, Where], ...]


def read_axvm(path: Path, report: Report, blame: Where) -> AxVm | None:
    """The file's content; None where it can't be read at all. `blame`: who names it."""
    item = read_toml(path, report, blame)
    if item is None:
        return None
    _tell_unknown(item, tuple(TABLES), "the file", report)
    values = {name: _table(item, name, report) for name in TABLES}
    kernel, devices = item.get("kernel"), item.get("devices")
    errors = len(report.errors)
    memory = _rows(kernel, MEMORY_ROW, report) or []
    told = len(report.errors) > errors
    region_key = kernel.get("memory_regions") if kernel is not None else None
    return AxVm(
        file=path,
        where=item.where,
        base=values["base"],
        kernel=values["kernel"],
        devices=values["devices"],
        memory=tuple(MemoryRow(*row) for row in memory),
        memory_is_told=told,
        memory_where=region_key.where if region_key is not None else values["kernel"].where,
        emulated=tuple(_emulated(row) for row in _rows(devices, EMU_ROW, report) or ()),
        passthrough=tuple(
            _passthrough(row) for row in _rows(devices, PASSTHROUGH_ROW, report) or ()
        ),
        addresses=tuple(AddressRow(*row) for row in _rows(devices, ADDRESS_ROW, report) or ()),
        excluded=_excluded(devices, report),
    )


def _tell_unknown(item: Item, known: tuple[str, ...], place: str, report: Report) -> None:
    """Keys that there are not. AxVM's reader drops them."""
    for name, entry in item.value.items():
        if name not in known:
            report.error(
                "axvm-key-unknown",
                entry.where,
                f"{name} = {show(entry)}: AxVM has no such key in {place}. It would ignore it "
                "silently and use its default; here nothing is ignored",
                f"older versions had it: today it is {RENAMED[name]} = [...]"
                if name in RENAMED
                else did_you_mean(name, known),
            )


def _table(item: Item, name: str, report: Report) -> Values:
    """Typed scalars of one table. Empty strings count as absent, as their authors mean them."""
    table = item.get(name)
    if table is None:
        return Values(item.where)
    if not table.is_table:
        report.error(
            "wrong-type",
            table.where,
            f"{name} = {show(table)}: expected a table",
            f"write [{name}]",
        )
        return Values(table.where)
    names = tuple(key.name for key in TABLES[name].keys)
    _tell_unknown(table, names + ROW_KEYS[name], f"[{name}]", report)
    kept = {key: entry for key, entry in table.value.items() if key in names and entry.value != ""}
    kept_item = Item(kept, table.where, table.base)
    values = read_table(kept_item, TABLES[name], name, report, partial=True)
    values.told |= {new for old, new in RENAMED.items() if old in table.value}
    return values


def _rows(table: Item | None, shape: RowShape, report: Report) -> list[list[Any]] | None:
    """Every row as its fields and its place, last; wrong rows are left out."""
    listed = table.get(shape.key) if table is not None else None
    if listed is None:
        return None
    if not listed.is_array:
        report.error(
            "wrong-type",
            listed.where,
            f"{shape.key} = {show(listed)}: expected an array of rows",
            f"write {shape.key} = [{shape.example}]",
        )
        return None
    rows = []
    for entry in listed.value:
        row = _row(entry, shape, report)
        if row is not None:
            rows.append([*row, entry.where])
    return rows


def _row(entry: Item, shape: RowShape, report: Report) -> list[Any] | None:
    names = tuple(field.name for field in shape.fields)
    if entry.is_table:
        _tell_unknown(entry, names, f"a row of {shape.key}", report)
        found = [entry.get(name) for name in names]
    elif entry.is_array:
        found = [*entry.value, *[None] * len(names)][: max(len(names), len(entry.value))]
    else:
        found = []
    given = tuple(value is not None for value in found)
    if given not in [tuple(n < length for n in range(len(names))) for length in shape.lengths]:
        counts = " or ".join(map(str, shape.lengths))
        report.error(
            "axvm-row",
            entry.where,
            f"{shape.key}: the row {show(entry)} has {sum(given)} fields, and AxVM's rows have "
            f"{counts}: it would refuse the file, or take 0 for what is missing",
            f"write {shape.example}",
        )
        return None
    row = [_field(f, value, shape, report) for f, value in zip(shape.fields, found)]
    return None if any(value is _BAD for value in row) else row


_BAD = object()  # told already
_EMPTY: dict[str, Any] = {"text": "", "int": 0, "ints": ()}


def _field(field: RowField, item: Item | None, shape: RowShape, report: Report) -> Any:
    if item is None:
        return _EMPTY[field.kind]
    value = item.plain()
    numbers = value if field.kind == "ints" and isinstance(value, list) else [value]
    is_right = (
        isinstance(value, str) and bool(value)
        if field.kind == "text"
        else isinstance(value, list) == (field.kind == "ints")
        and all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
    )
    if not is_right:
        words = {"text": "a name", "int": "a whole number", "ints": "an array of whole numbers"}
        report.error(
            "wrong-type",
            item.where,
            f"{shape.key}: {field.name} = {show(item)}: expected {words[field.kind]}",
            f"write {shape.example}",
        )
        return _BAD
    if field.kind != "text" and any(not 0 <= n <= WORD for n in numbers):
        report.error(
            "out-of-range",
            item.where,
            f"{shape.key}: {field.name} = {show(item)}: must be 0 to {WORD:#_x}",
            "correct the number",
        )
        return _BAD
    return value


def _emulated(row: list[Any]) -> EmuRow:
    name, gpa, size, irq, kind, cfg, where = row
    return EmuRow(name, gpa, size, irq, kind, tuple(cfg), where)


def _passthrough(row: list[Any]) -> PassthroughRow:
    name, gpa, hpa, size, irq, where = row
    return PassthroughRow(name, gpa, hpa, size, irq, not (gpa or hpa or size or irq), where)


def _excluded(devices: Item | None, report: Report) -> tuple[tuple[str, Where], ...]:
    """excluded_devices is an array of arrays of paths."""
    listed = devices.get("excluded_devices") if devices is not None else None
    if listed is None:
        return ()
    found: list[tuple[str, Where]] = []
    for group in listed.value if listed.is_array else [listed]:
        paths = group.value if group.is_array else [group]
        if not group.is_array or not all(isinstance(path.value, str) for path in paths):
            report.error(
                "wrong-type",
                group.where,
                f"excluded_devices: {show(group)}: expected an array of paths",
                'write excluded_devices = [["/path"]]',
            )
            continue
        found += [(path.value, path.where) for path in paths]
    return tuple(found)
