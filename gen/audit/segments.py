# SPDX-License-Identifier: Apache-2.0
"""What the file loads, and where: code, constants and data apart, nothing that allocates."""

from __future__ import annotations

from gen.audit.findings import Check, Findings
from gen.audit.image import Firmware, Tables
from gen.audit.ranges import Span, covered, sized
from gen.tool import elf

# Every name of an allocator in C and in newlib.
_HEAP = frozenset(
    "malloc calloc realloc free memalign aligned_alloc posix_memalign valloc sbrk brk _sbrk _sbrk_r"
    " _malloc_r _calloc_r _realloc_r _free_r _memalign_r cfree reallocarray".split()
)
_CONSTANT_ENDINGS = ("_rows", "_row", "_ops", "_kinds", "_stage2_root", "_table")
_FLAGS = {"text": elf.READ | elf.EXECUTE, "constants": elf.READ, "data": elf.READ | elf.WRITE}


def check_segments(firmware: Firmware, tables: Tables, findings: Findings) -> None:
    with findings.check("audit-segment", "Code, constants and data are apart") as check:
        text = firmware.span("image_start", "text_end")
        packed = firmware.span("rodata_end", "packed_end")
        data = firmware.span("packed_end", "image_end")
        parts = {"text": text, "constants": Span(text.end, packed.end), "data": data}
        check.expect(
            text.base == firmware.entry, f"the entry {firmware.entry:#x} is not image_start"
        )
        for name, part in parts.items():
            check.expect(
                part.base % 4096 == 0, f"{name} begins at {part.base:#x}: no page boundary"
            )
        data_end = firmware.symbols["data_end"]
        loaded: list[Span] = []
        for segment in firmware.segments:
            span = Span(segment.address, segment.end)
            owner = next((n for n, part in parts.items() if part.holds(span)), "")
            flags = _FLAGS.get(owner, elf.READ)  # outside: an image that is run in place
            check.expect(
                owner or _is_image(tables, span), f"a segment loads {span}: nobody's memory"
            )
            check.expect(
                segment.flags == flags,
                f"the segment {span} ({owner or 'guest image'}) has flags {segment.flags:#x}",
            )
            check.expect(segment.physical == segment.address, f"the segment {span} is moved")
            filled = sized(segment.address, len(segment.data))
            check.expect(span.holds(filled), f"the segment {span} has more bytes in the file")
            zeros = owner != "data" or not segment.data or filled.end <= data_end
            check.expect(zeros, f"the file fills memory that is to be zero: {filled}")
            check.expect(not any(span.meets(other) for other in loaded), f"{span} is loaded twice")
            loaded.append(span)
        whole = covered(firmware.own, [span.pages() for span in loaded])
        check.expect(whole, f"no segment has some of {firmware.own}")
        constants = _check_constants(firmware, check)
        check.shown = (
            f"{len(loaded)} segments, none both writable and executable; {constants} tables of rows, "
            "operations and translations are in read-only ones"
        )


def _is_image(tables: Tables, span: Span) -> bool:
    images = [sized(image.source, image.size) for vm in tables.vms for image in vm.image]
    return span in images


def _check_constants(firmware: Firmware, check: Check) -> int:
    """Whatever is a table by its name lies among the constants."""
    count = 0
    for symbol in firmware.image.symbol_table:
        if symbol.name.endswith(_CONSTANT_ENDINGS) and symbol.size:
            count += 1
            inside = firmware.constants.holds(sized(symbol.value, symbol.size))
            check.expect(inside, f"{symbol.name} is not in read-only memory")
    return count


def check_heap(firmware: Firmware, findings: Findings) -> None:
    with findings.check("audit-heap", "Nothing allocates memory") as check:
        found = sorted(_HEAP & firmware.symbols.keys())
        check.expect(not found, f"linked: {', '.join(found)}")
        check.shown = f"none of {len(_HEAP)} names of allocators is linked"
