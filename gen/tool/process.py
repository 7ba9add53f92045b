# SPDX-License-Identifier: Apache-2.0
"""Running other programs: always from the repository's root, so that every path they see (and may
write into their output) is relative; a missing program is one clear line with its cure."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from gen.diagnostics import Exit, Failure, missing
from gen.tool.paths import ROOT

_children: set[subprocess.Popen[bytes]] = set()
_children_lock = threading.Lock()

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Output:
    status: int
    out: bytes
    err: str


def default_jobs() -> int:
    return len(os.sched_getaffinity(0))


def find(program: str) -> str:
    """The full path of `program`; Failure(MISSING) with the cure if there is none."""
    path = shutil.which(program)
    if path is None:
        raise missing(program)
    return path


def capture(
    command: Sequence[str], env: dict[str, str] | None = None, stdin: bytes | None = None
) -> Output:
    """Runs `command` to its end, whatever its exit status."""
    find(command[0])
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}
    child = subprocess.Popen(
        list(command),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with _children_lock:
        _children.add(child)
    try:
        out, err = child.communicate(stdin)
    except BaseException:
        end(child)
        raise
    finally:
        with _children_lock:
            _children.discard(child)
    return Output(child.returncode, out, err.decode(errors="replace"))


def run(
    command: Sequence[str],
    what: str,
    env: dict[str, str] | None = None,
    stdin: bytes | None = None,
) -> bytes:
    """Runs `command`; its output. Failure(BUILD) with what it said if it fails."""
    output = capture(command, env, stdin)
    if output.status != 0:
        said = (output.err or output.out.decode(errors="replace")).strip()
        raise Failure(Exit.BUILD, f"{what} failed:\n{said}")
    return output.out


def parallel(work: Callable[[Item], Result], items: Iterable[Item], jobs: int) -> list[Result]:
    """work(item) for all items, `jobs` at a time, results in the items' order. After the first
    failure no further item is begun."""
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done() and not future.cancelled() and future.exception():
                    pool.shutdown(wait=False, cancel_futures=True)
            return [future.result() for future in futures if not future.cancelled()]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise


def end(child: subprocess.Popen[bytes]) -> None:
    """Ends one child of ours, and what it started."""
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()


def end_all() -> None:
    """Ends every child that still runs (Ctrl-C, a failure)."""
    with _children_lock:
        running = list(_children)
    for child in running:
        if child.poll() is None:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
