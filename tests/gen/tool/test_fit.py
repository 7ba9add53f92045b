# SPDX-License-Identifier: Apache-2.0
"""FIT images for U-Boot, and the keys that sign them. tests/boot/test_slots.py boots them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gen.diagnostics import NOWHERE, Exit, Failure, Report, Where
from gen.read.board import Board
from gen.read.board_file import load_board
from gen.read.deployment import Deployment
from gen.tool import fit, formats, sign_key


@pytest.fixture(scope="module")
def board() -> Board:
    found = load_board("qemu-virt-aarch64", None, Report(), NOWHERE)
    assert found is not None
    return replace(found, image_base=0x1_4020_0000, title='A "board"')


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.bin"
    path.write_bytes(bytes(range(256)) * 64)
    return path


def make_key(file: Path, *kind: str) -> Path:
    """A private key in `file`; what --sign-key is given for it."""
    command = ["openssl", "genpkey", *kind, "-out", str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return file.with_suffix("")


RSA = ("-algorithm", "RSA", "-pkeyopt")


def test_fit_says_address_and_hash(firmware: Path, board: Board, tmp_path: Path) -> None:
    target = fit.make(firmware, board, None, tmp_path)
    listing = subprocess.run(
        ["dumpimage", "-l", str(target)], capture_output=True, text=True, check=True
    ).stdout
    assert "0x140200000" in listing
    assert "AArch64" in listing
    assert "sha256" in listing
    assert "Sign value" not in listing


def test_fit_is_the_same_every_time(firmware: Path, board: Board, tmp_path: Path) -> None:
    key = sign_key.read(make_key(tmp_path / "one.key", *RSA, "rsa_keygen_bits:2048"))
    for signed_by in (None, key):
        first = fit.make(firmware, board, signed_by, tmp_path).read_bytes()
        assert fit.make(firmware, board, signed_by, tmp_path).read_bytes() == first


def test_a_signature_has_the_key_s_size(firmware: Path, board: Board, tmp_path: Path) -> None:
    key = sign_key.read(make_key(tmp_path / "one.key", *RSA, "rsa_keygen_bits:3072"))
    assert (key.bits, key.name, key.folder) == (3072, "one", tmp_path)
    target = fit.make(firmware, board, key, tmp_path)
    listing = subprocess.run(
        ["dumpimage", "-l", str(target)], capture_output=True, text=True, check=True
    ).stdout
    assert "sha256,rsa3072:one" in listing
    assert "Sign value:   unavailable" not in listing


def test_both_forms_of_a_key_are_read(tmp_path: Path) -> None:
    name = make_key(tmp_path / "new.key", *RSA, "rsa_keygen_bits:2048")
    old = tmp_path / "old.key"
    command = ["openssl", "rsa", "-traditional", "-in", f"{name}.key", "-out", str(old)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert old.read_text().startswith("-----BEGIN RSA PRIVATE KEY")
    assert sign_key.read(old).bits == sign_key.read(name).bits == 2048


@pytest.mark.parametrize(
    "kind, said",
    [
        (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "no RSA private key"),
        ((*RSA, "rsa_keygen_bits:1024"), "RSA key of 1024 bits"),
        ((*RSA, "rsa_keygen_bits:2048", "-aes256", "-pass", "pass:x"), "no RSA private key"),
    ],
)
def test_other_keys_are_refused(tmp_path: Path, kind: tuple[str, ...], said: str) -> None:
    name = make_key(tmp_path / "one.key", *kind)
    with pytest.raises(Failure, match=said) as caught:
        sign_key.read(name)
    assert caught.value.status == Exit.USAGE
    (tmp_path / "one.key").write_text(
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    )
    with pytest.raises(Failure, match="no RSA private key"):
        sign_key.read(name)


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="openssl genpkey") as caught:
        sign_key.read(tmp_path / "none")
    assert caught.value.status == Exit.MISSING


@pytest.mark.parametrize("asked", ["key", "slots"])
def test_a_board_without_fit_is_told(board: Board, tmp_path: Path, asked: str) -> None:
    key = make_key(tmp_path / "one.key", *RSA, "rsa_keygen_bits:2048") if asked == "key" else None
    slots = Where(tmp_path / "x.toml", 5)
    deployment = Deployment(
        "x", board.name, (), slots=2 if key is None else 1, key_where={"deployment.slots": slots}
    )
    report = Report()
    formats.check(deployment, board, key, report)
    assert not report.found
    formats.check(deployment, replace(board, formats=("bin", "flash")), key, report)
    (found,) = report.found
    assert found.code == "E-board-no-fit" and "boots from bin, flash alone" in found.message
    assert ("--sign-key" in found.message) == (key is not None)
    assert found.cure and (found.where == slots or key is not None)


def test_formats_of_earlier_builds_do_not_stay(tmp_path: Path) -> None:
    for name in ("firmware.bin", "firmware.elf", "firmware.itb", "boot.scr", "sd.img", "mine"):
        (tmp_path / name).touch()
    formats.remove(tmp_path, {"firmware.bin"})
    assert {path.name for path in tmp_path.iterdir()} == {"firmware.bin", "firmware.elf", "mine"}
