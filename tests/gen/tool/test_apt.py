# SPDX-License-Identifier: Apache-2.0
"""apt as the tool starts it: stand-ins for apt-get, dpkg-query and apt-cache tell what they were
asked, so that nothing is installed or fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure
from gen.tool import apt, setup

TOOLS = ("apt-get", "apt-cache", "dpkg-query")
SHOW = """\
Package: tool
Version: 2.0
Depends: libc6 (>= 2.36),
 libtool
SHA256: bb

Package: tool
Version: 1.0
SHA256: aa

Package: tool
Version: 0.9
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of stand-ins: each appends its arguments to `said` and runs the file NAME.do, if any."""
    for name in TOOLS:
        tool = tmp_path / name
        tool.write_text(
            f'#!/bin/sh\necho "{name} $*" >>"{tmp_path}/said"\n'
            f'test ! -f "{tmp_path}/{name}.do" || . "{tmp_path}/{name}.do"\n'
        )
        tool.chmod(0o755)
    (tmp_path / "said").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return tmp_path


def said(machine: Path) -> list[str]:
    return (machine / "said").read_text().splitlines()


def test_install_asks_for_what_is_missing_alone(machine: Path) -> None:
    """dpkg knows everything but lld-14 until apt-get has installed it."""
    have = "\n".join(f"{p.name} installed" for p in setup.packages() if p.name != "lld-14")
    (machine / "have").write_text(have + "\n")
    (machine / "dpkg-query.do").write_text(f'cat "{machine}/have"\n')
    (machine / "apt-get.do").write_text(f'echo "lld-14 installed" >>"{machine}/have"\n')
    setup.install(yes=True)
    asked = [line for line in said(machine) if line.startswith("apt-get")]
    assert asked == [
        "apt-get --quiet update",
        "apt-get --quiet install --yes --no-install-recommends lld-14",
    ]
    setup.install(yes=True)
    assert [line for line in said(machine) if line.startswith("apt-get")] == asked


def test_install_that_fails_or_does_nothing_is_told(machine: Path) -> None:
    with pytest.raises(Failure, match="still missing") as caught:
        setup.install(yes=True)
    assert caught.value.status == Exit.MISSING and "clang-14" in caught.value.message
    (machine / "apt-get.do").write_text("exit 100\n")
    with pytest.raises(Failure, match="this failed: apt-get --quiet update"):
        setup.install(yes=True)


def test_setup_command(machine: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (machine / "apt-get.do").write_text("exit 100\n")
    assert setup.main(["--yes", "test"]) == Exit.MISSING
    told = capfd.readouterr().err
    assert "chromium" in told and "error: this failed" in told


@pytest.mark.parametrize("answer", ["n", "", "yes"])
def test_on_a_terminal_the_user_is_asked(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    lacking = [setup.Package("tool", "test")]
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda text: answer)
    if answer == "n":
        with pytest.raises(Failure, match="nothing was installed"):
            setup._privileges(False, lacking)
    else:
        assert setup._privileges(False, lacking)[0] == "sudo"
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(Failure, match="there is no sudo"):
        setup._privileges(True, lacking)


def test_download(machine: Path, tmp_path: Path) -> None:
    folder = tmp_path / "got"
    folder.mkdir()
    (machine / "apt-get.do").write_text("touch tool_2.0_arm64.deb\n")
    got = apt.download("tool=2.0", folder, offline=False, options=("-o", "A=b"))
    assert got == folder / "tool_2.0_arm64.deb"
    (line,) = said(machine)
    assert line.startswith("apt-get -qq -o A=b") and line.endswith("download tool=2.0")


def test_download_that_can_not_be(machine: Path, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="--offline forbids"):
        apt.download("tool", tmp_path, offline=True)
    assert said(machine) == []
    (machine / "apt-get.do").write_text("echo no such package >&2; exit 100\n")
    with pytest.raises(Failure, match="no such package"):
        apt.download("tool", tmp_path, offline=False)


def test_without_apt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match="apt-get is missing: it fetches tool"):
        apt.download("tool", tmp_path, offline=False)


def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """The system's sources: one file."""
    (tmp_path / "etc/sources.list.d").mkdir(parents=True)
    (tmp_path / "etc" / name).write_text(text)
    monkeypatch.setattr(apt, "_SOURCES", tmp_path / "etc")
    monkeypatch.setattr(apt, "_PLACE", tmp_path / "apt")
    monkeypatch.setattr(apt, "_codename", lambda: "bookworm")


DEB822 = """\
# Debian's
Types: deb
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
Components: main
Architectures: amd64

Types: deb
URIs: http://other.example
Suites: stable
Components: main

Types: deb
Enabled: no
URIs: http://off.example
Suites: bookworm
Components: main
"""


def test_foreign_packages_come_from_debians_own_sources(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(tmp_path, monkeypatch, "sources.list.d/debian.sources", DEB822)
    apt.update("arm64", offline=False)
    sources = (tmp_path / "apt/debian.sources").read_text()
    assert "deb.example" in sources and "bookworm-updates" in sources
    for absent in ("other.example", "off.example", "amd64"):
        assert absent not in sources
    (line,) = said(machine)
    assert "APT::Architecture=arm64" in line and line.endswith("update")
    with pytest.raises(Failure, match="--offline forbids"):
        apt.update("arm64", offline=True)


def test_update_that_fails(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system(tmp_path, monkeypatch, "sources.list", "deb http://deb.example bookworm main\n")
    (machine / "apt-get.do").write_text("echo no route >&2; exit 100\n")
    with pytest.raises(Failure, match="no route"):
        apt.update("arm64", offline=False)


def test_a_system_without_debians_sources(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(tmp_path, monkeypatch, "sources.list", "deb http://other.example stable main\n")
    with pytest.raises(Failure, match="no source of Debian bookworm"):
        apt.update("arm64", offline=False)


def test_candidates(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system(tmp_path, monkeypatch, "sources.list", "deb http://deb.example bookworm main\n")
    (machine / "show").write_text(SHOW)
    (machine / "apt-cache.do").write_text(f'cat "{machine}/show"\n')
    newest, older = apt.candidates("tool", "arm64")
    assert (newest.version, newest.sha256) == ("2.0", "bb") and "libtool" in newest.depends
    assert (older.version, older.sha256, older.depends) == ("1.0", "aa", "")
