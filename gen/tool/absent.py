# SPDX-License-Identifier: Apache-2.0
"""What is planned with where files of guests are missing: the smallest that could stand there, so
that one missing file does not hide what else is wrong."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from pathlib import Path

from gen.read.deployment import Deployment, Kernel, Vm
from gen.tool.paths import write_if_changed

INSTRUCTION = 4
LARGEST = 64 << 20


def with_stand_ins(deployment: Deployment, built: Set[str], folder: Path) -> Deployment:
    """The deployment without the files that are missing, and without unikernels but those of the
    VMs `built`. Kernels in their place go to `folder`."""
    vms = tuple(_complete(vm, vm.name in built, folder) for vm in deployment.vms)
    return replace(deployment, vms=vms)


def _complete(vm: Vm, is_built: bool, folder: Path) -> Vm:
    if vm.kernel is not None and not vm.kernel.image.is_file():
        vm = replace(_elsewhere(vm), kernel=_kernel(vm, folder))
    if vm.unikernel is not None and not is_built:
        vm = replace(_elsewhere(vm), kernel=_kernel(vm, folder), unikernel=None)
    if vm.initrd is not None and not vm.initrd.is_file():
        vm = replace(vm, initrd=None, initrd_gpa=None)
    if isinstance(vm.dtb, Path) and not vm.dtb.is_file():
        vm = replace(vm, dtb=None, dtb_gpa=None, dtb_overlay=())
    there = tuple(overlay for overlay in vm.dtb_overlay if overlay.is_file())
    return replace(vm, dtb_overlay=there)


def _kernel(vm: Vm, folder: Path) -> Kernel:
    """A raw image that reaches as far as the entry, where load address and entry are told; where
    the missing file would have told them, in the first memory that could hold it."""
    known = vm.kernel if vm.kernel is not None else Kernel(Path(), where=vm.at("unikernel"))
    image = folder / vm.name / (known.image.name.strip(".") or "unikernel")
    size, load, entry = INSTRUCTION, known.load_gpa, None
    if load is None and known.format != "raw":
        load = next((part.gpa for part in vm.memory if "x" in part.flags), None)
    if known.load_gpa is not None and known.entry_gpa is not None:
        reach = known.entry_gpa + INSTRUCTION - known.load_gpa
        if reach <= LARGEST:
            size, entry = max(reach, INSTRUCTION), known.entry_gpa
    write_if_changed(image, bytes(size))
    return replace(known, image=image, format="raw", load_gpa=load, entry_gpa=entry)


def _elsewhere(vm: Vm) -> Vm:
    """Nothing is laid beside a kernel of which nobody knows where it is."""
    known = vm.kernel is not None and vm.kernel.load_gpa is not None
    return vm if known else replace(vm, initrd_gpa=None, dtb_gpa=None)
