# SPDX-License-Identifier: Apache-2.0
"""Boot tests import their helpers by name, from wherever pytest is started."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
