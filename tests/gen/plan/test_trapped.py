# SPDX-License-Identifier: Apache-2.0
"""Trapped devices: their rows, who shares a lock, what the hypervisor maps."""

from __future__ import annotations

from pathlib import Path

from test_plan import HEAD, vm_text
from world import plan_text

from gen.diagnostics import Report
from gen.emit.hypmap import hypmap_source
from gen.plan.model import Plan
from gen.plan.trapped import trapped_pages
from gen.ranges import PAGE

RICH = HEAD.replace("qemu-virt-aarch64", "./boards/rich")


def trap(path: str, *registers: str) -> str:
    listed = ", ".join(f"{{ {register} }}" for register in registers)
    named = f"\nregisters = [{listed}]" if registers else ""
    return f'[[vm.device]]\npath = "{path}"\naccess = "trap"\nirq = []{named}\n'


def plan_of(folder: Path, *vms: str, head: str = RICH) -> Plan:
    report = Report()
    texts = [
        vm_text(more).replace('"a"', f'"{name}"').replace("[0]", f"[{number}]")
        for number, (name, more) in enumerate(zip("ab", vms))
    ]
    plan = plan_text(folder, head + "".join(texts), report)
    assert plan is not None, report.errors
    return plan


def test_rows_cover_the_device(folder: Path) -> None:
    """Granted registers each with the widths that the hardware takes; the rest reads zero."""
    plan = plan_of(
        folder,
        trap(
            "/soc/gpio@2000",
            "offset = 0x10, mask = 0xf",
            "offset = 0x20, size = 8, widths = [1, 2]",
        ),
    )
    rows = [row for row in plan.vms[0].mmio if row.ops.startswith("trapped")]
    assert [(row.gpa - 0x3000_2000, row.size, row.ops) for row in rows] == [
        (0x00, 0x10, "trapped_ops[15]"),
        (0x10, 0x04, "trapped_ops[4]"),
        (0x14, 0x0C, "trapped_ops[15]"),
        (0x20, 0x08, "trapped_ops[3]"),
        (0x28, 0xFD8, "trapped_ops[15]"),
    ]
    assert [row.instance for row in rows] == list(range(5))
    masks = [(t.read_mask, t.write_mask) for t in plan.trapped]
    assert masks == [(0, 0), (0xF, 0xF), (0, 0), (0xFFFF, 0xFFFF), (0, 0)]
    assert not [m for m in plan.vms[0].mappings if m.kind == "device"]
    assert plan.config_symbols["VDEV_TRAPPED"] == "y"


def test_registers_of_a_device_below_are_its_own(folder: Path) -> None:
    plan = plan_of(folder, trap("/soc/engine@8000"))
    (row,) = [row for row in plan.vms[0].mmio if row.ops.startswith("trapped")]
    assert (row.gpa, row.size, row.ops) == (0x3000_8000, 0x1000, "trapped_ops[4]")


def test_read_only_and_write_only(folder: Path) -> None:
    plan = plan_of(
        folder,
        trap(
            "/soc/gpio@2000",
            'offset = 0, mask = 1, access = "ro"',
            'offset = 4, mask = 2, access = "wo", rest = "ones"',
        ),
    )
    first, second = plan.trapped[:2]
    assert (first.read_mask, first.write_mask) == (1, 0)
    assert (second.read_mask, second.write_mask, second.rest) == (0, 2, "ones")


def test_locks_are_shared_by_those_who_meet(folder: Path) -> None:
    """VMs that read, change and write back in one page share its lock; another page has another;
    nobody else takes one."""
    low, high = "offset = 0, mask = 0x0f", "offset = 0, mask = 0xf0"
    alone = 'offset = 4, mask = 1, access = "wo", rest = "zeros"'
    plan = plan_of(
        folder,
        trap("/soc/gpio@2000", low, alone, "offset = 8")
        + trap("/soc/pinctrl@1000", low)
        + trap("/soc/syscon@5000", low),
        trap("/soc/gpio@2000", high) + trap("/soc/pinctrl@1000", high),
    )
    locks = {(t.vm, t.hpa & 0xFFFF): t.lock for t in plan.trapped if t.read_mask or t.write_mask}
    taken = {key: lock for key, lock in locks.items() if lock is not None}
    assert taken == {(0, 0x1000): 0, (1, 0x1000): 0, (0, 0x2000): 1, (1, 0x2000): 1}
    assert locks.keys() - taken.keys() == {(0, 0x2004), (0, 0x2008), (0, 0x5000)}


def test_the_hypervisor_maps_what_is_granted_alone(folder: Path) -> None:
    plan = plan_of(folder, trap("/soc/engine@8000", "offset = 0xffc, mask = 1"))
    assert [page.base for page in trapped_pages(plan.trapped)] == [0x3000_8000]
    source = hypmap_source(plan, None, 2 * PAGE)
    assert "0x30008000), ARCH_S1_DEVICE), /* trapped registers */" in source
    assert "0x30009000)" not in source


def test_a_page_with_the_console_is_mapped_once(folder: Path) -> None:
    """UART3 of an rpi4 is in the page of the console's UART, also where that is a guest's later."""
    head = HEAD.replace("qemu-virt-aarch64", "rpi4")
    for mode in ("shared", "none"):
        text = head + f'console = "{mode}"\n'
        plan = plan_of(folder, trap("/soc/serial@7e201600"), head=text)
        source = hypmap_source(plan, None, 2 * PAGE)
        assert source.count("0xfe201000), ARCH_S1_DEVICE)") == 1
        assert "hyp_device_3_fe200000[512]" in source, "in both trees"


def test_tree_of_a_trapped_device(folder: Path) -> None:
    """The guest finds the device where it is."""
    plan = plan_of(folder, trap("/soc/gpio@2000", "offset = 0, mask = 1"))
    assert plan.vms[0].dtb is not None
    assert b"gpio@30002000" in plan.vms[0].dtb
