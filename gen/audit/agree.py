# SPDX-License-Identifier: Apache-2.0
"""Whether the image has what was asked for, all of it and nothing else."""

from __future__ import annotations

import gzip
from pathlib import Path

from gen.audit.asked import Asked, AskedChannel, AskedRam, AskedVm
from gen.audit.dispatch import interrupt_mode
from gen.audit.findings import Check, Findings
from gen.audit.image import Row, Tables
from gen.audit.owners import FIRST_SPI, software_spis
from gen.audit.ranges import BLOCK, covered, sized, union, without
from gen.audit.stage2 import Reach, pieces


def check_asked(asked: Asked, tables: Tables, reaches: list[Reach], findings: Findings) -> None:
    with findings.check("audit-asked-vms", "VMs, CPUs and policies are those asked for") as check:
        _check_head(asked, tables, check)
        for number, (vm, row) in enumerate(zip(asked.vms, tables.vms, strict=True)):
            _check_vm(number, vm, row, tables, check)
        _check_cpus(asked, tables, check)
        check.shown = f"{len(asked.vms)} VMs as the deployment has them"
    with findings.check(
        "audit-asked-memory", "Every mapping is asked for, all asked is mapped"
    ) as c:
        for number, vm in enumerate(asked.vms):
            _check_memory(asked, number, vm, reaches[number], tables, c)
        count = sum(len(reach.mappings) for reach in reaches)
        c.shown = f"{count} mappings: RAM, devices and channels, nothing besides"
    with findings.check("audit-asked-channels", "Channels are those asked for") as check:
        _check_channels(asked, tables, check)
        check.shown = f"{len(asked.channels)} channels, rights and doorbells as declared"
    with findings.check("audit-asked-interrupts", "Interrupts are those asked for") as check:
        for number, vm in enumerate(asked.vms):
            _check_interrupts(asked, number, vm, tables, check)
        _check_console(asked, tables, check)
        check.shown = f"{sum(len(vm.spis) for vm in asked.vms)} SPIs of devices, numbers as asked"
    with findings.check("audit-asked-images", "Images are the deployment's files") as check:
        count = sum(_check_files(vm, row, tables, check) for vm, row in zip(asked.vms, tables.vms))
        check.shown = f"{count} images equal their files"


_HYPERVISOR = "bulkhead"  # its voice on the console


def _check_head(asked: Asked, tables: Tables, check: Check) -> None:
    board, row = asked.board, tables.board
    check.expect(tables.deployment == asked.name, f"the image is of {tables.deployment}")
    check.expect(row.name == asked.board_name, f"the image is for board {row.name}")
    base = tables.firmware.own.base
    check.expect(base == board.image_base, f"the image is at {base:#x}")
    gic = [*board.gic_frames, board.virtual_cpu_interface]
    check.expect(
        row.gic == [part for part in gic if part],
        f"the board check expects a GIC at {[str(r) for r in row.gic]}",
    )
    check.expect(
        tables.uart == board.uart_registers, f"the board check expects a UART at {tables.uart}"
    )
    check.expect(
        row.uart_compatible in board.uart.texts("compatible")
        and row.gic_compatible in board.gic.texts("compatible"),
        f"the board check expects {row.gic_compatible} and {row.uart_compatible}",
    )
    told = row.dtb_fallback
    check.expect(told == board.dtb_fallback, f"the board check looks for a tree at {told:#x}")
    names = [_HYPERVISOR]
    for vm in asked.vms:
        names += [f"{vm.name}.{place}" if place else vm.name for place in range(len(vm.uarts))]
    voices = [tables.firmware.text(voice.name) for voice in tables.voices]
    check.expect(voices == names, f"voices are {voices}, not {names}")
    check.expect(
        all(covered(span, [*board.ram, *board.reserved]) for span in row.ram),
        "the image uses RAM that is not there",
    )
    _check_used(tables, check)


def _check_used(tables: Tables, check: Check) -> None:
    """The board check looks for the RAM that is used, and room behind the image, up to where whole
    blocks of RAM begin."""
    own, told = tables.firmware.own.pages(), tables.board.ram
    used = [sized(r.hpa, r.size) for vm in tables.vms for r in vm.ram]
    used += [sized(channel.base, channel.size) for channel in tables.channels]
    for span in without([*used, own], told):
        check.fail(f"{span} is used, and not in what the board check looks for")
    for span in without(told, [*used, own]):
        behind = span.base == own.end and span.end % BLOCK == 0
        check.expect(behind, f"{span} is not used, and the board check looks for it")
    check.expect(union(told) == told, "what the board check looks for is not sorted, disjoint")


_POLICIES = {
    "halt": "POLICY_HALT",
    "restart": "POLICY_RESTART",
    "reset-board": "POLICY_RESET_BOARD",
}


def _check_vm(number: int, vm: AskedVm, row: Row, tables: Tables, check: Check) -> None:
    what = f"VM {vm.name}"
    check.expect(row.name == vm.name, f"{what} is called {row.name}")
    starts = [vm.entry] if vm.entry is not None else _first_bytes(row)
    check.expect(row.entry in starts, f"{what} starts at {row.entry:#x}")
    mode = interrupt_mode(tables, number).removeprefix("INTERRUPTS_").lower()
    check.expect(mode == vm.mode, f"{what} has interrupts = {mode}")
    check.expect(row.arch.features == vm.features, f"{what}: features {row.arch.features:#x}")
    check.expect(bool(row.own_counter) == vm.own_counter, f"{what}: another counter")
    keys = bool(row.console_control)
    check.expect(keys == vm.console_control, f"{what}: console_control is {keys}")
    values = tables.firmware.enum("vm_policy")
    policies = (row.on_crash, row.on_reset, row.on_off)
    wanted = tuple(values[_POLICIES[name]] for name in vm.policies)
    check.expect(policies == wanted, f"{what}: on_crash, on_reset or on_off differ")
    limits = (row.restart.max, row.restart.window_ms, row.restart.backoff_ms)
    check.expect(limits == vm.restart, f"{what}: limits of restarts are {limits}")
    dogs = [dog.timeout_ms for dog in tables.watchdogs if dog.vm == number]
    check.expect(dogs == ([vm.watchdog_ms] if vm.watchdog_ms else []), f"{what}: watchdogs {dogs}")
    controls: list[int] = []
    for monitor in (monitor for monitor in tables.monitors if monitor.vm == number):
        first = monitor.control_first
        controls += [c.vm for c in tables.controls[first : first + monitor.control_count]]
    check.expect(controls == vm.controls, f"{what} controls VMs {controls}")


def _first_bytes(row: Row) -> list[int]:
    """Where the program of a VM lies, as the guest sees it."""
    return [
        ram.gpa + image.target - ram.hpa
        for image in row.image
        for ram in row.ram
        if image.name in ("kernel", "segment0")
        and sized(ram.hpa, ram.size).meets(sized(image.target, image.size))
    ]


def _check_cpus(asked: Asked, tables: Tables, check: Check) -> None:
    for vm, row in zip(asked.vms, tables.vms):
        vcpus = tables.vcpus[row.vcpu_first : row.vcpu_first + row.vcpu_count]
        cpus = [tables.pcpus[vcpu.pcpu].hardware_id for vcpu in vcpus]
        check.expect(cpus == vm.cpus, f"VM {vm.name} runs on CPUs {cpus}, not {vm.cpus}")
    order = [number for _, number in asked.board.cpus]
    used = {order[0]} | {cpu for vm in asked.vms for cpu in vm.cpus}
    told = [pcpu.hardware_id for pcpu in tables.pcpus]
    check.expect(told == [cpu for cpu in order if cpu in used], f"the image starts CPUs {told}")
    for pcpu in tables.pcpus:
        fine = pcpu.release_address == asked.board.releases.get(pcpu.hardware_id, 0)
        where = f"{pcpu.release_address:#x}"
        check.expect(fine, f"the entry of CPU {pcpu.hardware_id} is written to {where}")
        _check_core(asked.board.cores[pcpu.hardware_id], pcpu, tables, check)


# These run in order: none of the weaknesses of speculation is theirs (Arm's pages about them).  All
# others let loads pass stores, and may keep a guest's branch history.
_IN_ORDER = ("arm,cortex-a34", "arm,cortex-a35", "arm,cortex-a53", "arm,cortex-a55")
_WEAK = 0b110  # arch_cpu_row.weaknesses: stores, history
_HARDENED = "aarch64_hardened_vectors"


def _check_core(core: str, pcpu: Row, tables: Tables, check: Check) -> None:
    weak, wanted = pcpu.arch.weaknesses & _WEAK == _WEAK, core not in _IN_ORDER
    linked = _HARDENED in tables.firmware.symbols
    check.expect(
        weak == wanted and (linked or not weak),
        f"CPU {pcpu.hardware_id:#x}, {core}: weaknesses {pcpu.arch.weaknesses:#x}, "
        f"{'with' if linked else 'without'} vectors against them",
    )


def _check_memory(
    asked: Asked, number: int, vm: AskedVm, reach: Reach, tables: Tables, check: Check
) -> None:
    what = f"VM {vm.name}"
    rows = reach.vm.ram
    check.expect(len(rows) == len(vm.ram), f"{what}: {len(rows)} ranges of RAM, not {len(vm.ram)}")
    known = []
    for ram, row in zip(vm.ram, rows):
        known.append(sized(ram.gpa, ram.size))
        _check_ram(asked, ram, row, what, check)
        for mapping in pieces(reach, known[-1]):
            check.expect(mapping.access == ram.access, f"{what}: {mapping}, not {ram.access}")
    for window in vm.windows:
        guest = sized(window.gpa, window.size)
        known.append(guest)
        found = pieces(reach, guest)
        fine = covered(guest, [mapping.span for mapping in found]) and all(
            mapping.output - mapping.base == window.hpa - window.gpa
            and (mapping.memory, mapping.access) == ("device", "rw")
            for mapping in found
        )
        check.expect(fine, f"{what}: the device at {guest} is not mapped as asked")
    for peer, size in _peers(tables, number):
        known.append(sized(peer.window, size))
    for left in without([mapping.span for mapping in reach.mappings], known):
        check.fail(f"{what}: {left} is mapped, and nobody asked for it")


def _check_ram(asked: Asked, ram: AskedRam, row: Row, what: str, check: Check) -> None:
    guest = sized(ram.gpa, ram.size)
    check.expect(sized(row.gpa, row.size) == guest, f"{what}: RAM {guest} is not there")
    check.expect(ram.hpa in (None, row.hpa), f"{what}: RAM {guest} is at {row.hpa:#x}")
    flags = (bool(row.scrub), bool(row.restore), bool(row.writable))
    fine = flags == (ram.scrub, ram.restore, "w" in ram.access)
    check.expect(fine, f"{what}: RAM {guest} is zeroed, restored or writable otherwise than asked")
    host, board = sized(row.hpa, ram.size), asked.board
    if ram.restore:
        check.expect(covered(host, board.ram), f"{what}: {host} is no RAM of the board")
        kept = any(host.meets(part) for part in board.reserved)
        check.expect(not kept, f"{what}: {host} is firmware's")
    else:
        check.expect(covered(host, [*board.ram, *board.reserved]), f"{what}: {host} is no memory")


def _peers(tables: Tables, number: int) -> list[tuple[Row, int]]:
    return [
        (peer, tables.channels[peer.channel].size) for peer in tables.peers if peer.vm == number
    ]


def _check_channels(asked: Asked, tables: Tables, check: Check) -> None:
    check.expect(len(tables.channels) == len(asked.channels), "more or fewer channels")
    first = 0
    for number, (channel, row) in enumerate(zip(asked.channels, tables.channels)):
        what = f"channel {channel.name}"
        writer = next(peer.vm for peer in channel.peers if peer.writable)
        told = (row.name, row.size, row.peer_first, row.peer_count, row.writer_vm, bool(row.keep))
        wanted = (channel.name, channel.size, first, len(channel.peers), writer, channel.keep)
        check.expect(told == wanted, f"{what} is {told}, not {wanted}")
        host = sized(row.base, row.size)
        check.expect(covered(host, asked.board.ram), f"{what}: {host} is no RAM of the board")
        kept = any(host.meets(part) for part in asked.board.reserved)
        check.expect(not kept, f"{what}: {host} is firmware's")
        for place, peer in enumerate(channel.peers):
            end = tables.peers[first + place]
            fine = (end.channel, end.vm, bool(end.writable)) == (number, peer.vm, peer.writable)
            check.expect(fine, f"{what}: end {place} is not that of VM {peer.vm}")
            check.expect(end.rings == peer.rings, f"{what}: end {place} may ring {end.rings:#x}")
            check.expect(peer.gpa in (None, end.window), f"{what}: end {place} at {end.window:#x}")
            has_spi = channel.doorbell and asked.vms[peer.vm].mode != "none"
            spi = end.intid - FIRST_SPI if end.intid else None
            check.expect((spi is not None) == has_spi, f"{what}: end {place} has another doorbell")
            check.expect(peer.spi in (None, spi), f"{what}: end {place} is rung by SPI {spi}")
        first += len(channel.peers)
    check.expect(first == len(tables.peers), "a channel has an end that was not asked for")
    _check_keys(asked, tables, check)


KeyRow = tuple[int, int, bool, int, int, int | None]


def _check_keys(asked: Asked, tables: Tables, check: Check) -> None:
    """Rows of AxVM's channel calls: the publisher's first, then the others in their order."""
    wanted: list[KeyRow] = []
    first = 0
    for channel in asked.channels:
        if channel.key is not None:
            wanted += _key_rows(asked, channel, first, len(wanted))
        first += len(channel.peers)
    told = [
        (row.vm, row.peer, bool(row.publishes), row.publication, row.publisher_id, row.key)
        for row in tables.ivcs
    ]
    if wanted or any(any(row) for row in told):
        check.expect(told == wanted, f"AxVM's channel calls are {told}, not {wanted}")


def _key_rows(asked: Asked, channel: AskedChannel, first: int, publication: int) -> list[KeyRow]:
    places = range(len(channel.peers))
    publisher = next(place for place in places if channel.peers[place].writable)
    number = asked.vms[channel.peers[publisher].vm].number
    order = [publisher, *(place for place in places if place != publisher)]
    return [
        (channel.peers[p].vm, first + p, p == publisher, publication, number, channel.key)
        for p in order
    ]


def _check_interrupts(asked: Asked, number: int, vm: AskedVm, tables: Tables, check: Check) -> None:
    what = f"VM {vm.name}"
    software = software_spis(tables, number, check)
    board_spis = asked.board.spis()
    rows = {
        intid - FIRST_SPI: (row.guest_intid - FIRST_SPI, bool(row.edge))
        for intid, row in enumerate(tables.irqs, FIRST_SPI)
        if row.guest_intid and row.vm == number
    }
    wanted = dict(vm.spis)
    if vm.mode == "passthrough":
        wanted |= {spi: (spi, True) for spi in software if spi not in wanted}
    check.expect(rows == wanted, f"{what} has the SPIs {rows}, not {wanted}")
    asked_spis = {e.spi for e in [*vm.uarts, *vm.emulated] if e.spi is not None}
    asked_spis |= {p.spi for c in asked.channels for p in c.peers if p.vm == number and p.spi}
    guests = {guest for guest, _ in vm.spis.values()}
    for spi in software - asked_spis:
        free = spi not in board_spis and spi not in guests
        check.expect(free, f"{what}: SPI {spi} of an emulated device is another device's")
    if vm.mode != "none":
        check.expect(asked_spis <= software, f"{what}: lacks SPIs {asked_spis - software}")
    highest = max([0, *software, *guests])
    fine = tables.vgics[number].spi_count == (highest // 32 + 1) * 32
    check.expect(fine, f"{what}: sees {tables.vgics[number].spi_count} SPIs")


def _check_console(asked: Asked, tables: Tables, check: Check) -> None:
    value = tables.firmware.enum("irq_owner")["IRQ_CONSOLE"]
    found = [spi for spi, row in enumerate(tables.irqs) if row.owner == value]
    wanted = [asked.board.uart_spi] if asked.has_console else []
    check.expect(found == wanted, f"SPIs {found} are the console's, not {wanted}")
    taken = asked.board.spis()
    for pcpu in (pcpu for pcpu in tables.pcpus if pcpu.ipi_intid):
        free = pcpu.ipi_intid - FIRST_SPI not in taken
        check.expect(free, f"INTID {pcpu.ipi_intid} of a call is a device's")


def _check_files(vm: AskedVm, row: Row, tables: Tables, check: Check) -> int:
    count = 0
    for image in row.image:
        if image.name in vm.files:
            data = tables.firmware.read(image.source, image.size)
            fine = data in _contents(vm.files[image.name])
            check.expect(fine, f"VM {vm.name}: {image.name} is not {vm.files[image.name].name}")
            count += 1
    return count


def _contents(file: Path) -> list[bytes]:
    """What a file may become: itself, or what it packs."""
    data = file.read_bytes()
    return [data, gzip.decompress(data)] if data[:2] == b"\x1f\x8b" else [data]
