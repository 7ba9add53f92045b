# SPDX-License-Identifier: Apache-2.0
"""The native deployment file, from text to gen/read/deployment.py's dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from gen.diagnostics import Report, Where
from gen.read.axvm import include_axvm
from gen.read.build_vm import build_vm
from gen.read.deployment import Channel, Console, Deployment, Peer, Test, Vm
from gen.read.keys import NAME
from gen.read.names import names_of
from gen.read.references import check_references
from gen.read.schema import ROOT, SCHEMA_VERSION
from gen.read.schema_vm import TEMPLATE, VM
from gen.read.suggest import did_you_mean
from gen.read.toml_file import TOLD, Item, merge, read_with_includes
from gen.read.validate import Values, read_table
from gen.read.variables import apply_sets, expand

NO_LIMIT = 1 << 63


def load_deployment(
    path: Path,
    sets: Sequence[str],
    report: Report,
    predefined: Mapping[str, str] = MappingProxyType({}),
    prepare_board: Callable[[str], None] = lambda board: None,
) -> Deployment | None:
    """The deployment that a file describes, with `--set` changes on top. `predefined` are variables
    that exist without [vars] ("fetch"). `prepare_board` is called before a board's facts are needed
    here. Everything wrong goes to `report`; what has no errors can be judged further: it is the
    result, whose `complete` tells whether that is all. None: nothing can be judged."""
    errors_before = len(report.errors)
    item, sources = read_with_includes(path, report)
    if item is None:
        return None
    errors_in_files = len(report.errors)
    item = apply_sets(item, sets, report)
    _check_schema(item, report)
    if len(report.errors) > errors_in_files:
        return None  # what the rest is to mean isn't known
    root = expand(item, predefined, report)
    included, more = include_axvm(_apply_templates(root, report), prepare_board, report)
    values = _read_root(included, report)
    check_references(values, names_of(root, included), report)
    deployment = _build(path.absolute(), (*sources, *more), included, values, report)
    return replace(deployment, complete=len(report.errors) == errors_before)


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
    named = set(holder.value) if holder is not None and holder.is_table else set()
    if holder is not None and (not holder.is_table or len(templates) < len(named)):
        report.error(
            "wrong-type",
            holder.where,
            "template: expected tables of VM keys",
            "write [template.NAME] and its keys",
        )
    vms = root.get("vm")
    if vms is not None and vms.is_array:
        merged = [_with_template(vm, templates, report, named) for vm in vms.value]
        table["vm"] = Item(merged, vms.where, vms.base)
    return Item(table, root.where, root.base)


def _with_template(vm: Item, templates: dict[str, Item], report: Report, wrong: Set[str]) -> Item:
    """`wrong`: names of templates that are no tables, which was told."""
    name = vm.get("template")
    if name is None:
        return vm
    known = isinstance(name.value, str)
    template = templates.get(name.value) if known else None
    if template is not None:
        return Item(merge(template, vm).value, vm.where, vm.base)
    if known and name.value not in wrong:
        report.error(
            "template-unknown",
            name.where,
            f'template = "{name.value}": there is no [template.{name.value}]',
            did_you_mean(name.value, templates) or f"add [template.{name.value}]",
        )
    read_table(vm, VM, "vm", report, partial=True)
    return Item(TOLD, name.where, vm.base)


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
        if not entry.is_told and not isinstance(entry.value, (bool, int, str)):
            report.error(
                "wrong-type",
                entry.where,
                f"build.{name} = {entry.plain()!r}: a symbol is true, false, a number or a string",
                "correct the value",
            )
    return values


def _build(
    path: Path, sources: tuple[Path, ...], root: Item, values: Values, report: Report
) -> Deployment:
    """What is sound of the file."""
    head: Values = values.get("deployment") or Values(root.where)
    places = {f"deployment.{key}": where for key, where in head.places.items()}
    places |= values.places
    vms = _sound_vms(root, values, report)
    has_board = not head.told & {"board", "variant"}
    build = values.get("build", {}).items()
    return Deployment(
        name=_name(head, path, report),
        board=head.get("board", "") if has_board else "",
        vms=vms,
        channels=_sound_channels(root, values, {vm.name for vm in vms}, report),
        variant=head.get("variant"),
        console=_build_console(head),
        max_size=head.get("max_size") if "max_size" not in head.told else NO_LIMIT,
        slots=head.get("slots", 1) if "slots" not in head.told else 1,
        build={name: value for name, value in build if isinstance(value, (bool, int, str))},
        test=_build_test(values.get("test")),
        file=path,
        sources=sources,
        where=Where(path),
        key_where=places,
        merged=root.plain(),
    )


def _name(head: Values, path: Path, report: Report) -> str:
    name = str(head.get("name", path.stem))
    if not NAME.fullmatch(name) and "name" not in head.told:
        report.error(
            "bad-name",
            head.where,
            f'the file\'s name gives the deployment the name "{name}", which is not a name',
            'add name = "..." to [deployment]',
        )
    return name


def _sound(root: Item, key: str, values: Values, report: Report) -> list[tuple[int, Values]]:
    """The tables of an array that no error blames, with their places in it."""
    array = root.get(key)
    entries = array.value if array is not None and array.is_array else []
    tables = [(place, entry) for place, entry in enumerate(entries) if entry.is_table]
    read: Sequence[Values] = values.get(key, ())
    return [
        (place, made)
        for (place, entry), made in zip(tables, read)
        if not report.blames(entry.places())
    ]


def _sound_vms(root: Item, values: Values, report: Report) -> tuple[Vm, ...]:
    """With the ids that they have beside the others."""
    made = [(place, build_vm(vm)) for place, vm in _sound(root, "vm", values, report)]
    names = {vm.name for _, vm in made}
    array = root.get("vm")
    if array is None or len(made) == len(array.value):
        return tuple(vm for _, vm in made)
    return tuple(
        replace(
            vm,
            id=vm.id if vm.id is not None else place + 1,
            controls=tuple(name for name in vm.controls if name in names),
        )
        for place, vm in made
    )


def _sound_channels(
    root: Item, values: Values, vms: Set[str], report: Report
) -> tuple[Channel, ...]:
    made = [_build_channel(channel) for _, channel in _sound(root, "channel", values, report)]
    return tuple(c for c in made if all(peer.vm in vms for peer in c.peers))


def _build_console(head: Values) -> Console:
    if "console" in head.told:
        return Console("unknown")
    console = head.get("console", "shared")
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
