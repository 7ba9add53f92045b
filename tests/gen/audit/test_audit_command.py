# SPDX-License-Identifier: Apache-2.0
"""What follows from an audit: status, words, and what is left in the build folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gen.audit.image import Firmware
from gen.diagnostics import Exit, Failure
from gen.tool import audit
from gen.tool.options import parse

from attempts import DEPLOYMENT, ROOT
from mutant import Mutant

BOOTABLE = ("firmware.bin", "firmware.itb", "boot.scr", "flash.img", "kernel8.img", "sd.img")


def spoil(firmware: Firmware, target: Path) -> Path:
    """An image in which a VM reaches another's RAM."""
    mutant = Mutant(firmware, target)
    ram = 0x4000_0000
    mutant.put(mutant.stage2(0, ram, 2), mutant.word(mutant.stage2(1, ram, 2)))
    return mutant.save()


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    whole = [str(ROOT / "build.py"), *arguments]
    return subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_good(good: Path) -> None:
    done = command("--audit", str(good), str(DEPLOYMENT))
    assert (done.returncode, done.stderr) == (0, "")
    assert "fail" not in done.stdout and "limit" not in done.stdout
    alone = command("--audit", str(good))
    assert alone.returncode == 0 and "No deployment was given" in alone.stdout


def test_spoiled(firmware: Firmware, tmp_path: Path) -> None:
    done = command("--audit", str(spoil(firmware, tmp_path / "firmware.elf")))
    assert done.returncode == Exit.AUDIT == 5
    assert "VM first and VM second both reach 0x" in done.stderr
    told = command("--json", "--audit", str(tmp_path / "firmware.elf"))
    found = json.loads(told.stdout)
    assert found["status"] == 5 and found["audit"]["result"] == "fail"
    assert "E-audit-shared-page" in [finding["code"] for finding in found["findings"]]


def test_missing(tmp_path: Path) -> None:
    assert command("--audit", str(tmp_path / "none.elf")).returncode == Exit.MISSING
    (tmp_path / "text.elf").write_text("no image\n" * 100)
    assert command("--audit", str(tmp_path / "text.elf")).returncode == Exit.AUDIT


def test_set(good: Path) -> None:
    """--set counts for the audit, too."""
    done = command("--audit", str(good), str(DEPLOYMENT), "--set", "vm.first.ram=8M")
    assert done.returncode == 5 and "E-audit-asked-memory" in done.stderr


def test_build(firmware: Firmware, tmp_path: Path) -> None:
    """A failed audit leaves nothing that boots, and audit.json says why."""
    for name in BOOTABLE:
        (tmp_path / name).write_bytes(b"of an earlier build")
    elf = spoil(firmware, tmp_path / "firmware.elf")
    options = parse([str(DEPLOYMENT)], ROOT)
    for _ in range(2):  # a failure is not remembered as a success
        with pytest.raises(Failure) as failure:
            audit.of_build(elf, options)
        assert failure.value.status == Exit.AUDIT
    assert not any((tmp_path / name).exists() for name in BOOTABLE)
    assert json.loads((tmp_path / "audit.json").read_text())["result"] == "fail"


def test_same_image(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that was found good is not audited again; another one is."""
    elf = Path(shutil.copy(good, tmp_path / "firmware.elf"))
    options = parse([str(DEPLOYMENT)], ROOT)
    audit.of_build(elf, options)
    looked: list[Path] = []
    monkeypatch.setattr(audit, "_audit", lambda elf, options: looked.append(elf) or 1 / 0)
    audit.of_build(elf, options)
    assert looked == []
    elf.write_bytes(good.read_bytes() + b"\0")
    with pytest.raises(ZeroDivisionError):
        audit.of_build(elf, options)
