# SPDX-License-Identifier: Apache-2.0
"""--diff: what is different between two builds, for each VM in words. Whether the guest itself can
tell comes first: a build that only moves it in host memory needs no new test of the guest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gen.emit.report import words
from gen.emit.report.diff_vm import Changes, change, vm_changes
from gen.emit.report.vm_facts import Json


@dataclass(frozen=True)
class Diff:
    vms: tuple[tuple[str, Changes], ...]  # of both builds, in the new one's order
    added: tuple[str, ...]
    removed: tuple[str, ...]
    whole: tuple[str, ...]  # what is no VM's alone
    same_inputs: bool

    @property
    def is_empty(self) -> bool:
        changed = any(changes.guest or changes.host for _, changes in self.vms)
        return not (changed or self.added or self.removed or self.whole)


def diff(old: Json, new: Json) -> Diff:
    before = {vm["name"]: vm for vm in old["vms"]}
    after = {vm["name"]: vm for vm in new["vms"]}
    return Diff(
        vms=tuple(
            (name, vm_changes(_with_registers(old, before[name]), _with_registers(new, vm)))
            for name, vm in after.items()
            if name in before
        ),
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        whole=tuple(_whole(old, new)),
        same_inputs=old["hash"] == new["hash"],
    )


def diff_text(found: Diff) -> str:
    if found.is_empty:
        why = "both are the same build" if found.same_inputs else "only the hash of inputs differs"
        return f"nothing changed: {why}\n"
    lines = [f"VM {name}: added" for name in found.added]
    lines += [f"VM {name}: removed" for name in found.removed]
    for name, changes in found.vms:
        if not changes.guest and not changes.host:
            lines.append(f"VM {name}: unchanged")
        elif not changes.guest:
            lines.append(f"VM {name}: the guest sees no difference")
        else:
            lines.append(f"VM {name}: the guest sees a difference")
        lines += [f"    {text}" for text in changes.guest]
        lines += [f"    host side: {text}" for text in changes.host]
    if found.whole:
        lines += ["whole image", *(f"    {text}" for text in found.whole)]
    return "\n".join(lines) + "\n"


def diff_object(found: Diff) -> Json:
    """For --json."""
    return {
        "same_inputs": found.same_inputs,
        "added": list(found.added),
        "removed": list(found.removed),
        "vms": {
            name: {"guest": list(changes.guest), "host": list(changes.host)}
            for name, changes in found.vms
        },
        "whole": list(found.whole),
    }


def _with_registers(facts: Json, vm: Json) -> Json:
    """The VM with its system registers in place of the number of their set."""
    return {**vm, "sysregs": facts["sysregs"][vm["dispatch"]["sysregs"]]}


def _whole(old: Json, new: Json) -> Iterable[str]:
    yield from change("deployment", old["deployment"], new["deployment"])
    yield from change("board", old["board"]["name"], new["board"]["name"])
    yield from change("variant", old["variant"], new["variant"])
    yield from change("console", old["console"]["mode"], new["console"]["mode"])
    yield from _files(old, new)
    yield from _isolation(old, new)
    yield from _audit(old, new)
    yield from _listed("warning", old, new, _warnings)
    yield from _listed("channel", old, new, _channels)
    yield from _listed("CPU", old, new, _idle)
    for name in sorted({*old["build"], *new["build"]}):
        yield from change(f"Kconfig {name}", old["build"].get(name), new["build"].get(name))


def _files(old: Json, new: Json) -> Iterable[str]:
    before = {row["name"]: row for row in old["files"]}
    for row in new["files"]:
        was = before.get(row["name"])
        if was is not None and was["size"] != row["size"]:
            delta = row["size"] - was["size"]
            yield (
                f"{row['name']}: {words.size(was['size'])} → {words.size(row['size'])} "
                f"({delta:+d} bytes)"
            )
        elif was is not None and was["sha256"] != row["sha256"]:
            yield f"{row['name']}: same size, other bytes"


def _isolation(old: Json, new: Json) -> Iterable[str]:
    def risks(facts: Json) -> list[str]:
        return [f"{row['device']} of VM {row['vm']}" for row in facts["not_isolated"]]

    yield from (
        f"ISOLATION LOST: {r} reaches all memory" for r in risks(new) if r not in risks(old)
    )
    yield from (f"isolation regained from {r}" for r in risks(old) if r not in risks(new))


def _audit(old: Json, new: Json) -> Iterable[str]:
    def result(facts: Json) -> str:
        return "none" if facts["audit"] is None else str(facts["audit"]["result"])

    yield from change("audit", result(old), result(new))


def _listed(
    what: str, old: Json, new: Json, texts: Callable[[Json], Sequence[str]]
) -> Iterable[str]:
    """Sentences that only one of the two has."""
    before, after = texts(old), texts(new)
    yield from (f"no longer: {what} {text}" for text in before if text not in after)
    yield from (f"new: {what} {text}" for text in after if text not in before)


def _warnings(facts: Json) -> list[str]:
    found = [f"{row['code']}: {row['message']}" for row in facts["warnings"]]
    return found + [f"{text}" for text in facts["notices"]]


def _channels(facts: Json) -> list[str]:
    return [
        f"{channel['name']}, {words.size(channel['size'])}"
        + (", kept over restarts" if channel["keep"] else "")
        + ("" if channel["cached"] else ", uncached")
        for channel in facts["channels"]
    ]


def _idle(facts: Json) -> list[str]:
    return [f"{cpu['name']} without VM" for cpu in facts["cpus"] if cpu["runs"] is None]
