# SPDX-License-Identifier: Apache-2.0
"""A board's facts: platform/<board>/board.toml and its device tree, as one neutral structure that
does not tell where a fact came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gen.ranges import PAGE, Range, subtract
from gen.read.gic import Trigger, ppi_intid, spi_intid


@dataclass(frozen=True)
class Interrupt:
    """`number` as its kind counts."""

    kind: Literal["spi", "ppi"]
    number: int
    trigger: Trigger

    @property
    def intid(self) -> int:
        return spi_intid(self.number) if self.kind == "spi" else ppi_intid(self.number)


@dataclass(frozen=True)
class BoardDevice:
    """A node of the board's tree with registers or interrupts. reg are CPU addresses (translated
    through every `ranges`)."""

    path: str
    name: str
    compatible: tuple[str, ...]
    reg: tuple[Range, ...]
    interrupts: tuple[Interrupt, ...]
    aliases: tuple[str, ...]
    enabled: bool
    dma: bool  # masters the bus, as far as the tree tells
    is_bus: bool  # a way to its children alone: whatever its reg says, it owns none of their pages
    below: tuple[Range, ...] = ()  # registers of devices below it: theirs, not its own

    @property
    def own_reg(self) -> tuple[Range, ...]:
        """Its registers less those of devices below it."""
        return subtract(self.reg, self.below)


@dataclass(frozen=True)
class Cpu:
    name: str  # "cpu@0"
    hardware_id: int  # MPIDR affinity
    compatible: str
    release_address: int | None = None  # spin-table: where firmware's CPU waits for its entry


@dataclass(frozen=True)
class Gic:
    version: Literal[2, 3]
    compatible: str
    distributor: Range
    redistributors: tuple[Range, ...]  # v3
    cpu_interface: Range | None = None  # v2
    hyp_interface: Range | None = None  # v2: GICH
    vcpu_interface: Range | None = None  # v2: GICV
    path: str = ""
    security_states: int = 2  # 1: GICD_CTLR.DS = 1, both interrupt groups are ours


@dataclass(frozen=True)
class Uart:
    type: str  # "pl011": platform/<type>.c, Kconfig symbol PLATFORM_<TYPE>, where there is a driver
    path: str
    compatible: str
    reg: Range
    clock_hz: int
    spi: int


@dataclass(frozen=True)
class Power:
    """What switches the board off and resets it where firmware has no PSCI."""

    type: str  # "bcm2835_pm": platform/<type>.c, Kconfig symbol PLATFORM_<TYPE>
    path: str
    reg: Range


@dataclass(frozen=True)
class QemuFirmware:
    """What stands in for firmware where QEMU has none for the machine."""

    source: Path  # assembly
    tree_base: int  # where it finds the device tree


@dataclass(frozen=True)
class Board:
    name: str
    title: str
    arch: Literal["aarch64"]
    folder: Path
    tree: Path  # the device tree blob
    variant: str | None
    variants: tuple[str, ...]
    cpus: tuple[Cpu, ...]
    cpu_features: tuple[str, ...]
    physical_address_bits: int  # PARange of the CPUs
    ram: tuple[Range, ...]
    reserved: tuple[Range, ...]  # RAM that firmware keeps, told by tree or board.toml
    gic: Gic
    uart: Uart
    timer_ppi: dict[str, int]  # "physical", "virtual", "hypervisor", "secure" -> PPI number
    maintenance_ppi: int
    psci_conduit: Literal["smc", "hvc"] | None  # None: firmware has no PSCI
    image_base: int  # HPA at which the firmware image is linked and loaded
    image_limit: int  # bytes
    dtb_fallback: int  # where the tree is when firmware hands over 0; 0: nowhere
    formats: tuple[str, ...]  # "bin", "itb", "flash", "raspberry-pi"
    flash_size: int  # bytes; 0: none
    qemu: tuple[str, ...]  # QEMU command for this board, without the image
    qemu_variants: dict[str, tuple[str, ...]]  # added for a variant
    devices: tuple[BoardDevice, ...]
    files: tuple[Path, ...]  # every file the facts came from, for the input hash
    cpu_start: Literal["psci", "spin-table"] = "psci"  # how firmware starts the other CPUs
    firmware_config: tuple[str, ...] = ()  # lines of config.txt (Raspberry Pi)
    power: Power | None = None  # None: firmware does it, or nothing does
    qemu_firmware: QemuFirmware | None = None
    has_ports: bool = False  # its architecture has I/O ports (x86)

    @property
    def spin_table(self) -> tuple[Range, ...]:
        """Pages at which firmware's CPUs look for their entry, sorted."""
        return spin_table(self.cpus)


def spin_table(cpus: Iterable[Cpu]) -> tuple[Range, ...]:
    places = {cpu.release_address for cpu in cpus if cpu.release_address is not None}
    return tuple(Range(base, PAGE) for base in sorted({at - at % PAGE for at in places}))
