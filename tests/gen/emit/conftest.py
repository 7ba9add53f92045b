# SPDX-License-Identifier: Apache-2.0
"""Lets these tests use tests/gen/golden.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
