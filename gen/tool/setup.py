# SPDX-License-Identifier: Apache-2.0
"""--setup: shows and installs the packages that are missing, then prepares what is made once.
Needs the standard library alone: it is what runs first on a fresh machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Exit, Failure

LIST = Path(__file__).with_name("packages.txt")
ARCHS = ("aarch64",)


@dataclass(frozen=True)
class Package:
    name: str
    purpose: str


def packages(*groups: str) -> list[Package]:
    """The one list of packages: those that everybody needs, and those of groups ("[name]" lines
    begin them) that few do."""
    found = []
    group = ""
    for line in LIST.read_text().splitlines():
        name, _, purpose = line.partition("#")
        if name.startswith("["):
            group = name.strip().strip("[]")
        elif name.strip() and group in ("", *groups):
            found.append(Package(name.strip(), purpose.strip()))
    return found


def missing(wanted: Sequence[Package]) -> list[Package]:
    """Those of `wanted` that dpkg does not know as installed."""
    names = [package.name for package in wanted]
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\\n", *names]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    installed = {
        line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")
    }
    return [package for package in wanted if package.name not in installed]


def install(yes: bool, *groups: str) -> None:
    """Installs what is missing. Asks only where sudo is needed and a terminal is there."""
    wanted = packages(*groups)
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        raise Failure(
            Exit.MISSING,
            "this is not a Debian system; install the equivalents of these packages by hand:\n"
            + _listed(wanted),
        )
    lacking = missing(wanted)
    if not lacking:
        return
    _tell(f"{len(lacking)} packages are missing:\n{_listed(lacking)}")
    prefix = _privileges(yes, lacking)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    names = [package.name for package in lacking]
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *names]):
        command = [*prefix, "apt-get", "--quiet", *arguments]
        _tell(" ".join(command))
        done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            raise Failure(Exit.MISSING, f"this failed: {' '.join(command)}")
    still = missing(wanted)
    if still:
        raise Failure(Exit.MISSING, f"still missing after apt-get install:\n{_listed(still)}")


def _privileges(yes: bool, lacking: Sequence[Package]) -> list[str]:
    """What apt-get is started with: nothing for root, sudo for others."""
    if os.geteuid() == 0:
        return []
    by_hand = "apt-get install " + " ".join(package.name for package in lacking)
    if shutil.which("sudo") is None:
        raise Failure(
            Exit.MISSING, f"installing needs root and there is no sudo; as root: {by_hand}"
        )
    if yes:
        return ["sudo", "DEBIAN_FRONTEND=noninteractive"]
    if not sys.stdin.isatty():
        raise Failure(
            Exit.MISSING,
            f"installing needs sudo; add --yes to allow it, or as root: {by_hand}",
        )
    answer = input("setup: install them with sudo apt-get? [Y/n] ")
    if answer.strip().lower() not in ("", "y", "yes"):
        raise Failure(Exit.MISSING, f"nothing was installed; as root: {by_hand}")
    return ["sudo", "DEBIAN_FRONTEND=noninteractive"]


def _tell(text: str) -> None:
    """stdout is for results (--json)."""
    print(f"setup: {text}", file=sys.stderr, flush=True)


def _listed(wanted: Sequence[Package]) -> str:
    width = max(len(package.name) for package in wanted)
    return "\n".join(f"    {package.name:<{width}}  {package.purpose}" for package in wanted)


def prepare(offline: bool) -> None:
    """Makes the libraries that every build uses."""
    from gen.tool import libfdt

    for arch in ARCHS:
        _tell(f"newlib and libfdt for {arch}")
        libfdt.library(arch, "hyp", offline)
        libfdt.library(arch, "guest", offline)


def main(arguments: Sequence[str]) -> int:
    """For `make setup`: python3 -m gen.tool.setup [--yes] [--offline] [GROUP...]."""
    groups = [argument for argument in arguments if not argument.startswith("--")]
    try:
        install("--yes" in arguments, *groups)
        prepare("--offline" in arguments)
    except Failure as failure:
        print(f"error: {failure.message}", file=sys.stderr)
        return int(failure.status)
    _tell("everything is there")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
