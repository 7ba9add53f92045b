# SPDX-License-Identifier: Apache-2.0
"""What is different about one VM in two builds. Rows are told apart by what the guest knows them by:
a guest address, a guest's interrupt number, a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gen.emit.report import words
from gen.emit.report.vm_facts import Json


@dataclass(frozen=True)
class Changes:
    guest: tuple[str, ...]  # what software in the VM can see, now or when it crashes
    host: tuple[str, ...]  # what it can't


def vm_changes(old: Json, new: Json) -> Changes:
    guest: list[str] = []
    host: list[str] = []
    guest += _count("vCPU", len(old["vcpus"]), len(new["vcpus"]))
    guest += change("vCPUs' MPIDR", _ids(old, "guest_id"), _ids(new, "guest_id"))
    host += change("runs on", _ids(old, "cpu"), _ids(new, "cpu"))
    for label, key in (("entry", "entry"), ("device tree at", "device_tree")):
        guest += change(label, old[key], new[key])
    guest += change("boot arguments", old["bootargs"], new["bootargs"])
    guest += change("guest", _guest(old), _guest(new))
    _map(old, new, guest, host)
    _images(old, new, guest, host)
    _interrupts(old, new, guest, host)
    guest += _sysregs(old, new)
    guest += change("CPU features", ", ".join(old["features"]), ", ".join(new["features"]))
    guest += change("counter", old["counter"], new["counter"])
    guest += _policies(old["policy"], new["policy"])
    host += _devices(old, new)
    host += change("VMID", old["stage2"]["vmid"], new["stage2"]["vmid"])
    guest += change("bits of an address", old["stage2"]["ipa_bits"], new["stage2"]["ipa_bits"])
    host += _count("stage-2 table", old["stage2"]["tables"], new["stage2"]["tables"])
    return Changes(tuple(guest), tuple(host))


def change(label: str, old: object, new: object) -> list[str]:
    def shown(value: object) -> str:
        return "none" if value in (None, "") else str(value)

    return [] if old == new else [f"{label}: {shown(old)} → {shown(new)}"]


def _count(noun: str, old: int, new: int) -> list[str]:
    return [] if old == new else [f"{words.count(old, noun)} → {new}"]


def _ids(vm: Json, key: str) -> str:
    return ", ".join(vcpu[key] for vcpu in vm["vcpus"])


def _guest(vm: Json) -> str:
    return f"{vm['guest']['kind']} {vm['guest']['source'] or ''}".rstrip()


Row = dict[str, Any]


def _paired(
    old: Sequence[Row], new: Sequence[Row], key: Callable[[Row], object]
) -> Iterable[tuple[Row | None, Row | None]]:
    """Rows of both with the same key; those that one has alone, with None."""
    before, after = {key(row): row for row in old}, {key(row): row for row in new}
    yield from ((row, after.get(name)) for name, row in before.items())
    yield from ((None, row) for name, row in after.items() if name not in before)


def _map(old: Json, new: Json, guest: list[str], host: list[str]) -> None:
    gone: list[Row] = []
    come: list[Row] = []
    for was, now in _paired(old["map"], new["map"], lambda row: row["gpa"]):
        if was is None or now is None:
            gone += [was] if was else []
            come += [now] if now else []
            continue
        label = f"{now['owner']} at {now['gpa']}"
        guest += change(f"at {now['gpa']}", was["owner"], now["owner"])
        guest += change(f"{label}, size", words.size(was["size"]), words.size(now["size"]))
        guest += change(f"{label}, kind", was["kind"], now["kind"])
        guest += change(f"{label}, rights", was.get("access"), now.get("access"))
        host += change(f"{label}, handler", was.get("ops"), now.get("ops"))
        host += change(f"{label}, in host memory", was.get("hpa"), now.get("hpa"))
    guest += _moved(gone, come)


def _moved(gone: Sequence[Row], come: Sequence[Row]) -> Iterable[str]:
    """What is at another address, is there no longer, or is new."""
    left = list(come)
    for was in gone:
        same = ("owner", "kind", "size")
        now = next((row for row in left if all(row[key] == was[key] for key in same)), None)
        if now is None:
            yield f"no longer finds {was['owner']} at {was['gpa']}, {words.size(was['size'])}"
        else:
            left.remove(now)
            yield f"{now['owner']} moved: {was['gpa']} → {now['gpa']}"
    for row in left:
        yield f"finds {row['owner']} at {row['gpa']}, {words.size(row['size'])}"


def _images(old: Json, new: Json, guest: list[str], host: list[str]) -> None:
    for was, now in _paired(old["images"], new["images"], lambda row: row["name"]):
        if was is None or now is None:
            row = now or was
            assert row is not None
            kind = "new image" if now else "no longer: image"
            guest.append(f"{kind} {row['name']}, {words.size(row['size'])} at {row['gpa']}")
            continue
        label = f"image {now['name']}"
        guest += change(f"{label}, address", was["gpa"], now["gpa"])
        if was["size"] != now["size"]:
            guest.append(
                f"{label}: other bytes, {words.size(was['size'])} → {words.size(now['size'])}"
            )
        elif was["sha256"] != now["sha256"]:
            guest.append(f"{label}: other bytes, same size")
        host += change(f"{label}, placed", was["placed"], now["placed"])


def _interrupts(old: Json, new: Json, guest: list[str], host: list[str]) -> None:
    before, after = old["interrupts"], new["interrupts"]
    guest += change("interrupts", before["mode"], after["mode"])
    guest += change("SPIs that the controller has", before["spi_count"], after["spi_count"])
    for was, now in _paired(before["routes"], after["routes"], lambda row: row["guest_intid"]):
        if was is None or now is None:
            row = now or was
            assert row is not None
            verb = "new interrupt" if now else "no longer: interrupt"
            guest.append(f"{verb} INTID {row['guest_intid']}, {row['owner']}")
            continue
        label = f"INTID {now['guest_intid']}"
        guest += change(f"{label}, source", was["owner"], now["owner"])
        guest += change(f"{label}, trigger", was["trigger"], now["trigger"])
        host += change(f"{label}, class", was["class"], now["class"])
        host += change(f"{label}, host's number", was["host_intid"], now["host_intid"])


def _sysregs(old: Json, new: Json) -> Iterable[str]:
    for was, now in _paired(old["sysregs"], new["sysregs"], lambda row: row["encoding"]):
        if was is None or now is None:
            row = now or was
            assert row is not None
            yield f"system register {row['name']}: {'traps' if now else 'no longer traps'}"
            continue
        label = f"system register {now['name']}"
        yield from change(f"{label}, mask or value", was["value"], now["value"])
        yield from change(f"{label}, handler", was["ops"], now["ops"])


def _policies(old: Json, new: Json) -> Iterable[str]:
    for key in ("on_crash", "on_reset", "on_off"):
        yield from change(key, old[key], new[key])
    yield from change("restarts", words.restart(old), words.restart(new))
    yield from change("watchdog", _time(old["watchdog_ms"]), _time(new["watchdog_ms"]))
    yield from change("scrub", old["scrub"], new["scrub"])
    yield from change("dma", old["dma"], new["dma"])
    yield from change("console_control", old["console_control"], new["console_control"])
    for key, label in (
        ("controls", "controls"),
        ("controlled_by", "controlled by"),
        ("firmware", "firmware"),
    ):
        yield from change(label, ", ".join(old[key]), ", ".join(new[key]))


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else words.duration(milliseconds)


def _devices(old: Json, new: Json) -> Iterable[str]:
    for was, now in _paired(old["devices"], new["devices"], lambda row: row["path"]):
        if was is None or now is None:
            row = now or was
            assert row is not None
            yield f"{'has' if now else 'no longer has'} device {row['path']}"
            continue
        yield from change(f"device {now['path']}, access", was["access"], now["access"])
