# SPDX-License-Identifier: Apache-2.0
"""The deployment as the user wrote it, after includes, templates and variables: what gen/read
hands to gen/plan. Addresses and sizes are bytes; paths are absolute. Nothing here is decided: an
absent key is None (the planner decides), and `where` says which line to blame."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gen.diagnostics import NOWHERE, Where
from gen.read.gic import Trigger

Policy = Literal["halt", "restart", "reset-board"]


@dataclass(frozen=True)
class Memory:
    gpa: int | None  # None: at the board's RAM base (short form `ram`)
    size: int
    map: Literal["alloc", "identical", "reserved"] = "alloc"
    hpa: int | None = None
    flags: str = "rwx"
    where: Where = NOWHERE


@dataclass(frozen=True)
class Kernel:
    image: Path
    format: Literal["auto", "raw", "linux", "elf"] = "auto"
    load_gpa: int | None = None
    entry_gpa: int | None = None
    where: Where = NOWHERE


@dataclass(frozen=True)
class DeviceIrq:
    spi: int
    guest_spi: int | None = None
    trigger: Trigger | None = None


@dataclass(frozen=True)
class Register:
    """Registers of one kind of a trapped device. size None: one register; mask None: all bits."""

    offset: int
    size: int | None = None
    widths: tuple[int, ...] = (4,)
    mask: int | None = None
    access: Literal["rw", "ro", "wo"] = "rw"
    rest: Literal["keep", "zeros", "ones"] = "keep"
    region: int = 0
    where: Where = NOWHERE


@dataclass(frozen=True)
class Device:
    """A device of the board's tree, by path or alias."""

    path: str
    access: Literal["direct", "trap"] = "direct"
    irq: tuple[DeviceIrq, ...] | None = None
    where: Where = NOWHERE
    registers: tuple[Register, ...] | None = None  # trap; None: all of them
    serves: tuple[str, ...] = ()  # VMs that accept to depend on it
    dma: bool = False  # masters the bus, though the tree may not tell


@dataclass(frozen=True)
class Passthrough:
    """An explicit range. hpa None: same as gpa."""

    name: str
    gpa: int
    size: int
    hpa: int | None = None
    spi: tuple[int, ...] = ()
    where: Where = NOWHERE
    dma: bool = False  # masters the bus


@dataclass(frozen=True)
class Ports:
    """An explicit range of I/O ports."""

    name: str
    base: int
    size: int
    where: Where = NOWHERE


@dataclass(frozen=True)
class Emulated:
    """An emulated device. gpa/spi None: of a UART, the board's own address and number; of another
    type, no interrupt. `options`: the type's own keys that were given."""

    type: str
    gpa: int | None = None
    spi: int | None = None
    where: Where = NOWHERE
    options: dict[str, int] = field(default_factory=dict)
    port: int | None = None  # in place of gpa


@dataclass(frozen=True)
class Restart:
    max: int = 3
    window_ms: int = 60_000
    backoff_ms: int = 100


@dataclass(frozen=True)
class Vm:
    name: str
    cpus: tuple[int | str, ...]
    memory: tuple[Memory, ...]
    id: int | None = None  # None: its place in the deployment, from 1
    unikernel: Path | None = None
    kernel: Kernel | None = None
    symbols: Path | None = None  # of a debugger
    initrd: Path | None = None
    initrd_gpa: int | None = None
    bootargs: str | None = None
    dtb: Literal["auto"] | Path | None = "auto"  # None: the guest gets no tree (dtb = false)
    dtb_gpa: int | None = None
    dtb_overlay: tuple[Path, ...] = ()
    interrupts: Literal["none", "emulated", "passthrough"] = "emulated"
    stop: Literal["now", "next-exit"] = "now"
    features: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()  # services of the board's that it calls through mediators
    devices: tuple[Device, ...] = ()
    passthrough: tuple[Passthrough, ...] = ()
    ports: tuple[Ports, ...] = ()  # of passthrough entries
    emulated: tuple[Emulated, ...] = ()
    defaults: bool = True
    dma: Literal["refuse", "iommu", "trusted"] = "refuse"
    controls: tuple[str, ...] = ()
    console_control: bool = False
    on_crash: Policy = "halt"
    on_reset: Policy = "restart"
    on_off: Policy = "halt"
    restart: Restart = field(default_factory=Restart)
    watchdog_ms: int | None = None
    scrub: bool = True
    counter: Literal["board", "own"] = "board"
    where: Where = NOWHERE
    key_where: dict[str, Where] = field(default_factory=dict)  # key -> its line

    def at(self, key: str) -> Where:
        """Where `key` of this VM stands (the VM's own line if it was not written)."""
        return self.key_where.get(key, self.where)

    def places(self) -> set[Where]:
        """Where the VM and all in it stand."""
        parts = (self.kernel, *self.memory, *self.devices, *self.passthrough, *self.ports)
        inner = {part.where for part in (*parts, *self.emulated) if part is not None}
        return {self.where, *self.key_where.values(), *inner}


@dataclass(frozen=True)
class Peer:
    vm: str
    access: Literal["rw", "ro"]
    gpa: int | None = None
    spi: int | None = None
    rings: tuple[str, ...] | None = None  # None: every other peer (where doorbell is on)
    where: Where = NOWHERE


@dataclass(frozen=True)
class Channel:
    name: str
    size: int
    peers: tuple[Peer, ...]  # the short form's `from` is the first
    doorbell: bool = True
    keep: bool = False
    cached: bool = True
    key: int | None = None  # None: AxVM's calls do not know the channel
    where: Where = NOWHERE


@dataclass(frozen=True)
class Console:
    mode: Literal["shared", "log", "none", "unknown"] = "shared"  # unknown: it was not sound
    uart: str | None = None  # path or alias; None: the board's console


@dataclass(frozen=True)
class Test:
    timeout_ms: int = 30_000
    expect: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    name: str
    board: str  # a name in platform/, or an absolute path of a board folder; "": not known
    vms: tuple[Vm, ...]
    channels: tuple[Channel, ...] = ()
    variant: str | None = None
    console: Console = field(default_factory=Console)
    max_size: int | None = None
    slots: int = 1  # builds that the board keeps beside each other
    build: dict[str, Any] = field(default_factory=dict)  # Kconfig symbol -> value
    test: Test | None = None
    file: Path = Path()
    sources: tuple[Path, ...] = ()  # every file read, for the input hash
    where: Where = NOWHERE
    key_where: dict[str, Where] = field(default_factory=dict)  # "deployment.board", "build.LTO"
    merged: dict[str, Any] = field(default_factory=dict)  # for --show-config
    complete: bool = True  # False: what has errors was left out; it can be judged, not built

    def at(self, key: str) -> Where:
        """Where a key like "deployment.board" stands (the file as a whole if it was not written)."""
        return self.key_where.get(key, self.where)

    def build_where(self, symbol: str) -> Where:
        """The line of a key of [build]."""
        return self.at(f"build.{symbol}")

    def vm_id(self, index: int) -> int:
        """The number by which AxVM's calls name a VM."""
        chosen = self.vms[index].id
        return chosen if chosen is not None else index + 1
