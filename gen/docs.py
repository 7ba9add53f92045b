# SPDX-License-Identifier: Apache-2.0
"""The generated pages: configs/schema.json, docs/board.md, docs/deployment.md and
docs/errors.md.

`/usr/bin/python3 -m gen.docs` rewrites them; with `--check` it only tells which are old.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gen.codes import CODES, STAGES
from gen.mistakes import MISTAKES
from gen.read.board_schema import BOARD, VARIANT
from gen.read.keys import NAME, SIZE, TIME, Form, Key, Table, all_tables
from gen.read.schema import CHANNEL, ROOT
from gen.read.schema_devices import DEVICE
from gen.read.schema_vm import TEMPLATE, VM

REPO = Path(__file__).resolve().parents[1]

Json = dict[str, Any]


def schema_json() -> str:
    """JSON Schema (draft 2020-12) of the deployment file."""
    content = _json_table(ROOT)
    content["properties"]["template"] = {
        "type": "object",
        "description": TEMPLATE.doc,
        "additionalProperties": _json_table(TEMPLATE, partial=True),
    }
    head: Json = {
        "$comment": "SPDX-License-Identifier: Apache-2.0. Generated: python3 -m gen.docs",
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bulkhead deployment",
    }
    return json.dumps(head | content, indent=2) + "\n"


def _json_table(table: Table, partial: bool = False) -> Json:
    # A VM's required keys may come from its template, a merged file's from another file.
    named = [key.name for key in table.keys if key.required and key.name == "name"]
    nested = table.name.count(".") > 0
    required = named if not nested else [key.name for key in table.keys if key.required]
    content: Json = {
        "type": "object",
        "description": table.doc,
        "properties": {key.name: _json_key(key) for key in table.keys},
        "additionalProperties": False,
    }
    if required and not partial:
        content["required"] = required
    return content


def _json_key(key: Key) -> Json:
    forms = [_json_form(form, key) for form in key.forms]
    value: Json = forms[0] if len(forms) == 1 else {"anyOf": forms}
    if key.many:
        value = {"type": "array", "items": value}
    about = key.doc + (f" Default: {key.default}." if key.default else "")
    return value | {"description": about}


def _json_form(form: Form, key: Key) -> Json:
    number: Json = {"type": "integer", "minimum": key.minimum, "maximum": key.maximum}
    if form.table is not None:
        return _json_table(form.table)
    match form.kind:
        case "enum":
            return {"enum": list(form.values)}
        case "int":
            return number
        case "size" | "address":
            return {"anyOf": [number, {"type": "string", "pattern": f"^{SIZE.pattern}$"}]}
        case "time":
            return {"type": "string", "pattern": f"^{TIME.pattern}$"}
        case "name":
            return {"type": "string", "pattern": f"^{NAME.pattern}$"}
        case "bool":
            return {"type": "boolean"}
        case "false":
            return {"const": False}
        case "free":
            return {"type": "object", "additionalProperties": {"type": list(form.values)}}
        case _:
            return {"type": "string"}


def deployment_page() -> str:
    """docs/deployment.md."""
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0. Generated: python3 -m gen.docs -->",
        "# The deployment file",
        "",
        "One TOML file describes one deployment. Relative paths start from the folder of the file",
        "that names them. Sizes are bytes, or strings with K, M, G (powers of 1024). Numbers may be",
        "hexadecimal, with underscores. `spi` numbers are the board's unless they are called",
        "`guest_spi`; INTID = SPI + 32. Every unknown key is an error.",
        "",
        "In an editor with a TOML language server, `configs/schema.json` completes and checks the",
        "file: begin it with `#:schema schema.json`.",
    ]
    lines += _tables(ROOT)
    later = ", ".join(f"`{name}`" for name in _later())
    lines += ["", "## Not available in this version", "", f"Refused with E-not-available: {later}."]
    return "\n".join(lines) + "\n"


def board_page() -> str:
    """docs/board.md."""
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0. Generated: python3 -m gen.docs -->",
        "# The board file",
        "",
        "`board.toml` in a board's folder holds the facts that its device tree does not tell. What",
        "both tell must agree. docs/porting.md says how to add a board.",
    ]
    variant = ["", "## [variant.NAME]", "", VARIANT.doc, *_key_rows(VARIANT)]
    return "\n".join(lines + _tables(BOARD) + variant) + "\n"


def _tables(root: Table) -> list[str]:
    lines = []
    for table in all_tables(root):
        lines += ["", f"## {_heading(table)}", "", table.doc, *_key_rows(table)]
    return lines


def _key_rows(table: Table) -> list[str]:
    head = ["", "| key | takes | default | meaning |", "|---|---|---|---|"]
    return head + [_row(key) for key in table.keys]


def _heading(table: Table) -> str:
    if not table.name:
        return "Top level"
    return f"[[{table.name}]]" if table in _ARRAYS else f"[{table.name}]"


_ARRAYS = (VM, CHANNEL, DEVICE)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(key: Key) -> str:
    """TOML text in code style, words as words."""
    is_toml = key.default[:1] in tuple('"[{0123456789') or key.default in ("true", "false")
    return f"`{key.default}`" if key.default and is_toml else key.default


def _row(key: Key) -> str:
    default = "**required**" if key.required else _default(key)
    example = f" Example: `{key.name} = {key.example}`." if key.example else ""
    return f"| `{key.name}` | {_cell(key.words)} | {_cell(default)} | {_cell(key.doc + example)} |"


def _later() -> list[str]:
    names = []
    for table in all_tables(ROOT):
        prefix = f"{table.name}." if table.name else ""
        for key in table.keys:
            for form in key.forms:
                names += [f'{prefix}{key.name} = "{word}"' for word in form.later]
    return names


def errors_page() -> str:
    """docs/errors.md."""
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0. Generated: python3 -m gen.docs -->",
        "# Errors and warnings",
        "",
        "Codes are stable. `./build.py --explain CODE` shows one of these paragraphs. E- ends the",
        "build, W- does not.",
        *_mistakes(),
    ]
    for stage, table in STAGES:
        lines += ["", f"## {stage}"]
        for name in table:
            code = CODES[name]
            lines += ["", f"### {name}", "", code.meaning, "", f"*Cure:* {code.cure}"]
    return "\n".join(lines) + "\n"


def _mistakes() -> list[str]:
    lines = [
        "",
        "## Common mistakes",
        "",
        "What people run into who come from other hypervisors, or to their first board. The last column",
        "is a deployment with just that mistake, or the test that makes it.",
    ]
    for subject, mistakes in MISTAKES:
        lines += ["", f"**{subject}**", "", "| mistake | told by | shown by |", "|---|---|---|"]
        for one in mistakes:
            told = f"[{one.told}](#{one.told.lower()})" if one.told in CODES else one.told
            lines.append(f"| {_cell(one.what)} | {told} | `{one.shown}` |")
    return lines


def explain_key(name: str) -> str | None:
    """What a key is ("vm.ram", or "ram" in every table that has it); None if there is none."""
    parts = []
    for table in all_tables(ROOT):
        for key in table.keys:
            full = f"{table.name}.{key.name}" if table.name else key.name
            if name in (full, key.name):
                parts.append(_explanation(full, key))
    return "\n\n".join(parts) or None


def key_names() -> set[str]:
    """As explain_key() takes them."""
    found = set()
    for table in all_tables(ROOT):
        for key in table.keys:
            found |= {key.name, f"{table.name}.{key.name}" if table.name else key.name}
    return found


def _explanation(full: str, key: Key) -> str:
    lines = [full, f"  {key.doc}", f"  Takes: {key.words}"]
    if key.required:
        lines.append("  Required.")
    elif key.default:
        lines.append(f"  Default: {key.default}")
    if key.example:
        lines.append(f"  Example: {key.name} = {key.example}")
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {
    "configs/schema.json": schema_json,
    "docs/board.md": board_page,
    "docs/deployment.md": deployment_page,
    "docs/errors.md": errors_page,
}


def old_pages() -> list[str]:
    """Pages in the repository that are not what their source now gives."""
    return [
        name
        for name, page in PAGES.items()
        if not (REPO / name).is_file() or (REPO / name).read_text(encoding="utf-8") != page()
    ]


def main(arguments: list[str]) -> int:
    old = old_pages()
    for name in old:
        if "--check" in arguments:
            print(f"{name} is old: run python3 -m gen.docs")
        else:
            (REPO / name).write_text(PAGES[name](), encoding="utf-8")
            print(f"wrote {name}")
    return 1 if old and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
