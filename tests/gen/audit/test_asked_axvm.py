# SPDX-License-Identifier: Apache-2.0
"""AxVM's VM files, read by the audit itself: it finds what the generator finds, and an image that is not
what the file asks for is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gen.audit import audit
from gen.audit.asked import Asked, read_asked
from gen.audit.asked_file import NotRead
from gen.tool.paths import FETCH, ROOT

sys.path.append(str(ROOT / "tests/gen/axvm"))

import outcomes  # noqa: E402
from axvm_world import plan, write_deployment  # noqa: E402

from attempts import built, failed  # noqa: E402

GUEST = ROOT / "tests/guests/axvm"
GIVEN = {"fetch": str(FETCH), "root": str(ROOT)}


def asked(file: Path) -> Asked:
    return read_asked(file, (), GIVEN, ROOT / "platform")


@pytest.mark.parametrize("name", outcomes.QEMU)
def test_a_published_file_asks_for_what_is_planned(name: str, tmp_path: Path) -> None:
    files = [(outcomes.PUBLISHED / f"{name}.toml", outcomes.QEMU[name])]
    made = plan(tmp_path, files).plan
    assert made is not None
    vm = asked(write_deployment(tmp_path, files)).vms[0]
    planned = made.vms[0]
    mine = [(ram.gpa, ram.size) for ram in vm.ram] + [(win.gpa, win.size) for win in vm.windows]
    assert sorted(mine) == sorted((m.gpa, m.size) for m in planned.mappings)
    assert {win.gpa: win.hpa for win in vm.windows}.items() <= {
        m.gpa: m.hpa for m in planned.mappings
    }.items()
    assert (vm.mode, vm.entry) == (planned.vm.interrupts, planned.entry_gpa)
    assert vm.cpus == [made.board.cpus[n].hardware_id for n in planned.vm.cpus]
    assert set(vm.spis) <= {irq.spi for irq in planned.irqs} and vm.spis


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """firmware.elf of tests/guests/axvm."""
    guest = ROOT / "build/tests/axvm.bin"
    subprocess.run([sys.executable, GUEST / "build.py", guest], check=True, timeout=60)
    return built(GUEST / "deployment.toml", tmp_path_factory.mktemp("axvm"))


def against(image: Path, folder: Path, file: str, old: str, new: str) -> set[str]:
    """Codes that fail where an AxVM file asks for something else than what the image has."""
    for path in GUEST.glob("*.toml"):
        text = path.read_text().replace("../../../build", str(ROOT / "build"))
        if path.name == file:
            assert text.count(old) == 1
            text = text.replace(old, new)
        (folder / path.name).write_text(text)
    source = audit.Source(folder / "deployment.toml", (), GIVEN, ROOT / "platform")
    return failed(audit.audit(image, source))


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("first.toml", "0x100_0000, 0x7, 1", "0x80_0000, 0x7, 1", "memory"),
        ("first.toml", "0x100_0000, 0x7, 1", "0x100_0000, 0x3, 1", "memory"),
        ("second.toml", "flags = 0xf", "flags = 0x1f", "memory"),
        ("first.toml", "0x901_0000, 0x901_0000", "0x902_0000, 0x902_0000", "memory"),
        ("second.toml", '[["/pl061@9030000"]]', "[]", "memory"),
        (
            "second.toml",
            '[["/pl061@9030000"]]',
            '[["/pl061@9030000"], ["/pl031@9010000"]]',
            "memory",
        ),
        ("second.toml", '[["/pl061@9030000"]]', "[]", "interrupts"),
        ("first.toml", "phys_cpu_ids = [0x1]", "phys_cpu_ids = [0x0]", "vms"),
        ("second.toml", "phys_cpu_sets = [4]", "phys_cpu_sets = [8]", "vms"),
        ("second.toml", '"passthrough"', '"emu"', "vms"),
    ],
)
def test_what_was_not_asked_is_refused(
    image: Path, tmp_path: Path, file: str, old: str, new: str, code: str
) -> None:
    assert f"E-audit-asked-{code}" in against(image, tmp_path, file, old, new)


def test_nothing_else_is_refused(image: Path, tmp_path: Path) -> None:
    assert against(image, tmp_path, "first.toml", '"by AxVM"', '"by AxVM"') == set()


def test_what_is_not_known_is_not_guessed(tmp_path: Path) -> None:
    for path in GUEST.glob("*.toml"):
        shutil.copy(path, tmp_path)
    second = tmp_path / "second.toml"
    second.write_text(second.read_text().replace('[["/pl061@9030000"]]', '[["/"]]'))
    with pytest.raises(NotRead):
        asked(tmp_path / "deployment.toml")
