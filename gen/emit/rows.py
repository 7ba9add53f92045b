# SPDX-License-Identifier: Apache-2.0
"""tables.h and tables.c: the rows of gen/rows.h, every member spelled out."""

from __future__ import annotations

from collections.abc import Sequence

from gen.emit import c
from gen.emit.boundaries import owns_uart
from gen.emit.c import Members
from gen.emit.devices import device_arrays
from gen.emit.hypmap import address_bits
from gen.emit.images import image_symbols
from gen.emit.vm_rows import (
    linked_spi_count,
    sysreg_arrays,
    vgic_row,
    vm_arrays,
    vm_names,
    vm_row,
)
from gen.plan.cores import core
from gen.plan.emulated_devices import HEADER as DEVICES
from gen.plan.model import Irq, Plan
from gen.ranges import Range
from gen.read.board import Power


_HEADERS = ("vdev/sysreg.h", "vdev/timer.h", "vdev/vdev.h")


def tables_header(plan: Plan) -> str:
    uart = plan.board.uart
    counts = {
        "VM_COUNT": len(plan.vms),
        "VCPU_COUNT": len(plan.vcpus),
        "VCPU_MAX_PER_VM": max(len(vm.vcpus) for vm in plan.vms),
        "PCPU_COUNT": len(plan.pcpus),
        "IRQ_COUNT": len(_irq_owners(plan)),
        "VGIC_SPI_WORDS": max(1, *(vm.spi_count // 32 for vm in plan.vms)),
        "LINKED_SPI_COUNT": linked_spi_count(plan),
        **_vm_counts(plan),
        "VUART_COUNT": len(plan.vuarts),
        "CHANNEL_COUNT": len(plan.channels),
        "CHANNEL_PEER_COUNT": sum(len(channel.peers) for channel in plan.channels),
        "IVC_COUNT": len(plan.ivcs),
        "MONITOR_COUNT": len(plan.monitors),
        "CONTROL_COUNT": sum(len(monitor.controls) for monitor in plan.monitors),
        "WATCHDOG_COUNT": len(plan.watchdogs),
        "CONSOLE_VOICE_COUNT": len(plan.voices),
        "TRAPPED_COUNT": len(plan.trapped),
        "TRAPPED_LOCK_COUNT": len({t.lock for t in plan.trapped} - {None}),
        "EEMI_VM_COUNT": len(plan.eemis),
        "EEMI_GRANT_COUNT": sum(len(eemi.grants) for eemi in plan.eemis),
    }
    lines = ["/* SPDX-License-Identifier: Apache-2.0 */", c.NOTICE]
    lines += ["#ifndef TABLES_H", "#define TABLES_H", ""]
    lines += [f"#define {name} {count}u" for name, count in counts.items()]
    lines += ["", f"#define HYP_ADDRESS_BITS {address_bits(plan)}"]
    use = "console" if owns_uart(plan) else "console until the first guest starts"
    lines += [
        "",
        f"/* {uart.path}: the hypervisor's {use} */",
        f"#define PLAT_UART_BASE {uart.reg.base:#x}ull",
        f"#define PLAT_UART_CLOCK_HZ {uart.clock_hz}u",
        f"#define PLAT_UART_SPI {uart.spi}u",
        *_power(plan.board.power),
        "",
        "#endif",
        "",
    ]
    return "\n".join(lines)


def _vm_counts(plan: Plan) -> dict[str, int]:
    """How many VMs have what is not linked where none has it."""
    controlled = {vm for monitor in plan.monitors for vm in monitor.controls}
    controlled |= {vm.index for vm in plan.vms if vm.vm.console_control}
    policies = {vm.index: {vm.vm.on_crash, vm.vm.on_reset, vm.vm.on_off} for vm in plan.vms}
    restarts = {vm for vm, policy in policies.items() if "restart" in policy}
    return {
        "RESTART_VM_COUNT": len(controlled | restarts),
        "RESET_BOARD_VM_COUNT": sum("reset-board" in policy for policy in policies.values()),
        "ORDER_VM_COUNT": len(controlled | {dog.vm for dog in plan.watchdogs}),
        "OWN_COUNTER_VM_COUNT": sum(vm.vm.counter == "own" for vm in plan.vms),
    }


def _power(power: Power | None) -> list[str]:
    path, base = (power.path, power.reg.base) if power is not None else ("no device", 0)
    return ["", f"/* board power: {path} */", f"#define PLAT_POWER_BASE {base:#x}ull"]


def tables_source(plan: Plan) -> str:
    ops_headers = {mmio.header for vm in plan.vms for mmio in vm.mmio}
    parts = ["/* SPDX-License-Identifier: Apache-2.0 */", c.NOTICE, ""]
    parts += ['#include "gen/layout.h"', '#include "gen/rows.h"']
    ours = sorted({*_HEADERS, *ops_headers} - {DEVICES})
    parts += [f'#include "{name}"' for name in ours]
    parts += ["", f"#include <{DEVICES}>", "#include <symbols.h>", "#include <tables.h>", ""]
    parts.append(f"const char deployment_name[] = {c.string(plan.deployment.name)};\n")
    parts.append(_board(plan))
    names = vm_names(plan)
    symbols = image_symbols(plan)
    parts += sysreg_arrays(plan)
    for vm, name in zip(plan.vms, names):
        images = [entry for entry in symbols if entry.vm == vm.index]
        parts.append(vm_arrays(plan, vm, name, images))
    parts.append(_global("vm", "VM_COUNT", [vm_row(plan, vm, n) for vm, n in zip(plan.vms, names)]))
    parts.append(_global("vcpu", "VCPU_COUNT", _vcpus(plan)))
    parts.append(_global("pcpu", "PCPU_COUNT", _pcpus(plan)))
    parts.append(_global("irq", "IRQ_COUNT", _irqs(plan)))
    parts.append(
        _global("vgic", "VM_COUNT", [vgic_row(plan, vm, n) for vm, n in zip(plan.vms, names)])
    )
    parts.append(_global("vuart", "VUART_COUNT", _vuarts(plan)))
    parts.append(_global("channel", "CHANNEL_COUNT", _channels(plan)))
    parts.append(_global("channel_peer", "CHANNEL_PEER_COUNT", _channel_peers(plan)))
    parts.append(_global("ivc", "IVC_COUNT", _ivcs(plan)))
    parts.append(_global("monitor", "MONITOR_COUNT", _monitors(plan)))
    parts.append(_global("control", "CONTROL_COUNT", _controls(plan)))
    parts.append(_global("watchdog", "WATCHDOG_COUNT", _watchdogs(plan)))
    parts.append(_global("console_voice", "CONSOLE_VOICE_COUNT", _voices(plan)))
    parts.append(_global("trapped", "TRAPPED_COUNT", _trapped(plan)))
    parts.append(_global("eemi_vm", "EEMI_VM_COUNT", _eemi_vms(plan)))
    parts.append(_global("eemi_grant", "EEMI_GRANT_COUNT", _eemi_grants(plan)))
    parts += device_arrays(plan)
    return "\n".join(parts)


_NO_ROW: dict[str, Members] = {
    "vuart": [("vm", "0"), ("intid", "0"), ("voice", "0")],
    "channel": [
        ("name", '""'),
        ("base", c.address("0")),
        ("size", "0"),
        ("peer_first", "0"),
        ("peer_count", "0"),
        ("writer_vm", "0"),
        ("keep", "false"),
    ],
    "channel_peer": [
        ("channel", "0"),
        ("vm", "0"),
        ("window", c.address("0")),
        ("intid", "0"),
        ("writable", "false"),
        ("rings", "0"),
    ],
    "ivc": [
        ("vm", "0"),
        ("peer", "0"),
        ("publishes", "false"),
        ("publication", "0"),
        ("publisher_id", "0"),
        ("key", "0"),
    ],
    "trapped": [
        ("base", c.address("0")),
        ("read_mask", "0"),
        ("write_mask", "0"),
        ("rest", "TRAPPED_KEEP"),
        ("lock", "-1"),
    ],
    "eemi_vm": [("vm", "0"), ("grant_first", "0"), ("grant_count", "0")],
    "eemi_grant": [("first", "0"), ("last", "0"), ("owned", "false")],
    "monitor": [("vm", "0"), ("intid", "0"), ("control_first", "0"), ("control_count", "0")],
    "control": [("vm", "0")],
    "watchdog": [("vm", "0"), ("intid", "0"), ("timeout_ms", "0")],
    "irq": [("owner", "IRQ_NONE"), ("vm", "0"), ("guest_intid", "0"), ("edge", "false")],
}


def _global(kind: str, count: str, rows: Sequence[Members]) -> str:
    """One of the arrays of gen/rows.h; C has no empty array, so none becomes one row of zeros."""
    name = f"{kind}_rows"
    length = count if rows else f"COUNT_AT_LEAST_ONE({count})"
    text = [c.row(members) for members in (rows or [_NO_ROW[kind]])]
    return c.array(f"const struct {kind}_row {name}[]", text, name, length)


def _board(plan: Plan) -> str:
    board, gic = plan.board, plan.board.gic
    frames = (gic.cpu_interface, gic.hyp_interface, gic.vcpu_interface)
    reach = gic.redistributors if gic.version == 3 else frames
    controller = [gic.distributor, *(reg for reg in reach if reg is not None)]
    members = [
        ("name", c.string(board.name)),
        ("dtb_fallback", c.address(c.u64(board.dtb_fallback))),
        ("ram", "board_ram"),
        ("ram_count", str(len(plan.ram_used))),
        ("gic_compatible", c.string(gic.compatible)),
        ("gic", "board_gic"),
        ("gic_count", str(len(controller))),
        ("uart_compatible", c.string(board.uart.compatible)),
        ("uart", f"{{ .base = {c.u64(board.uart.reg.base)}, .size = {board.uart.reg.size:#x} }}"),
    ]
    rows = "\n".join(f"    .{name} = {value}," for name, value in members)
    return (
        _ranges("board_ram", plan.ram_used)
        + "\n"
        + _ranges("board_gic", controller)
        + f"\nconst struct board_row board_row = {{\n{rows}\n}};\n"
    )


def _ranges(name: str, ranges: Sequence[Range]) -> str:
    rows = [f"    {{ .base = {c.u64(r.base)}, .size = {c.u64(r.size)} }}," for r in ranges]
    return c.array(f"static const struct range_row {name}[]", rows, name, str(len(ranges)))


def _vcpus(plan: Plan) -> list[Members]:
    return [
        [
            ("vm", str(vcpu.vm)),
            ("index", str(vcpu.index)),
            ("pcpu", str(vcpu.pcpu)),
            ("guest_id", c.u64(vcpu.guest_id)),
        ]
        for vcpu in plan.vcpus
    ]


def _pcpus(plan: Plan) -> list[Members]:
    return [
        [
            ("hardware_id", c.u64(pcpu.hardware_id)),
            ("release_address", c.address(c.u64(pcpu.release_address or 0))),
            ("vcpu", "-1" if pcpu.vcpu is None else str(pcpu.vcpu)),
            ("ipi_intid", c.intid(pcpu.ipi_spi)),
            ("arch", _core(plan.board.cpus[pcpu.board_index].compatible)),
        ]
        for pcpu in plan.pcpus
    ]


def _core(compatible: str) -> str:
    known = core(compatible)
    weak = [
        f"ARCH_WEAK_{name.upper()}"
        for name in ("targets", "stores", "history")
        if getattr(known, name)
    ]
    return (
        f"{{ .midr = {known.midr:#x}, .weaknesses = {' | '.join(weak) or '0'}, "
        f".branches = {known.branches} }}"
    )


def _irq_owners(plan: Plan) -> list[Irq | str | None]:
    """Who owns each SPI of the board, up to the last one that is owned."""
    owners: dict[int, Irq | str] = {irq.spi: irq for vm in plan.vms for irq in vm.irqs}
    owners |= {cpu.ipi_spi: "IRQ_IPI" for cpu in plan.pcpus if cpu.ipi_spi is not None}
    if owns_uart(plan):
        owners[plan.board.uart.spi] = "IRQ_CONSOLE"
    return [owners.get(spi) for spi in range(max(owners, default=-1) + 1)]


def _irqs(plan: Plan) -> list[Members]:
    rows: list[Members] = []
    for owner in _irq_owners(plan):
        if isinstance(owner, Irq):
            values = (
                "IRQ_VM",
                str(owner.vm),
                c.intid(owner.guest_spi),
                c.boolean(owner.trigger == "edge"),
            )
        else:
            values = (owner or "IRQ_NONE", "0", "0", c.boolean(owner == "IRQ_IPI"))
        rows.append(list(zip(("owner", "vm", "guest_intid", "edge"), values)))
    return rows


def _vuarts(plan: Plan) -> list[Members]:
    return [
        [("vm", str(uart.vm)), ("intid", c.intid(uart.spi)), ("voice", str(uart.voice))]
        for uart in plan.vuarts
    ]


def _channels(plan: Plan) -> list[Members]:
    rows: list[Members] = []
    first = 0
    for channel in plan.channels:
        writer = next(peer for peer in channel.peers if peer.writable)
        rows.append(
            [
                ("name", c.string(channel.name)),
                ("base", c.address(c.u64(channel.hpa))),
                ("size", f"{channel.size:#x}"),
                ("peer_first", str(first)),
                ("peer_count", str(len(channel.peers))),
                ("writer_vm", str(writer.vm)),
                ("keep", c.boolean(channel.keep)),
            ]
        )
        first += len(channel.peers)
    return rows


def _channel_peers(plan: Plan) -> list[Members]:
    return [
        [
            ("channel", str(peer.channel)),
            ("vm", str(peer.vm)),
            ("window", c.address(c.u64(peer.window))),
            ("intid", c.intid(peer.spi)),
            ("writable", c.boolean(peer.writable)),
            ("rings", f"{peer.rings:#x}"),
        ]
        for channel in plan.channels
        for peer in channel.peers
    ]


def _ivcs(plan: Plan) -> list[Members]:
    return [
        [
            ("vm", str(ivc.vm)),
            (
                "peer",
                str(sum(len(channel.peers) for channel in plan.channels[: ivc.channel]) + ivc.peer),
            ),
            ("publishes", c.boolean(ivc.publishes)),
            ("publication", str(ivc.publication)),
            ("publisher_id", str(ivc.publisher_id)),
            ("key", c.u64(ivc.key)),
        ]
        for ivc in plan.ivcs
    ]


def _trapped(plan: Plan) -> list[Members]:
    return [
        [
            ("base", c.address(c.u64(trap.hpa))),
            ("read_mask", c.u64(trap.read_mask)),
            ("write_mask", c.u64(trap.write_mask)),
            ("rest", f"TRAPPED_{trap.rest.upper()}"),
            ("lock", "-1" if trap.lock is None else str(trap.lock)),
        ]
        for trap in plan.trapped
    ]


def _eemi_vms(plan: Plan) -> list[Members]:
    rows: list[Members] = []
    first = 0
    for eemi in plan.eemis:
        counts = [("grant_first", str(first)), ("grant_count", str(len(eemi.grants)))]
        rows.append([("vm", str(eemi.vm)), *counts])
        first += len(eemi.grants)
    return rows


def _eemi_grants(plan: Plan) -> list[Members]:
    return [
        [
            ("first", f"EEMI_KEY(EEMI_{grant.kind.upper()}, {grant.first})"),
            ("last", f"EEMI_KEY(EEMI_{grant.kind.upper()}, {grant.last})"),
            ("owned", c.boolean(grant.owned)),
        ]
        for eemi in plan.eemis
        for grant in eemi.grants
    ]


def _monitors(plan: Plan) -> list[Members]:
    rows: list[Members] = []
    first = 0
    for monitor in plan.monitors:
        rows.append(
            [
                ("vm", str(monitor.vm)),
                ("intid", c.intid(monitor.spi)),
                ("control_first", str(first)),
                ("control_count", str(len(monitor.controls))),
            ]
        )
        first += len(monitor.controls)
    return rows


def _controls(plan: Plan) -> list[Members]:
    return [[("vm", str(vm))] for monitor in plan.monitors for vm in monitor.controls]


def _watchdogs(plan: Plan) -> list[Members]:
    return [
        [("vm", str(dog.vm)), ("intid", c.intid(dog.spi)), ("timeout_ms", str(dog.timeout_ms))]
        for dog in plan.watchdogs
    ]


def _voices(plan: Plan) -> list[Members]:
    return [
        [
            ("name", c.string(voice.name)),
            ("vm", "-1" if voice.vm is None else str(voice.vm)),
            ("vuart", "-1" if voice.vuart is None else str(voice.vuart)),
        ]
        for voice in plan.voices
    ]
