# SPDX-License-Identifier: Apache-2.0
"""What is known of the board's CPU cores by the names that device trees give them: which of the
weaknesses of speculation they have, and what helps.

From Arm's "Speculative Processor Vulnerability" pages and "Spectre-BHB" white paper: whether one of
CVE-2017-5715 (branch targets), CVE-2018-3639 (loads before stores) and CVE-2022-23960 (branch history)
concerns a core, and how many taken branches replace its branch history. Main ID registers from the
cores' technical reference manuals."""

from __future__ import annotations

from dataclasses import dataclass

from gen.read.board import Board

ARM = 0x41  # implementer

# Nobody knows: more branches than any core of the white paper needs.
UNKNOWN_BRANCHES = 132


@dataclass(frozen=True)
class Core:
    part: int | None  # MIDR_EL1.PartNum of Arm's; None: unknown
    targets: bool = False  # CVE-2017-5715, where ID_AA64PFR0_EL1.CSV2 is 0
    stores: bool = False  # CVE-2018-3639
    history: bool = False  # CVE-2022-23960
    branches: int = 0  # that replace the history; 0: firmware alone can
    ras: bool = True  # may have the RAS extension

    @property
    def speculates(self) -> bool:
        return self.targets or self.stores or self.history

    @property
    def midr(self) -> int:
        """Implementer and part of MIDR_EL1 (DDI 0487, D17.2.105) in their places; 0: unknown."""
        return 0 if self.part is None else ARM << 24 | self.part << 4


UNKNOWN = Core(None, targets=True, stores=True, history=True, branches=UNKNOWN_BRANCHES)

CORES = {
    "arm,cortex-a34": Core(0xD02, ras=False),
    "arm,cortex-a35": Core(0xD04, ras=False),
    "arm,cortex-a53": Core(0xD03, ras=False),
    "arm,cortex-a55": Core(0xD05),
    "arm,cortex-a57": Core(0xD07, True, True, True, 8, ras=False),
    "arm,cortex-a72": Core(0xD08, True, True, True, 8, ras=False),
    "arm,cortex-a73": Core(0xD09, True, True, True, 0, ras=False),
    "arm,cortex-a75": Core(0xD0A, True, True, True, 0),
    "arm,cortex-a76": Core(0xD0B, False, True, True, 24),
    "arm,cortex-a76ae": Core(0xD0E, False, True, True, 24),
    "arm,cortex-a77": Core(0xD0D, False, True, True, 24),
    "arm,cortex-a78": Core(0xD41, False, True, True, 32),
    "arm,cortex-a78ae": Core(0xD42, False, True, True, 32),
    "arm,cortex-a78c": Core(0xD4B, False, True, True, 32),
    "arm,cortex-a710": Core(0xD47, False, True, True, 32),
    "arm,cortex-x1": Core(0xD44, False, True, True, 32),
    "arm,cortex-x2": Core(0xD48, False, True, True, 32),
    "arm,neoverse-n1": Core(0xD0C, False, True, True, 24),
    "arm,neoverse-n2": Core(0xD49, False, True, True, 32),
    "arm,neoverse-v1": Core(0xD40, False, True, True, 32),
}


def core(compatible: str) -> Core:
    return CORES.get(compatible, UNKNOWN)


def core_symbols(board: Board) -> dict[str, bool]:
    """Kconfig symbols of what the hypervisor needs because of the board's CPUs."""
    cores = [core(cpu.compatible) for cpu in board.cpus]
    return {
        "ARCH_RAS": any(each.ras for each in cores),
        "ARCH_SPECULATION": any(each.speculates for each in cores),
    }
