# SPDX-License-Identifier: Apache-2.0
"""The command line of ./build.py."""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.read.suggest import nearest

# Of a traced build; what the user sets comes later and wins. The depth is for the time between two
# looks of gen/tool/trace.py.
_TRACE_SETS = ("build.TRACE=true", "build.TRACE_DEPTH=16384")
DEFAULT_CONFIG = "configs/board.toml"
LINUX = "linux"  # the VM of --new --linux
_EPILOG = """\
Exit status: 0 ok, 1 configuration, 2 usage, 3 missing tool or file, 4 build, 5 audit,
6 guest failed, 7 timeout, 8 other than golden, 130 interrupted.

    ./build.py --setup configs/board.toml --run     from a fresh machine to running guests
    ./build.py --new demo --board qemu-virt-aarch64 --linux --unikernel control
    ./build.py configs/board.toml --set vm.ping.ram=32M --set build.LOG_LEVEL=debug
    ./build.py CONFIG --run --qemu-arg "-icount shift=0,sleep=off"
"""


@dataclass(frozen=True)
class Options:
    config: Path
    setup: bool
    yes: bool
    run: bool
    timeout_s: float | None
    trace: Path | None
    qemu_args: tuple[str, ...]
    check: bool
    show_config: bool
    boards: bool
    devices: str | None
    explain: str | None
    import_axvm: tuple[Path, ...]
    new: str | None
    linux: tuple[str, ...]
    unikernels: tuple[str, ...]
    board: str | None
    audit: Path | None
    sign_key: Path | None
    golden: str | None  # "update" or "check"
    info: Path | None
    export_guests: Path | None
    gdb: str | None  # a VM
    gdb_args: tuple[str, ...]
    report: bool
    diff: tuple[Path, ...]  # one: against the build; two: with each other
    has_config: bool  # else `config` is the default
    sets: tuple[str, ...]
    menuconfig: bool
    update_lock: bool
    json: bool
    offline: bool
    out: Path | None
    jobs: int
    verbose: bool
    quiet: bool

    @property
    def settings(self) -> list[str]:
        """What decides the results of a build beside the deployment file."""
        return [*self.sets, f"out={self.out}", f"sign_key={self.sign_key}"]


def parse(arguments: Sequence[str], root: Path) -> Options:
    """The options; wrong usage ends the program with status 2 and a line that says why."""
    parser = _parser()
    found, others = parser.parse_known_args(arguments)
    if others:
        _refuse(parser, found, others[0])
    _check_empty(parser, found)
    _check_together(parser, found)
    config = Path(found.config) if found.config else root / DEFAULT_CONFIG
    return Options(
        config=config.absolute(),
        setup=found.setup,
        yes=found.yes,
        run=found.run,
        timeout_s=found.timeout,
        trace=_absolute(found.trace),
        qemu_args=_words(found.qemu_arg),
        check=found.check,
        show_config=found.show_config,
        boards=found.boards,
        devices=found.devices,
        explain=found.explain,
        import_axvm=tuple(Path(name) for name in found.import_axvm),
        new=found.new,
        linux=tuple(name for names in found.linux for name in names or [LINUX]),
        unikernels=tuple(found.unikernel),
        board=found.board,
        audit=_absolute(found.audit),
        sign_key=_absolute(found.sign_key),
        golden=found.golden,
        info=_absolute(found.info),
        export_guests=_absolute(found.export_guests),
        gdb=found.gdb,
        gdb_args=_words(found.gdb_arg),
        report=found.report,
        diff=tuple(Path(name).absolute() for name in found.diff),
        has_config=found.config is not None,
        sets=(*(_TRACE_SETS if found.trace else ()), *found.set),
        menuconfig=found.menuconfig,
        update_lock=found.update_lock,
        json=found.json,
        offline=found.offline,
        out=_absolute(found.out),
        jobs=found.jobs,
        verbose=found.verbose,
        quiet=found.quiet,
    )


def _words(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for text in texts for word in shlex.split(text))


def _absolute(name: str | None) -> Path | None:
    return Path(name).absolute() if name else None


def _check_empty(parser: argparse.ArgumentParser, found: argparse.Namespace) -> None:
    """`--out "$DIR"` where DIR is not set is not the same as no --out."""
    for name, value in vars(found).items():
        if value == "" or (isinstance(value, list) and "" in value):
            what = "the deployment" if name == "config" else _option(name)
            parser.error(f"{what} is empty")


def _refuse(parser: argparse.ArgumentParser, found: argparse.Namespace, word: str) -> None:
    """What is no option and not the deployment."""
    if not word.startswith("-"):
        parser.error(f"{word}: one deployment at a time, {found.config} is one already")
    meant = nearest(word, map(_option, vars(found)))
    parser.error(f"there is no {word}" + (f"; did you mean {meant}?" if meant else ""))


_LOOKING = (  # nothing is built
    *("new", "check", "export_guests", "show_config", "menuconfig", "boards", "devices"),
    *("audit", "info", "explain", "import_axvm", "update_lock"),
)
_BUILDING = ("run", "gdb", "golden", "report")  # and --diff with one report


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _check_together(parser: argparse.ArgumentParser, found: argparse.Namespace) -> None:
    """Options that need or exclude others."""
    if found.board and not (found.import_axvm or found.new):
        parser.error("--board goes with --new or --import-axvm")
    if (found.import_axvm or found.new) and not found.board:
        wanting = "--new" if found.new else "--import-axvm"
        parser.error(f"{wanting} needs --board BOARD: ./build.py --boards lists them")
    if (found.linux or found.unikernel) and not found.new:
        parser.error("--linux and --unikernel go with --new")
    if found.new and found.config:
        parser.error(f"--new makes a deployment, and takes none: {found.config}")
    if found.gdb and found.run:
        parser.error("--gdb starts QEMU itself: leave --run out")
    if found.gdb_arg and not found.gdb:
        parser.error("--gdb-arg needs --gdb")
    if found.trace and not found.run:
        parser.error("--trace needs --run")
    builds = [_option(name) for name in _BUILDING if getattr(found, name)]
    builds += ["--diff"] * (len(found.diff) == 1)
    looks = [_option(name) for name in _LOOKING if getattr(found, name)]
    if looks and builds:
        parser.error(f"{builds[0]} builds, {looks[0]} does not: leave one of them out")
    if found.timeout and not (found.run or found.golden):
        parser.error("--timeout needs --run or --golden")
    if found.qemu_arg and not (found.run or found.gdb):
        parser.error("--qemu-arg needs --run or --gdb")
    if len(found.diff) > 2:
        parser.error("--diff takes one report or two")
    for name in found.diff:
        if name.endswith(".toml"):
            parser.error(f"--diff takes reports, not {name}: put the deployment before --diff")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./build.py",
        usage="%(prog)s [CONFIG] [OPTION ...]",
        description="Turns one deployment file into one firmware image with all its guests.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("config", nargs="?", help=f"deployment file (default: {DEFAULT_CONFIG})")
    _add_new(parser.add_argument_group("starting a deployment"))
    _add_build(parser.add_argument_group("building"))
    _add_run(parser.add_argument_group("running"))
    _add_tell(parser.add_argument_group("telling"))
    _add_show(parser.add_argument_group("looking (nothing is built)"))
    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="errors and summary for machines")
    loudness = output.add_mutually_exclusive_group()
    loudness.add_argument("-v", "--verbose", action="store_true", help="tell every file")
    loudness.add_argument("-q", "--quiet", action="store_true", help="tell errors only")
    return parser


def _add_new(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--new",
        metavar="NAME",
        help="write NAME.toml and the sources of its unikernels, here or in --out DIR; needs --board",
    )
    group.add_argument(
        "--board", metavar="BOARD", help="with --new and --import-axvm: a board, or its folder"
    )
    group.add_argument(
        "--linux",
        nargs="*",
        action="append",
        default=[],
        metavar="NAME",
        help="with --new: VMs that run Debian's Linux each (without a NAME: one, linux)",
    )
    group.add_argument(
        "--unikernel",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="with --new: VMs that run a C program each",
    )


def _add_build(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--setup", action="store_true", help="first install what is missing (apt)")
    group.add_argument("--yes", action="store_true", help="with --setup: never ask")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one key over the file (repeatable), for example vm.linux.ram=512M",
    )
    group.add_argument("--menuconfig", action="store_true", help="edit the [build] symbols")
    group.add_argument(
        "--out",
        metavar="DIR",
        help="result folder, new or empty or a build's (default: build/DEPLOYMENT beside build.py)",
    )
    group.add_argument(
        "--sign-key",
        metavar="KEYDIR/NAME",
        help="sign firmware.itb with the private key KEYDIR/NAME.key (docs/flashing.md)",
    )
    group.add_argument("--offline", action="store_true", help="use what is cached, fetch nothing")
    group.add_argument(
        "--update-lock", action="store_true", help="pin the newest versions of what is fetched"
    )
    group.add_argument(
        "--jobs", type=_count, default=0, metavar="N", help="compile N files at once"
    )


def _add_tell(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--golden",
        choices=("update", "check"),
        help="build and boot in exact time, then keep manifest, report and console in CONFIG.golden/, "
        "or tell what differs from those that are kept (docs/report.md)",
    )
    group.add_argument("--report", action="store_true", help="build, then tell all that it holds")
    group.add_argument(
        "--diff",
        nargs="+",
        default=[],
        metavar="OLD",
        help="build, then tell what changed for each VM since OLD, a report.json or the folder of a "
        "build; with a second one the two are compared and nothing is built",
    )


def _add_run(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--run", action="store_true", help="boot the image in QEMU")
    group.add_argument("--timeout", type=_seconds, metavar="S", help="end the run after S seconds")
    group.add_argument(
        "--trace",
        metavar="FILE",
        help="with --run: record every exit; FILE becomes a timeline for ui.perfetto.dev",
    )
    group.add_argument(
        "--gdb",
        metavar="VM",
        help="boot the image in QEMU under gdb, which stops at the VM's first instruction",
    )
    group.add_argument(
        "--gdb-arg",
        action="append",
        default=[],
        metavar="ARG",
        help="more for gdb (repeatable): \"-ex 'break main' -ex continue\"",
    )
    group.add_argument(
        "--qemu-arg",
        action="append",
        default=[],
        metavar="ARG",
        help='more for QEMU (repeatable): --qemu-arg="-icount shift=0,sleep=off"',
    )


def _add_show(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--check", action="store_true", help="only check the deployment")
    group.add_argument(
        "--export-guests",
        metavar="DIR",
        help="for each VM the device tree, C header and linker fragment that a guest built elsewhere "
        "needs; its image need not be there yet",
    )
    group.add_argument("--show-config", action="store_true", help="the merged deployment")
    group.add_argument("--boards", action="store_true", help="boards there are")
    group.add_argument("--devices", metavar="BOARD", help="a board's devices")
    group.add_argument(
        "--audit",
        metavar="ELF",
        help="audit a firmware.elf, against the deployment where one is given",
    )
    group.add_argument(
        "--info",
        metavar="FILE",
        help="what a file with an image (firmware.bin, .elf, .itb, flash.img …) was made from",
    )
    group.add_argument("--explain", metavar="CODE|KEY", help="what an error or a key means")
    group.add_argument(
        "--import-axvm",
        nargs="+",
        default=[],
        metavar="FILE",
        help="AxVM's VM files as a deployment file, on stdout or in --out FILE; needs --board",
    )


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value
