# SPDX-License-Identifier: Apache-2.0
"""Mistakes that people make who come from other hypervisors, what tells them, and the bad deployment
or the test that shows it: the source of the table in docs/errors.md, held true by
tests/gen/read/test_mistakes.py."""

from __future__ import annotations

from dataclasses import dataclass

_PLAN = "tests/gen/bad/plan/"
_READ = "tests/gen/bad/read/"


@dataclass(frozen=True)
class Mistake:
    what: str
    told: str  # a code of gen/codes.py, or words where no file is to blame
    shown: str  # in the repository: a bad deployment, or a test as pytest names it


def _plan(what: str, told: str, name: str) -> Mistake:
    return Mistake(what, told, f"{_PLAN}{name}.toml")


def _read(what: str, told: str, name: str) -> Mistake:
    return Mistake(what, told, f"{_READ}{name}.toml")


MISTAKES: tuple[tuple[str, tuple[Mistake, ...]], ...] = (
    (
        "The file and the machine it is built on",
        (
            _read("the board's name is not one of the boards", "E-board-unknown", "board_unknown"),
            _read("a misspelt key", "E-key-unknown", "vm_key_unknown"),
            _read('a size with another unit ("16 MiB")', "E-bad-value", "vm_ram_unit"),
            _read("a key below the wrong table", "E-key-unknown", "vm_key_of_deployment"),
            Mistake(
                "saved with a byte order mark",
                "E-toml-syntax",
                "tests/gen/read/test_toml.py::test_a_byte_order_mark_is_told_as_such",
            ),
            _plan("a VM's name misspelt in [test] expect", "W-expect-voice", "expect_voice"),
            _read(
                "an inline table over two lines, or with a comma at its end",
                "E-toml-syntax",
                "syntax_inline_table_two_lines",
            ),
            Mistake(
                "a path that is stale, or relative to another folder",
                "E-file-missing",
                "tests/gen/read/test_load.py::test_a_path_from_another_folder",
            ),
            Mistake(
                "a tool that is not installed",
                "`clang-14 is missing; run: ./build.py --setup`, exit status 3",
                "tests/gen/tool/test_command.py::test_missing_tool_is_status_3",
            ),
            Mistake(
                "the image is started on another board, or on one with less RAM",
                "`panic: board check: …` on the board's UART, before any guest runs",
                "tests/boot/test_refusal.py",
            ),
        ),
    ),
    (
        "CPUs",
        (
            _plan("one CPU for two VMs", "E-cpu-shared", "cpu_shared"),
            _plan("one CPU twice in a VM", "E-cpu-duplicate", "cpu_duplicate"),
            _plan("a CPU that the board does not have", "E-cpu-unknown", "cpu_unknown_index"),
        ),
    ),
    (
        "Memory",
        (
            _plan("RAM over the hypervisor", "E-memory-over-hypervisor", "memory_over_hypervisor"),
            _plan("RAM that firmware keeps", "E-memory-over-reserved", "memory_over_reserved"),
            _plan("RAM where the board has none", "E-memory-outside-board", "memory_outside_board"),
            _plan("RAM of two VMs overlaps", "E-memory-host-overlap", "memory_host_overlap"),
            _plan("more RAM than the board has", "E-memory-full", "memory_full_second"),
            _plan(
                "RAM that is no multiple of 4 KiB", "E-memory-misaligned", "memory_size_misaligned"
            ),
            _plan(
                "RAM over the interrupt controller", "E-emulated-over-ram", "emulated_ram_over_gic"
            ),
        ),
    ),
    (
        "Guest images",
        (
            _plan(
                "linked for another address than the VM's RAM",
                "E-image-linked-elsewhere",
                "image_linked_elsewhere",
            ),
            _plan("loaded outside the VM's RAM", "E-image-outside-ram", "image_outside_ram"),
            _plan("larger than the VM's RAM", "E-image-too-large", "image_too_large"),
            _plan("vmlinux in place of Image", "E-image-format", "image_vmlinux"),
            _plan("built for another CPU", "E-image-format", "image_other_machine"),
            Mistake(
                "a web page or a pointer of Git LFS in its place; a kernel for x86 or 32-bit Arm",
                "E-image-format",
                "tests/gen/read/test_image.py::test_refused_in_words",
            ),
            Mistake(
                "kernel and initrd confused, an initrd wrapped for U-Boot",
                "E-image-format",
                "tests/gen/read/test_image.py::test_what_is_no_initrd",
            ),
            _read("a unikernel without a device tree", "E-key-conflict", "unikernel_no_dtb"),
            _plan(
                "Linux not at a multiple of 2 MiB", "E-image-misaligned", "image_linux_misaligned"
            ),
            _plan("an entry outside the image", "E-entry-outside", "entry_outside"),
            _plan("device tree over the initrd", "E-image-overlap", "dtb_over_initrd"),
            _plan("initrd over the kernel", "E-image-overlap", "initrd_over_kernel"),
            _plan("no room for the initrd", "E-image-no-room", "initrd_no_room"),
            _plan(
                "images too large for the board's firmware",
                "E-firmware-too-large",
                "firmware_board_limit",
            ),
            _plan("a console= that the VM does not have", "W-bootargs-console", "bootargs_console"),
        ),
    ),
    (
        "The guest's device tree",
        (
            _plan("of a machine with another GIC version", "E-dtb-gic", "dtb_gic_version"),
            _plan("with the GIC elsewhere", "E-dtb-gic", "dtb_gic"),
            _plan("with other CPUs than the VM's", "E-dtb-cpus", "dtb_cpus"),
            _plan("with other memory than the VM's", "W-dtb-memory", "dtb_memory"),
            _plan("with a device that the VM does not have", "W-dtb-reg", "dtb_device"),
            _plan("an overlay for a label that is not there", "E-dtb-overlay", "dtb_overlay_label"),
        ),
    ),
    (
        "Devices, interrupts and channels",
        (
            _plan("an INTID for an SPI, with a device", "E-device-irq", "device_irq_intid"),
            _plan("an INTID for an SPI, with a range", "E-passthrough-intid", "passthrough_intid"),
            _plan("one interrupt for two VMs", "E-irq-owned-twice", "irq_owned_twice"),
            _plan("the console's UART for a VM", "E-console-uart", "console_uart_passed"),
            _plan("one device for two VMs", "E-device-shared", "device_shared"),
            _plan(
                "two devices in one page for two VMs", "E-device-page-shared", "device_page_mates"
            ),
            _plan("a device without its clock provider", "W-device-resources", "device_resources"),
            _plan("another VM has the clock provider", "E-device-provider", "device_provider"),
            _plan("a device that masters the bus", "E-dma-refused", "dma_refused"),
            _plan("a device that the board does not have", "E-device-unknown", "device_unknown"),
            _plan("the interrupt controller as a device", "E-passthrough-gic", "passthrough_gic"),
            _plan("RAM as a device", "E-passthrough-host-ram", "passthrough_host_ram"),
            _plan(
                "guest and host address at different places in their pages",
                "E-passthrough-page-offset",
                "passthrough_page_offset",
            ),
            _read("a channel that nobody writes", "E-channel-no-writer", "channel_no_writer"),
        ),
    ),
)
