# SPDX-License-Identifier: Apache-2.0
"""--diff tells every change, for each VM, and on which side of the wall it is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import plans
import pytest

from gen.emit.boundaries import guess
from gen.emit.report.diff import diff, diff_object, diff_text
from gen.emit.report.facts import File, facts
from gen.emit.report.overview import overview
from gen.emit.report.vm_facts import Json

Change = Callable[[Json], None]


def whole() -> Json:
    plan = plans.two_vms()
    return facts(plan, [], guess(plan, 8192), [File("firmware.bin", 4096, "ab" * 32)])


def left(found: Json) -> Json:
    vm: Json = found["vms"][0]
    return vm


def put(path: str, value: object) -> Change:
    """Sets one fact: "vms.0.entry"."""

    def change(found: Json) -> None:
        at: object = found
        *way, last = path.split(".")
        for step in way:
            at = at[int(step)] if isinstance(at, list) else at[step]  # type: ignore[index]
        at[int(last) if isinstance(at, list) else last] = value  # type: ignore[index]

    return change


GUEST: dict[str, Change] = {
    "vCPUs' MPIDR: 0x0 → 0x100": put("vms.0.vcpus.0.guest_id", "0x100"),
    "1 vCPU → 2": lambda f: left(f)["vcpus"].append(copy.deepcopy(left(f)["vcpus"][0])),
    "entry: 0x40000000 → 0x40080000": put("vms.0.entry", "0x40080000"),
    "device tree at: 0x40100000 → none": put("vms.0.device_tree", None),
    "boot arguments: none → quiet": put("vms.0.bootargs", "quiet"),
    "guest: image → unikernel b": put("vms.0.guest", {"kind": "unikernel", "source": "b"}),
    "GICD at 0x8000000, size: 64 KiB → 4 KiB": put("vms.0.map.0.size", 4096),
    "at 0x8000000: GICD → UART": put("vms.0.map.0.owner", "UART"),
    "RAM at 0x40000000, rights: rwx → rw": put("vms.0.map.4.access", "rw"),
    "channel wire moved: 0x40200000 → 0x40300000": put("vms.0.map.5.gpa", "0x40300000"),
    "no longer finds channel wire at 0x40200000, 4 KiB": lambda f: left(f)["map"].pop(),
    "image kernel: other bytes, same size": put("vms.0.images.0.sha256", "0" * 64),
    "image kernel: other bytes, 4.88 KiB → 9 B": put("vms.0.images.0.size", 9),
    "image kernel, address: 0x40000000 → 0x40001000": put("vms.0.images.0.gpa", "0x40001000"),
    "no longer: image kernel, 4.88 KiB at 0x40000000": lambda f: left(f)["images"].clear(),
    "interrupts: emulated → none": put("vms.0.interrupts.mode", "none"),
    "SPIs that the controller has: 64 → 32": put("vms.0.interrupts.spi_count", 32),
    "no longer: interrupt INTID 0, SGIs 0 to 15: calls between the VM's own CPUs": lambda f: left(
        f
    )["interrupts"]["routes"].pop(0),
    "INTID 27, trigger: level → edge": put("vms.0.interrupts.routes.1.trigger", "edge"),
    "INTID 27, source: virtual timer → x": put("vms.0.interrupts.routes.1.owner", "x"),
    "CPU features: none → pmu": put("vms.0.features", ["pmu"]),
    "counter: board → own": put("vms.0.counter", "own"),
    "bits of an address: 40 → 32": put("vms.0.stage2.ipa_bits", 32),
    "on_crash: restart → halt": put("vms.0.policy.on_crash", "halt"),
    "restarts: at most 3 in 1 min, 100 ms apart → at most 9 in 1 min, 100 ms apart": put(
        "vms.0.policy.restart_max", 9
    ),
    "watchdog: none → 500 ms": put("vms.0.policy.watchdog_ms", 500),
    "scrub: True → False": put("vms.0.policy.scrub", False),
    "dma: refuse → trusted": put("vms.0.policy.dma", "trusted"),
    "controls: none → right-hand": put("vms.0.policy.controls", ["right-hand"]),
    "firmware: none → clock 57 of /uart": put("vms.0.policy.firmware", ["clock 57 of /uart"]),
}
HOST: dict[str, Change] = {
    "runs on: cpu@0 → cpu@3": put("vms.0.vcpus.0.cpu", "cpu@3"),
    "RAM at 0x40000000, in host memory: 0x40800000 → 0x40c00000": put(
        "vms.0.map.4.hpa", "0x40c00000"
    ),
    "GICD at 0x8000000, handler: vgic_dist_ops → new_ops": put("vms.0.map.0.ops", "new_ops"),
    "image kernel, placed: packed, copied at start → in place": put(
        "vms.0.images.0.placed", "in place"
    ),
    "INTID 27, class: hardware-linked → direct": put("vms.0.interrupts.routes.1.class", "direct"),
    "INTID 34, host's number: 34 → 40": put("vms.0.interrupts.routes.4.host_intid", 40),
    "VMID: 1 → 7": put("vms.0.stage2.vmid", 7),
    "5 stage-2 tables → 6": put("vms.0.stage2.tables", 6),
    "has device /rtc": put("vms.0.devices", [{"path": "/rtc", "access": "direct"}]),
}
WHOLE: dict[str, Change] = {
    "deployment: two-vms → other": put("deployment", "other"),
    "board: qemu-virt-aarch64 → rpi4": put("board.name", "rpi4"),
    "variant: none → 4G": put("variant", "4G"),
    "console: shared → none": put("console.mode", "none"),
    "firmware.bin: 4 KiB → 8 KiB (+4096 bytes)": put("files.0.size", 8192),
    "firmware.bin: same size, other bytes": put("files.0.sha256", "cd" * 32),
    "ISOLATION LOST: /dma of VM left reaches all memory": put(
        "not_isolated", [{"vm": "left", "device": "/dma"}]
    ),
    "audit: none → pass": put("audit", {"result": "pass"}),
    "new: warning W-odd: odd": put("warnings", [{"code": "W-odd", "message": "odd"}]),
    "no longer: channel wire, 4 KiB": put("channels", []),
    "no longer: CPU cpu@2 without VM": put("cpus.2.runs", {"vm": "left", "vcpu": 1}),
    "Kconfig VDEV_VGIC: y → n": put("build.VDEV_VGIC", "n"),
}


def changed(change: Change) -> Json:
    found = whole()
    change(found)
    return found


@pytest.mark.parametrize("said", GUEST)
def test_what_the_guest_sees(said: str) -> None:
    found = diff(whole(), changed(GUEST[said]))
    (name, changes), (_, others) = found.vms
    assert name == "left" and said in changes.guest
    assert changes.host == () or said.startswith("1 vCPU")  # a new one runs somewhere, too
    assert others.guest == others.host == ()
    text = diff_text(found)
    assert "VM left: the guest sees a difference" in text and "VM right-hand: unchanged" in text
    assert diff(changed(GUEST[said]), whole()).vms[0][1].guest, "the way back"


@pytest.mark.parametrize("said", HOST)
def test_what_the_guest_does_not_see(said: str) -> None:
    found = diff(whole(), changed(HOST[said]))
    assert found.vms[0][1].host == (said,) and found.vms[0][1].guest == ()
    assert "VM left: the guest sees no difference" in diff_text(found)
    assert diff(changed(HOST[said]), whole()).vms[0][1].host, "the way back"


@pytest.mark.parametrize("said", WHOLE)
def test_what_is_no_vms_own(said: str) -> None:
    found = diff(whole(), changed(WHOLE[said]))
    assert said in found.whole
    assert diff(changed(WHOLE[said]), whole()).whole, "the way back"


def test_every_fact_is_compared() -> None:
    """Each member of a VM's facts changes something above; those that are left out say the same as
    one that is compared."""
    told_elsewhere = {"name", "dispatch"}  # the key itself; rows that are in the map, and sysregs
    compared = {key for key in left(whole())} - told_elsewhere
    touched = set()
    for change in (*GUEST.values(), *HOST.values()):
        was, now = left(whole()), left(changed(change))
        touched |= {key for key in was if was[key] != now[key]}
    assert touched == compared


def test_system_registers_by_name() -> None:
    new = changed(put("sysregs.0.0.value", "0x1"))
    assert "system register ID_AA64PFR0_EL1, mask or value: 0xffff → 0x1" in (
        diff(whole(), new).vms[1][1].guest
    )
    new = changed(lambda f: f["sysregs"][0].pop())
    assert "system register ICC_SGI1R_EL1: no longer traps" in diff(whole(), new).vms[0][1].guest


def test_vms_come_and_go() -> None:
    new = changed(put("vms.0.name", "lefty"))
    text = diff_text(diff(whole(), new))
    assert "VM lefty: added" in text and "VM left: removed" in text


def test_nothing_changed() -> None:
    assert diff_text(diff(whole(), whole())) == "nothing changed: both are the same build\n"
    other = changed(put("hash", "1" * 64))
    assert "only the hash" in diff_text(diff(whole(), other))


def test_object_for_machines() -> None:
    found = diff_object(diff(whole(), changed(put("vms.0.entry", "0x0"))))
    assert found["vms"]["left"] == {"guest": ["entry: 0x40000000 → 0x0"], "host": []}
    assert json.loads(json.dumps(found)) == found


def test_overview_tells_what_the_page_tells() -> None:
    text = overview(whole())
    for part in (
        "left: cpu@0, 2 MiB RAM",
        "0x40800000",
        "hardware-linked",
        "channel wire",
        "cpu@3",
    ):
        assert part in text
    assert "isolation     every VM" in text and "none of this image" in text
    lost = overview(changed(_lost))
    assert "NOT ISOLATED  left from /dma: all memory, by DMA" in lost
    check = {"result": "fail", "title": "RAM apart"}
    assert "FAILED: RAM apart" in overview(changed(put("audit", {"checks": [check]})))
    shown = [{"result": "pass", "title": "a"}, {"result": "skipped", "title": "b"}]
    assert "1 check passed, 1 not looked at" in overview(changed(put("audit", {"checks": shown})))


def _lost(found: Json) -> None:
    found["not_isolated"] = [{"vm": "left", "device": "/dma", "reaches": "all memory, by DMA"}]


def test_columns_are_aligned() -> None:
    lines = overview(whole()).split("Host memory\n")[1].split("\n\n")[0].splitlines()
    column = lines[0].index("owner")
    assert all(line[column - 1] == " " != line[column] for line in lines)
