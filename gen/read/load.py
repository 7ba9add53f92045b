# SPDX-License-Identifier: Apache-2.0
"""The native deployment file, from text to gen/read/deployment.py's dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gen.diagnostics import Report, Where
from gen.read.axvm import include_axvm
from gen.read.build_vm import build_vm
from gen.read.deployment import Channel, Console, Deployment, Peer, Test, Vm
from gen.read.keys import NAME
from gen.read.references import check_references
from gen.read.schema import ROOT, SCHEMA_VERSION
from gen.read.schema_vm import TEMPLATE
from gen.read.suggest import did_you_mean
from gen.read.toml_file import Item, merge, read_with_includes
from gen.read.validate import Values, read_table
from gen.read.variables import apply_sets, expand


def load_deployment(
    path: Path,
    sets: Sequence[str],
    report: Report,
    predefined: Mapping[str, str] = MappingProxyType({}),
    prepare_board: Callable[[str], None] = lambda board: None,
) -> Deployment | None:
    """The deployment that a file describes, with `--set` changes on top. `predefined` are variables
    that exist without [vars] ("fetch"). `prepare_board` is called before a board's facts are needed
    here. Everything wrong goes to `report`; None if something was."""
    errors_before = len(report.errors)
    item, sources = read_with_includes(path, report)
    if item is None:
        return None
    root = expand(apply_sets(item, sets, report), predefined, report)
    _check_schema(root, report)
    included, more = include_axvm(_apply_templates(root, report), prepare_board, report)
    if included is None:
        return None
    root, sources = included, (*sources, *more)
    values = _read_root(root, report)
    check_references(values, report)
    if len(report.errors) > errors_before:
        return None
    deployment = _build(path.absolute(), sources, root, values, report)
    return deployment if len(report.errors) == errors_before else None


def _check_schema(root: Item, report: Report) -> None:
    version = root.get("schema")
    if version is None:
        report.warning(
            "schema-missing",
            root.where,
            f"the file does not say which format it has; taken as {SCHEMA_VERSION}",
            f"add schema = {SCHEMA_VERSION}",
        )
    elif isinstance(version.value, int) and version.value > SCHEMA_VERSION:
        report.error(
            "schema-newer",
            version.where,
            f"schema = {version.value}: this version knows formats up to {SCHEMA_VERSION}",
            "use a newer version of this tool",
        )


def _apply_templates(root: Item, report: Report) -> Item:
    """Every VM merged over the template that it names; templates are checked on their own too."""
    holder = root.get("template")
    templates: dict[str, Item] = {}
    if holder is not None and holder.is_table:
        templates = {name: item for name, item in holder.value.items() if item.is_table}
        for name, item in templates.items():
            read_table(item, TEMPLATE, f"template.{name}", report, partial=True)
    table = {key: item for key, item in root.value.items() if key != "template"}
    if holder is not None and len(templates) != len(holder.value if holder.is_table else " "):
        report.error(
            "wrong-type",
            holder.where,
            "template: expected tables of VM keys",
            "write [template.NAME] and its keys",
        )
    vms = root.get("vm")
    if vms is not None and vms.is_array:
        merged = [_with_template(vm, templates, report) for vm in vms.value]
        table["vm"] = Item(merged, vms.where, vms.base)
    return Item(table, root.where, root.base)


def _with_template(vm: Item, templates: dict[str, Item], report: Report) -> Item:
    name = vm.get("template")
    if name is None or not isinstance(name.value, str):
        return vm
    template = templates.get(name.value)
    if template is None:
        report.error(
            "template-unknown",
            name.where,
            f'template = "{name.value}": there is no [template.{name.value}]',
            did_you_mean(name.value, templates) or f"add [template.{name.value}]",
        )
        return vm
    return Item(merge(template, vm).value, vm.where, vm.base)


def _read_root(root: Item, report: Report) -> Values:
    """Typed values of the whole file. What a template was blamed for already is not told again
    for each VM that takes it."""
    told = {(d.code, d.where) for d in report.found}
    fresh = Report()
    values = read_table(root, ROOT, "", fresh)
    for found in fresh.found:
        if (found.code, found.where) not in told:
            report.found.append(found)
    build = root.get("build")
    for name, entry in (build.value if build is not None and build.is_table else {}).items():
        values.places[f"build.{name}"] = entry.where
        if not isinstance(entry.value, (bool, int, str)):
            report.error(
                "wrong-type",
                entry.where,
                f"build.{name} = {entry.plain()!r}: a symbol is true, false, a number or a string",
                "correct the value",
            )
    return values


def _build(
    path: Path, sources: tuple[Path, ...], root: Item, values: Values, report: Report
) -> Deployment | None:
    head: Values = values.get("deployment")
    name = head.get("name", path.stem)
    if not NAME.fullmatch(name):
        report.error(
            "bad-name",
            head.where,
            f'the file\'s name gives the deployment the name "{name}", which is not a name',
            'add name = "..." to [deployment]',
        )
        return None
    places = {f"deployment.{key}": where for key, where in head.places.items()}
    places |= values.places
    return Deployment(
        name=name,
        board=head.get("board"),
        vms=tuple(build_vm(vm) for vm in values.get("vm")),
        channels=tuple(_build_channel(channel) for channel in values.get("channel", ())),
        variant=head.get("variant"),
        console=_build_console(head.get("console", "shared")),
        max_size=head.get("max_size"),
        build=values.get("build", {}),
        test=_build_test(values.get("test")),
        file=path,
        sources=sources,
        where=Where(path),
        key_where=places,
        merged=root.plain(),
    )


def _build_console(console: Any) -> Console:
    if isinstance(console, Values):
        return Console(console.get("mode", "shared"), console.get("uart"))
    return Console(console)


def _build_test(test: Values | None) -> Test | None:
    if test is None:
        return None
    return Test(test.get("timeout", 30_000), tuple(test.get("expect", ())))


def _build_channel(channel: Values) -> Channel:
    if channel.wrote("peers"):
        peers = [
            Peer(
                vm=peer.get("vm"),
                access=peer.get("access"),
                gpa=peer.get("gpa"),
                spi=peer.get("spi"),
                rings=tuple(peer.get("rings")) if peer.wrote("rings") else None,
                where=peer.where,
            )
            for peer in channel.get("peers")
        ]
    else:
        peers = [Peer(channel.get("from"), "rw", where=channel.at("from"))]
        peers += [Peer(vm, "ro", where=channel.at("to")) for vm in channel.get("to")]
    return Channel(
        name=channel.get("name"),
        size=channel.get("size"),
        peers=tuple(peers),
        doorbell=channel.get("doorbell", True),
        keep=channel.get("keep", False),
        cached=channel.get("cached", True),
        key=channel.get("key"),
        where=channel.where,
    )


def check_files(deployment: Deployment, report: Report) -> None:
    """Whether every file that the VMs name is there; a missing one is told once. Apart from
    loading, because some files are fetched in between."""
    users: dict[Path, list[tuple[Vm, str]]] = {}
    for vm in deployment.vms:
        for key, file in _vm_files(vm):
            if not file.is_file():
                users.setdefault(file, []).append((vm, key))
        _check_unikernel(vm, report)
    for file, named in users.items():
        vm, key = named[0]
        others = "".join(f", vm.{other.name}.{word}" for other, word in named[1:])
        foreign = vm.at(key).file not in (deployment.file, vm.where.file)
        report.error(
            "file-missing",
            vm.at(key),
            f"vm.{vm.name}.{key}{others}: {file} does not exist",
            f"correct the path, or set {key} in the [[vm]]" if foreign else "correct the path",
        )


def _vm_files(vm: Vm) -> list[tuple[str, Path]]:
    files = [("initrd", vm.initrd)] + [("dtb_overlay", overlay) for overlay in vm.dtb_overlay]
    if vm.kernel is not None:
        files.insert(0, ("kernel", vm.kernel.image))
    if isinstance(vm.dtb, Path):
        files.append(("dtb", vm.dtb))
    return [(key, file) for key, file in files if file is not None]


def _check_unikernel(vm: Vm, report: Report) -> None:
    if vm.unikernel is not None and not any(vm.unikernel.glob("*.c")):
        report.error(
            "file-missing",
            vm.at("unikernel"),
            f"vm.{vm.name}.unikernel: {vm.unikernel} is not a folder with C sources",
            "correct the path",
        )
