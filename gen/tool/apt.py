# SPDX-License-Identifier: Apache-2.0
"""Single packages by `apt-get download`. Packages of another architecture come through a private
configuration under build/cache/apt: the system's own is read, never changed."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import SETUP, Exit, Failure
from gen.tool.paths import CACHE, write_if_changed
from gen.tool.process import capture

_PLACE = CACHE / "apt"
_SOURCES = Path("/etc/apt")
_FIELD = re.compile(r"^(\w[\w-]*):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Candidate:
    """A version of a package that the configured sources offer."""

    version: str
    sha256: str
    depends: str


def download(package: str, folder: Path, offline: bool, options: Sequence[str] = ()) -> Path:
    """Downloads `package` ("name" or "name=version") into `folder`."""
    if offline:
        raise Failure(
            Exit.MISSING,
            f"package {package} is not cached, and --offline forbids to fetch it;"
            " run once without --offline",
        )
    _need_apt(package)
    # apt-get writes into the folder it runs in; env's own option sets that.
    command = ["env", f"--chdir={folder}", "apt-get", "-qq", *options]
    command += ["-o", "APT::Sandbox::User=root", "download", package]
    output = capture(command)
    found = sorted(folder.glob("*.deb"))
    if output.status != 0 or not found:
        raise Failure(
            Exit.MISSING,
            f"package {package} cannot be fetched ({SETUP} needs the network once); apt-get said:\n"
            + output.err.strip(),
        )
    return found[-1]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def foreign(architecture: str) -> tuple[str, ...]:
    """Options for apt-get and apt-cache that see this architecture's packages alone."""
    sources = _PLACE / "debian.sources"
    write_if_changed(sources, "\n".join(_debian_sources()))
    status = _PLACE / "status"
    write_if_changed(status, "")
    for name in ("lists/partial", "archives/partial"):
        (_PLACE / name).mkdir(parents=True, exist_ok=True)
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": _PLACE / "lists",
        "Dir::State::status": status,
        "Dir::Cache": _PLACE,
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    return tuple(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))


def update(architecture: str, offline: bool) -> None:
    """Renews the private package lists."""
    if offline:
        raise Failure(Exit.MISSING, "--offline forbids to renew the package lists")
    _need_apt("lists")
    output = capture(["apt-get", "-qq", *foreign(architecture), "update"])
    if output.status != 0:
        raise Failure(Exit.MISSING, f"apt-get update failed:\n{output.err.strip()}")


def candidates(package: str, architecture: str) -> list[Candidate]:
    """What the private lists offer of `package`, newest first."""
    output = capture(["apt-cache", *foreign(architecture), "show", package])
    found = []
    for stanza in output.out.decode(errors="replace").split("\n\n"):
        fields = {match.group(1): match.group(2) for match in _FIELD.finditer(stanza)}
        if "Version" in fields and "SHA256" in fields:
            depends = fields.get("Depends", "")
            found.append(Candidate(fields["Version"], fields["SHA256"], depends))
    return found


def _need_apt(package: str) -> None:
    if shutil.which("apt-get") is None:
        raise Failure(Exit.MISSING, f"apt-get is missing: it fetches {package}, on Debian only")


def _debian_sources() -> list[str]:
    """The system's entries for its own release, in deb822 form: other vendors' sources know
    nothing of another architecture."""
    codename = _codename()
    stanzas: list[str] = []
    files = [_SOURCES / "sources.list", *sorted((_SOURCES / "sources.list.d").glob("*"))]
    for path in files:
        if path.suffix == ".sources":
            parts = path.read_text().split("\n\n")
            entries = [_stanza(part) for part in parts]
        elif path.suffix == ".list" and path.is_file():
            entries = [_one_line(line) for line in path.read_text().splitlines()]
        else:
            continue
        stanzas += [text for text, suites in entries if _is_ours(suites, codename)]
    if not stanzas:
        raise Failure(
            Exit.MISSING,
            f"no source of Debian {codename} is configured in {_SOURCES}: nothing can be fetched",
        )
    return stanzas


def _is_ours(suites: Sequence[str], codename: str) -> bool:
    return bool(suites) and all(s == codename or s.startswith(f"{codename}-") for s in suites)


def _stanza(text: str) -> tuple[str, list[str]]:
    """A deb822 entry without what pins it to the system's architecture."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    kept = [line for line in lines if not line.lower().startswith("architectures:")]
    fields = {match.group(1).lower(): match.group(2) for match in _FIELD.finditer("\n".join(kept))}
    if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
        return "", []
    return "\n".join(kept) + "\n", fields.get("suites", "").split()


def _one_line(line: str) -> tuple[str, list[str]]:
    """A one-line entry ("deb [signed-by=…] URI suite component…") as deb822."""
    match = re.match(r"\s*deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)((?:\s+[^\s#]+)*)\s*(?:#.*)?$", line)
    if match is None:
        return "", []
    options, uri, suite, components = match.groups()
    text = f"Types: deb\nURIs: {uri}\nSuites: {suite}\n"
    if components.strip():
        text += f"Components: {components.strip()}\n"
    signed = re.search(r"signed-by=(\S+)", options or "")
    if signed:
        text += f"Signed-By: {signed.group(1)}\n"
    return text, [suite]


def _codename() -> str:
    match = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)
    if match is None:
        raise Failure(Exit.MISSING, "/etc/os-release names no release: this is not Debian")
    return match.group(1)
