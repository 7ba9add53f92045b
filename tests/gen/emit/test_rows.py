# SPDX-License-Identifier: Apache-2.0
"""The rows of tables.c: what they say, and that they compile in every shape of plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import plans
import pytest
import toolchain

from gen.emit import c
from gen.emit.boundaries import Boundaries, guess
from gen.emit.images import image_files
from gen.emit.tables import emit
from gen.plan.model import Irq, Plan
from gen.ranges import Range
from gen.read.deployment import Console


def defines(plan: Plan) -> dict[str, str]:
    return dict(re.findall(r"#define (\w+) (\S+)", emit(plan)["tables.h"]))


def rows(plan: Plan, name: str) -> list[dict[str, str]]:
    """The flat rows of one array of tables.c."""
    text = re.search(rf"{name}\[\w*\] = {{\n(.*?)\n}};", emit(plan)["tables.c"], re.DOTALL)
    assert text, name
    return [
        dict(re.findall(r"\.(\w+) = (.*),", body))
        for body in re.findall(r"    {\n(.*?)\n    }", text[1], re.DOTALL)
    ]


def lonely() -> Plan:
    """One VM without devices, interrupts, channels, UART or images; no console."""
    plan = plans.two_vms()
    vm = replace(
        plan.vms[0], mmio=(), sysregs=(), irqs=(), software_spis=(), spi_count=0, images=()
    )
    return replace(
        plan,
        deployment=replace(plan.deployment, console=Console("none"), channels=()),
        vms=(vm,),
        vcpus=plan.vcpus[:1],
        pcpus=(plan.pcpus[0], replace(plan.pcpus[1], vcpu=None)),
        vuarts=(),
        channels=(),
        voices=plan.voices[:1],
        packed=Range(plan.packed.base, 0),
    )


def test_counts() -> None:
    found = defines(plans.two_vms())
    assert found["VM_COUNT"] == "2u"
    assert found["VCPU_COUNT"] == "2u"
    assert found["VCPU_MAX_PER_VM"] == "1u"
    assert found["PCPU_COUNT"] == "2u"
    assert found["IRQ_COUNT"] == "3u"
    assert found["VGIC_SPI_WORDS"] == "2u"
    assert found["CHANNEL_PEER_COUNT"] == "2u"
    assert found["PLAT_UART_BASE"] == "0x9000000ull"
    assert found["PLAT_UART_SPI"] == "1u"


def test_counts_of_a_vm_that_has_nothing() -> None:
    found = defines(lonely())
    assert found["VGIC_SPI_WORDS"] == "1u"
    assert found["IRQ_COUNT"] == found["VUART_COUNT"] == found["CHANNEL_COUNT"] == "0u"


@pytest.mark.parametrize("make", [plans.two_vms, lonely])
def test_compiles_and_links(make: Callable[[], Plan], tmp_path: Path) -> None:
    toolchain.build(make(), tmp_path)


def test_physical_interrupts_go_to_their_owners() -> None:
    found = rows(plans.two_vms(), "irq_rows")
    assert [row["owner"] for row in found] == ["IRQ_NONE", "IRQ_CONSOLE", "IRQ_VM"]
    assert found[2] == {"owner": "IRQ_VM", "vm": "0", "guest_intid": "34", "edge": "false"}


def test_interrupt_bitmaps() -> None:
    text = emit(plans.two_vms())["tables.c"]
    assert "vm_left_spi_owned[] = {\n    0x00000006, 0x00000002,\n}" in text
    assert "vm_left_spi_hardware[] = {\n    0x00000004, 0x00000000,\n}" in text
    assert "vm_left_spi_physical[64] = {\n    [2] = 34,\n}" in text


def test_renumbered_interrupt() -> None:
    plan = plans.two_vms()
    irq = Irq(spi=7, guest_spi=40, vm=0, trigger="edge", owner="/timer")
    plan = replace(plan, vms=(replace(plan.vms[0], irqs=(irq,)), plan.vms[1]))
    assert rows(plan, "irq_rows")[7] == {
        "owner": "IRQ_VM",
        "vm": "0",
        "guest_intid": "72",
        "edge": "true",
    }
    text = emit(plan)["tables.c"]
    assert "vm_left_spi_hardware[] = {\n    0x00000000, 0x00000100,\n}" in text
    assert "[40] = 39," in text


def test_channel_rows() -> None:
    plan = plans.two_vms()
    assert rows(plan, "channel_rows")[0]["peer_count"] == "2"
    first, second = rows(plan, "channel_peer_rows")
    assert (first["writable"], second["writable"]) == ("true", "false")
    assert first["intid"] == "65"


def test_vms_that_trap_the_same_registers_share_the_rows() -> None:
    text = emit(plans.two_vms())["tables.c"]
    assert text.count(".sysreg = sysreg_set_0,") == 2
    assert "sysreg_set_1" not in text


def test_equal_packed_images_are_stored_once() -> None:
    plan = plans.two_vms()
    assert sorted(image_files(plan)) == ["images/left_kernel.bin", "images/right_hand_dtb.bin"]
    text = emit(plan)["images.S"]
    assert text.count(".incbin") == 2
    assert "image_left_kernel:\n" in text and "image_right_hand_kernel:\n" in text


def test_only_the_hypervisor_map_depends_on_boundaries() -> None:
    plan = plans.two_vms()
    before, after = emit(plan), emit(plan, shifted(guess(plan, 8192), 0x1_0000))
    assert {name for name in before if before[name] != after[name]} == {"hypmap.c"}


def test_boundaries_of_another_plan_do_not_matter() -> None:
    plan = plans.two_vms()
    too_far = shifted(guess(plan, 8192), 64 * plans.MIB)
    for stale in (too_far, guess(plan, 4096), guess(plans.two_vms(1), 8192)):
        assert emit(plan, stale) == emit(plan)


def shifted(where: Boundaries, distance: int) -> Boundaries:
    """As if text had grown."""
    values = {name: value + distance for name, value in asdict(where).items()}
    return Boundaries(**{**values, "image_start": where.image_start})


def test_names_become_identifiers() -> None:
    assert c.unique_identifiers(["a-b", "a_b", "c.d"]) == ("a_b_0", "a_b_1", "c_d")


def test_strings_are_escaped() -> None:
    assert c.string('a"b\\\n') == '"a\\"b\\\\\\012"'


def test_generated_c_has_no_code() -> None:
    for name, text in emit(plans.two_vms()).items():
        if name.endswith(".c"):
            assert not re.search(r"^#\s*(if|define)|\breturn\b|\)\s*\n{", text, re.MULTILINE), name
