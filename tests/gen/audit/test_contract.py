# SPDX-License-Identifier: Apache-2.0
"""The audit knows every member of every row that it reads: one that is added to gen/rows.h, and means
something for isolation, must not stay unread."""

from __future__ import annotations

from gen.audit.image import Firmware

MEMBERS = {
    "vm_row": "name arch vcpu_first vcpu_count mmio mmio_count port port_count sysreg sysreg_count"
    " ram ram_count image image_count entry boot_arg on_crash on_reset on_off restart own_counter"
    " console_control",
    "arch_vm_row": "vttbr vtcr features parange",
    "mmio_row": "base size ops instance",
    "port_row": "base size ops instance",
    "sysreg_row": "encoding kind value",
    "ram_row": "gpa hpa size scrub restore writable",
    "image_row": "name source target size crc32 sha256",
    "vcpu_row": "vm index pcpu guest_id",
    "pcpu_row": "hardware_id release_address vcpu ipi_intid arch",
    "arch_cpu_row": "midr weaknesses branches",
    "irq_row": "owner vm guest_intid edge",
    "vgic_row": "interrupts spi_count spi_owned spi_hardware spi_physical",
    "vuart_row": "vm intid voice",
    "channel_row": "name base size peer_first peer_count writer_vm keep",
    "channel_peer_row": "channel vm window intid writable rings",
    "ivc_row": "vm peer publishes publication publisher_id key",
    "monitor_row": "vm intid control_first control_count",
    "control_row": "vm",
    "watchdog_row": "vm intid timeout_ms",
    "console_voice_row": "name vm vuart",
    "trapped_row": "base read_mask write_mask rest lock",
    "eemi_vm_row": "vm grant_first grant_count",
    "eemi_grant_row": "first last owned",
    "restart_row": "max window_ms backoff_ms",
    "range_row": "base size",
    "board_row": "name dtb_fallback ram ram_count gic_compatible gic gic_count uart_compatible uart",
}


def test_members(firmware: Firmware) -> None:
    for struct, members in MEMBERS.items():
        assert list(firmware.image.layouts[struct].members) == members.split(), struct
