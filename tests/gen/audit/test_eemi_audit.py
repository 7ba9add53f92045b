# SPDX-License-Identifier: Apache-2.0
"""What VMs may name in calls of firmware: an image in which one grant is wrong is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gen.audit.audit import audit
from gen.audit.image import Firmware

from attempts import built, failed, source
from mutant import Mutant

DEPLOYMENT = Path(__file__).with_name("firmware.toml")
CLOCK = 1 << 16
Change = Callable[[Mutant], None]


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return Firmware(built(DEPLOYMENT, tmp_path_factory.mktemp("firmware")))


def index(mutant: Mutant, key: int) -> int:
    """The first grant of one id."""
    rows = range(mutant.row("eemi_vm_rows", 0, "eemi_vm_row").grant_count)
    return next(n for n in rows if mutant.row("eemi_grant_rows", n, "eemi_grant_row").first == key)


def grant(key: int, **members: int) -> Change:
    return lambda m: m.change("eemi_grant_rows", index(m, key), "eemi_grant_row", **members)


CHANGES: dict[str, tuple[Change, str]] = {
    "a bus clock that one owns": (grant(CLOCK + 31, owned=1), "firmware"),
    "a PLL that one owns": (grant(CLOCK, owned=1), "firmware"),
    "a clock of nobody's that is read": (
        grant(CLOCK + 31, first=CLOCK + 30, last=CLOCK + 33),
        "firmware",
    ),
    "another VM's power node": (grant(34, first=24, last=24), "firmware"),
    "grants out of order": (grant(CLOCK + 57, first=CLOCK + 3, last=CLOCK + 3), "firmware"),
    "a range over kinds": (grant(34, last=CLOCK), "firmware"),
    "another VM's grants": (
        lambda m: m.change("eemi_vm_rows", 0, "eemi_vm_row", grant_count=2),
        "firmware",
    ),
    "a VM twice": (lambda m: m.change("eemi_vm_rows", 1, "eemi_vm_row", vm=0), "firmware"),
    "a power node more": (grant(34, last=35), "firmware-asked"),
    "another clock": (grant(CLOCK + 57, first=CLOCK + 58, last=CLOCK + 58), "firmware-asked"),
    "a clock that is not owned": (grant(CLOCK + 57, owned=0), "firmware-asked"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_wrong_grant_is_refused(name: str, calling: Firmware, tmp_path: Path) -> None:
    change, code = CHANGES[name]
    mutant = Mutant(calling, tmp_path / "mutant.elf")
    change(mutant)
    asked = source(deployment=DEPLOYMENT) if code.endswith("asked") else None
    assert f"E-audit-{code}" in failed(audit(mutant.save(), asked))


def test_unchanged_it_passes(calling: Firmware) -> None:
    assert (
        failed(audit(calling.path, None))
        == failed(audit(calling.path, source(deployment=DEPLOYMENT)))
        == set()
    )


@pytest.mark.parametrize("change", ["vm.first.firmware=[]", "vm.first.devices=[]"])
def test_another_deployment(change: str, calling: Firmware) -> None:
    assert "E-audit-firmware-asked" in failed(
        audit(calling.path, source(change, deployment=DEPLOYMENT))
    )
