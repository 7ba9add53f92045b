# SPDX-License-Identifier: Apache-2.0
"""Numbers of the GIC that files and trees are told in (GICv3: IHI 0069; GICv2: IHI 0048), and its
device tree binding (arm,gic-v3)."""

from __future__ import annotations

from typing import Literal

FIRST_PPI, FIRST_SPI = 16, 32  # INTIDs of PPI 0 and SPI 0 (2.2)
SPI_COUNT = 988  # INTIDs 32 to 1019
LAST_SPI = SPI_COUNT - 1
REDISTRIBUTOR_SIZE = 0x2_0000  # GICv3 12.10: RD_base and SGI_base frames

Trigger = Literal["level", "edge"]
_SPI, _PPI = 0, 1
_FLAGS: dict[Trigger, int] = {"edge": 1, "level": 4}  # rising, high


def ppi_intid(ppi: int) -> int:
    return FIRST_PPI + ppi


def spi_intid(spi: int) -> int:
    return FIRST_SPI + spi


def spi_text(spi: int) -> str:
    return f"SPI {spi} (INTID {spi_intid(spi)})"


def ppi_cells(ppi: int, trigger: Trigger) -> tuple[int, int, int]:
    return _PPI, ppi, _FLAGS[trigger]


def spi_cells(spi: int, trigger: Trigger) -> tuple[int, int, int]:
    return _SPI, spi, _FLAGS[trigger]


def spi_of(cells: tuple[int, ...]) -> int | None:
    """The SPI that a specifier names; None where it names none."""
    return cells[1] if kind_of(cells) == "spi" else None


def kind_of(cells: tuple[int, ...]) -> Literal["spi", "ppi"] | None:
    """None where it is neither."""
    if len(cells) < 3 or cells[0] not in (_SPI, _PPI):
        return None
    return "spi" if cells[0] == _SPI else "ppi"


def trigger_of(cells: tuple[int, ...]) -> Trigger:
    """Bits 3:0 of the third cell: 1 and 2 are edges, 4 and 8 levels."""
    return "edge" if cells[2] & 0xF in (1, 2) else "level"
