# SPDX-License-Identifier: Apache-2.0
"""What a misspelt word may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A cure: the nearest known word, else the whole list where it is short; "" for none."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, 1, 0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"known: {', '.join(words)}" if 0 < len(words) <= 40 else ""
