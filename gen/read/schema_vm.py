# SPDX-License-Identifier: Apache-2.0
"""Every key of a VM in the native deployment file."""

from __future__ import annotations

from gen.read import device_types
from gen.read.gic import LAST_SPI
from gen.read.keys import Form, Key, Table, enum, scalar, table
from gen.read.schema_devices import DEVICE, PASSTHROUGH

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

EMULATED = Table(
    "vm.emulated",
    "A device that the hypervisor emulates for a VM.",
    (
        Key(
            "type",
            enum(*device_types.names()),
            "What it is: "
            + ", ".join(f"`{kind.name}` ({kind.doc})" for kind in device_types.KINDS)
            + ".",
            '"pl011"',
            required=True,
        ),
        Key(
            "gpa",
            scalar("address"),
            "Where the guest sees it. Only UARTs have a default.",
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
            "Its interrupt as the guest sees it; without one, a UART has the board's own number and "
            "the other types have no interrupt.",
            "1",
            "the board's own number",
            maximum=LAST_SPI,
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
    Key(
        "symbols",
        scalar("path"),
        "An ELF with the guest's symbols, for `--gdb` alone; nothing of it is in the image.",
        '"${images}/vmlinux"',
        "the guest's own ELF, where it is one",
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
        "Overlays (.dtbo, or .dtso source) applied to the guest's device tree, to nodes by path or by the "
        "labels of the generated tree: `gic`, `uart0`.",
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
        "stop",
        enum("now", "next-exit"),
        "When a VM stops that another CPU stops: at its watchdog's end, ordered by a monitor, or "
        "because another of its vCPUs ended. `next-exit`: with its next access to an emulated device "
        'or call of the hypervisor, which is how it must be where interrupts = "passthrough" hands '
        "the CPU's interrupts over whole (GICv2).",
        '"next-exit"',
        '"now"',
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
    Key(
        "firmware",
        enum("zynqmp-eemi"),
        "Services of the board's firmware that the VM calls through a mediator, which lets it name "
        "what its own devices live by and nothing else (docs/mediators.md).",
        '["zynqmp-eemi"]',
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
    Key(
        "console_control",
        scalar("bool"),
        "Whether the VM may be started, halted and restarted by keys typed at the board's console, "
        "where the image has them (`[build] CONSOLE_KEYS = true`, docs/console.md).",
        "true",
        "false",
    ),
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
        Key(
            "id",
            scalar("int"),
            "The number by which AxVM's channel calls name this VM, unique in the deployment.",
            "1",
            "its place in the deployment, from 1",
            minimum=1,
            maximum=65535,
        ),
        *VM_KEYS,
    ),
)
TEMPLATE = Table("template", "Keys that VMs share; a VM names one with `template`.", VM_KEYS)
