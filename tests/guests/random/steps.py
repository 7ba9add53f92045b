# SPDX-License-Identifier: Apache-2.0
"""trace.S: random accesses to what Bulkhead emulates, calls and identification registers, by every
register and width, allowed or not. Nothing in it depends on time."""

from __future__ import annotations

import random

GICD, GICR, UART = 0x0800_0000, 0x080A_0000, 0x0900_0000
STRIDE = 0x2_0000
GICD_END, GICR_END, UART_END = GICD + 0x1_0000, GICR + 2 * STRIDE, UART + 0x1000

_READS = (
    "ldr w{t}",
    "ldr x{t}",
    "ldrh w{t}",
    "ldrb w{t}",
    "ldrsb x{t}",
    "ldrsh w{t}",
    "ldrsw x{t}",
)
_WRITES = ("str w{t}", "str w{t}", "str w{t}", "str x{t}", "strh w{t}", "strb w{t}")
_CALLS = (0x84000000, 0x84000001, 0x84000004, 0xC4000004, 0x84000006, 0x8400000A, 0x80000000,
          0x80000001, 0x8600FF01, 0x8600FF03, 0xC7001234, 0x84000099, 3, 0x12345678)  # fmt: skip


def _bank(dice: random.Random, base: int) -> int:
    """A register that holds 32, 16, 4 or one interrupt, of those that the VM has, or next to it."""
    bank = dice.choice((0x80, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380))
    return base + dice.choice(
        (bank, bank + 4, bank + 8, 0x400 + dice.randrange(0x60), 0xC00 + 4 * dice.randrange(6))
    )


def _outside(dice: random.Random) -> int:
    """In no row, where a register would be if a device went on, or had begun earlier: the nearest row
    below is searched, and must not answer."""
    return dice.choice(
        (
            _bank(dice, GICD_END),
            GICD - dice.choice((4, 8, 0x1_0000 - 0x100)),
            _bank(dice, GICR_END + dice.choice((0, 0x1_0000))),
            GICR - 8,
            UART_END + dice.choice((0, 0x18, 0xFE0)),
            0x0A00_0000 + 8 * dice.randrange(4),
        )
    )


def _address(dice: random.Random) -> int:
    """Registers of the distributor, both redistributors, the UART (not DR), and holes."""
    return dice.choice(
        (
            GICD + dice.choice((0, 4, 8, 0xFFE8, 0x6100, 0x6108, 0x6104)),
            _bank(dice, GICD),
            _bank(dice, GICD),
            GICR + STRIDE * dice.randrange(2) + dice.choice((0, 4, 8, 0xC, 0x14, 0xFFE8)),
            _bank(dice, GICR + STRIDE * dice.randrange(2) + 0x1_0000),
            UART + dice.choice((4, 0x18, 0x18, 0x20, 0x24, 0x28, 0x2C, 0x34, 0x3C, 0x40, 0xFE0)),
            _outside(dice),
        )
    )


def _set(register: int, value: int) -> list[str]:
    parts = [value >> shift & 0xFFFF for shift in (0, 16, 32, 48)]
    return [f"movz x{register}, #{parts[0]}"] + [
        f"movk x{register}, #{part}, lsl #{16 * n}" for n, part in enumerate(parts) if n and part
    ]


def _access(dice: random.Random, forms: tuple[str, ...]) -> list[str]:
    base, target = dice.randrange(31), dice.randrange(32)
    name = dice.choice(forms).format(t="zr" if target == 31 else target)
    address = _address(dice) + dice.choice((0, 0, 0, 0, 0, 1, 2))
    value = _set(target, dice.getrandbits(64)) if target not in (31, base) else []
    return [*value, *_set(base, address), f"{name}, [x{base}]"]


def _call(dice: random.Random) -> list[str]:
    arguments = [dice.choice(_CALLS), dice.choice(_CALLS), dice.randrange(3)]
    lines = [line for n, value in enumerate(arguments) for line in _set(n, value)]
    return [*lines, dice.choice(("hvc #0", "hvc #0", "hvc #1", "smc #0"))]


def _identity(dice: random.Random) -> list[str]:
    target = dice.randrange(32)
    register = f"s3_0_c0_c{dice.randrange(1, 8)}_{dice.randrange(8)}"
    if dice.randrange(16) == 0:
        return [f"msr {register}, x0"]
    return [f"mrs {'xzr' if target == 31 else f'x{target}'}, {register}"]


def _interrupt(dice: random.Random) -> list[str]:
    """An SGI to itself, and what the interface says then; interrupts are masked."""
    target, sgi = dice.randrange(31), dice.randrange(3)
    ended = [f"mrs x{target}, icc_iar1_el1", f"msr icc_eoir1_el1, x{target}", "isb"]
    return [
        *_set(target, dice.choice((1, 1, 1, 3, 1 << 40)) | sgi << 24),
        *(f"msr icc_sgi1r_el1, x{target}", "isb", f"mrs x{target}, icc_hppir1_el1"),
        *(ended if dice.randrange(4) else []),
    ]


_START = (
    *("mov x0, #7", "msr icc_sre_el1, x0", "mov x0, #0xf0", "msr icc_pmr_el1, x0"),
    *("mov x0, #1", "msr icc_igrpen1_el1, x0", "isb"),
    *(*_set(0, GICD), "mov w1, #2", "str w1, [x0]"),
    *(*_set(0, GICR + 0x1_0080), "mov w1, #-1", "str w1, [x0]"),
    *(*_set(0, GICR + 0x1_0100), "mov w1, #7", "str w1, [x0]"),
)


def source(seed: int, steps: int) -> str:
    """The text of trace.S."""
    dice = random.Random(seed)
    lines = [
        "    .text",
        "    .globl random_trace",
        "random_trace:",
        "    stp x29, x30, [sp, #-16]!",
    ]
    lines += [f"    {line}" for line in _START]
    makers = [
        *[lambda: _access(dice, _READS)] * 5,
        *[lambda: _access(dice, _WRITES)] * 4,
        *(lambda: _call(dice), lambda: _identity(dice), lambda: _interrupt(dice)),
    ]
    for _ in range(steps):
        lines += [f"    {line}" for line in dice.choice(makers)()] + ["    svc #0"]
    lines += ["    ldp x29, x30, [sp], #16", "    ret"]
    return "/* Made by steps.py. */\n" + "\n".join(lines) + "\n"
