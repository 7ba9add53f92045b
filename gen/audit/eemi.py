# SPDX-License-Identifier: Apache-2.0
"""Calls of Zynq UltraScale+ firmware (Xilinx UG1200): which VM may name what. What a VM's devices live
by the audit reads itself, from the board's tree by the bindings of xlnx,zynqmp-*."""

from __future__ import annotations

from gen.audit.asked import Asked, AskedVm
from gen.audit.asked_board import Board
from gen.audit.asked_tree import Node, Tree, registers
from gen.audit.findings import Findings
from gen.audit.image import Tables

NODE, CLOCK, RESET, PIN = range(4)
_FIRST_RESET = 1000
# Clocks that nobody owns: PLLs and what crosses between domains, what is inside of PLLs, what comes
# from outside; and those of buses.
_READABLE = {*range(0, 10), *range(76, 101), *range(112, 206), 27, 28, 30, 31, 42}
_ABOVE = {44: 43, 104: 108, 105: 109, 106: 110, 107: 111}  # of network controllers
Id = tuple[int, int]  # kind, number


def check_eemi(tables: Tables, findings: Findings) -> None:
    """Rows are in order, and nothing is of two VMs."""
    with findings.check("audit-firmware", "What VMs may change by calls of firmware is apart") as c:
        first, owners = 0, dict[Id, str]()
        for row in tables.eemi_vms:
            name = tables.vms[row.vm].name
            fine = row.grant_first == first and row.grant_count
            c.expect(fine, f"VM {name}: grants of firmware begin at {row.grant_first}")
            first += row.grant_count
            before = -1
            for grant in tables.eemi_grants[row.grant_first : row.grant_first + row.grant_count]:
                kinds = (grant.first >> 16, grant.last >> 16)
                c.expect(before < grant.first <= grant.last, f"VM {name}: grants are not sorted")
                c.expect(kinds[0] == kinds[1] <= PIN, f"VM {name}: a grant of kinds {kinds}")
                before = grant.last
                for key in range(grant.first, grant.last + 1) if grant.owned else ():
                    thing = (key >> 16, key & 0xFFFF)
                    c.expect(thing not in owners, f"{_words(thing)} is of {name} and another VM")
                    common = thing[0] == CLOCK and thing[1] in _READABLE
                    c.expect(not common, f"VM {name} owns {_words(thing)}, which all live by")
                    owners[thing] = name
                if not grant.owned:
                    kept = set(range(grant.first & 0xFFFF, (grant.last & 0xFFFF) + 1)) <= _READABLE
                    fine = kinds[0] == CLOCK and kept
                    c.expect(fine, f"VM {name} reads {_words((kinds[0], grant.first & 0xFFFF))}")
        c.expect(first == len(tables.eemi_grants), "rows of grants and their users differ")
        vms = [row.vm for row in tables.eemi_vms]
        c.expect(len(set(vms)) == len(vms), "a VM has two sets of grants")
        c.shown = f"{len(vms)} VMs own {len(owners)} clocks, nodes, resets and pins"


def check_eemi_asked(asked: Asked, tables: Tables, findings: Findings) -> None:
    """Who calls firmware, and what it owns there, is what its devices live by."""
    with findings.check("audit-firmware-asked", "VMs own of firmware what their devices need") as c:
        found = {row.vm: row for row in tables.eemi_vms}
        for number, vm in enumerate(asked.vms):
            row = found.pop(number, None)
            if row is None or "zynqmp-eemi" not in vm.firmware:
                same = (row is None) == ("zynqmp-eemi" not in vm.firmware)
                c.expect(same, f"VM {vm.name} may call firmware: {row is not None}")
                continue
            owned = {
                (key >> 16, key & 0xFFFF)
                for grant in tables.eemi_grants[row.grant_first : row.grant_first + row.grant_count]
                if grant.owned
                for key in range(grant.first, grant.last + 1)
            }
            for thing in sorted(owned ^ _needed(vm, asked.board)):
                side = "has" if thing in owned else "lacks"
                c.fail(f"VM {vm.name} {side} {_words(thing)} of firmware")
        c.shown = f"{len(tables.eemi_vms)} VMs"


def _words(thing: Id) -> str:
    kind, number = thing
    names = ("power node", "clock", "reset", "pin")
    return f"{names[kind] if kind <= PIN else 'thing'} {number}"


def _needed(vm: AskedVm, board: Board) -> set[Id]:
    found: set[Id] = set()
    for device in vm.device_nodes:
        pending = [device]
        while pending:
            node = pending.pop()
            pending += [child for child in node.children if not registers(child)]
            found |= _of_node(node, board.tree)
    clocks = {number for kind, number in found if kind == CLOCK}
    found |= {(CLOCK, _ABOVE[number]) for number in clocks if number in _ABOVE}
    return {thing for thing in found if thing[0] != CLOCK or thing[1] not in _READABLE}


def _of_node(node: Node, tree: Tree) -> set[Id]:
    found: set[Id] = set()
    for name, cells_of in (
        ("clocks", "#clock-cells"),
        ("assigned-clocks", "#clock-cells"),
        ("power-domains", "#power-domain-cells"),
        ("resets", "#reset-cells"),
    ):
        cells = node.cells(name) if name in node.properties else []
        while cells and (provider := tree.phandles.get(cells[0])) is not None:
            width = provider.cell(cells_of, 0)
            kinds = provider.texts("compatible")
            if "xlnx,zynqmp-firmware" in kinds:
                found.add((NODE, cells[1]))
            elif "xlnx,zynqmp-clk" in kinds:
                found.add((CLOCK, cells[1]))
            elif "xlnx,zynqmp-reset" in kinds:
                found.add((RESET, _FIRST_RESET + cells[1]))
            cells = cells[1 + width :]
    for name in node.properties:
        if name.startswith("pinctrl-") and name[len("pinctrl-") :].isdigit():
            states = [tree.phandles[cell] for cell in node.cells(name) if cell in tree.phandles]
            found |= {thing for state in states for thing in _pins(state)}
    return found


def _pins(state: Node) -> set[Id]:
    holder = state.parent
    if holder is None or "xlnx,zynqmp-pinctrl" not in holder.texts("compatible"):
        return set()
    names = [name for node in state.walk() for name in node.texts("pins")]
    return {(PIN, int(name[3:])) for name in names if name.startswith("MIO")}
