# SPDX-License-Identifier: Apache-2.0
"""A board in QEMU for tests: built deployments, the ways to boot them, and a console to talk to."""

from __future__ import annotations

import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from gen.tool.qemu import ICOUNT as ICOUNT  # noqa: E402

BUILT = ROOT / "build/tests/boot"
DEPLOYMENTS = ROOT / "tests/boot/deployments"
U_BOOT = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
PATIENCE_S = 300  # for what must come: on a busy machine it comes slowly
# Concurrent, unlike ICOUNT: a host thread for each CPU.
MTTCG = ("-accel", "tcg,thread=multi")
BOARD = (
    "qemu-system-aarch64",
    "-machine",
    "virt,virtualization=on,gic-version=3,dtb-randomness=off",
    *("-cpu", "cortex-a53", "-display", "none", "-nodefaults", "-no-reboot"),
)


def build(config: Path, name: str, *options: str) -> Path:
    """Builds a deployment by the command that users give, which must not warn; the folder with its
    image."""
    out = BUILT / name
    command = [str(ROOT / "build.py"), str(config), "--out", str(out), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{' '.join(command)}: status {done.returncode}\n{done.stderr}"
    assert "warning" not in done.stdout + done.stderr, done.stdout + done.stderr
    return out


def board(*extra: str, cpus: int = 4, memory: str = "2G") -> list[str]:
    """The QEMU command of board qemu-virt-aarch64; `extra` may replace what stands before it."""
    return [*BOARD, "-smp", str(cpus), "-m", memory, "-serial", "stdio", *extra]


def by_kernel(folder: Path) -> list[str]:
    return ["-kernel", str(folder / "firmware.bin")]


def by_flash(folder: Path) -> list[str]:
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={folder / 'flash.img'}"]


def by_u_boot(folder: Path, file: str, command: str) -> list[str]:
    """U-Boot loads `file` from a disk to 0x6000_0000 and gives `command`, by a boot script."""
    load = f"fatload virtio 0:1 0x60000000 {file}"
    return by_u_boot_script(folder, f"disk-{file}", {file: folder / file}, [load, command])


def by_u_boot_script(
    folder: Path, name: str, files: Mapping[str, Path], commands: Sequence[str] = ()
) -> list[str]:
    """U-Boot with a disk that holds `files`, by their names there; it starts the boot.scr among
    them, or one of these commands."""
    disk = folder / name
    shutil.rmtree(disk, ignore_errors=True)
    disk.mkdir(parents=True)
    for target, file in files.items():
        shutil.copy(file, disk / target)
    if commands:
        (disk / "boot.cmd").write_text("\n".join([*commands, ""]))
        subprocess.run(
            ["mkimage", "-T", "script", "-A", "arm64", "-d", "boot.cmd", "boot.scr"],
            cwd=disk,
            check=True,
            capture_output=True,
            timeout=30,
        )
    return [
        *("-bios", str(U_BOOT)),
        *("-drive", f"if=none,id=disk,format=raw,file=fat:rw:{disk}"),
        *("-device", "virtio-blk-device,drive=disk"),
    ]


def by_run(config: Path, name: str, *qemu: str, sets: tuple[str, ...] = ()) -> list[str]:
    """The command that users give to build and run, with keys of the deployment set otherwise: it
    judges what the deployment expects."""
    command = [str(ROOT / "build.py"), str(config), "--out", str(BUILT / name), "--run"]
    for text in sets:
        command += ["--set", text]
    return [*command, "--timeout", str(PATIENCE_S), *(f"--qemu-arg= {word}" for word in qemu)]


def said_by(voice: str, text: str) -> str:
    """What a voice of the console said, its lines put together again."""
    lines: list[str] = []
    for plus, part in re.findall(rf"^\[{voice}\](\+?) ?(.*\n?)", text, re.MULTILINE):
        if plus and lines:
            lines[-1] = lines[-1].removesuffix("\n") + part
        else:
            lines.append(part)
    return "".join(lines)


class Machine:
    """A running QEMU, or a `build.py --run`, which ends its QEMU itself when `signal_` asks it to.
    Leaving the `with` block ends it."""

    def __init__(self, command: list[str], signal_: signal.Signals = signal.SIGKILL) -> None:
        self.command = command
        self._signal = signal_
        self.text = ""  # all that the UART said, without carriage returns
        self._at: dict[str, int] = {}  # how far expect() has read, by voice

    def __enter__(self) -> Machine:
        self._qemu = subprocess.Popen(
            self.command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._qemu.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._qemu.stdout, selectors.EVENT_READ)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._qemu.send_signal(self._signal)
        self._qemu.wait()
        self._selector.close()
        if kind is not None:
            print(f"--- {' '.join(self.command)}\n{self.text}", file=sys.stderr)

    def expect(self, pattern: str) -> re.Match[str]:
        """The first match of `pattern` behind the last one; fails if it does not come."""
        return self._wait(re.compile(pattern, re.MULTILINE), "")

    def hear(self, voice: str, pattern: str) -> re.Match[str]:
        """The first match in what `voice` said behind the last one. Use it where several speak: in
        which order they do, and where lines are cut for others, is chance."""
        return self._wait(re.compile(pattern, re.MULTILINE), voice)

    def said(self, voice: str) -> str:
        return said_by(voice, self.text)

    def _wait(self, pattern: re.Pattern[str], voice: str) -> re.Match[str]:
        """In the text of one voice, or of all: ""."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            text = self.said(voice) if voice else self.text
            # Behind the NUL, `$` is no end of a line that is still being received.
            found = pattern.search(f"{text}\0", self._at.get(voice, 0))
            if found is not None:
                self._at[voice] = found.end()
                return found
            assert self._read(deadline), f"'{pattern.pattern}' did not come from '{voice}'"

    def type(self, text: str) -> None:
        assert self._qemu.stdin is not None
        self._qemu.stdin.write(text.encode())

    def wait_off(self) -> str:
        """Waits until the board is off; all that it said."""
        deadline = time.monotonic() + 2 * PATIENCE_S  # by_run() builds, too
        while self._read(deadline):
            pass
        assert self._qemu.wait(timeout=PATIENCE_S) == 0, "QEMU failed"
        return self.text

    def _read(self, deadline: float) -> bool:
        """More text; false: QEMU ended. Fails when the time is over."""
        assert self._qemu.stdout is not None
        left = deadline - time.monotonic()
        assert left > 0 and self._selector.select(left), "the time is over"
        data = self._qemu.stdout.read(65536)
        self.text += data.decode(errors="replace").replace("\r", "")
        return bool(data)
