# SPDX-License-Identifier: Apache-2.0
"""Where a key belongs that stands in a table which has no such key."""

from __future__ import annotations

from gen.read.keys import Table, all_tables
from gen.read.schema import ROOT


def home_of(name: str, table: Table) -> str:
    """A cure: the tables of the deployment file that have this key; "" where `table` is none of
    that file's, or no other has it."""
    tables = all_tables(ROOT)
    if table not in tables:
        return ""
    homes = [other for other in tables if other.key(name) is not None]
    if ROOT in homes:
        return f"put {name} at the top of the file, before the first [table]"
    names = [f"[{home.name}]" for home in homes]
    return f"{', '.join(names)} {'has' if len(names) == 1 else 'have'} it" if names else ""
