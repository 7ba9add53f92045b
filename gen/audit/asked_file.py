# SPDX-License-Identifier: Apache-2.0
"""The deployment file read a second time, apart from gen/read: includes, variables, templates and
--set merged into one plain table (docs/deployment.md). It takes files that the generator took; what
is wrong in one, the generator has told."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Table = dict[str, Any]


class NotRead(ValueError):
    """Something that the audit does not read for itself."""


class Text(str):
    """A string, and the folder that a relative path in it starts from."""

    base: Path

    @staticmethod
    def at(text: str, base: Path) -> Text:
        made = Text(text)
        made.base = base
        return made

    def path(self) -> Path:
        return self.base / self


def read_deployment(file: Path, sets: Sequence[str], predefined: Mapping[str, str]) -> Table:
    """The whole deployment."""
    table = _with_includes(file.absolute())
    for text in sets:
        table = merged(table, _set(text))
    variables = {name: Text.at(value, file.parent) for name, value in predefined.items()}
    whole: Table = expanded(table, variables | table.get("vars", {}))
    templates = whole.pop("template", {})
    whole["vm"] = [merged(templates.get(vm.get("template"), {}), vm) for vm in whole["vm"]]
    return whole


def read_toml(file: Path) -> Table:
    """One file; strings know its folder."""
    found: Table = _placed(tomllib.loads(file.read_text(encoding="utf-8")), file.parent)
    return found


def expanded(value: Any, variables: Mapping[str, Any]) -> Any:
    """Every ${name} replaced, $$ by a dollar sign. What begins with a variable is relative to where
    that was set."""
    if isinstance(value, dict):
        return {key: expanded(entry, variables) for key, entry in value.items()}
    if isinstance(value, list):
        return [expanded(entry, variables) for entry in value]
    if not isinstance(value, Text) or "$" not in value:
        return value
    base = value.base
    first = re.match(r"\$\{([^}]*)\}", value)
    if first:
        base = expanded(variables[first[1]], variables).base

    def replace(match: re.Match[str]) -> str:
        return str(expanded(variables[match[1]], variables)) if match[1] else "$"

    return Text.at(re.sub(r"\$\$|\$\{([^}]*)\}", replace, value), base)


def _with_includes(file: Path) -> Table:
    own = read_toml(file)
    under: Table = {}
    for name in own.pop("include", []):
        under = merged(under, _with_includes(name.path()))
    whole: Table = merged(under, own)
    return whole


def _placed(value: Any, base: Path) -> Any:
    if isinstance(value, dict):
        return {key: _placed(entry, base) for key, entry in value.items()}
    if isinstance(value, list):
        return [_placed(entry, base) for entry in value]
    return Text.at(value, base) if isinstance(value, str) else value


# One key of a pair takes the other's place in a later layer.
_INSTEAD = {
    "ram": {"memory"},
    "memory": {"ram"},
    "unikernel": {"kernel", "initrd"},
    "kernel": {"unikernel"},
    "initrd": {"unikernel"},
    "from": {"peers"},
    "to": {"peers"},
    "peers": {"from", "to"},
}


def merged(under: Any, over: Any) -> Any:
    """Tables by key, arrays of named tables by name; everything else: the later wins."""
    if isinstance(under, dict) and isinstance(over, dict):
        gone: set[str] = set().union(*(_INSTEAD.get(key, set()) for key in over))
        table = {key: value for key, value in under.items() if key not in gone}
        for key, value in over.items():
            table[key] = merged(table[key], value) if key in table else value
        return table
    if over and _named(under) and _named(over):
        entries = {entry["name"]: entry for entry in under}
        for entry in over:
            entries[entry["name"]] = merged(entries.get(entry["name"], {}), entry)
        return list(entries.values())
    return over


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(entry, dict) and "name" in entry for entry in value
    )


def _set(text: str) -> Table:
    """--set KEY=VALUE as a layer: a TOML value, or else the text itself."""
    key, _, raw = text.partition("=")
    names = [name.strip() for name in key.split(".")]
    try:
        value: Any = tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        value = raw
    value = _placed(raw if names[0] == "vars" else value, Path.cwd())
    named = names[0] in ("vm", "channel")
    for name in reversed(names[2:] if named else names[1:]):
        value = {name: value}
    if named:
        value = [{"name": names[1], **value}]
    return {names[0]: value}


_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_TIMES = {"ms": 1, "s": 1000, "m": 60_000}


def size(value: Any) -> int:
    """Bytes: a number, or "64K", "16M", "1G"."""
    if isinstance(value, int):
        return value
    text = value.strip().replace("_", "").removesuffix("iB").removesuffix("B")
    if text[-1:] in _UNITS:
        return int(text[:-1], 0) * _UNITS[text[-1]]
    return int(text, 0)


def milliseconds(value: str) -> int:
    match = re.fullmatch(r"\s*([0-9_]+)\s*(ms|s|m)\s*", value)
    if match is None:
        raise ValueError(f"{value!r} is no time")
    return int(match[1]) * _TIMES[match[2]]
