# SPDX-License-Identifier: Apache-2.0
"""--export-guests: images may be missing, and are told as what is provisional; what the device tree is
made of may not."""

from __future__ import annotations

import subprocess
from pathlib import Path

from gen.diagnostics import Exit
from gen.tool.paths import ROOT

DEPLOYMENT = """\
schema = 1
[deployment]
name = "export-test"
board = "qemu-virt-aarch64"
[[vm]]
name = "linux"
cpus = [0]
ram = "64M"
kernel = "Image"
initrd = "initrd"
{more}
"""


def export(folder: Path, more: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "d.toml").write_text(DEPLOYMENT.format(more=more))
    command = [ROOT / "build.py", folder / "d.toml", "--out", folder / "build"]
    command += ["--export-guests", folder / "exported"]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_missing_images_are_told_in_the_files(tmp_path: Path) -> None:
    done = export(tmp_path)
    assert done.returncode == Exit.OK, done.stderr
    summary = (tmp_path / "exported/linux/memory.txt").read_text()
    assert "Provisional: Image is not there." in summary
    assert "Provisional: initrd is not there." in summary
    (tmp_path / "initrd").write_bytes(bytes(5000))
    assert export(tmp_path).returncode == Exit.OK
    summary = (tmp_path / "exported/linux/memory.txt").read_text()
    assert "initrd is not there" not in summary and "initial RAM disk" in summary


def test_a_missing_tree_is_an_error(tmp_path: Path) -> None:
    for more, key in (('dtb = "no.dtb"', "dtb"), ('dtb_overlay = ["no.dtbo"]', "dtb_overlay")):
        done = export(tmp_path, more)
        assert done.returncode == Exit.MISSING, done.stderr
        assert f"error[E-file-missing]: vm.linux.{key}: " in done.stderr
        assert "Image" not in done.stderr
    assert not (tmp_path / "exported").exists()


def test_an_error_of_the_deployment_ends_it(tmp_path: Path) -> None:
    done = export(tmp_path, 'devices = ["/no-such-device"]')
    assert done.returncode == Exit.CONFIG and "/no-such-device" in done.stderr
    assert not (tmp_path / "exported").exists()
