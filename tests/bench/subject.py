# SPDX-License-Identifier: Apache-2.0
"""What is measured: the benchmark guest, natively or as a VM, in QEMU where an instruction is a
nanosecond."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/boot"))

from machine import ICOUNT, MTTCG  # noqa: E402

GUEST = ROOT / "tests/guests/bench"
DEPLOYMENT = GUEST / "deployment.toml"
IMAGE = ROOT / "build/tests/bench.bin"
OUT = ROOT / "build/tests/bench"
TICK = 16  # instructions: the counter runs at 62.5 MHz, an instruction takes a nanosecond
RUN_S = 120  # an exact run does not depend on the host's load, its duration does

_OPERATION = re.compile(r"^\s*X\(\w+, \"([\w-]+)\"\)", re.MULTILINE)
_RESULT = re.compile(r"bench: (\S+) (\d+) (\d+)\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """A line of the guest."""

    ticks: int
    rounds: int

    @property
    def instructions(self) -> float:
        return TICK * self.ticks / self.rounds


def operations() -> list[str]:
    """Names in the order of their marks."""
    return _OPERATION.findall((GUEST / "operations.h").read_text())


def build_guest() -> Path:
    """The guest's raw image; bench.elf beside it has its symbols."""
    subprocess.run([sys.executable, GUEST / "build.py", IMAGE], check=True, timeout=120)
    return IMAGE


def build_deployment(config: Path, *options: str) -> Path:
    """Builds by the command that users give; the folder with the image. It is this thread's, and
    stays as it is until the next call: what two deployments have in common is compiled once."""
    folder = OUT / threading.current_thread().name
    command = [str(ROOT / "build.py"), str(config), "--out", str(folder), "-q", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return folder


def command(
    image: Path,
    *,
    below: bool,
    cpus: int = 2,
    concurrent: bool = False,
    extra: tuple[str, ...] = (),
) -> list[str]:
    """QEMU for board qemu-virt-aarch64, starting at EL2 where `image` is a hypervisor. Where CPUs run
    concurrently, each in a thread of the host, time tells nothing."""
    machine = "virt,virtualization=on" if below else "virt"
    return [
        *("qemu-system-aarch64", "-machine", f"{machine},gic-version=3,dtb-randomness=off"),
        *("-cpu", "cortex-a53", "-smp", str(cpus), "-m", "2G"),
        *("-display", "none", "-nodefaults", "-no-reboot", "-serial", "stdio"),
        *(MTTCG if concurrent else ICOUNT),
        *("-kernel", str(image), *extra),
    ]


def run(qemu: list[str]) -> str:
    """All that the board's console said until the guest had told its last result. Then the board is
    ended: other VMs may go on for ever."""
    said: list[str] = []
    with subprocess.Popen(
        qemu,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        assert child.stdout is not None
        watchdog = threading.Timer(RUN_S, child.kill)
        watchdog.start()
        try:
            for line in child.stdout:
                said.append(line)
                if "bench: done" in line:
                    break
        finally:
            watchdog.cancel()
            child.kill()
    return "".join(said)


def results(console: str) -> dict[str, Measured]:
    """What the guest told, by operation. Fails unless it came to its end."""
    found = {name: Measured(int(ticks), int(n)) for name, ticks, n in _RESULT.findall(console)}
    if "done" not in found:
        sys.exit(f"the benchmark guest did not come to its end:\n{console}")
    return found
