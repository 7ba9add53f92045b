# SPDX-License-Identifier: Apache-2.0
"""One AxVM file on its way to a [[vm]] table: what is known, and the keys made so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gen.diagnostics import Report, Where
from gen.read.axvm_file import AxVm
from gen.read.board import Board
from gen.read.fdt import Tree
from gen.read.toml_file import Item

CPUS_WORDS = "a CPU runs one vCPU, pinned"


@dataclass
class Translation:
    """`own`: the [[vm]] table that includes the file; what it sets itself is not translated."""

    vm: AxVm
    own: Item
    board: Board
    tree: Tree
    console: str  # the deployment's console mode
    channels: tuple[tuple[str, bool], ...]  # that name this VM, and whether each has a key
    report: Report
    table: dict[str, Item] = field(default_factory=dict)

    def wants(self, *keys: str) -> bool:
        """Whether the including table leaves all of these to the file."""
        return all(self.own.get(key) is None for key in keys)

    def put(self, key: str, value: Any, where: Where) -> None:
        """One native key. Relative paths in `value` start from the file's folder."""
        self.table[key] = place(value, where, self.vm.file)

    def setting(self, key: str) -> Any:
        """A scalar that the including table sets itself; None if it does not."""
        item = self.own.get(key)
        return item.value if item is not None else None


class Placed(dict[str, Any]):
    """A table that stands at another place than what holds it."""

    def __init__(self, where: Where, **values: Any) -> None:
        super().__init__(values)
        self.where = where


def place(value: Any, where: Where, file: Any) -> Item:
    """Plain values as Items; None members of tables are left out."""
    if isinstance(value, Item):
        return value
    if isinstance(value, dict):
        at = value.where if isinstance(value, Placed) else where
        entries = {key: place(v, at, file) for key, v in value.items() if v is not None}
        return Item(entries, at, file.parent)
    if isinstance(value, (list, tuple)):
        return Item([place(entry, where, file) for entry in value], where, file.parent)
    return Item(value, where, file.parent)
