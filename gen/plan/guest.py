# SPDX-License-Identifier: Apache-2.0
"""One VM as it sees itself, and what is loaded into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Report
from gen.plan.cpus import guest_id
from gen.plan.device_nodes import DeviceNodes, device_nodes
from gen.plan.eemi import firmware_nodes
from gen.plan.draft import Doorbell, EmulatedUart, Span, VmDevices
from gen.plan.guest_tree import FIRST_FREE_PHANDLE, GIC_PHANDLE, GuestView, guest_tree
from gen.plan.images import Blob, load_kernel, place_dtb, place_initrd
from gen.plan.memory import GuestRam
from gen.plan.address_space import channel_spans, device_spans, ram_spans
from gen.plan.emulated import uart_spans
from gen.plan.emulated_devices import emulated_spans, in_memory
from gen.plan.overlays import overlaid
from gen.plan.model import EmulatedDevice, Monitor, Watchdog
from gen.plan.trapped import trap_spans
from gen.plan.tree_write import flatten
from gen.plan.user_tree import user_tree
from gen.plan.watch import watchdog_spans
from gen.read.board import Board
from gen.read.deployment import Channel, Vm
from gen.read.fdt import Tree


@dataclass(frozen=True)
class Guest:
    """A VM's guest-physical view."""

    index: int
    vm: Vm
    ram: tuple[GuestRam, ...]
    devices: VmDevices
    gic: tuple[Span, ...]
    uarts: tuple[EmulatedUart, ...]
    emulated: tuple[EmulatedDevice, ...]
    doorbells: tuple[Doorbell, ...]
    watchdog: Watchdog | None
    monitor: Monitor | None
    ipa_bits: int

    @property
    def writable(self) -> tuple[GuestRam, ...]:
        """What the guest is told to be RAM. The rest plays ROM: firmware at 0, say."""
        return tuple(region for region in self.ram if "w" in region.memory.flags)


@dataclass(frozen=True)
class Built:
    """What the VM starts with."""

    blobs: tuple[Blob, ...] = ()
    entry: int = 0
    dtb: Blob | None = None
    notes: tuple[str, ...] = ()  # what the device tree lacks


def build_guest(
    guest: Guest,
    channels: Sequence[Channel],
    board: Board,
    board_tree: Tree,
    unikernel: bytes | None,
    report: Report,
) -> Built:
    """Kernel, initrd and device tree, placed by guest-physical address."""
    vm = guest.vm
    errors = len(report.errors)
    loaded = load_kernel(vm, guest.ram, unikernel, board, report)
    if loaded is None or len(report.errors) > errors:
        return Built()
    if loaded.format == "linux":
        _check_console(guest, report)
    writable = guest.writable
    initrd = place_initrd(vm, writable, loaded, report)
    blobs = loaded.blobs + ((initrd,) if initrd is not None else ())
    if vm.dtb is None:
        return Built(blobs, loaded.entry)
    view = _view(guest, channels, board, initrd)
    firmware, hidden = firmware_nodes(vm, guest.devices, board_tree)
    claims = (*guest.devices.claims, *firmware)
    passed = device_nodes(claims, board_tree, GIC_PHANDLE, FIRST_FREE_PHANDLE, hidden)
    data = _tree(guest, view, channels, board_tree, passed, report)
    dtb = place_dtb(vm, writable, loaded, initrd, data, board, report) if data else None
    if dtb is None:
        return Built(blobs, loaded.entry)
    notes = () if isinstance(vm.dtb, Path) else _tell(vm, passed, report)
    return Built((*blobs, dtb), loaded.entry, dtb, notes)


def _check_console(guest: Guest, report: Report) -> None:
    """Linux without hardware of its own hears and speaks by virtual UARTs alone."""
    vm = guest.vm
    asked = re.findall(r"(?:^|\s)console=([^\s,]+)", vm.bootargs or "")
    if not guest.uarts or guest.devices.windows or guest.devices.traps:
        return
    names = {uart.kind.linux_name: uart.kind.name for uart in guest.uarts}
    if asked and not any(name.startswith(tuple(names)) for name in asked):
        there = ", ".join(f"{kind} ({name}0)" for name, kind in names.items())
        report.warning(
            "bootargs-console",
            vm.at("bootargs"),
            f"VM {vm.name}: bootargs has console={asked[-1]}, and the VM's only UART is a virtual "
            f"{there}: it will be silent",
            f"use console={next(iter(names))}0",
        )


def _tell(vm: Vm, passed: DeviceNodes, report: Report) -> tuple[str, ...]:
    """What the guest's tree lacks of its devices."""
    for claim, note in passed.notes:
        report.warning(
            "device-resources",
            claim.request.where,
            f"VM {vm.name}: {note}",
            "grant what the guest's driver needs, or tell it otherwise with dtb_overlay",
        )
    return tuple(note for _, note in passed.notes)


def _view(
    guest: Guest, channels: Sequence[Channel], board: Board, initrd: Blob | None
) -> GuestView:
    count = len(guest.vm.cpus)
    names = [cpu.name for cpu in board.cpus]
    numbers = [cpu if isinstance(cpu, int) else names.index(cpu) for cpu in guest.vm.cpus]
    return GuestView(
        vm=guest.vm,
        board=board,
        ram=tuple(region.guest for region in guest.writable),
        cpu_ids=tuple(guest_id(index) for index in range(count)),
        cpu_compatibles=tuple(board.cpus[number].compatible for number in numbers),
        gic=guest.gic,
        uarts=guest.uarts,
        emulated=in_memory(guest.emulated),
        devices=guest.devices,
        channels=tuple(channels),
        doorbells=guest.doorbells,
        watchdog=guest.watchdog,
        monitor=guest.monitor,
        initrd=initrd.range if initrd is not None else None,
    )


def _tree(
    guest: Guest,
    view: GuestView,
    channels: Sequence[Channel],
    board_tree: Tree,
    passed: DeviceNodes,
    report: Report,
) -> bytes | None:
    spans = (
        *ram_spans(guest.ram),
        *device_spans(guest.devices),
        *trap_spans(guest.devices),
        *guest.gic,
        *uart_spans(guest.uarts),
        *emulated_spans(guest.emulated),
        *channel_spans(channels, guest.doorbells),
        *watchdog_spans(guest.watchdog, guest.vm),
    )
    mapped = tuple(span.range for span in spans)
    if isinstance(guest.vm.dtb, Path):
        tree = user_tree(view, guest.vm.dtb, mapped, report)
        if tree is None:
            return None
        blob = flatten(tree.root, tree.memory_reservations)
    else:
        blob = flatten(guest_tree(view, board_tree, passed), ())
    return overlaid(view, blob, mapped, report)
