# SPDX-License-Identifier: Apache-2.0
"""Channels: who takes part, where each VM sees the window and its doorbell."""

from __future__ import annotations

from collections.abc import Sequence
from gen.diagnostics import Report, Where
from gen.plan.draft import Doorbell, Span
from gen.plan.memory import BLOCK
from gen.plan.model import ChannelPeer, PlannedChannel
from gen.ranges import PAGE, Range, address_text, align_up, first_hole
from gen.read.board import Board
from gen.read.deployment import Channel, Deployment, Peer

MAX_PEERS = 32  # the doorbell's registers are 32-bit bitmaps of peers


def check_channels(deployment: Deployment, report: Report) -> tuple[Channel, ...]:
    """The channels that can be built."""
    return tuple(c for c in deployment.channels if _is_sound(c, report))


def _is_sound(channel: Channel, report: Report) -> bool:
    found = len(report.found)
    names = [peer.vm for peer in channel.peers]
    for peer in channel.peers:
        _check_peer(channel, peer, names, report)
    if channel.doorbell and len(channel.peers) > MAX_PEERS:
        report.error(
            "channel-peers",
            channel.where,
            f"channel {channel.name} has {len(channel.peers)} peers, at most {MAX_PEERS} fit its "
            "doorbell",
            "split it into several channels, or use doorbell = false",
        )
    return len(report.found) == found


def _check_peer(channel: Channel, peer: Peer, names: list[str], report: Report) -> None:
    if peer.gpa is not None and peer.gpa % PAGE:
        report.error(
            "channel-misaligned",
            peer.where,
            f"channel {channel.name}: gpa = {address_text(peer.gpa)} for VM {peer.vm} is not a "
            "multiple of 4 KiB",
            f"use gpa = {address_text(align_up(peer.gpa, PAGE))}",
        )
    for rung in peer.rings or ():
        if rung == peer.vm:
            others = [name for name in names if name != peer.vm]
            report.error(
                "channel-rings-itself",
                peer.where,
                f"channel {channel.name}: VM {peer.vm} rings itself",
                f"peers it can ring: {', '.join(others) or 'none'}",
            )


def channel_size(channel: Channel) -> int:
    return align_up(channel.size, PAGE)


def place_doorbells(
    vm_name: str,
    channels: Sequence[Channel],
    spans: Sequence[Span],
    spis: set[int],
    has_vgic: bool,
    board: Board,
) -> tuple[Doorbell, ...]:
    """One VM's windows, doorbell frames and interrupts, in channel order. Addresses that the
    deployment leaves open lie in the first hole above the VM's RAM that no device of the board
    has; interrupts are the first numbers that neither the board's tree nor the VM uses."""
    taken = [span.range for span in spans]
    taken += [reg for device in board.devices for reg in device.reg]
    mine = [(c, channel, p, peer) for c, channel in enumerate(channels)
            for p, peer in enumerate(channel.peers) if peer.vm == vm_name]  # fmt: skip
    taken += [Range(p.gpa, channel_size(c)) for _, c, _, p in mine if p.gpa is not None]
    used = spis | board_spis(board)
    used |= {peer.spi for _, _, _, peer in mine if peer.spi is not None}
    top = align_up(max((s.range.end for s in spans if s.kind == "ram"), default=0), BLOCK)
    ends = []
    for number, channel, place, peer in mine:
        size = channel_size(channel)
        alignment = BLOCK if size >= BLOCK else PAGE
        gpa = peer.gpa if peer.gpa is not None else first_hole(taken, size, top, alignment)
        taken.append(Range(gpa, size))
        frame, spi = None, None
        if channel.doorbell:
            frame = first_hole(taken, PAGE, top, PAGE)
            taken.append(Range(frame, PAGE))
        if channel.doorbell and has_vgic:
            spi = peer.spi if peer.spi is not None else first_free(used)
            used.add(spi)
        ends.append(Doorbell(number, place, Range(gpa, size), frame, spi, _where(channel, peer)))
    return tuple(ends)


def _where(channel: Channel, peer: Peer) -> Where:
    return peer.where if peer.where.line else channel.where


def board_spis(board: Board) -> set[int]:
    """Numbers that devices of the board have, given to a VM or not."""
    return {irq.number for d in board.devices for irq in d.interrupts if irq.kind == "spi"}


def first_free(used: set[int]) -> int:
    spi = 0
    while spi in used:
        spi += 1
    return spi


def planned_channels(
    deployment: Deployment,
    channels: Sequence[Channel],
    doorbells: Sequence[Sequence[Doorbell]],
    hpas: Sequence[int],
) -> tuple[PlannedChannel, ...]:
    vms = [vm.name for vm in deployment.vms]
    ends = {(d.channel, d.peer): d for mine in doorbells for d in mine}
    planned = []
    for number, channel in enumerate(channels):
        peers = []
        for place, peer in enumerate(channel.peers):
            end = ends[number, place]
            writable = peer.access == "rw"
            rings = _rings(channel, place)
            peers.append(
                ChannelPeer(
                    number, vms.index(peer.vm), end.window.base, end.frame, end.spi, writable, rings
                )
            )
        planned.append(
            PlannedChannel(
                channel.name,
                hpas[number],
                channel_size(channel),
                tuple(peers),
                channel.keep,
                channel.cached,
            )
        )
    return tuple(planned)


def publisher(channel: Channel) -> int:
    """The peer that publishes the channel, by place: the first that may write."""
    return next(n for n, peer in enumerate(channel.peers) if peer.access == "rw")


def _rings(channel: Channel, place: int) -> int:
    """Bitmap of the peers that this one may ring: all others, unless the deployment says which."""
    if not channel.doorbell:
        return 0
    wanted = channel.peers[place].rings
    return sum(
        1 << number
        for number, peer in enumerate(channel.peers)
        if number != place and (wanted is None or peer.vm in wanted)
    )
