# SPDX-License-Identifier: Apache-2.0
"""Fetched guests: what the lock pins, and what is said when that is gone. Nothing is downloaded."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gen.diagnostics import Exit, Failure
from gen.tool import apt, fetch
from gen.tool.paths import FETCH

PINNED = fetch.Pinned("linux-image-1", "linux-image", "arm64", "1.0", "0" * 64)


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, list[apt.Candidate]]:
    """What apt-cache would say."""
    known: dict[str, list[apt.Candidate]] = {}
    monkeypatch.setattr(apt, "candidates", lambda name, arch: known.get(name, []))
    monkeypatch.setattr(apt, "update", lambda arch, offline: None)
    monkeypatch.setattr(fetch, "_PACKAGES", tmp_path)
    return known


def test_lock_is_complete() -> None:
    locked = fetch._locked()
    assert [item.architecture for item in locked] == ["arm64"] * 3
    assert all(len(item.sha256) == 64 and item.version for item in locked)
    assert fetch._lock_text(locked) == fetch.LOCK.read_text()


def test_version_that_is_gone_names_its_replacement(
    offers: dict[str, list[apt.Candidate]],
) -> None:
    offers["linux-image"] = [apt.Candidate("1.2", "a" * 64, "linux-image-2 (= 1.2)")]
    offers["linux-image-2"] = [apt.Candidate("1.2", "b" * 64, "")]
    with pytest.raises(Failure) as caught:
        fetch._package(PINNED, offline=False)
    assert caught.value.status == Exit.MISSING
    assert "linux-image-1=1.0 is gone" in caught.value.message
    assert "linux-image-2 1.2" in caught.value.message
    assert "./build.py --update-lock" in caught.value.message


def test_oldest_offer_is_pinned(offers: dict[str, list[apt.Candidate]]) -> None:
    offers["busybox"] = [apt.Candidate("3", "3" * 64, ""), apt.Candidate("2", "2" * 64, "")]
    found = fetch._replacement(fetch.Pinned("busybox", "", "arm64", "1", ""))
    assert found == fetch.Pinned("busybox", "", "arm64", "2", "2" * 64)


def test_offline_says_what_to_do(offers: dict[str, list[apt.Candidate]]) -> None:
    with pytest.raises(Failure) as caught:
        fetch._package(PINNED, offline=True)
    assert "--offline" in caught.value.message


def test_other_content_is_refused(
    offers: dict[str, list[apt.Candidate]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(package: str, folder: Path, offline: bool, options: object) -> Path:
        (folder / "x.deb").write_bytes(b"not what was pinned")
        return folder / "x.deb"

    offers["linux-image-1"] = [apt.Candidate("1.0", "0" * 64, "")]
    monkeypatch.setattr(apt, "download", download)
    monkeypatch.setattr(apt, "foreign", lambda architecture: ())
    with pytest.raises(Failure) as caught:
        fetch._package(PINNED, offline=False)
    assert "sha256 is" in caught.value.message


def test_unknown_folder_lists_the_known() -> None:
    with pytest.raises(Failure) as caught:
        fetch.ensure([FETCH / "nothing/Image"], offline=True)
    assert "debian-arm64" in caught.value.message


def test_paths_elsewhere_are_left_alone() -> None:
    fetch.ensure([Path("/somewhere/Image")], offline=True)


def test_sources_of_the_own_release_only() -> None:
    text, suites = apt._one_line(
        "deb [arch=amd64 signed-by=/k.gpg] http://mirror/debian bookworm main contrib # x"
    )
    assert suites == ["bookworm"]
    assert text == (
        "Types: deb\nURIs: http://mirror/debian\nSuites: bookworm\nComponents: main contrib\n"
        "Signed-By: /k.gpg\n"
    )
    assert apt._is_ours(["bookworm", "bookworm-updates"], "bookworm")
    assert not apt._is_ours(["nodistro"], "bookworm")
    assert apt._one_line("deb-src http://mirror/debian bookworm main")[1] == []
    assert apt._one_line("# deb http://mirror/debian bookworm main")[1] == []


def test_stanza_loses_what_pins_it_to_an_architecture() -> None:
    text, suites = apt._stanza(
        "# note\nTypes: deb deb-src\nURIs: u\nSuites: bookworm bookworm-updates\n"
        "Architectures: amd64\nSigned-By:\n -----BEGIN\n .\n -----END\n"
    )
    assert suites == ["bookworm", "bookworm-updates"]
    assert "Architectures" not in text and "-----END" in text
    assert apt._stanza("Types: deb\nSuites: bookworm\nEnabled: no\n")[1] == []


@pytest.fixture
def trees(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, list[str]]:
    """A package with two device trees among other files; the folder, and what was asked for."""
    content = tmp_path / "content"
    for name in ("vendor/one.dtb", "other/two.dtb", "vendor/one.dts"):
        file = content / "usr/lib/linux-image-1" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (content / "DEBIAN").mkdir()
    (content / "DEBIAN/control").write_text(
        "Package: trees\nVersion: 1\nArchitecture: arm64\nMaintainer: nobody\nDescription: none\n"
    )
    asked: list[str] = []

    def package(pinned: fetch.Pinned, offline: bool) -> Path:
        asked.append(pinned.name)
        made = tmp_path / "trees.deb"
        command = ["dpkg-deb", "-Zgzip", "--build", "--root-owner-group", str(content), str(made)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return made

    monkeypatch.setattr(fetch, "_package", package)
    monkeypatch.setattr(fetch, "FETCH", tmp_path)
    return tmp_path / "debian-dtbs", asked


def test_device_trees_are_kept_and_their_package_is_not(trees: tuple[Path, list[str]]) -> None:
    folder, asked = trees
    fetch._debian_boards(folder, offline=False)
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.dt?"))
    assert found == ["other/two.dtb", "vendor/one.dtb"]
    assert (folder / "vendor/one.dtb").read_text() == "vendor/one.dtb"
    assert not (folder.parent / "trees.deb").exists()
    fetch._debian_boards(folder, offline=True)
    assert asked == [fetch._pinned("linux-image-arm64").name], "once"


def test_device_trees_of_another_version_are_made_anew(trees: tuple[Path, list[str]]) -> None:
    folder, asked = trees
    fetch._debian_boards(folder, offline=False)
    (folder / "made-from").write_text("another")
    (folder / "stale.dtb").write_text("old")
    fetch._debian_boards(folder, offline=False)
    assert len(asked) == 2 and not (folder / "stale.dtb").exists()
