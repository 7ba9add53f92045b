# SPDX-License-Identifier: Apache-2.0
"""The audit as a command and as a stage of a build: gen/audit says what is wrong, here is what
follows from it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gen.diagnostics import Diagnostic, Exit, Failure, Where
from gen.tool import formats
from gen.tool.options import Options
from gen.tool.paths import FETCH, ROOT, shown, write_if_changed
from gen.tool.terminal import Terminal

if TYPE_CHECKING:
    from gen.audit.audit import Audit

RESULT = "audit.json"


def run(options: Options, say: Terminal) -> None:
    """--audit ELF [CONFIG]"""
    assert options.audit is not None
    result = _audit(options.audit, options)
    if say.as_json:
        say.put("audit", _object(result))
    for line in _lines(result):
        say.say(line)
    _stop_on_failures(options.audit, result)


def of_build(elf: Path, options: Options) -> None:
    """The last word on an image: where it fails, nothing stays that a board could boot from. The hash
    of all inputs is in it, so an image that is the same was audited with the same result."""
    before = of_image(elf)
    if before is not None and before["result"] == "pass":
        return
    result = _audit(elf, options)
    write_if_changed(elf.parent / RESULT, json.dumps(_object(result), indent=1) + "\n")
    if result.failed:
        formats.remove(elf.parent)
    _stop_on_failures(elf, result)


def of_image(elf: Path) -> dict[str, Any] | None:
    """What audit.json tells; None where it is not there, or about another image."""
    try:
        found: dict[str, Any] = json.loads((elf.parent / RESULT).read_text())
    except (OSError, ValueError):
        return None
    same = found["elf"]["sha256"] == hashlib.sha256(elf.read_bytes()).hexdigest()
    return found if same else None


def _audit(elf: Path, options: Options) -> Audit:
    from gen.audit import audit

    if not elf.is_file():
        why = "is no file" if elf.exists() else "does not exist"
        raise Failure(Exit.MISSING, f"{shown(elf)} {why}")
    source = None
    if options.has_config or options.audit is None:
        fetch = {"fetch": str(FETCH), "root": str(ROOT)}
        source = audit.Source(options.config, options.sets, fetch, ROOT / "platform")
    return audit.audit(elf, source)


def _object(result: Audit) -> dict[str, Any]:
    from gen.audit import audit

    return audit.as_object(result)


def _lines(result: Audit) -> list[str]:
    """What was shown, and what was not."""
    lines = [
        f"{check.result:7} {check.title}: {check.shown or check.skipped or check.failures[0]}"
        for check in result.findings.checks
    ]
    return [*lines, *(f"limit   {limit}" for limit in result.limits)]


def _stop_on_failures(elf: Path, result: Audit) -> None:
    from gen.audit import audit

    found = audit.failures(result)
    if not found:
        return
    diagnostics = tuple(Diagnostic(check.code, Where(elf), text) for check, text in found)
    count = len({check.code for check, _ in found})
    checks = f"{count} check{'s' if count > 1 else ''}"
    raise Failure(Exit.AUDIT, f"the audit failed {checks}: {shown(elf)} must not run", diagnostics)
