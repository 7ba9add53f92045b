# SPDX-License-Identifier: Apache-2.0
"""Which VM runs on which physical CPU: one vCPU a pCPU, pinned for good."""

from __future__ import annotations

from collections.abc import Set
from difflib import get_close_matches

from gen.diagnostics import Report
from gen.plan.model import Pcpu, Vcpu
from gen.read.board import Board
from gen.read.deployment import Deployment, Vm

BOOT_CPU = 0  # firmware starts the image on the board's first CPU
AFF0_CPUS = 16  # an SGI's target list addresses 16 CPUs of one Aff0 group (GICv3 12.11)


def plan_cpus(
    deployment: Deployment, board: Board, report: Report
) -> tuple[tuple[Pcpu, ...], tuple[Vcpu, ...]]:
    """All vCPUs in VM order, and the physical CPUs in use in board order (the boot CPU always
    is)."""
    pinned = _pin(deployment, board, report)
    used = sorted({BOOT_CPU} | {cpu for cpus in pinned for cpu in cpus})
    row_of = {cpu: row for row, cpu in enumerate(used)}
    vcpus = tuple(
        Vcpu(vm, index, row_of[cpu], guest_id(index))
        for vm, cpus in enumerate(pinned)
        for index, cpu in enumerate(cpus)
    )
    runs = {vcpu.pcpu: number for number, vcpu in enumerate(vcpus)}
    pcpus = tuple(
        Pcpu(cpu, board.cpus[cpu].hardware_id, runs.get(row), board.cpus[cpu].release_address)
        for row, cpu in enumerate(used)
    )
    return pcpus, vcpus


def guest_id(index: int) -> int:
    """MPIDR affinity of a VM's vCPU: Aff0 below 16, so that every SGI target list reaches it."""
    return index % AFF0_CPUS | index // AFF0_CPUS << 8


def check_cpus(deployment: Deployment, report: Report) -> None:
    """What can be told of a board that isn't known: no word for a CPU may be there twice."""
    _pin(deployment, None, report)


def _pin(deployment: Deployment, board: Board | None, report: Report) -> list[list[int]]:
    owner: dict[int | str, Vm] = {}
    wanted = [[_resolve(vm, name, board, report) for name in vm.cpus] for vm in deployment.vms]
    known = board if deployment.complete else None  # else somebody may want what seems free
    cure = _cure(known, {cpu for cpus in wanted for cpu in cpus if cpu is not None})
    pinned = []
    for vm, cpus in zip(deployment.vms, wanted):
        mine: list[int | str] = []
        for cpu in cpus:
            if cpu is not None and _may_take(vm, cpu, mine, owner, board, cure, report):
                owner[cpu] = vm
                mine.append(cpu)
        pinned.append([cpu for cpu in mine if isinstance(cpu, int)])
    return pinned


def _cure(board: Board | None, taken: Set[int | str]) -> str:
    if board is None:
        return "choose another CPU"
    free = [str(n) for n in range(len(board.cpus)) if n not in taken]
    return f"free CPUs: {', '.join(free)}" if free else "no CPU of the board is free"


def _may_take(
    vm: Vm,
    cpu: int | str,
    mine: list[int | str],
    owner: dict[int | str, Vm],
    board: Board | None,
    cure: str,
    report: Report,
) -> bool:
    known = f" ({board.cpus[cpu].name})" if board is not None and isinstance(cpu, int) else ""
    if cpu in mine:
        report.error(
            "cpu-duplicate",
            vm.at("cpus"),
            f"VM {vm.name}: cpus lists CPU {cpu}{known} twice",
            f"list each CPU once; {cure}",
        )
        return False
    if cpu in owner:
        report.error(
            "cpu-shared",
            vm.at("cpus"),
            f"CPU {cpu}{known} is used by VM {owner[cpu].name} and by VM {vm.name}: a CPU runs one "
            "vCPU",
            cure,
            owner[cpu].at("cpus"),
        )
        return False
    return True


def _resolve(vm: Vm, name: int | str, board: Board | None, report: Report) -> int | str | None:
    """The CPU's number; while the board isn't known, what names it."""
    if board is None:
        return name
    names = [cpu.name for cpu in board.cpus]
    if isinstance(name, int) and 0 <= name < len(names):
        return name
    if isinstance(name, str) and name in names:
        return names.index(name)
    close = get_close_matches(str(name), names, 1)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    report.error(
        "cpu-unknown",
        vm.at("cpus"),
        f"VM {vm.name}: cpus names CPU {name!r}, which board {board.name} does not have",
        f"{hint}CPUs are 0 to {len(names) - 1}, or {', '.join(names)}",
    )
    return None
