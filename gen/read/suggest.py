# SPDX-License-Identifier: Apache-2.0
"""What a misspelt word may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], like: float = 0.6) -> str | None:
    """`like`: 1 is the same."""
    near = difflib.get_close_matches(word, sorted(known), 1, like)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A cure: the nearest known word, else the whole list where it is short; "" for none."""
    words = sorted(known)
    meant = nearest(word, words)
    if meant is not None:
        return f'did you mean "{meant}"?'
    return f"known: {', '.join(words)}" if 0 < len(words) <= 40 else ""
