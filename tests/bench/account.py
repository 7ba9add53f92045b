#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which instructions of the hypervisor an operation of the benchmark costs.

    tests/bench/account.py hvc-version                 functions of each path, with their counts
    tests/bench/account.py hvc-version --listing       every instruction of the most frequent path
    tests/bench/account.py boot                        from reset to the first guest instruction
    tests/bench/account.py size                        text and rodata by room and symbol
    tests/bench/account.py features                    text and rodata by feature of a deployment
    tests/bench/account.py timer --set vm.guest.interrupts=passthrough
    tests/bench/account.py --list                      the names of operations
    tests/bench/account.py --page                      docs/performance-accounts.md: all that the
                                                       baseline says is above its target
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import itertools
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import baseline  # noqa: E402
import features  # noqa: E402
import image  # noqa: E402
import subject  # noqa: E402
import table  # noqa: E402
import recording  # noqa: E402

CPUS = 2
SMALL = 256
PATHS = 4  # shown of each CPU
PAGE = subject.ROOT / "docs/performance-accounts.md"
_HEAD = """\
<!-- SPDX-License-Identifier: Apache-2.0 -->
# Accounts of operations above their target

Written by `make bench-baseline`: for each operation that [performance.md](performance.md) calls
missed, the hypervisor's paths with their functions, and every instruction of the most frequent one; then
what the image's bytes are: of the benchmark's VM by symbol, of a small VM by feature.
"""
_LINE = re.compile(r"^\s*([0-9a-f]+):\s+(.*)$")
_SOURCE = re.compile(r"^; (?:\./)*((?:arch|vdev|loader|platform)/)?[^:]*:\d+")
_NO_ROOM = "libraries and padding"


@functools.cache
def disassembly(elf: Path) -> dict[int, str]:
    """The instruction at each address."""
    command = ["llvm-objdump-14", "-d", "--no-show-raw-insn", str(elf)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    lines = (_LINE.match(line) for line in said.splitlines())
    return {int(line[1], 16): " ".join(line[2].split()) for line in lines if line}


def tell_functions(path: recording.Path_, symbols: recording.Symbols) -> None:
    """Instructions by function, the functions in the order in which they are first reached."""
    counts: Counter[str] = Counter(map(symbols.name, path))
    for name, count in counts.items():
        print(f"    {count:7}  {name}")


def tell_most(exits: Counter[recording.Path_], symbols: recording.Symbols) -> None:
    """Instructions by function in all exits, those with most first."""
    counts: Counter[str] = Counter()
    for path, times in exits.items():
        for name, count in Counter(map(symbols.name, path)).items():
            counts[name] += times * count
    for name, count in counts.most_common():
        print(f"    {count:7}  {name}")


def tell_listing(path: recording.Path_, symbols: recording.Symbols, elf: Path) -> None:
    text = disassembly(elf)
    at = 0
    for name, addresses in itertools.groupby(path, key=symbols.name):
        print(f"  {name}:")
        for address in addresses:
            at += 1
            print(f"    {at:5}  {address:x}  {text.get(address, '?')}")


def account(folder: Path, operation: str, listing: bool) -> None:
    elf = folder / "firmware.elf"
    symbols = recording.Symbols.read(elf)
    recorded = recording.record(folder, operation)
    for cpu in range(CPUS):
        exits = recorded.exits(cpu)
        if not exits:
            continue
        total = sum(len(path) * count for path, count in exits.items())
        print(f"{operation}, CPU {cpu}: {sum(exits.values())} exits, {total} instructions")
        for path, count in exits.most_common(PATHS):
            print(f"  {count} x {len(path)} instructions")
            tell_functions(path, symbols)
        if len(exits) > PATHS:
            lengths = sorted(len(path) for path in exits)
            print(
                f"  {len(exits)} paths of {lengths[0]} to {lengths[-1]} instructions, all together:"
            )
            tell_most(exits, symbols)
        if listing:
            tell_listing(exits.most_common(1)[0][0], symbols, elf)


def account_boot(folder: Path, listing: bool) -> None:
    elf = folder / "firmware.elf"
    symbols = recording.Symbols.read(elf)
    path = recording.record(folder, None).boot()
    print(f"boot: {len(path)} instructions from reset to the first of a guest")
    tell_most(Counter([path]), symbols)
    if listing:
        tell_listing(path, symbols, elf)


def rooms(elf: Path) -> Counter[str]:
    """Bytes of instructions by the folder of the source that they are of."""
    command = ["llvm-objdump-14", "-d", "-l", "--no-show-raw-insn", str(elf)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    found: Counter[str] = Counter()
    room = ""
    for line in said.splitlines():
        source = _SOURCE.match(line)
        if source is not None:
            room = source[1] or _NO_ROOM
        elif line.endswith(">:"):
            room = _NO_ROOM
        elif _LINE.match(line):
            found[room] += 4
    return found


def account_size(folder: Path) -> None:
    """Text by room, then text and rodata by symbol, the largest first."""
    elf = folder / "firmware.elf"
    print("text by room:")
    for room, count in rooms(elf).most_common():
        print(f"    {count:7}  {room}")
    command = ["llvm-nm-14", "--print-size", "--size-sort", "--reverse-sort", str(elf)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    found = image.sections(elf)
    for name in ("text", "rodata"):
        section = found[name]
        print(f"{name}: {section.size} bytes, in symbols of {SMALL} bytes and more:")
        rest = section.size
        for line in said.splitlines():
            address, size, _, symbol = line.split(maxsplit=3)
            inside = section.base <= int(address, 16) < section.base + section.size
            if inside and int(size, 16) >= SMALL:
                rest -= int(size, 16)
                print(f"    {int(size, 16):7}  {symbol}")
        print(f"    {rest:7}  smaller ones, and what has no symbol")


def missed() -> list[str]:
    """Operations that cost more than their target, by the committed baseline."""
    rows = table.entries()
    verdicts = {row.title: row.verdict for row in table.rows(baseline.read())}
    names = [row["count"] for row in rows if verdicts.get(row["title"]) == "missed"]
    return [name for name in names if name in subject.operations()]


def write_page(folder: Path) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for name in missed():
            print(f"## {name}\n\n```")
            account(folder, name, listing=True)
            print("```\n")
        print("## size\n\n```")
        account_size(folder)
        print("```\n\n## features\n\n```")
        features.tell()
        print("```")
    PAGE.write_text(f"{_HEAD}\n{said.getvalue()}".rstrip() + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("operations", nargs="*", metavar="OPERATION")
    parser.add_argument("--list", action="store_true", help="the names of operations")
    parser.add_argument("--page", action="store_true", help="write docs/performance-accounts.md")
    parser.add_argument("--listing", action="store_true", help="every instruction")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="sets")
    parser.add_argument("--config", type=Path, default=subject.DEPLOYMENT, metavar="FILE")
    options = parser.parse_args()
    known = [*subject.operations(), "boot", "size", "features"]
    if options.list or not (options.operations or options.page):
        print("\n".join(known))
        return 0
    for name in options.operations:
        if name not in known:
            parser.error(f"no operation {name}; --list tells them")
    subject.build_guest()
    sets = list(itertools.chain.from_iterable(("--set", one) for one in options.sets))
    folder = subject.build_deployment(options.config, *sets)
    if options.page:
        write_page(folder)
    for name in options.operations:
        if name == "boot":
            account_boot(folder, options.listing)
        elif name == "size":
            account_size(folder)
        elif name == "features":
            features.tell()
        else:
            account(folder, name, options.listing)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # account.py … | head
    sys.exit(main())
