# SPDX-License-Identifier: Apache-2.0
"""Every key of the native deployment file; those of a VM are in gen/read/schema_vm.py."""

from __future__ import annotations

from gen.read.gic import LAST_SPI
from gen.read.keys import Form, Key, Table, enum, scalar, table
from gen.read.schema_vm import TEMPLATE, VM

SCHEMA_VERSION = 1

CONSOLE_MODES = ("shared", "log", "none")

CONSOLE = Table(
    "deployment.console",
    "Long form of `console`.",
    (
        Key("mode", enum(*CONSOLE_MODES), "As the short form.", '"shared"', '"shared"'),
        Key(
            "uart",
            scalar("text"),
            "The UART that the console uses: a path or an alias in the board's device tree.",
            '"serial0"',
            "the board's console",
        ),
    ),
)

DEPLOYMENT = Table(
    "deployment",
    "The deployment as a whole: what it is called and the board it is for.",
    (
        Key(
            "name",
            scalar("name"),
            "Name of the deployment; the build goes to `build/<name>/` beside build.py, or where "
            "`--out` says.",
            '"demo"',
            "the file's name without .toml",
        ),
        Key(
            "board",
            scalar("board"),
            "The board: a folder of platform/, or a path to a board folder anywhere "
            '("./boards/mine").',
            '"qemu-virt-aarch64"',
            required=True,
        ),
        Key("variant", scalar("text"), "One of the variants that the board declares.", '"4G"'),
        Key(
            "console",
            enum(*CONSOLE_MODES) + table(CONSOLE),
            "Who speaks on the board's UART: `shared` (virtual UARTs of all VMs and the "
            "hypervisor's log, each line prefixed with its speaker), `log` (the log alone) or "
            "`none` (nobody: a VM may own the UART).",
            '"shared"',
            '"shared"',
        ),
        Key(
            "max_size",
            scalar("size"),
            "Largest size of firmware.bin.",
            '"16M"',
            "the board's own limit",
            minimum=4096,
        ),
        Key(
            "slots",
            scalar("int"),
            "2: the board keeps two builds, and U-Boot starts the one that is whole (docs/flashing.md).",
            "2",
            "1",
            minimum=1,
            maximum=2,
        ),
    ),
)

PEER = Table(
    "channel.peers",
    "One VM at a channel, long form.",
    (
        Key("vm", scalar("text"), "The VM.", '"control"', required=True),
        Key("access", enum("rw", "ro"), "What it may do.", '"rw"', required=True),
        Key("gpa", scalar("address"), "Where it sees the memory.", "0x1_0000_0000", "chosen"),
        Key(
            "spi",
            scalar("int"),
            "Doorbell interrupt it receives.",
            "50",
            "chosen",
            maximum=LAST_SPI,
        ),
        Key(
            "rings",
            scalar("text"),
            "The peers whose doorbell it may ring.",
            '["linux"]',
            "all others",
            many=True,
        ),
    ),
)

CHANNEL = Table(
    "channel",
    "Memory shared between VMs, with doorbells.",
    (
        Key("name", scalar("name"), "Its name, unique.", '"telemetry"', required=True),
        Key("size", scalar("size"), "Its size.", '"64K"', required=True, minimum=1),
        Key("from", scalar("text"), "The VM that writes. Short form, with `to`.", '"control"'),
        Key("to", scalar("text"), "VMs that read.", '["linux"]', many=True),
        Key(
            "peers",
            table(PEER),
            "Long form: every VM with what it may do, instead of `from` and `to`.",
            '[{ vm = "control", access = "rw" }, { vm = "linux", access = "ro" }]',
            many=True,
        ),
        Key("doorbell", scalar("bool"), "Whether peers can ring each other.", "true", "true"),
        Key(
            "keep",
            scalar("bool"),
            "Whether the memory outlives a restart of its writer (else it is zeroed).",
            "false",
            "false",
        ),
        Key(
            "cached",
            scalar("bool"),
            "false: no peer's accesses go through its caches. For peers that can only map the "
            "window uncached, such as Linux user space by /dev/mem or uio: all must agree.",
            "true",
            "true",
        ),
        Key(
            "key",
            scalar("int"),
            "The number by which AxVM's calls name the channel: its first writer publishes it, the "
            "other peers subscribe it.",
            "0x33",
            "unknown to AxVM's calls",
            maximum=(1 << 63) - 1,
        ),
    ),
)

TEST = Table(
    "test",
    "What `--run` expects.",
    (
        Key("timeout", scalar("time"), "How long it may take.", '"30s"', '"30s"', minimum=1),
        Key(
            "expect",
            scalar("text"),
            "Lines that must be seen on the console, in order for each VM: `VM: text`.",
            '["control: ready"]',
            "[]",
            many=True,
        ),
    ),
)

ROOT = Table(
    "",
    "The deployment file.",
    (
        Key(
            "schema",
            scalar("int"),
            "Version of this format.",
            "1",
            required=False,
            minimum=1,
        ),
        Key(
            "include",
            scalar("text"),
            "Files merged under this one, by table and by name; the later wins, this one is last.",
            '["common.toml"]',
            many=True,
        ),
        Key("deployment", table(DEPLOYMENT), DEPLOYMENT.doc, required=True),
        Key(
            "vars",
            (Form("free", ("string",)),),
            'Variables: `"${images}/Image"` anywhere in a string takes the value of `images`. '
            "`${fetch}` is there without being set: the folder of downloaded guest images. `$$` is "
            "a dollar sign.",
            '{ images = "./images" }',
        ),
        Key(
            "build",
            (Form("free", ("boolean", "integer", "string")),),
            "Kconfig symbols of the hypervisor; `--menuconfig` edits them.",
            '{ LOG_LEVEL = "info" }',
        ),
        Key("template", (Form("free", ("object",)),), TEMPLATE.doc),
        Key("vm", table(VM), VM.doc, many=True, required=True),
        Key("channel", table(CHANNEL), CHANNEL.doc, many=True),
        Key("test", table(TEST), TEST.doc),
    ),
)
