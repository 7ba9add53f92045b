# SPDX-License-Identifier: Apache-2.0
"""From a deployment, its board and its unikernels to the plan: every decision, in this order."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from pathlib import Path

from gen.diagnostics import Report
from gen.plan import stage2
from gen.plan.address_space import channel_spans, check_disjoint, device_spans, ram_spans
from gen.plan.assemble import kconfig_symbols, planned_vm, used_ram, virtual_devices
from gen.plan.channels import channel_size, check_channels, place_doorbells, planned_channels
from gen.plan.cpus import plan_cpus
from gen.plan.direct import check_direct, is_direct, taken_spis, with_calls
from gen.plan.devices import check_board, check_console_uart, claim_devices
from gen.plan.emulated import emulated_uarts, has_vgic, uart_spans, vgic_spans
from gen.plan.emulated_devices import emulated_devices, emulated_spans
from gen.plan.eemi import plan_eemis
from gen.plan.firmware import (
    HYPERVISOR_SIZE,
    Placement,
    Request,
    check_limit,
    more_for_tables,
    packed_bytes,
    place,
)
from gen.plan.guest import Built, Guest, build_guest
from gen.plan.interrupts import check_doorbells, check_physical, guest_numbers
from gen.plan.ivc import check_ids, plan_ivcs
from gen.plan.memory import guest_ram
from gen.plan.model import Plan
from gen.plan.providers import with_reserved
from gen.plan.trapped import trap_spans
from gen.plan.ports import check_ports
from gen.plan.watch import check_console_control, place_monitor, place_watchdog, watchdog_spans
from gen.ranges import Range
from gen.read.board import Board
from gen.read.deployment import Channel, Deployment
from gen.read.fdt import Tree, parse_file


def make_plan(
    deployment: Deployment,
    board: Board,
    unikernels: MappingType[str, bytes],
    report: Report,
    input_hash: str,
    hypervisor_size: int = HYPERVISOR_SIZE,
) -> Plan | None:
    """The plan; None where `report` has errors, those of reading too. `unikernels`: VM name to
    ELF."""

    def decide(size: int) -> Plan | None:
        return _decide(deployment, board, unikernels, report, input_hash, size)

    plan = decide(hypervisor_size)
    more = more_for_tables(plan) if plan is not None else 0  # known when all has its place
    return decide(hypervisor_size + more) if more else plan


def _decide(
    deployment: Deployment,
    board: Board,
    unikernels: MappingType[str, bytes],
    report: Report,
    input_hash: str,
    hypervisor_size: int,
) -> Plan | None:
    _check(deployment, board, report)
    pcpus, vcpus = plan_cpus(deployment, board, report)
    channels = check_channels(deployment, report)
    ivcs = plan_ivcs(deployment, channels, report)
    tree = parse_file(board.tree)
    guests: Sequence[Guest] = _guests(deployment, board, tree, channels, report)
    eemis = plan_eemis(deployment, board, tree, [guest.devices for guest in guests], report)
    guests = _sound(guests, report)

    built = [
        build_guest(guest, channels, board, tree, unikernels.get(guest.vm.name), report)
        for guest in guests
    ]
    placement = _place(deployment, board, channels, guests, built, hypervisor_size, report)
    if placement is None or report.errors:
        return None

    devices = [guest.devices for guest in guests]
    doorbells = [guest.doorbells for guest in guests]
    planned = planned_channels(deployment, channels, doorbells, placement.channels)
    virtual = virtual_devices(guests, planned)
    vms = tuple(
        planned_vm(guest, board, result, ram, mine, vcpus, virtual, devices)
        for guest, result, ram, mine in zip(guests, built, placement.rams, placement.images)
    )
    return Plan(
        deployment=deployment,
        board=board,
        hash=input_hash,
        pcpus=with_calls(pcpus, vcpus, vms, board),
        vcpus=vcpus,
        vms=vms,
        vuarts=virtual.vuarts,
        channels=planned,
        ivcs=ivcs,
        monitors=tuple(guest.monitor for guest in guests if guest.monitor is not None),
        watchdogs=virtual.watchdogs,
        voices=virtual.voices,
        hypervisor=placement.window,
        packed=Range(placement.window.base + hypervisor_size, placement.packed),
        ram_used=used_ram(placement.window, placement.rams, planned),
        free=placement.free,
        config_symbols=kconfig_symbols(deployment, board, virtual, bool(ivcs), eemis),
        emulated=virtual.emulated,
        trapped=virtual.trapped,
        eemis=eemis,
    )


def _check(deployment: Deployment, board: Board, report: Report) -> None:
    """What can be told before anything is decided."""
    check_board(deployment, board, report)
    check_console_uart(deployment, board, report)
    check_console_control(deployment, report)
    check_ids(deployment, report)


def _sound(guests: Sequence[Guest], report: Report) -> Sequence[Guest]:
    """Those that no error blames: what is wrong in a VM's address space must not be told again by
    what is loaded there. A tree of the user's own may tell of anything that was left out."""
    if not report.errors:
        return guests
    return [
        guest
        for guest in guests
        if not report.blames(guest.vm.places()) and not isinstance(guest.vm.dtb, Path)
    ]


def _place(
    deployment: Deployment,
    board: Board,
    channels: Sequence[Channel],
    guests: Sequence[Guest],
    built: Sequence[Built],
    hypervisor_size: int,
    report: Report,
) -> Placement | None:
    """Where everything is in the board's RAM."""
    packed = packed_bytes([blob.data for guest in built for blob in guest.blobs])
    check_limit(deployment, board, packed, report)
    request = Request(
        vms=tuple(guest.vm for guest in guests),
        rams=tuple(guest.ram for guest in guests),
        blobs=tuple(guest.blobs for guest in built),
        channels=tuple((c.name, channel_size(c), c.where) for c in channels),
        hypervisor_size=hypervisor_size,
        board_where=deployment.at("deployment.board"),
    )
    return place(request, board, report)


def _guests(
    deployment: Deployment, board: Board, tree: Tree, channels: Sequence[Channel], report: Report
) -> list[Guest]:
    """What every VM has at which guest-physical address, checked."""
    devices = claim_devices(deployment, board, tree, report)
    check_physical(deployment, board, devices, report)
    check_direct(deployment, board, devices, report)
    limit = stage2.address_limit(board)
    taken = taken_spis(deployment, board, devices)
    guests = []
    for index, (vm, mine) in enumerate(zip(deployment.vms, devices)):
        ram = guest_ram(with_reserved(vm, mine), board, report)
        gic = vgic_spans(vm, len(vm.cpus), board)
        uarts = emulated_uarts(vm, mine, deployment, board, taken, report)
        emulated = emulated_devices(index, vm, report)
        check_ports(vm, emulated, board, report)
        spis = guest_numbers(vm, mine, uarts, emulated, report)
        spans = (*ram_spans(ram), *device_spans(mine), *gic, *uart_spans(uarts))
        spans = (*spans, *trap_spans(mine), *emulated_spans(emulated))
        used = spis | taken if is_direct(vm) else set(spis)
        ends = place_doorbells(vm.name, channels, spans, used, has_vgic(vm), board)
        check_doorbells(vm, channels, ends, spis, report)
        spans = (*spans, *channel_spans(channels, ends))
        used |= {end.spi for end in ends if end.spi is not None}
        watchdog = place_watchdog(index, vm, spans, used, has_vgic(vm), board)
        spans = (*spans, *watchdog_spans(watchdog, vm))
        used |= {watchdog.spi} if watchdog is not None and watchdog.spi is not None else set()
        monitor = place_monitor(index, deployment, used, has_vgic(vm), board)
        used |= {monitor.spi} if monitor is not None and monitor.spi is not None else set()
        taken |= used if is_direct(vm) else set()
        check_disjoint(vm.name, spans, limit, report)
        top = max((span.range.end for span in spans), default=0)
        bits = stage2.ipa_bits(min(top, limit), board)
        guests.append(
            Guest(index, vm, ram, mine, gic, uarts, emulated, ends, watchdog, monitor, bits)
        )
    return guests
