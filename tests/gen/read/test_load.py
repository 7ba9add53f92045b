# SPDX-License-Identifier: Apache-2.0
"""The deployment as the planner gets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen.diagnostics import Report
from gen.read.deployment import Deployment, DeviceIrq, Memory
from gen.read.keys import parse_size, parse_time, show_size
from gen.read.files import check_files
from gen.read.load import load_deployment

FULL = """\
schema = 1
[deployment]
name = "full"
board = "qemu-virt-aarch64"
variant = "4G"
console = { mode = "log", uart = "serial0" }
max_size = "16M"
[vars]
images = "images"
[build]
LOG_LEVEL = "debug"
STACK_SIZE = 4096
[template.linux]
on_crash = "restart"
restart = { max = 5, window = "2m" }
kernel = { image = "${images}/Image", load_gpa = 0x4020_0000 }
ram = "1G"
[[vm]]
name = "control"
cpus = [0]
ram = "16M"
unikernel = "demo/control"
[[vm]]
name = "linux"
template = "linux"
cpus = [1, "cpu@2"]
memory = [{ gpa = 0x4000_0000, size = "256M" }, { gpa = "0x8000_0000", size = 4096, flags = "rw" }]
restart = { backoff = "1s" }
initrd = "${images}/initrd"
bootargs = "a $$b"
dtb = "guest.dts"
dtb_overlay = ["x.dtso"]
features = ["pmu"]
devices = ["/pl031@9010000"]
passthrough = [{ name = "p", gpa = 0x900_0000, size = "4K", spi = [1, 2] }]
emulated = [{ type = "pl011", gpa = 0xa00_0000, spi = 3 }]
defaults = false
scrub = false
[[vm.device]]
path = "/pl061@9030000"
irq = [{ spi = 7, guest_spi = 40, trigger = "edge" }]
[[channel]]
name = "telemetry"
size = "64K"
from = "control"
to = ["linux"]
[[channel]]
name = "wide"
size = 100
doorbell = false
keep = true
peers = [{ vm = "linux", access = "rw", gpa = 0x1_0000_0000, spi = 9 }, { vm = "control", access = "ro", rings = [] }]
[test]
timeout = "5s"
expect = ["control: ready"]
"""


def load(tmp_path: Path, text: str, *sets: str) -> tuple[Deployment | None, Report]:
    path = tmp_path / "full.toml"
    path.write_text(text)
    report = Report()
    made = load_deployment(path, sets, report)
    return made if made is not None and made.complete else None, report


@pytest.fixture(name="full")
def full_deployment(tmp_path: Path) -> Deployment:
    deployment, report = load(tmp_path, FULL)
    assert not report.found
    assert deployment is not None
    return deployment


def test_head(full: Deployment, tmp_path: Path) -> None:
    assert (full.name, full.board, full.variant) == ("full", "qemu-virt-aarch64", "4G")
    assert (full.console.mode, full.console.uart) == ("log", "serial0")
    assert full.max_size == 16 << 20
    assert full.build == {"LOG_LEVEL": "debug", "STACK_SIZE": 4096}
    assert full.test is not None and full.test.timeout_ms == 5000
    assert full.sources == (tmp_path / "full.toml",)
    assert full.key_where["build.STACK_SIZE"].line == 12
    assert full.key_where["deployment.board"].line == 4


def test_vm(full: Deployment, tmp_path: Path) -> None:
    control, linux = full.vms
    assert control.memory == (Memory(None, 16 << 20, where=control.at("ram")),)
    assert control.unikernel == tmp_path / "demo/control"
    assert (control.on_crash, control.on_reset, control.on_off) == ("halt", "restart", "halt")
    assert linux.cpus == (1, "cpu@2")
    assert [(m.gpa, m.size, m.flags) for m in linux.memory] == [
        (0x4000_0000, 256 << 20, "rwx"),
        (0x8000_0000, 4096, "rw"),
    ]
    assert linux.initrd == tmp_path / "images/initrd"
    assert linux.bootargs == "a $b"
    assert linux.dtb == tmp_path / "guest.dts"
    assert linux.dtb_overlay == (tmp_path / "x.dtso",)
    assert [d.path for d in linux.devices] == ["/pl031@9010000", "/pl061@9030000"]
    assert linux.devices[1].irq == (DeviceIrq(7, 40, "edge"),)
    assert linux.passthrough[0].spi == (1, 2) and linux.passthrough[0].hpa is None
    assert (linux.emulated[0].gpa, linux.emulated[0].spi) == (0xA00_0000, 3)
    assert not linux.defaults and not linux.scrub


def test_template_gives_what_the_vm_does_not_set(full: Deployment, tmp_path: Path) -> None:
    linux = full.vms[1]
    assert linux.on_crash == "restart"
    assert linux.kernel is not None
    assert linux.kernel.image == tmp_path / "images/Image"
    restart = linux.restart
    assert (restart.max, restart.window_ms, restart.backoff_ms) == (5, 120_000, 1000)
    assert linux.at("on_crash").line == 14
    assert linux.at("scrub").line == 38


def test_channels(full: Deployment) -> None:
    telemetry, wide = full.channels
    assert [(p.vm, p.access, p.rings) for p in telemetry.peers] == [
        ("control", "rw", None),
        ("linux", "ro", None),
    ]
    assert telemetry.doorbell and not telemetry.keep
    assert (wide.size, wide.doorbell, wide.keep) == (100, False, True)
    assert (wide.peers[0].gpa, wide.peers[0].spi) == (0x1_0000_0000, 9)
    assert wide.peers[1].rings == ()


def test_sets_win(tmp_path: Path) -> None:
    deployment, report = load(
        tmp_path, FULL, "vm.linux.ram=32M", "build.LTO=true", "deployment.name=other"
    )
    assert not report.found and deployment is not None
    assert deployment.vms[1].memory[0].size == 32 << 20
    assert len(deployment.vms[1].memory) == 1
    assert deployment.build["LTO"] is True
    assert deployment.name == "other"
    assert deployment.vms[1].where.line == 23


def test_merged_is_toml_able(full: Deployment) -> None:
    assert full.merged["vm"][1]["on_crash"] == "restart"
    assert full.merged["vm"][1]["kernel"]["image"] == "images/Image"
    assert "ram" not in full.merged["vm"][1]


def test_all_errors_in_one_go(tmp_path: Path) -> None:
    text = FULL.replace("cpus = [0]", "cpus = 0").replace('"16M"\n[vars]', '"x"\n[vars]')
    deployment, report = load(tmp_path, text.replace('from = "control"', 'from = "contrl"'))
    assert deployment is None
    codes = [found.code for found in report.found]
    assert codes == ["E-bad-value", "E-wrong-type", "E-peer-unknown"]
    assert 'did you mean "control"?' == report.found[2].cure


def test_a_template_s_error_is_told_once(tmp_path: Path) -> None:
    text = FULL.replace('on_crash = "restart"', 'on_crash = "rstart"')
    _, report = load(tmp_path, text.replace('name = "control"', 'name = "c"\ntemplate = "linux"'))
    assert [f.message for f in report.found if f.code == "E-bad-value"] == [
        'template.linux.on_crash = "rstart": expected "halt" | "restart" | "reset-board"'
    ]


def test_a_missing_schema_is_a_warning(tmp_path: Path) -> None:
    deployment, report = load(tmp_path, FULL.replace("schema = 1\n", ""))
    assert deployment is not None
    assert [found.code for found in report.found] == ["W-schema-missing"]


def test_name_comes_from_the_file(tmp_path: Path) -> None:
    deployment, _ = load(tmp_path, FULL.replace('name = "full"\n', ""))
    assert deployment is not None and deployment.name == "full"
    path = tmp_path / "2 b.toml"
    path.write_text(FULL.replace('name = "full"\n', ""))
    report = Report()
    made = load_deployment(path, (), report)
    assert made is not None and not made.complete
    assert [found.code for found in report.found] == ["E-bad-name"]


def test_board_paths_start_from_the_file(tmp_path: Path) -> None:
    deployment, _ = load(tmp_path, FULL.replace('"qemu-virt-aarch64"', '"./boards/mine"'))
    assert deployment is not None and deployment.board == str(tmp_path / "boards/mine")


def test_missing_guest_files(full: Deployment, tmp_path: Path) -> None:
    report = Report()
    check_files(full, report)
    assert [found.code for found in report.found] == ["E-file-missing"] * 5
    for name in ("images/Image", "images/initrd", "guest.dts", "x.dtso", "demo/control/main.c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    report = Report()
    check_files(full, report)
    assert not report.found


def test_a_path_from_another_folder(
    full: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "elsewhere"
    (here / "images").mkdir(parents=True)
    (here / "images/Image").write_text("x")
    (here / "demo").mkdir()
    (here / "demo/control").mkdir()
    (tmp_path / "guest.dts").mkdir()
    monkeypatch.chdir(here)
    report = Report()
    check_files(full, report)
    cures = {found.message.split(":")[0]: found.cure for found in report.found}
    start = "relative paths start from the folder of full.toml: write "
    assert cures["vm.linux.kernel"] == f'{start}"elsewhere/images/Image"'
    assert cures["vm.control.unikernel"] == f'{start}"elsewhere/demo/control"'
    assert cures["vm.linux.initrd"] == "correct the path"
    assert "vm.linux.dtb: " + f"{tmp_path}/guest.dts is a folder" in [
        found.message for found in report.found
    ]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64K", 65536),
        ("1G", 1 << 30),
        ("0x4000_0000", 1 << 30),
        ("0x10K", 16384),
        ("4096", 4096),
        ("1_000", 1000),
        ("", None),
        ("K", None),
        ("16k", None),
        ("-1", None),
        ("0x", None),
        ("0x_", None),
        ("1.5M", None),
    ],
)
def test_sizes(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "time"), [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("5", None), ("1h", None)]
)
def test_times(text: str, time: int | None) -> None:
    assert parse_time(text) == time


def test_show_size() -> None:
    assert [show_size(n) for n in (0, 100, 4096, 1 << 20, 3 << 30)] == [
        "0",
        "100",
        "4K",
        "1M",
        "3G",
    ]
