# SPDX-License-Identifier: Apache-2.0
"""Pages of docs/ that are followed to the letter. What stands behind the language of a code block says
what to do with it:

    file=PATH      it is that file
    edit=PATH      a diff: lines with - and blank ones stand in the file, lines with + replace them
    insert=PATH    it goes into that file
    fails=STATUS   the commands end with that status, else with 0

A block of `text` has lines that the commands before it said, in this order."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from machine import ROOT

PYTHON = "/usr/bin/python3"
_BLOCK = re.compile(r"^```(\w+)(?: (\w+)=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    action: str  # "file", "edit", "insert", "fails" or ""
    argument: str
    text: str


def blocks(page: str) -> list[Block]:
    """The code blocks of a page's text."""
    return [
        Block(kind, action or "", argument or "", text)
        for kind, action, argument, text in _BLOCK.findall(page)
    ]


def commands(block: Block) -> list[str]:
    return [line for line in block.text.splitlines() if line]


def copy_repository(folder: Path) -> None:
    """What is committed or about to be; what is cached is shared."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "build").mkdir()
    (folder / "build/cache").symlink_to(ROOT / "build/cache")


def write(folder: Path, block: Block) -> None:
    """A block that is a file."""
    path = folder / block.argument
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")


def edit(folder: Path, block: Block) -> None:
    """A block that is a diff."""
    path = folder / block.argument
    lines = block.text.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in "- ")
    new = "".join(line[1:] for line in lines if line[0] in "+ ")
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{block.argument} does not have once:\n{old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(folder: Path, command: str, status: int = 0) -> str:
    """What a command says, errors too."""
    words = [PYTHON if word == "python3" else word for word in shlex.split(command)]
    done = subprocess.run(
        words,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=600,
    )
    assert done.returncode == status, f"{command}: status {done.returncode}\n{done.stdout}"
    return done.stdout.replace("\r", "")


def missing(text: str, said: str) -> list[str]:
    """The lines that were not said, each behind the one before. What VMs say is in order for each of
    them alone."""
    lost, at = [], {"": 0}
    for line in text.splitlines():
        found = re.match(r"\[\w+\]", line)
        voice = found.group() if found else ""
        place = said.find(line.strip(), at.get(voice, 0))
        if place < 0:
            lost.append(line)
        else:
            at[voice] = place + len(line.strip())
    return lost


def follow(steps: Sequence[Block], folder: Path) -> None:
    """Does what a page says, in a repository's folder."""
    said = ""
    for block in steps:
        if block.action == "file":
            write(folder, block)
        elif block.action == "edit":
            edit(folder, block)
        elif block.language == "sh":
            status = int(block.argument) if block.action == "fails" else 0
            said = "".join(run(folder, command, status) for command in commands(block))
        elif block.language == "text":
            assert not missing(block.text, said), f"{missing(block.text, said)} not in:\n{said}"
