# SPDX-License-Identifier: Apache-2.0
"""Dispatch rows: what a VM's trapped accesses reach."""

from __future__ import annotations

from gen.audit.findings import Check, Findings
from gen.audit.image import Row, Tables
from gen.audit.ranges import sized
from gen.audit.stage2 import Reach
from gen.audit.sysregs import expected_registers

_GIC_OPS: dict[str, list[str]] = {
    "INTERRUPTS_NONE": [],
    "INTERRUPTS_EMULATED": ["vgic_dist_ops", "vgic_redist_ops"],
    "INTERRUPTS_PASSTHROUGH": ["vgic_direct_dist_ops", "vgic_direct_redist_ops"],
}
_GICV2_OPS = {mode: ops[:1] for mode, ops in _GIC_OPS.items()}  # no redistributors
UART_OPS = ("vpl011_ops", "vcadence_ops")  # of one array of rows
_UART = "virtual UART"
_WATCHDOG = ("watchdog_control_ops", "watchdog_refresh_ops")


def check_dispatch(tables: Tables, reaches: list[Reach], findings: Findings) -> None:
    with findings.check(
        "audit-dispatch", "Dispatch rows are sorted, disjoint, in holes of stage 2"
    ) as c:
        used: dict[tuple[str, int], str] = {}
        for number, reach in enumerate(reaches):
            _check_rows(number, reach, tables, used, c)
            check_ports(reach.vm, c)
        for kind, count in ((_UART, tables.vuarts), ("trapped_ops", tables.trapped)):
            for instance in range(len(count)):
                c.expect((kind, instance) in used, f"{kind} {instance} has no row")
        rows = sum(len(vm.mmio) + len(vm.port) for vm in tables.vms)
        c.shown = f"{rows} rows, each of a device of its own VM"


def _check_rows(
    number: int, reach: Reach, tables: Tables, used: dict[tuple[str, int], str], check: Check
) -> None:
    name, before = reach.vm.name, 0
    gic: list[str] = []
    for row in reach.vm.mmio:
        span = sized(row.base, row.size)
        ops = ops_name(tables, row.ops)
        what = f"VM {name}: the row of {ops or 'nothing known'} at {span}"
        check.expect(row.base >= before and row.size, f"{what} is not sorted, disjoint")
        before = span.end
        check.expect(span.end <= 1 << reach.control.ipa_bits, f"{what} is beyond the guest's space")
        for mapping in reach.mappings:
            check.expect(not mapping.span.meets(span), f"{what} is mapped: {mapping}")
        if ops.startswith("vgic"):
            gic.append(ops)
        key = (_UART if ops in UART_OPS else ops, row.instance)
        check.expect(key not in used, f"{what} has the device of {used.get(key, '')}")
        used[key] = f"VM {name}"
        check.expect(owner(tables, ops, row.instance) in (number, None), f"{what} is another VM's")
        if ops == "trapped_ops":
            fine = tables.trapped[row.instance].base == row.base
            check.expect(fine, f"{what} does not reach the registers at its own address")
    mode = interrupt_mode(tables, number)
    wanted = (_GIC_OPS if tables.is_gicv3 else _GICV2_OPS)[mode]
    check.expect(gic == wanted, f"VM {name}: {mode} with {', '.join(gic) or 'no'} frames")


def check_ports(vm: Row, check: Check) -> None:
    before = 0
    for row in vm.port:
        check.expect(
            row.base >= before and row.size, f"VM {vm.name}: ports are not sorted, disjoint"
        )
        before = row.base + row.size
        check.expect(before <= 0x10000, f"VM {vm.name}: ports beyond 0xffff")


def interrupt_mode(tables: Tables, vm: int) -> str:
    values = {value: name for name, value in tables.firmware.enum("vm_interrupts").items()}
    return values[tables.vgics[vm].interrupts]


def ops_name(tables: Tables, address: int) -> str:
    """The operations at an address; "" where there are none. trapped_ops has one for each set of
    widths."""
    names = [symbol.name for symbol in tables.firmware.objects_at(address)]
    found = next((name for name in names if name.endswith("_ops")), "")
    if found:
        return found
    array, size = tables.firmware.symbols.get("trapped_ops"), 0
    if array is not None:
        size = tables.firmware.image.sizes["trapped_ops"]
        step = tables.firmware.image.layouts["vdev_ops"].size
        if array <= address < array + size and (address - array) % step == 0:
            return "trapped_ops"
    return ""


def owner(tables: Tables, ops: str, instance: int) -> int | None:
    """The VM that a device belongs to; None where its rows do not say it. LookupError where there
    is no such device."""
    if ops.startswith("vgic"):
        return instance
    if ops == "trapped_ops":
        assert tables.trapped[instance]
        return None
    if ops in UART_OPS:
        return int(tables.vuarts[instance].vm)
    if ops == "channel_ops":
        return int(tables.peers[instance].vm)
    if ops in _WATCHDOG:
        return int(tables.watchdogs[instance].vm)
    rows = tables.emulated(ops.removesuffix("_ops"))
    if not rows:
        raise LookupError(f"operations {ops or 'of nothing'} are unknown")
    return int(rows[instance].vm)


def _register(tables: Tables, row: Row) -> tuple[int, str, int]:
    """(encoding, operations, value); of an ID register the mask of fields, of which the row has a bit
    each."""
    ops = ops_name(tables, tables.sysreg_kinds[row.kind])
    value = row.value
    if ops == "sysreg_id_ops":
        value = sum(0xF << 4 * field for field in range(16) if row.value >> field & 1)
    return row.encoding, ops, value


def check_registers(tables: Tables, findings: Findings) -> None:
    """The whole list is known: whatever VM has more, less or otherwise is told."""
    with findings.check("audit-register", "Trapped system registers are the allow-list") as check:
        count = 0
        for number, vm in enumerate(tables.vms):
            found = [_register(tables, row) for row in vm.sysreg]
            features = vm.arch.features
            mode = interrupt_mode(tables, number).removeprefix("INTERRUPTS_").lower()
            wanted = expected_registers(features, mode, bool(vm.own_counter), tables.is_gicv3)
            count += len(wanted)
            for row in sorted(set(found) ^ set(wanted)):
                side = "has" if row in found else "lacks"
                register = f"encoding {row[0]:#x}, {row[1]}, {row[2]:#x}"
                check.fail(f"VM {vm.name} {side} a row: {register}")
            in_order = [row[0] for row in found] == sorted({row[0] for row in found})
            check.expect(in_order, f"VM {vm.name}: rows are not sorted, or twice there")
        check.shown = f"{count} rows, equal to the audit's own list"
