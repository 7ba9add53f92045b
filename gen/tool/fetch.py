# SPDX-License-Identifier: Apache-2.0
"""What is fetched, not built, from Debian packages that gen/tool/packages.lock.toml pins by version
and sha256: guests (${fetch}/debian-arm64/Image and initramfs.cpio) and the device trees of boards
(${fetch}/debian-dtbs/<vendor>/<board>.dtb) and the kernel with drivers for them
(${fetch}/debian-arm64-boards/Image). `python3 -m gen.tool.fetch` fetches all of it."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gen.diagnostics import Exit, Failure
from gen.tool import apt, cache, cpio, linux_program
from gen.tool.paths import CACHE, FETCH, ROOT, shown, write_atomic, write_if_changed

LOCK = Path(__file__).with_name("packages.lock.toml")
INIT = ROOT / "configs/linux-initramfs/init"
CHANNEL = INIT.with_name("channel.c")
_PROGRAM_PARTS = (
    CHANNEL,
    INIT.with_name("linux.h"),
    ROOT / "configs/qemu-aarch64-channel-linux/mailbox.h",
)
UPDATE = "./build.py --update-lock"
_DEBIAN_ARM64_PARTS = (LOCK, INIT, *_PROGRAM_PARTS)
_PACKAGES = CACHE / "packages"
_GZIP_MAGIC = b"\x1f\x8b"
_KERNEL = "linux-image-cloud-arm64"  # followed: small, no drivers for boards, no device trees
_KERNEL_FOR_BOARDS = "linux-image-arm64"
_BUSYBOX = "busybox-static"
_STAMP = "made-from"
_DTBS = "debian-dtbs"
_BOARDS = "debian-arm64-boards"


@dataclass(frozen=True)
class Pinned:
    name: str
    follows: str  # the package whose dependency names the newest of this kind; "": itself
    architecture: str
    version: str
    sha256: str


def ensure(paths: Iterable[Path], offline: bool) -> None:
    """Makes those of `paths` that lie under ${fetch} and are missing or out of date."""
    folders = {path.relative_to(FETCH).parts[0] for path in paths if path.is_relative_to(FETCH)}
    for name in sorted(folders):
        if name not in _RECIPES:
            known = ", ".join(sorted(_RECIPES))
            raise Failure(Exit.CONFIG, f"${{fetch}}/{name}: only these are fetched: {known}")
        _RECIPES[name](FETCH / name, offline)


def files(name: str) -> tuple[Path, ...]:
    """What a fetched folder is made from, for the input hash."""
    return _DEBIAN_ARM64_PARTS if name in _RECIPES else ()


def ensure_all(offline: bool) -> None:
    """Everything that can be named, so that nothing is fetched later."""
    ensure([FETCH / name / "all" for name in _RECIPES], offline)


def update_lock() -> list[str]:
    """Pins what the system's Debian sources offer now; what changed, in words."""
    told = []
    renewed = []
    for old in _locked():
        apt.update(old.architecture, offline=False)
        new = _replacement(old)
        if new is None:
            raise Failure(Exit.MISSING, f"no source offers {old.follows or old.name} any more")
        if new != old:
            told.append(f"{old.name} {old.version} -> {new.name} {new.version}")
        renewed.append(new)
    write_atomic(LOCK, _lock_text(renewed).encode())
    return told


def _locked() -> list[Pinned]:
    return [Pinned(**entry) for entry in tomllib.loads(LOCK.read_text())["package"]]


def _lock_text(pinned: Iterable[Pinned]) -> str:
    head = LOCK.read_text().split("[[package]]")[0]
    entries = [
        "[[package]]\n"
        f'name         = "{item.name}"\n'
        f'follows      = "{item.follows}"\n'
        f'architecture = "{item.architecture}"\n'
        f'version      = "{item.version}"\n'
        f'sha256       = "{item.sha256}"\n'
        for item in pinned
    ]
    return head + "\n".join(entries)


def _replacement(old: Pinned) -> Pinned | None:
    """What to pin instead of `old`: the release's own version, not a security update, which is
    the oldest one offered."""
    name = old.name
    if old.follows:
        leaders = apt.candidates(old.follows, old.architecture)
        match = re.match(r"\S+", leaders[-1].depends) if leaders else None
        if match is None:
            return None
        name = match.group()
    found = apt.candidates(name, old.architecture)
    if not found:
        return None
    return Pinned(name, old.follows, old.architecture, found[-1].version, found[-1].sha256)


def _package(pinned: Pinned, offline: bool) -> Path:
    """The package file, from the cache or fetched."""
    path = _PACKAGES / f"{pinned.name}_{pinned.sha256[:16]}.deb"
    if path.exists() and apt.sha256(path) == pinned.sha256:
        return path
    wanted = f"{pinned.name}={pinned.version}"
    if offline:
        raise Failure(
            Exit.MISSING,
            f"{wanted} is not cached, and --offline forbids to fetch it; run once without --offline",
        )
    offered = apt.candidates(pinned.name, pinned.architecture)
    if pinned.version not in [item.version for item in offered]:
        apt.update(pinned.architecture, offline)
        offered = apt.candidates(pinned.name, pinned.architecture)
    if pinned.version not in [item.version for item in offered]:
        new = _replacement(pinned)
        instead = f"; it is replaced by {new.name} {new.version}" if new else ""
        raise Failure(
            Exit.MISSING, f"{wanted} is gone from Debian{instead}; to take that: {UPDATE}"
        )
    _PACKAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_PACKAGES, prefix=".download.") as place:
        options = apt.foreign(pinned.architecture)
        found = apt.download(wanted, Path(place), offline, options)
        if apt.sha256(found) != pinned.sha256:
            raise Failure(
                Exit.MISSING,
                f"{wanted}: sha256 is {apt.sha256(found)}, {shown(LOCK)} says {pinned.sha256}",
            )
        found.rename(path)
    return path


def _pinned(leader: str) -> Pinned:
    """The locked package of that name, or that follows it."""
    return next(item for item in _locked() if leader in (item.name, item.follows))


def _members(package: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files in a package whose names match, one after the other: a package
    may be larger than memory."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        with tarfile.open(fileobj=reader.stdout, mode="r|") as tar:
            for member in tar:
                if member.isfile() and re.fullmatch(pattern, member.name):
                    stream = tar.extractfile(member)
                    assert stream is not None
                    yield member.name, stream.read()
    if reader.returncode != 0:
        raise Failure(Exit.MISSING, f"{package.name} cannot be read")


def _member(package: Path, pattern: str) -> bytes:
    """The one file in a package whose name matches."""
    found = [data for _, data in _members(package, pattern)]
    if not found:
        raise Failure(Exit.MISSING, f"{package.name} holds no {pattern}")
    return found[0]


def _is_made(folder: Path, key: str) -> bool:
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text() == key


def _debian_arm64(folder: Path, offline: bool) -> None:
    """Debian's kernel for clouds and busybox with our init."""
    key = cache.digest([*_DEBIAN_ARM64_PARTS, Path(__file__), Path(cpio.__file__)])
    image, initramfs = folder / "Image", folder / "initramfs.cpio"
    if _is_made(folder, key) and image.exists() and initramfs.exists():
        return
    with cache.locked(FETCH / f".{folder.name}.lock"):
        kernel = _package(_pinned(_KERNEL), offline)
        busybox = _package(_pinned(_BUSYBOX), offline)
        data = _member(kernel, r"\./boot/vmlinuz-.*")
        write_if_changed(image, _unpacked(data))
        modules = dict(_members(kernel, r"\./lib/modules/.*/(watchdog|sbsa_gwdt)\.ko"))
        write_if_changed(initramfs, _initramfs(_member(busybox, r"\./bin/busybox"), modules))
        write_if_changed(folder / _STAMP, key)


def _debian_boards(_folder: Path, offline: bool) -> None:
    """Debian's kernel for boards and the device trees that come with it, in a folder each, of one
    package, which is not kept."""
    pinned = _pinned(_KERNEL_FOR_BOARDS)
    trees, kernel = FETCH / _DTBS, FETCH / _BOARDS
    with cache.locked(FETCH / f".{_DTBS}.lock"):
        if _is_made(trees, pinned.sha256) and _is_made(kernel, pinned.sha256):
            return
        package = _package(pinned, offline)
        growing = FETCH / f".{_DTBS}.growing"
        shutil.rmtree(growing, ignore_errors=True)
        for name, data in _members(
            package, r"\./(usr/lib/linux-image-[^/]+/.*\.dtb|boot/vmlinuz-.*)"
        ):
            if name.startswith("./boot/"):
                write_if_changed(kernel / "Image", _unpacked(data))
            else:
                write_atomic(growing.joinpath(*Path(name).parts[3:]), data)
        write_atomic(growing / _STAMP, pinned.sha256.encode())
        shutil.rmtree(trees, ignore_errors=True)
        growing.rename(trees)
        write_if_changed(kernel / _STAMP, pinned.sha256)
        package.unlink()


def _unpacked(kernel: bytes) -> bytes:
    return gzip.decompress(kernel) if kernel.startswith(_GZIP_MAGIC) else kernel


def _initramfs(busybox: bytes, modules: Mapping[str, bytes]) -> bytes:
    folders = ("bin", "dev", "lib", "lib/modules", "proc", "root", "sys", "tmp")
    return cpio.archive(
        [
            *(cpio.folder(name) for name in folders),
            cpio.character_device("dev/console", 5, 1),
            cpio.program("bin/busybox", busybox),
            cpio.program("bin/channel", linux_program.build(CHANNEL, "arm64")),
            *(
                cpio.program(f"lib/modules/{Path(name).name}", data)
                for name, data in sorted(modules.items())
            ),
            cpio.program("init", INIT.read_bytes()),
        ]
    )


_RECIPES: dict[str, Callable[[Path, bool], None]] = {
    "debian-arm64": _debian_arm64,
    _DTBS: _debian_boards,
    _BOARDS: _debian_boards,
}


def main() -> int:
    try:
        ensure_all(offline=False)
    except Failure as failure:
        print(f"error: {failure.message}", file=sys.stderr)
        return int(failure.status)
    return 0


if __name__ == "__main__":
    sys.exit(main())
