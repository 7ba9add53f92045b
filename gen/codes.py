# SPDX-License-Identifier: Apache-2.0
"""Every diagnostic code: the source of docs/errors.md and `--explain CODE`. A test keeps it equal
to the codes that gen/ uses."""

from __future__ import annotations

from dataclasses import dataclass

from gen.codes_audit import AUDIT
from gen.codes_axvm import AXVM
from gen.codes_build import BUILD
from gen.codes_plan import PLAN
from gen.codes_read import READ


@dataclass(frozen=True)
class Code:
    name: str  # "E-key-unknown"
    stage: str
    meaning: str
    cure: str


STAGES = (
    ("Reading the deployment, the board and the images", READ),
    ("Reading AxVM's VM files", AXVM),
    ("Planning", PLAN),
    ("Building and running", BUILD),
    ("Auditing the finished image", AUDIT),
)

CODES: dict[str, Code] = {
    name: Code(name, stage, meaning, cure)
    for stage, table in STAGES
    for name, (meaning, cure) in table.items()
}


def explain(name: str) -> str | None:
    """What a code means, as text for the terminal; None if there is no such code."""
    code = CODES.get(name) or CODES.get(f"E-{name}") or CODES.get(f"W-{name}")
    if code is None:
        return None
    return f"{code.name}\n  {code.meaning}\n  Cure: {code.cure}"
