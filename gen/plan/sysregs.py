# SPDX-License-Identifier: Apache-2.0
"""Which trapped system registers a VM may touch, and how far (Arm ARM DDI 0487, D17.2, D17.3).

ID registers are an allow-list: a row's value masks the fields that a guest sees, every other field
reads zero, registers that are not named read zero. What depends on the CPU itself (PARange, the
GIC field) the architecture's code adjusts.
"""

from __future__ import annotations

from collections.abc import Callable

from gen.plan.model import SysregRow
from gen.read.deployment import Vm

ALL32 = 0xFFFF_FFFF


def fields(*lowest_bits: int) -> int:
    """A mask of 4-bit ID fields, each named by its lowest bit."""
    return sum(0xF << bit for bit in lowest_bits)


# (CRm, Op2) of Op0 = 3, Op1 = 0, CRn = 0: name, mask every VM gets.
ID_REGISTERS: dict[tuple[int, int], tuple[str, int]] = {
    # AArch32 view, for AArch32 at EL0; RAS, AMU, EL2/EL3, trace are hidden.
    (1, 0): ("ID_PFR0_EL1", fields(0, 4, 8, 12, 16, 24)),  # State0-3, CSV2, DIT
    (1, 1): ("ID_PFR1_EL1", fields(0, 16)),  # ProgMod, GenTimer
    (1, 2): ("ID_DFR0_EL1", fields(0)),  # CopDbg
    (1, 3): ("ID_AFR0_EL1", 0),
    (1, 4): ("ID_MMFR0_EL1", ALL32),
    (1, 5): ("ID_MMFR1_EL1", ALL32),
    (1, 6): ("ID_MMFR2_EL1", ALL32),
    (1, 7): ("ID_MMFR3_EL1", ALL32),
    (2, 0): ("ID_ISAR0_EL1", ALL32),
    (2, 1): ("ID_ISAR1_EL1", ALL32),
    (2, 2): ("ID_ISAR2_EL1", ALL32),
    (2, 3): ("ID_ISAR3_EL1", ALL32),
    (2, 4): ("ID_ISAR4_EL1", ALL32),
    (2, 5): ("ID_ISAR5_EL1", ALL32),
    (2, 6): ("ID_MMFR4_EL1", fields(4, 12, 16, 20, 24)),  # AC2, CnP, HPDS, LSM, CCIDX
    (2, 7): ("ID_ISAR6_EL1", fields(0, 4, 8, 12, 16, 20, 24)),  # JSCVT ... I8MM
    (3, 0): ("MVFR0_EL1", ALL32),
    (3, 1): ("MVFR1_EL1", ALL32),
    (3, 2): ("MVFR2_EL1", ALL32),
    (3, 4): ("ID_PFR2_EL1", fields(0, 4)),  # CSV3, SSBS
    (3, 5): ("ID_DFR1_EL1", 0),
    (3, 6): ("ID_MMFR5_EL1", fields(0)),  # ETS
    # AArch64 view. EL0, EL1, FP, AdvSIMD, GIC, DIT, CSV2, CSV3; no RAS, SVE, MPAM, AMU, EL2, EL3.
    (4, 0): ("ID_AA64PFR0_EL1", fields(0, 4, 16, 20, 24, 48, 56, 60)),
    (4, 1): ("ID_AA64PFR1_EL1", fields(0, 4, 32)),  # BT, SSBS, CSV2_frac; no MTE, SME
    (4, 4): ("ID_AA64ZFR0_EL1", 0),
    (4, 5): ("ID_AA64SMFR0_EL1", 0),
    (5, 0): ("ID_AA64DFR0_EL1", fields(0, 36)),  # DebugVer, DoubleLock; no PMU, SPE, trace
    (5, 1): ("ID_AA64DFR1_EL1", 0),
    (5, 4): ("ID_AA64AFR0_EL1", 0),
    (5, 5): ("ID_AA64AFR1_EL1", 0),
    # AES to AdvSIMD extensions, atomics, CRC32, TLB, RNDR; no TME.
    (6, 0): (
        "ID_AA64ISAR0_EL1",
        fields(4, 8, 12, 16, 20, 28, 32, 36, 40, 44, 48, 52, 56, 60),
    ),
    # DPB, JSCVT, FCMA, LRCPC, FRINTTS, SB, SPECRES, BF16, DGH, I8MM; no PAuth, XS, LS64.
    (6, 1): ("ID_AA64ISAR1_EL1", fields(0, 12, 16, 20, 32, 36, 40, 44, 48, 52)),
    (6, 2): ("ID_AA64ISAR2_EL1", fields(4, 20, 28)),  # RPRES, BC, CLRBHB
    # PARange, ASIDBits, BigEnd, BigEndEL0, stage-1 granules; no FGT, ECV.
    (7, 0): ("ID_AA64MMFR0_EL1", fields(0, 4, 8, 16, 20, 24, 28)),
    (7, 1): ("ID_AA64MMFR1_EL1", fields(0, 12, 20, 36, 44, 48)),  # HAFDBS, HPDS, PAN, ETS, AFP
    # CnP, UAO, LSM, VARange, CCIDX, ST, AT, IDS, TTL, BBM, E0PD; no IESB, NV, FWB, EVT.
    (7, 2): ("ID_AA64MMFR2_EL1", fields(0, 4, 8, 16, 20, 28, 32, 36, 48, 52, 60)),
}

# Fields that a feature of the deployment adds.
FEATURE_FIELDS: dict[str, dict[tuple[int, int], int]] = {
    "pmu": {(1, 2): fields(24), (5, 0): fields(8)},  # PerfMon; PMUVer
    "debug": {(5, 0): fields(12, 20, 28)},  # BRPs, WRPs, CTX_CMPs
    "sve": {(4, 0): fields(32), (4, 4): fields(0, 4, 16, 20, 32, 40, 44, 52, 56)},
}

# (Op0, Op1, CRn, CRm, Op2) of debug registers outside the numbered breakpoints and watchpoints.
DEBUG_REGISTERS: dict[tuple[int, int, int, int, int], str] = {
    (2, 0, 0, 0, 2): "OSDTRRX_EL1",
    (2, 0, 0, 2, 0): "MDCCINT_EL1",
    (2, 0, 0, 2, 2): "MDSCR_EL1",
    (2, 0, 0, 3, 2): "OSDTRTX_EL1",
    (2, 0, 0, 6, 2): "OSECCR_EL1",
    (2, 0, 1, 0, 0): "MDRAR_EL1",
    (2, 0, 1, 0, 4): "OSLAR_EL1",
    (2, 0, 1, 1, 4): "OSLSR_EL1",
    (2, 0, 1, 3, 4): "OSDLR_EL1",
    (2, 0, 1, 4, 4): "DBGPRCR_EL1",
    (2, 0, 7, 8, 6): "DBGCLAIMSET_EL1",
    (2, 0, 7, 9, 6): "DBGCLAIMCLR_EL1",
    (2, 0, 7, 14, 6): "DBGAUTHSTATUS_EL1",
    (2, 3, 0, 1, 0): "MDCCSR_EL0",
    (2, 3, 0, 4, 0): "DBGDTR_EL0",
    (2, 3, 0, 5, 0): "DBGDTRRX_EL0",
}
# (CRm, Op2) of the physical counter and timer at Op0 = 3, Op1 = 3, CRn = 14, which trap in a VM with
# a counter of its own; value: enum timer_register (vdev/timer.h).
TIMER = (
    ((0, 1), 0, "CNTPCT_EL0"),
    ((2, 0), 3, "CNTP_TVAL_EL0"),
    ((2, 1), 1, "CNTP_CTL_EL0"),
    ((2, 2), 2, "CNTP_CVAL_EL0"),
)
BREAKPOINTS = 16  # architectural maximum of breakpoints and of watchpoints
NUMBERED = {4: "DBGBVR{}_EL1", 5: "DBGBCR{}_EL1", 6: "DBGWVR{}_EL1", 7: "DBGWCR{}_EL1"}


def sysreg_rows(vm: Vm, gic_version: int) -> tuple[SysregRow, ...]:
    """Sorted by encoding, no encoding twice."""
    rows = _id_rows(vm, gic_version == 3 and vm.interrupts != "none")
    rows.append(SysregRow(3, 0, 1, 0, 1, "sysreg_raz_wi_ops", 0, "ACTLR_EL1"))
    if "debug" not in vm.features:
        rows += _debug_rows()
    if vm.counter == "own":
        rows += [SysregRow(3, 3, 14, *at, "timer_ops", value, name) for at, value, name in TIMER]
    if gic_version == 3:
        rows += _VGIC_ROWS[vm.interrupts]()
    return tuple(sorted(rows, key=lambda r: (r.op0, r.op1, r.crn, r.crm, r.op2)))


def _id_rows(vm: Vm, has_vgic: bool) -> list[SysregRow]:
    """HCR_EL2.TID3 traps Op0 = 3, Op1 = 0, CRn = 0, CRm = 1 to 7, reserved ones included."""
    rows = []
    for crm in range(1, 8):
        for op2 in range(8):
            name, mask = ID_REGISTERS.get((crm, op2), (f"ID_RESERVED_{crm}_{op2}", 0))
            for feature in vm.features:
                mask |= FEATURE_FIELDS.get(feature, {}).get((crm, op2), 0)
            if (crm, op2) == (4, 0) and not has_vgic:
                mask &= ~fields(24)  # ID_AA64PFR0_EL1.GIC
            rows.append(SysregRow(3, 0, 0, crm, op2, "sysreg_id_ops", mask, name))
    return rows


def _debug_rows() -> list[SysregRow]:
    """MDCR_EL2.TDA, TDOSA and TDRA trap the debug registers: without the feature they read zero."""
    ops = "sysreg_raz_wi_ops"
    rows = [SysregRow(*at, ops, 0, name) for at, name in DEBUG_REGISTERS.items()]
    for number in range(BREAKPOINTS):
        rows += [
            SysregRow(2, 0, 0, number, op2, ops, 0, name.format(number))
            for op2, name in NUMBERED.items()
        ]
    return rows


def _vgic_rows() -> list[SysregRow]:
    """SGI generation (GICv3 12.2; with GICD_CTLR.DS = 1 ASGI1R is group 0), deactivation while the
    vGIC asks for it, and the system register interface, which is always on (SRE, DFB, DIB)."""
    sgi = "sysreg_vgic_sgi_ops"
    return [
        SysregRow(3, 0, 12, 12, 5, "sysreg_fixed_ops", 7, "ICC_SRE_EL1"),
        SysregRow(3, 0, 12, 11, 1, "sysreg_vgic_dir_ops", 0, "ICC_DIR_EL1"),
        SysregRow(3, 0, 12, 11, 5, sgi, 1, "ICC_SGI1R_EL1"),
        SysregRow(3, 0, 12, 11, 6, sgi, 0, "ICC_ASGI1R_EL1"),
        SysregRow(3, 0, 12, 11, 7, sgi, 0, "ICC_SGI0R_EL1"),
    ]


def _vgic_direct_rows() -> list[SysregRow]:
    """Group 0 is the hypervisor's, so what both groups share traps (ICH_HCR_EL2.TC), and so does
    ICC_SRE_EL1. Values: enum arch_direct_register (arch/direct.h)."""
    shared, sgi = "sysreg_vgic_direct_ops", "sysreg_vgic_direct_sgi_ops"
    return [
        SysregRow(3, 0, 4, 6, 0, shared, 0, "ICC_PMR_EL1"),
        SysregRow(3, 0, 12, 11, 1, "sysreg_vgic_direct_dir_ops", 0, "ICC_DIR_EL1"),
        SysregRow(3, 0, 12, 11, 3, shared, 2, "ICC_RPR_EL1"),
        SysregRow(3, 0, 12, 11, 5, sgi, 1, "ICC_SGI1R_EL1"),
        SysregRow(3, 0, 12, 11, 6, sgi, 0, "ICC_ASGI1R_EL1"),
        SysregRow(3, 0, 12, 11, 7, sgi, 0, "ICC_SGI0R_EL1"),
        SysregRow(3, 0, 12, 12, 4, shared, 1, "ICC_CTLR_EL1"),
        SysregRow(3, 0, 12, 12, 5, "sysreg_fixed_ops", 7, "ICC_SRE_EL1"),
    ]


_VGIC_ROWS: dict[str, Callable[[], list[SysregRow]]] = {
    "none": list,
    "emulated": _vgic_rows,
    "passthrough": _vgic_direct_rows,
}
