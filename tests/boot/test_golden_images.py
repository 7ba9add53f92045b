# SPDX-License-Identifier: Apache-2.0
"""The images of small deployments are, to the byte, the ones that are kept, and say the same."""

from __future__ import annotations

import golden_images
import pytest
from gen.emit.golden import differences
from gen.tool import golden


@pytest.mark.parametrize("case", golden_images.CASES)
def test_image(case: str) -> None:
    found = differences(golden_images.kept(case), golden_images.produce(case))
    assert not found.wrong, "\n".join(["make golden rewrites; now:", *found.wrong])
    if found.open:
        pytest.skip(
            f"{case}: not comparable: {', '.join(found.open)} ({'; '.join(found.why_open)})"
        )


@pytest.mark.parametrize("case", golden_images.BOOTED)
def test_boot_repeats(case: str) -> None:
    folder = golden_images.make(case)
    assert golden.of_build(folder).boot == golden.of_build(folder).boot
