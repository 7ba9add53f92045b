# SPDX-License-Identifier: Apache-2.0
"""Every key of a board's board.toml: the facts that its device tree does not tell."""

from __future__ import annotations

from gen.read.keys import Key, Table, enum, scalar, table

CPU = Table(
    "cpu",
    "The board's CPUs.",
    (
        Key("count", scalar("int"), "How many the tree must have.", "4", minimum=1, maximum=4096),
        Key(
            "physical_address_bits",
            scalar("int"),
            "Physical address bits of the CPUs (ID_AA64MMFR0_EL1.PARange).",
            "40",
            required=True,
            minimum=32,
            maximum=52,
        ),
        Key(
            "features",
            enum("aarch32-el0", "aes", "crc32", "debug", "pmu", "sha1", "sha2"),
            "Optional CPU features that all of them have: `crc32` and `sha2` verify guests faster, "
            "`aarch32-el0`, `debug` and `pmu` can be granted to VMs.",
            '["pmu"]',
            "[]",
            many=True,
        ),
    ),
)

FIRMWARE = Table(
    "firmware",
    "What firmware does before us.",
    (
        Key(
            "dtb_fallback",
            scalar("address"),
            "Where the device tree is when x0 is 0; 0: nowhere.",
            "0x4000_0000",
            "0",
        ),
        Key(
            "config",
            scalar("text"),
            "Lines of its config.txt, of a Raspberry Pi. The kernel's name and place and the UART's "
            "clock follow from other keys.",
            '["arm_64bit=1"]',
            "[]",
            many=True,
        ),
        Key(
            "reserved",
            table(
                Table(
                    "firmware.reserved",
                    "RAM that firmware keeps and the tree does not tell.",
                    (
                        Key("base", scalar("address"), "Its address.", "0x0", required=True),
                        Key("size", scalar("size"), "Its size.", '"1M"', required=True, minimum=1),
                    ),
                )
            ),
            "RAM that firmware keeps and the tree does not tell.",
            '[{ base = 0x0, size = "1M" }]',
            "[]",
            many=True,
        ),
    ),
)

IMAGE = Table(
    "image",
    "Where the firmware image goes.",
    (
        Key(
            "base",
            scalar("address"),
            "Where the image is linked and loaded, a multiple of 4 KiB.",
            "0x4020_0000",
            required=True,
        ),
        Key("limit", scalar("size"), "Its largest size.", '"64M"', required=True, minimum=1 << 16),
        Key(
            "formats",
            enum("bin", "itb", "flash", "raspberry-pi"),
            "Which image formats the board can boot.",
            '["bin"]',
            '["bin"]',
            many=True,
        ),
        Key("flash_size", scalar("size"), "Size of a flash image.", '"64M"', "0"),
    ),
)

CONSOLE = Table(
    "console",
    "The board's console UART.",
    (
        Key(
            "type",
            enum("pl011", "cadence", "dw8250", "imx"),
            "Its kind. Its driver is platform/<type>.c; without that the board can be planned for.",
            '"pl011"',
            required=True,
        ),
        Key(
            "uart",
            scalar("text"),
            "Its path or alias in the tree.",
            '"serial0"',
            "the tree's stdout-path",
        ),
        Key("clock", scalar("int"), "Its clock in Hz.", "24_000_000", "the tree's"),
    ),
)

POWER = Table(
    "power",
    "What switches the board off and resets it, where firmware has no PSCI. Without it the board "
    'stays as it is when all VMs are off, and `"reset-board"` is refused.',
    (
        Key(
            "type",
            enum("bcm2835_pm"),
            "Its kind, found in the tree. Its driver is platform/<type>.c.",
            '"bcm2835_pm"',
            required=True,
        ),
    ),
)

GIC = Table(
    "gic",
    "The interrupt controller.",
    (
        Key(
            "security_states",
            scalar("int"),
            "1: firmware leaves both interrupt groups to us (GICD_CTLR.DS = 1), which "
            '`interrupts = "passthrough"` takes. 2: group 0 is secure firmware\'s.',
            "1",
            "2",
            minimum=1,
            maximum=2,
        ),
    ),
)

QEMU_FIRMWARE = Table(
    "qemu.firmware",
    "What stands in for firmware.",
    (
        Key(
            "source",
            scalar("path"),
            "Assembly source of what QEMU starts by `-bios`. It finds image and tree at `image_base` "
            "and `tree_base`, and the number of CPUs in `cpu_count`.",
            '"firmware.S"',
            required=True,
        ),
        Key(
            "tree",
            scalar("address"),
            "Where in RAM QEMU leaves the board's device tree for it.",
            "0x100_0010_0000",
            required=True,
        ),
    ),
)

QEMU = Table(
    "qemu",
    "How QEMU is started as this board.",
    (
        Key(
            "command",
            scalar("text"),
            "The command without the image.",
            '["qemu-system-aarch64"]',
            many=True,
            required=True,
        ),
        Key(
            "firmware",
            table(QEMU_FIRMWARE),
            "Where the machine comes up at EL3 and QEMU has no firmware for it: what stands in for "
            "that, and is no part of any image.",
            '{ source = "firmware.S", tree = 0x100_0010_0000 }',
        ),
    ),
)

VARIANT = Table(
    "variant",
    "A variant of the board: what is different.",
    (
        Key(
            "ram",
            table(
                Table(
                    "variant.ram",
                    "One range of RAM.",
                    (
                        Key("base", scalar("address"), "Its address.", "0x0", required=True),
                        Key("size", scalar("size"), "Its size.", '"1G"', required=True, minimum=1),
                    ),
                )
            ),
            "All RAM, instead of the tree's.",
            '[{ base = 0x4000_0000, size = "1G" }]',
            many=True,
        ),
        Key("qemu", scalar("text"), "Added to QEMU's command.", '["-m", "1G"]', "[]", many=True),
    ),
)

BOARD = Table(
    "",
    "board.toml",
    (
        Key("title", scalar("text"), "What it is.", '"My board"', required=True),
        Key("arch", enum("aarch64"), "Its architecture.", '"aarch64"', required=True),
        Key(
            "tree",
            scalar("path"),
            "Its device tree: source (.dts) or blob (.dtb). "
            "`${fetch}/debian-dtbs/<vendor>/<board>.dtb`: one of those that come with Debian's "
            "kernel.",
            '"board.dts"',
            required=True,
        ),
        Key("cpu", table(CPU), CPU.doc, required=True),
        Key("firmware", table(FIRMWARE), FIRMWARE.doc),
        Key("image", table(IMAGE), IMAGE.doc, required=True),
        Key("console", table(CONSOLE), CONSOLE.doc, required=True),
        Key("power", table(POWER), POWER.doc),
        Key("gic", table(GIC), GIC.doc),
        Key("qemu", table(QEMU), QEMU.doc),
        Key("variant", scalar("free"), VARIANT.doc),
        Key(
            "default_variant",
            scalar("text"),
            "The variant that a deployment means when it names none.",
            '"1G"',
            "the board as the rest tells it",
        ),
    ),
)
