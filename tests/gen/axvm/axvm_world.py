# SPDX-License-Identifier: Apache-2.0
"""Deployments around AxVM files, made at test time."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Report
from gen.plan.model import Plan
from gen.plan.plan import make_plan
from gen.read.board_file import load_board
from gen.read.deployment import Deployment
from gen.read.load import load_deployment

HERE = Path(__file__).resolve().parent
PARTNER = HERE / "partner.toml"
BOARD = "qemu-virt-aarch64"
HEAD = 'schema = 1\n[deployment]\nname = "axvm"\nboard = "{board}"\n{head}'
INPUT_HASH = "0" * 64


@dataclass(frozen=True)
class Outcome:
    report: Report
    deployment: Deployment | None
    plan: Plan | None


def write_deployment(
    folder: Path, vms: Sequence[tuple[Path, str]], head: str = "", board: str = BOARD
) -> Path:
    """deployment.toml in `folder`, with copies of the AxVM files and their kernel beside it. `vms`:
    each file with further keys of its [[vm]]."""
    text = HEAD.format(board=board, head=head)
    for file, more in vms:
        shutil.copy(file, folder / file.name)
        text += f'\n[[vm]]\naxvm = "{file.name}"\n{more}\n'
    (folder / "kernel.bin").write_bytes(bytes(range(256)))
    path = folder / "deployment.toml"
    path.write_text(text, encoding="utf-8")
    return path


def load(
    folder: Path, vms: Sequence[tuple[Path, str]], head: str = "", board: str = BOARD
) -> Outcome:
    report = Report()
    path = write_deployment(folder, vms, head, board)
    return Outcome(report, load_deployment(path, (), report), None)


def plan(
    folder: Path, vms: Sequence[tuple[Path, str]], head: str = "", board: str = BOARD
) -> Outcome:
    outcome = load(folder, vms, head, board)
    if outcome.deployment is None:
        return outcome
    facts = load_board(outcome.deployment.board, None, outcome.report, outcome.deployment.where)
    assert facts is not None, outcome.report.errors
    made = make_plan(outcome.deployment, facts, {}, outcome.report, INPUT_HASH)
    return Outcome(outcome.report, outcome.deployment, made)


def write_axvm(folder: Path, changes: Sequence[tuple[str, str]], name: str = "vm.toml") -> Path:
    """The sound file with some of its text replaced, in a folder of its own."""
    text = PARTNER.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
