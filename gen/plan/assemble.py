# SPDX-License-Identifier: Apache-2.0
"""The last step: decisions put together as the rows of gen/plan/model.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen.plan import stage2
from gen.plan.cores import core_symbols
from gen.plan.direct import direct_irqs, holds_interface, is_direct
from gen.plan.draft import Doorbell, VmDevices
from gen.plan.emulated import cpu_interface, has_vgic, mmio_rows
from gen.plan.emulated_devices import emulated_rows, emulated_symbols
from gen.plan.guest import Built, Guest
from gen.plan.interrupts import planned_irqs, spi_count
from gen.plan.masters import masters_of
from gen.plan.model import (
    Eemi,
    EmulatedDevice,
    Image,
    Irq,
    Mapping,
    MmioRow,
    PlannedChannel,
    PlannedVm,
    RamRegion,
    Trapped,
    Vcpu,
    Voice,
    Vuart,
    Watchdog,
)
from gen.plan.ports import port_rows
from gen.plan.sharing import page_mates
from gen.plan.sysregs import sysreg_rows
from gen.plan.trapped import planned_traps, trap_rows
from gen.plan.watch import watchdog_rows
from gen.ranges import Range, union
from gen.read.board import Board
from gen.read.deployment import Deployment
from gen.read.device_types import UARTS

HYPERVISOR_VOICE = "bulkhead"


@dataclass(frozen=True)
class VirtualDevices:
    """The emulated devices of all VMs; their rows name them by their place here."""

    vuarts: tuple[Vuart, ...]
    voices: tuple[Voice, ...]  # of the console; voice 0 is the hypervisor's
    channels: tuple[PlannedChannel, ...]
    emulated: tuple[EmulatedDevice, ...]
    watchdogs: tuple[Watchdog, ...]
    trapped: tuple[Trapped, ...]


def virtual_devices(
    guests: Sequence[Guest], channels: tuple[PlannedChannel, ...]
) -> VirtualDevices:
    vuarts, voices = _voices(guests)
    return VirtualDevices(
        vuarts=vuarts,
        voices=voices,
        channels=channels,
        emulated=tuple(device for guest in guests for device in guest.emulated),
        watchdogs=tuple(guest.watchdog for guest in guests if guest.watchdog is not None),
        trapped=planned_traps([guest.devices for guest in guests]),
    )


def _voices(guests: Sequence[Guest]) -> tuple[tuple[Vuart, ...], tuple[Voice, ...]]:
    """All virtual UARTs, each with its voice of the console."""
    speakers = [Voice(HYPERVISOR_VOICE, None, None)]
    vuarts: list[Vuart] = []
    for guest in guests:
        for number, uart in enumerate(guest.uarts):
            name = guest.vm.name if number == 0 else f"{guest.vm.name}.{number}"
            vuarts.append(Vuart(uart.kind, guest.index, uart.gpa, uart.spi, len(speakers)))
            speakers.append(Voice(name, guest.index, len(vuarts) - 1))
    return tuple(vuarts), tuple(speakers)


def planned_vm(
    guest: Guest,
    board: Board,
    built: Built,
    ram: tuple[RamRegion, ...],
    images: tuple[Image, ...],
    vcpus: Sequence[Vcpu],
    virtual: VirtualDevices,
    devices: Sequence[VmDevices],
) -> PlannedVm:
    """`devices`: the hardware of all VMs, by VM."""
    mappings = _mappings(guest, board, ram, virtual.channels)
    irqs, software = _irqs(guest)
    return PlannedVm(
        index=guest.index,
        vm=guest.vm,
        vcpus=tuple(n for n, vcpu in enumerate(vcpus) if vcpu.vm == guest.index),
        ram=ram,
        images=images,
        mappings=mappings,
        mmio=_mmio(guest, board, virtual, devices),
        ports=port_rows(guest.index, virtual.emulated),
        sysregs=sysreg_rows(guest.vm, board.gic.version),
        irqs=irqs,
        software_spis=software,
        spi_count=spi_count([irq.guest_spi for irq in irqs] + list(software)),
        stage2=stage2.build(guest.index, guest.ipa_bits, mappings),
        entry_gpa=built.entry,
        dtb_gpa=built.dtb.gpa if built.dtb is not None else None,
        dtb=built.dtb.data if built.dtb is not None else None,
        masters=masters_of(guest.vm, guest.devices, board),
        notes=(*page_mates(guest.vm, guest.devices, board), *built.notes),
    )


def _mappings(
    guest: Guest, board: Board, ram: Sequence[RamRegion], channels: Sequence[PlannedChannel]
) -> tuple[Mapping, ...]:
    """Everything in the VM's stage 2, sorted by GPA."""
    found = [Mapping(r.gpa, r.hpa, r.size, "ram", r.flags, "memory") for r in ram]
    found += [
        Mapping(w.gpa, w.hpa, w.size, "device", w.access, w.owner) for w in guest.devices.merged
    ]
    interface = cpu_interface(guest.vm, board)
    if interface is not None and has_vgic(guest.vm):
        found.append(interface)
    for c in channels:
        what = f"channel {c.name}"
        for peer in c.peers:
            if peer.vm == guest.index:
                access = "rw" if peer.writable else "r"
                found.append(Mapping(peer.window, c.hpa, c.size, "channel", access, what, c.cached))
    return tuple(sorted(found, key=lambda m: m.gpa))


def _irqs(guest: Guest) -> tuple[tuple[Irq, ...], tuple[int, ...]]:
    """Physical interrupts, and the guest's SPIs that have no wire."""
    irqs = planned_irqs(guest.index, guest.devices)
    asked: list[int | None] = [uart.spi for uart in guest.uarts]
    asked += [end.spi for end in guest.doorbells]
    asked += [device.spi for device in guest.emulated]
    asked += [part.spi for part in (guest.watchdog, guest.monitor) if part is not None]
    software = tuple(sorted(spi for spi in asked if spi is not None))
    if is_direct(guest.vm):
        return direct_irqs(guest.index, irqs, software), ()
    return irqs, software


def _mmio(
    guest: Guest, board: Board, virtual: VirtualDevices, devices: Sequence[VmDevices]
) -> tuple[MmioRow, ...]:
    """Dispatch rows, sorted by GPA."""
    uart_numbers = [n for n, uart in enumerate(virtual.vuarts) if uart.vm == guest.index]
    rows = mmio_rows(
        guest.index,
        (board.gic.version, guest.vm.interrupts),
        guest.gic,
        tuple(zip(uart_numbers, guest.uarts)),
        _numbered_doorbells(guest, virtual.channels),
    )
    rows += emulated_rows(guest.index, virtual.emulated)
    rows += watchdog_rows(guest.index, virtual.watchdogs)
    rows += trap_rows(guest.index, devices)
    return tuple(sorted(rows, key=lambda row: row.gpa))


def _numbered_doorbells(
    guest: Guest, channels: Sequence[PlannedChannel]
) -> list[tuple[int, str, Doorbell]]:
    """The VM's ends with their index among all peers of all channels, which channel_ops takes."""
    first = []
    count = 0
    for channel in channels:
        first.append(count)
        count += len(channel.peers)
    return [
        (first[end.channel] + end.peer, f"channel {channels[end.channel].name}", end)
        for end in guest.doorbells
    ]


def used_ram(
    window: Range,
    rams: Sequence[Sequence[RamRegion]],
    channels: Sequence[PlannedChannel],
) -> tuple[Range, ...]:
    parts = [window] + [Range(r.hpa, r.size) for ram in rams for r in ram]
    return union(parts + [Range(c.hpa, c.size) for c in channels])


def kconfig_symbols(
    deployment: Deployment,
    board: Board,
    virtual: VirtualDevices,
    has_ivc: bool,
    eemis: Sequence[Eemi],
) -> dict[str, str]:
    """What the hypervisor must contain for this plan. Symbols that only some boards need are there
    only for those: there may be no code for them yet."""
    wanted = {
        f"ARCH_{board.arch.upper()}": True,
        "ARCH_SHA256": "sha2" in board.cpu_features,
        "ARCH_CRC32": "crc32" in board.cpu_features,
        **core_symbols(board),
        f"PLATFORM_{board.uart.type.upper()}": True,
        "INTERRUPTS_PASSTHROUGH": any(is_direct(vm) for vm in deployment.vms),
        "STOP_NEXT_EXIT": any(holds_interface(vm, board) for vm in deployment.vms),
        "CONSOLE_SILENT": deployment.console.mode == "none",
        "VDEV_VGIC": True,
        "VDEV_VUART": bool(virtual.vuarts),
        **{kind.symbol: any(u.kind is kind for u in virtual.vuarts) for kind in UARTS},
        "VDEV_PSCI": True,
        "VDEV_CHANNEL": bool(virtual.channels),
        "VDEV_PORT": board.has_ports,
        **emulated_symbols(virtual.emulated),
        "VDEV_IVC": has_ivc,
        "VDEV_MONITOR": any(vm.controls for vm in deployment.vms),
        "VDEV_WATCHDOG": bool(virtual.watchdogs),
        "VDEV_TRAPPED": bool(virtual.trapped),
        "VDEV_EEMI": bool(eemis),
    }
    wanted |= {f"{room}{board.gic.version}": True for room in ("ARCH_GIC", "VDEV_VGIC")}
    if board.cpu_start == "spin-table":
        power = board.power.type if board.power is not None else "no_power"
        wanted |= {"ARCH_SPIN_TABLE": True, f"PLATFORM_{power.upper()}": True}
    else:
        wanted["ARCH_PSCI"] = True
    return {name: "y" if on else "n" for name, on in sorted(wanted.items())}
