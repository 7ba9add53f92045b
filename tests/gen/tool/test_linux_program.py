# SPDX-License-Identifier: Apache-2.0
"""Programs of the initramfs."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from gen.diagnostics import Failure
from gen.tool import fetch, linux_program


def test_static_program_for_arm64() -> None:
    program = linux_program.build(fetch.CHANNEL, "arm64")
    assert program[:5] == b"\x7fELF\x02"
    kind, machine = struct.unpack_from("<HH", program, 16)
    assert (kind, machine) == (2, 183)
    segments = struct.unpack_from("<H", program, 56)[0]
    headers = [struct.unpack_from("<I", program, 64 + 56 * n)[0] for n in range(segments)]
    assert 1 in headers and 3 not in headers, "no interpreter"
    assert linux_program.build(fetch.CHANNEL, "arm64") == program


def test_what_does_not_compile_is_told(tmp_path: Path) -> None:
    source = tmp_path / "bad.c"
    source.write_text("int nonsense(\n")
    with pytest.raises(Failure, match="bad.c"):
        linux_program.build(source, "arm64")
