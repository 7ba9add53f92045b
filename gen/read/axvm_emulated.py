# SPDX-License-Identifier: Apache-2.0
"""[devices]: interrupt mode and emulated devices."""

from __future__ import annotations

from typing import cast, get_args

from gen.ranges import address_text
from gen.read.axvm_devices import covers_controller
from gen.read.axvm_file import EmuRow
from gen.read.axvm_native import Placed, Translation
from gen.read.axvm_schema import (
    CFG_ARGUMENTS,
    CONSOLE,
    CONTROLLER,
    DUMMY,
    EMU_TYPES,
    GPPT_DISTRIBUTOR,
    GPPT_ITS,
    GPPT_REDISTRIBUTOR,
    INTERRUPT_MODES,
    IVC,
    VIRTIO,
    Interrupts,
)
from gen.read.device_types import default_uart
from gen.read.gic import FIRST_SPI, REDISTRIBUTOR_SIZE
from gen.read.suggest import did_you_mean


def translate_interrupts(to: Translation) -> Interrupts:
    """The native mode, told and put."""
    own = to.setting("interrupts")
    if own in get_args(Interrupts):
        return cast(Interrupts, own)
    devices = to.vm.devices
    word = devices.get("interrupt_mode")
    where = devices.at("interrupt_mode")
    if word is not None and word not in INTERRUPT_MODES:
        to.report.error(
            "bad-value",
            where,
            f'interrupt_mode = "{word}": AxVM refuses it',
            did_you_mean(word, INTERRUPT_MODES),
        )
        return "emulated"
    mode = INTERRUPT_MODES[word] if word is not None else "none"
    types = [row.type for row in to.vm.emulated]
    makes_one = any(t in (CONTROLLER, GPPT_DISTRIBUTOR, GPPT_REDISTRIBUTOR) for t in types)
    if mode == "none":
        mode = _without_mode(to, word, makes_one or covers_controller(to))
    if mode == "passthrough" and GPPT_DISTRIBUTOR not in types:
        _tell_no_distributor(to)
    to.put("interrupts", mode, where)
    return mode


def _without_mode(to: Translation, word: str | None, has_controller: bool) -> Interrupts:
    """AxVM's default is no interrupts, even where the file hands a controller over."""
    said = "interrupt_mode is absent" if word is None else f'interrupt_mode = "{word}"'
    axvm = "AxVM takes no_irq" if word is None else "AxVM sets up no interrupts"
    what = (
        "but the file gives the VM an interrupt controller: here it gets a virtual one, and "
        'interrupts = "emulated"'
        if has_controller
        else 'and so do we: interrupts = "none", the VM has no interrupt controller'
    )
    if has_controller or word is None:
        to.report.warning(
            "axvm-interrupts",
            to.vm.devices.at("interrupt_mode"),
            f"{said}: {axvm}, {what}",
            'interrupts = "..." in the [[vm]] chooses',
        )
    return "emulated" if has_controller else "none"


def _tell_no_distributor(to: Translation) -> None:
    to.report.warning(
        "axvm-interrupts",
        to.vm.devices.at("interrupt_mode"),
        "interrupt_mode = passthrough without a row of type 0x21 (distributor): AxVM would only "
        "log that it can't assign the VM's interrupts. Here the VM has a distributor in every "
        "mode but none",
    )


def translate_emulated(to: Translation) -> None:
    consoles = []
    for row in to.vm.emulated:
        if row.type not in EMU_TYPES:
            known = ", ".join(f"{number:#x}" for number in EMU_TYPES)
            to.report.error(
                "bad-value",
                row.where,
                f"emu_devices: {row.name} has type {row.type:#x}: AxVM refuses it",
                f"known: {known}",
            )
        elif not _has_arguments(to, row):
            continue
        elif row.type == CONSOLE:
            consoles += _console(to, row)
        elif row.type in (CONTROLLER, GPPT_DISTRIBUTOR, GPPT_REDISTRIBUTOR):
            _controller(to, row)
        else:
            _not_ours(to, row)
    if consoles and to.wants("emulated"):
        made = to.table.get("emulated")
        earlier = made.value if made is not None else []
        to.put("emulated", [*earlier, *consoles], to.vm.devices.where)
        if to.wants("defaults"):
            to.put("defaults", False, to.vm.devices.where)


def _has_arguments(to: Translation, row: EmuRow) -> bool:
    names = CFG_ARGUMENTS.get(row.type, ())
    if len(row.cfg) >= len(names):
        return True
    to.report.error(
        "axvm-cfg",
        row.where,
        f"emu_devices: {row.name} ({EMU_TYPES[row.type]}) has {len(row.cfg)} arguments in cfg_list, "
        f"and needs {', '.join(names)}: AxVM would panic at boot",
        f"write [{', '.join(names)}]",
    )
    return False


def _console(to: Translation, row: EmuRow) -> list[Placed]:
    if 0 < row.irq < FIRST_SPI:
        to.report.error(
            "axvm-emu-irq",
            row.where,
            f"emu_devices: {row.name} has irq_id = {row.irq}, which is private to a CPU (INTID below "
            f"{FIRST_SPI}): AxVM would inject it into one vCPU as if it were shared",
            f"use an INTID from {FIRST_SPI} up, or 0 for the board's own",
        )
        return []
    spi = row.irq - FIRST_SPI if row.irq else None
    kind = default_uart(to.board.uart.type).name
    return [Placed(row.where, type=kind, gpa=row.gpa, spi=spi)]


def _controller(to: Translation, row: EmuRow) -> None:
    gic = to.board.gic
    is_frames = row.type == GPPT_REDISTRIBUTOR
    place = gic.redistributors[0].base if is_frames and gic.redistributors else gic.distributor.base
    if row.gpa != place:
        to.report.error(
            "axvm-gic-place",
            row.where,
            f"emu_devices: {row.name} ({EMU_TYPES[row.type]}) is at {address_text(row.gpa)}, and board "
            f"{to.board.name} has it at {address_text(place)}, where its VMs see their virtual one. AxVM "
            "would put the device at one place and reach for the board's at the other",
            f"use {address_text(place)}",
        )
    if is_frames and row.cfg[1] != REDISTRIBUTOR_SIZE:
        to.report.error(
            "axvm-cfg",
            row.where,
            f"emu_devices: {row.name} has stride = {row.cfg[1]:#x}, and a GICv3's redistributors are "
            f"{REDISTRIBUTOR_SIZE:#x} apart: AxVM would take any number",
            f"use {REDISTRIBUTOR_SIZE:#x}",
        )
    count = to.vm.base.get("cpu_num")
    if is_frames and count is not None and row.cfg[0] != count:
        to.report.error(
            "axvm-cfg",
            row.where,
            f"emu_devices: {row.name} is for {row.cfg[0]} CPUs, and cpu_num = {count}: AxVM would "
            "give the VM redistributors of CPUs that are not its own, or too few",
            f"use {count}",
            to.vm.base.at("cpu_num"),
        )


def _not_ours(to: Translation, row: EmuRow) -> None:
    """Types that are left out, with an error where the guest would miss them."""
    name = f"emu_devices: {row.name} ({EMU_TYPES[row.type]})"
    if row.type == DUMMY:
        to.report.warning("axvm-left-out", row.where, f"{name} makes no device in AxVM. Left out")
    elif row.type == GPPT_ITS:
        _its(to, row, name)
    elif row.type == IVC:
        _channel_window(to, row, name)
    elif row.type in VIRTIO:
        to.report.error(
            "axvm-not-available",
            row.where,
            f"{name}: AxVM logs that it has no such device and starts the VM. Here there is none "
            f"either: the guest's driver would find nothing at {address_text(row.gpa)}, so this is an "
            "error",
            "remove the row and the guest's use of it, or pass a real device through",
        )


def _its(to: Translation, row: EmuRow, name: str) -> None:
    words = (
        f"{name}: AxVM would hand over the whole ITS, by which a guest writes to any memory. Here "
        "VMs have none: message-signalled interrupts do not exist, wired ones do"
    )
    if to.vm.kernel.get("dtb_path") is not None and to.wants("dtb"):
        to.report.error(
            "axvm-not-available",
            row.where,
            f"{words}. The guest's own device tree may name the ITS, whose driver would then fault, "
            "so this is an error",
            'remove the row and the tree\'s ITS node, or set dtb = "auto" in the [[vm]]',
            to.vm.kernel.at("dtb_path"),
        )
    else:
        to.report.warning("axvm-left-out", row.where, f"{words}; its tree has no ITS. Left out")


def _channel_window(to: Translation, row: EmuRow, name: str) -> None:
    place = f"{name} at {address_text(row.gpa)}: AxVM maps channels into it at run time, with whatever VM "
    place += "asks by hypercall"
    keyless = [channel for channel, has_key in to.channels if not has_key]
    if not to.channels:
        to.report.error(
            "axvm-not-available",
            row.where,
            f"{place}. Here channels are declared, and no [[channel]] names this VM: the guest's "
            "calls would find none, so this is an error",
            "add a [[channel]] with this VM in from, to or peers, and key = the number that the "
            "guests publish",
        )
    elif keyless:
        to.report.warning(
            "axvm-left-out",
            row.where,
            f"{place}. Here the memory of {', '.join(keyless)} is mapped from the start, and without "
            "a key the guest's calls don't find it",
            "add key = ... to the [[channel]]",
        )
