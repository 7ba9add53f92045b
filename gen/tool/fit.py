# SPDX-License-Identifier: Apache-2.0
"""What U-Boot boots: firmware.itb, a FIT image with hashes, signed where a key is given, and boot.scr,
the script that chooses between two of them."""

from __future__ import annotations

from pathlib import Path

from gen.read.board import Board
from gen.tool.paths import write_if_changed
from gen.tool.process import run
from gen.tool.sign_key import SignKey
from gen.tool.toolchain import relative

NAME = "firmware.itb"
SCRIPT = "boot.scr"
_EPOCH = {"SOURCE_DATE_EPOCH": "0"}  # the time in the files: the same bytes on any day
_ARCH = {"aarch64": "arm64"}

_FIT = """\
/dts-v1/;

/ {{
    description = "{title}";
    #address-cells = <2>;

    images {{
        firmware {{
            description = "Bulkhead";
            data = /incbin/("{data}");
            type = "kernel";
            arch = "{arch}";
            os = "linux";
            compression = "none";
            load = <{high:#x} {low:#x}>;
            entry = <{high:#x} {low:#x}>;
            hash-1 {{
                algo = "sha256";
            }};
        }};
    }};

    configurations {{
        default = "conf";
        conf {{
            description = "{title}";
            kernel = "firmware";
{signature}        }};
    }};
}};
"""
# Of the configuration: it covers the image by its hash, so that neither can be exchanged alone.
_SIGNATURE = """\
            signature-1 {{
                algo = "{algorithm}";
                key-name-hint = "{name}";
                sign-images = "kernel";
            }};
"""


def make(firmware: Path, board: Board, key: SignKey | None, out: Path) -> Path:
    """firmware.itb. Its type is that of a Linux image: U-Boot hands its device tree over in x0."""
    source, target = out / "firmware.its", out / NAME
    signature = _SIGNATURE.format(algorithm=key.algorithm, name=key.name) if key else ""
    text = _FIT.format(
        title=board.title.replace('"', "'"),
        data=firmware.name,  # dtc looks beside the source
        arch=_ARCH[board.arch],
        high=board.image_base >> 32,
        low=board.image_base & 0xFFFF_FFFF,
        signature=signature,
    )
    write_if_changed(source, text)
    signing = ["-k", str(key.folder)] if key else []
    run(["mkimage", "-f", relative(source), *signing, relative(target)], f"making {NAME}", _EPOCH)
    return target


def script(commands: str, arch: str, out: Path) -> Path:
    """boot.scr, from U-Boot's commands."""
    source, target = out / "boot.cmd", out / SCRIPT
    write_if_changed(source, commands)
    command = ["mkimage", "-T", "script", "-A", _ARCH[arch], "-n", "Bulkhead"]
    run([*command, "-d", relative(source), relative(target)], f"making {SCRIPT}", _EPOCH)
    return target
