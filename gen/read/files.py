# SPDX-License-Identifier: Apache-2.0
"""The files that VMs name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gen.diagnostics import Report, Where
from gen.read.deployment import Deployment, Vm


def check_files(deployment: Deployment, report: Report, told: Sequence[Path] = ()) -> None:
    """Whether every file that the VMs name is there; a missing one is told once, and not at all
    below a folder of `told`. Apart from loading, because some files are fetched in between."""
    users: dict[Path, list[tuple[Vm, str]]] = {}
    for vm in deployment.vms:
        for key, file in vm_files(vm):
            known = any(file.is_relative_to(folder) for folder in told)
            if not file.is_file() and not known:
                users.setdefault(file, []).append((vm, key))
        _check_unikernel(vm, report)
    for file, named in users.items():
        vm, key = named[0]
        others = "".join(f", vm.{other.name}.{word}" for other, word in named[1:])
        foreign = vm.at(key).file not in (deployment.file, vm.where.file)
        what = "is a folder" if file.is_dir() else "does not exist"
        cure = f"correct the path, or set {key} in the [[vm]]" if foreign else "correct the path"
        report.error(
            "file-missing",
            vm.at(key),
            f"vm.{vm.name}.{key}{others}: {file} {what}",
            _meant(file, vm.at(key)) or cure,
        )


def vm_files(vm: Vm) -> list[tuple[str, Path]]:
    """By the key that names each."""
    files = [("initrd", vm.initrd)] + [("dtb_overlay", overlay) for overlay in vm.dtb_overlay]
    if vm.kernel is not None:
        files.insert(0, ("kernel", vm.kernel.image))
    if isinstance(vm.dtb, Path):
        files.append(("dtb", vm.dtb))
    return [(key, file) for key, file in files if file is not None]


def _check_unikernel(vm: Vm, report: Report) -> None:
    if vm.unikernel is not None and not has_sources(vm.unikernel):
        report.error(
            "file-missing",
            vm.at("unikernel"),
            f"vm.{vm.name}.unikernel: {vm.unikernel} is not a folder with C sources",
            _meant(vm.unikernel, vm.at("unikernel")) or "correct the path",
        )


def _meant(path: Path, where: Where) -> str:
    """The cure where the same path from the current directory is there; "" elsewhere."""
    folder = where.file.parent
    if not path.is_relative_to(folder):
        return ""
    near = Path.cwd() / path.relative_to(folder)
    if near == path or not near.exists():
        return ""
    return (
        f"relative paths start from the folder of {where.file.name}: write "
        f'"{os.path.relpath(near, folder)}"'
    )


def has_sources(folder: Path) -> bool:
    """Whether the folder can be a unikernel's."""
    return any(folder.glob("*.c"))
