# SPDX-License-Identifier: Apache-2.0
"""What stands in for missing files."""

from __future__ import annotations

from pathlib import Path

from gen.diagnostics import Report
from gen.read.load import load_deployment
from gen.tool.absent import with_stand_ins

TEXT = """schema = 1
[deployment]
name = "t"
board = "qemu-virt-aarch64"
[[vm]]
name = "a"
cpus = [0]
ram = "16M"
kernel = "{kernel}"
"""


def test_a_kernel_that_is_no_file_name(tmp_path: Path) -> None:
    """A folder, by any of its names: the stand-in is a file of its own."""
    for kernel in (".", "..", "./", "../.."):
        (tmp_path / "d.toml").write_text(TEXT.format(kernel=kernel))
        deployment = load_deployment(tmp_path / "d.toml", [], Report())
        assert deployment is not None
        [vm] = with_stand_ins(deployment, frozenset(), tmp_path / "in").vms
        assert vm.kernel is not None and vm.kernel.image.is_file()
        assert vm.kernel.image.parent == tmp_path / "in" / "a"
