#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mutates what the generator reads: readers.py TARGET SECONDS FOLDER. Whatever comes, the answer is a
result or findings with a code, never an exception. An input whose findings are new is kept in
FOLDER/corpus/TARGET and mutated further; one that breaks the reader in FOLDER/TARGET-crash-*."""

from __future__ import annotations

import gzip
import hashlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/gen")]

import golden  # noqa: E402
from gen.diagnostics import Failure, Report  # noqa: E402
from gen.plan.plan import make_plan  # noqa: E402
from gen.read import image  # noqa: E402
from gen.read.board_file import load_board  # noqa: E402
from gen.read.load import load_deployment  # noqa: E402
from gen.tool.absent import with_stand_ins  # noqa: E402

KEPT = ROOT / "tests/fuzz/corpus"
BOARD = ROOT / "platform/qemu-virt-aarch64"
ONE_INPUT_SECONDS = 30
EDGES = (0, 1, 2, 3, 4, 0x7F, 0x80, 0xFF, 0xFFF, 0x1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
WORDS = (
    *(b"0", b"-1", b"1e400", b"0x1_0000_0000", b"18446744073709551616", b"nan", b"true", b'""'),
    *(b"[]", b"{}", b"[[]]", b"[{}]", b'"${x}"', b'"\\u0000"', b"\xff", b"\x00", b'"4K"', b'"99E"'),
    *(b"1979-05-27", b'"../.."', b"'", b'"""', b"\n", b"=", b"#", b"[[vm]]", b'"emulated"'),
)

Outcome = frozenset[str]


def codes(report: Report) -> Outcome:
    return frozenset(found.code for found in report.found)


def plan(config: Path, report: Report) -> None:
    """As ./build.py --check does."""
    deployment = load_deployment(config, [], report)
    if deployment is None:
        assert report.errors, "no deployment, and no error that says why"
        return
    board = load_board(deployment.board, deployment.variant, report, deployment.where)
    if board is None:
        assert report.errors, "no board, and no error that says why"
        return
    whole = with_stand_ins(deployment, frozenset(), config.parent / "stand-ins")
    planned = make_plan(whole, board, {}, report, golden.INPUT_HASH)
    assert planned is not None or report.errors, "no plan, and no error that says why"


def judged(config: Path) -> Outcome:
    report = Report()
    try:
        plan(config, report)
    except Failure as failure:
        return frozenset(found.code for found in failure.diagnostics) | {str(failure.status)}
    return codes(report)


def read_toml(data: bytes, folder: Path) -> Outcome:
    (folder / "deployment.toml").write_bytes(data)
    return judged(folder / "deployment.toml")


def read_board(data: bytes, folder: Path) -> Outcome:
    """A board's tree; then the same as a guest's, on the real board."""
    (folder / "board/board.dtb").write_bytes(data)
    return judged(folder / "of-board.toml") | judged(folder / "of-guest.toml")


def read_image(data: bytes, folder: Path) -> Outcome:
    del folder
    outcome = set()
    for wanted in ("auto", "raw", "linux", "elf"):
        try:
            outcome.add(f"{wanted}: {image.detect(data, wanted).format}")
        except image.ImageError as error:
            outcome.add(f"{wanted}: {' '.join(str(error).split()[:4])}")
    return frozenset(outcome)


def toml_seeds() -> list[bytes]:
    files = [
        *sorted(ROOT.glob("tests/gen/golden/*/deployment.toml")),
        *sorted(ROOT.glob("tests/gen/bad/*/*.toml"))[::9],
        *sorted(ROOT.glob("tests/guests/*/deployment.toml"))[::5],
    ]
    return [path.read_bytes() for path in files]


def tree_seeds() -> list[bytes]:
    source = BOARD / "board.dts"
    command = ["dtc", "-q", "-I", "dts", "-O", "dtb", str(source)]
    return [subprocess.run(command, check=True, capture_output=True).stdout]


def elf(machine: int = image.EM_AARCH64) -> bytes:
    code = bytes(64)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    base = 0x4000_0000
    header = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, base, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 176, base, base, len(code), len(code), 4096)
    return ident + header + segment * 2 + code


def image_seeds() -> list[bytes]:
    linux = golden.linux_image(bytes(200))
    return [linux, gzip.compress(linux, mtime=0), elf(), elf(62), b"\x1f\x8b", b"raw"]


TARGETS: dict[str, tuple[Callable[[], list[bytes]], Callable[[bytes, Path], Outcome]]] = {
    "toml": (toml_seeds, read_toml),
    "dtb": (tree_seeds, read_board),
    "image": (image_seeds, read_image),
}


def one_mutation(data: bytearray, others: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(data)) if data else 0
    kind = chance.randrange(8)
    if kind == 0:
        data[at : at + 1] = bytes([chance.randrange(256)])
    elif kind == 1:
        del data[at : at + chance.randrange(1, 40)]
    elif kind == 2:
        data[at:at] = data[at : at + chance.randrange(1, 80)]
    elif kind in (3, 4) and len(data) >= 4:
        data[at & ~3 : (at & ~3) + 4] = struct.pack(chance.choice("<>") + "I", chance.choice(EDGES))
    elif kind == 5:
        data[at : at + chance.randrange(12)] = chance.choice(WORDS)
    elif kind == 6:
        value = data.find(b"=", at) + 1  # a TOML value, where it is TOML
        end = data.find(b"\n", value)
        data[value : end if end > value else value] = b" " + chance.choice(WORDS)
    else:
        other = chance.choice(others)
        start = chance.randrange(len(other)) if other else 0
        data[at : at + 20] = other[start : start + chance.randrange(200)]


def mutated(corpus: list[bytes], chance: random.Random) -> bytes:
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        one_mutation(data, corpus, chance)
    return bytes(data)


def prepare(folder: Path) -> None:
    for name, content in golden.guest_images().items():
        (folder / name).write_bytes(content)
    (folder / "board").mkdir()
    text = (BOARD / "board.toml").read_text().replace("board.dts", "board.dtb")
    (folder / "board/board.toml").write_text(text)
    vm = '[[vm]]\nname = "a"\ncpus = [0]\nram = "16M"\nkernel = "small.bin"\n'
    head = 'schema = 1\n[deployment]\nname = "fuzz"\nboard = '
    (folder / "of-board.toml").write_text(f'{head}"./board"\n{vm}devices = ["/pl031@9010000"]\n')
    (folder / "of-guest.toml").write_text(f'{head}"{BOARD.name}"\n{vm}dtb = "board/board.dtb"\n')


def too_long(signum: int, frame: object) -> None:
    raise TimeoutError(f"more than {ONE_INPUT_SECONDS} s for one input")


def run(target: str, seconds: float, build: Path) -> bool:
    """True: nothing was found. The same seed each time: what differs is how far it comes."""
    make_seeds, read = TARGETS[target]
    grown = build / "corpus" / target
    grown.mkdir(parents=True, exist_ok=True)
    kept = [path.read_bytes() for path in sorted((KEPT / target).glob("*"))]
    corpus = [*make_seeds(), *kept, *(path.read_bytes() for path in sorted(grown.glob("*")))]
    chance = random.Random(len(corpus))
    seen: set[Outcome] = set()
    deadline = time.monotonic() + seconds
    count = 0
    signal.signal(signal.SIGALRM, too_long)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        prepare(folder)
        while time.monotonic() < deadline or count < len(corpus):
            data = corpus[count] if count < len(corpus) else mutated(corpus, chance)
            count += 1
            current = build / f"{target}-crash-{hashlib.sha256(data).hexdigest()[:16]}"
            current.write_bytes(data)  # stays if this process dies
            signal.alarm(ONE_INPUT_SECONDS)
            try:
                outcome = read(data, folder)
            except Exception:
                traceback.print_exc()
                print(f"{target}: input kept as {current.relative_to(ROOT)}", file=sys.stderr)
                return False
            signal.alarm(0)
            current.unlink()
            if outcome not in seen:
                seen.add(outcome)
                if data not in corpus:
                    corpus.append(data)
                    (grown / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    print(f"{target}: {count} inputs in {seconds:g} s, {len(seen)} kinds of answer", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(0 if run(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])) else 1)
