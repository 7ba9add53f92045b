#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One deployment file in, one firmware image out: ./build.py --help. The stages are build()."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

PYTHON = "/usr/bin/python3"  # Debian's: it sees the python3-* packages
ROOT = Path(__file__).resolve().parent


def use_debians_python() -> None:
    """Starts again under Debian's python where another one was earlier on PATH."""
    if os.path.realpath(sys.executable) != os.path.realpath(PYTHON) and os.path.exists(PYTHON):
        os.execv(PYTHON, [PYTHON, __file__, *sys.argv[1:]])
    if sys.version_info < (3, 11):
        sys.exit(f"error: Python 3.11 is needed, {sys.executable} is {sys.version.split()[0]}")
    sys.path[0] = str(ROOT)


use_debians_python()

from gen.diagnostics import Exit, Failure, missing  # noqa: E402
from gen.tool.options import Options, parse  # noqa: E402
from gen.tool.terminal import Terminal  # noqa: E402

if TYPE_CHECKING:
    from gen.tool.stages import Work

INTERRUPTED = 130
READER_GONE = 141
# What the machine refuses: rights, a place that is no folder, no room. Any other is a bug of ours.
MACHINE_FAULTS = (
    *(errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENOTDIR, errno.EISDIR),
    *(errno.ENOSPC, errno.EDQUOT),
)


def build(work: Work) -> None:
    """The stages."""
    from gen.tool import stages

    stages.fetch_images(work)
    unikernels = stages.compile_unikernels(work)
    plan, config = stages.plan(work, unikernels)
    if work.options.check:
        work.say.findings(work.report.found)
        work.say.say(f"{work.deployment.name}: no errors")
        return
    linked = stages.link(work, plan, config)
    stages.audit(work, plan, linked)
    files = stages.formats(work, plan, linked)
    summary = stages.finish(work, plan, linked, files)
    work.say.findings(work.report.found)
    tell(work.say, work.out, summary)


def tell(say: Terminal, out: Path, summary: str) -> None:
    from gen.tool.paths import shown

    summary = summary.replace(f"{out}/", f"{shown(out)}/")
    say.say(summary.rstrip())
    say.put("summary", summary)
    say.put("folder", str(out))


def look(options: Options, say: Terminal) -> bool:
    """What needs no build. False: something else is asked for."""
    asked = options.boards or options.devices or options.explain or options.update_lock
    files = options.import_axvm or options.audit or options.info
    two = len(options.diff) == 2
    if not (asked or files or options.new or two):
        return False
    from gen.tool import audit, fetch, import_axvm, info, new, reports, show

    if options.update_lock:
        say.say("\n".join(fetch.update_lock()) or "the lock is up to date")
    if options.boards:
        show.boards(say)
    if options.devices:
        show.devices(options.devices, options.offline, say)
    if options.explain:
        show.explain(options.explain, say)
    if options.new:
        new.run(options, say)
    if options.info:
        info.tell(options.info, say)
    if options.import_axvm:
        import_axvm.run(options, say)
    if options.audit:
        audit.run(options, say)
    if two:
        before, after = map(reports.read, options.diff)
        reports.compare(before, after, say)
    return True


def make(options: Options, say: Terminal) -> Path:
    """Builds unless nothing changed; the folder with the results."""
    if (folder := unchanged(options, say)) is not None:
        return folder
    from gen.tool import cache, stages

    work = stages.read(options, say)
    stages.claim(work.out)
    with cache.locked(work.out / stages.MARK, lambda: say.step("waiting for another build")):
        if unchanged(options, say) is None:  # else it was this one
            build(work)
    return work.out


def unchanged(options: Options, say: Terminal) -> Path | None:
    """The folder of a build that is finished as it would be now, which is told."""
    from gen.tool import inputs

    stamp = inputs.unchanged(inputs.stamp_path(options.config, options.settings))
    if stamp is None or options.check:
        return None
    tell(say, stamp.folder, stamp.summary)
    return stamp.folder


def command(options: Options, say: Terminal) -> None:
    if options.setup:
        from gen.tool import setup

        setup.install(options.yes)
        setup.prepare(options.offline)
    if look(options, say):
        return
    if options.show_config or options.menuconfig:
        from gen.tool import show, stages

        work = stages.read(options, say)
        work.report.stop_on_errors()
        show.config(work) if options.show_config else show.menuconfig(work)
        return
    if options.export_guests:
        from gen.tool import export

        export.run(options, say)
        return
    tell_more = telling(options, say)  # reads the old report, before the build writes a new one
    folder = make(options, say)
    tell_more(folder)
    if options.golden:
        from gen.tool import golden

        keep_or_compare = golden.update if options.golden == "update" else golden.check
        keep_or_compare(options.config, folder, options.timeout_s, say)
    if options.gdb:
        from gen.tool import debug

        say.pause()
        debug.session(folder, options.gdb, options.qemu_args, options.gdb_args, say)
    if options.run:
        run(folder, options, say)


def telling(options: Options, say: Terminal) -> Callable[[Path], None]:
    """What is told of a finished build beyond its summary."""
    if not (options.report or options.diff):
        return lambda folder: None
    from gen.tool import reports

    old = [reports.read(path) for path in options.diff]

    def tell_more(folder: Path) -> None:
        if options.report:
            reports.tell(folder, say)
        for report in old:
            reports.compare(report, reports.read(folder), say)

    return tell_more


def run(folder: Path, options: Options, say: Terminal) -> None:
    from gen.tool import qemu

    say.pause()
    extra = list(options.qemu_args)
    if options.trace is None:
        qemu.run(folder, extra, options.timeout_s, not say.quiet)
        return
    from gen.tool import trace

    with trace.recording(folder, options.trace, extra, say) as recorder:
        qemu.run(folder, extra, options.timeout_s, not say.quiet, watcher=recorder)


def main() -> int:
    options = parse(sys.argv[1:], ROOT)
    say = Terminal(options.verbose, options.quiet, options.json)
    for ending in (signal.SIGTERM, signal.SIGHUP):  # likewise clean up
        signal.signal(ending, signal.default_int_handler)
    try:
        command(options, say)
        status = int(Exit.OK)
    except Failure as failure:
        say.failure(failure)
        status = int(failure.status)
    except ModuleNotFoundError as error:
        if str(error.name).startswith("gen"):
            raise
        absent = missing(f"Python module {error.name}")
        say.failure(absent)
        status = int(absent.status)
    except KeyboardInterrupt:
        from gen.tool import process

        process.end_all()
        status = INTERRUPTED
    except BrokenPipeError:  # `./build.py … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except OSError as error:
        if error.errno not in MACHINE_FAULTS:
            raise
        place = f"{error.filename}: " if error.filename else ""
        say.failure(Failure(Exit.BUILD, f"{place}{error.strerror}"))
        status = int(Exit.BUILD)
    say.finish(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
