# SPDX-License-Identifier: Apache-2.0
"""./build.py as a user starts it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gen.tool.paths import ROOT

BUILD = str(ROOT / "build.py")
GOOD = """\
schema = 1
[deployment]
name = "{name}"
board = "qemu-virt-aarch64"
[[vm]]
name = "one"
cpus = [0]
ram = "16M"
unikernel = "one"
"""
MAIN = '#include <stdio.h>\nint main(void)\n{\n    puts("hello");\n    return 0;\n}\n'


def build(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [BUILD, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/main.c").write_text(MAIN)
    config = tmp_path / "test.toml"
    config.write_text(GOOD.format(name="command-test"))
    return config


def test_help_names_every_option_and_status() -> None:
    said = build("--help").stdout
    options = "--setup --yes --run --timeout --qemu-arg --check --show-config --boards --devices"
    options += " --new --linux --unikernel --import-axvm --board --explain --set --menuconfig --json --offline --out --jobs"
    options += " --verbose --quiet --golden --info --sign-key --export-guests --gdb --gdb-arg"
    for option in options.split():
        assert option in said
    assert "7 timeout" in said and "8 other than golden" in said


def test_wrong_option_is_status_2() -> None:
    assert build("--nothing").returncode == 2


def test_another_python_hands_over(tmp_path: Path) -> None:
    """A python that lies elsewhere may not have Debian's modules: it starts Debian's."""
    other = tmp_path / "python3"
    shutil.copy(os.path.realpath(sys.executable), other)
    code = "import sys; sys.argv = ['build.py', '--boards']; sys.modules['kconfiglib'] = None; "
    code += f"import runpy; runpy.run_path({BUILD!r}, run_name='__main__')"
    done = subprocess.run([other, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "qemu-virt-aarch64" in done.stdout


def test_bad_deployment_is_status_1_with_place_and_cure(deployment: Path) -> None:
    deployment.write_text(deployment.read_text().replace("ram =", "rma ="))
    done = build("--check", "test.toml", cwd=deployment.parent)
    assert done.returncode == 1
    assert "test.toml:8: error[E-key-unknown]" in done.stderr
    assert "cure:" in done.stderr


def test_a_place_that_takes_no_files_is_told(deployment: Path) -> None:
    done = build("test.toml", "--out", "test.toml/out", cwd=deployment.parent)
    assert done.returncode == 4
    assert done.stderr.splitlines()[-1].endswith("test.toml/out: Not a directory")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--out", "--export-guests"])
def test_a_place_that_can_not_be_made_is_told(deployment: Path, option: str) -> None:
    done = build("test.toml", option, "/proc/none", cwd=deployment.parent)
    assert done.returncode == 4
    assert done.stderr.splitlines()[-1].startswith("error: /proc/none")
    assert done.stderr.splitlines()[-1].endswith(": can't be made")
    assert "Traceback" not in done.stderr


def test_what_no_build_wrote_is_not_overwritten(deployment: Path) -> None:
    before = sorted(deployment.parent.rglob("*"))
    for folder, words in ((".", "holds what no build wrote"), ("one/main.c", "is no folder")):
        done = build("test.toml", "--out", folder, cwd=deployment.parent)
        assert done.returncode != 0 and words in done.stderr.splitlines()[-1]
    assert sorted(deployment.parent.rglob("*")) == before


def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    done = build("loop.toml", "--check", cwd=tmp_path)
    assert done.returncode == 3
    assert "cannot be read: Too many levels of symbolic links" in done.stderr


def test_menuconfig_without_a_terminal(deployment: Path) -> None:
    done = build(deployment, "--menuconfig")
    assert done.returncode == 2 and "--menuconfig needs a terminal" in done.stderr


def test_a_unikernel_larger_than_its_ram(deployment: Path) -> None:
    large = "static volatile char large[32 << 20];\nint main(void)\n{\n    return large[1];\n}\n"
    (deployment.parent / "one/main.c").write_text(large)
    done = build("test.toml", "--check", cwd=deployment.parent)
    assert done.returncode == 4
    assert "linking unikernel one for 16M of RAM failed:" in done.stderr
    assert done.stderr.count("the VM's RAM is too small for its unikernel") == 1


def test_a_name_without_its_ending(deployment: Path) -> None:
    done = build("test", "--check", cwd=deployment.parent)
    assert done.returncode == 3
    assert "cure: did you mean test.toml?" in done.stderr


def test_a_misspelt_code_or_key() -> None:
    for wrong, meant in (("E-cpu-shard", "E-cpu-shared"), ("vm.cpu", "vm.cpus")):
        done = build("--explain", wrong)
        assert done.returncode == 2 and f"did you mean {meant}?" in done.stderr


def test_json_of_a_bad_deployment(deployment: Path) -> None:
    deployment.write_text(deployment.read_text().replace("ram =", "rma ="))
    found = json.loads(build("--check", "--json", deployment).stdout)
    assert found["status"] == 1
    assert "E-key-unknown" in [item["code"] for item in found["findings"]]


def test_missing_tool_is_status_3(deployment: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dtc", "sh", "env"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run(
        [BUILD, str(deployment), "--out", str(tmp_path / "out")],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert "is missing; run: ./build.py --setup" in done.stderr


def test_missing_module_is_status_3(deployment: Path, tmp_path: Path) -> None:
    (tmp_path / "libfdt.py").write_text("raise ModuleNotFoundError(name='libfdt')\n")
    done = subprocess.run(
        [BUILD, str(deployment), "--check"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert "Python module libfdt is missing; run: ./build.py --setup" in done.stderr


def test_only_what_changed_is_made_again(deployment: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = build(deployment, "--out", out)
    assert first.returncode == 0, first.stderr
    assert "of 64 MiB" in first.stdout and f"  files  {out}/firmware.bin  " in first.stdout
    assert ": 1 VM on 1 of 4 CPUs" in first.stdout

    there = build(deployment, "--out", out, cwd=tmp_path)
    assert "  files  out/firmware.bin  " in there.stdout, "as one sees it from there"

    again = build(deployment, "--out", out, "-v")
    assert again.stdout == first.stdout
    assert again.stderr == ""  # not even the deployment was read

    before = (out / "firmware.bin").read_bytes()
    source = tmp_path / "one/main.c"
    source.write_text(MAIN.replace("hello", "other"))
    changed = build(deployment, "--out", out, "-v")
    assert changed.returncode == 0, changed.stderr
    compiled = [
        line.strip() for line in changed.stderr.splitlines() if ".c" in line or ".S" in line
    ]
    own = [name for name in compiled if "/gen/" not in name]
    assert own == [str(source)]
    assert (out / "firmware.bin").read_bytes() != before

    (out / "firmware.bin").unlink()
    assert build(deployment, "--out", out).returncode == 0
    assert (out / "firmware.bin").exists()


def test_same_deployment_twice_at_once(deployment: Path, tmp_path: Path) -> None:
    """One of them makes it: what it made is not written again, maybe under the eyes of its user."""
    out = tmp_path / "out"
    command = [BUILD, str(deployment), "--out", str(out)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [child.communicate(timeout=300)[1] for child in both]
    assert [child.returncode for child in both] == [0, 0], said
    assert "".join(said).count("planning") == 1, said


def test_boards_and_devices() -> None:
    boards = json.loads(build("--boards", "--json").stdout)["boards"]
    assert "qemu-virt-aarch64" in [board["name"] for board in boards]
    devices = json.loads(build("--devices", "qemu-virt-aarch64", "--json").stdout)["devices"]
    uart = next(device for device in devices if device["path"] == "/pl011@9000000")
    assert uart["interrupts"][0]["intid"] == uart["interrupts"][0]["number"] + 32


def test_devices_that_meet() -> None:
    done = build("--devices", "rpi4", "--json")
    found = {row["path"]: row for row in json.loads(done.stdout)["devices"]}
    uart = found["/soc/serial@7e201600"]
    assert "/soc/serial@7e201000" in uart["page_mates"]
    assert "/soc/serial@7e201000" in uart["interrupt_mates"]
    assert not found["/soc/gpio@7e200000"]["page_mates"]


@pytest.mark.parametrize(("option", "status"), [("--check", 0), ("--out", 1)])
def test_board_that_is_planned_for_alone(tmp_path: Path, option: str, status: int) -> None:
    """--check makes the plan; a build says what is missing, and makes nothing."""
    (tmp_path / "guest.bin").write_bytes(bytes(64))
    (tmp_path / "x.toml").write_text(
        'schema = 1\n[deployment]\nboard = "rk3399"\n[[vm]]\nname = "a"\ncpus = [0]\n'
        'ram = "16M"\nkernel = "guest.bin"\n'
    )
    out = [] if option == "--check" else [tmp_path / "out"]
    done = build(tmp_path / "x.toml", option, *out)
    assert done.returncode == status
    kind = "warning[W" if status == 0 else "error[E"
    assert f"{kind}-board-unsupported]" in done.stderr and "PLATFORM_DW8250" in done.stderr
    assert not (tmp_path / "out/firmware.bin").exists()


def test_explain() -> None:
    assert "Cure" in build("--explain", "E-build-symbol").stdout
    assert "vm.ram" in build("--explain", "vm.ram").stdout
    assert build("--explain", "no-such-word").returncode == 2


def test_show_config_merges_what_is_set(deployment: Path) -> None:
    said = build("--show-config", deployment, "--set", "vm.one.ram=32M").stdout
    assert json.loads(said)["vm"][0]["ram"] == "32M"


def copy_repository(target: Path) -> None:
    """What a build reads; what is fetched and the libraries are shared, compiled objects are not."""
    (target / "build/cache").mkdir(parents=True)
    for shared in (ROOT / "build/cache").iterdir():
        if shared.name != "objects":
            (target / "build/cache" / shared.name).symlink_to(shared)
    for part in ("arch", "gen", "guest", "loader", "platform", "vdev"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, target / part, ignore=ignored)
    for name in ("Kconfig", "LICENSE", "build.py"):
        shutil.copy(ROOT / name, target)


def test_same_image_wherever_everything_lies(deployment: Path, tmp_path: Path) -> None:
    """The repository and a deployment beside it, copied to another folder."""
    first, second = tmp_path / "a", tmp_path / "b/deeper"
    copy_repository(first / "repository")
    shutil.copytree(deployment.parent / "one", first / "one")
    shutil.copy(deployment, first)
    shutil.copytree(first, second, symlinks=True)
    images = []
    for place in (first, second):
        command = [str(place / "repository/build.py"), str(place / deployment.name), "-q"]
        command += ["--out", str(place / "out")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        names = ("firmware.bin", "firmware.itb", "FLASH.txt", "sbom.spdx.json", "NOTICE")
        images.append([(place / "out" / name).read_bytes() for name in names])
    assert images[0] == images[1]


def test_missing_module_is_one_line_with_its_cure(tmp_path: Path, deployment: Path) -> None:
    module = "raise ModuleNotFoundError(\"No module named 'libfdt'\", name='libfdt')\n"
    (tmp_path / "libfdt.py").write_text(module)
    done = subprocess.run(
        [BUILD, str(deployment)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == (
        "error: Python module libfdt is missing; run: ./build.py --setup"
    )
