# SPDX-License-Identifier: Apache-2.0
"""Hardware that VMs own: devices of the board's tree and explicit ranges."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from gen.diagnostics import NOWHERE, Report
from gen.plan.draft import DeviceClaim, SpiClaim, VmDevices
from gen.plan.model import PAGE
from gen.plan.passthrough import Window, merge, page_window
from gen.plan.ranges import address_text, align_down, align_up, overlaps, range_text
from gen.plan.stage2 import address_limit
from gen.read.board import Board, BoardDevice, Range
from gen.read.deployment import Deployment, Device, Vm

MACHINE_PATHS = ("/cpus", "/memory", "/psci", "/chosen", "/reserved-memory", "/aliases")
MACHINE_COMPATIBLES = ("arm,armv8-timer", "arm,armv7-timer", "arm,psci", "arm,armv8-pmuv3")


def claim_devices(deployment: Deployment, board: Board, report: Report) -> tuple[VmDevices, ...]:
    """The hardware of every VM; what can't be had is left out, with an error."""
    claimed = tuple(_claim(vm, deployment, board, report) for vm in deployment.vms)
    _check_sharing(deployment, claimed, report)
    _check_masters(deployment, board, claimed, report)
    return tuple(replace(part, merged=merge(part.windows, report)) for part in claimed)


def console_is_ours(deployment: Deployment) -> bool:
    return deployment.console.mode != "none"


def find_device(board: Board, path: str) -> BoardDevice | None:
    for device in board.devices:
        if path == device.path or path in device.aliases:
            return device
    return None


def pages(part: Range) -> Range:
    base = align_down(part.base, PAGE)
    return Range(base, align_up(part.end, PAGE) - base)


def _claim(vm: Vm, deployment: Deployment, board: Board, report: Report) -> VmDevices:
    claims: list[DeviceClaim] = []
    for request in vm.devices:
        device = _lookup(vm, request, board, report)
        if device is None or any(claim.device is device for claim in claims):
            continue
        claims.append(_device_claim(request, device, board, report))
    explicit, irqs = _explicit(vm, board, report)
    devices = VmDevices(tuple(claims), explicit, irqs)
    _check_console(vm, devices, deployment, board, report)
    return devices


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
    return device


def _machine_part(path: str, board: Board) -> str:
    device = find_device(board, path)
    full = device.path if device is not None else path
    compatible = device.compatible if device is not None else ()
    if full == board.gic.path or full.startswith(f"{board.gic.path}/"):
        return "the interrupt controller"
    if any(full.split("@")[0] == p or full.startswith(f"{p}/") for p in MACHINE_PATHS):
        return "a CPU, the memory or the firmware interface"
    if any(name in MACHINE_COMPATIBLES for name in compatible):
        return "a timer, the PMU or the firmware interface"
    return ""


def _device_claim(
    request: Device, device: BoardDevice, board: Board, report: Report
) -> DeviceClaim:
    limit = address_limit(board)
    windows = [
        page_window(
            Window(reg.base, reg.base, reg.size, device.path, "rw", request.where), limit, report
        )
        for reg in (() if device.is_bus else device.reg)
        if reg.size
    ]
    return DeviceClaim(
        device,
        request,
        tuple(w for w in windows if w is not None and _is_device_memory(w, board, report)),
        _device_irqs(request, device, report),
    )


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
            spis = ", ".join(str(number) for number in own) or "none"
            report.error(
                "device-irq",
                request.where,
                f"{device.path} has no SPI {wanted.spi}",
                f"its SPIs: {spis}",
            )
            continue
        guest = wanted.guest_spi if wanted.guest_spi is not None else wanted.spi
        trigger = wanted.trigger or own[wanted.spi].trigger
        claims.append(SpiClaim(wanted.spi, guest, trigger, device.path, request.where))
    return tuple(claims)


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
        irqs += [
            SpiClaim(spi, spi, triggers.get(spi, "level"), entry.name, entry.where)
            for spi in entry.spi
        ]
    return tuple(windows), tuple(irqs)


def _is_device_memory(window: Window, board: Board, report: Report) -> bool:
    """Neither RAM nor the interrupt controller: those are never passed through."""
    for part in board.ram:
        if overlaps(part, window.host):
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
        if frame is not None and overlaps(pages(frame), window.host):
            report.error(
                "passthrough-gic",
                window.where,
                f"{window.owner}: host pages {range_text(window.host)} hold the board's interrupt "
                f"controller ({range_text(frame)})",
                "remove them: every VM sees its own, virtual one",
            )
            return False
    return True


def _check_console(
    vm: Vm, devices: VmDevices, deployment: Deployment, board: Board, report: Report
) -> None:
    if not console_is_ours(deployment):
        return
    uart = pages(board.uart.reg)
    for window in devices.windows:
        if overlaps(uart, window.host):
            report.error(
                "console-uart",
                window.where,
                f"VM {vm.name}: {window.owner} reaches the page of {board.uart.path} "
                f"({range_text(board.uart.reg)}), which the console "
                f'(console = "{deployment.console.mode}") uses',
                'set console = "none" in [deployment], or leave the UART to the console',
                deployment.key_where.get("deployment.console", deployment.where),
            )


def _check_sharing(deployment: Deployment, claimed: tuple[VmDevices, ...], report: Report) -> None:
    seen: list[tuple[Vm, Window]] = []
    for vm, devices in zip(deployment.vms, claimed):
        for window in devices.windows:
            for other_vm, other in seen:
                if other_vm is not vm and overlaps(window.host, other.host):
                    _report_shared(vm, window, other_vm, other, report)
        seen += [(vm, window) for window in devices.windows]


def _report_shared(vm: Vm, window: Window, other_vm: Vm, other: Window, report: Report) -> None:
    if window.owner == other.owner and window.owner.startswith("/"):
        report.error(
            "device-shared",
            window.where,
            f"{window.owner} is given to VM {other_vm.name} and to VM {vm.name}: a device has one "
            "owner",
            "remove it from one of the two",
            other.where,
        )
        return
    page = max(window.hpa, other.hpa)
    report.error(
        "device-page-shared",
        window.where,
        f"{window.owner} of VM {vm.name} and {other.owner} of VM {other_vm.name} are in one 4 KiB "
        f"page (host address {address_text(page)}): each VM could reach the other's device",
        'give both to one VM (access = "trap", which would split the page, needs a mediator)',
        other.where,
    )


def _check_masters(
    deployment: Deployment, board: Board, claimed: tuple[VmDevices, ...], report: Report
) -> None:
    """A device that masters the bus reaches all memory, whoever owns it: also where it only shares
    a page with what a VM is given."""
    masters = [device for device in board.devices if device.dma and not device.is_bus]
    for vm, devices in zip(deployment.vms, claimed):
        own = [claim for claim in devices.claims if claim.device.dma]
        for claim in own:
            window = Window(0, 0, 0, claim.device.path, "", claim.request.where)
            _judge_master(vm, claim.device.path, window, report)
        for window in devices.windows:
            if window.owner in [claim.device.path for claim in own]:
                continue
            mates = [
                device.path
                for device in masters
                if any(overlaps(pages(reg), window.host) for reg in device.reg if reg.size)
            ]
            if mates:
                _judge_master(vm, ", ".join(mates), window, report)


def _judge_master(vm: Vm, path: str, window: Window, report: Report) -> None:
    via = "" if path == window.owner else f" (in a page of {window.owner})"
    if vm.dma != "trusted":
        report.error(
            "dma-refused",
            window.where,
            f"VM {vm.name}: {path}{via} masters the bus: by DMA it reaches the memory of every VM "
            'and of the hypervisor, and dma = "refuse"',
            'remove it, or accept that with dma = "trusted" and memory with map = "identical"',
        )
        return
    moved = [m for m in vm.memory if m.map == "alloc" and (m.hpa is None or m.hpa != m.gpa)]
    if moved:
        report.error(
            "dma-not-identical",
            moved[0].where,
            f'VM {vm.name}: dma = "trusted" for {path}{via} needs memory at the same guest and '
            'host address, but this memory has map = "alloc"',
            'use map = "identical"',
            window.where,
        )
    report.warning(
        "dma-trusted",
        window.where,
        f"VM {vm.name}: isolation from {path}{via} is not provided: by DMA it reaches all memory",
        "",
        vm.at("dma") if vm.at("dma") != NOWHERE else None,
    )


def check_console_uart(deployment: Deployment, board: Board, report: Report) -> None:
    """console.uart may only name the UART whose facts the board declares."""
    wanted = deployment.console.uart
    device = find_device(board, wanted) if wanted is not None else None
    if wanted is not None and (device is None or device.path != board.uart.path):
        report.error(
            "console-uart-unknown",
            deployment.key_where.get("deployment.console", deployment.where),
            f'console.uart = "{wanted}" is not the console of board {board.name}',
            f'use "{board.uart.path}", or leave it out',
        )


def check_board(deployment: Deployment, board: Board, report: Report) -> None:
    """What a board must have for any VM to run on it."""
    for vm in deployment.vms:
        for feature in vm.features:
            if feature not in board.cpu_features:
                report.error(
                    "feature-missing",
                    vm.at("features"),
                    f'VM {vm.name}: features has "{feature}", which the CPUs of board {board.name} '
                    "do not have",
                    f"they have: {', '.join(board.cpu_features) or 'none'}",
                )
