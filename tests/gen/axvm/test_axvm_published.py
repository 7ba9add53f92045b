# SPDX-License-Identifier: Apache-2.0
"""What is said of every published AxVM file, and what an import gives."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import outcomes
import pytest
from axvm_world import load

from gen.diagnostics import Report, Where
from gen.read.deployment import Deployment
from gen.read.load import load_deployment


@pytest.mark.parametrize("name", outcomes.names())
def test_outcome(name: str, tmp_path: Path) -> None:
    made = outcomes.produce(name, tmp_path.resolve())
    assert made.splitlines() == outcomes.kept(f"{name}.txt").splitlines(), "make golden rewrites"


def test_there_are_all_published_files() -> None:
    assert len(outcomes.names()) == 10
    told = {path.name for path in outcomes.KEPT.iterdir()}
    assert told == {*(f"{name}.txt" for name in outcomes.names()), outcomes.IMPORTED}


def test_files_for_qemu_can_become_plans() -> None:
    for name in outcomes.QEMU:
        assert ": status 0\n" in outcomes.kept(f"{name}.txt")


@pytest.mark.parametrize("name", ["axvisor_nimbos-riscv64-qemu-smp1", "old_arceos-x86_64"])
def test_other_architectures_are_told_and_nothing_else(name: str) -> None:
    findings = [line for line in outcomes.kept(f"{name}.txt").splitlines() if line[:2] in "E-W-"]
    assert [line.split()[0] for line in findings] == ["E-axvm-arch"]


def test_import(tmp_path: Path) -> None:
    assert outcomes.imported(tmp_path.resolve()) == outcomes.kept(outcomes.IMPORTED)


def plain(value: Any) -> Any:
    """A deployment's VMs without where they are written, and which file they came from."""
    if isinstance(value, Where):
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {k: plain(v) for k, v in fields.items() if k not in ("where", "key_where")}
    return [plain(entry) for entry in value] if isinstance(value, (tuple, list)) else value


def vms(deployment: Deployment | None) -> Any:
    assert deployment is not None
    return plain(deployment.vms)


def test_an_import_means_what_the_files_mean(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    text = outcomes.imported(folder)
    (folder / "two.toml").write_text(text)
    report = Report()
    native = load_deployment(folder / "two.toml", (), report)
    assert report.found == [], "an imported file is sound by itself"
    (folder / "in" / "linux.toml").write_bytes((folder / "linux.toml").read_bytes())
    (folder / "axvm").mkdir()
    files = [(folder / "in" / "linux.toml", ""), (folder / "in" / "rtos.toml", "")]
    included = vms(load(folder / "axvm", files).deployment)
    places = str(included).replace(f"{folder}/axvm/", "").replace("in/", "")
    assert str(vms(native)).replace(f"{folder}/", "").replace("in/", "") == places
