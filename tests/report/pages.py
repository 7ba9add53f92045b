# SPDX-License-Identifier: Apache-2.0
"""The pages that are looked at: one of a real build, others of plans alone, because how they look does
not depend on what the compiler makes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from gen.diagnostics import Report
from gen.emit.boundaries import guess
from gen.emit.report.facts import File, facts
from gen.emit.report.page import page
from gen.plan.plan import make_plan
from gen.read.board_file import load_board
from gen.read.load import load_deployment
from gen.tool import fetch
from gen.tool.paths import BUILD, FETCH, ROOT

OUT = BUILD / "tests/report"
BOARDS = ROOT / "tests/gen/boards/deployments"
EIGHT = (
    ("control", "16M", ""),
    ("safety-monitor", "4M", 'controls = ["control", "linux"]\nwatchdog = "500ms"'),
    ("linux", "512M", 'initrd = "image.bin"\nbootargs = "console=ttyAMA0 note=<b>&amp;"'),
    ("gateway", "64M", 'devices = ["/pl031@9010000"]'),
    ("telemetry", "16M", 'interrupts = "passthrough"'),
    ("display", "128M", ""),
    ("logger", "1M", 'on_crash = "restart"'),
    ("diagnostics-over-ip", "32M", "scrub = false"),
)
CHANNELS = """
[[channel]]
name = "measurements"
size = "64K"
from = "control"
to   = ["linux", "telemetry"]
[[channel]]
name = "frames"
size = "8M"
from = "linux"
to   = ["display"]
"""


def names() -> list[str]:
    return ["board", "eight-vms", "rpi4-pins", "rpi4-masters"]


def make(name: str, folder: Path) -> Path:
    """The page of that name."""
    if name == "board":
        return _built(ROOT / "configs/board.toml")
    if name == "eight-vms":
        return _planned(_eight(folder), name)
    fetch.ensure([FETCH / "debian-dtbs/all"], offline=False)
    shutil.copy(BOARDS / f"{name}.toml", folder)
    return _planned(folder / f"{name}.toml", name)


def _built(config: Path) -> Path:
    out = OUT / "build" / config.stem
    command = [str(ROOT / "build.py"), str(config), "--out", str(out), "-q"]
    subprocess.run(command, check=True, timeout=600)
    return out / "report.html"


def _planned(config: Path, name: str) -> Path:
    (config.parent / "image.bin").write_bytes(bytes(range(256)) * 64)
    report = Report()
    deployment = load_deployment(config, [], report)
    report.stop_on_errors()
    assert deployment is not None
    board = load_board(deployment.board, deployment.variant, report, deployment.where)
    report.stop_on_errors()
    assert board is not None
    plan = make_plan(deployment, board, {}, report, "0123456789abcdef" * 4)
    report.stop_on_errors()
    assert plan is not None
    files = [File("firmware.bin", 332 << 10, "ab" * 32), File("firmware.elf", 700_000, "cd" * 32)]
    made = OUT / f"{name}.html"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text(page(facts(plan, report.found, guess(plan, 8192), files)), encoding="utf-8")
    return made


def _eight(folder: Path) -> Path:
    """Eight VMs with long names on a board that has as many CPUs."""
    board = folder / "board"
    board.mkdir()
    source = ROOT / "platform/qemu-virt-aarch64"
    tree = (source / "board.dts").read_text()
    last = re.search(r"\t\tcpu@3 \{.*?\};\n", tree, re.DOTALL)
    assert last is not None
    more = "".join(
        f'\t\tcpu@{n} {{ compatible = "arm,cortex-a53"; device_type = "cpu";'
        f' enable-method = "psci"; reg = <{n}>; }};\n'
        for n in range(4, 8)
    )
    (board / "board.dts").write_text(tree.replace(last[0], last[0] + more))
    known, count = re.subn(r"(?m)^count( *)= 4", r"count\1= 8", (source / "board.toml").read_text())
    assert count == 1
    (board / "board.toml").write_text(known)
    text = 'schema = 1\n[deployment]\nname = "eight-vms"\nboard = "./board"\n'
    for cpu, (name, ram, more) in enumerate(EIGHT):
        text += f'[[vm]]\nname = "{name}"\ncpus = [{cpu}]\nram = "{ram}"\nkernel = "image.bin"\n'
        text += f"{more}\n"
    config = folder / "eight-vms.toml"
    config.write_text(text + CHANNELS)
    return config
