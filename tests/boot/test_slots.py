# SPDX-License-Identifier: Apache-2.0
"""Signed FIT images and two slots: Debian's U-Boot verifies, refuses, and falls back."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gen.emit.flash_guide import commands
from machine import BUILT, ROOT, Machine, board, build, by_u_boot_script

KEY = "field"


@dataclass(frozen=True)
class Signed:
    folder: Path  # of the build
    tree: Path  # U-Boot's, with the public key
    keys: Path

    def told(self, title: str) -> list[str]:
        return commands((self.folder / "FLASH.txt").read_text(), title)

    def machine(self, name: str, slots: Mapping[str, Path], *more: str) -> Machine:
        """U-Boot that has the key, with boot.scr and these slots on its disk."""
        files = {"boot.scr": self.folder / "boot.scr"}
        files |= {f"slot-{slot}.itb": file for slot, file in slots.items()}
        disk = by_u_boot_script(self.folder, f"disk-{name}", files)
        return Machine(board("-dtb", str(self.tree), *disk, *more))


def tool(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def make_key(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    key = str(folder / f"{name}.key")
    tool("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
    request = ("openssl", "req", "-batch", "-new", "-x509", "-key", key)
    tool(*request, "-out", str(folder / f"{name}.crt"))


@pytest.fixture(scope="module")
def signed() -> Signed:
    keys = BUILT / "slots-keys"
    make_key(keys, KEY)
    options = ("--set", "deployment.slots=2", "--sign-key", str(keys / KEY))
    folder = build(ROOT / "configs/board.toml", "slots", *options)
    tree = folder / "u-boot.dtb"
    tool(*board("-machine", f"dumpdtb={tree}"))
    found = Signed(folder, tree, keys)
    for command in found.told("Signature: the public key into U-Boot's device tree, once"):
        tool(*command.split(), cwd=folder)
    return found


def changed(image: Path) -> Path:
    """With one bit of the hypervisor turned."""
    data = bytearray(image.read_bytes())
    at = data.index(b"bulkhead-build-info")
    data[at] ^= 1
    target = image.with_name("changed.itb")
    target.write_bytes(data)
    return target


def signed_otherwise(signed: Signed) -> Path:
    """The same image by another key of the same name: its hashes are right."""
    make_key(signed.folder / "other-keys", KEY)
    target = signed.folder / "otherwise.itb"
    source = str(signed.folder / "firmware.its")
    tool("mkimage", "-f", source, "-k", str(signed.folder / "other-keys"), str(target))
    return target


def test_a_changed_slot_is_refused_and_the_other_starts(signed: Signed) -> None:
    good = signed.folder / "firmware.itb"
    with signed.machine("changed", {"a": changed(good), "b": good}) as machine:
        machine.expect("^slot a: starting$")
        machine.expect(r"Verifying Hash Integrity \.\.\. sha256,rsa2048:field\+ OK")
        machine.expect("Bad Data Hash")
        machine.expect("^slot a: refused$")
        machine.expect("^slot b: starting$")
        machine.expect(r"sha256,rsa2048:field\+ OK")
        machine.wait_off()
    assert machine.text.count("Bulkhead: deployment 'board'") == 1


def test_what_the_key_did_not_sign_never_starts(signed: Signed) -> None:
    """Hashes that are right do not help; neither does a slot that is not there."""
    with signed.machine("otherwise", {"a": signed_otherwise(signed)}) as machine:
        machine.expect("Failed to verify required signature")
        machine.expect("^slot a: refused$")
        machine.expect("^slot b: refused$")
    assert "Starting kernel" not in machine.text and "Bulkhead:" not in machine.text


def test_an_image_without_a_signature_never_starts(signed: Signed) -> None:
    plain = build(ROOT / "configs/board.toml", "board")
    with signed.machine("plain", {"a": plain / "firmware.itb"}) as machine:
        machine.expect("^slot a: refused$")
        machine.expect("^slot b: refused$")
    assert "Starting kernel" not in machine.text and "Bulkhead:" not in machine.text


def test_the_other_slot_is_chosen_at_the_prompt(signed: Signed) -> None:
    good = signed.folder / "firmware.itb"
    with signed.machine("chosen", {"a": good, "b": good}) as machine:
        machine.expect("Hit any key to stop autoboot")
        machine.type(" ")
        for command in signed.told("U-Boot: two slots"):
            machine.expect("^=> ")
            machine.type(f"{command}\n")
        machine.expect("^slot b: starting$")
        machine.wait_off()
    assert "slot a" not in machine.text and "Bulkhead: deployment 'board'" in machine.text


def try_slot_b(signed: Signed, machine: Machine) -> None:
    machine.expect("Hit any key to stop autoboot")
    machine.type(" ")
    for command in signed.told("U-Boot: a new slot, once"):
        machine.expect("^=> ")
        machine.type(f"{command}\n")


def test_a_slot_is_not_tried_where_nothing_can_be_saved(signed: Signed) -> None:
    """This U-Boot and QEMU's flash do not agree on how it is written."""
    slots = {slot: signed.folder / "firmware.itb" for slot in "ab"}
    with signed.machine("unsaved", slots) as machine:
        try_slot_b(signed, machine)
        machine.expect("^slot b: not tried, as the environment can not be saved$")
        machine.expect("^slot a: starting$")
        machine.wait_off()
    assert "slot b: starting" not in machine.text and "Bulkhead: deployment" in machine.text


def test_a_new_slot_is_tried_once(signed: Signed) -> None:
    """The script itself, with a saveenv that succeeds and where what it would save is printed."""
    slots = {f"slot-{slot}.itb": signed.folder / "firmware.itb" for slot in "ab"}
    script = (signed.folder / "boot.cmd").read_text()
    assert script.count("if saveenv; then") == 1
    saves = script.replace("if saveenv; then", 'if echo "saved: <${slot_try}>"; then')
    disk = by_u_boot_script(signed.folder, "disk-tried", slots, saves.splitlines())
    with Machine(board("-dtb", str(signed.tree), *disk)) as machine:
        try_slot_b(signed, machine)
        machine.expect("^saved: <>$")
        machine.expect("^slot b: tried once$")
        machine.expect("^slot b: starting$")
        machine.wait_off()
    assert "slot a" not in machine.text and "Bulkhead: deployment" in machine.text


def test_signing_changes_the_fit_alone(signed: Signed) -> None:
    """And gives the same bytes again."""
    its = (signed.folder / "firmware.its").read_text()
    assert 'algo = "sha256,rsa2048"' in its and f'key-name-hint = "{KEY}"' in its
    before = (signed.folder / "firmware.itb").read_bytes()
    (signed.folder / "firmware.itb").unlink()
    options = ("--set", "deployment.slots=2", "--sign-key", str(signed.keys / KEY))
    build(ROOT / "configs/board.toml", "slots", *options)
    assert (signed.folder / "firmware.itb").read_bytes() == before
    make_key(signed.keys, KEY)  # a new one of this name
    build(ROOT / "configs/board.toml", "slots", *options)
    assert (signed.folder / "firmware.itb").read_bytes() != before
    unsigned = build(ROOT / "configs/board.toml", "slots", "--set", "deployment.slots=2")
    report = json.loads((unsigned / "report.json").read_text())
    assert "signature" not in (unsigned / "firmware.its").read_text()
    assert b"signature" not in (unsigned / "firmware.itb").read_bytes()[:2048]
    assert report["deployment"] == "board"
    shutil.rmtree(signed.folder / "other-keys", ignore_errors=True)
