# SPDX-License-Identifier: Apache-2.0
"""Keys of [[vm.device]] and of `passthrough`: hardware that a VM owns."""

from __future__ import annotations

from gen.read.gic import LAST_SPI
from gen.read.keys import Key, Table, enum, scalar, table

MASK_LIMIT = (1 << 64) - 1

DEVICE_IRQ = Table(
    "vm.device.irq",
    "One interrupt of a device.",
    (
        Key(
            "spi", scalar("int"), "The board's SPI number.", "121", required=True, maximum=LAST_SPI
        ),
        Key(
            "guest_spi", scalar("int"), "The number the guest sees.", "40", "spi", maximum=LAST_SPI
        ),
        Key("trigger", enum("level", "edge"), "Its trigger.", '"level"', "the tree's"),
    ),
)

REGISTER = Table(
    "vm.device.registers",
    "Registers of one kind of a trapped device.",
    (
        Key(
            "offset",
            scalar("address"),
            "Of the first one, from the device's base.",
            "0x1c",
            required=True,
        ),
        Key("size", scalar("size"), "Bytes of all that are alike.", "0x8", "one", minimum=1),
        Key(
            "widths",
            scalar("int"),
            "Widths of an access that the hardware takes: 1, 2, 4 or 8 bytes. Others fault.",
            "[2, 4]",
            "[4]",
            many=True,
            minimum=1,
            maximum=8,
        ),
        Key(
            "mask",
            scalar("address"),
            "The bits that are granted, of each.",
            "0x2_0000",
            "all",
            minimum=1,
            maximum=MASK_LIMIT,
        ),
        Key("access", enum("rw", "ro", "wo"), "What the VM may do.", '"rw"', '"rw"'),
        Key(
            "rest",
            enum("keep", "zeros", "ones"),
            "What a write does with bits that are not granted: `keep` (the register is read first), "
            "`zeros` (for registers that set, clear or acknowledge by ones) or `ones`.",
            '"zeros"',
            '"keep"',
        ),
        Key(
            "region",
            scalar("int"),
            "Which range of the device's `reg`.",
            "1",
            "0",
            maximum=63,
        ),
    ),
)

DEVICE = Table(
    "vm.device",
    "Long form of one entry of `devices`.",
    (
        Key(
            "path",
            scalar("text"),
            "Path or alias of the device in the board's device tree. A device that the tree "
            "disables is enabled for its owner.",
            '"/pl031@9010000"',
            required=True,
        ),
        Key(
            "access",
            enum("direct", "trap"),
            "`direct`: the VM's own pages. `trap`: its registers alone, or some of them, in a page "
            "that others share; every access costs an exit.",
            '"direct"',
            '"direct"',
        ),
        Key(
            "registers",
            table(REGISTER),
            'With `access = "trap"`: the registers that are granted. Others read zero, writes to '
            "them have no effect.",
            "[{ offset = 0x1c, mask = 0x2_0000 }]",
            "all, 4 bytes wide",
            many=True,
        ),
        Key(
            "irq",
            table(DEVICE_IRQ),
            "Interrupts to pass through; `[]`: none, for a driver that polls.",
            "[{ spi = 121, guest_spi = 40 }]",
            "those of the tree",
            many=True,
        ),
        Key(
            "serves",
            scalar("text"),
            "VMs whose devices depend on this one (a clock or reset controller, say) and accept that "
            "this VM can stop them; `bulkhead`: the hypervisor's console.",
            '["linux"]',
            "[]",
            many=True,
        ),
        Key(
            "dma",
            scalar("bool"),
            "true: it masters the bus although the device tree does not tell.",
            "true",
            "what the tree tells",
        ),
    ),
)

PORTS = Table(
    "vm.passthrough.ports",
    "A range of I/O ports.",
    (
        Key("base", scalar("int"), "The first port.", "0x3f8", required=True, maximum=0xFFFF),
        Key("size", scalar("int"), "How many.", "8", required=True, minimum=1, maximum=0x1_0000),
    ),
)

PASSTHROUGH = Table(
    "vm.passthrough",
    "A hardware range given to a VM, described by its addresses.",
    (
        Key("name", scalar("name"), "What to call it.", '"uart1"', required=True),
        Key("gpa", scalar("address"), "Where the guest sees it.", "0x900_0000"),
        Key("hpa", scalar("address"), "Where it is.", "0x900_0000", "gpa"),
        Key("size", scalar("size"), "Its size.", '"4K"', minimum=1),
        Key(
            "ports",
            table(PORTS),
            "Its I/O ports, in place of gpa and size, where the architecture has ports (x86).",
            "[{ base = 0x3f8, size = 8 }]",
            "[]",
            many=True,
        ),
        Key(
            "spi",
            scalar("int"),
            "Its shared peripheral interrupts.",
            "[1]",
            "[]",
            many=True,
            maximum=LAST_SPI,
        ),
        Key("dma", scalar("bool"), "true: it masters the bus.", "true", "false"),
    ),
)
