# SPDX-License-Identifier: Apache-2.0
"""The system registers that may trap, and what a VM may see of each, written down from the Arm
Architecture Reference Manual (DDI 0487, D17.2, D17.3; GICv3: IHI 0069, 12.2)."""

from __future__ import annotations

# ARCH_FEATURE_* bits of arch_vm_row.features.
PMU, DEBUG = 1 << 0, 1 << 1

_WORD = 0xFFFF_FFFF
# ID registers, Op0 3, Op1 0, CRn 0: the fields that a guest may see, one digit F each, by CRm:Op2.
# All else reads zero: RAS, MPAM, AMU, SVE, SME, MTE, trace, SPE, EL2, EL3, pointer authentication,
# FGT, ECV, nested virtualization.
_ID_FIELDS = {
    0x10: 0x0F0F_FFFF,  # ID_PFR0
    0x11: 0x000F_000F,  # ID_PFR1
    0x12: 0x0000_000F,  # ID_DFR0
    **{key: _WORD for key in (0x14, 0x15, 0x16, 0x17)},  # ID_MMFR0-3
    **{key: _WORD for key in (0x20, 0x21, 0x22, 0x23, 0x24, 0x25)},  # ID_ISAR0-5
    0x26: 0x0FFF_F0F0,  # ID_MMFR4
    0x27: 0x0FFF_FFFF,  # ID_ISAR6
    **{key: _WORD for key in (0x30, 0x31, 0x32)},  # MVFR0-2
    0x34: 0x0000_00FF,  # ID_PFR2
    0x36: 0x0000_000F,  # ID_MMFR5
    0x40: 0xFF0F_0000_0FFF_00FF,  # ID_AA64PFR0
    0x41: 0x0000_000F_0000_00FF,  # ID_AA64PFR1
    0x50: 0x0000_00F0_0000_000F,  # ID_AA64DFR0
    0x60: 0xFFFF_FFFF_F0FF_FFF0,  # ID_AA64ISAR0
    0x61: 0x00FF_FFFF_00FF_F00F,  # ID_AA64ISAR1
    0x62: 0x0000_0000_F0F0_00F0,  # ID_AA64ISAR2
    0x70: 0x0000_0000_FFFF_0FFF,  # ID_AA64MMFR0
    0x71: 0x000F_F0F0_00F0_F00F,  # ID_AA64MMFR1
    0x72: 0xF0FF_00FF_F0FF_0FFF,  # ID_AA64MMFR2
}
_FEATURE_FIELDS = {
    PMU: {0x12: 0x0F00_0000, 0x50: 0x0F00},
    DEBUG: {0x50: 0xF0F0_F000},
}
_GIC_FIELD = 0xF << 24  # of ID_AA64PFR0


def encoding(op0: int, op1: int, crn: int, crm: int, op2: int) -> int:
    """As ISS of ESR_EL2 tells a trapped access, condensed to Op0 Op1 CRn CRm Op2."""
    return op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2


def expected_registers(
    features: int, interrupts: str, own_counter: bool, gicv3: bool
) -> list[tuple[int, str, int]]:
    """(encoding, operations, value) of every row that such a VM has."""
    rows = []
    for crm in range(1, 8):
        for op2 in range(8):
            mask = _ID_FIELDS.get(crm << 4 | op2, 0)
            for feature, fields in _FEATURE_FIELDS.items():
                mask |= fields.get(crm << 4 | op2, 0) if features & feature else 0
            if (crm, op2) == (4, 0) and not (gicv3 and interrupts != "none"):
                mask &= ~_GIC_FIELD
            rows.append((encoding(3, 0, 0, crm, op2), "sysreg_id_ops", mask))
    rows.append((encoding(3, 0, 1, 0, 1), "sysreg_raz_wi_ops", 0))  # ACTLR_EL1
    if not features & DEBUG:
        rows += [(place, "sysreg_raz_wi_ops", 0) for place in _debug()]
    if own_counter:  # CNTPCT, CNTP_CTL, CNTP_CVAL, CNTP_TVAL
        timer = {(0, 1): 0, (2, 1): 1, (2, 2): 2, (2, 0): 3}
        rows += [(encoding(3, 3, 14, *at), "timer_ops", value) for at, value in timer.items()]
    if gicv3 and interrupts != "none":
        rows += _gic("sysreg_vgic_direct" if interrupts == "passthrough" else "sysreg_vgic")
    return rows


def _gic(prefix: str) -> list[tuple[int, str, int]]:
    rows = [
        (encoding(3, 0, 12, 12, 5), "sysreg_fixed_ops", 0b111),  # ICC_SRE: SRE, DFB, DIB
        (encoding(3, 0, 12, 11, 1), f"{prefix}_dir_ops", 0),
        (encoding(3, 0, 12, 11, 5), f"{prefix}_sgi_ops", 1),  # SGI1R
        (encoding(3, 0, 12, 11, 6), f"{prefix}_sgi_ops", 0),  # ASGI1R
        (encoding(3, 0, 12, 11, 7), f"{prefix}_sgi_ops", 0),  # SGI0R
    ]
    if prefix.endswith("direct"):
        shared = {(4, 6, 0): 0, (12, 12, 4): 1, (12, 11, 3): 2}  # PMR, CTLR, RPR
        rows += [(encoding(3, 0, *at), f"{prefix}_ops", value) for at, value in shared.items()]
    return rows


def _debug() -> list[int]:
    """What MDCR_EL2.TDA, TDOSA and TDRA trap: breakpoints and watchpoints 0 to 15, then the rest."""
    numbered = [encoding(2, 0, 0, n, op2) for n in range(16) for op2 in (4, 5, 6, 7)]
    fixed = ["0002", "0020", "0022", "0032", "0062", "0100", "0104", "0114", "0134", "0144"]
    rest = [encoding(2, int(t[0]), int(t[1]), int(t[2]), int(t[3])) for t in fixed]
    claims = [encoding(2, 0, 7, crm, 6) for crm in (8, 9, 14)]  # CLAIMSET, CLAIMCLR, AUTHSTATUS
    transfer = [encoding(2, 3, 0, *at) for at in ((1, 0), (4, 0), (5, 0))]
    return [*numbered, *rest, *claims, *transfer]
