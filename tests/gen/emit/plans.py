# SPDX-License-Identifier: Apache-2.0
"""Small plans, made by hand, for the emitters' tests."""

from __future__ import annotations

from pathlib import Path

from gen.plan.model import (
    ChannelPeer,
    Image,
    Irq,
    Mapping,
    MmioRow,
    Pcpu,
    Plan,
    PlannedChannel,
    PlannedVm,
    RamRegion,
    Stage2,
    Stage2Table,
    SysregRow,
    Vcpu,
    Voice,
    Vuart,
)
from gen.ranges import Range
from gen.read.board import Board, Cpu, Gic, Uart
from gen.read.deployment import Channel, Deployment, Memory, Peer, Vm
from gen.read.device_types import UARTS

RAM_BASE = 0x4000_0000
IMAGE_BASE = 0x4020_0000
MIB = 1 << 20


def board() -> Board:
    return Board(
        name="qemu-virt-aarch64",
        title="QEMU virt",
        arch="aarch64",
        folder=Path("platform/qemu-virt-aarch64"),
        tree=Path("platform/qemu-virt-aarch64/board.dtb"),
        variant=None,
        variants=(),
        cpus=tuple(Cpu(f"cpu@{i}", i, "arm,cortex-a53") for i in range(4)),
        cpu_features=(),
        physical_address_bits=40,
        ram=(Range(RAM_BASE, 2048 * MIB),),
        reserved=(),
        gic=Gic(
            version=3,
            compatible="arm,gic-v3",
            distributor=Range(0x800_0000, 0x1_0000),
            redistributors=(Range(0x80A_0000, 0x8_0000),),
        ),
        uart=Uart("pl011", "/pl011@9000000", "arm,pl011", Range(0x900_0000, 0x1000), 24_000_000, 1),
        timer_ppi={"virtual": 11, "physical": 14, "hypervisor": 10, "secure": 13},
        maintenance_ppi=9,
        psci_conduit="smc",
        image_base=IMAGE_BASE,
        image_limit=64 * MIB,
        dtb_fallback=RAM_BASE,
        formats=("bin",),
        flash_size=0,
        qemu=(),
        qemu_variants={},
        devices=(),
        files=(),
    )


def stage2(name: str, vmid: int, ram_hpa: int, channel_hpa: int) -> Stage2:
    """2 MiB of RAM at the board's RAM base, one page of a channel, one device page."""
    return Stage2(
        ipa_bits=40,
        start_level=1,
        root=f"{name}_root",
        vmid=vmid,
        tables=(
            Stage2Table(
                f"{name}_root",
                1,
                1024,
                {0: ("table", f"{name}_devices"), 1: ("table", f"{name}_memory")},
            ),
            Stage2Table(f"{name}_devices", 2, 512, {0x48: ("table", f"{name}_pages")}),
            Stage2Table(f"{name}_pages", 3, 512, {0x10: ("page", "0x9010000", "DEVICE_RW")}),
            Stage2Table(
                f"{name}_memory",
                2,
                512,
                {0: ("block", hex(ram_hpa), "RAM_RWX"), 1: ("table", f"{name}_channel")},
            ),
            Stage2Table(f"{name}_channel", 3, 512, {0: ("page", hex(channel_hpa), "RAM_R")}),
        ),
    )


def planned_vm(index: int, name: str, hpa: int, images: tuple[Image, ...]) -> PlannedVm:
    memory = (Memory(gpa=RAM_BASE, size=2 * MIB),)
    irqs = (Irq(2, 2, 0, "level", "/pl031@9010000"),) if index == 0 else ()
    return PlannedVm(
        index=index,
        vm=Vm(name=name, cpus=(index,), memory=memory, on_crash="restart"),
        vcpus=(index,),
        ram=(RamRegion(RAM_BASE, hpa, 2 * MIB, "rwx", "alloc", True),),
        images=images,
        mappings=(
            Mapping(0x901_0000, 0x901_0000, 0x1000, "device", "rw", "/pl031@9010000"),
            Mapping(RAM_BASE, hpa, 2 * MIB, "ram", "rwx", "RAM"),
            Mapping(RAM_BASE + 2 * MIB, 0x5000_0000, 0x1000, "channel", "r", "channel wire"),
        ),
        mmio=(
            MmioRow(0x800_0000, 0x1_0000, "vgic_dist_ops", "vdev/vgic.h", index, "GICD"),
            MmioRow(0x80A_0000, 0x2_0000, "vgic_redist_ops", "vdev/vgic.h", index, "GICR"),
            MmioRow(0x900_0000, 0x1000, "vpl011_ops", "vdev/vpl011.h", index, "PL011"),
        ),
        ports=(),
        sysregs=(
            SysregRow(3, 0, 0, 4, 0, "sysreg_id_ops", 0xFFFF, "ID_AA64PFR0_EL1"),
            SysregRow(3, 0, 12, 11, 5, "sysreg_vgic_sgi_ops", 1, "ICC_SGI1R_EL1"),
        ),
        irqs=irqs,
        software_spis=(1, 33),
        spi_count=64,
        stage2=stage2(f"s2_{index}", index + 1, hpa, 0x5000_0000),
        entry_gpa=RAM_BASE,
        dtb_gpa=RAM_BASE + MIB,
        dtb=b"",
    )


def image(name: str, hpa: int, data: bytes, in_place: bool = False) -> Image:
    gpa = RAM_BASE + (MIB if name == "dtb" else 0)
    return Image(name, gpa, hpa, len(data), in_place, Path(f"{name}.bin"), data)


def two_vms(packed_bytes: int = 5000) -> Plan:
    """Two VMs that share a packed kernel; the second has its tree in place."""
    kernel = bytes(i * 7 % 251 for i in range(packed_bytes))
    first, second = 0x4080_0000, 0x40A0_0000
    size = 2 * MIB
    packed = -(-packed_bytes // 4096) * 4096
    vms = (
        planned_vm(0, "left", first, (image("kernel", first, kernel),)),
        planned_vm(
            1,
            "right-hand",
            second,
            (image("kernel", second, kernel), image("dtb", second + MIB, b"tree" * 100, True)),
        ),
    )
    peers = (
        ChannelPeer(0, 0, RAM_BASE + 2 * MIB, None, 33, True, 2),
        ChannelPeer(0, 1, RAM_BASE + 2 * MIB, None, 33, False, 1),
    )
    return Plan(
        deployment=Deployment(
            name="two-vms",
            board="qemu-virt-aarch64",
            vms=tuple(vm.vm for vm in vms),
            channels=(Channel("wire", 4096, (Peer("left", "rw"), Peer("right-hand", "ro"))),),
        ),
        board=board(),
        hash="0" * 64,
        pcpus=(Pcpu(0, 0, 0), Pcpu(1, 1, 1)),
        vcpus=(Vcpu(0, 0, 0, 0), Vcpu(1, 0, 1, 0)),
        vms=vms,
        vuarts=(Vuart(UARTS[0], 0, 0x900_0000, 1, 1), Vuart(UARTS[0], 1, 0x900_0000, 1, 2)),
        channels=(PlannedChannel("wire", 0x5000_0000, 4096, peers, False),),
        ivcs=(),
        monitors=(),
        watchdogs=(),
        voices=(Voice("bulkhead", None, None), Voice("left", 0, 0), Voice("right-hand", 1, 1)),
        hypervisor=Range(IMAGE_BASE, size),
        packed=Range(IMAGE_BASE + size, packed),
        ram_used=(Range(IMAGE_BASE, size + packed), Range(first, 4 * MIB)),
        free=(Range(0x4100_0000, 0x0F00_0000), Range(0x5000_1000, 0x6FFF_F000)),
        config_symbols={"VDEV_VGIC": "y"},
    )
