# SPDX-License-Identifier: Apache-2.0
"""What the planner's steps hand to each other, before the Plan is complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gen.diagnostics import NOWHERE, Where
from gen.plan.passthrough import Window
from gen.ranges import PAGE, Range
from gen.read.board import BoardDevice
from gen.read.deployment import Device
from gen.read.device_types import UartType
from gen.read.fdt import Node
from gen.read.gic import Trigger

SpanKind = Literal["ram", "passthrough", "emulated", "channel"]


@dataclass(frozen=True)
class Span:
    """What stands at some place of a VM's guest-physical address space."""

    range: Range
    kind: SpanKind
    owner: str
    where: Where
    movable: bool = True  # false: it is where the board has it


@dataclass(frozen=True)
class SpiClaim:
    """A physical SPI that a VM wants."""

    spi: int
    guest_spi: int
    trigger: Trigger
    owner: str
    where: Where


@dataclass(frozen=True)
class Region:
    """Reserved memory that a device refers to: its node and where it is."""

    node: Node
    range: Range


@dataclass(frozen=True)
class Trap:
    """Registers of one kind in a page that others share: what a VM may read and write of each."""

    gpa: int
    hpa: int
    size: int
    widths: tuple[int, ...]  # of an access, bytes; empty: nothing is granted, reads give zero
    read_mask: int
    write_mask: int
    rest: Literal["keep", "zeros", "ones"]  # what is written to bits that are not granted
    owner: str
    where: Where

    @property
    def host(self) -> Range:
        return Range(self.hpa, self.size)

    @property
    def reads_back(self) -> bool:
        """Whether a write must read the register first, for the bits that are not granted."""
        whole = self.write_mask == (1 << 8 * max(self.widths, default=0)) - 1
        return self.rest == "keep" and self.write_mask != 0 and not whole


@dataclass(frozen=True)
class DeviceClaim:
    """A device of the board's tree that a VM owns. `windows` are its pages, before merging; a
    trapped one has registers instead."""

    device: BoardDevice
    request: Device
    windows: tuple[Window, ...]
    irqs: tuple[SpiClaim, ...]
    traps: tuple[Trap, ...] = ()
    regions: tuple[Region, ...] = ()

    @property
    def masters(self) -> bool:
        """Whether it masters the bus: the tree tells, or the deployment."""
        return self.device.dma or self.request.dma


@dataclass(frozen=True)
class VmDevices:
    """All hardware of one VM."""

    claims: tuple[DeviceClaim, ...] = ()
    explicit: tuple[Window, ...] = ()
    explicit_irqs: tuple[SpiClaim, ...] = ()
    merged: tuple[Window, ...] = ()

    @property
    def windows(self) -> tuple[Window, ...]:
        return (*(w for claim in self.claims for w in claim.windows), *self.explicit)

    @property
    def traps(self) -> tuple[Trap, ...]:
        return tuple(trap for claim in self.claims for trap in claim.traps)

    @property
    def regions(self) -> tuple[Region, ...]:
        """Each once, though several devices may refer to it."""
        found = {id(region.node): region for claim in self.claims for region in claim.regions}
        return tuple(found.values())

    @property
    def irqs(self) -> tuple[SpiClaim, ...]:
        return (*(irq for claim in self.claims for irq in claim.irqs), *self.explicit_irqs)


@dataclass(frozen=True)
class EmulatedUart:
    kind: UartType
    gpa: int
    spi: int
    where: Where = NOWHERE
    size: int = PAGE


@dataclass(frozen=True)
class Doorbell:
    """One VM's end of a channel."""

    channel: int  # index into Deployment.channels
    peer: int  # index into its peers
    window: Range  # GPA
    frame: int | None  # GPA of the doorbell frame
    spi: int | None
    where: Where = NOWHERE
