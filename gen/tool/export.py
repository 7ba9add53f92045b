# SPDX-License-Identifier: Apache-2.0
"""`--export-guests DIR`: what guests that are built elsewhere need, before any of them is there."""

from __future__ import annotations

from dataclasses import replace

from gen.emit.export import guest_files
from gen.read.deployment import Vm
from gen.read.files import check_files
from gen.tool import stages
from gen.tool.options import Options
from gen.tool.paths import shown, write_if_changed
from gen.tool.process import run as run_tool
from gen.tool.terminal import Terminal


def run(options: Options, say: Terminal) -> None:
    """The command. Images may be missing; device trees and overlays that a VM names may not."""
    assert options.export_guests is not None
    work = stages.read(options, say)
    trees = tuple(
        replace(vm, kernel=None, initrd=None, unikernel=None) for vm in work.deployment.vms
    )
    check_files(replace(work.deployment, vms=trees), work.lacking.files)
    stages.claim(work.out)
    plan, _ = stages.plan(work, {})
    say.findings(work.report.found)
    written = []
    for asked, vm in zip(work.deployment.vms, plan.vms):
        folder = options.export_guests / vm.vm.name
        texts = guest_files(plan, vm, _provisional(asked))
        files: dict[str, bytes] = {name: text.encode() for name, text in texts.items()}
        if vm.dtb is not None:
            files |= {"guest.dtb": vm.dtb, "guest.dts": _source(vm.dtb)}
        for name, data in sorted(files.items()):
            write_if_changed(folder / name, data)
            written.append(folder / name)
    say.put("files", [str(path) for path in written])
    say.say("\n".join(f"wrote {shown(path)}" for path in written))


def _source(tree: bytes) -> bytes:
    return run_tool(["dtc", "-q", "-I", "dtb", "-O", "dts", "-"], "dtc", stdin=tree)


def _provisional(vm: Vm) -> list[str]:
    """What may still change when the VM's images are there."""
    found = []
    if vm.unikernel is not None:
        found.append(
            "its unikernel is not compiled for this; its size decides where the tree lies."
        )
    if vm.kernel is not None and not vm.kernel.image.is_file():
        found.append(
            f"{vm.kernel.image.name} is not there. LOAD and ENTRY are those of a raw image, and of "
            "an ELF that is linked at LOAD; the device tree stays here if the image ends before it."
        )
    if vm.initrd is not None and not vm.initrd.is_file():
        found.append(
            f"{vm.initrd.name} is not there. The tree lacks linux,initrd-start and -end, and may "
            "move."
        )
    return found
