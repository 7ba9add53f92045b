# SPDX-License-Identifier: Apache-2.0
"""--golden update|check: CONFIG.golden/ beside the deployment file keeps manifest.json, report.json
and transcript.txt (QEMU's version, then the console of a boot in exact time) of a build."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.emit.golden import Boot, Golden, differences, kept_report, kept_words
from gen.emit import manifest
from gen.emit.report import facts
from gen.tool import qemu, reports
from gen.tool.console import Transcript
from gen.tool.paths import shown, write_if_changed
from gen.tool.terminal import Terminal

_TIMEOUT_S = 120.0  # where the deployment has no [test] timeout
_TRANSCRIPT = "transcript.txt"


def place_of(config: Path) -> Path:
    return config.with_suffix(".golden")


def update(config: Path, folder: Path, timeout_s: float | None, say: Terminal) -> None:
    """`folder`: of the build."""
    place = place_of(config)
    old = read(place) if place.is_dir() else None
    made = of_build(folder, timeout_s)
    changed = write(place, made)
    lines = list(differences(old, made).wrong) if old is not None else []
    lines.append(f"{shown(place)}: {', '.join(changed) or 'unchanged'}")
    say.say("\n".join(lines))
    say.put("golden", {"changed": changed, "different": lines[:-1]})


def check(config: Path, folder: Path, timeout_s: float | None, say: Terminal) -> None:
    """Failure(GOLDEN) where the build is not the one that is kept."""
    place = place_of(config)
    if not place.is_dir():
        cure = f"./build.py {shown(config)} --golden update"
        raise Failure(Exit.MISSING, f"{shown(place)} does not exist; make it: {cure}")
    found = differences(read(place), of_build(folder, timeout_s))
    say.put("golden", {"different": list(found.wrong), "not_comparable": list(found.open)})
    if found.wrong:
        say.say("\n".join(found.wrong))
        raise Failure(
            Exit.GOLDEN,
            f"this is not the build that {shown(place)} keeps; if all of it is meant, --golden "
            "update keeps this one",
        )
    if found.open:
        say.say(f"not comparable ({'; '.join(found.why_open)}): {', '.join(found.open)}")
    say.say(f"{shown(place)}: nothing else changed" if found.open else f"{shown(place)}: the same")


def of_files(folder: Path) -> Golden:
    """Of a finished build, that is not booted."""
    found = manifest.parse_manifest((folder / manifest.FILE).read_text())
    return Golden(found, kept_report(reports.read(folder)), None)


def of_build(folder: Path, timeout_s: float | None = None) -> Golden:
    """Of a finished build; boots it."""
    boot = _boot(folder, timeout_s, reports.read(folder)["hash"])
    return replace(of_files(folder), boot=boot)


def read(place: Path) -> Golden:
    try:
        found = manifest.parse_manifest((place / manifest.FILE).read_text())
    except (OSError, ValueError, KeyError, TypeError):
        raise Failure(
            Exit.MISSING, f"{shown(place / manifest.FILE)} can't be read; --golden update writes it"
        ) from None
    boot = None
    if (place / _TRANSCRIPT).exists():
        first, _, said = (place / _TRANSCRIPT).read_text().partition("\n")
        boot = Boot(first, said)
    return Golden(found, reports.read(place), boot)


def write(place: Path, golden: Golden) -> list[str]:
    """Names of the files that changed."""
    texts = {
        manifest.FILE: manifest.manifest_text(golden.manifest),
        facts.FILE: facts.facts_json(golden.report),
    }
    changed = []
    if golden.boot is not None:
        texts[_TRANSCRIPT] = f"{golden.boot.emulator}\n{golden.boot.said}"
    elif (place / _TRANSCRIPT).exists():
        (place / _TRANSCRIPT).unlink()
        changed.append(_TRANSCRIPT)
    return changed + [name for name, text in texts.items() if write_if_changed(place / name, text)]


def _boot(folder: Path, timeout_s: float | None, input_hash: str) -> Boot | None:
    plan = qemu.RunPlan.read(folder)
    if qemu.lacking(plan.command):
        return None
    nobody = os.open(os.devnull, os.O_RDONLY)
    limit = timeout_s or plan.timeout_ms / 1000 or _TIMEOUT_S
    try:
        qemu.run(folder, [*qemu.ICOUNT, "-no-reboot"], limit, show=False, keyboard=nobody)
    except Failure as failure:
        if failure.status == Exit.TIMEOUT and not plan.expect:
            raise Failure(
                Exit.TIMEOUT,
                f"{failure.message}: a boot that is kept must end; let the guests power off, or add "
                "[test] expect: it is kept up to the last of these lines",
            ) from None
        raise
    finally:
        os.close(nobody)
    said = (folder / "console.log").read_bytes().replace(b"\r", b"")
    text = _expected_part(said, plan).decode(errors="replace")
    return Boot(qemu.version(plan.command[0]), kept_words(text, input_hash))


def _expected_part(said: bytes, plan: qemu.RunPlan) -> bytes:
    """Up to the line that completes what is expected: how much comes behind it is chance."""
    if not plan.expect:
        return said
    kept = b""
    with tempfile.TemporaryDirectory() as place:
        judge = Transcript(plan.voices, plan.expect, Path(place))
        for line in said.splitlines(keepends=True):
            judge.feed(line)
            kept += line
            if not judge.missing:
                break
        judge.close()
    return kept
