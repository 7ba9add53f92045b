# SPDX-License-Identifier: Apache-2.0
"""The images of small deployments are, to the byte, the ones that are kept, and say the same."""

from __future__ import annotations

import difflib
from dataclasses import replace

import golden_images
import pytest
from gen.emit.manifest import Manifest, compare, toolchain_changes
from golden_images import Image


def differences(kept: Image, made: Image) -> tuple[list[str], list[str]]:
    """What is wrong, and what can't be compared, each by name."""
    found = compare(kept.manifest, made.manifest)
    wrong, open_ = list(found.different), list(found.not_comparable)
    if open_ or kept.emulator != made.emulator:
        open_.append("transcript")
    elif kept.transcript != made.transcript:
        old, new = kept.transcript.splitlines(), made.transcript.splitlines()
        wrong += difflib.unified_diff(old, new, "kept", "made", lineterm="")
    return wrong, open_


@pytest.mark.parametrize("case", golden_images.CASES)
def test_image(case: str) -> None:
    kept, made = golden_images.kept(case), golden_images.produce(case)
    wrong, open_ = differences(kept, made)
    assert not wrong, "\n".join(["make golden rewrites; now:", *wrong])
    if open_:
        why = [*toolchain_changes(kept.manifest, made.manifest), kept.emulator, made.emulator]
        pytest.skip(f"{case}: not comparable: {', '.join(open_)} ({'; '.join(why)})")


@pytest.mark.parametrize("case", golden_images.CASES)
def test_boot_repeats(case: str) -> None:
    folder = golden_images.make(case)
    assert golden_images.boot(folder) == golden_images.boot(folder)


def other_compiler(image: Image) -> Image:
    """As another compiler would have made it."""
    manifest = image.manifest
    compiled = {name: replace(part, sha256="0" * 64) for name, part in manifest.compiled.items()}
    return replace(image, manifest=replace(manifest, toolchain={"cc": "1"}, compiled=compiled))


def test_other_toolchain_leaves_the_independent_parts() -> None:
    kept = golden_images.kept("channel")
    wrong, open_ = differences(kept, other_compiler(kept))
    assert not wrong and open_ == [*sorted(kept.manifest.compiled), "transcript"]
    assert {"firmware.bin", "hypmap.c"} < set(open_)
    independent: Manifest = kept.manifest
    assert {"tables.c", "layout.ld", "stage2.c"} < independent.independent.keys()
    assert any(name.startswith("device tree") for name in independent.independent)


def test_a_changed_part_is_named() -> None:
    kept = golden_images.kept("channel")
    parts = dict(kept.manifest.independent)
    parts["stage2.c"] = replace(parts["stage2.c"], sha256="0" * 64)
    made = other_compiler(replace(kept, manifest=replace(kept.manifest, independent=parts)))
    assert differences(kept, made)[0] == ["stage2.c: same size, other bytes"]


def test_a_changed_word_is_shown() -> None:
    kept = golden_images.kept("channel")
    made = replace(kept, transcript=kept.transcript.replace("Bulkhead:", "bulkhead:"))
    assert "-[bulkhead] Bulkhead: deployment" in "\n".join(differences(kept, made)[0])
