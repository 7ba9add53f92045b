# SPDX-License-Identifier: Apache-2.0
"""`[[vm]] axvm = "vm.toml"`: AxVM's VM file, turned into the keys of a [[vm]] table, over which the
table's own keys are merged. The rest of the generator sees no difference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gen.diagnostics import Report, Where
from gen.read.axvm_arch import check_arch
from gen.read.axvm_cpus import translate_base
from gen.read.axvm_devices import translate_devices
from gen.read.axvm_emulated import translate_emulated, translate_interrupts
from gen.read.axvm_file import AxVm, read_axvm
from gen.read.axvm_memory import translate_kernel, translate_memory
from gen.read.axvm_native import CPUS_WORDS, Translation
from gen.read.board import Board
from gen.read.board_file import load_board
from gen.read.fdt import parse_file
from gen.read.schema import DEPLOYMENT
from gen.read.schema_vm import VM
from gen.read.toml_file import TOLD, Item, merge
from gen.read.validate import Values, read_table


def include_axvm(
    root: Item, prepare_board: Callable[[str], None], report: Report
) -> tuple[Item, tuple[Path, ...]]:
    """The deployment with every AxVM file merged under the [[vm]] that names it, and the files
    read. A VM whose file has errors is told then. `prepare_board` is called before the board is
    read."""
    vms = root.get("vm")
    entries = vms.value if vms is not None and vms.is_array else []
    if vms is None or not any(entry.get("axvm") is not None for entry in entries):
        return root, ()
    head = _head(root)
    board = _board(head, prepare_board, report)
    made, sources, translated = [], [], []
    for entry in entries:
        if entry.get("axvm") is None:
            made.append(entry)
            continue
        errors = len(report.errors)
        to = _translate(entry, root, head, board, report) if board is not None else None
        if to is not None:
            sources.append(to.vm.file)
        if to is None or len(report.errors) > errors:
            read_table(entry, VM, "vm", report, partial=True)
            made.append(Item(TOLD, entry.where, entry.base))
            continue
        translated.append(to)
        under = Item(to.table, entry.where, entry.base)
        merged = merge(under, to.own)
        made.append(Item(merged.value, entry.where, entry.base))
    _check_ids(translated, report)
    _check_cpus(translated, report)
    _check_names(made, report)
    table = root.value | {"vm": Item(made, vms.where, vms.base)}
    return Item(table, root.where, root.base), tuple(sources)


def _head(root: Item) -> Values:
    """[deployment] as far as it is right: what is wrong in it is told later."""
    item = root.get("deployment")
    if item is None or not item.is_table:
        return Values(root.where)
    return read_table(item, DEPLOYMENT, "deployment", Report(), partial=True)


def _board(head: Values, prepare_board: Callable[[str], None], report: Report) -> Board | None:
    if head.get("board") is None:
        report.error(
            "key-missing",
            head.where,
            "deployment.board is missing: what an AxVM file means depends on the board",
            'add board = "..." to [deployment]',
        )
        return None
    prepare_board(head.get("board"))
    return load_board(head.get("board"), head.get("variant"), report, head.at("board"))


def _translate(
    entry: Item, root: Item, head: Values, board: Board, report: Report
) -> Translation | None:
    name = entry.value["axvm"]
    if name.is_told:
        return None
    if not isinstance(name.value, str) or not name.value:  # told with the VM's other keys
        return None
    path = Path(name.base, name.value)
    vm = read_axvm(path, report, name.where)
    if vm is None or not check_arch(vm, entry, board, report):
        return None
    console = head.get("console", "shared")
    mode = console.get("mode", "shared") if isinstance(console, Values) else console
    to = Translation(
        vm=vm,
        own=_own(entry),
        board=board,
        tree=parse_file(board.tree),
        console=mode,
        channels=_channels(root, entry, vm),
        report=report,
    )
    translate_base(to)
    translate_memory(to)
    translate_kernel(to)
    translate_devices(to, translate_interrupts(to))
    translate_emulated(to)
    return to


def _own(entry: Item) -> Item:
    """The including table. A kernel that is only a path keeps the file's addresses."""
    kernel = entry.get("kernel")
    if kernel is None or kernel.is_table:
        return entry
    table = Item({"image": kernel}, kernel.where, kernel.base)
    return Item(entry.value | {"kernel": table}, entry.where, entry.base)


def _channels(root: Item, entry: Item, vm: AxVm) -> tuple[tuple[str, bool], ...]:
    """The channels that name this VM, and whether each has a key."""
    own = entry.get("name")
    name = own.value if own is not None else vm.base.get("name")
    listed = root.get("channel")
    found = []
    for channel in listed.value if listed is not None and listed.is_array else ():
        plain = channel.plain() if channel.is_table else {}
        peers = plain.get("peers") or []
        users = [plain.get("from"), *(plain.get("to") or [])]
        users += [peer.get("vm") for peer in peers if isinstance(peer, dict)]
        if name is not None and name in users:
            found.append((str(plain.get("name")), plain.get("key") is not None))
    return tuple(found)


def _check_ids(translated: list[Translation], report: Report) -> None:
    first: dict[int, Translation] = {}
    for to in translated:
        item = to.table.get("id")
        if item is None:
            continue
        other = first.setdefault(item.value, to)
        if other is not to:
            report.error(
                "axvm-id",
                item.where,
                f"id = {item.value} is the id of {other.vm.file.name} too: AxVM finds images by id, "
                "and would start this VM with the other's kernel. Here each VM has its own kernel, "
                "and ids name VMs in channel calls, so each needs its own",
                "add id = ... to one of the [[vm]]",
                other.vm.base.at("id"),
            )


def _check_cpus(translated: list[Translation], report: Report) -> None:
    owner: dict[int, tuple[Translation, Where]] = {}
    for to in translated:
        cpus = to.table.get("cpus")
        for cpu in cpus.value if cpus is not None else ():
            if cpu.value in owner and owner[cpu.value][0] is not to:
                other, where = owner[cpu.value]
                report.error(
                    "axvm-cpu-shared",
                    cpu.where,
                    f"CPU {cpu.value} ({to.board.cpus[cpu.value].name}) is given to "
                    f"{to.vm.file.name} and to {other.vm.file.name}: AxVM would switch between the "
                    f"two VMs in turn. Here {CPUS_WORDS}",
                    "give one of them another CPU, for example by cpus = [...] in its [[vm]]",
                    where,
                )
            owner.setdefault(cpu.value, (to, cpu.where))


def _check_names(entries: list[Item], report: Report) -> None:
    first: dict[str, Item] = {}
    for entry in entries:
        name = entry.get("name")
        if name is None or not isinstance(name.value, str):
            continue
        other = first.setdefault(name.value, entry)
        if other is not entry and (entry.get("axvm") or other.get("axvm")):
            report.error(
                "name-duplicate",
                name.where,
                f'two VMs are named "{name.value}"',
                'add name = "..." to one of the [[vm]]',
                other.value["name"].where,
            )
