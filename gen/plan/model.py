# SPDX-License-Identifier: Apache-2.0
"""The plan: every decision about a deployment, immutable. Emitters are pure functions of it.
All addresses and sizes are bytes; indices refer to the tuples of Plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gen.diagnostics import NOWHERE, Where
from gen.ranges import Range
from gen.read.board import Board
from gen.read.deployment import Deployment, Vm
from gen.read.device_types import DeviceType, UartType
from gen.read.gic import Trigger


@dataclass(frozen=True)
class RamRegion:
    gpa: int
    hpa: int
    size: int
    flags: str  # "rwx"
    map: Literal["alloc", "identical", "reserved"]
    scrub: bool


@dataclass(frozen=True)
class Image:
    """One blob placed into a VM's RAM. `data` is what is in the firmware, after unpacking."""

    name: str  # "kernel", "initrd", "dtb", "segment0"
    gpa: int
    hpa: int
    size: int
    in_place: bool  # linked at hpa itself; else packed in the image and copied
    source: Path  # for the report
    data: bytes


@dataclass(frozen=True)
class Mapping:
    """One contiguous stage-2 mapping: memory, a passthrough window or a channel window."""

    gpa: int
    hpa: int
    size: int
    kind: Literal["ram", "device", "channel"]
    access: str  # subset of "rwx"
    owner: str  # what it is, for messages and the report
    cached: bool = True  # of a channel


@dataclass(frozen=True)
class MmioRow:
    gpa: int
    size: int
    ops: str  # C name: "vgic_dist_ops"
    header: str  # "vdev/vgic.h"
    instance: int
    owner: str


@dataclass(frozen=True)
class PortRow:
    base: int
    size: int
    ops: str
    instance: int
    owner: str


@dataclass(frozen=True)
class SysregRow:
    op0: int
    op1: int
    crn: int
    crm: int
    op2: int
    ops: str
    value: int
    name: str


@dataclass(frozen=True)
class Irq:
    """A physical SPI routed to a VM."""

    spi: int
    guest_spi: int
    vm: int
    trigger: Trigger
    owner: str


@dataclass(frozen=True)
class Vuart:
    kind: UartType
    vm: int
    gpa: int
    spi: int
    voice: int


@dataclass(frozen=True)
class EmulatedDevice:
    """A device of a type in gen/read/device_types.py. Its number among those of its type in
    Plan.emulated is its instance."""

    type: DeviceType
    vm: int
    gpa: int | None
    port: int | None  # the first, where it has no gpa
    spi: int | None
    options: tuple[tuple[str, int], ...]  # C member and value of each of the type's own keys
    where: Where = NOWHERE


@dataclass(frozen=True)
class Trapped:
    """Registers of one kind of a shared page (index: the instance of trapped_ops)."""

    vm: int
    hpa: int
    size: int
    read_mask: int
    write_mask: int
    rest: Literal["keep", "zeros", "ones"]
    lock: int | None
    owner: str


EemiKind = Literal["node", "clock", "reset", "pin"]


@dataclass(frozen=True)
class EemiGrant:
    """Ids that a VM may name in calls of firmware, `last` too."""

    kind: EemiKind
    first: int
    last: int
    owned: bool  # else it may be read
    owner: str


@dataclass(frozen=True)
class Eemi:
    """A VM with firmware = ["zynqmp-eemi"]."""

    vm: int
    grants: tuple[EemiGrant, ...]  # sorted by kind and id, disjoint


@dataclass(frozen=True)
class ChannelPeer:
    channel: int
    vm: int
    window: int  # GPA
    doorbell: int | None  # GPA of the doorbell frame
    spi: int | None
    writable: bool
    rings: int  # bitmap over peers


@dataclass(frozen=True)
class PlannedChannel:
    name: str
    hpa: int
    size: int  # rounded up to pages
    peers: tuple[ChannelPeer, ...]
    keep: bool
    cached: bool = True


@dataclass(frozen=True)
class Ivc:
    """What a VM may do by AxVM's channel calls."""

    vm: int
    channel: int
    peer: int  # the VM's own end, index into the channel's peers
    publishes: bool  # else it subscribes
    publication: int  # index into Plan.ivcs: the publisher's own
    publisher_id: int
    key: int


@dataclass(frozen=True)
class Monitor:
    """A VM that controls others."""

    vm: int
    spi: int | None  # of its doorbell, as the guest sees it
    controls: tuple[int, ...]  # VMs, in the deployment's order


@dataclass(frozen=True)
class Watchdog:
    vm: int
    gpa: int  # control frame; the refresh frame is the page behind it
    spi: int | None
    timeout_ms: int


@dataclass(frozen=True)
class Vcpu:
    vm: int
    index: int
    pcpu: int  # index into Plan.pcpus
    guest_id: int  # MPIDR affinity as the guest sees it


@dataclass(frozen=True)
class Pcpu:
    board_index: int  # index into Board.cpus
    hardware_id: int
    vcpu: int | None
    release_address: int | None = None  # where it waits in a spin table
    ipi_spi: int | None = None  # the SPI that is the hypervisor's IPI to it (gen/plan/direct.py)


@dataclass(frozen=True)
class Stage2Table:
    """One table page. entries: index -> (kind, target): ("table", name), ("block"|"page", hpa,
    attribute macro suffix)."""

    name: str  # C symbol
    level: int
    count: int  # entries (a root may have fewer or, concatenated, more than 512)
    entries: dict[int, tuple[str, ...]]


@dataclass(frozen=True)
class Stage2:
    ipa_bits: int
    start_level: int
    root: str
    vmid: int
    tables: tuple[Stage2Table, ...]


@dataclass(frozen=True)
class PlannedVm:
    index: int
    vm: Vm
    vcpus: tuple[int, ...]  # indices into Plan.vcpus, consecutive
    ram: tuple[RamRegion, ...]
    images: tuple[Image, ...]
    mappings: tuple[Mapping, ...]  # sorted by gpa, merged
    mmio: tuple[MmioRow, ...]  # sorted, disjoint
    ports: tuple[PortRow, ...]  # likewise
    sysregs: tuple[SysregRow, ...]  # sorted by encoding
    irqs: tuple[Irq, ...]  # sorted by guest_spi
    software_spis: tuple[int, ...]  # guest SPIs of emulated devices and doorbells
    spi_count: int
    stage2: Stage2
    entry_gpa: int
    dtb_gpa: int | None
    dtb: bytes | None  # finished guest device tree
    masters: tuple[str, ...] = ()  # devices that reach all memory by DMA: not isolated from them
    notes: tuple[str, ...] = ()  # what the guest's tree lacks of its devices, and other remarks


@dataclass(frozen=True)
class Voice:
    name: str
    vm: int | None
    vuart: int | None


@dataclass(frozen=True)
class Plan:
    deployment: Deployment
    board: Board
    hash: str  # hex sha256 of all inputs
    pcpus: tuple[Pcpu, ...]
    vcpus: tuple[Vcpu, ...]
    vms: tuple[PlannedVm, ...]
    vuarts: tuple[Vuart, ...]
    channels: tuple[PlannedChannel, ...]
    ivcs: tuple[Ivc, ...]
    monitors: tuple[Monitor, ...]
    watchdogs: tuple[Watchdog, ...]
    voices: tuple[Voice, ...]
    hypervisor: Range  # the RAM window kept for the hypervisor itself (text to stacks)
    packed: Range  # packed images and pristine copies inside the firmware
    ram_used: tuple[Range, ...]  # all RAM the plan uses, for the board check
    free: tuple[Range, ...]  # what is left
    config_symbols: dict[str, str]  # Kconfig symbols that the plan needs
    emulated: tuple[EmulatedDevice, ...] = ()
    trapped: tuple[Trapped, ...] = ()
    eemis: tuple[Eemi, ...] = ()
