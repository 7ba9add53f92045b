# SPDX-License-Identifier: Apache-2.0
"""What devices depend on: clocks, resets, power, pins, memory that is reserved for them. Who has the
provider of another VM's device in hand can stop that device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gen.diagnostics import Report
from gen.plan.draft import DeviceClaim, Region, VmDevices
from gen.plan.references import holds_references, providers, references
from gen.plan.sharing import console_is_ours
from gen.ranges import Range, contains
from gen.read.board import Board
from gen.read.deployment import Deployment, Memory, Vm
from gen.read.device_keys import CONSOLE
from gen.read.fdt import Node, Tree, cpu_reg
from gen.read.interrupts import is_gic


def regions_of(tree: Tree, node: Node) -> tuple[Region, ...]:
    """Reserved memory at fixed addresses that a device refers to."""
    name = "memory-region"
    if not node.has(name) or not holds_references(tree, node, name):
        return ()
    targets = [entry.provider for entry in references(tree, node, name)]
    return tuple(
        Region(target, part)
        for target in targets
        if target is not None and target.enabled
        for part in cpu_reg(target)[:1]
        if part.size
    )


def with_reserved(vm: Vm, devices: VmDevices) -> Vm:
    """The VM with the reserved memory of its devices, at its own address, as it is."""
    told = [Range(m.gpa, m.size) for m in vm.memory if m.gpa is not None]
    users = {
        id(region.node): claim.request.where for claim in devices.claims for region in claim.regions
    }
    added = tuple(
        Memory(r.range.base, r.range.size, "reserved", where=users[id(r.node)])
        for r in devices.regions
        if not any(contains(part, r.range) for part in told)
    )
    return replace(vm, memory=vm.memory + added) if added else vm


def check_providers(
    deployment: Deployment,
    board: Board,
    tree: Tree,
    claimed: Sequence[VmDevices],
    report: Report,
) -> None:
    """A VM that is granted what another VM's device depends on must be declared to serve it. Who
    chose single registers of it has declared what is shared."""
    owners = [
        (vm, claim, tree.find(claim.device.path))
        for vm, devices in zip(deployment.vms, claimed)
        for claim in devices.claims
    ]
    for vm, devices in zip(deployment.vms, claimed):
        for claim in devices.claims:
            node = tree.find(claim.device.path)
            others = [(o, c, n) for o, c, n in owners if o is not vm and n is not None]
            own = {id(n) for o, _, n in owners if o is vm}
            _check_device(vm.name, claim.device.path, node, tree, others, own, report)
    if console_is_ours(deployment):
        node = tree.find(board.uart.path)
        all_ = [(o, c, n) for o, c, n in owners if n is not None and n is not node]
        _check_device(CONSOLE, board.uart.path, node, tree, all_, set(), report)


def _check_device(
    user: str,
    path: str,
    node: Node | None,
    tree: Tree,
    owners: Sequence[tuple[Vm, DeviceClaim, Node]],
    own: set[int],
    report: Report,
) -> None:
    if node is None:
        return
    for name, provider in dependencies(tree, node):
        for vm, claim, target in owners:
            shared = id(target) in own  # trapped in both: each has its part
            chosen = claim.request.registers is not None  # bit by bit
            if not _is_in(provider, target) or shared or chosen or user in claim.request.serves:
                continue
            whose = "the hypervisor's console" if user == CONSOLE else f"VM {user}"
            report.error(
                "device-provider",
                claim.request.where,
                f"{claim.device.path} of VM {vm.name} provides {name} of {path} of {whose}: VM "
                f"{vm.name} could stop it",
                f'remove it, or accept that with serves = ["{user}"] in its [[vm.device]]',
            )


def dependencies(tree: Tree, node: Node) -> Iterator[tuple[str, Node]]:
    """Property and provider of everything that a device's life depends on, through other providers
    too: the clock of its clock."""
    seen = {id(node)}
    pending = [(name, provider) for name, provider in providers(tree, node)]
    while pending:
        name, provider = pending.pop(0)
        if id(provider) in seen or is_gic(provider):
            continue
        seen.add(id(provider))
        yield name, provider
        pending += [(name, above) for _, above in providers(tree, provider)]


def _is_in(node: Node, holder: Node) -> bool:
    """A provider may be a part of a device: a pin group, a regulator of a chip."""
    at: Node | None = node
    while at is not None:
        if at is holder:
            return True
        at = at.parent
    return False
