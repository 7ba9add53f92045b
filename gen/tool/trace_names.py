# SPDX-License-Identifier: Apache-2.0
"""What the numbers of a trace mean, told by the image itself: its rows and its tables of words."""

from __future__ import annotations

from collections.abc import Iterator

from gen.tool.timeline import Counter, Record
from gen.tool.typed import Image

_ROWS = {"device": "mmio", "port": "port", "system register": "sysreg"}


class Names:
    """`image`: with the types of gen.tool.trace.UNITS."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._vcpu_layout = image.layouts["trace_vcpu"]
        kind_count = self._vcpu_layout.members["kinds"].count
        names = image.pointers(image.symbols["trace_kind_names"], kind_count)
        self._kinds = tuple(image.text(name) for name in names)
        self._calls = dict(self._call_names())
        self._ends = {number: name for name, number in image.enums["vcpu_end"].items()}
        members = image.layouts["trace_record"].members
        self._order = tuple(members)
        self._no_row = (1 << 8 * members["row"].size) - 1
        self._irqs = self._irq_names()
        self._cache: dict[tuple[int, str, int], str] = {}

    # --- What the rows say ---

    def vm(self, vcpu: int) -> str:
        row = self._row("vm_rows", "vm_row", self._vm_index(vcpu))
        return self._image.text(self._image.layouts["vm_row"].number(row, "name"))

    def vcpu_index(self, vcpu: int) -> int:
        return self._vcpu_member(vcpu, "index")

    def pcpu(self, vcpu: int) -> int:
        return self._vcpu_member(vcpu, "pcpu")

    def _vm_index(self, vcpu: int) -> int:
        return self._vcpu_member(vcpu, "vm")

    def _vcpu_member(self, vcpu: int, name: str) -> int:
        row = self._row("vcpu_rows", "vcpu_row", vcpu)
        return self._image.layouts["vcpu_row"].number(row, name)

    def _row(self, table: str, struct: str, index: int) -> bytes:
        size = self._image.layouts[struct].size
        return self._image.read(self._image.symbols[table] + index * size, size)

    def _call_names(self) -> Iterator[tuple[int, str]]:
        layout = self._image.layouts["trace_call_name"]
        count = self._image.sizes["trace_call_names"] // layout.size
        for number in range(count):
            row = self._row("trace_call_names", "trace_call_name", number)
            yield layout.number(row, "function"), self._image.text(layout.number(row, "name"))

    def _irq_names(self) -> tuple[str, ...]:
        count = self._image.sizes["irq_names"] // 8
        names = self._image.pointers(self._image.symbols["irq_names"], count)
        return tuple(self._image.text(name) for name in names)

    def _owner(self, vcpu: int, kind: str, row: int) -> str:
        """The name of one row of the vCPU's VM."""
        vm = self._vm_index(vcpu)
        if (vm, kind, row) not in self._cache:
            names = self._row("name_rows", "name_row", vm)
            array = self._image.layouts["name_row"].number(names, _ROWS[kind])
            (pointer,) = self._image.pointers(array + 8 * row, 1)
            self._cache[vm, kind, row] = self._image.text(pointer)
        return self._cache[vm, kind, row]

    def _offset(self, vcpu: int, row: int, address: int) -> int:
        """Into the device of an MMIO row."""
        vm = self._image.layouts["vm_row"].number(
            self._row("vm_rows", "vm_row", self._vm_index(vcpu)), "mmio"
        )
        layout = self._image.layouts["mmio_row"]
        data = self._image.read(vm + row * layout.size, layout.size)
        return address - layout.number(data, "base")

    # --- Words ---

    def record(self, vcpu: int, fields: tuple[int, ...]) -> Record:
        """`fields`: of struct trace_record, in its order."""
        values = dict(zip(self._order, fields))
        start, address, value = values["start"], values["address"], values["value"]
        if values["kind"] >= len(self._kinds):  # TRACE_RUN
            end = self._ends[address].removeprefix("VCPU_END_").lower().replace("_", " ")
            return Record(start, value - start, "run", f"ran until: {end}", {})
        kind = self._kinds[values["kind"]]
        name, details = self._words(vcpu, kind, values["row"], address)
        if kind in _ROWS:
            name = f"{'write' if values['write'] else 'read'} {name}"
        details["value"] = hex(value)
        return Record(start, values["cost"], kind, name, details)

    def _words(self, vcpu: int, kind: str, row: int, address: int) -> tuple[str, dict[str, str]]:
        details = {"address": hex(address)}
        if kind in _ROWS and row != self._no_row:
            owner = self._owner(vcpu, kind, row)
            if kind == "device":
                details["offset"] = hex(self._offset(vcpu, row, address))
            return owner, details
        if kind == "system register":
            return sysreg_words(address), details
        if kind == "call":
            return self._call(address), {"function": hex(address & 0xFFFF_FFFF)}
        if kind == "interrupt":
            return self._interrupt(address), {"INTID": str(address)}
        return ("nothing there" if kind in _ROWS else kind), details

    def _call(self, function: int) -> str:
        bit_64 = 1 << 30  # SMC Calling Convention 2.5
        return self._calls.get(function & 0xFFFF_FFFF & ~bit_64, "unknown call")

    def _interrupt(self, intid: int) -> str:
        name = self._irqs[intid] if intid < len(self._irqs) else ""
        return f"interrupt {intid}" + (f" ({name})" if name else "")

    # --- Counters ---

    def counters(self, vcpu: int, data: bytes) -> Iterator[Counter]:
        """`data`: of struct trace_vcpu. By row where a kind has rows; what is left of such a kind had
        none."""
        for number, kind in enumerate(self._kinds):
            whole = self._counter(data, "kinds", number, kind)
            rows = list(self._row_counters(vcpu, data, kind)) if kind in _ROWS else []
            yield from rows
            left = whole.count - sum(row.count for row in rows)
            cost = whole.cost - sum(row.cost for row in rows)
            if left:
                name = f"{kind}: nothing there" if kind in _ROWS else kind
                yield Counter(name, left, cost, whole.most if not rows else None)

    def _row_counters(self, vcpu: int, data: bytes, kind: str) -> Iterator[Counter]:
        member = self._vcpu_layout.members[_ROWS[kind]]
        for row in range(member.count):
            counter = self._counter(data, _ROWS[kind], row, "")
            if counter.count:
                name = f"{kind}: {self._owner(vcpu, kind, row)}"
                yield Counter(name, counter.count, counter.cost, counter.most)

    def _counter(self, data: bytes, array: str, number: int, name: str) -> Counter:
        member = self._vcpu_layout.members[array]
        layout = self._image.layouts[member.struct]
        base = member.offset + number * member.size
        count, cost, most = (layout.number(data, part, base) for part in ("count", "cost", "most"))
        return Counter(name, count, cost, most)


def sysreg_words(encoding: int) -> str:
    """A system register without a name of its own: ARCH_SYSREG of arch/aarch64, as ARCH_SYSREG_FORMAT
    there prints it."""
    op0, op1, crn, crm, op2 = (
        encoding >> shift & mask for shift, mask in ((14, 3), (11, 7), (7, 15), (3, 15), (0, 7))
    )
    return f"S{op0}_{op1}_C{crn}_C{crm}_{op2}"
