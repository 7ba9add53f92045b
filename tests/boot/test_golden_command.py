# SPDX-License-Identifier: Apache-2.0
"""--golden update and check on a deployment of the user's own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from machine import ROOT

DEPLOYMENT = """\
schema = 1
[deployment]
name = "kept"
board = "qemu-virt-aarch64"
[[vm]]
name = "one"
cpus = [0]
ram = "4M"
unikernel = "one"
[[vm]]
name = "two"
cpus = [1]
ram = "4M"
unikernel = "two"
"""
MAIN = '#include <stdio.h>\nint main(void)\n{{\n    puts("{}");\n    return 0;\n}}\n'


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "main.c").write_text(MAIN.format(f"I am {name}"))
    (folder / "kept.toml").write_text(DEPLOYMENT)
    return folder / "kept.toml"


def build(config: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "build.py"), str(config), "--out", str(config.parent / "out"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_check_without_a_kept_build(config: Path) -> None:
    done = build(config, "--golden", "check")
    assert done.returncode == 3
    assert "kept.golden does not exist; make it: ./build.py" in done.stderr


def test_a_build_that_is_kept_checks(config: Path) -> None:
    """Whatever else changes but does not reach the image."""
    assert build(config, "--golden", "update").returncode == 0
    place = config.with_suffix(".golden")
    assert {path.name for path in place.iterdir()} == {
        "manifest.json",
        "report.json",
        "transcript.txt",
    }
    said = (place / "transcript.txt").read_text()
    assert said.startswith("QEMU emulator") and "[two] I am two\n" in said
    assert "[bulkhead] all VMs are off: board off\n" in said
    config.write_text(f"# another comment\n{DEPLOYMENT}")
    done = build(config, "--golden", "check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("kept.golden: the same\n")


def test_a_change_is_told_in_words(config: Path) -> None:
    main = config.parent / "one/main.c"
    main.write_text(MAIN.format("I was one"))
    done = build(config, "--golden", "check")
    assert done.returncode == 8
    assert "VM one: the guest sees a difference\n" in done.stdout
    assert "VM two: unchanged\n" in done.stdout
    assert "console of one: says something else\n" in done.stdout
    assert "    -I am one\n    +I was one\n" in done.stdout
    assert "console of two" not in done.stdout
    assert "bytes: firmware.bin" in done.stdout
    assert "--golden update keeps this one" in done.stderr


def test_update_tells_what_it_keeps(config: Path) -> None:
    done = build(config, "--golden", "update", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["golden"]
    assert "console of one: says something else" in told["different"]
    assert set(told["changed"]) == {"manifest.json", "report.json", "transcript.txt"}
    assert build(config, "--golden", "check").returncode == 0


def test_a_boot_that_does_not_end_is_told(config: Path) -> None:
    endless = MAIN.format("for ever").replace("return 0;", "for (;;) {\n    }")
    (config.parent / "two/main.c").write_text(endless)
    done = build(config, "--golden", "update", "--timeout", "2")
    assert done.returncode == 7
    assert "a boot that is kept must end" in done.stderr
    test = '[test]\ntimeout = "60s"\nexpect = ["two: for ever"]\n'
    config.write_text(f"{DEPLOYMENT}{test}")
    done = build(config, "--golden", "update")
    assert done.returncode == 0, done.stderr
    said = config.with_suffix(".golden").joinpath("transcript.txt").read_text()
    assert said.endswith("[two] for ever\n")
