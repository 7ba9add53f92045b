# SPDX-License-Identifier: Apache-2.0
"""Set-up: the list of packages, and what happens where it cannot install."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gen.diagnostics import Exit, Failure
from gen.tool import setup
from gen.tool.paths import ROOT


def test_every_package_has_a_purpose_and_occurs_once() -> None:
    packages = setup.packages("prove", "test")
    names = [package.name for package in packages]
    assert len(names) == len(set(names))
    assert all(package.purpose for package in packages)
    assert "clang-14" in names


def test_groups_are_for_those_who_ask() -> None:
    everybody = setup.packages()
    provers = setup.packages("prove")
    assert provers[: len(everybody)] == everybody
    assert "frama-c-base" in [package.name for package in provers[len(everybody) :]]
    assert setup.packages("prove", "no-such-group") == provers


def test_nothing_is_missing_here() -> None:
    assert setup.missing(setup.packages()) == []


def test_missing_package_is_found() -> None:
    unknown = setup.Package("no-such-package-anywhere", "test")
    assert setup.missing([unknown, *setup.packages()]) == [unknown]


def test_not_debian_gets_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Failure) as caught:
        setup.install(yes=True)
    assert caught.value.status == Exit.MISSING
    assert "not a Debian system" in caught.value.message and "clang-14" in caught.value.message


def test_without_root_terminal_or_yes_nothing_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lacking = [setup.Package("tool", "test")]
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(Failure) as caught:
        setup._privileges(False, lacking)
    assert "--yes" in caught.value.message and "apt-get install tool" in caught.value.message
    assert setup._privileges(True, lacking)[0] == "sudo"


def test_needs_the_standard_library_alone() -> None:
    """-S -I: no site-packages, as on a machine where nothing is installed."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import gen.tool.setup"
    subprocess.run([sys.executable, "-S", "-I", "-c", code], check=True, timeout=30)
