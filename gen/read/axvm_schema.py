# SPDX-License-Identifier: Apache-2.0
"""The words of AxVM's VM files: keys, fields of the rows, numbers of types and flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gen.read.keys import Key, Kind, Table, scalar

WORD = (1 << 64) - 1  # usize of AxVM's 64-bit hosts


def _key(name: str, kind: Kind, many: bool = False, maximum: int = WORD) -> Key:
    example = {"int": "1", "text": '"linux"', "path": '"Image"', "bool": "false"}[kind]
    example = f"[{example}]" if many else example
    return Key(name, scalar(kind), "", example, many=many, maximum=maximum)


BASE = Table(
    "base",
    "Who the VM is and which CPUs it has.",
    (
        _key("id", "int"),
        _key("name", "text"),
        _key("vm_type", "int"),
        _key("cpu_num", "int"),
        _key("phys_cpu_ids", "int", many=True),
        _key("phys_cpu_sets", "int", many=True),
    ),
)

KERNEL = Table(
    "kernel",
    "Its images and its memory.",
    (
        _key("entry_point", "int"),
        _key("kernel_path", "path"),
        _key("kernel_load_addr", "int"),
        _key("enable_bios", "bool"),
        _key("boot_protocol", "text"),
        _key("bios_path", "path"),
        _key("uefi_firmware_path", "path"),
        _key("bios_load_addr", "int"),
        _key("dtb_path", "path"),
        _key("dtb_load_addr", "int"),
        _key("ramdisk_path", "path"),
        _key("ramdisk_load_addr", "int"),
        _key("image_location", "text"),
        _key("cmdline", "text"),
        _key("disk_path", "path"),
    ),
)

DEVICES = Table("devices", "Its devices.", (_key("interrupt_mode", "text"),))

# Keys whose values are rows; gen/read/axvm_file.py reads them.
ROW_KEYS = {
    "base": (),
    "kernel": ("memory_regions",),
    "devices": (
        "emu_devices",
        "passthrough_devices",
        "passthrough_addresses",
        "excluded_devices",
    ),
}
TABLES = {"base": BASE, "kernel": KERNEL, "devices": DEVICES}

# Keys of older versions, which newer ones ignore: what says the same today.
RENAMED = {"cpu_set": "phys_cpu_sets"}


@dataclass(frozen=True)
class RowField:
    name: str
    kind: Literal["text", "int", "ints"]


@dataclass(frozen=True)
class RowShape:
    """One kind of row: a tuple of fields, or a table of them. `lengths`: how many fields a tuple
    may have; a table may leave out what a tuple may."""

    key: str
    fields: tuple[RowField, ...]
    lengths: tuple[int, ...]

    @property
    def example(self) -> str:
        return "[" + ", ".join(field.name for field in self.fields) + "]"


MEMORY_ROW = RowShape(
    "memory_regions",
    (
        RowField("gpa", "int"),
        RowField("size", "int"),
        RowField("flags", "int"),
        RowField("map_type", "int"),
    ),
    (4,),
)
EMU_ROW = RowShape(
    "emu_devices",
    (
        RowField("name", "text"),
        RowField("base_gpa", "int"),
        RowField("length", "int"),
        RowField("irq_id", "int"),
        RowField("emu_type", "int"),
        RowField("cfg_list", "ints"),
    ),
    (6,),
)
PASSTHROUGH_ROW = RowShape(
    "passthrough_devices",
    (
        RowField("name", "text"),
        RowField("base_gpa", "int"),
        RowField("base_hpa", "int"),
        RowField("length", "int"),
        RowField("irq_id", "int"),
    ),
    (1, 4, 5),
)
ADDRESS_ROW = RowShape(
    "passthrough_addresses", (RowField("base_gpa", "int"), RowField("length", "int")), (2,)
)

# MappingFlags of axaddrspace.
READ, WRITE, EXECUTE, USER, DEVICE, UNCACHED = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20
ALL_FLAGS = READ | WRITE | EXECUTE | USER | DEVICE | UNCACHED
MAP_TYPES = ("alloc", "identical", "reserved")

Interrupts = Literal["none", "emulated", "passthrough"]
# interrupt_mode -> interrupts of the native file.
INTERRUPT_MODES: dict[str, Interrupts] = {
    "no_irq": "none",
    "no": "none",
    "none": "none",
    "emu": "emulated",
    "emulated": "emulated",
    "passthrough": "passthrough",
    "pt": "passthrough",
}

DUMMY, CONTROLLER, CONSOLE, IVC = 0x0, 0x1, 0x2, 0xA
GPPT_REDISTRIBUTOR, GPPT_DISTRIBUTOR, GPPT_ITS = 0x20, 0x21, 0x22
X86_IO_APIC, X86_PIT, PLIC = 0x23, 0x24, 0x30
VIRTIO_BLOCK, VIRTIO_NET, VIRTIO_CONSOLE = 0xE1, 0xE2, 0xE3
EMU_TYPES = {
    DUMMY: "placeholder",
    CONTROLLER: "interrupt controller",
    CONSOLE: "console",
    IVC: "channel window",
    GPPT_REDISTRIBUTOR: "partial passthrough of the GIC's redistributors",
    GPPT_DISTRIBUTOR: "partial passthrough of the GIC's distributor",
    GPPT_ITS: "partial passthrough of the GIC's ITS",
    X86_IO_APIC: "x86 I/O APIC",
    X86_PIT: "x86 interval timer",
    PLIC: "partial passthrough of a RISC-V PLIC",
    VIRTIO_BLOCK: "virtio block device",
    VIRTIO_NET: "virtio network device",
    VIRTIO_CONSOLE: "virtio console",
}
VIRTIO = (VIRTIO_BLOCK, VIRTIO_NET, VIRTIO_CONSOLE)
# Arguments that AxVM takes from cfg_list, and panics without.
CFG_ARGUMENTS = {
    GPPT_REDISTRIBUTOR: ("cpu_num", "stride", "pcpu_id"),
    GPPT_ITS: ("host_gits_base",),
}
# Types of other architectures.
FOREIGN_TYPES = {PLIC: "riscv64", X86_IO_APIC: "x86_64", X86_PIT: "x86_64"}
