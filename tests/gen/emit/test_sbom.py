# SPDX-License-Identifier: Apache-2.0
"""sbom.spdx.json and NOTICE of contents made up here; tests/boot/test_content.py has real ones."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import Any

from gen.emit.sbom import Content, Guest, Library, Program, notice_text, sbom_text

HYPERVISOR = Program("hypervisor", b"elf", {"newlib": ("memcpy", "strlen"), "libfdt": ("fdt",)})
CONTENT = Content(
    deployment="newlib",  # a name that a library has, too
    hash="ab" * 32,
    firmware=b"bin",
    own_text="our licence\n",
    hypervisor=HYPERVISOR,
    unikernels=(Program("unikernel one", b"one", {"newlib": ("puts",)}),),
    guests=(Guest("two: Image", b"Linux", "from here"), Guest("three: Image", b"Other", "")),
    libraries=(
        Library("newlib", "3.3", "LicenseRef-newlib", "LicenseRef-newlib", "a", "newlib's text\n"),
        Library("libfdt", "1.6", "BSD-2-Clause", "GPL-2.0-or-later OR BSD-2-Clause", "b", "fdt's"),
    ),
)


def check_spdx(document: dict[str, Any]) -> None:
    """What SPDX 2.3 demands of a document (clauses 6, 7, 10, 11)."""
    assert document["spdxVersion"] == "SPDX-2.3"
    assert document["dataLicense"] == "CC0-1.0"
    assert document["SPDXID"] == "SPDXRef-DOCUMENT"
    assert document["name"]
    assert re.fullmatch(r"https://[^#\s]+", document["documentNamespace"])
    creation = document["creationInfo"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", creation["created"])
    assert all(re.match("(Tool|Person|Organization): ", name) for name in creation["creators"])
    ids = [package["SPDXID"] for package in document["packages"]]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in ids)
    licences = {info["licenseId"] for info in document["hasExtractedLicensingInfos"]}
    for package in document["packages"]:
        assert package["name"] and package["downloadLocation"] and package["copyrightText"]
        assert package["filesAnalyzed"] is False  # else a verification code is needed
        for checksum in package.get("checksums", ()):
            assert checksum["algorithm"] == "SHA256"
            assert re.fullmatch("[0-9a-f]{64}", checksum["checksumValue"])
        for name in re.findall(r"LicenseRef-[\w.-]+", json.dumps(package)):
            assert name in licences
    for info in document["hasExtractedLicensingInfos"]:
        assert info["extractedText"]
    for link in document["relationships"]:
        for end in (link["spdxElementId"], link["relatedSpdxElement"]):
            assert end in ids or end == "SPDXRef-DOCUMENT"
        assert link["relationshipType"] in {"DESCRIBES", "CONTAINS", "STATIC_LINK"}


def links(document: dict[str, Any]) -> set[tuple[str, str, str]]:
    names = {package["SPDXID"]: package["name"] for package in document["packages"]}
    names["SPDXRef-DOCUMENT"] = "this"
    return {
        (
            names[link["spdxElementId"]],
            link["relationshipType"],
            names[link["relatedSpdxElement"]],
        )
        for link in document["relationships"]
    }


def test_the_document_is_spdx() -> None:
    check_spdx(json.loads(sbom_text(CONTENT)))
    alone = replace(HYPERVISOR, members={})
    bare = replace(CONTENT, hypervisor=alone, unikernels=(), guests=(), libraries=())
    check_spdx(json.loads(sbom_text(bare)))


def test_every_part_is_there_with_its_hash() -> None:
    document = json.loads(sbom_text(CONTENT))
    hashes = {
        package["name"]: package["checksums"][0]["checksumValue"]
        for package in document["packages"]
        if "checksums" in package
    }
    parts = {"newlib": b"bin", "hypervisor": b"elf", "unikernel one": b"one"}
    parts |= {"two: Image": b"Linux", "three: Image": b"Other"}
    assert hashes == {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}


def test_who_links_what_is_told() -> None:
    document = json.loads(sbom_text(CONTENT))
    found = links(document)
    assert ("this", "DESCRIBES", "newlib") in found
    assert ("hypervisor", "STATIC_LINK", "libfdt") in found
    assert ("unikernel one", "STATIC_LINK", "newlib") in found
    assert ("unikernel one", "STATIC_LINK", "libfdt") not in found
    assert ("newlib", "CONTAINS", "two: Image") in found
    told = {link.get("comment") for link in document["relationships"]}
    assert {"of it: memcpy, strlen", "of it: fdt", "of it: puts", None} == told


def test_notice_has_every_licence_and_who_has_it() -> None:
    text = notice_text(CONTENT)
    for word in ("our licence", "newlib's text", "fdt's"):
        assert text.count(word) == 1
    assert "newlib 3.3" in text and "In: hypervisor, unikernel one\nLicence: LicenseRef" in text
    assert "In: hypervisor\nLicence: BSD-2-Clause" in text
    assert f"two: Image, sha256 {hashlib.sha256(b'Linux').hexdigest()}" in text
    assert "code of unikernel one" in text
    assert "Guests" not in notice_text(replace(CONTENT, unikernels=(), guests=()))
