# SPDX-License-Identifier: Apache-2.0
"""How deep stacks can get: the deepest path through the call graph, from wherever a stack is empty.

Each CPU has one stack, on which it boots, runs the exit loop and handles exits; guests are entered
from it, and exits come back to it. Exceptions of the hypervisor itself are told on another one.
EL2 takes no interrupts, so nothing else is pushed at any time. Indirect calls go to whatever the
constant tables of operations have at the offset that is loaded, pointers from elsewhere to every
function whose address is anywhere: more than can happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gen.audit.code import VECTOR_COUNT, VECTOR_SIZE, VECTORS, Code, Function, read_code
from gen.audit.findings import Check, Findings
from gen.audit.hypervisor import stack_spans
from gen.audit.image import Firmware

_ENTRY = ("image_start", "secondary_entry")  # where firmware enters, each CPU on its own stack
_GUEST_ENTRY = "aarch64_enter"  # its ERET leaves its frame on the stack, for what comes back
# Assembly that puts the stack pointer elsewhere: to the top of the CPU's stack, or this one's.
_EMERGENCY = "own_exception_common"


@dataclass(frozen=True)
class Depth:
    """The deepest path: bytes, and who takes them, from the outermost on."""

    size: int
    path: list[tuple[str, int]]

    def as_object(self) -> dict[str, Any]:
        return {
            "bytes": self.size,
            "path": [{"function": name, "bytes": frame} for name, frame in self.path],
        }


@dataclass
class Stack:
    """The bounds. `agreed`: functions of which the compiler tells the same."""

    cpu_size: int = 0
    cpu: Depth = Depth(0, [])
    exceptions_size: int = 0
    exceptions: Depth = Depth(0, [])
    functions: int = 0
    agreed: int = 0

    def as_object(self) -> dict[str, Any]:
        return {
            "cpu": {"size": self.cpu_size, "deepest": self.cpu.as_object()},
            "exceptions": {"size": self.exceptions_size, "deepest": self.exceptions.as_object()},
            "functions": self.functions,
            "agreed": self.agreed,
        }


def check_stack(firmware: Firmware, cpus: int, findings: Findings) -> Stack:
    stack = Stack()
    with findings.check("audit-stack", "No stack can overflow, nothing is recursive") as check:
        code = read_code(firmware)
        graph = _Graph(code, firmware)
        stack.functions = len(code.functions)
        told = _compilers_frames(firmware)
        for function in code.functions:
            _check_function(function, told, stack, check)
        for cycle in graph.cycles():
            check.fail(f"recursion: {' -> '.join(cycle)}")
        roots = [code.at(firmware.symbols[name]) for name in (*_ENTRY, _EMERGENCY)]
        for lost in graph.unreached(roots):
            if lost.span.base in told:
                check.fail(f"nothing calls {lost.name}: the call graph lacks a way to it")
        if check.failures:
            return stack
        stacks, _ = stack_spans(firmware, cpus)
        stack.cpu_size = min(span.size for span in stacks)
        symbols = firmware.symbols
        stack.exceptions_size = symbols["emergency_stack_end"] - symbols["emergency_stack"]
        roots = [code.at(symbols[name]) for name in _ENTRY]
        roots += [f for f in code.functions if f.switches and f.name != _EMERGENCY]
        stack.cpu = max((graph.depth(root) for root in roots), key=lambda depth: depth.size)
        own = graph.depth(code.at(symbols[_EMERGENCY]))
        stack.exceptions = Depth(own.size + _REGISTERS, [("registers", _REGISTERS), *own.path])
        for what, depth, size in (
            ("a CPU's stack", stack.cpu, stack.cpu_size),
            ("the stack of exceptions", stack.exceptions, stack.exceptions_size),
        ):
            way = " -> ".join(name for name, _ in depth.path)
            fits = depth.size <= size
            check.expect(fits, f"{what} has {size} bytes, and {depth.size} may be needed: {way}")
        check.shown = (
            f"{stack.cpu.size} of {stack.cpu_size} bytes of a CPU's stack, "
            f"{stack.exceptions.size} of {stack.exceptions_size} bytes of that of exceptions; "
            f"{stack.functions} functions, {stack.agreed} agree with the compiler"
        )
    return stack


_REGISTERS = 256  # own_exception_common begins below them


def _check_function(function: Function, told: dict[int, int], stack: Stack, check: Check) -> None:
    name = function.name
    check.expect(not function.variable, f"{name} takes an amount of stack that is not constant")
    returns = function.has_eret and function.is_c and name != _GUEST_ENTRY
    check.expect(not returns, f"{name} returns from an exception")
    moves = function.switches and function.is_c
    check.expect(not moves, f"{name} puts the stack pointer elsewhere")
    frame = told.get(function.span.base, 0)
    stack.agreed += frame == function.frame and function.span.base in told
    # More: calls of code that the compiler shares between functions each keep the return address.
    less = function.frame < frame
    check.expect(not less, f"{name} takes {function.frame} bytes, the compiler says {frame}")


def _compilers_frames(firmware: Firmware) -> dict[int, int]:
    """Function to bytes of stack as clang tells them, the numbers of -fstack-usage, in the image by
    -fstack-size-section: addresses, each with a ULEB128 number (DWARF 5, 7.6)."""
    section = next((s for s in firmware.sections if s.name == ".stack_sizes"), None)
    data, at, found = section.data if section is not None else b"", 0, {}
    while at < len(data):
        address, size, shift = int.from_bytes(data[at : at + 8], "little"), 0, 0
        at += 8
        while True:
            byte = data[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not byte & 0x80:
                break
        found[address] = size
    return found


class _Graph:
    def __init__(self, code: Code, firmware: Firmware) -> None:
        self.code = code
        vectors = firmware.symbols[VECTORS]
        tables = set().union(*code.slots.values()) if code.slots else set()
        anything = {at for at in code.taken if code.at(at).is_c} | tables
        self.below: dict[int, list[Function]] = {}
        for number, function in enumerate(code.functions):
            targets = set(function.targets)
            if function.calls_by_slot:
                known = [code.slots[slot] for slot in function.calls_by_slot if slot in code.slots]
                targets |= set().union(code.slots.get(-1, set()), *known) if known else anything
            if function.calls_any:
                targets |= anything
            if function.name == _GUEST_ENTRY:
                targets |= {vectors + number * VECTOR_SIZE for number in range(VECTOR_COUNT)}
            if function.falls_through and not function.is_c:
                targets.add(code.functions[number + 1].span.base)
            found = {code.at(target).span.base for target in targets}
            self.below[function.span.base] = [code.at(at) for at in sorted(found)]
        self._depths: dict[int, Depth] = {}

    def _next(self, function: Function) -> Iterator[Function]:
        """What runs on the same stack."""
        return (other for other in self.below[function.span.base] if not other.switches)

    def cycles(self) -> list[list[str]]:
        """Ways back to where they began, one for each function that closes one."""
        found: list[list[str]] = []
        done: set[int] = set()
        for root in self.code.functions:
            path: list[Function] = []
            self._search(root, path, done, found)
        return found

    def _search(
        self, function: Function, path: list[Function], done: set[int], found: list[list[str]]
    ) -> None:
        if function in path:
            found.append([one.name for one in [*path[path.index(function) :], function]])
        elif function.span.base not in done:
            path.append(function)
            for other in self._next(function):
                self._search(other, path, done, found)
            path.pop()
            done.add(function.span.base)

    def unreached(self, roots: list[Function]) -> list[Function]:
        """What no way leads to. Of the C functions the linker keeps only what something refers to, so
        a graph that lacks none of its edges has none of them here."""
        pending, seen = list(roots), set()
        while pending:
            function = pending.pop()
            if function.span.base not in seen:
                seen.add(function.span.base)
                pending += self.below[function.span.base]
        return [f for f in self.code.functions if f.span.base not in seen]

    def depth(self, function: Function) -> Depth:
        """Call it where there are no cycles."""
        at = function.span.base
        if at not in self._depths:
            below = [self.depth(other) for other in self._next(function)]
            deepest = max(below, key=lambda depth: depth.size, default=Depth(0, []))
            path = [(function.name, function.frame), *deepest.path]
            self._depths[at] = Depth(function.frame + deepest.size, path)
        return self._depths[at]
