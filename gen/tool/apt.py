# SPDX-License-Identifier: Apache-2.0
"""Single packages by `apt-get download`, from the sources that the system is configured with."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.tool.process import SETUP, capture


def download(package: str, folder: Path, offline: bool, options: Sequence[str] = ()) -> Path:
    """Downloads `package` ("name", "name:arch" or "name=version") into `folder`."""
    if offline:
        raise Failure(
            Exit.MISSING,
            f"package {package} is not cached, and --offline forbids to"
            " fetch it; run once without --offline",
        )
    if shutil.which("apt-get") is None:
        raise Failure(Exit.MISSING, f"apt-get is missing: it fetches package {package} on Debian")
    # apt-get writes into the folder it runs in; env's own option sets that.
    command = ["env", f"--chdir={folder}", "apt-get", "-qq", *options]
    command += ["-o", "APT::Sandbox::User=root", "download", package]
    output = capture(command)
    found = sorted(folder.glob("*.deb"))
    if output.status != 0 or not found:
        raise Failure(
            Exit.MISSING,
            f"package {package} cannot be fetched; {SETUP} renews the package lists. apt-get"
            f" said:\n{output.err.strip()}",
        )
    return found[-1]
