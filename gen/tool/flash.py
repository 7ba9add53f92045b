# SPDX-License-Identifier: Apache-2.0
"""What the board boots from besides firmware.bin: firmware.itb for U-Boot (a FIT image with
hashes) and flash.img, the content of a flash at the reset address."""

from __future__ import annotations

from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.tool.paths import write_if_changed
from gen.tool.process import run
from gen.tool.toolchain import relative

_EPOCH = "0"  # the time in the FIT: the same bytes on any day

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
        }};
    }};
}};
"""
_FIT_ARCH = {"aarch64": "arm64"}


def fit(firmware: Path, arch: str, base: int, title: str, out: Path) -> Path:
    """firmware.itb. Its type is that of a Linux image: U-Boot hands its device tree over in x0."""
    source, target = out / "firmware.its", out / "firmware.itb"
    text = _FIT.format(
        title=title.replace('"', "'"),
        data=firmware.name,  # dtc looks beside the source
        arch=_FIT_ARCH[arch],
        high=base >> 32,
        low=base & 0xFFFF_FFFF,
    )
    write_if_changed(source, text)
    command = ["mkimage", "-f", relative(source), relative(target)]
    run(command, "making firmware.itb", env={"SOURCE_DATE_EPOCH": _EPOCH})
    return target


def flash(firmware: Path, size: int, out: Path) -> Path:
    """flash.img: the image at the start, zeros behind it (a sparse file)."""
    data = firmware.read_bytes()
    if len(data) > size:
        raise Failure(
            Exit.BUILD, f"firmware.bin has {len(data)} bytes, more than the board's flash of {size}"
        )
    target, growing = out / "flash.img", out / ".flash.img"
    with growing.open("wb") as stream:
        stream.write(data)
        stream.truncate(size)
    growing.replace(target)
    return target
