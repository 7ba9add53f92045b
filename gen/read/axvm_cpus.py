# SPDX-License-Identifier: Apache-2.0
"""[base]: the VM's id, name and CPUs."""

from __future__ import annotations

from gen.diagnostics import Where
from gen.read.axvm_native import CPUS_WORDS, Translation


def translate_base(to: Translation) -> None:
    base = to.vm.base
    if to.wants("name"):
        if base.get("name") is not None:
            to.put("name", base.get("name"), base.at("name"))
        elif not base.wrote("name"):
            _missing(to, "name", 'add name = "..." to [base], or to the [[vm]]')
    if to.wants("id"):
        _id(to)
    if base.get("vm_type") is not None and base.get("vm_type") != 1 and base.get("vm_type") != 2:
        meaning = "a host that is already running" if base.get("vm_type") == 0 else "unknown"
        to.report.warning(
            "axvm-left-out",
            base.at("vm_type"),
            f"vm_type = {base.get('vm_type')} ({meaning}): AxVM takes any number and never looks at "
            "it. Left out: all VMs are of one kind",
        )
    if to.wants("cpus"):
        _cpus(to)


def _id(to: Translation) -> None:
    """The number by which channel calls name the VM."""
    number = to.vm.base.get("id")
    where = to.vm.base.at("id")
    if number == 0:
        to.report.warning(
            "axvm-id",
            where,
            "id = 0: AxVM takes id - 1 as the CPU that gets the VM's interrupts, and wraps around. "
            "Here interrupts go to the VM's own CPUs, and the id is the VM's place in the deployment",
            "id = 1 or more in the [[vm]] chooses",
        )
    elif number is not None:
        to.put("id", number, where)


def _missing(to: Translation, key: str, cure: str) -> None:
    to.report.error(
        "key-missing",
        to.vm.base.where,
        f"[base] {key} is missing: AxVM refuses a file without it",
        cure,
    )


def _cpus(to: Translation) -> None:
    base = to.vm.base
    ids, sets, count = base.get("phys_cpu_ids"), base.get("phys_cpu_sets"), base.get("cpu_num")
    if base.told & {"phys_cpu_ids", "phys_cpu_sets", "cpu_num"}:
        return
    if count is None:
        _missing(to, "cpu_num", "add cpu_num, or cpus = [...] to the [[vm]]")
        return
    if ids is None and sets is None:
        to.report.error(
            "axvm-cpu-none",
            base.at("cpu_num"),
            f"neither phys_cpu_ids nor phys_cpu_sets says which {count} CPUs the VM has: AxVM would "
            f"stop at boot, and older versions run it on any CPU. Here {CPUS_WORDS}",
            "add phys_cpu_ids, or cpus = [...] to the [[vm]]",
        )
        return
    key = "phys_cpu_ids" if ids is not None else "phys_cpu_sets"
    listed = len(base.get(key))
    if listed != count or count == 0:
        to.report.error(
            "axvm-cpu-count",
            base.at(key),
            f"cpu_num = {count}, and {key} has {listed} entries: AxVM logs this and goes on with "
            "vCPUs that have no CPU, or indexes beyond its list",
            f"make {key} and cpu_num agree",
            base.at("cpu_num"),
        )
        return
    chosen = _by_id(to, ids) if ids is not None else _by_mask(to, sets)
    if ids is not None and sets is not None and len(chosen) == count:
        _compare(to, chosen, sets)
    if len(chosen) == count:
        to.put("cpus", chosen, base.at(key))


def _known(to: Translation) -> str:
    return ", ".join(f"{cpu.name} = {cpu.hardware_id:#x}" for cpu in to.board.cpus)


def _by_id(to: Translation, ids: list[int]) -> list[int]:
    """Indices in the board's order. On Arm a hardware id is the affinity in MPIDR_EL1."""
    index = {cpu.hardware_id: n for n, cpu in enumerate(to.board.cpus)}
    unknown = [f"{number:#x}" for number in ids if number not in index]
    if unknown:
        _no_cpu(
            to,
            to.vm.base.at("phys_cpu_ids"),
            f"phys_cpu_ids: board {to.board.name} has no CPU with hardware id "
            f"{', '.join(unknown)}: AxVM logs this, and the vCPU has no CPU",
        )
    return [index[number] for number in ids if number in index]


def _no_cpu(to: Translation, where: Where, message: str) -> None:
    to.report.error(
        "axvm-cpu-unknown",
        where,
        message,
        f"its CPUs, by hardware id: {_known(to)}; or give cpus = [...] in the [[vm]]",
    )


def _by_mask(to: Translation, sets: list[int]) -> list[int]:
    """The lowest CPU of each mask that no earlier vCPU has; bit n is the board's nth CPU."""
    chosen: list[int] = []
    where = to.vm.base.at("phys_cpu_sets")
    for vcpu, mask in enumerate(sets):
        bits = [n for n in range(mask.bit_length()) if mask >> n & 1]
        free = [n for n in bits if n not in chosen]
        beyond = [n for n in bits if n >= len(to.board.cpus)]
        if beyond or not bits:
            has = f"CPU {beyond[0]}" if beyond else "no CPU"
            _no_cpu(
                to,
                where,
                f"phys_cpu_sets: the mask {mask:#x} of vCPU {vcpu} has {has}, and board "
                f"{to.board.name} has {len(to.board.cpus)} CPUs: AxVM would never run it there",
            )
        elif not free:
            to.report.error(
                "axvm-cpu-shared",
                where,
                f"phys_cpu_sets: the mask {mask:#x} of vCPU {vcpu} has no CPU that no other vCPU of "
                f"the VM has: AxVM would switch between them. Here {CPUS_WORDS}",
                "give every vCPU a CPU of its own",
            )
        else:
            chosen.append(free[0])
            if len(bits) > 1:
                to.report.warning(
                    "axvm-cpu-sets",
                    where,
                    f"phys_cpu_sets: the mask {mask:#x} lets vCPU {vcpu} move between CPUs "
                    f"{', '.join(map(str, bits))}: AxVM's scheduler would do so. Here it is pinned "
                    f"to CPU {free[0]}",
                )
    return chosen


def _compare(to: Translation, chosen: list[int], sets: list[int]) -> None:
    if sets == [1 << index for index in chosen]:
        return
    shown = ", ".join(f"{mask:#x}" for mask in sets)
    to.report.warning(
        "axvm-cpu-sets",
        to.vm.base.at("phys_cpu_sets"),
        f"phys_cpu_sets = [{shown}] are not the CPUs of phys_cpu_ids on board {to.board.name} "
        f"({', '.join(to.board.cpus[n].name for n in chosen)}): AxVM drops the sets where ids are "
        "given, and so do we",
    )
