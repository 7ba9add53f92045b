# SPDX-License-Identifier: Apache-2.0
"""What no VM of a deployment has is not in its image: one with all features, one with none."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import features  # noqa: E402
import subject  # noqa: E402
from gen.tool import elf  # noqa: E402

MARKS = {feature.title: feature.mark for feature in features.ADDED}


def found(feature: features.Feature) -> set[str]:
    """Titles of the features whose marks the image has."""
    folder = features.build(feature)
    symbols = elf.symbols(folder / "firmware.elf").keys()
    data = (folder / "firmware.bin").read_bytes()
    return {
        title for title, mark in MARKS.items() if mark in symbols or mark.encode() + b"\0" in data
    }


def test_only_what_a_vm_has_is_linked() -> None:
    subject.build_guest()
    assert found(replace(features.BASE, second=())) == set()
    several = features.Feature(
        "",
        cpus=next(feature.cpus for feature in features.ADDED if len(feature.cpus) > 1),
        keys=tuple(key for feature in features.ADDED for key in feature.keys),
        second=tuple(key for feature in features.ADDED for key in feature.second or ()),
        more=features.CHANNEL,
    )
    assert found(several) == set(MARKS)
