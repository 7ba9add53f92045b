# SPDX-License-Identifier: Apache-2.0
"""Codes of gen/emit and gen/tool: code -> (meaning, cure)."""

from __future__ import annotations

BUILD: dict[str, tuple[str, str]] = {
    "E-board-unsupported": (
        "The board needs code that this version does not have: a driver for its UART, its "
        "interrupt controller or its way to start CPUs. The message shows the Kconfig symbols that "
        "the code would have.",
        "Plan with --check, or use another board; docs/porting.md lists what boards can be built.",
    ),
    "W-board-unsupported": (
        "The deployment is sound, and an image for its board cannot be built: see "
        "E-board-unsupported.",
        "Nothing to do while planning.",
    ),
    "E-board-no-fit": (
        "The board boots no FIT image for U-Boot, and only that can be signed (--sign-key) or kept "
        "in two slots (deployment.slots).",
        'Leave it out; or, where the board has a U-Boot, add "itb" to formats in its board.toml.',
    ),
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
