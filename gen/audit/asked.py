# SPDX-License-Identifier: Apache-2.0
"""What the deployment asks for, VM by VM, in the terms of hardware: read from the deployment and board
files by the audit itself. `None` stands for what the deployment leaves to the generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gen.audit.asked_axvm import with_axvm
from gen.audit.asked_board import UART_TYPES, Board, interrupts, read_board
from gen.audit.asked_devices import AskedTrap, asked_traps, device_nodes, owned_registers
from gen.audit.asked_file import NotRead, Table, milliseconds, read_deployment, size
from gen.audit.asked_tree import Node, pci_windows, registers
from gen.audit.ranges import PAGE, Span, align_up, sized
from gen.tool import elf

_FEATURES = {"pmu": 1 << 0, "debug": 1 << 1, "sve": 1 << 2, "aarch32-el0": 1 << 3}


@dataclass(frozen=True)
class AskedRam:
    gpa: int
    hpa: int | None
    size: int
    access: str
    scrub: bool
    restore: bool


@dataclass(frozen=True)
class AskedWindow:
    """Whole pages of a device's registers."""

    gpa: int
    hpa: int
    size: int


@dataclass(frozen=True)
class AskedEmulated:
    type: str
    gpa: int
    size: int
    spi: int | None
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AskedVm:
    name: str
    number: int  # by which AxVM's channel calls name it
    cpus: list[int]  # MPIDR affinities
    mode: str
    ram: list[AskedRam]
    windows: list[AskedWindow]
    spis: dict[int, tuple[int, bool]]  # physical SPI: (the guest's number, edge)
    uarts: list[AskedEmulated]
    emulated: list[AskedEmulated]
    traps: list[AskedTrap]
    watchdog_ms: int | None
    controls: list[int]
    features: int
    firmware: list[str]  # services that it may call
    device_nodes: list[Node]  # of devices that it has whole
    own_counter: bool
    console_control: bool
    policies: tuple[str, str, str]  # on_crash, on_reset, on_off
    restart: tuple[int, int, int]  # max, window_ms, backoff_ms
    files: dict[str, Path]  # image name: the file that it must equal
    entry: int | None


@dataclass(frozen=True)
class AskedPeer:
    vm: int
    writable: bool
    gpa: int | None
    spi: int | None
    rings: int


@dataclass(frozen=True)
class AskedChannel:
    name: str
    size: int
    peers: list[AskedPeer]
    doorbell: bool
    keep: bool
    cached: bool
    key: int | None


@dataclass(frozen=True)
class Asked:
    board: Board
    board_name: str
    name: str
    has_console: bool  # the board's UART is the hypervisor's
    vms: list[AskedVm]
    channels: list[AskedChannel]


def read_asked(
    file: Path, sets: Sequence[str], predefined: Mapping[str, str], platform: Path
) -> Asked:
    table = read_deployment(file, sets, predefined)
    head = table["deployment"]
    board_name = head["board"]
    folder = board_name.path() if "/" in board_name else platform / board_name
    board = read_board(
        folder, head.get("variant"), {k: board_name.at(v, folder) for k, v in predefined.items()}
    )
    console = head.get("console", "shared")
    mode = console.get("mode", "shared") if isinstance(console, dict) else console
    vms = [with_axvm(vm, board, mode) for vm in table["vm"]]
    names = [vm["name"] for vm in vms]
    return Asked(
        board=board,
        board_name=folder.name,
        name=head.get("name", file.stem),
        has_console=mode != "none",
        vms=[_vm(vm, n, names, board, mode) for n, vm in enumerate(vms)],
        channels=[_channel(channel, names) for channel in table.get("channel", [])],
    )


def _vm(vm: Table, index: int, names: list[str], board: Board, console: str) -> AskedVm:
    devices = device_nodes(vm, board)
    restart = vm.get("restart", {})
    windows = _windows(vm, devices, board)
    traps = [trap for device in devices for trap in asked_traps(device)]
    return AskedVm(
        name=vm["name"],
        number=vm.get("id", index + 1),
        cpus=[_cpu(cpu, board) for cpu in vm["cpus"]],
        mode=vm.get("interrupts", "emulated"),
        ram=_ram(vm, devices, board),
        windows=windows,
        spis=_spis(vm, devices, board),
        uarts=_uarts(vm, windows, traps, board, console),
        emulated=[
            AskedEmulated(e["type"], e["gpa"], PAGE, e.get("spi"), e)
            for e in vm.get("emulated", [])
            if e["type"] not in UART_TYPES
        ],
        traps=traps,
        watchdog_ms=milliseconds(vm["watchdog"]) if "watchdog" in vm else None,
        controls=[names.index(name) for name in vm.get("controls", [])],
        features=sum(_FEATURES[name] for name in vm.get("features", [])),
        firmware=vm.get("firmware", []),
        device_nodes=[device.node for device in devices if device.access == "direct"],
        own_counter=vm.get("counter", "board") == "own",
        console_control=vm.get("console_control", False),
        policies=(
            vm.get("on_crash", "halt"),
            vm.get("on_reset", "restart"),
            vm.get("on_off", "halt"),
        ),
        restart=(
            restart.get("max", 3),
            milliseconds(restart.get("window", "60s")),
            milliseconds(restart.get("backoff", "100ms")),
        ),
        files=_files(vm),
        entry=_entry(vm),
    )


def _files(vm: Table) -> dict[str, Path]:
    kernel = vm.get("kernel", {})
    named = {
        "kernel": kernel.get("image") if isinstance(kernel, dict) else kernel,
        "initrd": vm.get("initrd"),
    }
    return {name: path.path() for name, path in named.items() if path is not None}


def _entry(vm: Table) -> int | None:
    """The first instruction, where the deployment or an ELF says it."""
    kernel = vm.get("kernel", {})
    told: int | None = kernel.get("entry_gpa") if isinstance(kernel, dict) else None
    file = _files(vm).get("kernel")
    if told is None and file is not None and file.read_bytes()[:4] == b"\x7fELF":
        return elf.entry(file.read_bytes())
    return told


def _cpu(name: int | str, board: Board) -> int:
    """By index, or by the name of its node."""
    if isinstance(name, int):
        return board.cpus[name][1]
    return next(number for node, number in board.cpus if node == name)


def _ram(vm: Table, devices: list[Any], board: Board) -> list[AskedRam]:
    scrub = vm.get("scrub", True)
    entries = vm.get("memory", [])
    if "ram" in vm:
        entries = [{"size": vm["ram"]}]
    found = []
    for entry in entries:
        kind = entry.get("map", "alloc")
        base = entry.get("hpa") if kind != "alloc" else None
        gpa = entry.get("gpa", base if base is not None else board.ram[0].base)
        hpa = entry.get("hpa") if kind == "alloc" else gpa
        kept = kind == "reserved"
        access = entry.get("flags", "rwx")
        found.append(AskedRam(gpa, hpa, size(entry["size"]), access, scrub and not kept, not kept))
    told = [sized(ram.gpa, ram.size) for entry, ram in zip(entries, found) if "gpa" in entry]
    added: list[Span] = []
    for span in (span for device in devices for span in device.regions(board)):
        if not any(part.holds(span) for part in told) and span not in added:
            added.append(span)
            found.append(AskedRam(span.base, span.base, span.size, "rwx", False, False))
    return sorted(found, key=lambda ram: ram.gpa)


def _windows(vm: Table, devices: list[Any], board: Board) -> list[AskedWindow]:
    """Pages that hold a byte of a device, on both sides alike."""
    found = []
    for device in devices:
        if device.access == "direct":
            for span in [*owned_registers(device.node), *pci_windows(device.node)]:
                pages = span.pages()
                found.append(AskedWindow(pages.base, pages.base, pages.size))
    for entry in vm.get("passthrough", []):
        if "ports" in entry:
            raise NotRead("I/O ports are not read by the audit")
        guest = sized(entry["gpa"], size(entry["size"])).pages()
        host = sized(entry.get("hpa", entry["gpa"]), size(entry["size"])).pages()
        found.append(AskedWindow(guest.base, host.base, guest.size))
    if vm.get("interrupts", "emulated") != "none" and not board.is_gicv3:
        found.append(_cpu_interface(board, vm.get("interrupts") == "passthrough"))
    return found


_GICV = 0x2000  # 4.1 of IHI 0048: two pages, each of which may fill 64 KiB
_GICV_ALIASED = 0x2_0000


def _cpu_interface(board: Board, direct: bool) -> AskedWindow:
    """GICv2: where the guest finds GICC is GICV, or GICC where it takes its interrupts itself."""
    guest, host = registers(board.gic)[1], registers(board.gic)[1 if direct else 3]
    length = _GICV_ALIASED if min(guest.size, host.size) >= _GICV_ALIASED else _GICV
    return AskedWindow(guest.base, host.base, length)


def _spis(vm: Table, devices: list[Any], board: Board) -> dict[int, tuple[int, bool]]:
    found: dict[int, tuple[int, bool]] = {}
    for device in devices:
        own = dict(interrupts(board.tree, device.node))
        if device.irq is None:
            found |= {spi: (spi, edge) for spi, edge in own.items()}
            continue
        for irq in device.irq:
            trigger = irq.get("trigger")
            edge = own[irq["spi"]] if trigger is None else trigger == "edge"
            found[irq["spi"]] = (irq.get("guest_spi", irq["spi"]), edge)
    known = board.spis()
    for entry in vm.get("passthrough", []):
        found |= {spi: (spi, known.get(spi, False)) for spi in entry.get("spi", [])}
    return found


def _uarts(
    vm: Table, windows: list[AskedWindow], traps: list[AskedTrap], board: Board, console: str
) -> list[AskedEmulated]:
    """The default one at the board's address, unless the VM has no defaults, owns the real one or
    names its own there; then those that it names."""
    uart = board.uart_registers
    direct = vm.get("interrupts", "emulated") == "passthrough"
    own_number = None if direct else board.uart_spi
    named = [
        AskedEmulated(e["type"], e.get("gpa", uart.base), PAGE, e.get("spi", own_number))
        for e in vm.get("emulated", [])
        if e["type"] in UART_TYPES
    ]
    owns = any(sized(window.hpa, window.size).meets(uart.pages()) for window in windows)
    owns = owns or any(trap.span.meets(uart) for trap in traps)
    if console != "shared" or not vm.get("defaults", True) or owns:
        return named
    if any(entry.gpa == uart.base for entry in named):
        return named
    length = PAGE if _is_alone(board) else uart.size
    return [AskedEmulated(board.uart_type, uart.base, length, own_number), *named]


def _is_alone(board: Board) -> bool:
    """Whether no other device has registers in the UART's page."""
    page = board.uart_registers.pages()
    others = [node for node in board.tree.root.walk() if node is not board.uart]
    return not any(span.meets(page) for node in others for span in owned_registers(node))


def _channel(channel: Table, names: list[str]) -> AskedChannel:
    entries = channel.get("peers")
    if entries is None:
        entries = [{"vm": channel["from"], "access": "rw"}]
        entries += [{"vm": name, "access": "ro"} for name in channel["to"]]
    doorbell = channel.get("doorbell", True)
    order = [entry["vm"] for entry in entries]
    peers = []
    for entry in entries:
        others = [name for name in order if name != entry["vm"]]
        wanted = entry.get("rings", others) if doorbell else []
        rings = sum(1 << place for place, name in enumerate(order) if name in wanted)
        peers.append(
            AskedPeer(
                names.index(entry["vm"]),
                entry["access"] == "rw",
                entry.get("gpa"),
                entry.get("spi"),
                rings,
            )
        )
    return AskedChannel(
        channel["name"],
        align_up(size(channel["size"]), PAGE),
        peers,
        doorbell,
        channel.get("keep", False),
        channel.get("cached", True),
        channel.get("key"),
    )
