# SPDX-License-Identifier: Apache-2.0
"""AxVM's channel calls: which VM may publish and subscribe what."""

from __future__ import annotations

from collections.abc import Sequence

from gen.diagnostics import Report
from gen.plan.channels import publisher
from gen.plan.model import Ivc
from gen.read.deployment import Channel, Deployment


def check_ids(deployment: Deployment, report: Report) -> None:
    """Every VM has its own number, chosen or not."""
    numbers = [deployment.vm_id(index) for index in range(len(deployment.vms))]
    owners: dict[int, int] = {}
    for index, vm in enumerate(deployment.vms):
        first = owners.setdefault(numbers[index], index)
        if first != index:
            other = deployment.vms[first]
            free = next(n for n in range(1, len(numbers) + 2) if n not in numbers)
            placed = (
                "" if vm.id is not None and other.id is not None else " (its place in the file)"
            )
            report.error(
                "vm-id",
                vm.at("id"),
                f"VMs {other.name} and {vm.name} both have the id {numbers[index]}{placed}",
                f"use id = {free} for one of them",
                other.at("id"),
            )


def plan_ivcs(
    deployment: Deployment, channels: Sequence[Channel], report: Report
) -> tuple[Ivc, ...]:
    """A row for each end of each channel that has a key, the publisher's first."""
    names = [vm.name for vm in deployment.vms]
    rows: list[Ivc] = []
    keys: dict[tuple[int, int], Channel] = {}
    for number, channel in enumerate(channels):
        if channel.key is None:
            continue
        first = publisher(channel)
        owner = names.index(channel.peers[first].vm)
        other = keys.setdefault((owner, channel.key), channel)
        if other is not channel:
            report.error(
                "channel-key",
                channel.where,
                f"channels {other.name} and {channel.name} of the publisher {names[owner]} both "
                f"have the key {channel.key:#x}",
                "give one of them another key",
                other.where,
            )
        publication = len(rows)
        order = [first, *(n for n in range(len(channel.peers)) if n != first)]
        for place in order:
            vm = names.index(channel.peers[place].vm)
            rows.append(
                Ivc(
                    vm,
                    number,
                    place,
                    place == first,
                    publication,
                    deployment.vm_id(owner),
                    channel.key,
                )
            )
    return tuple(rows)
