# SPDX-License-Identifier: Apache-2.0
"""The whole plan of good deployments."""

from __future__ import annotations

from pathlib import Path

import pytest
from world import INPUT_HASH, MIB, RAM_BASE, elf, load, plan_text

from gen.diagnostics import Report
from gen.plan.firmware import keeps_pristine
from gen.plan.model import Plan, PlannedVm
from gen.plan.images import unikernel_link
from gen.plan.plan import make_plan
from gen.plan.stage2 import table_bytes
from gen.ranges import Range, overlaps, union

HEAD = 'schema = 1\n[deployment]\nname = "good"\nboard = "qemu-virt-aarch64"\n'

PAIR = """
[[vm]]
name = "linux"
cpus = [2, 1]
ram = "512M"
kernel = "Image"
initrd = "initrd.cpio"
bootargs = "console=ttyAMA0"
on_crash = "restart"

[[vm]]
name = "control"
cpus = [3]
ram = "16M"
unikernel = "unikernel"
devices = ["/pl031@9010000"]

[[channel]]
name = "telemetry"
size = "5000"
from = "control"
to = ["linux"]
"""


def good(folder: Path, text: str) -> Plan:
    report = Report()
    plan = plan_text(folder, HEAD + text, report)
    assert plan is not None, report.errors
    return plan


def vm_text(more: str = "", ram: str = 'ram = "16M"', kernel: str = 'kernel = "small.bin"') -> str:
    return f'[[vm]]\nname = "a"\ncpus = [0]\n{ram}\n{kernel}\n{more}\n'


def test_memory_in_single_pages_makes_room_for_its_tables(folder: Path) -> None:
    """Guest and host address of it lie differently in their blocks: 2 MiB of tables a gigabyte."""
    ram = 'memory = [{{ gpa = 0x4000_0000, size = "1G", hpa = {} }}]'
    blocks = good(folder, vm_text(ram=ram.format("0x8000_0000")))
    single = good(folder, vm_text(ram=ram.format("0x7fff_f000")))
    assert blocks.hypervisor.size == 2 * MIB
    tables = sum(table_bytes(vm.stage2) for vm in single.vms)
    assert single.hypervisor.size >= tables + MIB > 3 * MIB


def image(vm: PlannedVm, name: str) -> Range:
    found = next(image for image in vm.images if image.name == name)
    return Range(found.gpa, found.size)


@pytest.fixture(scope="module")
def pair(folder: Path) -> Plan:
    return good(folder, PAIR)


def test_cpus_are_pinned(pair: Plan) -> None:
    """The boot CPU has a row although no VM runs on it."""
    assert [(p.board_index, p.hardware_id, p.vcpu) for p in pair.pcpus] == [
        (0, 0, None), (1, 1, 1), (2, 2, 0), (3, 3, 2),
    ]  # fmt: skip
    assert [(v.vm, v.index, v.pcpu, v.guest_id) for v in pair.vcpus] == [
        (0, 0, 2, 0), (0, 1, 1, 1), (1, 0, 3, 0),
    ]  # fmt: skip
    assert [vm.vcpus for vm in pair.vms] == [(0, 1), (2,)]


def test_default_devices(pair: Plan) -> None:
    rows = [(row.gpa, row.size, row.ops, row.instance) for row in pair.vms[0].mmio]
    assert rows[:3] == [
        (0x0800_0000, 0x1_0000, "vgic_dist_ops", 0),
        (0x080A_0000, 0x4_0000, "vgic_redist_ops", 0),
        (0x0900_0000, 0x1000, "vpl011_ops", 0),
    ]
    assert rows[3][1:] == (0x1000, "channel_ops", 1), "instance counts peers: control is first"
    assert [voice.name for voice in pair.voices] == ["bulkhead", "linux", "control"]


def test_every_dispatch_array_is_sorted_and_disjoint(pair: Plan) -> None:
    for vm in pair.vms:
        for one, other in zip(vm.mmio, vm.mmio[1:]):
            assert one.gpa + one.size <= other.gpa
        codes = [(r.op0, r.op1, r.crn, r.crm, r.op2) for r in vm.sysregs]
        assert codes == sorted(set(codes))


def test_channel(pair: Plan) -> None:
    channel = pair.channels[0]
    assert channel.size == 0x2000 and channel.hpa % 0x1000 == 0
    control, linux = channel.peers
    assert (control.vm, control.writable, control.rings) == (1, True, 0b10)
    assert (linux.vm, linux.writable, linux.rings) == (0, False, 0b01)
    assert linux.window == RAM_BASE + 512 * MIB, "first hole above the VM's RAM"
    assert linux.doorbell == linux.window + 0x2000
    assert linux.spi == 0, "first SPI that the board's tree does not use"
    window = next(m for m in pair.vms[0].mappings if m.kind == "channel")
    assert (window.gpa, window.hpa, window.access) == (linux.window, channel.hpa, "r")


def test_doorbells_count_the_peers_of_all_channels(folder: Path) -> None:
    text = PAIR + '[[channel]]\nname = "back"\nsize = "4K"\nfrom = "linux"\nto = ["control"]\n'
    vms = good(folder, text).vms
    bells = [[row.instance for row in vm.mmio if row.ops == "channel_ops"] for vm in vms]
    assert bells == [[1, 2], [0, 3]]


def test_interrupts(pair: Plan) -> None:
    control = pair.vms[1]
    assert [(i.spi, i.guest_spi, i.vm, i.trigger) for i in control.irqs] == [(2, 2, 1, "level")]
    assert control.software_spis == (0, 1) and control.spi_count == 32


def test_spi_count_follows_the_highest_number(folder: Path) -> None:
    more = '[[vm.device]]\npath = "/pl031@9010000"\nirq = [{ spi = 2, guest_spi = 64 }]'
    assert good(folder, vm_text(more)).vms[0].spi_count == 96


def test_nothing_shares_host_memory(pair: Plan) -> None:
    parts = [pair.hypervisor] + [Range(r.hpa, r.size) for vm in pair.vms for r in vm.ram]
    parts += [Range(c.hpa, c.size) for c in pair.channels] + list(pair.free)
    for number, part in enumerate(parts):
        assert not any(overlaps(part, other) for other in parts[:number])
    assert union(parts) == union(pair.board.ram), "used and free are all of the board's RAM"
    assert union(pair.ram_used) == pair.ram_used


def test_large_ram_gets_large_blocks(folder: Path) -> None:
    plan = good(
        folder, vm_text(ram='ram = "1G"') + vm_text().replace('"a"', '"b"').replace("[0]", "[1]")
    )
    first, second = (vm.ram[0] for vm in plan.vms)
    assert (first.hpa - first.gpa) % (1 << 30) == 0
    assert (second.hpa - second.gpa) % (2 * MIB) == 0
    assert [e[0] for t in plan.vms[0].stage2.tables for e in t.entries.values()] == ["block"]


def test_linux_is_placed_as_its_header_says(pair: Plan) -> None:
    linux = pair.vms[0]
    kernel, initrd, dtb = (image(linux, name) for name in ("kernel", "initrd", "dtb"))
    assert kernel.base == linux.entry_gpa == RAM_BASE
    assert dtb.base == linux.dtb_gpa and dtb.base % 8 == 0 and dtb.end <= RAM_BASE + 512 * MIB
    assert initrd.base % 0x1000 == 0 and initrd.end <= dtb.base
    assert initrd.base >= RAM_BASE + 0x2_0000, "clear of the kernel's bss"


def test_tree_is_within_reach_of_old_kernels(folder: Path) -> None:
    """Documentation/arm64/booting: within 512 MiB of the kernel."""
    dtb = good(folder, vm_text(ram='ram = "1G"', kernel='kernel = "Image"')).vms[0].dtb_gpa
    assert dtb == RAM_BASE + 512 * MIB - 0x1_0000


def test_reserved_memory_is_left_alone(folder: Path) -> None:
    ram = 'memory = [{ size = "16M" }, { gpa = 0x9000_0000, size = "4K", map = "reserved" }]'
    regions = good(folder, vm_text(ram=ram)).vms[0].ram
    assert [(r.scrub, r.hpa == r.gpa) for r in regions] == [(True, False), (False, True)]


def test_zeros_of_an_elf_travel_where_ram_is_not_scrubbed(folder: Path) -> None:
    (folder / "bss.elf").write_bytes(elf(RAM_BASE, memory_size=0x3000))
    for scrub, size in (("true", 0x2000), ("false", 0x3000)):
        text = vm_text(f"scrub = {scrub}", kernel='kernel = "bss.elf"')
        assert image(good(folder, text).vms[0], "segment0").size == size


def test_text_offset(folder: Path) -> None:
    vm = good(folder, vm_text(kernel='kernel = "Image-offset"')).vms[0]
    assert vm.entry_gpa == RAM_BASE + 0x8_0000


def test_firmware_guest_finds_its_tree_at_the_ram_base(folder: Path) -> None:
    """As QEMU does with -bios: code at 0, device tree where RAM begins."""
    ram = 'memory = [{ gpa = 0, size = "2M", flags = "rx" }, { gpa = 0x4000_0000, size = "64M" }]'
    kernel = 'kernel = { image = "small.bin", load_gpa = 0 }'
    vm = good(folder, vm_text(ram=ram, kernel=kernel)).vms[0]
    assert (vm.entry_gpa, vm.dtb_gpa) == (0, RAM_BASE)


def test_unikernel(pair: Plan) -> None:
    control = pair.vms[1]
    assert control.entry_gpa == RAM_BASE
    assert control.dtb_gpa == RAM_BASE + 16 * MIB - 0x1_0000
    assert unikernel_link(control.vm, pair.board) == (RAM_BASE, 16 * MIB)


HALT = 'on_crash = "halt"\non_reset = "halt"\ndtb = false\n'
FILLER = vm_text("dtb = false", kernel='kernel = "large.bin"').replace('"a"', '"b"')
FILLER = FILLER.replace("cpus = [0]", "cpus = [1]")  # its 3 MiB and 1 MiB of hypervisor: 4 MiB
NEAR = 'memory = [{ size = "16M", hpa = 0x4060_0000 }]'  # right behind them


def test_images_run_in_place_where_that_is_cheap(folder: Path) -> None:
    plan = good(folder, vm_text(HALT, NEAR) + FILLER)
    assert [[i.in_place for i in vm.images] for vm in plan.vms] == [[True], [False]]
    assert plan.vms[0].images[0].hpa == 0x4060_0000
    assert plan.packed.size == 3 * MIB


def test_images_far_away_are_packed(folder: Path) -> None:
    plan = good(folder, vm_text(HALT, NEAR.replace("0x4060_0000", "0x4080_0000")) + FILLER)
    assert not any(i.in_place for vm in plan.vms for i in vm.images)


@pytest.mark.parametrize("policy", ["on_crash", "on_reset", "on_off"])
def test_images_that_may_start_again_stay_pristine(folder: Path, policy: str) -> None:
    halt = HALT if policy in HALT else HALT + f'\n{policy} = "halt"'
    restart = halt.replace(f'{policy} = "halt"', f'{policy} = "restart"')
    assert restart != halt
    calm = good(folder, vm_text(halt, 'ram = "16M"') + FILLER)
    assert not keeps_pristine(calm.vms[0].vm, calm.deployment.vms)
    plan = good(folder, vm_text(restart, 'ram = "16M"') + FILLER)
    assert keeps_pristine(plan.vms[0].vm, plan.deployment.vms)
    assert not any(i.in_place for vm in plan.vms for i in vm.images)


def test_own_uart_replaces_the_virtual_one(folder: Path) -> None:
    text = HEAD + 'console = "none"\n' + vm_text('devices = ["/pl011@9000000"]')
    report = Report()
    plan = plan_text(folder, text, report)
    assert plan is not None, report.errors
    assert [row.ops for row in plan.vms[0].mmio] == ["vgic_dist_ops", "vgic_redist_ops"]
    assert [(m.gpa, m.kind) for m in plan.vms[0].mappings][0] == (0x900_0000, "device")
    assert plan.vuarts == () and len(plan.voices) == 1
    assert plan.config_symbols["VDEV_VPL011"] == "n"
    assert plan.config_symbols["CONSOLE_SILENT"] == "y"


def test_no_defaults_no_uart(folder: Path) -> None:
    plan = good(folder, vm_text('defaults = false\ninterrupts = "none"'))
    assert plan.vms[0].mmio == ()
    assert not any(row.ops.startswith("sysreg_vgic") for row in plan.vms[0].sysregs)
    pfr0 = next(row for row in plan.vms[0].sysregs if row.name == "ID_AA64PFR0_EL1")
    assert pfr0.value >> 24 & 0xF == 0  # no GIC system registers


def test_every_id_register_is_masked(pair: Plan) -> None:
    """HCR_EL2.TID3 traps these 56; the mask of one that is unknown is 0."""
    rows = {(r.crm, r.op2): r for r in pair.vms[0].sysregs if r.ops == "sysreg_id_ops"}
    assert sorted(rows) == [(crm, op2) for crm in range(1, 8) for op2 in range(8)]
    assert rows[7, 7].value == 0
    pfr0, dfr0 = rows[4, 0].value, rows[5, 0].value
    assert pfr0 >> 32 & 0xF == 0, "SVE hidden"
    assert pfr0 >> 16 & 0xFF == 0xFF, "FP and AdvSIMD shown"
    assert dfr0 >> 8 & 0xF == 0 and dfr0 & 0xF == 0xF, "PMU hidden, debug version shown"


def test_features_show_their_fields(folder: Path) -> None:
    vm = good(folder, vm_text('features = ["pmu", "debug"]')).vms[0]
    rows = {(r.op0, r.op1, r.crn, r.crm, r.op2): r for r in vm.sysregs}
    assert rows[3, 0, 0, 5, 0].value >> 8 & 0xF == 0xF
    assert not [key for key in rows if key[0] == 2], "debug registers are the guest's own"


def test_same_input_same_plan(folder: Path, pair: Plan) -> None:
    assert good(folder, PAIR) == pair


def test_errors_of_all_stages_are_told_together(folder: Path) -> None:
    bad = vm_text('devices = ["/none"]', 'ram = "5000"').replace("[0]", "[7]")
    report = Report()
    assert plan_text(folder, HEAD + bad, report) is None
    assert {found.code for found in report.errors} == {
        "E-cpu-unknown", "E-memory-misaligned", "E-device-unknown",
    }  # fmt: skip


def test_missing_unikernel_is_an_error(folder: Path) -> None:
    report = Report()
    deployment, board = load(folder, HEAD + PAIR, report)
    assert deployment is not None and board is not None
    assert make_plan(deployment, board, {}, report, INPUT_HASH) is None
    assert [found.code for found in report.errors] == ["E-image-format"]
