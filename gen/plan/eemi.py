# SPDX-License-Identifier: Apache-2.0
"""firmware = ["zynqmp-eemi"]: what a VM may name in calls of Zynq UltraScale+ firmware (Xilinx UG1200),
so that its drivers have the clocks, resets, pins and power of its devices (docs/mediators.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from gen.diagnostics import Report
from gen.plan.draft import DeviceClaim, VmDevices
from gen.plan.model import Eemi, EemiGrant, EemiKind
from gen.plan.references import holds_references, references
from gen.plan.sharing import console_is_ours
from gen.read.board import Board, BoardDevice
from gen.read.deployment import Deployment, Device, Vm
from gen.read.fdt import Node, Tree, cpu_reg

NAME = "zynqmp-eemi"
FIRMWARE = "xlnx,zynqmp-firmware"
CLOCKS, RESETS, PINS = "xlnx,zynqmp-clk", "xlnx,zynqmp-reset", "xlnx,zynqmp-pinctrl"
FIRST_RESET = 1000  # firmware's number of the tree's reset 0 (UG1200, reset ids)

# Clock ids (UG1200; bindings of xlnx,zynqmp-clk). Everybody may read where a clock comes from: PLLs and
# their crossings, what is inside of PLLs, what comes from outside. So it is with clocks of buses,
# which everybody on the bus lives by.
ROOTS = (range(0, 10), range(76, 101), range(112, 206))
BUSES = (27, 28, 30, 31, 42)  # TOPSW_MAIN, TOPSW_LSBUS, LPD_SWITCH, LPD_LSBUS, IOU_SWITCH
# What only one clock comes from: GEM_TSU and GEM0_REF to GEM3_REF.
SOURCES = {44: 43, 104: 108, 105: 109, 106: 110, 107: 111}

Named = tuple[EemiKind, int]
KINDS: tuple[EemiKind, ...] = ("node", "clock", "reset", "pin")


def firmware_of(tree: Tree) -> Node | None:
    return next((node for node in tree.root.walk() if FIRMWARE in node.compatible), None)


def plan_eemis(
    deployment: Deployment,
    board: Board,
    tree: Tree,
    claimed: Sequence[VmDevices],
    report: Report,
) -> tuple[Eemi, ...]:
    """For each VM that has firmware; no id is of two owners, whether or not the other one calls."""
    firmware = firmware_of(tree)
    found: list[Eemi] = []
    for index, vm in enumerate(deployment.vms):
        if NAME not in vm.firmware:
            continue
        if firmware is None:
            report.error(
                "firmware-missing",
                vm.at("firmware"),
                f'VM {vm.name}: firmware = ["{NAME}"], which board {board.name} does not have: no '
                f"{FIRMWARE} in its tree",
                "remove it",
            )
            continue
        mine = {
            named: claim.device.path
            for claim in claimed[index].claims
            if not claim.traps
            for named in _named(tree, firmware, claim)
        }
        _check_others(vm, mine, _holders(index, deployment, board, tree, claimed), report)
        found.append(Eemi(index, tuple(_grants(mine))))
    return tuple(found)


def _holders(
    index: int, deployment: Deployment, board: Board, tree: Tree, claimed: Sequence[VmDevices]
) -> list[tuple[Named, str, str]]:
    """What everybody else's devices live by: what, device and whose."""
    firmware = firmware_of(tree)
    assert firmware is not None
    found = []
    for number, (vm, devices) in enumerate(zip(deployment.vms, claimed)):
        for claim in devices.claims if number != index else ():
            names = _named(tree, firmware, claim)
            found += [(named, claim.device.path, f"VM {vm.name}") for named in names]
    node = tree.find(board.uart.path)
    if console_is_ours(deployment) and node is not None:
        names = _named_by(tree, firmware, node)
        found += [(named, board.uart.path, "the hypervisor's console") for named in names]
    return found


def _check_others(
    vm: Vm, mine: dict[Named, str], others: Iterable[tuple[Named, str, str]], report: Report
) -> None:
    for named, path, whose in others:
        kind, number = named
        if named in mine and not (kind == "clock" and number in BUSES):
            report.error(
                "firmware-shared",
                vm.at("firmware"),
                f"{mine[named]} of VM {vm.name} and {path} of {whose} live by the same {kind} "
                f"{number} of firmware: VM {vm.name} could stop both",
                f'give both devices to one VM, or remove firmware = ["{NAME}"]',
            )


def _grants(mine: dict[Named, str]) -> Iterator[EemiGrant]:
    """Sorted and disjoint, as gen/rows.h has them."""
    found = [EemiGrant("clock", part[0], part[-1], False, "sources of clocks") for part in ROOTS]
    for (kind, number), owner in mine.items():
        if kind == "clock" and any(number in part for part in ROOTS):
            continue
        owned = not (kind == "clock" and number in BUSES)
        found.append(EemiGrant(kind, number, number, owned, owner))
        source = SOURCES.get(number) if kind == "clock" else None
        if source is not None and ("clock", source) not in mine:
            found.append(EemiGrant("clock", source, source, True, owner))
    yield from sorted(found, key=lambda grant: (KINDS.index(grant.kind), grant.first))


def _named(tree: Tree, firmware: Node, claim: DeviceClaim) -> tuple[Named, ...]:
    node = tree.find(claim.device.path)
    return _named_by(tree, firmware, node) if node is not None else ()


def _named_by(tree: Tree, firmware: Node, device: Node) -> tuple[Named, ...]:
    """What a device's node names, with the parts of it that have no registers of their own."""
    found: dict[Named, None] = {}
    pending = [device]
    while pending:
        node = pending.pop(0)
        pending += [child for child in node.children if not cpu_reg(child)]
        for name in node.properties:
            if name == "assigned-clock-parents" or not holds_references(tree, node, name):
                continue
            for entry in references(tree, node, name):
                if entry.provider is not None:
                    found |= dict.fromkeys(_ids(firmware, entry.provider, entry.arguments))
    return tuple(found)


def _ids(firmware: Node, provider: Node, arguments: Sequence[int]) -> Iterator[Named]:
    if provider is firmware and arguments:
        yield "node", arguments[0]
    elif provider.parent is firmware and CLOCKS in provider.compatible:
        yield "clock", arguments[0]
    elif provider.parent is firmware and RESETS in provider.compatible:
        yield "reset", FIRST_RESET + arguments[0]
    elif _is_state(firmware, provider):
        yield from (("pin", number) for number in _pins(provider))


def _is_state(firmware: Node, node: Node) -> bool:
    """Of pins."""
    holder = node.parent
    return holder is not None and holder.parent is firmware and PINS in holder.compatible


def _pins(state: Node) -> tuple[int, ...]:
    """Those that a state names one by one. Which pins a group has only firmware knows."""
    names = [name for node in state.walk() for name in node.texts("pins")]
    matches = [re.fullmatch(r"MIO(\d+)", name) for name in names]
    return tuple(sorted({int(match[1]) for match in matches if match is not None}))


def firmware_nodes(
    vm: Vm, devices: VmDevices, tree: Tree
) -> tuple[tuple[DeviceClaim, ...], frozenset[int]]:
    """For the VM's tree: firmware as a device of the VM's, and the nodes of it that are left out:
    services without a mediator, states of pins that nobody of the VM's refers to or whose pins are
    not told."""
    firmware = firmware_of(tree)
    if NAME not in vm.firmware or firmware is None:
        return (), frozenset()
    used = set()
    for claim in devices.claims:
        node = tree.find(claim.device.path)
        for name in node.properties if node is not None else ():
            if node is not None and name.startswith("pinctrl-") and name != "pinctrl-names":
                used |= {id(entry.provider) for entry in references(tree, node, name)}
    hidden = set()
    for child in firmware.children:
        if not {CLOCKS, RESETS, PINS}.intersection(child.compatible):
            hidden.add(id(child))
        elif PINS in child.compatible:
            hidden |= {
                id(state) for state in child.children if id(state) not in used or not _pins(state)
            }
    device = BoardDevice(
        firmware.path, firmware.name, firmware.compatible, (), (), (), True, False, False
    )
    request = Device(firmware.path, where=vm.at("firmware"))
    return (DeviceClaim(device, request, (), ()),), frozenset(hidden)
