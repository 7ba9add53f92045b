#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the generator makes of small deployments, kept as files: golden/<case>/ holds
deployment.toml and what is expected of it. `golden.py --update` rewrites the expectations."""

from __future__ import annotations

import argparse
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parents[1]
CASES = TESTS / "golden"
INPUT = "deployment.toml"
INPUT_HASH = "0" * 64

sys.path.insert(0, str(ROOT))

from gen.diagnostics import Failure, Report  # noqa: E402
from gen.emit.tables import emit  # noqa: E402
from gen.plan.model import Plan  # noqa: E402
from gen.plan.plan import make_plan  # noqa: E402
from gen.read.board_file import load_board  # noqa: E402
from gen.read.load import load_deployment  # noqa: E402

WHOLE = "one-vm"  # the case that keeps the rows of system registers: they are long, and alike
EMITTED = ("tables.h", "tables.c", "stage2.c", "images.S", "layout.ld")


def cases() -> list[str]:
    return sorted(path.parent.name for path in CASES.glob(f"*/{INPUT}"))


def guest_images() -> dict[str, bytes]:
    """Guests that deployments name; every case finds all of them beside its deployment.toml."""
    pattern = bytes(range(256))
    return {
        "small.bin": pattern * 3,
        "large.bin": pattern * (9 << 10),
        "initrd.bin": pattern[::-1] * 20,
        "Image": linux_image(pattern * 16),
    }


def linux_image(body: bytes) -> bytes:
    """An arm64 Image (Documentation/arch/arm64/booting): text_offset 0, flags: 4 KiB pages, 2 MiB
    base anywhere in RAM."""
    size = 64 + len(body)
    header = struct.pack("<IIQQQQQQII", 0x14000010, 0, 0, size, 0xA, 0, 0, 0, 0x644D5241, 0)
    return header + body


def plan_case(case: str, folder: Path) -> Plan:
    """Plans the case in `folder`, a copy whose place must not show in the result."""
    for name, data in guest_images().items():
        (folder / name).write_bytes(data)
    shutil.copy(CASES / case / INPUT, folder / INPUT)
    report = Report()
    deployment = load_deployment(folder / INPUT, [], report)
    report.stop_on_errors()
    assert deployment
    board = load_board(deployment.board, deployment.variant, report, deployment.where)
    report.stop_on_errors()
    assert board
    plan = make_plan(deployment, board, {}, report, INPUT_HASH)
    report.stop_on_errors()
    assert plan
    return plan


def produce(case: str, folder: Path) -> dict[str, str]:
    """File name to text of everything that is kept of a case."""
    plan = plan_case(case, folder)
    emitted = emit(plan)
    texts = {name: emitted[name] for name in EMITTED}
    if case != WHOLE:
        texts["tables.c"] = without_sysregs(texts["tables.c"])
    for vm in plan.vms:
        if vm.dtb is not None:
            texts[f"{vm.vm.name}.dts"] = tree_text(vm.dtb)
    return texts


def without_sysregs(text: str) -> str:
    """Rows of system registers as their count and checksum."""

    def short(match: re.Match[str]) -> str:
        rows = match[0]
        return f"    /* {rows.count(chr(10))} rows, CRC-32 {zlib.crc32(rows.encode()):08x} */\n"

    return re.sub(r"(?m)(^    { .encoding = ARCH_SYSREG.*\n)+", short, text)


def tree_text(blob: bytes) -> str:
    command = ["dtc", "-q", "-I", "dtb", "-O", "dts", "-"]
    done = subprocess.run(command, input=blob, stdout=subprocess.PIPE, check=True, timeout=20)
    return done.stdout.decode()


def expected(case: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in (CASES / case).iterdir() if path.name != INPUT}


def update(case: str, texts: Mapping[str, str]) -> list[str]:
    """Rewrites the expectations; names of the files that changed."""
    old = expected(case)
    for name in old.keys() - texts.keys():
        (CASES / case / name).unlink()
    for name, text in texts.items():
        (CASES / case / name).write_text(text)
    return sorted(name for name in old.keys() | texts.keys() if old.get(name) != texts.get(name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", required=True)
    parser.add_argument("case", nargs="*", help="default: all")
    arguments = parser.parse_args()
    for case in arguments.case or cases():
        with tempfile.TemporaryDirectory() as folder:
            try:
                changed = update(case, produce(case, Path(folder)))
            except Failure as failure:
                for found in failure.diagnostics:
                    print(f"{case}: {found.code}: {found.message}", file=sys.stderr)
                return int(failure.status)
        print(f"{case}: {', '.join(changed) or 'unchanged'}")
    if not arguments.case:
        sys.path.insert(0, str(ROOT / "tests/boot"))
        import golden_images

        golden_images.update_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
