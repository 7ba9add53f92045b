# SPDX-License-Identifier: Apache-2.0
"""What each feature of a deployment costs in text and rodata, by building with it and without."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import deployments
import image
import subject
from deployments import Vm

CHANNEL = (
    '[[channel]]\nname = "c"\nsize = "4K"\nfrom = "guest0"\nto = ["guest1"]\ndoorbell = true\n'
)
QUIET_MODE = ('interrupts = "none"', "defaults = false")


@dataclass(frozen=True)
class Feature:
    """The deployment of one VM (of two where there is a second) that differs in one feature. `mark`:
    a symbol, or words, that an image has with the feature and lacks without."""

    title: str
    mark: str = ""
    cpus: tuple[int, ...] = (0,)
    keys: tuple[str, ...] = ()  # of the first VM
    second: tuple[str, ...] | None = None  # keys of a second VM
    more: str = ""  # at the end of the file
    build: tuple[tuple[str, str], ...] = ()


def without(symbol: str, value: str = "n") -> tuple[tuple[str, str], ...]:
    return ((symbol, value),)


# What a VM of these adds: none of it is linked where no VM has it.
ADDED = (
    Feature("a VM with two vCPUs", "freeze", cpus=(0, 1)),
    Feature("a VM that restarts", "restarted", keys=('on_off = "restart"',)),
    Feature(
        "a VM that resets the board",
        "%s: board reset, as its policy says",
        second=('on_off = "reset-board"',),
    ),
    Feature(
        "an interrupt of a device", "vgic_physical_spi", keys=('devices = ["/pl031@9010000"]',)
    ),
    Feature("a counter of a VM's own", "timer_ops", keys=('counter = "own"',)),
    Feature("a watchdog, which restarts", "watchdog_control_ops", keys=('watchdog = "1s"',)),
    Feature("a channel with a doorbell", "channel_ops", second=(), more=CHANNEL),
    Feature("a VM that controls another", "monitor_rows", second=('controls = ["guest0"]',)),
)
# What can be taken away from the one-VM configuration.
TAKEN = (
    Feature("the board check, with libfdt", build=without("LOADER_BOARD_CHECK")),
    Feature("short ways for frequent exits", build=without("FAST_PATHS")),
    Feature("the log's lines", build=without("LOG_LEVEL", "none")),
    Feature("assertions", build=without("ASSERT")),
    Feature("verifying images by SHA-256", build=without("VERIFY_IMAGES", "none")),
    Feature("the virtual UART", keys=("defaults = false",)),
    Feature("the virtual GIC and UART", keys=QUIET_MODE),
)
EVERYTHING = Feature(
    "",
    keys=QUIET_MODE,
    build=tuple(pair for feature in TAKEN for pair in feature.build),
)
BASE = Feature("")


def build(feature: Feature) -> Path:
    """The folder with its image, until the next build."""
    vms = [Vm("guest0", feature.cpus, subject.IMAGE, feature.keys)]
    if feature.second is not None:
        vms.append(Vm("guest1", (len(feature.cpus),), subject.IMAGE, feature.second))
    config = deployments.write("feature", vms, dict(feature.build))
    config.write_text(config.read_text() + feature.more)
    return subject.build_deployment(config)


def code(feature: Feature) -> int:
    """Bytes of text and rodata."""
    return int(image.sizes(build(feature))["code"])


def tell() -> None:
    """The account: what is in the one-VM configuration, and what others would add."""
    one, two = code(BASE), code(replace(BASE, second=()))
    least = code(EVERYTHING)
    print(f"{one:8}  text and rodata of one VM")
    for feature in TAKEN:
        print(f"{code(feature) - one:+8}  without {feature.title}")
    print(f"{least:8}  without all of these")
    print(f"{two - one:+8}  a second VM")
    for feature in ADDED:
        before = one if feature.second is None else two
        print(f"{code(feature) - before:+8}  with {feature.title}")
