# SPDX-License-Identifier: Apache-2.0
"""Whole images of small deployments and what they say: golden-images/<case>/ keeps the manifest of
everything the build made and the transcript of a boot in exact time. make golden rewrites them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from machine import BUILT, ICOUNT, ROOT, Machine, board, by_kernel

sys.path[:0] = [str(ROOT), str(ROOT / "tests/gen")]

import golden  # noqa: E402
from gen.emit.manifest import Manifest, manifest_text, parse_manifest  # noqa: E402
from gen.plan.plan import make_plan  # noqa: E402
from gen.tool import cache, stages  # noqa: E402
from gen.tool.options import parse  # noqa: E402
from gen.tool.terminal import Terminal  # noqa: E402

KEPT = Path(__file__).resolve().parent / "golden-images"
PLACE = BUILT / "golden"
# Deployments of configs/; the others are those of tests/gen/golden, whose guests are no programs and
# crash: the same whatever compiler there is.
CONFIGS = ("board",)
CASES = (*CONFIGS, "channel", "linux", "restart")


@dataclass(frozen=True)
class Image:
    manifest: Manifest
    transcript: str
    emulator: str  # QEMU's version: it decides how much time instructions take


def config_of(case: str) -> Path:
    """The deployment file; those of tests/gen/golden get their guests beside a copy."""
    if case in CONFIGS:
        return ROOT / f"configs/{case}.toml"
    folder = PLACE / f"{case}-guests"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in golden.guest_images().items():
        (folder / name).write_bytes(data)
    return Path(shutil.copy(golden.CASES / case / golden.INPUT, folder))


def make(case: str) -> Path:
    """The stages of a build, with a constant in place of the hash over all inputs, so that only
    what reaches the image shows; the folder with the results."""
    out = PLACE / case
    work = stages.read(parse([str(config_of(case)), "--out", str(out)], ROOT), Terminal(quiet=True))
    with cache.locked(out / ".lock"):
        stages.fetch_images(work)
        unikernels = stages.compile_unikernels(work)
        plan = make_plan(work.deployment, work.board, unikernels, work.report, golden.INPUT_HASH)
        work.report.stop_on_errors()
        assert plan
        linked = stages.link(work, plan, stages.configure(work, plan))
        stages.finish(work, plan, linked, {})
    return out


def boot(folder: Path) -> str:
    """All that the UART says until the board is off."""
    with Machine(board(*ICOUNT, *by_kernel(folder))) as machine:
        return machine.wait_off()


def emulator() -> str:
    command = ["qemu-system-aarch64", "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    return done.stdout.splitlines()[0]


def produce(case: str) -> Image:
    folder = make(case)
    manifest = parse_manifest((folder / "manifest.json").read_text())
    return Image(manifest, boot(folder), emulator())


def kept(case: str) -> Image:
    folder = KEPT / case
    manifest = parse_manifest((folder / "manifest.json").read_text())
    first, _, transcript = (folder / "transcript.txt").read_text().partition("\n")
    return Image(manifest, transcript, first)


def update(case: str, image: Image) -> list[str]:
    """Rewrites what is kept; names of the files that changed."""
    texts = {
        "manifest.json": manifest_text(image.manifest),
        "transcript.txt": f"{image.emulator}\n{image.transcript}",
    }
    folder = KEPT / case
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed.append(name)
    return changed


def update_all() -> None:
    for case in CASES:
        print(f"image {case}: {', '.join(update(case, produce(case))) or 'unchanged'}")
