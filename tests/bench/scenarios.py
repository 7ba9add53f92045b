# SPDX-License-Identifier: Apache-2.0
"""What is measured, one function a scenario; each gives exact counts by dotted names."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import deployments
import image
import lines
import subject
import recording
from deployments import QUIET, Vm
from subject import TICK, Measured

Counts = dict[str, float]

MIB = 1 << 20
VM_COUNTS = (1, 2, 4, 8)
ROW_COUNTS = (4, 32, 256)
RAM_SIZES = ("1M", "32M", "1G")
IMAGE_SIZES = (256 << 10, 1280 << 10)
LOOP = ("hvc-", "gicd-", "gicr-", "uart-", "id-", "mpidr", "ctr", "icc-", "cntv-", "wfi")
LOOP_OWN = 2.0  # subs and b.ne, which the operation "loop" shows
GROWTH = ("gicd-typer", "uart-fr", "self-sgi", "timer-exact")  # what configured VMs could slow
PATHS = ("hvc-version", "gicd-typer", "id-register", "self-sgi", "timer", "device-spi")
STORM = 100_000  # instructions of the neighbour, while one operation is measured
LATENCIES = ("self-sgi", "timer", "device-spi", "ipi")


def net(name: str, measured: Measured) -> float:
    """Instructions of one operation without those of the loop around it."""
    return round(measured.instructions - (LOOP_OWN if name.startswith(LOOP) else 0.0), 3)


def _told(qemu: list[str]) -> dict[str, Measured]:
    return subject.results(subject.run(qemu))


def _run(folder: Path, cpus: int = 4, *extra: str) -> dict[str, Measured]:
    return _told(subject.command(folder / "firmware.bin", below=True, cpus=cpus, extra=extra))


def _operations(mode: str, told: dict[str, Measured]) -> Counts:
    return {f"operation.{name}.{mode}": net(name, m) for name, m in told.items() if name != "done"}


def native() -> Counts:
    return _operations("native", _told(subject.command(subject.IMAGE, below=False)))


def emulated() -> Counts:
    folder = subject.build_deployment(subject.DEPLOYMENT)
    return _operations("emulated", _run(folder))


def passthrough() -> Counts:
    setting = "vm.guest.interrupts=passthrough"
    folder = subject.build_deployment(subject.DEPLOYMENT, "--set", setting)
    return _operations("passthrough", _run(folder))


def boot() -> Counts:
    """One VM with one CPU and a small image, which is neither verified nor scrubbed."""
    found: Counts = {}
    for name, build in (("quiet", QUIET), ("check-and-log", {"VERIFY_IMAGES": "none"})):
        guest = Vm("guest", (0,), subject.IMAGE)
        config = deployments.write(f"boot-{name}", [guest], build)
        folder = subject.build_deployment(config)
        found[f"boot.{name}"] = len(recording.record(folder, None).boot())
    return found


def vms() -> Counts:
    """The measured VM on the last CPU, idle ones on the others: the board boots until it runs."""
    found: Counts = {}
    board = deployments.board_of_8()
    idle = deployments.neighbour("idle")
    for count in VM_COUNTS:
        others = [Vm(f"idle{cpu}", (cpu,), idle) for cpu in range(count - 1)]
        guest = Vm("guest", (count - 1,), subject.IMAGE)
        config = deployments.write(f"vms-{count}", [*others, guest], QUIET, board)
        folder = subject.build_deployment(config)
        recorded = recording.record(folder, None, board_cpus=deployments.BOARD_CPUS)
        found[f"vms.{count}.boot"] = recorded.hypervisor_count()
        told = _run(folder, deployments.BOARD_CPUS)
        for operation in GROWTH:
            found[f"vms.{count}.{operation}"] = net(operation, told[operation])
        sizes = image.sizes(folder)
        found |= {f"vms.{count}.{part}": value for part, value in sizes.items()}
    most, fewest = VM_COUNTS[-1], VM_COUNTS[0]
    more = found[f"vms.{most}.boot"] - found[f"vms.{fewest}.boot"]
    found["boot.per-vm"] = round(more / (most - fewest), 1)
    return found


def rows() -> Counts:
    """Emulated devices between the GIC, the first row of all, and the UART, the last one."""
    found: Counts = {}
    own = image.mmio_rows(_rows_folder(0))
    for count in ROW_COUNTS:
        folder = _rows_folder(count - own)
        assert image.mmio_rows(folder) == count
        told = _run(folder)
        found[f"rows.{count}.first"] = net("gicd-typer", told["gicd-typer"])
        found[f"rows.{count}.last"] = net("uart-fr", told["uart-fr"])
        found[f"rows.{count}.id-register"] = net("id-register", told["id-register"])
    doublings = math.log2(ROW_COUNTS[-1] / ROW_COUNTS[0])
    more = found[f"rows.{ROW_COUNTS[-1]}.first"] - found[f"rows.{ROW_COUNTS[0]}.first"]
    found["rows.per-doubling"] = round(more / doublings, 2)
    return found


def _rows_folder(devices: int) -> Path:
    entries = [
        f'  {{ type = "countdown", gpa = {0x0820_0000 + 0x1000 * n:#x} }},' for n in range(devices)
    ]
    guest = Vm("guest", (0,), subject.IMAGE, ("emulated = [", *entries, "]"))
    return subject.build_deployment(deployments.write(f"rows-{devices}", [guest], QUIET))


def ram() -> Counts:
    """Boot by size of the guest's RAM; zeroing it."""
    found: Counts = {}
    for size in RAM_SIZES:
        for scrub in (False, True):
            name = f"ram-{size}-{'scrubbed' if scrub else 'kept'}"
            guest = Vm("guest", (0,), subject.IMAGE, ram=size, scrub=scrub)
            folder = subject.build_deployment(deployments.write(name, [guest], QUIET))
            found[f"ram.{size}.{'scrubbed' if scrub else 'kept'}"] = _start(folder)
    bytes_ = (1 << 30) - 32 * MIB
    zeroed = found["ram.1G.scrubbed"] - found["ram.32M.scrubbed"]
    found["ram.scrub-per-16-bytes"] = round(16 * zeroed / bytes_, 3)
    return found


def _start(folder: Path) -> float:
    """Instructions from reset to the guest's first, in whole ticks."""
    return TICK * _run(folder)["start"].ticks


def images() -> Counts:
    """What a byte of an image costs: copied, verified."""
    slopes: Counts = {}
    for verify in ("none", "crc32", "sha256"):
        starts = []
        for size in IMAGE_SIZES:
            name = f"image-{verify}-{size}"
            guest = Vm("guest", (0,), deployments.padded(size), ("dtb = false",), ram="4M")
            build = {**QUIET, "VERIFY_IMAGES": verify}
            folder = subject.build_deployment(deployments.write(name, [guest], build))
            starts.append(_start(folder))
        slopes[verify] = (starts[1] - starts[0]) / (IMAGE_SIZES[1] - IMAGE_SIZES[0])
    return {
        "image.copied-per-4-bytes": round(4 * slopes["none"], 3),
        "image.crc32-per-byte": round(slopes["crc32"] - slopes["none"], 3),
        "image.sha256-per-byte": round(slopes["sha256"] - slopes["none"], 3),
    }


def sizes() -> Counts:
    """Sections, and the RAM of the hypervisor, for one VM and for two."""
    found: Counts = {}
    for count in (1, 2):
        guests = [Vm(f"guest{n}", (n,), subject.IMAGE) for n in range(count)]
        folder = subject.build_deployment(deployments.write(f"size-{count}", guests, {}))
        found |= {f"size.{count}.{part}": value for part, value in image.sizes(folder).items()}
    return found


def real_time() -> Counts:
    """All paths of the hypervisor that one interrupt takes, when nothing else happens; the first
    interrupt is not counted, it finds the VM in another state."""
    found: Counts = {}
    folder = subject.build_deployment(subject.DEPLOYMENT)
    for operation in LATENCIES:
        recorded = recording.record(folder, operation)
        for cpu in range(2):
            lengths = [len(path) for path in recorded.exits_in_order(cpu)[2:]]
            if lengths:
                name = f"real-time.{operation}.cpu{cpu}"
                found |= {f"{name}.best": min(lengths), f"{name}.worst": max(lengths)}
    return found


def burst() -> Counts:
    """16 interrupts at once, of lines that the VM owns: ticks until the most urgent one's handler,
    alone and together with the others; rounds in which handlers did not run by priority. They are
    pended by one write of the guest's, or the lines of devices rise."""
    spis = list(range(16, 32))
    lines_ = f'name = "lines", gpa = 0x0c00_0000, hpa = 0x0c00_0000, size = 0x1000, spi = {spis}'
    owner = (f"passthrough = [{{ {lines_} }}]",)
    found: Counts = {}
    for mode in ("emulated", "passthrough"):
        guest = Vm("guest", (0,), subject.IMAGE, (*owner, f'interrupts = "{mode}"'))
        folder = subject.build_deployment(deployments.write(f"burst-{mode}", [guest], QUIET))
        told = subject.results(lines.run(folder / "firmware.bin"))
        found |= _burst(f"burst.{mode}", told, "burst")
        found |= _burst(f"burst.{mode}-lines", told, "lines")
    return found


def _burst(name: str, told: dict[str, Measured], kind: str) -> Counts:
    solo, first = told[f"{kind}-solo"].instructions, told[f"{kind}-first"].instructions
    return {
        f"{name}.solo": solo,
        f"{name}.first": first,
        f"{name}.first-max": told[f"{kind}-first-max"].instructions,
        f"{name}.first-to-solo": round(first / solo, 3),
        f"{name}.disorder": told[f"{kind}-disorder"].ticks,
    }


def neighbour() -> Counts:
    """What a VM on a CPU of its own that does nothing but exits adds to this VM's paths, which is
    shown with CPUs that run concurrently: what they share would show as waiting. The measured VM has
    the board's UART, so that no printing of its own falls between."""
    devices = ('devices = ["/pl031@9010000", "/pl011@9000000"]',)
    device = ('emulated = [{ type = "countdown", gpa = 0x0a00_0000 }]',)
    guest = Vm("guest", (0,), subject.IMAGE, devices)
    paths: dict[str, dict[str, Counter[recording.Path_]]] = {}
    for kind in ("idle", "storm"):
        other = Vm("other", (1,), deployments.neighbour(kind), device)
        config = deployments.write(f"neighbour-{kind}", [guest, other], QUIET, console="none")
        folder = subject.build_deployment(config)
        least = STORM if kind == "storm" else 0
        paths[kind] = {name: _paths(folder, name, least) for name in PATHS}
    found: Counts = {}
    for name in PATHS:
        longest = {kind: max(map(len, paths[kind][name])) for kind in paths}
        found[f"neighbour.{name}.longest"] = longest["idle"]
        found[f"neighbour.{name}.storm-adds"] = longest["storm"] - longest["idle"]
    return found


def _paths(folder: Path, operation: str, least: int) -> Counter[recording.Path_]:
    """All paths of the measured VM's CPU, in as many runs as it takes until the other CPU has
    executed `least` instructions meanwhile."""
    found: Counter[recording.Path_] = Counter()
    others = 0
    while not found or others < least:
        recorded = recording.record(folder, operation, board_cpus=4, only_cpus=1)
        found += recorded.exits(0)
        others += recorded.others
    return found


# Those that are built alike are neighbours: less is compiled.
SCENARIOS: dict[str, Callable[[], Counts]] = {
    "native": native,
    "emulated": emulated,
    "real-time": real_time,
    "sizes": sizes,
    "passthrough": passthrough,
    "boot": boot,
    "vms": vms,
    "rows": rows,
    "ram": ram,
    "burst": burst,
    "neighbour": neighbour,
    "images": images,
}
