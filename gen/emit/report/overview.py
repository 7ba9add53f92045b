# SPDX-License-Identifier: Apache-2.0
"""--report: the facts as a text for the terminal, table by table."""

from __future__ import annotations

from collections.abc import Sequence

from gen.emit.report import words
from gen.emit.report.vm_facts import Json

_RIGHT = {"size", "host", "guest"}  # columns of numbers


def overview(facts: Json) -> str:
    parts = [_head(facts), _cpus(facts), _memory(facts)]
    parts += [_vm(vm) for vm in facts["vms"]]
    parts += [_channels(facts), _remarks(facts)]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 2) -> str:
    """Aligned columns below a title; empty where there are no rows."""
    if not rows:
        return ""
    widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
    lines = [
        " " * indent
        + "  ".join(
            cell.rjust(width) if head in _RIGHT else cell.ljust(width)
            for head, cell, width in zip(heads, row, widths)
        ).rstrip()
        for row in [heads, *rows]
    ]
    return "\n".join([title, *lines])


def _head(facts: Json) -> str:
    board = facts["board"]["title"] + (f", {facts['variant']}" if facts["variant"] else "")
    lines = [f"{facts['deployment']} for {board}, build {facts['hash'][:16]}"]
    unsafe = facts["not_isolated"]
    lines += [
        f"  NOT ISOLATED  {row['vm']} from {row['device']}: {row['reaches']}" for row in unsafe
    ]
    if not unsafe:
        lines.append("  isolation     every VM")
    lines.append(f"  audit         {_audit(facts['audit'])}")
    if facts["files"]:
        limit = words.size(facts["image"]["limit"])
        lines.append(f"  image         {words.size(facts['files'][0]['size'])} of {limit}")
    free = sum(row["size"] for row in facts["free"])
    whole = sum(row["size"] for row in facts["ram"])
    lines.append(f"  RAM left      {words.size(free)} of {words.size(whole)}")
    return "\n".join(lines)


def _audit(found: Json | None) -> str:
    if found is None:
        return "none of this image"
    failed = [check["title"] for check in found["checks"] if check["result"] == "fail"]
    if failed:
        return f"FAILED: {'; '.join(failed)}"
    passed = sum(check["result"] == "pass" for check in found["checks"])
    rest = len(found["checks"]) - passed
    return f"{words.count(passed, 'check')} passed" + (f", {rest} not looked at" if rest else "")


def _cpus(facts: Json) -> str:
    rows = []
    for cpu in facts["cpus"]:
        runs = cpu["runs"]
        idle = "idle" if cpu["started"] else "not started"
        what = f"{runs['vm']}, vCPU {runs['vcpu']}" if runs else idle
        rows.append([cpu["name"], cpu["hardware_id"], what])
    return table("CPUs", ["cpu", "MPIDR", "runs"], rows)


def _memory(facts: Json) -> str:
    rows = [*facts["memory"], *facts["registers"]]
    rows += [{**row, "owner": "free", "what": ""} for row in facts["free"]]
    rows.sort(key=lambda row: int(row["base"], 16))
    cells = [[*_place(row["base"], row["size"]), row["owner"], row["what"]] for row in rows]
    return table("Host memory", ["first", "last", "size", "owner", "what"], cells)


def _place(base: str, size: int) -> list[str]:
    return [base, f"{int(base, 16) + size - 1:#x}", words.size(size)]


def _vm(vm: Json) -> str:
    source = vm["guest"]["source"] or ""
    policy = vm["policy"]
    lines = [
        f"VM {vm['name']}: {words.cpus(vm)}, {words.size(words.ram(vm))} RAM, "
        f"{vm['guest']['kind']} {source}".rstrip(),
        f"  crash {policy['on_crash']}, reset {policy['on_reset']}, power off {policy['on_off']}, "
        f"interrupts {vm['interrupts']['mode']}, DMA {policy['dma']}",
    ]
    rows = [
        [
            *_place(row["gpa"], row["size"]),
            row["kind"],
            row.get("access", ""),
            row.get("hpa", ""),
            row["owner"],
        ]
        for row in vm["map"]
    ]
    heads = ["first", "last", "size", "kind", "may", "in the host", "what"]
    routes = [
        [
            str(row["guest_intid"]),
            "" if row["host_intid"] is None else str(row["host_intid"]),
            row["class"],
            row["owner"],
        ]
        for row in vm["interrupts"]["routes"]
    ]
    parts = ["\n".join(lines), table("  sees", heads, rows, 4)]
    parts.append(table("  is interrupted", ["guest", "host", "class", "by"], routes, 4))
    return "\n".join(part for part in parts if part)


def _channels(facts: Json) -> str:
    rows = [
        [
            channel["name"],
            words.size(channel["size"]),
            channel["base"],
            peer["vm"],
            peer["access"],
            peer["window"],
            ", ".join(peer["rings"]),
        ]
        for channel in facts["channels"]
        for peer in channel["peers"]
    ]
    heads = ["channel", "size", "in the host", "VM", "may", "window", "rings"]
    return table("Channels", heads, rows)


def _remarks(facts: Json) -> str:
    lines = [f"  {text}" for text in facts["notices"]]
    lines += [f"  {row['file']}:{row['line']}: {row['message']}" for row in facts["warnings"]]
    lines += [f"  VM {row['vm']}: {row['note']}" for row in facts["notes"]]
    return "\n".join(["Warnings and notes", *lines]) if lines else ""
