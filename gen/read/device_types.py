# SPDX-License-Identifier: Apache-2.0
"""The types of emulated devices beside UARTs: `emulated = [{ type = "countdown", ... }]`. One
entry here, one C file and one Kconfig symbol make a device (docs/custom-device.md)."""

from __future__ import annotations

from dataclasses import dataclass

from gen.read.gic import Trigger
from gen.read.keys import Form, Key, Kind, parse_size, parse_time, scalar

# What a type's own key may take, and what it is in C. A time is milliseconds.
C_TYPES: dict[Kind, str] = {
    "int": "uint64_t",
    "size": "uint64_t",
    "address": "uint64_t",
    "time": "uint64_t",
    "bool": "bool",
}


@dataclass(frozen=True)
class DeviceType:
    """One type. Everything else is named from `name`: vdev/<name>.c, VDEV_<NAME>, <name>_ops,
    struct <name>_row, <name>_rows and <NAME>_COUNT."""

    name: str
    doc: str
    compatible: tuple[str, ...]  # of its node in the guest's device tree
    size: int = 4096  # bytes of registers, whole pages
    ports: int = 0  # I/O ports that it takes where it has a `port` in place of a gpa; 0: never
    trigger: Trigger | None = None  # of its interrupt; None: it has none
    keys: tuple[Key, ...] = ()  # its own, beyond type, gpa, port and spi: members of its row

    @property
    def symbol(self) -> str:
        return f"VDEV_{self.name.upper()}"


@dataclass(frozen=True)
class UartType:
    """A type of virtual UART, which has a voice of the console, and the board's place and number
    unless it is told others: vdev/v<name>.c, VDEV_V<NAME>, v<name>_ops."""

    name: str
    doc: str
    compatible: tuple[str, ...]
    clock_names: tuple[str, ...]
    linux_name: str  # of its character devices, less the number

    @property
    def symbol(self) -> str:
        return f"VDEV_V{self.name.upper()}"


UARTS = (
    UartType("pl011", "a UART", ("arm,pl011", "arm,primecell"), ("uartclk", "apb_pclk"), "ttyAMA"),
    UartType(
        "cadence",
        "the UART of Zynq devices",
        ("cdns,uart-r1p12", "xlnx,xuartps"),
        ("uart_clk", "pclk"),
        "ttyPS",
    ),
)


def find_uart(name: str) -> UartType | None:
    return next((kind for kind in UARTS if kind.name == name), None)


def default_uart(console: str) -> UartType:
    """What a VM finds in the place of a board's console of that type: the same, so that guests for
    the bare board run; a PL011 where there is no virtual one of its kind."""
    return find_uart(console) or UARTS[0]


TYPES: tuple[DeviceType, ...] = (
    DeviceType(
        name="countdown",
        doc="counts down and interrupts at zero",
        compatible=("bulkhead,countdown",),
        ports=32,
        trigger="edge",
        keys=(
            Key(
                "hz",
                scalar("int"),
                "Counts a second.",
                "1000",
                "1000000",
                minimum=1,
                maximum=1_000_000_000,
            ),
        ),
    ),
)


KINDS: tuple[UartType | DeviceType, ...] = (*UARTS, *TYPES)


def find(name: str) -> DeviceType | None:
    return next((kind for kind in TYPES if kind.name == name), None)


def names() -> tuple[str, ...]:
    """All that `type` takes."""
    return tuple(kind.name for kind in KINDS)


def type_keys() -> tuple[Key, ...]:
    """The types' own keys, as keys of `emulated`; the documentation tells whose each is."""
    found: dict[str, Key] = {}
    for kind in TYPES:
        for key in kind.keys:
            if key.name in found:
                raise ValueError(f"device type {kind.name}: another type has a key {key.name}, too")
            doc = f"Type `{kind.name}`: {key.doc}"
            found[key.name] = Key(
                key.name,
                key.forms,
                doc,
                key.example,
                key.default,
                minimum=key.minimum,
                maximum=key.maximum,
            )
    return tuple(found.values())


def c_type(key: Key) -> str:
    form: Form = key.forms[0]
    return C_TYPES[form.kind]


def c_name(key: Key) -> str:
    """The member of the type's row that holds the key's value."""
    return f"{key.name}_ms" if key.forms[0].kind == "time" else key.name


def default(key: Key) -> int:
    """The value of a key that is not given; 0 and false where its entry names none."""
    text = key.default.strip('"')
    kind = key.forms[0].kind
    if kind == "bool":
        return int(text == "true")
    number = parse_time(text) if kind == "time" else parse_size(text)
    return number or 0
