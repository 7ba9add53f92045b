# SPDX-License-Identifier: Apache-2.0
"""Compiles and links emitted files with a stub in place of the hypervisor."""

from __future__ import annotations

import subprocess
from pathlib import Path

from elftools.elf.elffile import ELFFile

from gen.emit import build_info
from gen.emit.boundaries import Boundaries, boundaries_from_symbols
from gen.emit.images import image_files
from gen.emit.tables import emit
from gen.plan.model import Plan
from gen.read import device_types

ROOT = Path(__file__).parents[3]
C_FLAGS = (
    "--target=aarch64-none-elf -march=armv8-a -mgeneral-regs-only -mstrict-align "
    "-mno-outline-atomics -std=c11 -ffreestanding -fno-pic -O2 -ffunction-sections "
    "-fdata-sections -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wvla "
    "-Wstrict-prototypes -Wmissing-prototypes -Wmissing-variable-declarations -Wundef "
    "-Wimplicit-fallthrough -Wswitch-enum -Wcast-qual -Wpointer-arith -Werror"
).split()

STUB = """
#include "gen/layout.h"
#include "gen/rows.h"
#include "vdev/sysreg.h"
#include "vdev/vdev.h"
#include "vdev/vgic.h"
#include "vdev/vgic_direct.h"
#include "vdev/vpl011.h"
#include "vdev/channel.h"
#include "vdev/watchdog.h"
const struct vdev_ops vgic_dist_ops, vgic_redist_ops, vpl011_ops, channel_ops,
    vgic_direct_dist_ops;
const struct vdev_ops watchdog_control_ops, watchdog_refresh_ops;
const struct sysreg_ops sysreg_constant_ops, sysreg_fixed_ops, sysreg_id_ops, sysreg_raz_wi_ops, sysreg_vgic_sgi_ops,
    sysreg_vgic_dir_ops;
static int counter = 1;
static int zeroed[3000];
void bump(void);
void bump(void) { zeroed[counter++]++; }
uint64_t stub(void);
__attribute__((section(".text.head"))) uint64_t stub(void)
{
    bump();
    return vm_rows[0].arch.vttbr + hyp_run_table[0] + hyp_loader_table[0] + vcpu_rows[0].vm +
           pcpu_rows[0].hardware_id + irq_rows[0].vm + vgic_rows[0].spi_count + vuart_rows[0].vm +
           channel_rows[0].size + channel_peer_rows[0].vm +
           (uint64_t)console_voice_rows[0].name[0] + (uint64_t)board_row.name[0] +
           (uint64_t)deployment_name[0] + (uint64_t)deployment_hash[0] + (uint64_t)counter +
           (uint64_t)zeroed[counter];
}
"""


def write(plan: Plan, folder: Path, boundaries: Boundaries | None, stack_size: int = 8192) -> None:
    for name, text in emit(plan, boundaries, stack_size).items():
        (folder / name).write_text(text)
    (folder / "images").mkdir(exist_ok=True)
    for name, data in image_files(plan).items():
        (folder / name).write_bytes(data)
    emulated = ", ".join(f"{kind.name}_ops" for kind in device_types.TYPES)
    devices = f"#include <devices.h>\nconst struct vdev_ops {emulated};\n"
    (folder / "stub.c").write_text(STUB + devices)


def link(plan: Plan, folder: Path, boundaries: Boundaries | None) -> Path:
    """One link; the ELF's path. Everything in `folder` is rewritten."""
    write(plan, folder, boundaries)
    objects = []
    for source in ("stub.c", "tables.c", build_info.FILE, "stage2.c", "hypmap.c", "images.S"):
        target = folder / f"{source}.o"
        flags = C_FLAGS if source.endswith(".c") else [C_FLAGS[0]]
        includes = ["-I.", "-Iarch/aarch64/include", f"-I{folder}"]
        run(["clang-14", *flags, *includes, "-c", str(folder / source), "-o", str(target)])
        objects.append(str(target))
    elf = folder / "firmware.elf"
    run(
        ["ld.lld-14", "--gc-sections", "-z", "max-page-size=4096", "--orphan-handling=error"]
        + ["--fatal-warnings", "-T", str(folder / "layout.ld"), *objects, "-o", str(elf)]
    )
    return elf


def build(plan: Plan, folder: Path) -> Path:
    """The two links of a build."""
    first = symbols(link(plan, folder, None))
    return link(plan, folder, boundaries_from_symbols(first))


def run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stderr}")


def symbols(elf: Path) -> dict[str, int]:
    with elf.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


class Memory:
    """What the ELF puts at each physical address."""

    def __init__(self, elf: Path) -> None:
        with elf.open("rb") as file:
            self.segments: list[tuple[int, bytes]] = [
                (segment["p_paddr"], segment.data())
                for segment in ELFFile(file).iter_segments("PT_LOAD")
            ]

    def read(self, address: int, size: int) -> bytes:
        for base, data in self.segments:
            if base <= address and address + size <= base + len(data):
                return data[address - base : address - base + size]
        raise AssertionError(f"nothing is loaded at {address:#x}")

    def u64(self, address: int) -> int:
        return int.from_bytes(self.read(address, 8), "little")
