# SPDX-License-Identifier: Apache-2.0
"""Every key of a VM in the native deployment file."""

from __future__ import annotations

from gen.read import device_types
from gen.read.keys import Form, Key, Table, enum, scalar, table

MASK_LIMIT = (1 << 64) - 1
POLICIES = ("halt", "restart", "reset-board")

MEMORY = Table(
    "vm.memory",
    "One range of guest RAM.",
    (
        Key(
            "gpa",
            scalar("address"),
            "Where the guest sees it (guest-physical address).",
            "0x4000_0000",
            "the board's RAM base",
        ),
        Key("size", scalar("size"), "Its size.", '"256M"', required=True, minimum=4096),
        Key(
            "map",
            enum("alloc", "identical", "reserved"),
            "`alloc`: the generator chooses the host address. `identical`: the host address is the "
            "guest address. `reserved`: identical, and left as it is over restarts and outside the "
            "allocator.",
            '"alloc"',
            '"alloc"',
        ),
        Key(
            "hpa",
            scalar("address"),
            "The host-physical address, where the deployment wants to choose it.",
            "0x5000_0000",
        ),
        Key(
            "flags",
            enum("rwx", "rw", "rx", "r"),
            "What the guest may do there. Without `w` it plays ROM: its device tree does not call it "
            "RAM.",
            '"rwx"',
            '"rwx"',
        ),
    ),
)

KERNEL = Table(
    "vm.kernel",
    "Long form of `kernel`.",
    (
        Key("image", scalar("path"), "The file.", '"${images}/Image"', required=True),
        Key(
            "format",
            enum("auto", "raw", "linux", "elf"),
            "Its format; `auto` looks at its first bytes (gzip is unpacked).",
            '"auto"',
            '"auto"',
        ),
        Key(
            "load_gpa",
            scalar("address"),
            "Where it is loaded (not for ELF, which says so itself).",
            "0x4020_0000",
            "the format's own place, else the VM's RAM base",
        ),
        Key(
            "entry_gpa",
            scalar("address"),
            "First instruction of vCPU 0.",
            "0x4020_0000",
            "the format's own entry, else load_gpa",
        ),
    ),
)

DEVICE_IRQ = Table(
    "vm.device.irq",
    "One interrupt of a device.",
    (
        Key("spi", scalar("int"), "The board's SPI number.", "121", required=True, maximum=987),
        Key("guest_spi", scalar("int"), "The number the guest sees.", "40", "spi", maximum=987),
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
            maximum=987,
        ),
        Key("dma", scalar("bool"), "true: it masters the bus.", "true", "false"),
    ),
)

EMULATED = Table(
    "vm.emulated",
    "A device that the hypervisor emulates for a VM.",
    (
        Key(
            "type",
            enum(*device_types.names()),
            "What it is: `pl011` (a UART)"
            + "".join(f", `{kind.name}` ({kind.doc})" for kind in device_types.TYPES)
            + ".",
            '"pl011"',
            required=True,
        ),
        Key(
            "gpa",
            scalar("address"),
            "Where the guest sees it. Only `pl011` has a default.",
            "0x900_0000",
            "the board's own address",
        ),
        Key(
            "port",
            scalar("int"),
            "Its first I/O port, in place of gpa, where the architecture has ports (x86).",
            "0x300",
            maximum=0xFFFF,
        ),
        Key(
            "spi",
            scalar("int"),
            "Its interrupt as the guest sees it; without one, `pl011` has the board's own number and "
            "the other types have no interrupt.",
            "1",
            "the board's own number",
            maximum=987,
        ),
    )
    + device_types.type_keys(),
)

RESTART = Table(
    "vm.restart",
    "Limits of the policy `restart`.",
    (
        Key(
            "max",
            scalar("int"),
            "Restarts within `window` before the VM stays halted; 0: no limit.",
            "3",
            "3",
            maximum=1_000_000,
        ),
        Key("window", scalar("time"), "The time they are counted over.", '"60s"', '"60s"'),
        Key("backoff", scalar("time"), "Pause before a restart.", '"100ms"', '"100ms"'),
    ),
)

_LATER = "Not available in this version."

# What a VM and a template share.
VM_KEYS = (
    Key(
        "cpus",
        (Form("int"), Form("text")),
        "Physical CPUs, one vCPU on each: index in the board's order, or the CPU's name.",
        '[0, "cpu@1"]',
        many=True,
        required=True,
        maximum=4095,
    ),
    Key(
        "ram",
        scalar("size"),
        "RAM at the board's RAM base as the guest sees it, placed by the generator. Short form of "
        "`memory`; one of the two.",
        '"16M"',
        minimum=4096,
    ),
    Key(
        "memory",
        table(MEMORY),
        "RAM in ranges.",
        '[{ gpa = 0x4000_0000, size = "256M" }]',
        many=True,
    ),
    Key(
        "unikernel",
        scalar("path"),
        "A folder of C sources, linked with the guest runtime into the VM's program. "
        "`unikernel` or `kernel`, one of the two.",
        '"demo/control"',
    ),
    Key(
        "kernel",
        scalar("path") + table(KERNEL),
        "An image to run: raw, Linux arm64 Image, the same with gzip, or ELF64.",
        '"${images}/Image"',
    ),
    Key("initrd", scalar("path"), "Initial RAM disk of a Linux guest.", '"${images}/initrd.gz"'),
    Key(
        "initrd_gpa",
        scalar("address"),
        "Where it lies in the guest's RAM; the device tree tells it.",
        "0x4800_0000",
        "chosen",
    ),
    Key("bootargs", scalar("text"), "Kernel command line.", '"console=ttyAMA0"'),
    Key(
        "dtb",
        enum("auto") + scalar("false") + scalar("path"),
        'The guest\'s device tree: `"auto"` (made from the plan), a file (patched and checked) or '
        "false (none).",
        '"auto"',
        '"auto"',
    ),
    Key(
        "dtb_gpa",
        scalar("address"),
        "Where the device tree lies in the guest's RAM; its address is in x0 at the start.",
        "0x4400_0000",
        "chosen",
    ),
    Key(
        "dtb_overlay",
        scalar("path"),
        "Overlays (.dtbo, or .dtso source) applied to the guest's device tree.",
        '["extra.dtso"]',
        "[]",
        many=True,
    ),
    Key(
        "interrupts",
        enum("none", "emulated", "passthrough"),
        "How interrupts reach the VM: `emulated` (a virtual interrupt controller, hardware-linked), "
        "`passthrough` (its interrupts come to it without an exit; its accesses to the interrupt "
        "controller are checked) or `none` (no interrupt controller).",
        '"emulated"',
        '"emulated"',
    ),
    Key(
        "features",
        enum("pmu", "debug", "aarch32-el0", later=("sve", "sme")),
        "CPU features granted beyond the base.",
        '["pmu"]',
        "[]",
        many=True,
    ),
    Key(
        "devices",
        scalar("text"),
        "Devices of the board that the VM owns: paths or aliases in the board's device tree; "
        "registers, interrupts and clocks follow. `--devices BOARD` lists them.",
        '["/pl031@9010000"]',
        "[]",
        many=True,
    ),
    Key("device", table(DEVICE), "Devices in long form, one `[[vm.device]]` each.", many=True),
    Key(
        "passthrough",
        table(PASSTHROUGH),
        "Hardware ranges by address, for what the device tree does not describe.",
        '[{ name = "uart1", gpa = 0x900_0000, size = "4K", spi = [1] }]',
        "[]",
        many=True,
    ),
    Key(
        "emulated",
        table(EMULATED),
        "Emulated devices, added to the defaults.",
        '[{ type = "pl011", gpa = 0x900_0000, spi = 1 }]',
        "[]",
        many=True,
    ),
    Key(
        "defaults",
        scalar("bool"),
        "Whether the VM gets the board's default devices, a virtual UART where the board has its "
        "own.",
        "true",
        "true",
    ),
    Key(
        "dma",
        enum("refuse", "trusted", later=("iommu",)),
        "What happens with a device that masters the bus: `refuse` (an error) or `trusted` (it is "
        "let in, isolation from it is not provided; the VM's memory must be identity-mapped).",
        '"refuse"',
        '"refuse"',
    ),
    Key(
        "on_crash",
        enum(*POLICIES),
        "When the VM crashes: `halt` it, `restart` it from its pristine image, or `reset-board`.",
        '"restart"',
        '"halt"',
    ),
    Key("on_reset", enum(*POLICIES), "When it asks for a reset.", '"restart"', '"restart"'),
    Key("on_off", enum(*POLICIES), "When it powers itself off.", '"halt"', '"halt"'),
    Key(
        "restart",
        table(RESTART),
        "Limits of the policy `restart`.",
        '{ max = 3, window = "60s", backoff = "100ms" }',
    ),
    Key(
        "scrub",
        scalar("bool"),
        "Whether its RAM is zeroed before it first runs (at a restart it always is).",
        "true",
        "true",
    ),
    Key(
        "counter",
        enum("board", "own"),
        "What the VM's physical and virtual counters show: the board's counter, or one of its `own` "
        "that starts at 0 with the VM (then its physical timer is emulated, exactly).",
        '"own"',
        '"board"',
    ),
    Key(
        "watchdog",
        scalar("time"),
        "Gives the VM an SBSA generic watchdog, which runs from its first instruction: when it is not "
        "refreshed for this time, the VM has crashed. After half of it its interrupt comes.",
        '"500ms"',
        "none",
        minimum=1,
        maximum=86_400_000,
    ),
    Key(
        "controls",
        scalar("text"),
        "VMs that this one may query, stop, start and restart by hypercall; an interrupt tells it "
        "when a run of one of them ends.",
        '["control"]',
        "[]",
        many=True,
    ),
    Key("firmware", scalar("text"), _LATER, '"scmi"', later=True),
    Key(
        "axvm",
        scalar("path"),
        "AxVM's VM file, included as it is: it gives the keys of this table, and what the table says "
        "itself replaces them (docs/axvm.md).",
        '"vm.toml"',
    ),
)

VM = Table(
    "vm",
    "One virtual machine.",
    (
        Key(
            "name", scalar("name"), "Its name, unique in the deployment.", '"linux"', required=True
        ),
        Key(
            "template",
            scalar("text"),
            "Takes the keys of `[template.<name>]` that it does not set itself.",
            '"linux"',
        ),
    )
    + (
        Key(
            "id",
            scalar("int"),
            "The number by which AxVM's channel calls name this VM, unique in the deployment.",
            "1",
            "its place in the deployment, from 1",
            minimum=1,
            maximum=65535,
        ),
    )
    + VM_KEYS,
)
TEMPLATE = Table("template", "Keys that VMs share; a VM names one with `template`.", VM_KEYS)
