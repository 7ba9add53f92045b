# SPDX-License-Identifier: Apache-2.0
"""A VM's typed values as a Vm."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from gen.diagnostics import Where
from gen.read import device_types
from gen.read.deployment import (
    Device,
    DeviceIrq,
    Emulated,
    Kernel,
    Memory,
    Passthrough,
    Register,
    Ports,
    Restart,
    Vm,
)
from gen.read.validate import Values


def build_vm(vm: Values) -> Vm:
    """`vm` is complete and right: check_references has seen it."""
    restart = vm.get("restart") or Values(vm.where)
    return Vm(
        name=vm.get("name"),
        cpus=tuple(vm.get("cpus")),
        memory=_memory(vm),
        id=vm.get("id"),
        unikernel=vm.get("unikernel"),
        kernel=_kernel(vm),
        symbols=vm.get("symbols"),
        initrd=vm.get("initrd"),
        initrd_gpa=vm.get("initrd_gpa"),
        bootargs=vm.get("bootargs"),
        dtb=_dtb(vm),
        dtb_gpa=vm.get("dtb_gpa"),
        dtb_overlay=tuple(vm.get("dtb_overlay", ())),
        interrupts=vm.get("interrupts", "emulated"),
        stop=vm.get("stop", "now"),
        features=tuple(vm.get("features", ())),
        firmware=tuple(vm.get("firmware", ())),
        devices=_devices(vm),
        passthrough=tuple(
            _passthrough(entry) for entry in vm.get("passthrough", ()) if not entry.wrote("ports")
        ),
        ports=tuple(
            Ports(entry.get("name"), part.get("base"), part.get("size"), part.where)
            for entry in vm.get("passthrough", ())
            for part in entry.get("ports", ())
        ),
        emulated=tuple(_emulated(entry) for entry in vm.get("emulated", ())),
        defaults=vm.get("defaults", True),
        dma=vm.get("dma", "refuse"),
        on_crash=vm.get("on_crash", "halt"),
        on_reset=vm.get("on_reset", "restart"),
        on_off=vm.get("on_off", "halt"),
        restart=Restart(
            restart.get("max", 3), restart.get("window", 60_000), restart.get("backoff", 100)
        ),
        controls=tuple(vm.get("controls", ())),
        console_control=vm.get("console_control", False),
        watchdog_ms=vm.get("watchdog"),
        scrub=vm.get("scrub", True),
        counter=vm.get("counter", "board"),
        where=vm.where,
        key_where=dict(vm.places),
    )


def _memory(vm: Values) -> tuple[Memory, ...]:
    if vm.wrote("ram"):
        return (Memory(None, vm.get("ram"), where=vm.at("ram")),)
    return tuple(
        Memory(
            gpa=entry.get("gpa"),
            size=entry.get("size"),
            map=entry.get("map", "alloc"),
            hpa=entry.get("hpa"),
            flags=entry.get("flags", "rwx"),
            where=entry.where,
        )
        for entry in vm.get("memory")
    )


def _kernel(vm: Values) -> Kernel | None:
    kernel = vm.get("kernel")
    if isinstance(kernel, Path):
        return Kernel(kernel, where=vm.at("kernel"))
    if kernel is None:
        return None
    return Kernel(
        image=kernel.get("image"),
        format=kernel.get("format", "auto"),
        load_gpa=kernel.get("load_gpa"),
        entry_gpa=kernel.get("entry_gpa"),
        where=kernel.where,
    )


def _dtb(vm: Values) -> Literal["auto"] | Path | None:
    dtb = vm.get("dtb", "auto")
    return dtb if isinstance(dtb, Path) else "auto" if dtb == "auto" else None


def _devices(vm: Values) -> tuple[Device, ...]:
    short = [Device(path, where=vm.at("devices")) for path in vm.get("devices", ())]
    return tuple(short + [_device(entry) for entry in vm.get("device", ())])


def _device(entry: Values) -> Device:
    irqs = None
    if entry.wrote("irq"):
        irqs = tuple(
            DeviceIrq(irq.get("spi"), irq.get("guest_spi"), irq.get("trigger"))
            for irq in entry.get("irq")
        )
    registers = None
    if entry.wrote("registers"):
        registers = tuple(_register(register) for register in entry.get("registers"))
    return Device(
        path=entry.get("path"),
        access=entry.get("access", "direct"),
        irq=irqs,
        where=entry.where,
        registers=registers,
        serves=tuple(entry.get("serves", ())),
        dma=entry.get("dma", False),
    )


def _register(entry: Values) -> Register:
    return Register(
        offset=entry.get("offset"),
        size=entry.get("size"),
        widths=tuple(sorted(set(entry.get("widths", (4,))))),
        mask=entry.get("mask"),
        access=entry.get("access", "rw"),
        rest=entry.get("rest", "keep"),
        region=entry.get("region", 0),
        where=entry.where,
    )


def _emulated(entry: Values) -> Emulated:
    kind = device_types.find(entry.get("type"))
    given = [key.name for key in kind.keys if entry.wrote(key.name)] if kind else []
    options = {name: int(entry.get(name)) for name in given}
    return Emulated(
        type=entry.get("type"),
        gpa=entry.get("gpa"),
        spi=entry.get("spi"),
        where=entry.where,
        options=options,
        port=entry.get("port"),
    )


def _passthrough(entry: Values) -> Passthrough:
    where: Where = entry.where
    return Passthrough(
        name=entry.get("name"),
        gpa=entry.get("gpa"),
        size=entry.get("size"),
        hpa=entry.get("hpa"),
        spi=tuple(entry.get("spi", ())),
        where=where,
        dma=entry.get("dma", False),
    )
