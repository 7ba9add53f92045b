# SPDX-License-Identifier: Apache-2.0
"""Codes of gen/emit, gen/tool and gen/audit: code -> (meaning, cure)."""

from __future__ import annotations

BUILD: dict[str, tuple[str, str]] = {
    "E-build-symbol": (
        "[build] sets a symbol that no Kconfig file declares.",
        "--menuconfig shows the symbols.",
    ),
    "E-build-value": (
        "[build] gives a symbol a value that it does not take.",
        "Use one of the values that are named.",
    ),
    "E-build-conflict": (
        "[build] sets a symbol that the deployment needs otherwise, or that others decide.",
        "Remove it from [build], or set what it depends on.",
    ),
}
