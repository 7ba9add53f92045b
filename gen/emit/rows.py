# SPDX-License-Identifier: Apache-2.0
"""tables.h and tables.c: the rows of gen/rows.h, every member spelled out."""

from __future__ import annotations

from collections.abc import Sequence

from gen.emit import c
from gen.emit.boundaries import owns_uart
from gen.emit.images import ImageSymbol, image_symbols
from gen.plan.model import Irq, Plan, PlannedVm
from gen.read.board import Range

Members = list[tuple[str, str]]

_HEADERS = ("vdev/sysreg.h", "vdev/vdev.h")
_POLICY = {
    "halt": "POLICY_HALT",
    "restart": "POLICY_RESTART",
    "reset-board": "POLICY_RESET_BOARD",
}


def tables_header(plan: Plan) -> str:
    uart = plan.board.uart
    counts = {
        "VM_COUNT": len(plan.vms),
        "VCPU_COUNT": len(plan.vcpus),
        "VCPU_MAX_PER_VM": max(len(vm.vcpus) for vm in plan.vms),
        "PCPU_COUNT": len(plan.pcpus),
        "IRQ_COUNT": len(_irq_owners(plan)),
        "VGIC_SPI_WORDS": max(1, *(vm.spi_count // 32 for vm in plan.vms)),
        "VPL011_COUNT": len(plan.vpl011s),
        "CHANNEL_COUNT": len(plan.channels),
        "CHANNEL_PEER_COUNT": sum(len(channel.peers) for channel in plan.channels),
        "CONSOLE_VOICE_COUNT": len(plan.voices),
    }
    lines = ["/* SPDX-License-Identifier: Apache-2.0 */", c.NOTICE]
    lines += ["#ifndef TABLES_H", "#define TABLES_H", ""]
    lines += [f"#define {name} {count}u" for name, count in counts.items()]
    if owns_uart(plan):
        lines += ["", f"/* {uart.path}: the hypervisor's console */"]
        base = uart.reg.base
    else:
        lines += ["", "/* No UART is the hypervisor's */"]
        base = 0
    lines += [
        f"#define PLAT_UART_BASE {base:#x}ull",
        f"#define PLAT_UART_CLOCK_HZ {uart.clock_hz}u",
        f"#define PLAT_UART_SPI {uart.spi}u",
        "",
        "#endif",
        "",
    ]
    return "\n".join(lines)


def tables_source(plan: Plan) -> str:
    ops_headers = {mmio.header for vm in plan.vms for mmio in vm.mmio}
    parts = ["/* SPDX-License-Identifier: Apache-2.0 */", c.NOTICE, ""]
    parts += ['#include "gen/layout.h"', '#include "gen/rows.h"']
    parts += [f'#include "{name}"' for name in sorted({*_HEADERS, *ops_headers})]
    parts += ["", "#include <symbols.h>", "#include <tables.h>", ""]
    parts.append(f"const char deployment_name[] = {c.string(plan.deployment.name)};")
    parts.append(f"const char deployment_hash[] = {c.string(plan.hash)};\n")
    parts.append(_board(plan))
    names = vm_names(plan)
    symbols = image_symbols(plan)
    for vm, name in zip(plan.vms, names):
        images = [entry for entry in symbols if entry.vm == vm.index]
        parts.append(_vm_arrays(plan, vm, name, images))
    parts.append(_global("vm", "VM_COUNT", [_vm(plan, vm, n) for vm, n in zip(plan.vms, names)]))
    parts.append(_global("vcpu", "VCPU_COUNT", _vcpus(plan)))
    parts.append(_global("pcpu", "PCPU_COUNT", _pcpus(plan)))
    parts.append(_global("irq", "IRQ_COUNT", _irqs(plan)))
    parts.append(_global("vgic", "VM_COUNT", [_vgic(vm, n) for vm, n in zip(plan.vms, names)]))
    parts.append(_global("vpl011", "VPL011_COUNT", _vpl011s(plan)))
    parts.append(_global("channel", "CHANNEL_COUNT", _channels(plan)))
    parts.append(_global("channel_peer", "CHANNEL_PEER_COUNT", _channel_peers(plan)))
    parts.append(_global("console_voice", "CONSOLE_VOICE_COUNT", _voices(plan)))
    return "\n".join(parts)


def vm_names(plan: Plan) -> tuple[str, ...]:
    """The VMs' names as parts of C names."""
    return c.unique_identifiers([vm.vm.name for vm in plan.vms])


_NO_ROW: dict[str, Members] = {
    "vpl011": [("vm", "0"), ("intid", "0"), ("voice", "0")],
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
    reach = gic.redistributors if gic.version == 3 else (gic.cpu_interface,)
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


def _vm_arrays(plan: Plan, vm: PlannedVm, name: str, images: list[ImageSymbol]) -> str:
    """The arrays that the rows of one VM point at."""
    arrays = {
        "mmio_row": (f"{name}_mmio", _mmio(vm)),
        "sysreg_row": (f"{name}_sysreg", _sysregs(vm)),
        "ram_row": (f"{name}_ram", _ram(vm)),
        "image_row": (f"{name}_image", [_image(entry) for entry in images]),
    }
    parts = [f"/* --- {c.comment_text(vm.vm.name)} --- */\n"]
    for struct, (symbol, rows) in arrays.items():
        if rows:
            parts.append(
                c.array(f"static const struct {struct} {symbol}[]", rows, symbol, str(len(rows)))
            )
    if vm.spi_count:
        parts.append(_vgic_arrays(vm, name))
    return "\n".join(parts)


def _mmio(vm: PlannedVm) -> list[str]:
    return [
        f"    /* {c.comment_text(mmio.owner)} */\n"
        + c.row(
            [
                ("base", c.address(c.u64(mmio.gpa))),
                ("size", f"{mmio.size:#x}"),
                ("ops", f"&{mmio.ops}"),
                ("instance", str(mmio.instance)),
            ]
        )
        for mmio in vm.mmio
    ]


def _sysregs(vm: PlannedVm) -> list[str]:
    return [
        f"    {{ .encoding = ARCH_SYSREG({r.op0}, {r.op1}, {r.crn}, {r.crm}, {r.op2}), "
        f".ops = &{r.ops}, .value = {c.u64(r.value)} }}, /* {c.comment_text(r.name)} */"
        for r in vm.sysregs
    ]


def _ram(vm: PlannedVm) -> list[str]:
    return [
        c.row(
            [
                ("gpa", c.address(c.u64(ram.gpa))),
                ("hpa", c.address(c.u64(ram.hpa))),
                ("size", f"{ram.size:#x}"),
                ("scrub", c.boolean(ram.scrub)),
                ("restore", c.boolean(ram.map != "reserved")),
            ]
        )
        for ram in vm.ram
    ]


def _image(entry: ImageSymbol) -> str:
    digest = entry.sha256
    half = [", ".join(f"{byte:#04x}" for byte in digest[i : i + 16]) for i in (0, 16)]
    return c.row(
        [
            ("name", c.string(entry.image.name)),
            ("source", c.address(f"(uint64_t){entry.symbol}")),
            ("target", c.address(c.u64(entry.image.hpa))),
            ("size", f"{len(entry.image.data):#x}"),
            ("crc32", f"{entry.crc32:#010x}"),
            ("sha256", f"{{ {half[0]},\n                    {half[1]} }}"),
        ]
    )


def _vgic_arrays(vm: PlannedVm, name: str) -> str:
    hardware = {irq.guest_spi: irq.spi + 32 for irq in vm.irqs}
    owned = {*hardware, *vm.software_spis}
    words = vm.spi_count // 32
    parts = []
    for suffix, spis in (("spi_owned", owned), ("spi_hardware", set(hardware))):
        masks = [sum(1 << (spi % 32) for spi in spis if spi // 32 == word) for word in range(words)]
        rows = ["    " + " ".join(f"{mask:#010x}," for mask in masks)]
        symbol = f"{name}_{suffix}"
        parts.append(c.array(f"static const uint32_t {symbol}[]", rows, symbol, str(words)))
    rows = [f"    [{spi}] = {intid}," for spi, intid in sorted(hardware.items())] or ["    0,"]
    symbol = f"{name}_spi_physical"
    parts.append(
        c.array(f"static const uint16_t {symbol}[{vm.spi_count}]", rows, symbol, str(vm.spi_count))
    )
    return "\n".join(parts)


def _vgic(vm: PlannedVm, name: str) -> Members:
    if not vm.spi_count:
        pointers = ["NULL"] * 3
    else:
        pointers = [f"{name}_{array}" for array in ("spi_owned", "spi_hardware", "spi_physical")]
    return [
        ("spi_count", str(vm.spi_count)),
        ("spi_owned", pointers[0]),
        ("spi_hardware", pointers[1]),
        ("spi_physical", pointers[2]),
    ]


def _vm(plan: Plan, vm: PlannedVm, name: str) -> Members:
    stage2, restart = vm.stage2, vm.vm.restart
    features = [f"ARCH_FEATURE_{c.identifier(feature).upper()}" for feature in vm.vm.features]
    cpu_bits = plan.board.physical_address_bits
    arch = [
        ("vttbr", f"ARCH_VTTBR({stage2.root}, {stage2.vmid})"),
        (
            "vtcr",
            f"ARCH_VTCR({stage2.ipa_bits}, {stage2.start_level}, ARCH_PARANGE({cpu_bits}))",
        ),
        ("features", " | ".join(features) or "0"),
        ("parange", f"ARCH_PARANGE({stage2.ipa_bits})"),
    ]
    members: Members = [
        ("name", c.string(vm.vm.name)),
        ("arch", _nested(arch)),
        ("vcpu_first", str(vm.vcpus[0])),
        ("vcpu_count", str(len(vm.vcpus))),
    ]
    for kind, rows in (
        ("mmio", vm.mmio),
        ("sysreg", vm.sysregs),
        ("ram", vm.ram),
        ("image", vm.images),
    ):
        members.append((kind, f"{name}_{kind}" if rows else "NULL"))
        members.append((f"{kind}_count", str(len(rows))))
    return members + [
        ("entry", c.address(c.u64(vm.entry_gpa))),
        ("boot_arg", c.u64(vm.dtb_gpa or 0)),
        ("on_crash", _POLICY[vm.vm.on_crash]),
        ("on_reset", _POLICY[vm.vm.on_reset]),
        ("on_off", _POLICY[vm.vm.on_off]),
        (
            "restart",
            _nested(
                [
                    ("max", str(restart.max)),
                    ("window_ms", str(restart.window_ms)),
                    ("backoff_ms", str(restart.backoff_ms)),
                ]
            ),
        ),
    ]


def _nested(members: Members) -> str:
    lines = "".join(f"            .{name} = {value},\n" for name, value in members)
    return f"{{\n{lines}        }}"


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
            ("vcpu", "-1" if pcpu.vcpu is None else str(pcpu.vcpu)),
        ]
        for pcpu in plan.pcpus
    ]


def _irq_owners(plan: Plan) -> list[Irq | str | None]:
    """Who owns each SPI of the board, up to the last one that is owned."""
    owners: dict[int, Irq | str] = {irq.spi: irq for vm in plan.vms for irq in vm.irqs}
    if owns_uart(plan):
        owners[plan.board.uart.spi] = "console"
    return [owners.get(spi) for spi in range(max(owners, default=-1) + 1)]


def _irqs(plan: Plan) -> list[Members]:
    rows: list[Members] = []
    for owner in _irq_owners(plan):
        if isinstance(owner, Irq):
            values = (
                "IRQ_VM",
                str(owner.vm),
                str(owner.guest_spi + 32),
                c.boolean(owner.trigger == "edge"),
            )
        else:
            values = ("IRQ_CONSOLE" if owner else "IRQ_NONE", "0", "0", "false")
        rows.append(list(zip(("owner", "vm", "guest_intid", "edge"), values)))
    return rows


def _vpl011s(plan: Plan) -> list[Members]:
    return [
        [("vm", str(uart.vm)), ("intid", str(uart.spi + 32)), ("voice", str(uart.voice))]
        for uart in plan.vpl011s
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
            ("intid", "0" if peer.spi is None else str(peer.spi + 32)),
            ("writable", c.boolean(peer.writable)),
            ("rings", f"{peer.rings:#x}"),
        ]
        for channel in plan.channels
        for peer in channel.peers
    ]


def _voices(plan: Plan) -> list[Members]:
    return [
        [
            ("name", c.string(voice.name)),
            ("vm", "-1" if voice.vm is None else str(voice.vm)),
            ("vpl011", "-1" if voice.vpl011 is None else str(voice.vpl011)),
        ]
        for voice in plan.voices
    ]
