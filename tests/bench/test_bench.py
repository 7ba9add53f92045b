# SPDX-License-Identifier: Apache-2.0
"""The benchmark's judgement, on made-up counts and on the operations of this tree."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import baseline  # noqa: E402
import page  # noqa: E402
import scenarios  # noqa: E402
import subject  # noqa: E402
import table  # noqa: E402
import recording  # noqa: E402

BEFORE = {
    "operation.hvc-version.emulated": 100.0,
    "operation.timer-max.emulated": 48.0,
    "operation.burst-disorder.emulated": 0.0,
    "boot.quiet": 10000.0,
}


@pytest.mark.parametrize(
    "name, now",
    [
        ("operation.hvc-version.emulated", 102.1),
        ("operation.timer-max.emulated", 64.1),
        ("operation.burst-disorder.emulated", 1.0),
        ("boot.quiet", 10201.0),
    ],
)
def test_growth_is_found(name: str, now: float) -> None:
    changes = baseline.worse(BEFORE, {**BEFORE, name: now})
    assert [(change.name, change.now) for change in changes] == [(name, now)]


def test_what_is_not_growth() -> None:
    now = {
        "operation.hvc-version.emulated": 102.0,  # 2 %
        "operation.timer-max.emulated": 64.0,  # a tick of the guest's clock
        "operation.burst-disorder.emulated": 0.0,
        "boot.quiet": 9000.0,
        "boot.new": 1.0,
    }
    assert baseline.worse(BEFORE, now) == []
    assert [change.name for change in baseline.better(BEFORE, now)] == ["boot.quiet"]


def test_what_is_missing_is_found() -> None:
    now = {name: count for name, count in BEFORE.items() if name != "boot.quiet"}
    assert [change.name for change in baseline.worse(BEFORE, now)] == ["boot.quiet"]


def test_every_row_of_the_table_has_a_count() -> None:
    """Of the committed baseline: a name misspelt in targets.toml would hide its row."""
    counts = baseline.read()
    names = [entry["count"] for entry in table.entries()]
    full = [name if "." in name else f"operation.{name}.emulated" for name in names]
    assert [name for name in full if name not in counts] == []


def test_the_page_has_the_figures_of_the_baseline() -> None:
    text = page.PAGE.read_text()
    assert page.with_figures(text, baseline.read()) == text, "make bench-baseline writes them"


def test_operations_cost_no_more_than_the_baseline() -> None:
    """As `make bench-check BENCH="--only native --only emulated"` does."""
    subject.build_guest()
    bare, ours = scenarios.native(), scenarios.emulated()
    expected = {name: count for name, count in baseline.read().items() if name in ours}
    assert len(expected) > 50
    assert [change.text() for change in baseline.worse(expected, ours)] == []
    assert bare["operation.gicd-typer.native"] == 1.0  # exact: a load


@pytest.mark.parametrize("operation, guest_own", [("hvc-version", 2), ("gicd-typer", 0)])
def test_the_plugin_and_the_guests_clock_agree(operation: str, guest_own: int) -> None:
    """Two ways to count the same: `guest_own` instructions are the guest's, mov and hvc; a load that
    faults does not count as executed."""
    subject.build_guest()
    folder = subject.build_deployment(subject.DEPLOYMENT)
    exits = recording.record(folder, operation).exits(0)
    assert exits.total() == 1024
    told = subject.results(subject.run(subject.command(folder / "firmware.bin", below=True)))
    mean = sum(len(path) * count for path, count in exits.items()) / exits.total()
    assert mean + guest_own == pytest.approx(scenarios.net(operation, told[operation]), abs=0.1)


def test_idle_vms_cost_nothing_at_run_time() -> None:
    """Nothing loops over VMs; addresses in larger tables take an instruction more here and there."""
    counts = baseline.read()
    for operation in scenarios.GROWTH:
        costs = [counts[f"vms.{count}.{operation}"] for count in scenarios.VM_COUNTS]
        assert max(costs) <= 1.03 * costs[0], operation


def test_a_storm_next_door_adds_nothing() -> None:
    counts = baseline.read()
    added = {name: count for name, count in counts.items() if name.endswith(".storm-adds")}
    assert len(added) == len(scenarios.PATHS) and not any(added.values()), added
