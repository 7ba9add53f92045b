# SPDX-License-Identifier: Apache-2.0
"""What an image is made of, as the linker's maps, the guests' files and Debian's copyright files tell
it: for sbom.spdx.json and NOTICE."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.emit import sbom
from gen.plan.model import Plan
from gen.read.deployment import Vm
from gen.tool import elf, libfdt, newlib, unikernel
from gen.tool.image import Linked
from gen.tool.link import map_of
from gen.tool.paths import FETCH, ROOT, write_if_changed

_COPYRIGHT = "/usr/share/doc/{}/copyright"
# A line of lld's map: VMA, LMA, size and alignment, then archive(member):(section). What was
# discarded is not in it; what is not loaded (debug information) has VMA 0.
_TAKEN = re.compile(
    r"^ *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) +\d+ +\S*/lib(\w+)\.a\((\S+)\.o\):", re.M
)
_NAMES = {"c": "newlib", "fdt": "libfdt"}


def write(plan: Plan, linked: Linked, out: Path) -> None:
    content = of_build(plan, linked, out)
    write_if_changed(out / sbom.SBOM, sbom.sbom_text(content))
    write_if_changed(out / sbom.NOTICE, sbom.notice_text(content))


def of_build(plan: Plan, linked: Linked, out: Path) -> sbom.Content:
    vms = [vm.vm for vm in plan.vms]
    hypervisor = _program("hypervisor", linked.elf)
    unikernels = tuple(
        _program(f"unikernel {vm.name}", unikernel.elf_path(out, vm.name))
        for vm in vms
        if vm.unikernel is not None
    )
    used = {name for program in (hypervisor, *unikernels) for name in program.members}
    return sbom.Content(
        deployment=plan.deployment.name,
        hash=plan.hash,
        firmware=linked.bin.read_bytes(),
        own_text=(ROOT / "LICENSE").read_text(encoding="utf-8"),
        hypervisor=hypervisor,
        unikernels=unikernels,
        guests=tuple(guest for vm in vms for guest in _guests(vm)),
        libraries=tuple(library for library in _libraries() if library.name in used),
    )


def taken(link_map: str) -> dict[str, tuple[str, ...]]:
    """Library -> its objects of which something is in the program."""
    found: dict[str, set[str]] = {}
    for address, size, archive, member in _TAKEN.findall(link_map):
        if int(address, 16) and int(size, 16):
            found.setdefault(_NAMES[archive], set()).add(member)
    return {name: tuple(sorted(members)) for name, members in found.items()}


def _program(name: str, file: Path) -> sbom.Program:
    """Of the ELF file what is loaded: debug information names folders of this machine."""
    loaded = (part.data for part in elf.segments(file.read_bytes()) if part.type == elf.LOAD)
    return sbom.Program(name, b"".join(loaded), taken(map_of(file).read_text()))


def _guests(vm: Vm) -> Iterable[sbom.Guest]:
    files = [vm.kernel.image] if vm.kernel is not None else []
    files += [file for file in (vm.initrd, vm.dtb) if isinstance(file, Path)]
    for file in files:
        pinned = "Debian packages that gen/tool/packages.lock.toml pins"
        source = pinned if file.is_relative_to(FETCH) else ""
        yield sbom.Guest(f"{vm.name}: {file.name}", file.read_bytes(), source)


def _libraries() -> list[sbom.Library]:
    return [
        sbom.Library(
            name="newlib",
            version=newlib.version(),
            licence="LicenseRef-newlib",
            declared="LicenseRef-newlib",
            source="Debian package newlib-source",
            text=_copyright("newlib-source"),
        ),
        sbom.Library(
            name="libfdt",
            version=libfdt.VERSION,
            licence="BSD-2-Clause",
            declared="GPL-2.0-or-later OR BSD-2-Clause",
            source=f"Debian package {libfdt.PACKAGE}, {libfdt.FOLDER}, content {libfdt.PINNED}",
            text=_copyright("python3-libfdt"),
        ),
    ]


def _copyright(package: str) -> str:
    """Debian's copyright file: python3-libfdt is made from the sources of libfdt, too."""
    file = Path(_COPYRIGHT.format(package))
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(
            Exit.MISSING,
            f"{file}: {error.strerror}; {sbom.NOTICE} needs its text: "
            f"apt-get install --reinstall {package}",
        ) from None
