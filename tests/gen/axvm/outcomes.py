#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `./build.py --check` says of every published AxVM file, and what a small import gives, kept
as files in outcomes/. `outcomes.py --update` rewrites them."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT), str(HERE)]

from axvm_world import plan, write_axvm, write_deployment  # noqa: E402

from gen.diagnostics import Report  # noqa: E402
from gen.plan.model import Plan  # noqa: E402
from gen.tool.import_axvm import import_files  # noqa: E402

PUBLISHED = HERE / "published"
KEPT = HERE / "outcomes"
IMPORTED = "imported.toml"

# Further keys of the [[vm]] with which a file for QEMU becomes a plan: what the errors ask for.
QEMU = {
    "old_linux-qemu-aarch64-smp2": 'dma = "trusted"\nkernel = "kernel.bin"\ndtb = "auto"',
    "old_linux-qemu-aarch64-vm2": 'dma = "trusted"\nkernel = "kernel.bin"\ndtb = "auto"',
    "seedera_linux-qemu-aarch64-gicv3-a": 'dma = "trusted"\nkernel = "kernel.bin"\ndtb = "auto"\n'
    'memory = [{ gpa = 0x8000_0000, size = "512M", map = "identical" }]',
}
IMPORT_CHANGES = (
    ('name = "partner"', 'name = "rtos"'),
    ("passthrough_devices = []", 'passthrough_devices = [["/pl031@9010000"]]'),
    ("phys_cpu_ids = [3]", "phys_cpu_ids = [2]"),
    ("id = 77", "id = 78"),
)


def names() -> list[str]:
    return sorted(path.stem for path in PUBLISHED.glob("*.toml"))


def produce(name: str, folder: Path) -> str:
    """The outcome of one file, as it is and, where that is known, with what it lacks."""
    parts = [("as it is", "")]
    if name in QEMU:
        parts.append((f"with\n{textwrap.indent(QEMU[name], '    ')}\n", QEMU[name]))
    text = ""
    for title, more in parts:
        status, findings = check(PUBLISHED / f"{name}.toml", more, folder)
        text += f"# {title}: status {status}\n" + "".join(map(show, findings))
        if status == 0:
            made = plan(folder, [(PUBLISHED / f"{name}.toml", more)]).plan
            assert made is not None
            text += show_plan(made)
        text += "\n"
    return text.rstrip("\n").replace(f"{folder}/", "") + "\n"


def check(file: Path, more: str, folder: Path) -> tuple[int, Sequence[dict[str, Any]]]:
    path = write_deployment(folder, [(file, more)])
    command = [str(ROOT / "build.py"), str(path), "--check", "--json"]
    command += ["--out", str(folder / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = json.loads(done.stdout)
    return done.returncode, said.get("findings", [])


def show(finding: dict[str, Any]) -> str:
    place = f"{Path(finding['file']).name}:{finding['line']}"
    lines = [f"{finding['code']} {place}"]
    lines += [f"    {finding['message']}"]
    lines += [f"    cure: {finding['cure']}"] if finding["cure"] else []
    return "\n".join(lines) + "\n"


def show_plan(made: Plan) -> str:
    lines = []
    for vm in made.vms:
        lines.append(f"VM {vm.vm.name}: CPUs {list(vm.vm.cpus)}, entry {vm.entry_gpa:#_x}")
        lines += [
            f"    {m.gpa:#_x} -> {m.hpa:#_x} {m.size:#_x} {m.access} {m.owner}" for m in vm.mappings
        ]
        lines += [f"    trapped {row.gpa:#_x} {row.size:#_x} {row.owner}" for row in vm.mmio]
        lines.append(f"    SPIs {[irq.spi for irq in vm.irqs]}")
    return "\n".join(lines) + "\n"


def imported(folder: Path) -> str:
    """The import of a published file and a small one."""
    linux = folder / "linux.toml"
    linux.write_bytes((PUBLISHED / "old_linux-qemu-aarch64-smp2.toml").read_bytes())
    small = write_axvm(folder, IMPORT_CHANGES, "rtos.toml")
    report = Report()
    out = folder / "two.toml"
    return import_files([linux, small], "qemu-virt-aarch64", out, lambda board: None, report)


def kept(name: str) -> str:
    path = KEPT / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def all_outcomes() -> dict[str, str]:
    made = {}
    for name in names():
        with tempfile.TemporaryDirectory() as folder:
            made[f"{name}.txt"] = produce(name, Path(folder).resolve())
    with tempfile.TemporaryDirectory() as folder:
        made[IMPORTED] = imported(Path(folder).resolve())
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", required=True)
    parser.parse_args()
    KEPT.mkdir(exist_ok=True)
    for name, text in all_outcomes().items():
        if kept(name) != text:
            (KEPT / name).write_text(text, encoding="utf-8")
            print(f"axvm: {name} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
