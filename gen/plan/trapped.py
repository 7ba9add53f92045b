# SPDX-License-Identifier: Apache-2.0
"""Trapped devices: single registers and bits of pages that several VMs share. Which a VM is granted,
and that no two VMs may write the same bits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gen.diagnostics import Report
from gen.plan.draft import Span, Trap, VmDevices
from gen.plan.model import MmioRow, Trapped
from gen.ranges import PAGE, Range, overlaps, pages, range_text, subtract
from gen.read.board import BoardDevice
from gen.read.deployment import Device, Register, Vm

HEADER = "vdev/trapped.h"
SIZES = 0xF  # all widths, 1 | 2 | 4 | 8


def traps_of(request: Device, device: BoardDevice, report: Report) -> tuple[Trap, ...]:
    """By address. The rest of the device's registers reads zero."""
    found = []
    for number, region in enumerate(device.reg):
        asked = [
            _trap(r, request, device, region)
            for r in _asked(request, device, region)
            if r.region == number and _is_sound(r, request, device, region, report)
        ]
        kept: list[Trap] = []
        for trap in sorted(asked, key=lambda t: t.hpa):
            if kept and overlaps(kept[-1].host, trap.host):
                report.error(
                    "trap-overlap",
                    trap.where,
                    f"{device.path}: registers {_text(trap, region)} and {_text(kept[-1], region)} "
                    "overlap",
                    "grant each register once",
                    kept[-1].where,
                )
            else:
                kept.append(trap)
        gaps = subtract(_own(device, region), [trap.host for trap in kept])
        found += kept + [
            Trap(g.base, g.base, g.size, (), 0, 0, "keep", device.path, request.where) for g in gaps
        ]
    for register in request.registers or ():
        if register.region >= len(device.reg):
            report.error(
                "trap-register",
                register.where,
                f"{device.path} has no region {register.region}",
                f"it has {len(device.reg)}",
            )
    return tuple(sorted(found, key=lambda t: t.hpa))


def _own(device: BoardDevice, region: Range) -> tuple[Range, ...]:
    """A region less the registers of devices below, which are theirs."""
    return subtract([region], device.below)


def _asked(request: Device, device: BoardDevice, region: Range) -> tuple[Register, ...]:
    if request.registers is not None:
        return request.registers
    number = device.reg.index(region)
    return tuple(
        Register(part.base - region.base, part.size, region=number, where=request.where)
        for part in _own(device, region)
    )


def _is_sound(
    register: Register, request: Device, device: BoardDevice, region: Range, report: Report
) -> bool:
    widest = max(register.widths)
    size = register.size if register.size is not None else widest
    part = Range(region.base + register.offset, size)
    what = f"{device.path}: registers at offset {register.offset:#x}"
    wrong, cure = "", ""
    if part.end > region.end:
        wrong = f"{what} of {size:#x} bytes end behind its region of {region.size:#x} bytes"
        cure = f"keep offset and size below {region.size:#x}"
    elif any(overlaps(part, other) for other in device.below):
        wrong = f"{what} of {size:#x} bytes are those of a device below it"
        cure = "name that device"
    elif part.base % widest or size % widest:
        wrong = f"{what} of {size:#x} bytes are not whole registers of {widest} bytes"
        cure = "correct offset or size, or use smaller widths"
    elif register.mask is not None and register.mask >> 8 * widest:
        wrong = f"{what}: mask = {register.mask:#x} has more bits than {widest} bytes"
        cure = "correct the mask, or use larger widths"
    elif register.mask is not None and len(register.widths) > 1:
        wrong = f"{what}: a mask needs one width, and widths = {list(register.widths)}"
        cure = f"use widths = [{widest}], or leave the mask out"
    if wrong:
        report.error("trap-register", register.where, wrong, cure)
    return not wrong


def _trap(register: Register, request: Device, device: BoardDevice, region: Range) -> Trap:
    widest = max(register.widths)
    mask = register.mask if register.mask is not None else (1 << 8 * widest) - 1
    base = region.base + register.offset
    return Trap(
        gpa=base,
        hpa=base,
        size=register.size if register.size is not None else widest,
        widths=register.widths,
        read_mask=mask if "r" in register.access else 0,
        write_mask=mask if register.access in ("rw", "wo") else 0,
        rest=register.rest,
        owner=device.path,
        where=register.where,
    )


def _text(trap: Trap, region: Range) -> str:
    return f"{trap.hpa - region.base:#x}-{trap.host.end - region.base - 1:#x}"


def trap_spans(devices: VmDevices) -> tuple[Span, ...]:
    return tuple(
        Span(Range(trap.gpa, trap.size), "emulated", f"trapped {trap.owner}", trap.where)
        for trap in devices.traps
    )


def check_traps(vms: Sequence[Vm], devices: Sequence[VmDevices], report: Report) -> None:
    """Of each register at most one VM writes a bit, and all agree on how it is written."""
    seen: list[tuple[Vm, Trap]] = []
    for vm, mine in zip(vms, devices):
        granted = [trap for trap in mine.traps if trap.widths]
        for trap in granted:
            for other_vm, other in seen:
                if overlaps(trap.host, other.host):
                    _check_pair(vm, trap, other_vm, other, report)
        seen += [(vm, trap) for trap in granted]


def _check_pair(vm: Vm, trap: Trap, other_vm: Vm, other: Trap, report: Report) -> None:
    base, end = max(trap.hpa, other.hpa), min(trap.host.end, other.host.end)
    place = range_text(Range(base, end - base))
    names = f"VM {other_vm.name} and VM {vm.name}"
    both = trap.write_mask & other.write_mask
    writes = trap.write_mask and other.write_mask
    if writes and (trap.widths != other.widths or trap.rest != other.rest):
        report.error(
            "trap-differs",
            trap.where,
            f"{trap.owner}: {names} share registers at {place}, and say differently how they are "
            f"accessed (widths = {list(other.widths)}, rest = {other.rest}; widths = "
            f"{list(trap.widths)}, rest = {trap.rest})",
            "give widths and rest the same values for both",
            other.where,
        )
    elif both:
        report.error(
            "trap-bits-shared",
            trap.where,
            f"{trap.owner}: {names} may both write bits {both:#x} of the registers at {place}",
            "take these bits out of one of the two masks",
            other.where,
        )


def shared_pages(devices: Sequence[VmDevices]) -> tuple[Range, ...]:
    """Pages in which several VMs read, change and write back registers: those who can meet there
    share a lock. Pages that one run of registers joins are one."""
    touched: list[tuple[Range, int]] = []
    for vm, mine in enumerate(devices):
        parts = [pages(t.host) for t in mine.traps if t.reads_back]
        touched += [(part, vm) for part in parts]
    groups: list[tuple[Range, set[int]]] = []
    for part, vm in sorted(touched, key=lambda entry: (entry[0].base, entry[0].size)):
        if groups and part.base < groups[-1][0].end:
            last, vms = groups.pop()
            whole = Range(last.base, max(last.end, part.end) - last.base)
            groups.append((whole, vms | {vm}))
        else:
            groups.append((part, {vm}))
    return tuple(part for part, vms in groups if len(vms) > 1)


def planned_traps(devices: Sequence[VmDevices]) -> tuple[Trapped, ...]:
    """All of the deployment, VM by VM: the index of one is the instance of its row."""
    locks = shared_pages(devices)
    return tuple(
        Trapped(
            vm=vm,
            hpa=trap.hpa,
            size=trap.size,
            read_mask=trap.read_mask,
            write_mask=trap.write_mask,
            rest=trap.rest,
            lock=_lock(trap, locks),
            owner=trap.owner,
        )
        for vm, mine in enumerate(devices)
        for trap in mine.traps
    )


def _lock(trap: Trap, locks: Iterable[Range]) -> int | None:
    if not trap.reads_back:
        return None
    return next((n for n, part in enumerate(locks) if overlaps(part, trap.host)), None)


def trap_rows(vm_index: int, devices: Sequence[VmDevices]) -> tuple[MmioRow, ...]:
    """The rows of one VM. What is not granted takes every width: it reads zero."""
    first = sum(len(mine.traps) for mine in devices[:vm_index])
    return tuple(
        MmioRow(
            gpa=trap.gpa,
            size=trap.size,
            ops=f"trapped_ops[{sum(trap.widths) or SIZES}]",
            header=HEADER,
            instance=first + number,
            owner=f"{trap.owner}{_what(trap)}",
        )
        for number, trap in enumerate(devices[vm_index].traps)
    )


def _what(trap: Trap) -> str:
    if not trap.widths:
        return ": not granted"
    granted = trap.read_mask | trap.write_mask
    access = "rw" if trap.read_mask and trap.write_mask else "ro" if trap.read_mask else "wo"
    return f": bits {granted:#x}, {access}"


def trapped_pages(traps: Iterable[Trapped]) -> tuple[Range, ...]:
    """What the hypervisor must reach while guests run."""
    found: set[int] = set()
    for trap in traps:
        if trap.read_mask or trap.write_mask:
            part = pages(Range(trap.hpa, trap.size))
            found |= set(range(part.base, part.end, PAGE))
    return tuple(Range(base, PAGE) for base in sorted(found))
