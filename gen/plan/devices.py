# SPDX-License-Identifier: Apache-2.0
"""Hardware that VMs own: devices of the board's tree and explicit ranges."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from difflib import get_close_matches

from gen.diagnostics import Report, first_few
from gen.plan.bridges import pci_windows
from gen.plan.draft import DeviceClaim, SpiClaim, VmDevices
from gen.plan.masters import check_masters
from gen.plan.passthrough import Window, merge, page_window
from gen.plan.providers import check_providers, regions_of
from gen.plan.sharing import check_sharing
from gen.plan.stage2 import address_limit
from gen.plan.trapped import check_traps, traps_of
from gen.ranges import Range, overlaps, pages, range_text
from gen.read.board import Board, BoardDevice
from gen.read.deployment import Deployment, Device, Passthrough, Vm
from gen.read.devices import MACHINE_NODES, is_cpu_part
from gen.read.fdt import Tree
from gen.read.gic import FIRST_SPI


def claim_devices(
    deployment: Deployment, board: Board, tree: Tree, report: Report
) -> tuple[VmDevices, ...]:
    """The hardware of every VM; what can't be had is left out, with an error."""
    claimed = tuple(_claim(vm, board, tree, report) for vm in deployment.vms)
    check_sharing(deployment, board, claimed, report)
    check_providers(deployment, board, tree, claimed, report)
    check_traps(deployment.vms, claimed, report)
    check_masters(deployment, board, claimed, report)
    return tuple(replace(part, merged=merge(part.windows, report)) for part in claimed)


def find_device(board: Board, path: str) -> BoardDevice | None:
    for device in board.devices:
        if path == device.path or path in device.aliases:
            return device
    return None


def _claim(vm: Vm, board: Board, tree: Tree, report: Report) -> VmDevices:
    claims: list[DeviceClaim] = []
    for request in vm.devices:
        device = _lookup(vm, request, board, report)
        if device is None or any(claim.device is device for claim in claims):
            continue
        claims.append(_device_claim(request, device, board, tree, report))
    explicit, irqs = _explicit(vm, board, report)
    return VmDevices(tuple(claims), explicit, irqs)


def _lookup(vm: Vm, request: Device, board: Board, report: Report) -> BoardDevice | None:
    machine = _machine_part(request.path, board)
    if machine:
        report.error(
            "device-machine",
            request.where,
            f"VM {vm.name}: {request.path} is {machine} of board {board.name}, which the "
            "hypervisor keeps",
            "remove it: a VM sees its own, virtual one",
        )
        return None
    device = find_device(board, request.path)
    if device is None:
        names = [d.path for d in board.devices] + [a for d in board.devices for a in d.aliases]
        close = get_close_matches(request.path, names, 1, 0.5)
        hint = f"did you mean {close[0]}? " if close else ""
        report.error(
            "device-unknown",
            request.where,
            f"VM {vm.name}: board {board.name} has no device {request.path} with registers or "
            "interrupts",
            f"{hint}./build.py --devices {board.name} lists them",
        )
    elif device.is_bus:
        _report_bus(vm, request, device, board, report)
        return None
    return device


def _report_bus(vm: Vm, request: Device, device: BoardDevice, board: Board, report: Report) -> None:
    below = [d.path for d in board.devices if d.path.startswith(f"{device.path}/") and not d.is_bus]
    report.error(
        "device-bus",
        request.where,
        f"VM {vm.name}: {device.path} is a bus: the pages behind it are those of the devices on it "
        f"({first_few(below)})",
        "name the devices",
    )


def _machine_part(path: str, board: Board) -> str:
    device = find_device(board, path)
    full = device.path if device is not None else path
    compatible = device.compatible if device is not None else ()
    if full == board.gic.path or full.startswith(f"{board.gic.path}/"):
        return "the interrupt controller"
    if board.power is not None and full == board.power.path:
        return "what switches the board off"
    if full.startswith("/") and full.split("/")[1].split("@")[0] in MACHINE_NODES:
        return "a CPU, the memory or the firmware interface"
    if is_cpu_part(compatible):
        return "a timer, the PMU or the firmware interface"
    return ""


def _device_claim(
    request: Device, device: BoardDevice, board: Board, tree: Tree, report: Report
) -> DeviceClaim:
    irqs = _device_irqs(request, device, report)
    node = tree.find(device.path)
    assert node is not None
    regions = regions_of(tree, node)
    if request.access == "trap":
        traps = traps_of(request, device, report)
        pages_ = [
            Window(t.hpa, t.hpa, t.size, device.path, "rw", request.where)
            for t in traps
            if t.widths
        ]
        sound = all(_is_device_memory(window, board, report) for window in pages_)
        return DeviceClaim(device, request, (), irqs, traps if sound else (), regions)
    limit = address_limit(board)
    # What a device below it has is its own.
    parts = [*device.own_reg, *pci_windows(node)]
    windows = [
        page_window(Window(p.base, p.base, p.size, device.path, "rw", request.where), limit, report)
        for p in parts
    ]
    sound_windows = [w for w in windows if w is not None and _is_device_memory(w, board, report)]
    return DeviceClaim(device, request, tuple(sound_windows), irqs, (), regions)


def _device_irqs(request: Device, device: BoardDevice, report: Report) -> tuple[SpiClaim, ...]:
    own = {irq.number: irq for irq in device.interrupts if irq.kind == "spi"}
    if any(irq.kind == "ppi" for irq in device.interrupts):
        report.error(
            "device-ppi",
            request.where,
            f"{device.path} interrupts by a PPI, which belongs to every CPU: it can't be given to "
            "one VM",
            "remove it from devices",
        )
    if request.irq is None:
        return tuple(
            SpiClaim(irq.number, irq.number, irq.trigger, device.path, request.where)
            for irq in own.values()
        )
    claims = []
    for wanted in request.irq:
        if wanted.spi not in own:
            _report_no_such_spi(request, device, wanted.spi, set(own), report)
            continue
        guest = wanted.guest_spi if wanted.guest_spi is not None else wanted.spi
        trigger = wanted.trigger or own[wanted.spi].trigger
        claims.append(SpiClaim(wanted.spi, guest, trigger, device.path, request.where))
    return tuple(claims)


def _report_no_such_spi(
    request: Device, device: BoardDevice, wanted: int, own: Set[int], report: Report
) -> None:
    spis = ", ".join(str(number) for number in sorted(own)) or "none"
    as_intid = wanted - FIRST_SPI in own
    told = f": {wanted} is the INTID of its SPI {wanted - FIRST_SPI}" if as_intid else ""
    report.error(
        "device-irq",
        request.where,
        f"{device.path} has no SPI {wanted}{told}",
        f"write spi = {wanted - FIRST_SPI}" if as_intid else f"its SPIs: {spis}",
    )


def _check_no_intid(entry: Passthrough, board: Board, report: Report) -> None:
    """Numbers that none of the devices in a range has, and that one has if they are INTIDs."""
    hpa = entry.hpa if entry.hpa is not None else entry.gpa
    spis = {
        irq.number: device.path
        for device in board.devices
        if any(overlaps(Range(hpa, entry.size), part) for part in device.own_reg)
        for irq in device.interrupts
        if irq.kind == "spi"
    }
    for spi in entry.spi:
        meant = spi - FIRST_SPI
        if spi not in spis and meant in spis:
            report.error(
                "passthrough-intid",
                entry.where,
                f"passthrough {entry.name}: spi = {spi}, but {spis[meant]} has SPI {meant}, whose "
                f"INTID is {spi}",
                f"write spi = {meant}: an SPI's number is its INTID less {FIRST_SPI}",
            )


def _explicit(
    vm: Vm, board: Board, report: Report
) -> tuple[tuple[Window, ...], tuple[SpiClaim, ...]]:
    triggers = {
        irq.number: irq.trigger for d in board.devices for irq in d.interrupts if irq.kind == "spi"
    }
    windows, irqs = [], []
    for entry in vm.passthrough:
        hpa = entry.hpa if entry.hpa is not None else entry.gpa
        bytes_ = Window(entry.gpa, hpa, entry.size, entry.name, "rw", entry.where)
        window = page_window(bytes_, address_limit(board), report)
        if window is not None and _is_device_memory(window, board, report):
            windows.append(window)
        _check_no_intid(entry, board, report)
        irqs += [
            SpiClaim(spi, spi, triggers.get(spi, "level"), entry.name, entry.where)
            for spi in entry.spi
        ]
    return tuple(windows), tuple(irqs)


def _is_device_memory(window: Window, board: Board, report: Report) -> bool:
    """Neither RAM nor the interrupt controller: those are never passed through."""
    for part in board.ram:
        if overlaps(part, pages(window.host)):
            report.error(
                "passthrough-host-ram",
                window.where,
                f"{window.owner}: host pages {range_text(window.host)} are RAM of board "
                f"{board.name}",
                'give RAM to a VM with memory = [{ map = "identical", ... }]',
            )
            return False
    gic = board.gic
    frames = (gic.distributor, *gic.redistributors, gic.cpu_interface, gic.hyp_interface)
    for frame in (*frames, gic.vcpu_interface):
        if frame is not None and overlaps(pages(frame), pages(window.host)):
            report.error(
                "passthrough-gic",
                window.where,
                f"{window.owner}: host pages {range_text(window.host)} hold the board's interrupt "
                f"controller ({range_text(frame)})",
                "remove them: every VM sees its own, virtual one",
            )
            return False
    power = board.power
    if power is not None and overlaps(pages(power.reg), pages(window.host)):
        report.error(
            "passthrough-power",
            window.where,
            f"{window.owner}: host pages {range_text(window.host)} hold {power.path}, which switches "
            "the board off",
            "remove them: a VM powers itself off by PSCI",
        )
        return False
    return True


def check_console_uart(deployment: Deployment, board: Board, report: Report) -> None:
    """console.uart may only name the UART whose facts the board declares."""
    wanted = deployment.console.uart
    device = find_device(board, wanted) if wanted is not None else None
    if wanted is not None and (device is None or device.path != board.uart.path):
        report.error(
            "console-uart-unknown",
            deployment.at("deployment.console"),
            f'console.uart = "{wanted}" is not the console of board {board.name}',
            f'use "{board.uart.path}", or leave it out',
        )


def check_board(deployment: Deployment, board: Board, report: Report) -> None:
    """What a board must have for any VM to run on it."""
    resets = board.psci_conduit is not None or board.power is not None
    for vm in deployment.vms:
        for key in ("on_crash", "on_reset", "on_off"):
            if getattr(vm, key) == "reset-board" and not resets:
                report.error(
                    "board-reset-missing",
                    vm.at(key),
                    f'VM {vm.name}: {key} = "reset-board", but nothing resets board {board.name}: its '
                    "firmware has no PSCI, and board.toml names no [power]",
                    "choose another policy",
                )
        for feature in vm.features:
            if feature not in board.cpu_features:
                report.error(
                    "feature-missing",
                    vm.at("features"),
                    f'VM {vm.name}: features has "{feature}", which the CPUs of board {board.name} '
                    "do not have",
                    f"they have: {', '.join(board.cpu_features) or 'none'}",
                )
