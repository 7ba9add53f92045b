# SPDX-License-Identifier: Apache-2.0
"""Whether a VM's dispatch rows are those that were asked for. Where the deployment leaves an address
to the generator, the guest's own device tree, which is in the image, says what it expects there."""

from __future__ import annotations

from gen.audit.asked import Asked, AskedVm
from gen.audit.asked_devices import AskedTrap
from gen.audit.asked_tree import Tree, parse, registers
from gen.audit.dispatch import UART_OPS, ops_name
from gen.audit.findings import Check, Findings
from gen.audit.image import NONE, Row, Tables
from gen.audit.owners import FIRST_SPI
from gen.audit.ranges import PAGE, Span, sized

_REDISTRIBUTOR = 0x2_0000  # GICv3, 12.10: RD_base and SGI_base
_DISTRIBUTOR = 0x1_0000  # 12.8

Expected = tuple[Span, str, int]


def check_dispatch_asked(
    asked: Asked, tables: Tables, findings: Findings, limits: list[str]
) -> None:
    with findings.check("audit-asked-dispatch", "Dispatch rows are those asked for") as check:
        counts = {"trapped": 0}
        rows = 0
        for number, vm in enumerate(asked.vms):
            rows += _check_vm(asked, number, vm, tables, counts, check, limits)
        _check_locks(asked, tables, check)
        check.shown = f"{rows} rows at the addresses that guests are told"


def _check_vm(
    asked: Asked,
    number: int,
    vm: AskedVm,
    tables: Tables,
    counts: dict[str, int],
    check: Check,
    limits: list[str],
) -> int:
    what = f"VM {vm.name}"
    wanted = [*_gic(asked, number, vm), *_devices(vm, tables, counts, what, check)]
    for instance, trap in enumerate(vm.traps, counts["trapped"]):
        wanted.append((trap.span, f"trapped_ops[{trap.widths}]", instance))
        _check_trap(trap, tables.trapped[instance], what, check)
    counts["trapped"] += len(vm.traps)
    row = tables.vms[number]
    found = {_expected(tables, mmio) for mmio in row.mmio}
    tree = guest_tree(tables, row)
    free = _placed(asked, number, tables)
    if tree is not None:
        wanted += _told(tree, number, tables)
    else:
        placed = {entry for entry in found if entry[1:] in free}
        wanted += list(placed)
        if placed:
            limits.append(
                f"{what} has no device tree in the image: where its doorbells and watchdog are is "
                "only shown to be a hole"
            )
    for span, ops, instance in sorted(found ^ set(wanted)):
        side = "has" if (span, ops, instance) in found else "lacks"
        check.fail(f"{what} {side} {ops} {instance} at {span}")
    count = sum(1 for _, ops, instance in wanted if (ops, instance) in free)
    check.expect(
        count == len(free), f"{what}: {count} doorbells and watchdog frames, not {len(free)}"
    )
    return len(found)


def _expected(tables: Tables, row: Row) -> Expected:
    ops = ops_name(tables, row.ops)
    if ops == "trapped_ops":
        step = tables.firmware.image.layouts["vdev_ops"].size
        ops = f"trapped_ops[{(row.ops - tables.firmware.symbols['trapped_ops']) // step}]"
    return sized(row.base, row.size), ops, row.instance


def _gic(asked: Asked, number: int, vm: AskedVm) -> list[Expected]:
    """At the board's own addresses."""
    if vm.mode == "none":
        return []
    prefix = "vgic_direct" if vm.mode == "passthrough" else "vgic"
    if not asked.board.is_gicv3:
        return [(sized(asked.board.distributor.base, PAGE), f"{prefix}_dist_ops", number)]
    redistributors = asked.board.gic_frames[1].base
    return [
        (sized(asked.board.distributor.base, _DISTRIBUTOR), f"{prefix}_dist_ops", number),
        (sized(redistributors, _REDISTRIBUTOR * len(vm.cpus)), f"{prefix}_redist_ops", number),
    ]


def _devices(
    vm: AskedVm, tables: Tables, counts: dict[str, int], what: str, check: Check
) -> list[Expected]:
    wanted = []
    for device in [*vm.uarts, *vm.emulated]:
        is_uart = f"v{device.type}_ops" in UART_OPS
        kind = "uart" if is_uart else device.type
        instance = counts.setdefault(kind, 0)
        counts[kind] += 1
        ops = f"v{device.type}_ops" if is_uart else f"{device.type}_ops"
        wanted.append((sized(device.gpa, device.size), ops, instance))
        row = (tables.vuarts if is_uart else tables.emulated(device.type))[instance]
        has_interrupt = is_uart or device.spi is not None
        told = row.intid - FIRST_SPI if row.intid else None
        fine = (told is not None) == has_interrupt and device.spi in (None, told)
        check.expect(fine, f"{what}: {device.type} {instance} raises SPI {told}")
        for key, value in device.keys.items():
            if isinstance(value, int) and hasattr(row, key):
                fine = getattr(row, key) == value
                check.expect(fine, f"{what}: {key} of {device.type} {instance} is not {value}")
    return wanted


def _check_trap(trap: AskedTrap, row: Row, what: str, check: Check) -> None:
    rests = {"keep": 0, "zeros": 1, "ones": 2}
    told = (row.base, row.read_mask, row.write_mask, row.rest)
    wanted = (trap.span.base, trap.read, trap.write, rests[trap.rest])
    check.expect(told == wanted, f"{what}: registers at {trap.span} are granted otherwise")


def _check_locks(asked: Asked, tables: Tables, check: Check) -> None:
    """VMs that read, change and write back in one page share a lock; nobody else has one."""
    traps = [(number, trap) for number, vm in enumerate(asked.vms) for trap in vm.traps]
    users = [(n, vm, t) for n, (vm, t) in enumerate(traps) if t.reads_back]
    locks = {tables.trapped[n].lock for n, _, _ in users} - {NONE}
    check.expect(sorted(locks) == list(range(len(locks))), f"locks of shared pages are {locks}")
    for instance in range(len(traps)):
        _, trap = traps[instance]
        mates = [
            other
            for other, vm, t in users
            if trap.reads_back
            and vm != traps[instance][0]
            and t.span.pages().meets(trap.span.pages())
        ]
        lock = tables.trapped[instance].lock
        for mate in mates:
            same = lock == tables.trapped[mate].lock != NONE
            check.expect(same, f"registers at {trap.span}: two VMs write there under two locks")
        if not mates and lock != NONE:
            others = [tables.trapped[n].lock for n, _, _ in users if n != instance]
            check.expect(trap.reads_back and lock in others, f"{trap.span}: a lock of its own")


def guest_tree(tables: Tables, vm: Row) -> Tree | None:
    """The device tree that the guest gets."""
    for image in vm.image:
        if image.name == "dtb":
            return parse(tables.firmware.read(image.source, image.size))
    return None


def _placed(asked: Asked, number: int, tables: Tables) -> set[tuple[str, int]]:
    """(operations, instance) of what the generator finds a place for."""
    found, first = set(), 0
    for channel in asked.channels:
        for place, peer in enumerate(channel.peers):
            if peer.vm == number and channel.doorbell:
                found.add(("channel_ops", first + place))
        first += len(channel.peers)
    for instance, dog in enumerate(tables.watchdogs):
        if dog.vm == number:
            found |= {("watchdog_control_ops", instance), ("watchdog_refresh_ops", instance)}
    return found


def _told(tree: Tree, number: int, tables: Tables) -> list[Expected]:
    """Doorbells and watchdogs as the guest's tree has them."""
    found: list[Expected] = []
    for node in tree.root.walk():
        names = node.texts("compatible")
        if "bulkhead,channel" in names and "doorbell" in node.texts("reg-names"):
            frame = registers(node)[node.texts("reg-names").index("doorbell")]
            window = registers(node)[node.texts("reg-names").index("window")]
            found += [
                (frame, "channel_ops", instance)
                for instance, peer in enumerate(tables.peers)
                if (peer.vm, peer.window) == (number, window.base)
            ]
        if "arm,sbsa-gwdt" in names:
            instances = [n for n, dog in enumerate(tables.watchdogs) if dog.vm == number]
            for instance in instances:
                control, refresh = registers(node)[:2]
                found.append((control, "watchdog_control_ops", instance))
                found.append((refresh, "watchdog_refresh_ops", instance))
    return found
