# SPDX-License-Identifier: Apache-2.0
"""--sign-key KEYDIR/NAME: the private key that signs a FIT, as mkimage finds it: KEYDIR/NAME.key.
Only its size is read here."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.tool.paths import shown

_BITS = (2048, 3072, 4096)  # what U-Boot verifies
_MAKE = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out"
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----")
_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04  # DER (ITU-T X.690, 8)


@dataclass(frozen=True)
class SignKey:
    folder: Path
    name: str
    bits: int

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.key"

    @property
    def algorithm(self) -> str:
        return f"sha256,rsa{self.bits}"


def file_of(argument: Path) -> Path:
    """`argument`: KEYDIR/NAME; KEYDIR/NAME.key is understood, too."""
    return argument if argument.suffix == ".key" else argument.with_name(f"{argument.name}.key")


def read(argument: Path) -> SignKey:
    """`argument`: as file_of() takes it."""
    file = file_of(argument)
    try:
        text = file.read_bytes()
    except OSError as error:
        raise Failure(
            Exit.MISSING,
            f"--sign-key: {shown(file)}: {error.strerror}; make one: {_MAKE} {shown(file)}",
        ) from None
    bits = _modulus_bits(text)
    if bits not in _BITS:
        what = f"an RSA key of {bits} bits" if bits else "no RSA private key in plain PEM form"
        raise Failure(
            Exit.USAGE,
            f"--sign-key: {shown(file)} holds {what}; U-Boot verifies RSA keys of "
            f"{', '.join(map(str, _BITS))} bits; make one: {_MAKE} KEYDIR/NAME.key",
        )
    return SignKey(file.parent, file.stem, bits)


def _modulus_bits(text: bytes) -> int:
    """0: it is no RSA private key (PKCS #1, RFC 8017 A.1.2, or in PKCS #8, RFC 5208 5)."""
    match = _PEM.search(text)
    try:
        if match is None or match[1] not in (b"PRIVATE KEY", b"RSA PRIVATE KEY"):
            return 0
        key = _members(base64.b64decode(match[2]))
        if match[1] == b"PRIVATE KEY":
            key = _members(next(value for tag, value in key if tag == _OCTETS))
        (_, _version), (tag, modulus), *_rest = key
        return int.from_bytes(modulus, "big").bit_length() if tag == _INTEGER else 0
    except (ValueError, IndexError, StopIteration):
        return 0


def _members(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each member of a DER sequence."""
    (tag, content), *_ = _values(data)
    if tag != _SEQUENCE:
        raise ValueError("no sequence")
    return _values(content)


def _values(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        tag, length, start = data[0], data[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[2:start], "big")
        found.append((tag, data[start : start + length]))
        data = data[start + length :]
    return found
