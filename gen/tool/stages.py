# SPDX-License-Identifier: Apache-2.0
"""The stages of a build, in the order in which build.py lists them. Each takes what the ones before
it gave, and changes nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gen.diagnostics import Exit, Failure, Report
from gen.emit import flash_guide, manifest, sbom
from gen.emit.report import facts as report_facts
from gen.emit.report import page as report_page
from gen.emit.report.summary import Output, summary
from gen.emit.report.vm_facts import Json
from gen.plan.alone import check_alone
from gen.plan.firmware import hypervisor_size
from gen.plan.images import unikernel_link
from gen.plan.model import Plan
from gen.plan.plan import make_plan
from gen.read.board import Board
from gen.read.board_file import load_board, read_title
from gen.read.deployment import Deployment
from gen.read.dtc import sources_of
from gen.read.files import check_files, has_sources, vm_files
from gen.read.load import load_deployment
from gen.tool import audit as audits
from gen.tool import formats as boot_files
from gen.tool import absent, compile, content, debug, fetch, image, inputs, kconfig
from gen.tool import qemu_firmware, toolchain, unikernel
from gen.tool.image import Linked
from gen.tool.options import Options
from gen.tool.paths import BUILD, FETCH, ROOT, make_folder, shown, write_if_changed
from gen.tool.process import default_jobs
from gen.tool.qemu import RUN_PLAN, RunPlan
from gen.tool.terminal import Terminal

MARK = ".lock"  # in a folder of results; held while it is written
_WRITTEN = (
    RUN_PLAN,
    report_facts.FILE,
    report_page.FILE,
    audits.RESULT,
    flash_guide.FILE,
    sbom.SBOM,
    sbom.NOTICE,
)  # what else a finished build has in its folder


@dataclass
class Lacking:
    """What is planned without, so that all that is wrong can be told together."""

    files: Report = field(default_factory=Report)  # that are not there
    failures: list[Failure] = field(default_factory=list)  # of what was to be fetched or compiled


@dataclass(frozen=True)
class Work:
    """What the user gave, read and checked."""

    options: Options
    say: Terminal
    report: Report
    deployment: Deployment
    board: Board
    out: Path  # the build folder
    lacking: Lacking = field(default_factory=Lacking)

    @property
    def jobs(self) -> int:
        return self.options.jobs or default_jobs()


def read(options: Options, say: Terminal) -> Work:
    """The deployment and the board's facts. With errors in `report`, what is sound of the
    deployment, of which the next stages can tell more; without a board none can, so that all
    that is wrong is told here."""
    say.step("reading the deployment")
    report, lacking = Report(), Lacking()
    predefined = {"fetch": str(FETCH), "root": str(ROOT)}

    def prepare(board: str) -> None:
        with going_on(lacking):
            fetch_tree(board, options.offline, say)

    deployment = load_deployment(options.config, options.sets, report, predefined, prepare)
    board = None
    if deployment is not None and deployment.board:
        prepare(deployment.board)
        where = deployment.at("deployment.board")
        if not lacking.failures:
            board = load_board(deployment.board, deployment.variant, report, where)
    if deployment is not None and board is None:
        check_files(deployment, lacking.files)
        check_alone(deployment, report)
        kconfig.check(deployment.build, deployment.build_where, report)
    if deployment is None or board is None:
        tell_all(report, lacking)
    assert deployment is not None and board is not None
    boot_files.check(deployment, board, options.sign_key, report)
    out = options.out or BUILD / deployment.name
    return Work(options, say, report, deployment, board, out, lacking)


def claim(out: Path) -> None:
    """Makes the folder of results. What no build wrote stays as it is: another folder's files would
    be overwritten, and a unikernel's would be compiled with what is generated."""
    mark = out / MARK
    if out.is_dir() and not mark.is_file() and any(out.iterdir()):
        raise Failure(
            Exit.USAGE,
            f"{shown(out)} is for results, and holds what no build wrote; give a new or empty folder "
            "by --out DIR",
        )
    make_folder(out)
    mark.touch()


@contextmanager
def going_on(lacking: Lacking) -> Iterator[None]:
    """What fails in it is told with all else."""
    try:
        yield
    except Failure as failure:
        if failure not in lacking.failures:
            lacking.failures.append(failure)


def tell_all(report: Report, lacking: Lacking) -> None:
    """Ends the command if anything was found wrong, by the status of what must be cured first: the
    configuration, then files, then what failed."""
    known = Report([*report.found, *lacking.files.found])
    failures = [known.failure(), *lacking.failures]
    told = [failure for failure in failures if failure is not None]
    if told:
        words = dict.fromkeys(failure.message for failure in told)
        raise Failure(told[0].status, "\n".join(words), told[0].diagnostics)


def fetch_tree(board: str, offline: bool, say: Terminal) -> None:
    """A board's device tree that is named as ${fetch}/…"""
    title = read_title(board)
    if title is not None and title.tree.is_relative_to(FETCH) and not title.tree.is_file():
        say.step("fetching the board's device tree")
        fetch.ensure([title.tree], offline)


def fetch_images(work: Work) -> None:
    """Guest images that are named as ${fetch}/…"""
    wanted = _images(work.deployment)
    if any(path.is_relative_to(FETCH) for path in wanted):
        work.say.step("fetching guest images")
        with going_on(work.lacking):
            fetch.ensure(wanted, work.options.offline)
    told = (FETCH,) if work.lacking.failures else ()
    check_files(work.deployment, work.lacking.files, told)


def compile_unikernels(work: Work) -> dict[str, bytes]:
    """The ELF of each VM that is a unikernel, by the VM's name, as far as they compile."""
    built: dict[str, bytes] = {}
    for vm in work.deployment.vms:
        if vm.unikernel is not None and has_sources(vm.unikernel):
            work.say.step(f"compiling unikernel {vm.name}")
            base, size = unikernel_link(vm, work.board)
            one = unikernel.Unikernel(vm.name, vm.unikernel, base, size)
            with going_on(work.lacking):
                built[vm.name] = unikernel.build(
                    one, work.board.arch, work.out, work.jobs, work.options.offline, work.say.detail
                )
    return built


def plan(work: Work, unikernels: Mapping[str, bytes]) -> tuple[Plan, kconfig.Config]:
    """Every decision, and the value of every Kconfig symbol; all that is wrong with the deployment
    is told here."""
    work.say.step("planning")
    whole = replace(
        work,
        deployment=absent.with_stand_ins(
            work.deployment, unikernels.keys(), work.out / "stand-ins"
        ),
    )
    size = hypervisor_size(whole.deployment)
    made = make_plan(whole.deployment, work.board, unikernels, work.report, _hash(whole), size)
    config = None
    if made is not None:
        config = configure(work, made)
    else:
        kconfig.check(work.deployment.build, work.deployment.build_where, work.report)
    tell_all(work.report, work.lacking)
    assert made is not None and config is not None
    return made, config


def configure(work: Work, plan: Plan) -> kconfig.Config:
    """The value of every Kconfig symbol."""
    missing = kconfig.missing(plan.config_symbols)
    if missing:
        _tell_missing(work, missing)
    needed = {name: value for name, value in plan.config_symbols.items() if name not in missing}
    return kconfig.configure(
        needed, work.deployment.build, work.deployment.build_where, work.report
    )


def _tell_missing(work: Work, symbols: list[str]) -> None:
    """A board may be planned for before there is code for all of it; an image is not made then."""
    where = work.deployment.at("deployment.board")
    tell = work.report.warning if work.options.check else work.report.error
    tell(
        "board-unsupported",
        where,
        f"board {work.board.name} can be planned for, not built for: this version has no "
        f"{', '.join(symbols)}",
        "use --check, or another board",
    )


def link(work: Work, plan: Plan, config: kconfig.Config) -> Linked:
    """firmware.elf and firmware.bin."""
    work.say.step("compiling and linking the hypervisor")
    with ThreadPoolExecutor(1) as ahead:  # what fails there does so again where it is needed
        ahead.submit(_prepare)
        return image.build(plan, config, work.out, work.jobs, work.options.offline, work.say.detail)


def _prepare() -> None:
    """What the stages behind the link need, while that keeps another CPU busy."""
    import gen.audit.audit  # noqa: F401

    report_page.prepare()


def audit(work: Work, plan: Plan, linked: Linked) -> None:
    """Shows from firmware.elf alone, and from what was asked for, that it isolates."""
    work.say.step("auditing the image")
    try:
        audits.of_build(linked.elf, work.options)
    except Failure:
        write_report(work, plan, linked, ())  # tells which checks failed
        raise


def formats(work: Work, plan: Plan, linked: Linked) -> list[Path]:
    """The files that the board boots from."""
    return boot_files.write(plan, linked, work.options.sign_key, work.out)


def write_report(work: Work, plan: Plan, linked: Linked, files: Iterable[Path]) -> Json:
    """report.json and report.html, and what they tell."""
    audited = audits.of_image(linked.elf)
    outputs = [report_facts.file_of(path) for path in files]
    told = report_facts.facts(plan, work.report.found, linked.boundaries, outputs, audited)
    write_if_changed(work.out / report_facts.FILE, report_facts.facts_json(told))
    write_if_changed(work.out / report_page.FILE, report_page.page(told))
    return told


def finish(work: Work, plan: Plan, linked: Linked, files: Sequence[Path]) -> str:
    """Writes what tells about the build, and the stamp; the summary, which names files from `/`."""
    out = work.out
    told = write_report(work, plan, linked, files)
    made = manifest.build_manifest(
        plan, linked.files, linked.bin.read_bytes(), toolchain.versions()
    )
    write_if_changed(out / manifest.FILE, manifest.manifest_text(made))
    content.write(plan, linked, out)
    _run_plan(work, plan, linked).write(out)
    size = linked.bin.stat().st_size
    named = [*files, out / flash_guide.FILE]
    listed = [Output(str(path), path.stat().st_size) for path in named]
    ending = summary(told, listed, size)
    stamp = inputs.Stamp(
        folder=out,
        summary=ending,
        files=(*_read_files(work), *boot_files.key_files(work.options.sign_key))
        + (*files, *(out / name for name in _WRITTEN)),
        folders=tuple(vm.unikernel for vm in work.deployment.vms if vm.unikernel is not None),
    )
    inputs.remember(inputs.stamp_path(work.options.config, work.options.settings), stamp)
    return ending


def _images(deployment: Deployment) -> list[Path]:
    """Files of the guests, and what device tree sources among them include."""
    named = [file for vm in deployment.vms for _, file in vm_files(vm)]
    return [source for file in named for source in sources_of(file)]


def _read_files(work: Work) -> list[Path]:
    """All files that the deployment stands on, apart from the repository's own. Unikernels may
    include headers from anywhere: the compiler's depfiles name them."""
    found = [*work.deployment.sources, *work.board.files, *_images(work.deployment)]
    for vm in work.deployment.vms:
        if vm.unikernel is not None:
            own = unikernel.sources(vm.unikernel)
            found += compile.files_read(unikernel.objects(work.out, vm.name), own)
    for path in _images(work.deployment):
        if path.is_relative_to(FETCH):
            found += fetch.files(path.relative_to(FETCH).parts[0])
    return sorted(set(found))


def _hash(work: Work) -> str:
    files = [*inputs.own_files(), *_read_files(work)]
    return inputs.digest(work.deployment.file.parent, files, work.options.sets)


def _run_plan(work: Work, plan: Plan, linked: Linked) -> RunPlan:
    board, test = work.board, work.deployment.test
    extra = board.qemu_variants.get(board.variant, ()) if board.variant else ()
    return RunPlan(
        command=(*board.qemu, *extra),
        image=linked.bin.name,
        voices=tuple(voice.name for voice in plan.voices),
        expect=test.expect if test else (),
        timeout_ms=test.timeout_ms if test else 0,
        ram_base=board.ram[0].base,
        loading=qemu_firmware.arguments(board, linked.bin, work.out),
        guests=tuple(debug.guest(plan, vm, work.out) for vm in plan.vms),
    )
