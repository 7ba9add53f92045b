# SPDX-License-Identifier: Apache-2.0
"""What must hold between the keys of a deployment file, as far as the file alone can tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gen.diagnostics import Report, Where
from gen.read import device_types
from gen.read.device_keys import CONSOLE, check_device_keys
from gen.read.names import Names
from gen.read.suggest import did_you_mean, nearest
from gen.read.validate import Values


def check_references(values: Values, names: Names, report: Report) -> None:
    """`names`: of the VMs that the file has, though they may be no part of `values`."""
    vms: Sequence[Values] = values.get("vm", ())
    if values.get("vm") == [] and "vm" not in values.told and names.none:
        report.error("vm-none", values.at("vm"), "the deployment has no VM", "add a [[vm]]")
    for vm in vms:
        _check_voice(vm, report)
        _check_vm(vm, f"vm.{vm.get('name', '?')}", report)
    for vm in vms:
        check_device_keys(vm, f"vm.{vm.get('name', '?')}", names, report)
        _check_controls(vm, f"vm.{vm.get('name', '?')}", names, report)
    for channel in values.get("channel", ()):
        _check_channel(channel, f"channel.{channel.get('name', '?')}", names, report)
    if values.get("test") is not None:
        _check_expect(values.get("test"), names, report)


def _check_expect(test: Values, names: Names, report: Report) -> None:
    """`contol: ready` would be looked for as it stands, in every voice's lines."""
    for entry in test.get("expect", ()):
        voice, colon, _ = entry.partition(":")
        meant = nearest(voice.strip(), {*names.known, CONSOLE}, 0.8) if colon else None
        if meant not in (None, voice.strip()):
            report.warning(
                "expect-voice",
                test.at("expect"),
                f'test.expect: "{entry}" names no VM, and is looked for as it stands',
                f'did you mean "{meant}:"?',
            )


def _check_voice(vm: Values, report: Report) -> None:
    if vm.get("name") == CONSOLE:
        report.error(
            "bad-name",
            vm.at("name"),
            f'vm.{CONSOLE}.name = "{CONSOLE}": the console calls the hypervisor so',
            "choose another name",
        )


def _check_unikernel(vm: Values, label: str, report: Report) -> None:
    """What the runtime that it is linked with can't do without."""
    for key, without, words in (
        ("initrd", vm.wrote("initrd"), "a unikernel takes no initrd"),
        (
            "dtb",
            vm.get("dtb") is False,
            "a unikernel needs its device tree, and dtb = false gives none",
        ),
        (
            "interrupts",
            vm.get("interrupts") == "none",
            'a unikernel needs an interrupt controller, and interrupts = "none" gives none',
        ),
    ):
        if without:
            report.error(
                "key-conflict",
                vm.at(key),
                f"{label}: {words}",
                f"remove {key}",
                vm.at("unikernel"),
            )


def _check_vm(vm: Values, label: str, report: Report) -> None:
    _check_one_of(vm, label, ("ram", "memory"), report)
    _check_one_of(vm, label, ("unikernel", "kernel"), report)
    if vm.wrote("unikernel"):
        _check_unikernel(vm, label, report)
    for key in ("cpus", "memory"):
        if vm.get(key) == [] and key not in vm.told:
            report.error("bad-value", vm.at(key), f"{label}.{key} is empty", "give at least one")
    if vm.wrote("initrd") and vm.get("dtb") is False:
        report.error(
            "key-conflict",
            vm.at("initrd"),
            f"{label}: initrd is told to the guest in its device tree, and dtb = false gives none",
            "remove initrd or dtb = false",
            vm.at("dtb"),
        )
    if vm.get("dtb_overlay") and vm.get("dtb") is False:
        report.error(
            "key-conflict",
            vm.at("dtb_overlay"),
            f"{label}: dtb_overlay changes the guest's device tree, and dtb = false gives none",
            "remove dtb_overlay or dtb = false",
            vm.at("dtb"),
        )
    _check_places(vm, label, report)
    for memory in vm.get("memory", ()):
        _check_memory(memory, label, report)
    for entry in vm.get("passthrough", ()):
        _check_passthrough(entry, label, report)
    for entry in vm.get("emulated", ()):
        _check_emulated(entry, label, report)
    _check_devices(vm, label, report)


def _check_places(vm: Values, label: str, report: Report) -> None:
    """Addresses of what is loaded beside the kernel."""
    for key, owner, is_there in (
        ("initrd_gpa", "initrd", vm.wrote("initrd")),
        ("dtb_gpa", "dtb", vm.get("dtb") is not False),
    ):
        if vm.wrote(key) and not is_there:
            report.error(
                "key-conflict",
                vm.at(key),
                f"{label}: {key} is given, and the VM gets no {owner}",
                f"remove {key}",
                vm.at(owner),
            )
    gpa = vm.get("dtb_gpa", 0)
    if gpa % 8:  # Documentation/arch/arm64/booting
        report.error(
            "bad-value",
            vm.at("dtb_gpa"),
            f"{label}.dtb_gpa = {gpa:#_x} is not a multiple of 8",
            f"use {gpa - gpa % 8 + 8:#_x}",
        )


def _check_controls(vm: Values, label: str, names: Names, report: Report) -> None:
    controls: Sequence[str] = vm.get("controls", ())
    where = vm.at("controls")
    for name in controls:
        if names.lack(name):
            report.error(
                "controls-unknown",
                where,
                f'{label}.controls: there is no VM "{name}"',
                did_you_mean(name, names.known) or "name a VM of this deployment",
            )
    if vm.get("name") in controls:
        report.error(
            "controls-itself",
            where,
            f"{label}.controls: a VM does not control itself",
            "remove it; a VM resets and powers off itself by PSCI",
        )
    for name in _repeated(controls):
        report.error(
            "name-duplicate", where, f'{label}.controls has "{name}" twice', "remove one of them"
        )


def _check_one_of(vm: Values, label: str, keys: tuple[str, str], report: Report) -> None:
    one, other = keys
    if vm.wrote(one) and vm.wrote(other):
        report.error(
            "key-conflict",
            vm.at(other),
            f"{label} has both {one} and {other}",
            "keep one of the two",
            vm.at(one),
        )
    elif not vm.wrote(one) and not vm.wrote(other):
        report.error(
            "key-missing",
            vm.where,
            f"{label} has neither {one} nor {other}",
            f"add {one} or {other}",
        )


def _check_memory(memory: Values, label: str, report: Report) -> None:
    kind, gpa, hpa = memory.get("map", "alloc"), memory.get("gpa"), memory.get("hpa")
    if kind != "alloc" and gpa is None and not memory.wrote("gpa"):
        report.error(
            "key-missing",
            memory.where,
            f'{label}.memory: map = "{kind}" needs the address: gpa is missing',
            "add gpa = 0x...",
        )
    if kind != "alloc" and hpa is not None and gpa is not None and hpa != gpa:
        report.error(
            "key-conflict",
            memory.at("hpa"),
            f'{label}.memory: map = "{kind}" means hpa = gpa, but gpa = {gpa:#x}, hpa = {hpa:#x}',
            "remove hpa",
            memory.at("gpa"),
        )


def _check_passthrough(entry: Values, label: str, report: Report) -> None:
    """Memory or I/O ports."""
    name = f"{label}.passthrough.{entry.get('name', '?')}"
    if entry.get("ports") == [] and "ports" not in entry.told:
        report.error("bad-value", entry.at("ports"), f"{name}.ports is empty", "give at least one")
    for key, example in (("gpa", "0x900_0000"), ("size", '"4K"')):
        if entry.wrote("ports") and entry.wrote(key):
            report.error(
                "key-conflict",
                entry.at(key),
                f"{name} has both ports and {key}",
                "make it two entries",
                entry.at("ports"),
            )
        elif not entry.wrote("ports") and not entry.wrote(key):
            report.error(
                "key-missing", entry.where, f"{name}.{key} is missing", f"add {key} = {example}"
            )


def _check_emulated(entry: Values, label: str, report: Report) -> None:
    """A device has the keys of its type."""
    name = entry.get("type")
    if name is None:
        return
    kind = device_types.find(name)
    own = {key.name: key for key in kind.keys} if kind is not None else {}
    for key in device_types.type_keys():
        if entry.wrote(key.name) and key.name not in own:
            report.error(
                "key-conflict",
                entry.at(key.name),
                f"{label}.emulated: a {name} has no {key.name}",
                f"remove {key.name}",
                entry.at("type"),
            )
    needed = {key.name: key.example for key in own.values() if key.required}
    if kind is not None and not entry.wrote("port"):
        needed["gpa"] = "0xa00_0000"
    for missing in [key for key in needed if not entry.wrote(key)]:
        report.error(
            "key-missing",
            entry.where,
            f"{label}.emulated: a {name} needs {missing}",
            f"add {missing} = {needed[missing]}",
        )
    has_ports = kind is not None and kind.ports > 0
    if entry.wrote("port") and (entry.wrote("gpa") or not has_ports):
        report.error(
            "key-conflict",
            entry.at("port"),
            f"{label}.emulated: a {name} has either gpa or port"
            if has_ports
            else f"{label}.emulated: a {name} is no device of I/O ports",
            "remove port",
            entry.at("gpa") if has_ports else entry.at("type"),
        )
    if kind is not None and kind.trigger is None and entry.wrote("spi"):
        report.error(
            "key-conflict",
            entry.at("spi"),
            f"{label}.emulated: a {name} raises no interrupt",
            "remove spi",
            entry.at("type"),
        )


def _check_devices(vm: Values, label: str, report: Report) -> None:
    seen: dict[str, Where] = {path: vm.at("devices") for path in vm.get("devices", ())}
    paths = list(vm.get("devices", ()))
    for device in vm.get("device", ()):
        path = device.get("path")
        if path in seen:
            paths.append(path)
        elif path is not None:
            seen[path] = device.where
    for path in _repeated(paths):
        report.error(
            "name-duplicate",
            vm.at("device") if vm.wrote("device") else vm.at("devices"),
            f'{label} lists the device "{path}" twice',
            "remove one of them",
            seen[path],
        )


def _repeated(words: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    found = []
    for word in words:
        if word in seen and word not in found:
            found.append(word)
        seen.add(word)
    return found


def _check_channel(channel: Values, label: str, vms: Names, report: Report) -> None:
    short = channel.wrote("from") or channel.wrote("to")
    if short and channel.wrote("peers"):
        report.error(
            "key-conflict",
            channel.at("peers"),
            f"{label} has both peers and from/to",
            "keep one of the two forms",
            channel.at("from") if channel.wrote("from") else channel.at("to"),
        )
        return
    if not channel.wrote("peers"):
        for key in ("from", "to"):
            if not channel.wrote(key):
                report.error(
                    "key-missing",
                    channel.where,
                    f"{label}.{key} is missing",
                    f"add {key}, or list peers",
                )
    users = [(vm, channel.at("to")) for vm in channel.get("to", ())]
    if channel.get("from") is not None:
        users.insert(0, (channel.get("from"), channel.at("from")))
    for peer in channel.get("peers", ()):
        if peer.get("vm") is not None:
            users.append((peer.get("vm"), peer.at("vm")))
    complete = not channel.told & {"peers", "from", "to"} and (
        channel.wrote("peers") or channel.wrote("from") and channel.wrote("to")
    )
    _check_users(users, label, vms, complete, channel, report)
    _check_peers(channel, label, report)


def _check_users(
    users: list[tuple[str, Where]],
    label: str,
    vms: Names,
    complete: bool,
    channel: Values,
    report: Report,
) -> None:
    for vm, where in users:
        if vms.lack(vm):
            report.error(
                "peer-unknown",
                where,
                f'{label}: there is no VM "{vm}"',
                did_you_mean(vm, vms.known) or "name a VM of this deployment",
            )
    for vm in _repeated(vm for vm, _ in users):
        places = [where for name, where in users if name == vm]
        report.error(
            "peer-duplicate",
            places[1],
            f'{label} has the VM "{vm}" twice',
            "remove one of them",
            places[0],
        )
    if complete and len(users) < 2:
        report.error(
            "peer-count",
            channel.at("peers") if channel.wrote("peers") else channel.at("to"),
            f"{label} joins {len(users)} VM{'s' if len(users) != 1 else ''}: a channel needs two",
            "add a VM",
        )


def _check_peers(channel: Values, label: str, report: Report) -> None:
    peers: Sequence[Values] = channel.get("peers", ())
    names = [peer.get("vm") for peer in peers if peer.get("vm") is not None]
    if len(peers) > 1 and all(peer.get("access") == "ro" for peer in peers):
        report.error(
            "channel-no-writer",
            channel.at("peers"),
            f"{label}: no peer may write",
            'give one peer access = "rw"',
        )
    for peer in peers:
        for ring in peer.get("rings", ()):
            if ring not in names and "peers" not in channel.told:
                report.error(
                    "peer-unknown",
                    peer.at("rings"),
                    f'{label}: rings "{ring}", which is no peer of the channel',
                    did_you_mean(ring, names) or "name a peer",
                )
        if peer.get("rings") and channel.get("doorbell") is False:
            report.error(
                "key-conflict",
                peer.at("rings"),
                f"{label}: rings is given, and doorbell = false",
                "remove rings or doorbell = false",
                channel.at("doorbell"),
            )
