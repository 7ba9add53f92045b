# SPDX-License-Identifier: Apache-2.0
"""ID registers: what the plan lets a guest see must reach it through the rows and the C code."""

import re
from pathlib import Path

from gen.plan.sysregs import FEATURE_FIELDS, ID_REGISTERS

ROOT = Path(__file__).resolve().parents[3]


def seen() -> dict[tuple[int, int], int]:
    """(CRm, Op2) to all fields that some VM may see."""
    masks = {place: mask for place, (_, mask) in ID_REGISTERS.items()}
    for fields in FEATURE_FIELDS.values():
        for place, mask in fields.items():
            masks[place] |= mask
    return {place: mask for place, mask in masks.items() if mask}


def test_code_reads_exactly_the_registers_that_a_vm_may_see() -> None:
    text = (ROOT / "arch/aarch64/id.c").read_text()
    cases = re.findall(r"^\s+ID_CASE\((\d), (\d)\);", text, re.MULTILINE)
    assert sorted((int(crm), int(op2)) for crm, op2 in cases) == sorted(seen())


def test_masks_are_whole_fields() -> None:
    """A row has one bit for each field of four bits."""
    for place, mask in seen().items():
        digits = set(f"{mask:016x}")
        assert digits <= {"0", "f"}, place
