# SPDX-License-Identifier: Apache-2.0
"""`--set KEY=VALUE` and `${name}`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gen.diagnostics import Report, Where
from gen.read.suggest import did_you_mean
from gen.read.toml_file import TOLD, Item, merge

_REFERENCE = re.compile(r"\$\$|\$\{([^}]*)\}")
_NAMED = ("vm", "channel")  # arrays of tables addressed by name: vm.linux.ram


def apply_sets(root: Item, sets: Sequence[str], report: Report) -> Item:
    """The file with every `--set` merged over it. Relative paths in them start from the current
    directory."""
    for text in sets:
        where = Where(Path(f"--set {text}"))
        key, equals, raw = text.partition("=")
        names = [name.strip() for name in key.split(".")]
        if not equals or not all(names):
            report.error(
                "set-syntax", where, f"{text!r} is not KEY=VALUE", "write --set vm.linux.ram=32M"
            )
            continue
        missing = _missing_name(root, names)
        if missing:
            report.error("set-unknown", where, *missing)
        else:
            root = Item(merge(root, _layer(names, raw, where)).value, root.where, root.base)
    return root


def _missing_name(root: Item, names: list[str]) -> tuple[str, str] | None:
    if names[0] == "include":
        return "include cannot be set: files are merged before", "write it into the file"
    if names[0] not in _NAMED:
        return None
    array = root.get(names[0])
    known = [
        str(entry.value["name"].value)
        for entry in (array.value if array is not None and array.is_array else ())
        if entry.get("name") is not None
    ]
    if len(names) < 3:
        return f"{'.'.join(names)} names no key", f"write {names[0]}.NAME.KEY=VALUE"
    if names[2] == "name":
        return f"{names[0]}.{names[1]}.name cannot be set", "change it in the file"
    if names[1] not in known:
        return f'no {names[0]} is named "{names[1]}"', did_you_mean(names[1], known)
    return None


def _layer(names: list[str], raw: str, where: Where) -> Item:
    """The table that holds this one key."""
    base = Path.cwd()
    value: Any = raw if names[0] == "vars" else _toml_value(raw)
    item = _wrap(value, where, base)
    for name in reversed(names[2:] if names[0] in _NAMED else names[1:]):
        item = Item({name: item}, where, base)
    if names[0] in _NAMED:
        item.value["name"] = Item(names[1], where, base)
        item = Item([item], where, base)
    return Item({names[0]: item}, where, base)


def _toml_value(raw: str) -> Any:
    """A TOML value, or else the text itself, so that strings need no quotes."""
    try:
        return tomllib.loads(f"value = {raw}")["value"] if "\n" not in raw else raw
    except tomllib.TOMLDecodeError:
        return raw


def _wrap(value: Any, where: Where, base: Path) -> Item:
    if isinstance(value, dict):
        return Item({k: _wrap(v, where, base) for k, v in value.items()}, where, base)
    if isinstance(value, list):
        return Item([_wrap(v, where, base) for v in value], where, base)
    return Item(value, where, base)


@dataclass
class _Expander:
    variables: dict[str, Item]
    report: Report
    done: dict[str, Item] = field(default_factory=dict)

    def variable(self, name: str, chain: tuple[str, ...], user: Item) -> Item:
        """The value of a variable, itself expanded, as far as it can be known."""
        if name in chain:
            self.report.error(
                "variable-cycle",
                user.where,
                f"variable {name} needs itself: " + " -> ".join((*chain, name)),
                "break the circle",
            )
            return Item(TOLD, user.where, user.base)
        if name not in self.variables:
            self.report.error(
                "variable-unknown",
                user.where,
                f'"${{{name}}}" in {user.value!r}: there is no such variable',
                did_you_mean(name, self.variables) or f"add {name} to [vars]",
            )
            return Item(TOLD, user.where, user.base)
        if name not in self.done:
            self.done[name] = self.text(self.variables[name], (*chain, name))
        return self.done[name]

    def text(self, item: Item, chain: tuple[str, ...] = ()) -> Item:
        """A string with its variables replaced. A path that starts with a variable starts where
        the variable was set."""
        if not isinstance(item.value, str) or "$" not in item.value:
            return item
        base = item.base
        parts, at = [], 0
        for match in _REFERENCE.finditer(item.value):
            parts.append(item.value[at : match.start()])
            at = match.end()
            if match.group() == "$$":
                parts.append("$")
                continue
            found = self.variable(match.group(1), chain, item)
            if found.is_told:
                return found
            parts.append(found.value)
            base = found.base if match.start() == 0 else base
        return Item("".join(parts) + item.value[at:], item.where, base)

    def walk(self, item: Item) -> Item:
        if item.is_table:
            table = {key: self.walk(entry) for key, entry in item.value.items()}
            return Item(table, item.where, item.base)
        if item.is_array:
            return Item([self.walk(entry) for entry in item.value], item.where, item.base)
        return self.text(item)


def expand(root: Item, predefined: Mapping[str, str], report: Report) -> Item:
    """Every `${name}` replaced by its value of [vars], else of `predefined`; `$$` is a dollar
    sign."""
    variables = root.get("vars")
    written = variables.value if variables is not None and variables.is_table else {}
    known = {name: Item(value, root.where, root.base) for name, value in predefined.items()}
    known |= written
    for name, item in written.items():
        if not isinstance(item.value, str):
            report.error(
                "wrong-type",
                item.where,
                f"vars.{name} = {item.plain()!r}: a variable is a string",
                f'write {name} = "{item.plain()}"',
            )
            known[name] = Item(TOLD, item.where, item.base)
    return _Expander(known, report).walk(root)
