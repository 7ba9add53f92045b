# SPDX-License-Identifier: Apache-2.0
"""Tests of this folder import board_plans by name, from wherever pytest is started."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
