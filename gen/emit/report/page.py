# SPDX-License-Identifier: Apache-2.0
"""report.html: the facts as one page that needs nothing else. Values reach it through a template
that escapes all of them; a policy in its head forbids the browser every request."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from gen.emit.report import words
from gen.emit.report.picture import pictures
from gen.emit.report.picture_rows import colour
from gen.emit.report.vm_facts import Json

if TYPE_CHECKING:
    from jinja2 import Environment

FILE = "report.html"
HERE = Path(__file__).parent
_PARTS = {  # of the image in memory, by address
    "text": "code",
    "rodata": "constants: dispatch, stage 2, routes, the hypervisor's own tables",
    "packed": "guest images, as they are before the first start",
    "data": "initialised variables",
    "bss": "variables",
    "stacks": "one stack a CPU, each behind a guard page",
}


def page(facts: Json) -> str:
    """The whole page."""
    from markupsafe import Markup

    script = (HERE / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    colours = {vm["name"]: colour(index) for index, vm in enumerate(facts["vms"])}
    return str(
        _environment()
        .get_template("page.html")
        .render(
            facts=facts,
            pictures=pictures(facts),
            colours=colours,
            host=_host_rows(facts),
            routes=_routes(facts),
            devices=_devices(facts),
            parts=_PARTS,
            style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=digest,
        )
    )


def prepare() -> None:
    """Half of the work of page(), which needs no facts: may run before it, in another thread."""
    for template in HERE.glob("*.html"):
        _environment().get_template(template.name)


@functools.cache
def _environment() -> Environment:
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        bytes=words.size,
        last=_last,
        range=_range,
        slug=_slug,
        duration=words.duration,
        count=words.count,
    )
    made.globals.update(ram=words.ram, restart=words.restart)
    return made


def _last(base: str, size: int) -> str:
    """The last byte's address."""
    return f"{int(base, 16) + size - 1:#x}"


def _range(base: str, size: int) -> str:
    """For the search by address: "first-last", hexadecimal."""
    return f"{base}-{_last(base, size)}"


def _slug(name: str) -> str:
    """A name as part of an address of the page."""
    return re.sub(r"[^A-Za-z0-9_.@-]+", "-", name)


def _host_rows(facts: Json) -> list[Json]:
    """Host memory by address, and with which rights each VM reaches it."""
    rows = [{**row, "kind": "memory"} for row in facts["memory"]]
    rows += [{**row, "owner": "free", "what": "", "kind": "free"} for row in facts["free"]]
    rows += [{**row, "kind": "registers"} for row in facts["registers"]]
    rows.sort(key=lambda row: int(row["base"], 16))
    risky = {(row["vm"], row["device"]) for row in facts["not_isolated"]}
    above = [None, *(row["base"] for row in rows)]
    return [
        {
            **row,
            "is_first": row["base"] != last,  # of those that begin there
            "reach": [_rights(vm, row) for vm in facts["vms"]],
            "risky": (row["owner"], row["what"]) in risky,
        }
        for row, last in zip(rows, above)
    ]


def _rights(vm: Json, row: Json) -> str:
    """What the VM's second stage, or a trap, lets it do there."""
    base = int(row["base"], 16)
    end = base + row["size"]
    rights: set[str] = set()
    for entry in vm["map"]:
        if "hpa" in entry:
            host = int(entry["hpa"], 16)
            if host < end and base < host + entry["size"]:
                rights.update(entry["access"])
                rights.update({"t"} if entry["kind"] == "emulated" else ())
    return "".join(letter for letter in "rwxt" if letter in rights)


def _routes(facts: Json) -> list[Json]:
    """Every physical interrupt that has an owner, by number."""
    rows: list[Json] = []
    for vm in facts["vms"]:
        rows += [
            {**route, "vm": vm["name"]}
            for route in vm["interrupts"]["routes"]
            if route["host_intid"] is not None
        ]
    rows += [
        {
            "class": "hypervisor",
            "vm": None,
            "host_intid": row["intid"],
            "guest_intid": None,
            "trigger": None,
            "owner": row["owner"],
        }
        for row in facts["interrupts"]
        if row["vm"] is None
    ]
    return sorted(rows, key=lambda row: int(row["host_intid"]))


def _devices(facts: Json) -> list[Json]:
    """The board's hardware that VMs have, and what keeps its DMA inside."""
    return [{**device, "vm": vm["name"]} for vm in facts["vms"] for device in vm["devices"]]
