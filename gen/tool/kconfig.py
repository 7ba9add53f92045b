# SPDX-License-Identifier: Apache-2.0
"""Kconfig: the defaults, what the plan needs, and the deployment's [build] table give .config and
autoconf.h. Unknown symbols, values that do not fit and contradictions are errors."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gen.diagnostics import NOWHERE, Exit, Failure, Report, Where
from gen.read.suggest import did_you_mean
from gen.tool.paths import ROOT, write_if_changed

if TYPE_CHECKING:
    import kconfiglib

KCONFIG = ROOT / "Kconfig"


@dataclass(frozen=True)
class Config:
    """Every symbol with its value: bools "y" or "n", numbers and strings as text."""

    values: Mapping[str, str]

    def is_on(self, name: str) -> bool:
        return self.values.get(name) == "y"

    def number(self, name: str) -> int:
        return int(self.values[name], 0)


def load() -> kconfiglib.Kconfig:
    """The tree of symbols with nothing set."""
    import kconfiglib

    os.environ["srctree"] = str(ROOT)
    os.environ["CONFIG_"] = "CONFIG_"
    return kconfiglib.Kconfig(str(KCONFIG), warn_to_stderr=False)


def missing(needed: Mapping[str, str]) -> list[str]:
    """What of `needed` no Kconfig file declares: parts that this version does not have."""
    kconfig = load()
    return [name for name, on in needed.items() if on == "y" and name not in kconfig.syms]


def configure(
    needed: Mapping[str, str],
    build: Mapping[str, Any],
    where: Callable[[str], Where],
    report: Report,
) -> Config:
    """Decides every symbol. `needed`: what the plan needs; `build`: the deployment's [build]
    table; `where`: the line of one of its keys. Findings go to `report`."""
    kconfig = load()
    for name, value in needed.items():
        if name not in kconfig.syms:
            raise Failure(Exit.BUILD, f"the plan needs Kconfig symbol {name}, which no Kconfig has")
        kconfig.syms[name].set_value(value)
    asked: dict[str, tuple[str, Where]] = {}
    for key, value in build.items():
        _set(kconfig, needed, key, value, where(key), report, asked)
    for name, (text, place) in asked.items():
        got = kconfig.syms[name].str_value
        if got != text:
            reason = _reason(kconfig.syms[name], text)
            report.error(
                "build-conflict",
                place,
                f"build.{name} = {text} cannot hold: {reason}, it would be {got}",
                f"remove {name} from [build], or set what it depends on",
            )
    return Config({s.name: s.str_value for s in kconfig.unique_defined_syms})


def check(build: Mapping[str, Any], where: Callable[[str], Where], report: Report) -> None:
    """What can be told of [build] while there is no plan: what no plan could make right."""
    kconfig, found = load(), Report()
    for key, value in build.items():
        _set(kconfig, {}, key, value, where(key), found, {})
    report.found += [d for d in found.found if d.code in ("E-build-symbol", "E-build-value")]


def _set(
    kconfig: kconfiglib.Kconfig,
    needed: Mapping[str, str],
    key: str,
    value: Any,
    place: Where,
    report: Report,
    asked: dict[str, tuple[str, Where]],
) -> None:
    """Sets one key of [build]: a symbol, or a choice by its member's short name."""
    name = key.removeprefix("CONFIG_")
    if name in kconfig.named_choices:
        _choose(kconfig, name, value, place, report, asked)
        return
    symbol = kconfig.syms.get(name)
    if symbol is None or not symbol.nodes:
        known = [s.name for s in kconfig.unique_defined_syms] + list(kconfig.named_choices)
        near = difflib.get_close_matches(name, known, 1)
        cure = f"did you mean {near[0]}?" if near else "./build.py --menuconfig shows them all"
        report.error("build-symbol", place, f"build.{key}: there is no such Kconfig symbol", cure)
        return
    text = _text(value)
    if name in needed and text != needed[name]:
        report.error(
            "build-conflict",
            place,
            f"build.{key} = {text}, but what the deployment uses needs {needed[name]}",
            f"remove {key} from [build]",
        )
    elif symbol.visibility == 0:
        report.error(
            "build-conflict",
            place,
            f"build.{key}: this symbol follows from others and cannot be set",
            f"remove {key} from [build]",
        )
    elif not symbol.set_value(text):
        report.error(
            "build-value",
            place,
            f"build.{key} = {text}: not a value of this symbol ({_kind(symbol)})",
            f"for example {symbol.str_value}",
        )
    else:
        asked[name] = (text, place)


def _choose(
    kconfig: kconfiglib.Kconfig,
    name: str,
    value: Any,
    place: Where,
    report: Report,
    asked: dict[str, tuple[str, Where]],
) -> None:
    choice = kconfig.named_choices[name]
    members = {s.name.removeprefix(f"{name}_").lower(): s for s in choice.syms}
    member = members.get(str(value).lower())
    if member is None:
        listed = ", ".join(f'"{short}"' for short in members)
        words = f"build.{name} = {_text(value)}: not one of {listed}"
        report.error("build-value", place, words, did_you_mean(str(value), members))
        return
    member.set_value("y")
    asked[member.name] = ("y", place)


def apply(kconfig: kconfiglib.Kconfig, build: Mapping[str, Any]) -> None:
    """Sets what [build] asks for, for menuconfig: what does not fit is left out."""
    scratch = Report()
    for key, value in build.items():
        _set(kconfig, {}, key, value, NOWHERE, scratch, {})


def build_table(kconfig: kconfiglib.Kconfig) -> str:
    """The [build] table that gives the present values: what differs from the defaults."""
    plain = load()
    lines = ["[build]"]
    for name, choice in sorted(kconfig.named_choices.items()):
        default = plain.named_choices[name].selection
        if choice.selection is not None and default is not None:
            if choice.selection.name != default.name:
                short = choice.selection.name.removeprefix(f"{name}_").lower()
                lines.append(f'{name} = "{short}"')
    for symbol in kconfig.unique_defined_syms:
        value = symbol.str_value
        if symbol.choice is None and symbol.visibility:
            if value != plain.syms[symbol.name].str_value:
                lines.append(f"{symbol.name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: str) -> str:
    if value in ("y", "n"):
        return "true" if value == "y" else "false"
    return value if _is_number(value) else f'"{value}"'


def _text(value: Any) -> str:
    """A TOML value as Kconfig spells it."""
    if isinstance(value, bool):
        return "y" if value else "n"
    return str(value)


def _kind(symbol: kconfiglib.Symbol) -> str:
    import kconfiglib

    kind = str(kconfiglib.TYPE_TO_STR[symbol.orig_type])
    return 'true or false, "y" or "n"' if kind == "bool" else kind


def _reason(symbol: kconfiglib.Symbol, text: str) -> str:
    """Why a symbol did not take a value it was given."""
    import kconfiglib

    if symbol.orig_type in (kconfiglib.INT, kconfiglib.HEX):
        for low, high, _ in symbol.ranges:
            return f"it must lie in {low.str_value} to {high.str_value}"
    if symbol.choice is not None:
        return "another member of its choice is asked for too"
    if symbol.rev_dep is not symbol.kconfig.n and text == "n":
        return f"it is selected by {kconfiglib.expr_str(symbol.rev_dep)}"
    return f"it depends on {kconfiglib.expr_str(symbol.direct_dep)}"


def write(config: Config, out: Path) -> None:
    """.config and gen/autoconf.h under `out`, the build folder of the deployment."""
    lines = ["# SPDX-License-Identifier: Apache-2.0", "# Generated by gen/tool/kconfig.py."]
    header = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Generated by gen/tool/kconfig.py. Do not edit. */",
        "#ifndef AUTOCONF_H",
        "#define AUTOCONF_H",
        "",
    ]
    for name, value in sorted(config.values.items()):
        if value == "n":  # in C every bool is 0 or 1, so that -Wundef finds a misspelt one
            lines.append(f"# CONFIG_{name} is not set")
            header.append(f"#define CONFIG_{name} 0")
            continue
        quoted = value if value == "y" or _is_number(value) else f'"{value}"'
        lines.append(f"CONFIG_{name}={quoted}")
        header.append(f"#define CONFIG_{name} {'1' if value == 'y' else quoted}")
    write_if_changed(out / ".config", "\n".join(lines) + "\n")
    write_if_changed(out / "gen/autoconf.h", "\n".join([*header, "", "#endif", ""]))


def _is_number(value: str) -> bool:
    try:
        int(value, 0)
    except ValueError:
        return False
    return True
