# SPDX-License-Identifier: Apache-2.0
"""What each VM reaches, from its stage-2 tables alone; and that nobody else reaches it."""

from __future__ import annotations

from dataclasses import dataclass

from gen.audit import arm
from gen.audit.findings import Check, Findings
from gen.audit.image import Row, Tables
from gen.audit.ranges import PAGE, Span, covered, sized
from gen.audit.walk import Mapping, Tree, walk


@dataclass(frozen=True)
class Reach:
    """What one VM reaches."""

    vm: Row
    control: arm.Stage2Control
    vmid: int
    tree: Tree

    @property
    def mappings(self) -> list[Mapping]:
        return self.tree.mappings


def walk_vms(tables: Tables, findings: Findings) -> list[Reach]:
    with findings.check(
        "audit-table", "Stage-2 tables are what the architecture and we mean"
    ) as check:
        found = [reach for n, vm in enumerate(tables.vms) if (reach := _walk(tables, n, vm, check))]
        seen: list[Span] = []
        for reach in found:
            for span in reach.tree.tables:
                what = f"VM {reach.vm.name}: the table at {span.base:#x}"
                inside = tables.firmware.constants.holds(span)
                check.expect(inside, f"{what} is not in read-only memory")
                check.expect(not any(span.meets(o) for o in seen), f"{what} is another VM's, too")
            seen += reach.tree.tables
        leaves = sum(reach.tree.leaves for reach in found)
        check.shown = (
            f"{leaves} entries in {len(seen)} read-only tables of {len(found)} VMs: known attributes "
            "only, access flag set, devices and writable channels never executable, VMIDs distinct"
        )
        return found
    return []


def _walk(tables: Tables, number: int, vm: Row, check: Check) -> Reach | None:
    try:
        control = arm.stage2_control(vm.arch.vtcr)
    except arm.Malformed as error:
        check.fail(f"VM {vm.name}: {error}")
        return None
    root, vmid = arm.vttbr_fields(vm.arch.vttbr)
    size = 8 * control.root_entries
    firmware = tables.firmware
    check.expect(
        firmware.object_size(root) == size and root % max(size, 64) == 0,
        f"VM {vm.name}: no root table of {size} bytes, aligned to them, is at {root:#x}",
    )
    check.expect(vmid == number + 1, f"VM {vm.name}: VMID {vmid}, expected {number + 1}")
    check.expect(
        vm.arch.parange == arm.pa_range(control.ipa_bits),
        f"VM {vm.name}: PARange {vm.arch.parange} is not that of {control.ipa_bits} bits",
    )
    tree = walk(firmware.read, root, control.start_level, control.root_entries, arm.stage2_leaf)
    for problem in tree.problems:
        check.fail(f"VM {vm.name}: {problem}")
    for mapping in tree.mappings:
        if mapping.memory == "device":
            check.expect("x" not in mapping.access, f"VM {vm.name}: device executable: {mapping}")
        limit = 1 << control.physical_bits
        check.expect(mapping.host.end <= limit, f"VM {vm.name}: beyond memory: {mapping}")
    for table in tree.tables[1:]:
        is_one = firmware.object_size(table.base) == table.size
        check.expect(is_one, f"VM {vm.name}: {table.base:#x} is no table of {table.size} bytes")
    return Reach(vm, control, vmid, tree)


@dataclass(frozen=True)
class SharedPage:
    """Memory that two VMs reach, and the declaration that says so."""

    host: Span
    owner: str
    access: dict[str, str]  # by VM


def check_exclusive(tables: Tables, reaches: list[Reach], findings: Findings) -> list[SharedPage]:
    shared: dict[tuple[Span, str], dict[str, str]] = {}
    with findings.check("audit-shared-page", "No page is reached by two VMs undeclared") as check:
        banked = tables.banked  # each CPU has it for itself
        everything = sorted(
            (
                (mapping, number)
                for number, reach in enumerate(reaches)
                for mapping in reach.mappings
            ),
            key=lambda entry: (entry[0].host, entry[1]),
        )
        for at, (one, first) in enumerate(everything):
            for other, second in everything[at + 1 :]:
                if other.output >= one.host.end:
                    break
                part = Span(other.output, min(one.host.end, other.host.end))
                names = f"VM {reaches[first].vm.name} and VM {reaches[second].vm.name}"
                if first == second:
                    check.fail(f"VM {reaches[first].vm.name} reaches {part} by two addresses")
                    continue
                owner = _declared(tables, part, ((first, one), (second, other)))
                if not owner and any(span.holds(part) for span in banked):
                    owner = "CPU interface"
                if check.expect(owner, f"{names} both reach {part}: no channel says so"):
                    access = shared.setdefault((part, owner), {})
                    access[reaches[first].vm.name] = one.access
                    access[reaches[second].vm.name] = other.access
        pages = sum(reach.size for reach in _hosts(reaches)) // PAGE
        check.shown = (
            f"{pages} pages of {len(reaches)} VMs; reached by several only {len(shared)} declared "
            f"range{'s' if len(shared) != 1 else ''}"
        )
    return [SharedPage(host, owner, access) for (host, owner), access in shared.items()]


def _hosts(reaches: list[Reach]) -> list[Span]:
    return [mapping.host for reach in reaches for mapping in reach.mappings]


def _declared(tables: Tables, part: Span, users: tuple[tuple[int, Mapping], ...]) -> str:
    """The channel that lets these VMs reach a range with these rights; "" where none does."""
    for number, channel in enumerate(tables.channels):
        if not sized(channel.base, channel.size).pages().holds(part):
            continue
        peers = {peer.vm: peer for peer in tables.peers if peer.channel == number}
        fine = all(
            vm in peers and mapping.access == ("rw" if peers[vm].writable else "r")
            for vm, mapping in users
        )
        same = len({mapping.memory for _, mapping in users}) == 1
        if fine and same and users[0][1].memory != "device":
            return f"channel {channel.name}"
    return ""


def check_hypervisor_pages(
    tables: Tables, reaches: list[Reach], kept: list[tuple[str, Span]], findings: Findings
) -> None:
    """`kept`: what else the hypervisor keeps for itself."""
    with findings.check("audit-hypervisor-page", "No VM reaches the hypervisor's memory") as check:
        own = [("the hypervisor", tables.firmware.own.pages()), *kept]
        direct = [vm for n, vm in enumerate(tables.vms) if tables.takes_interrupts(n)]
        banked = tables.banked
        for reach in reaches:
            for mapping in reach.mappings:
                for what, span in own:
                    if reach.vm in direct and span in banked and span.holds(mapping.host):
                        continue
                    meets = mapping.host.meets(span.pages())
                    check.expect(not meets, f"VM {reach.vm.name} reaches {what}: {mapping}")
        size = sum(span.size for _, span in own) // PAGE
        check.shown = f"{size} pages: {', '.join(dict.fromkeys(what for what, _ in own))}"


def check_ram_rows(tables: Tables, reaches: list[Reach], findings: Findings) -> None:
    """Rows of guest RAM and of channels, which loader and devices go by, agree with the tables."""
    with findings.check(
        "audit-ram", "Rows of RAM and channels agree with the stage-2 tables"
    ) as check:
        for number, reach in enumerate(reaches):
            _check_ram(number, reach, tables, check)
        count = sum(len(vm.ram) for vm in tables.vms)
        check.shown = f"{count} ranges of RAM, {len(tables.peers)} windows of channels"


def _check_ram(number: int, reach: Reach, tables: Tables, check: Check) -> None:
    name, told = reach.vm.name, []
    before = -1
    for ram in reach.vm.ram:
        guest = sized(ram.gpa, ram.size)
        told.append(guest)
        check.expect(ram.gpa > before and ram.size, f"VM {name}: RAM rows are not sorted, disjoint")
        before = guest.end - 1
        for mapping in pieces(reach, guest):
            fine = mapping.memory == "normal" and ("w" in mapping.access) == bool(ram.writable)
            check.expect(fine, f"VM {name}: RAM {guest} is mapped as {mapping}")
            same = mapping.output - mapping.base == ram.hpa - ram.gpa
            check.expect(same, f"VM {name}: RAM {guest} is at {ram.hpa:#x}, mapped as {mapping}")
        whole = covered(guest, [mapping.span for mapping in reach.mappings])
        check.expect(whole, f"VM {name}: RAM {guest} is not all mapped")
    for peer in (peer for peer in tables.peers if peer.vm == number):
        channel = tables.channels[peer.channel]
        window = sized(peer.window, channel.size)
        told.append(window)
        access = "rw" if peer.writable else "r"
        found = pieces(reach, window)
        fine = covered(window, [mapping.span for mapping in found]) and all(
            mapping.access == access
            and mapping.memory != "device"
            and mapping.output - mapping.base == channel.base - peer.window
            for mapping in found
        )
        check.expect(fine, f"VM {name}: the window {window} of channel {channel.name} is not there")
    for mapping in reach.mappings:
        if mapping.memory != "device":
            fine = covered(mapping.span, told)
            check.expect(fine, f"VM {name}: {mapping} is no RAM and no channel of its rows")


def pieces(reach: Reach, span: Span) -> list[Mapping]:
    """What of a VM's mappings lies in a range, cut to it."""
    found = []
    for mapping in reach.mappings:
        base, end = max(mapping.base, span.base), min(mapping.end, span.end)
        if base < end:
            output = mapping.output + base - mapping.base
            found.append(Mapping(base, output, end - base, mapping.memory, mapping.access))
    return found
