# SPDX-License-Identifier: Apache-2.0
"""The rows of one VM for tables.c: its own row and the arrays that it points at."""

from __future__ import annotations

from gen.emit import c
from gen.emit.c import Members
from gen.emit.images import ImageSymbol
from gen.plan.model import Plan, PlannedVm, SysregRow
from gen.read.gic import spi_intid

_POLICY = {
    "halt": "POLICY_HALT",
    "restart": "POLICY_RESTART",
    "reset-board": "POLICY_RESET_BOARD",
}


def vm_names(plan: Plan) -> tuple[str, ...]:
    """What the C names of each VM's arrays begin with."""
    return tuple(f"vm_{name}" for name in c.unique_identifiers([vm.vm.name for vm in plan.vms]))


def vm_arrays(plan: Plan, vm: PlannedVm, name: str, images: list[ImageSymbol]) -> str:
    """The arrays that the rows of one VM point at."""
    arrays = {
        "mmio_row": (f"{name}_mmio", _mmio(vm)),
        "port_row": (f"{name}_port", _port(vm)),
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
        parts.append(_vgic_arrays(plan, vm, name))
    return "\n".join(parts)


def sysreg_arrays(plan: Plan) -> list[str]:
    """What registers do, then one array for each different set of them: most VMs share one."""
    kinds = sorted({row.ops for vm in plan.vms for row in vm.sysregs})
    pointers = [f"    &{ops}," for ops in kinds]
    name = "sysreg_kinds"
    declaration = f"const struct sysreg_ops *const {name}[]"
    return [
        c.array(declaration, pointers or ["    NULL,"], name, str(max(1, len(kinds)))),
        *(
            c.array(
                f"static const struct sysreg_row {symbol}[]",
                _sysregs(rows, kinds),
                symbol,
                str(len(rows)),
            )
            for rows, symbol in _sysreg_names(plan).items()
            if rows
        ),
    ]


def _sysreg_names(plan: Plan) -> dict[tuple[SysregRow, ...], str]:
    names: dict[tuple[SysregRow, ...], str] = {}
    for vm in plan.vms:
        names.setdefault(vm.sysregs, f"sysreg_set_{len(names)}")
    return names


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


def _port(vm: PlannedVm) -> list[str]:
    return [
        f"    /* {c.comment_text(port.owner)} */\n"
        + c.row(
            [
                ("base", f"{port.base:#x}"),
                ("size", str(port.size)),
                ("ops", f"&{port.ops}"),
                ("instance", str(port.instance)),
            ]
        )
        for port in vm.ports
    ]


def _sysregs(rows: tuple[SysregRow, ...], kinds: list[str]) -> list[str]:
    return [
        f"    {{ .encoding = ARCH_SYSREG({r.op0}, {r.op1}, {r.crn}, {r.crm}, {r.op2}), "
        f".kind = {kinds.index(r.ops)}, .value = {_sysreg_value(r)} }}, /* {c.comment_text(r.name)} */"
        for r in rows
    ]


def _sysreg_value(row: SysregRow) -> str:
    if row.ops == "sysreg_id_ops":
        return f"ARCH_ID_FIELDS({c.u64(row.value)})"
    return str(row.value)


def _ram(vm: PlannedVm) -> list[str]:
    return [
        c.row(
            [
                ("gpa", c.address(c.u64(ram.gpa))),
                ("hpa", c.address(c.u64(ram.hpa))),
                ("size", f"{ram.size:#x}"),
                ("scrub", c.boolean(ram.scrub)),
                ("restore", c.boolean(ram.map != "reserved")),
                ("writable", c.boolean("w" in ram.flags)),
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


def linked_spi_count(plan: Plan) -> int:
    """Physical SPIs that VMs have, all together."""
    return sum(len(vm.irqs) for vm in plan.vms)


def _vgic_arrays(plan: Plan, vm: PlannedVm, name: str) -> str:
    hardware = {irq.guest_spi: spi_intid(irq.spi) for irq in vm.irqs}
    owned = {*hardware, *vm.software_spis}
    words = vm.spi_count // 32
    parts = []
    for suffix, spis in (("spi_owned", owned), ("spi_hardware", set(hardware))):
        masks = [sum(1 << (spi % 32) for spi in spis if spi // 32 == word) for word in range(words)]
        rows = ["    " + " ".join(f"{mask:#010x}," for mask in masks)]
        symbol = f"{name}_{suffix}"
        parts.append(c.array(f"static const uint32_t {symbol}[]", rows, symbol, str(words)))
    if not linked_spi_count(plan):
        return "\n".join(parts)
    rows = [f"    [{spi}] = {intid}," for spi, intid in sorted(hardware.items())] or ["    0,"]
    symbol = f"{name}_spi_physical"
    parts.append(
        c.array(f"static const uint16_t {symbol}[{vm.spi_count}]", rows, symbol, str(vm.spi_count))
    )
    return "\n".join(parts)


def vgic_row(plan: Plan, vm: PlannedVm, name: str) -> Members:
    pointers = ["NULL"] * 3
    if vm.spi_count:
        pointers = [f"{name}_{array}" for array in ("spi_owned", "spi_hardware", "spi_physical")]
    if not linked_spi_count(plan):
        pointers[2] = "NULL"
    return [
        ("interrupts", f"INTERRUPTS_{vm.vm.interrupts.upper()}"),
        ("spi_count", str(vm.spi_count)),
        ("spi_owned", pointers[0]),
        ("spi_hardware", pointers[1]),
        ("spi_physical", pointers[2]),
    ]


def vm_row(plan: Plan, vm: PlannedVm, name: str) -> Members:
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
        ("own_counter", c.boolean(vm.vm.counter == "own")),
        ("console_control", c.boolean(vm.vm.console_control)),
        ("arch", _nested(arch)),
        ("vcpu_first", str(vm.vcpus[0])),
        ("vcpu_count", str(len(vm.vcpus))),
    ]
    for kind, rows in (
        ("mmio", vm.mmio),
        ("port", vm.ports),
        ("sysreg", vm.sysregs),
        ("ram", vm.ram),
        ("image", vm.images),
    ):
        symbol = _sysreg_names(plan)[vm.sysregs] if kind == "sysreg" else f"{name}_{kind}"
        members.append((kind, symbol if rows else "NULL"))
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
