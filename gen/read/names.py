# SPDX-License-Identifier: Apache-2.0
"""The names of the VMs that a file has, sound or not: so that a VM with an error is still there for
who refers to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen.read.toml_file import Item


@dataclass(frozen=True)
class Names:
    known: tuple[str, ...]
    are_all: bool  # False: some VM's name isn't known, it may be any
    none: bool  # there is no VM

    def lack(self, name: str) -> bool:
        """Whether surely no VM has this name."""
        return self.are_all and name not in self.known


def names_of(root: Item, read: Item) -> Names:
    """`root`: the file as it stands; `read`: with what its VMs take from elsewhere."""
    entries = list(zip(_entries(root), _entries(read)))
    found = [_name(new) or _name(old) for old, new in entries]
    vms = root.get("vm")
    are_all = None not in found and vms is not None and vms.is_array
    return Names(tuple(name for name in found if name is not None), are_all, not entries)


def _entries(root: Item) -> Sequence[Item]:
    vms = root.get("vm")
    return list(vms.value) if vms is not None and vms.is_array else []


def _name(entry: Item) -> str | None:
    name = entry.get("name")
    return name.value if name is not None and isinstance(name.value, str) else None
