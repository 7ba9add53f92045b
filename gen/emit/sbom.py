# SPDX-License-Identifier: Apache-2.0
"""sbom.spdx.json (SPDX 2.3, JSON) and NOTICE: everything that is linked or packed into an image, with
its licence. What depends on the day in SPDX is fixed, so that the same inputs give the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
SBOM, NOTICE = "sbom.spdx.json", "NOTICE"
_UNKNOWN = "NOASSERTION"
_LOADED = "The checksum is of what the ELF file loads, segment by segment."
_CREATED = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class Library:
    """Code that is not ours and is linked."""

    name: str
    version: str
    licence: str  # an SPDX expression: the one by which it is used
    declared: str  # the one by which it is offered
    source: str  # where it comes from
    text: str  # copyright and licence, word for word


@dataclass(frozen=True)
class Program:
    """What was linked: the hypervisor, or a unikernel."""

    name: str
    data: bytes  # what its ELF file loads, one segment behind the other
    members: dict[str, tuple[str, ...]]  # library -> objects that the link took of it


@dataclass(frozen=True)
class Guest:
    """A file of a guest's that was built elsewhere."""

    name: str  # of the VM and the file
    data: bytes
    source: str


@dataclass(frozen=True)
class Content:
    """All that is in one image."""

    deployment: str
    hash: str  # of all inputs
    firmware: bytes
    own_text: str  # our licence
    hypervisor: Program
    unikernels: tuple[Program, ...]
    guests: tuple[Guest, ...]
    libraries: tuple[Library, ...]  # those that a program has members of


def sbom_text(content: Content) -> str:
    programs = (content.hypervisor, *content.unikernels)
    libraries = {library.name: f"library-{library.name}" for library in content.libraries}
    made = {f"program-{place}": program for place, program in enumerate(programs)}
    brought = {f"guest-{place}": guest for place, guest in enumerate(content.guests)}
    version = content.hash[:16]
    whole = _package("firmware", content.deployment, version, content.firmware)
    packages = [whole | {"primaryPackagePurpose": "FIRMWARE"}]
    packages.append(_package("bulkhead", "Bulkhead", version, licence="Apache-2.0"))
    packages += [
        _package(key, program.name, data=program.data, source=_LOADED)
        for key, program in made.items()
    ]
    packages += [_library(libraries[library.name], library) for library in content.libraries]
    packages += [
        _package(key, guest.name, data=guest.data, source=guest.source)
        for key, guest in brought.items()
    ]
    links = [_relation("DOCUMENT", "DESCRIBES", "firmware")]
    links += [_relation("firmware", "CONTAINS", key) for key in (*made, *brought)]
    for key, program in made.items():
        links.append(_relation(key, "STATIC_LINK", "bulkhead"))
        links += [
            _relation(key, "STATIC_LINK", libraries[name]) | {"comment": _of(members)}
            for name, members in sorted(program.members.items())
        ]
    document: Json = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": content.deployment,
        "documentNamespace": "https://spdx.org/spdxdocs/"
        f"bulkhead-{content.deployment}-{content.hash}",
        "creationInfo": {
            "created": _CREATED,
            "creators": ["Tool: bulkhead"],
            "comment": "The time is fixed: the same inputs give the same document.",
        },
        "packages": packages,
        "relationships": links,
        "hasExtractedLicensingInfos": [
            {"licenseId": library.licence, "name": library.name, "extractedText": library.text}
            for library in content.libraries
            if library.licence.startswith("LicenseRef-")
        ],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def notice_text(content: Content) -> str:
    """The licences that must come along with the image."""
    users = [content.hypervisor, *content.unikernels]
    parts = [
        f"{content.deployment}: a firmware image made by Bulkhead. It holds, beside what is listed "
        "last:\n",
        _chapter("Bulkhead", _names(users), "Apache-2.0", content.own_text),
    ]
    for library in content.libraries:
        linked = _names(program for program in users if library.name in program.members)
        title = f"{library.name} {library.version}"
        parts.append(_chapter(title, linked, library.licence, library.text))
    lines = ["Their licences are their suppliers' and not told here:"]
    lines += [f"  code of {program.name}" for program in content.unikernels]
    lines += [f"  {guest.name}, sha256 {_sha256(guest.data)}" for guest in content.guests]
    if len(lines) > 1:
        parts.append("\n".join([_line("Guests"), *lines, ""]))
    return "\n".join(parts)


def _names(programs: Iterable[Program]) -> str:
    return ", ".join(program.name for program in programs)


def _chapter(title: str, where: str, licence: str, text: str) -> str:
    return "\n".join([_line(title), f"In: {where}", f"Licence: {licence}", "", text.rstrip(), ""])


def _line(title: str) -> str:
    return f"---- {title} {'-' * (74 - len(title))}"


def _package(
    key: str,
    name: str,
    version: str = "",
    data: bytes | None = None,
    source: str = "",
    licence: str = _UNKNOWN,
) -> Json:
    found: Json = {
        "SPDXID": f"SPDXRef-{key}",
        "name": name,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": _UNKNOWN,
    }
    if version:
        found["versionInfo"] = version
    if source:
        found["sourceInfo"] = source
    if data is not None:
        found["checksums"] = [{"algorithm": "SHA256", "checksumValue": _sha256(data)}]
    return found


def _library(key: str, library: Library) -> Json:
    found = _package(
        key, library.name, library.version, source=library.source, licence=library.licence
    )
    return found | {"licenseDeclared": library.declared}


def _relation(subject: str, kind: str, to: str) -> Json:
    return {
        "spdxElementId": f"SPDXRef-{subject}",
        "relationshipType": kind,
        "relatedSpdxElement": f"SPDXRef-{to}",
    }


def _of(members: Sequence[str]) -> str:
    return f"of it: {', '.join(members)}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
