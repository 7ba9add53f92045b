# SPDX-License-Identifier: Apache-2.0
"""How deep the hypervisor's stack can get, from the instructions of a finished firmware.elf: frames
along calls. An indirect call may reach every function whose address the image holds, so what comes
out is more than ever happens."""

from __future__ import annotations

import re
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
_INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\s+(\S+)\s*(.*)$")
_PUSH = re.compile(r"\[sp, #-(0x[0-9a-f]+|\d+)\]!")
_GROW = re.compile(r"^sp, sp, #(0x[0-9a-f]+|\d+)(, lsl #12)?$")
_CALLED = re.compile(r"<([^+>]+)>")


@dataclass
class Function:
    frame: int = 0
    calls: set[str] = field(default_factory=set)
    indirect: bool = False


def functions(elf: Path) -> dict[str, Function]:
    command = ["llvm-objdump-14", "-d", "--no-show-raw-insn", str(elf)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    found: dict[str, Function] = {}
    now, before = Function(), ""
    for line in text.splitlines():
        if match := _FUNCTION.match(line):
            if not match[1].startswith("$"):
                now = found.setdefault(match[1], Function())
        elif match := _INSTRUCTION.match(line):
            _read(now, match[1], match[2].strip(), before)
            before = match[1]
    return found


def _read(now: Function, mnemonic: str, operands: str, before: str) -> None:
    if mnemonic in ("stp", "str") and (push := _PUSH.search(operands)):
        now.frame += int(push[1], 0)
    elif mnemonic == "sub" and (grow := _GROW.match(operands)):
        now.frame += int(grow[1], 0) << (12 if grow[2] else 0)
    elif mnemonic == "blr" or (mnemonic == "br" and before != "add"):
        now.indirect = True  # behind an add: a switch's table
    elif mnemonic in ("bl", "b") and (called := _CALLED.search(operands)):
        now.calls.add(called[1])


def addresses_held(elf: Path, binary: Path) -> set[str]:
    """Functions whose address lies somewhere in the image: those of const tables of operations."""
    command = ["llvm-nm-14", str(elf)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    rows = [line.split() for line in text.splitlines()]
    names = {int(row[0], 16): row[2] for row in rows if len(row) == 3 and row[1] in "tT"}
    data = binary.read_bytes()
    words = struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])
    return {names[word] for word in words if word in names}


def depth(found: dict[str, Function], held: set[str], root: str) -> tuple[int, list[str]]:
    """Bytes that a call of `root` takes, and the calls that take them. No function is called again
    from within itself: the operations of devices don't call those of others."""
    known: dict[str, tuple[int, list[str]]] = {}
    inside: set[str] = set()

    def below(name: str) -> tuple[int, list[str]]:
        if name not in found or name in inside:
            return 0, []
        if name not in known:
            inside.add(name)
            one = found[name]
            targets = sorted(one.calls | (held if one.indirect else set()))
            deepest = max(map(below, targets), default=(0, []))
            inside.remove(name)
            known[name] = one.frame + deepest[0], [f"{name} {one.frame}", *deepest[1]]
        return known[name]

    return below(root)
