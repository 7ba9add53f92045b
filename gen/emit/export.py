# SPDX-License-Identifier: Apache-2.0
"""Files for guests that are built elsewhere: a C header, a linker fragment, a summary to read and an
overlay for Zephyr. All tell the same places (gen/emit/guest_places.py)."""

from __future__ import annotations

from collections.abc import Sequence

from gen.emit import c
from gen.emit.guest_places import Place, link_regions, load_address, places
from gen.plan.model import Plan, PlannedVm
from gen.read.gic import ppi_intid, spi_intid, spi_text

HEADER = "guest.h"
LINKER = "guest.ld"
SUMMARY = "memory.txt"
ZEPHYR = "zephyr.overlay"

Defines = list[tuple[str, int]]


def guest_files(plan: Plan, vm: PlannedVm, provisional: Sequence[str]) -> dict[str, str]:
    """File name to text. `provisional`: what is not known yet, in words."""
    head = [
        f"VM {vm.vm.name} of deployment {plan.deployment.name} on board {plan.board.name}.",
        "Made by ./build.py --export-guests: all addresses are the guest's.",
        *(f"Provisional: {words}" for words in provisional),
    ]
    return {
        HEADER: _header(plan, vm, head),
        LINKER: _linker(vm, head),
        SUMMARY: _summary(plan, vm, head),
        ZEPHYR: _zephyr(plan, vm, head),
    }


def _comment(head: Sequence[str]) -> str:
    lines = [c.comment_text(line) for line in head]
    return "/*\n" + "".join(f" * {line}\n" for line in lines) + " */\n"


def _header(plan: Plan, vm: PlannedVm, head: Sequence[str]) -> str:
    """Numbers only, so that assembly and linker scripts can include it too."""
    guard = f"GUEST_{c.identifier(vm.vm.name).upper()}_H"
    parts = [_comment(head), f"#ifndef {guard}\n#define {guard}\n", _defines(_vm_defines(plan, vm))]
    for place in places(plan, vm):
        parts.append(f"/* {c.comment_text(place.what)} */\n{_defines(_place_defines(place))}")
    return "\n".join([*parts, "#endif\n"])


def _defines(values: Defines) -> str:
    return "".join(f"#define GUEST_{name} {_number(name, value)}\n" for name, value in values)


def _number(name: str, value: int) -> str:
    """Addresses and sizes in hex, what is counted in decimal."""
    return (
        f"{value:#x}" if name.endswith(("BASE", "SIZE", "ENTRY", "LOAD", "MPIDR")) else f"{value}"
    )


def _vm_defines(plan: Plan, vm: PlannedVm) -> Defines:
    values = [("LOAD", load_address(vm)), ("ENTRY", vm.entry_gpa), ("CPU_COUNT", len(vm.vcpus))]
    for number, index in enumerate(vm.vcpus):
        values.append((f"CPU{number}_MPIDR", plan.vcpus[index].guest_id))
    if vm.vm.interrupts != "none":
        values.append(("GIC_VERSION", plan.board.gic.version))
        for name in ("virtual", "physical"):
            ppi = plan.board.timer_ppi[name]
            timer = f"TIMER_{name.upper()}"
            values += [(f"{timer}_PPI", ppi), (f"{timer}_INTID", ppi_intid(ppi))]
    for monitor in plan.monitors:
        if monitor.vm == vm.index and monitor.spi is not None:
            values += [("MONITOR_SPI", monitor.spi), ("MONITOR_INTID", spi_intid(monitor.spi))]
    return values


def _place_defines(place: Place) -> Defines:
    values = [(f"{place.name}_BASE", place.base), (f"{place.name}_SIZE", place.size)]
    for number, (spi, _) in enumerate(place.spis):
        which = f"{place.name}_" if number == 0 else f"{place.name}_{number}_"
        values += [(f"{which}SPI", spi), (f"{which}INTID", spi_intid(spi))]
    return values + [(f"{place.name}_{name}", value) for name, value in place.numbers]


def _linker(vm: PlannedVm, head: Sequence[str]) -> str:
    lines = [_comment(head), "MEMORY\n{\n"]
    for name, part, flags in link_regions(vm):
        lines.append(f"    {name} ({flags}) : ORIGIN = {part.base:#x}, LENGTH = {part.size:#x}\n")
    lines.append("}\n")
    lines.append(f"GUEST_LOAD = {load_address(vm):#x};\nGUEST_ENTRY = {vm.entry_gpa:#x};\n")
    return "".join(lines)


def _summary(plan: Plan, vm: PlannedVm, head: Sequence[str]) -> str:
    cpus = [f"{plan.vcpus[index].guest_id:#x}" for index in vm.vcpus]
    lines = [
        *head,
        "",
        f"starts at {vm.entry_gpa:#x} at EL1, MMU and caches off, with {_x0(vm)}",
        f"CPUs by MPIDR affinity: {', '.join(cpus)}; the first one runs, PSCI by HVC starts others",
        "",
        f"{'first':>14} {'last':>14} {'size':>12}  {'name':24}  what, interrupts",
    ]
    for place in places(plan, vm):
        words = "".join(f"; {spi_text(s)}, {how}" for s, how in place.spis)
        span = f"{place.base:#14x} {place.end - 1:#14x} {place.size:#12x}"
        lines.append(f"{span}  {place.name:24}  {place.what}{words}")
    return "\n".join(lines) + "\n"


def _x0(vm: PlannedVm) -> str:
    return "0 in x0" if vm.dtb_gpa is None else f"its device tree's address in x0 ({vm.dtb_gpa:#x})"


def _zephyr(plan: Plan, vm: PlannedVm, head: Sequence[str]) -> str:
    """Memory as Zephyr's linker scripts take it; the devices are the board's own."""
    chosen, nodes = [], []
    for name, part, _ in link_regions(vm):
        label = f"guest_{name.lower()}"
        if name in ("RAM0", "ROM0"):
            chosen.append(f"zephyr,{'sram' if name == 'RAM0' else 'flash'} = &{label};")
        nodes.append(_zephyr_node(label, part.base, part.size, 'compatible = "mmio-sram";'))
    for place in places(plan, vm):
        if place.kind == "channel":
            region = (
                'compatible = "zephyr,memory-region";\n'
                f'\t\tzephyr,memory-region = "{place.name}";'
            )
            label = f"guest_{place.name.lower()}"
            nodes.append(_zephyr_node(label, place.base, place.size, region))
    body = "\n\t\t".join(chosen)
    return f"{_comment(head)}\n/ {{\n\tchosen {{\n\t\t{body}\n\t}};\n{''.join(nodes)}}};\n"


def _zephyr_node(label: str, base: int, size: int, kind: str) -> str:
    cells = " ".join(f"{part:#x}" for n in (base, size) for part in (n >> 32, n & 0xFFFF_FFFF))
    return f"\n\t{label}: memory@{base:x} {{\n\t\t{kind}\n\t\treg = <{cells}>;\n\t}};\n"
