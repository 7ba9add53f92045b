# SPDX-License-Identifier: Apache-2.0
"""What the fields of an AxVM file become."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from axvm_world import PARTNER, Outcome, load, plan, write_axvm

from gen.read.deployment import Vm
from gen.tool.paths import ROOT

MEMORY = "{ gpa = 0x4000_0000, size = 0x100_0000, flags = 0xf, map_type = 0 }"
ROWS = "passthrough_devices = []"
EMULATED = "emu_devices = []"
MODE = 'interrupt_mode = "emulated"'
MASTER = "watchdog@5100 { dma-coherent;"


def only(outcome: Outcome) -> Vm:
    assert outcome.deployment is not None, outcome.report.errors
    return outcome.deployment.vms[0]


def vm_of(tmp_path: Path, *changes: tuple[str, str], more: str = "", head: str = "") -> Vm:
    return only(load(tmp_path, [(write_axvm(tmp_path, changes), more)], head))


def codes(outcome: Outcome) -> list[str]:
    return [found.code for found in outcome.report.found]


def test_a_sound_file_says_nothing(tmp_path: Path) -> None:
    outcome = plan(tmp_path, [(PARTNER, "")])
    assert outcome.report.found == []
    vm = only(outcome)
    assert (vm.name, vm.cpus, vm.interrupts) == ("partner", (3,), "emulated")
    assert vm.kernel is not None
    assert (vm.kernel.load_gpa, vm.kernel.entry_gpa) == (0x4008_0000, 0x4008_0000)
    assert vm.kernel.image == tmp_path / "kernel.bin"
    assert vm.memory[0].where.file.name == "partner.toml"


def test_tuples_and_tables_say_the_same(tmp_path: Path) -> None:
    tables = vm_of(
        tmp_path,
        (EMULATED, 'emu_devices = [{ cfg_list = [], emu_type = 2, irq_id = 40, length = 0x1000, '
         'base_gpa = 0x900_0000, name = "uart" }]'),
        (ROWS, 'passthrough_devices = [{ name = "/pl031@9010000" }, { name = "gpio", '
         "base_gpa = 0x903_0000, base_hpa = 0x903_0000, length = 0x1000 }]\n"
         "passthrough_addresses = [{ base_gpa = 0x400_0000, length = 0x1000 }]"),
    )  # fmt: skip
    tuples = vm_of(
        tmp_path,
        (MEMORY, "[0x4000_0000, 0x100_0000, 0xf, 0]"),
        (EMULATED, 'emu_devices = [["uart", 0x900_0000, 0x1000, 40, 2, []]]'),
        (ROWS, 'passthrough_devices = [["/pl031@9010000"], ["gpio", 0x903_0000, 0x903_0000, '
         "0x1000, 0]]\npassthrough_addresses = [[0x400_0000, 0x1000]]"),
    )  # fmt: skip
    for name in ("memory", "emulated", "passthrough", "devices", "defaults"):
        one, other = str(getattr(tables, name)), str(getattr(tuples, name))
        assert one.split("line=")[0] == other.split("line=")[0]
    assert [d.path for d in tuples.devices] == ["/pl031@9010000"]
    assert [(p.name, p.gpa, p.spi) for p in tuples.passthrough] == [
        ("gpio", 0x903_0000, (7,)),
        ("address0", 0x400_0000, ()),
    ]
    assert [(e.type, e.gpa, e.spi) for e in tuples.emulated] == [("pl011", 0x900_0000, 8)]
    assert not tuples.defaults


@pytest.mark.parametrize(
    "word, native",
    [
        ("no_irq", "none"),
        ("no", "none"),
        ("none", "none"),
        ("emu", "emulated"),
        ("emulated", "emulated"),
    ],
)
def test_interrupt_modes(tmp_path: Path, word: str, native: str) -> None:
    assert vm_of(tmp_path, (MODE, f'interrupt_mode = "{word}"')).interrupts == native


@pytest.mark.parametrize("word", ["passthrough", "pt"])
def test_passthrough_mode_never_leaves_the_vm_without_a_controller(
    tmp_path: Path, word: str
) -> None:
    changes = ((MODE, f'interrupt_mode = "{word}"'),)
    assert vm_of(tmp_path, *changes).interrupts in ("passthrough", "emulated")
    assert vm_of(tmp_path, *changes, more='interrupts = "none"').interrupts == "none"


@pytest.mark.parametrize(
    "flags, native", [(0x1, "r"), (0x3, "rw"), (0x5, "rx"), (0x7, "rwx"), (0xF, "rwx"), (0xB, "rw")]
)
def test_flags_are_enforced(tmp_path: Path, flags: int, native: str) -> None:
    extra = f"{MEMORY}, [0x5000_0000, 0x1000, {flags:#x}, 1]"
    outcome = plan(tmp_path, [(write_axvm(tmp_path, ((MEMORY, extra),)), "")])
    assert outcome.plan is not None, outcome.report.errors
    assert [m.access for m in outcome.plan.vms[0].mappings if m.gpa == 0x5000_0000] == [native]


@pytest.mark.parametrize("number, kind", [(0, "alloc"), (1, "identical"), (2, "reserved")])
def test_map_types(tmp_path: Path, number: int, kind: str) -> None:
    vm = vm_of(tmp_path, (MEMORY, f"[0x5000_0000, 0x100_0000, 7, {number}]"))
    assert (vm.memory[0].map, vm.memory[0].gpa) == (kind, 0x5000_0000)


def test_the_host_address_of_a_row_counts(tmp_path: Path) -> None:
    row = 'passthrough_devices = [["rtc", 0x5000_0000, 0x901_0000, 0x1000, 0]]'
    outcome = plan(tmp_path, [(write_axvm(tmp_path, ((ROWS, row),)), "")])
    assert outcome.plan is not None, outcome.report.errors
    window = next(m for m in outcome.plan.vms[0].mappings if m.kind == "device")
    assert (window.gpa, window.hpa) == (0x5000_0000, 0x901_0000)
    assert [irq.spi for irq in outcome.plan.vms[0].irqs] == [2]


def test_ranges_are_cut_around_what_is_virtual(tmp_path: Path) -> None:
    row = 'passthrough_devices = [["io", 0x700_0000, 0x700_0000, 0x202_0000, 0]]'
    vm = vm_of(tmp_path, (ROWS, row))
    parts = [(p.gpa, p.gpa + p.size) for p in vm.passthrough]
    assert parts == [(0x700_0000, 0x800_0000), (0x900_1000, 0x902_0000)]
    real = vm_of(tmp_path, (ROWS, row), head='console = "none"')
    parts = [(p.gpa, p.gpa + p.size) for p in real.passthrough]
    assert parts == [(0x700_0000, 0x800_0000), (0x900_0000, 0x902_0000)]
    assert sorted(spi for p in real.passthrough for spi in p.spi) == [1, 2]


def test_a_console_at_another_guest_address(tmp_path: Path) -> None:
    row = 'passthrough_devices = [["uart", 0x1000_0000, 0x900_0000, 0x1000, 0]]'
    vm = vm_of(tmp_path, (ROWS, row))
    assert [(e.type, e.gpa, e.spi) for e in vm.emulated] == [("pl011", 0x1000_0000, 1)]
    assert not vm.defaults and not vm.passthrough


def test_everything_but(tmp_path: Path) -> None:
    rows = 'passthrough_devices = [["/"]]\nexcluded_devices = [["/pl061@9030000"]]'
    vm = vm_of(tmp_path, (ROWS, rows))
    assert [d.path for d in vm.devices] == ["/pl031@9010000"]


def test_everything_with_trust(tmp_path: Path) -> None:
    changes = ((ROWS, 'passthrough_devices = [["/"]]'), (MEMORY, "[0x5000_0000, 0x100_0000, 7, 1]"))
    kernel = 'kernel = { image = "kernel.bin", load_gpa = 0x5000_0000, entry_gpa = 0x5000_0000 }'
    more = f'dma = "trusted"\n{kernel}'
    outcome = plan(tmp_path, [(write_axvm(tmp_path, changes), more)])
    assert outcome.plan is not None, outcome.report.errors
    paths = {device.path for device in only(outcome).devices}
    assert {"/pcie@10000000", "/virtio_mmio@a000000"} < paths
    assert not paths & {"/intc@8000000", "/intc@8000000/its@8080000", "/flash@0", "/timer", "/pmu"}
    assert "W-dma-trusted" in codes(outcome)


def test_parts_of_the_machine_are_there_anyway(tmp_path: Path) -> None:
    rows = 'passthrough_devices = [["/timer"], ["/psci"], ["/chosen"], ["/cpus"], ["/memory@40000000"]]'
    outcome = plan(tmp_path, [(write_axvm(tmp_path, ((ROWS, rows),)), "")])
    assert outcome.plan is not None and outcome.report.found == []
    assert only(outcome).devices == ()


def test_devices_of_a_vm_without_interrupts(tmp_path: Path) -> None:
    rows = 'passthrough_devices = [["/pl031@9010000"], ["io", 0x903_0000, 0x903_0000, 0x1000, 0]]'
    changes = ((ROWS, rows), (MODE, 'interrupt_mode = "no_irq"'))
    outcome = plan(tmp_path, [(write_axvm(tmp_path, changes), "")])
    assert outcome.plan is not None, outcome.report.errors
    assert outcome.plan.vms[0].irqs == ()


def test_an_interrupt_is_given_once(tmp_path: Path) -> None:
    rows = (
        'passthrough_devices = [["a", 0x901_0000, 0x901_0000, 0x1000, 0], ["/pl031@9010000"], '
        '["b", 0x5000_0000, 0x901_0000, 0x1000, 0]]'
    )
    outcome = plan(tmp_path, [(write_axvm(tmp_path, ((ROWS, rows),)), "")])
    assert outcome.plan is not None, outcome.report.errors
    assert [irq.spi for irq in outcome.plan.vms[0].irqs] == [2]


def test_the_its_alone_is_not_given_either(tmp_path: Path) -> None:
    row = 'passthrough_devices = [["its", 0x808_0000, 0x808_0000, 0x2_0000, 0]]'
    outcome = load(tmp_path, [(write_axvm(tmp_path, ((ROWS, row),)), "")])
    assert only(outcome).passthrough == ()
    assert codes(outcome) == ["W-axvm-gic"]


def test_a_controller_without_a_mode_is_emulated(tmp_path: Path) -> None:
    row = 'passthrough_devices = [["gic", 0x800_0000, 0x800_0000, 0x1_0000, 0]]'
    assert vm_of(tmp_path, (ROWS, row), (MODE, "")).interrupts == "emulated"


def test_a_device_in_the_place_of_the_virtual_console(tmp_path: Path) -> None:
    row = 'passthrough_devices = [["uart2", 0x900_0000, 0x904_0000, 0x1000, 0]]'
    outcome = plan(tmp_path, [(write_axvm(tmp_path, ((ROWS, row),)), "")])
    assert outcome.plan is not None, outcome.report.errors
    assert "virtual UART" not in [mmio.owner for mmio in outcome.plan.vms[0].mmio]


def test_everything_leaves_out_who_shares_a_page_with_a_master(tmp_path: Path) -> None:
    """Of board odd, whose two devices in one page are a watchdog and a timer."""
    odd = Path(__file__).parents[1] / "plan" / "boards" / "odd"
    text = (odd / "board.dts").read_text()
    for name, source in (("plain", text), ("master", text.replace("watchdog@5100 {", MASTER))):
        board = tmp_path / name
        shutil.copytree(odd, board)
        (board / "board.dts").write_text(source)
        changes = ((ROWS, 'passthrough_devices = [["/"]]'), ("[3]", "[0x100]"))
        outcome = load(tmp_path, [(write_axvm(tmp_path, changes), "")], board=str(board))
        paths = [device.path for device in only(outcome).devices]
        assert ("/soc/timer@5000" in paths) == (name == "plain")
        assert "/soc/ethernet@7000" not in paths


def test_names_of_rows_become_names(tmp_path: Path) -> None:
    rows = (
        'passthrough_devices = [["uart8250 UART", 0x400_0000, 0x400_0000, 0x1000, 0], '
        '["uart8250 UART", 0x500_0000, 0x500_0000, 0x1000, 0], '
        '["9p", 0x600_0000, 0x600_0000, 0x1000, 0]]'
    )
    names = [entry.name for entry in vm_of(tmp_path, (ROWS, rows)).passthrough]
    assert names == ["uart8250-UART", "uart8250-UART-2", "at-9p"]


def test_masks(tmp_path: Path) -> None:
    changes = (("cpu_num = 1", "cpu_num = 3"), ("phys_cpu_ids = [3]", "phys_cpu_sets = [8, 3, 3]"))
    outcome = load(tmp_path, [(write_axvm(tmp_path, changes), "")])
    assert only(outcome).cpus == (3, 0, 1)
    assert codes(outcome) == ["W-axvm-cpu-sets"] * 2


def test_hardware_ids_are_not_indices(tmp_path: Path) -> None:
    """Board odd of the planner's tests has CPUs with ids 0x100 and 0x101."""
    board = Path(__file__).parents[1] / "plan" / "boards" / "odd"
    changes = (("phys_cpu_ids = [3]", "phys_cpu_ids = [0x101]"),)
    outcome = load(tmp_path, [(write_axvm(tmp_path, changes), "")], board=str(board))
    assert only(outcome).cpus == (1,), outcome.report.errors
    changes = (("phys_cpu_ids = [3]", "phys_cpu_ids = [1]"),)
    outcome = load(tmp_path, [(write_axvm(tmp_path, changes), "")], board=str(board))
    assert codes(outcome) == ["E-axvm-cpu-unknown"]


def test_gic_rows_of_the_board_are_what_every_vm_has(tmp_path: Path) -> None:
    rows = (
        'emu_devices = [["gicd", 0x800_0000, 0x1_0000, 0, 0x21, []], '
        '["gicr", 0x80a_0000, 0x2_0000, 0, 0x20, [1, 0x2_0000, 0]], '
        '["gic", 0x800_0000, 0x1_0000, 0, 1, []]]'
    )
    outcome = plan(tmp_path, [(write_axvm(tmp_path, ((EMULATED, rows),)), "")])
    assert outcome.plan is not None and outcome.report.found == []


@pytest.mark.parametrize("key, findings", [("key = 7", []), ("", ["W-axvm-left-out"])])
def test_a_channel_window_with_a_channel(tmp_path: Path, key: str, findings: list[str]) -> None:
    row = 'emu_devices = [["ivc", 0x5000_0000, 0x10_0000, 0, 0xA, []]]'
    changes = ((EMULATED, row), ('"partner"', '"one"'), ("[3]", "[2]"), ("id = 77", "id = 78"))
    one = write_axvm(tmp_path, changes, "one.toml")
    channel = f'\n[[channel]]\nname = "c"\nsize = "4K"\n{key}\nfrom = "one"\nto = ["partner"]\n'
    outcome = plan(tmp_path, [(one, ""), (PARTNER, channel)])
    assert outcome.plan is not None, outcome.report.errors
    assert codes(outcome) == findings


def test_ids(tmp_path: Path) -> None:
    assert vm_of(tmp_path).id == 77
    assert vm_of(tmp_path, ("id = 77", "id = 0")).id is None
    twice = write_axvm(tmp_path, (('"partner"', '"one"'), ("[3]", "[2]")), "one.toml")
    outcome = plan(tmp_path, [(twice, "id = 5"), (PARTNER, "")])
    assert outcome.plan is not None and codes(outcome) == []


def test_images_and_their_addresses(tmp_path: Path) -> None:
    lines = (
        'dtb_path = ""\ndtb_load_addr = 0x4060_0000\nramdisk_path = "kernel.bin"\n'
        'ramdisk_load_addr = 0x4070_0000\ncmdline = "root=$1 ${nothing}"\n'
    )
    changes = (("memory_regions", f"{lines}memory_regions"),)
    outcome = plan(tmp_path, [(write_axvm(tmp_path, changes), "")])
    assert outcome.plan is not None, outcome.report.errors
    made = outcome.plan.vms[0]
    assert made.dtb_gpa == 0x4060_0000
    assert [i.gpa for i in made.images if i.name == "initrd"] == [0x4070_0000]
    assert made.vm.bootargs == "root=$1 ${nothing}"


def test_what_the_vm_table_says_wins(tmp_path: Path) -> None:
    more = (
        'name = "mine"\ncpus = [0, "cpu@1"]\nram = "32M"\nkernel = "kernel.bin"\n'
        'interrupts = "emulated"\nbootargs = "quiet"\non_crash = "restart"\n'
    )
    changes = (
        ("phys_cpu_ids = [3]", "phys_cpu_ids = [77]"),
        (MEMORY, ""),
        ('"partner"', '"not a name"'),
        ('kernel_path = "kernel.bin"', 'kernel_path = "missing.bin"'),
        (MODE, 'interrupt_mode = "passthrough"'),
    )
    outcome = plan(tmp_path, [(write_axvm(tmp_path, changes), more)])
    assert outcome.plan is not None and outcome.report.found == []
    vm = only(outcome)
    assert (vm.name, vm.cpus, vm.memory[0].size) == ("mine", (0, "cpu@1"), 32 << 20)
    assert vm.kernel is not None and vm.kernel.image == tmp_path / "kernel.bin"
    assert vm.kernel.load_gpa == 0x4008_0000, "a kernel that is only a path keeps the addresses"
    assert (vm.bootargs, vm.on_crash) == ("quiet", "restart")


def test_an_elf_in_place_of_the_kernel(tmp_path: Path) -> None:
    (tmp_path / "guest.elf").write_bytes(b"\x7fELF" + bytes(60))
    for more in ('kernel = "guest.elf"', 'kernel = { image = "gone", format = "elf" }'):
        kernel = vm_of(tmp_path, more=more).kernel
        assert kernel is not None and (kernel.load_gpa, kernel.entry_gpa) == (None, None)


def test_the_console_that_only_logs_is_not_given(tmp_path: Path) -> None:
    row = 'passthrough_devices = [["uart", 0x900_0000, 0x900_0000, 0x1000, 0]]'
    outcome = plan(tmp_path, [(write_axvm(tmp_path, ((ROWS, row),)), "")], 'console = "log"')
    assert codes(outcome) == ["E-console-uart", "E-irq-console"]


def test_an_image_of_another_architecture_is_replaced(tmp_path: Path) -> None:
    other = ('kernel_path = "kernel.bin"', 'kernel_path = "linux-riscv64.bin"')
    file = write_axvm(tmp_path, (other,))
    assert codes(load(tmp_path, [(file, "")])) == ["E-axvm-arch"]
    assert codes(load(tmp_path, [(file, 'kernel = "kernel.bin"')])) == []


def test_a_unikernel_in_place_of_the_kernel(tmp_path: Path) -> None:
    (tmp_path / "uni").mkdir()
    vm = vm_of(tmp_path, more='unikernel = "uni"')
    assert vm.kernel is None and vm.unikernel == tmp_path / "uni"


def test_the_files_count_among_the_sources(tmp_path: Path) -> None:
    outcome = load(tmp_path, [(PARTNER, "")])
    assert outcome.deployment is not None
    assert [path.name for path in outcome.deployment.sources] == ["deployment.toml", "partner.toml"]


@pytest.mark.parametrize(
    "text, code",
    [
        ('[[vm]]\naxvm = "missing.toml"', "E-file-missing"),
        ("[[vm]]\naxvm = 7", "E-wrong-type"),
        ('[[vm]]\naxvm = "deployment.toml"', "E-axvm-key-unknown"),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str, code: str) -> None:
    outcome = load(tmp_path, [], f"{text}\n")
    assert outcome.deployment is not None and not outcome.deployment.vms
    assert code in codes(outcome)


def check(path: Path, folder: Path) -> tuple[int, list[dict[str, str]]]:
    command = [str(ROOT / "build.py"), str(path), "--check", "--json", "--out", str(folder / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout)["findings"]


def test_check_goes_on_without_files(tmp_path: Path) -> None:
    """Each missing file is told once, and so is what else is wrong."""
    gone = (
        ('kernel_path = "kernel.bin"', 'kernel_path = "gone.bin"\nramdisk_path = "gone.cpio"'),
        (MEMORY, "[0x5000_0000, 0x100_0000, 7, 1]"),
        ("entry_point = 0x4008_0000", "entry_point = 0x5000_7d6c"),
        ("kernel_load_addr = 0x4008_0000", "kernel_load_addr = 0x5000_0000"),
    )
    one = write_axvm(tmp_path, (*gone, ("[3]", "[1]"), ('"partner"', '"one"')), "one.toml")
    two = write_axvm(
        tmp_path, (*gone, ("[3]", "[2]"), ('"partner"', '"two"'), ("id = 77", "id = 2")), "two.toml"
    )
    load(tmp_path, [(one, ""), (two, "")])
    status, findings = check(tmp_path / "deployment.toml", tmp_path)
    assert status == 1
    errors = [found for found in findings if found["code"].startswith("E-")]
    assert sorted(found["code"] for found in errors) == [
        "E-file-missing",
        "E-file-missing",
        "E-memory-host-overlap",
    ]
    told = next(found for found in errors if "gone.bin" in found["message"])
    assert "vm.one.kernel, vm.two.kernel" in told["message"]


def test_a_build_stops_at_missing_files(tmp_path: Path) -> None:
    missing = ('kernel_path = "kernel.bin"', 'kernel_path = "gone.bin"')
    load(tmp_path, [(write_axvm(tmp_path, (missing,)), "")])
    command = [str(ROOT / "build.py"), str(tmp_path / "deployment.toml"), "--json", "--out"]
    done = subprocess.run(
        [*command, str(tmp_path / "out")], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 3
    assert [f["code"] for f in json.loads(done.stdout)["findings"]] == ["E-file-missing"]


def test_import_on_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "made.toml"
    command = [
        str(ROOT / "build.py"),
        "--import-axvm",
        str(PARTNER),
        "--board",
        "qemu-virt-aarch64",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and 'name = "partner"' in done.stdout
    filed = subprocess.run([*command, "--out", str(out)], capture_output=True, timeout=60)
    assert filed.returncode == 0 and 'name = "made"' in out.read_text()
    for wrong in (command[:3], [command[0], *command[3:]]):
        assert subprocess.run(wrong, capture_output=True, timeout=60).returncode == 2
