# SPDX-License-Identifier: Apache-2.0
"""No AxVM file, however damaged, ends the generator otherwise than by findings."""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path
from typing import Any

import outcomes
import pytest
from axvm_world import load

STRANGE: tuple[Any, ...] = (
    -1,
    0,
    1 << 64,
    1 << 70,
    "",
    "x",
    "/",
    True,
    1.5,
    [],
    [[]],
    {},
    [1],
    ["/"],
)
ROUNDS = 60


def damage(value: Any, chance: random.Random) -> Any:
    """The value with one part replaced, removed or doubled."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        if chance.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return value | {key: damage(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        if chance.random() < 0.2:
            return value[:at] + value[at + 1 :] * chance.randrange(3)
        return [*value[:at], damage(value[at], chance), *value[at + 1 :]]
    return chance.choice(STRANGE)


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@pytest.mark.parametrize("name", outcomes.names())
def test_damaged(name: str, tmp_path: Path) -> None:
    sound = tomllib.loads((outcomes.PUBLISHED / f"{name}.toml").read_text(encoding="utf-8"))
    sound["devices"]["emu_devices"].append(["uart", 0x900_0000, 0x1000, 40, 2, []])
    chance = random.Random(name)
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "vm.toml"
    for _ in range(ROUNDS):
        part = chance.choice(sorted(sound))
        damaged = sound | {part: damage(sound[part], chance)}
        path.write_text("\n".join(f"{json.dumps(k)} = {toml(v)}" for k, v in damaged.items()))
        outcome = load(tmp_path, [(path, "")])
        assert outcome.deployment is not None or outcome.report.errors
        assert all(found.where.file.suffix == ".toml" for found in outcome.report.found)
