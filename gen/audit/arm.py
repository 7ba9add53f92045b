# SPDX-License-Identifier: Apache-2.0
"""Translation-table descriptors and control words of AArch64, bit by bit as the Arm Architecture
Reference Manual (DDI 0487) has them; nothing of this comes from the generator. Only what the
hypervisor means to use is accepted: any other bit that is set is an error."""

from __future__ import annotations

from dataclasses import dataclass

ADDRESS_BITS = 48
SHIFT = {0: 39, 1: 30, 2: 21, 3: 12}  # 4 KiB granule (D8.2.2): bytes that an entry translates
ENTRIES = 512
CONTIGUOUS = 1 << 52  # D8.3.1.1: 16 neighbouring entries that translate as one
CONTIGUOUS_ENTRIES = 16


class Malformed(ValueError):
    """A descriptor or a register that the hypervisor does not write."""


@dataclass(frozen=True)
class Leaf:
    """What a block or page descriptor says."""

    base: int  # output address
    memory: str  # "normal", "uncached" or "device"
    read: bool
    write: bool
    execute: bool
    contiguous: bool

    @property
    def access(self) -> str:
        return ("r" if self.read else "") + ("w" if self.write else "") + "x" * self.execute


def next_table(entry: int, level: int) -> int | None:
    """The address of the next table; None where the entry is no table descriptor (D8.3.1)."""
    if level == 3 or entry & 3 != 3:
        return None
    address = entry & _field(47, 12)
    if entry != address | 3:
        raise Malformed(f"table descriptor {entry:#x} has bits beside its address")
    return address


def stage2_leaf(entry: int, level: int) -> Leaf:
    """A stage-2 block or page (D8.3.2): MemAttr[5:2], S2AP[7:6], SH[9:8], AF[10], XN[54:53]."""
    base, rest = _output(entry, level)
    memory = _STAGE2_MEMORY.get((rest >> 2 & 0xF, rest >> 8 & 3))
    if memory is None:
        raise Malformed(f"MemAttr and SH of {entry:#x} are none that the hypervisor uses")
    read, write = bool(rest >> 6 & 1), bool(rest >> 7 & 1)
    execute = not rest >> 54 & 1
    known = _field(5, 2) | _field(7, 6) | _field(9, 8) | 1 << 10 | 1 << 54 | CONTIGUOUS
    _check_rest(entry, rest, known)
    if not read:
        raise Malformed(f"S2AP of {entry:#x} does not allow reads")
    return Leaf(base, memory, read, write, execute, bool(rest & CONTIGUOUS))


# (MemAttr, SH): write-back inner shareable, Normal non-cacheable outer shareable, Device-nGnRE
# (D8.5.5).
_STAGE2_MEMORY = {(0b1111, 0b11): "normal", (0b0101, 0b10): "uncached", (0b0001, 0b00): "device"}

# What MAIR_EL2 must be for AttrIndx to mean what stage1_leaf() says (D17.2.97): index 0 is
# Device-nGnRE, 1 is write-back.
MAIR = 0xFF04


def stage1_leaf(entry: int, level: int) -> Leaf:
    """A block or page of EL2's own translation (D8.3.2, D8.4.1.1): AttrIndx[4:2], AP[7:6] with AP[1]
    RES1, SH[9:8], AF[10], XN[54]."""
    base, rest = _output(entry, level)
    memory = {(1, 0b11): "normal", (0, 0b00): "device"}.get((rest >> 2 & 7, rest >> 8 & 3))
    if memory is None:
        raise Malformed(f"AttrIndx and SH of {entry:#x} are none that the hypervisor uses")
    if not rest >> 6 & 1:
        raise Malformed(f"AP[1] of {entry:#x} is not set")
    known = _field(4, 2) | _field(7, 6) | _field(9, 8) | 1 << 10 | 1 << 54 | CONTIGUOUS
    _check_rest(entry, rest, known)
    execute = not rest >> 54 & 1
    return Leaf(base, memory, True, not rest >> 7 & 1, execute, bool(rest & CONTIGUOUS))


def _output(entry: int, level: int) -> tuple[int, int]:
    """Output address and attributes of a leaf."""
    kind = entry & 3
    if not (kind == 3 if level == 3 else kind == 1 and level in (1, 2)):
        raise Malformed(f"{entry:#x} is no block or page of level {level}")
    address = entry & _field(47, SHIFT[level])
    return address, entry & ~address & ~3


def _check_rest(entry: int, rest: int, known: int) -> None:
    if not rest >> 10 & 1:
        raise Malformed(f"AF of {entry:#x} is not set")
    if rest & ~known:
        raise Malformed(f"{entry:#x} has unexpected bits {rest & ~known:#x}")


def _field(high: int, low: int) -> int:
    return (1 << high + 1) - (1 << low)


@dataclass(frozen=True)
class Stage2Control:
    """VTCR_EL2 (D17.2.158)."""

    ipa_bits: int
    start_level: int
    physical_bits: int

    @property
    def root_entries(self) -> int:
        """Of the initial level, up to 16 tables concatenated (D8.2.2)."""
        return 1 << self.ipa_bits - SHIFT[self.start_level]


_PHYSICAL_BITS = (32, 36, 40, 42, 44, 48, 52)  # PS, PARange
# T0SZ as each initial level takes it with a 4 KiB granule (D8.2.2, table of concatenated tables).
_IPA_BITS = {0: range(40, 49), 1: range(31, 44), 2: range(25, 35)}


def stage2_control(vtcr: int) -> Stage2Control:
    """RES1[31]; walks inner shareable (SH0), write-back (ORGN0, IRGN0); TG0 4 KiB; VMIDs of 8 bits
    (VS = 0); no hardware updates (HA, HD)."""
    size, level, physical = 64 - (vtcr & 0x3F), 2 - (vtcr >> 6 & 3), vtcr >> 16 & 7
    fixed = 1 << 31 | 0b11 << 12 | 0b01 << 10 | 0b01 << 8
    if vtcr & ~(0x3F | 3 << 6 | 7 << 16) != fixed:
        raise Malformed(f"VTCR_EL2 {vtcr:#x}: granule, cacheability or another field is unexpected")
    if level not in _IPA_BITS or size not in _IPA_BITS[level]:
        raise Malformed(f"VTCR_EL2 {vtcr:#x}: {size} bits of IPA do not start at level {level}")
    if physical >= len(_PHYSICAL_BITS) or size > min(_PHYSICAL_BITS[physical], ADDRESS_BITS):
        raise Malformed(f"VTCR_EL2 {vtcr:#x}: {size} bits of IPA are more than the CPU has")
    return Stage2Control(size, level, _PHYSICAL_BITS[physical])


def vttbr_fields(vttbr: int) -> tuple[int, int]:
    """VTTBR_EL2 (D17.2.159): root and VMID. CnP is 0."""
    return vttbr & _field(47, 0), vttbr >> 48


def pa_range(bits: int) -> int:
    """ID_AA64MMFR0_EL1.PARange: the largest that claims no more than `bits`."""
    return max(code for code, limit in enumerate(_PHYSICAL_BITS) if limit <= max(bits, 32))
