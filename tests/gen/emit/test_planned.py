# SPDX-License-Identifier: Apache-2.0
"""What the planner really makes of the golden deployments compiles, links, and translates as it
says."""

from __future__ import annotations

from pathlib import Path

import golden
import pytest
import test_maps
import toolchain

from gen.plan.model import PlannedVm

Run = tuple[int, int, int, bool, bool]  # input, output, size, writable, executable


def merged(runs: list[Run]) -> list[Run]:
    """Neighbours that continue each other, joined."""
    found: list[Run] = []
    for run in sorted(runs):
        if found:
            start, output, size, *rights = found[-1]
            if run == (start + size, output + size, run[2], *rights):
                found[-1] = (start, output, size + run[2], run[3], run[4])
                continue
        found.append(run)
    return found


def planned(vm: PlannedVm) -> list[Run]:
    return merged([(m.gpa, m.hpa, m.size, "w" in m.access, "x" in m.access) for m in vm.mappings])


@pytest.mark.parametrize("case", golden.cases())
def test_image(case: str, tmp_path: Path) -> None:
    plan = golden.plan_case(case, tmp_path)
    elf = toolchain.build(plan, tmp_path)
    symbols, memory = toolchain.symbols(elf), toolchain.Memory(elf)
    image = range(symbols["image_start"], symbols["image_end"])
    for vm in plan.vms:
        root = next(table for table in vm.stage2.tables if table.name == vm.stage2.root)
        leaves = list(test_maps.walk(memory, symbols[root.name], vm.stage2.start_level, root.count))
        runs = [
            (
                leaf.input,
                leaf.output,
                leaf.size,
                bool(leaf.word & test_maps.S2_WRITE),
                not leaf.word & test_maps.S2_XN,
            )
            for leaf in leaves
        ]
        assert merged(runs) == planned(vm)
        assert all(leaf.output not in image for leaf in leaves)
        for blob in vm.images:
            name = f"image_{vm.vm.name}_{blob.name}".replace("-", "_")
            assert memory.read(symbols[name], len(blob.data)) == blob.data
