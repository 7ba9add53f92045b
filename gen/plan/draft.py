# SPDX-License-Identifier: Apache-2.0
"""What the planner's steps hand to each other, before the Plan is complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gen.diagnostics import NOWHERE, Where
from gen.plan.passthrough import Window
from gen.read.board import BoardDevice, Range
from gen.read.deployment import Device

SpanKind = Literal["ram", "passthrough", "emulated", "channel"]


@dataclass(frozen=True)
class Span:
    """What stands at some place of a VM's guest-physical address space."""

    range: Range
    kind: SpanKind
    owner: str
    where: Where


@dataclass(frozen=True)
class SpiClaim:
    """A physical SPI that a VM wants."""

    spi: int
    guest_spi: int
    trigger: Literal["level", "edge"]
    owner: str
    where: Where


@dataclass(frozen=True)
class DeviceClaim:
    """A device of the board's tree that a VM owns. `windows` are its pages, before merging."""

    device: BoardDevice
    request: Device
    windows: tuple[Window, ...]
    irqs: tuple[SpiClaim, ...]


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
    def irqs(self) -> tuple[SpiClaim, ...]:
        return (*(irq for claim in self.claims for irq in claim.irqs), *self.explicit_irqs)


@dataclass(frozen=True)
class EmulatedUart:
    gpa: int
    spi: int
    where: Where = NOWHERE


@dataclass(frozen=True)
class Doorbell:
    """One VM's end of a channel."""

    channel: int  # index into Deployment.channels
    peer: int  # index into its peers
    window: Range  # GPA
    frame: int | None  # GPA of the doorbell frame
    spi: int | None
    where: Where = NOWHERE
