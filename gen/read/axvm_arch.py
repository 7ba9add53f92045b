# SPDX-License-Identifier: Apache-2.0
"""AxVM's files don't say which architecture they are for. What tells it: devices that only one has,
and the names of the images."""

from __future__ import annotations

import re

from gen.diagnostics import Report, Where
from gen.read.axvm_file import AxVm
from gen.read.axvm_schema import EMU_TYPES, FOREIGN_TYPES
from gen.read.board import Board
from gen.read.toml_file import Item

_DEVICES = (
    (re.compile(r"\b(plic|clint|aclint|imsic|aplic)\b", re.I), "riscv64"),
    (re.compile(r"\b(io ?apic|local apic|lapic|hpet|pit)\b", re.I), "x86_64"),
    (re.compile(r"\b(gicv?[23]?|gic[dr]|pl011)\b", re.I), "aarch64"),
)
_NAMES = re.compile(
    r"(?<![a-z0-9])(aarch64|arm64|riscv64|x86_64|amd64|loongarch64)(?![a-z0-9])", re.I
)
_SAME = {"arm64": "aarch64", "amd64": "x86_64"}


def check_arch(vm: AxVm, own: Item, board: Board, report: Report) -> bool:
    """Whether the file can be for the board's architecture, as far as it can be told. `own`: the
    including table, whose images replace the file's."""
    for arch, evidence, where in _evidence(vm, own):
        if arch == board.arch:
            continue
        report.error(
            "axvm-arch",
            where,
            f"{vm.file.name} is for {arch}: {evidence}. Board {board.name} is {board.arch}. AxVM "
            "would not notice: it maps ranges without asking what is there",
            f"use a file for {board.arch}, or a board for {arch}",
        )
        return False
    return True


def _evidence(vm: AxVm, own: Item) -> list[tuple[str, str, Where]]:
    """(architecture, why, where), the surest first."""
    found = [
        (FOREIGN_TYPES[row.type], f"{row.name} is a {EMU_TYPES[row.type]}", row.where)
        for row in vm.emulated
        if row.type in FOREIGN_TYPES
    ]
    for row in vm.passthrough:
        for pattern, arch in _DEVICES:
            if pattern.search(row.name):
                found.append((arch, f'it has a "{row.name}"', row.where))
                break
    for key, native in (("kernel_path", "kernel"), ("dtb_path", "dtb")):
        path = vm.kernel.get(key) if own.get(native) is None else None
        match = _NAMES.search(path.name) if path is not None else None
        if match:
            arch = _SAME.get(match[1].lower(), match[1].lower())
            found.append((arch, f"{key} is {path.name}", vm.kernel.at(key)))
    return found
