#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the raw image: tests/guests/no-interrupts/build.py OUTPUT"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from raw_image import main  # noqa: E402

if __name__ == "__main__":
    main(HERE)
