#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proofs with Frama-C: WP shows that functions keep their ACSL contracts, EVA that look-ups and
port accesses have no undefined behaviour. Then defects are put into copies of the sources, and each
must make a proof fail.

    make prove        or, for some of it:        tests/prove/prove.py dispatch image

Exit status: 0 all proved, 1 something is not, 3 a tool is missing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build/prove"
DEPLOYMENT = "configs/board.toml"  # whose Kconfig and counts the sources are read with
PROVERS = "cvc4,z3"
PROVER_SECONDS = 20
# Against defects the one alone that proves nearly everything, several times as long as it needs.
REFUTERS = "cvc4"
REFUTER_SECONDS = 2
RUN_SECONDS = 900


@dataclass(frozen=True)
class Defect:
    """A change of one line that must break a proof."""

    good: str
    bad: str


@dataclass(frozen=True)
class Proof:
    """Contracts of functions of one file."""

    name: str
    source: str
    functions: tuple[str, ...]
    defects: tuple[Defect, ...]


PROOFS = (
    Proof(
        "dispatch",
        "vdev/dispatch.c",
        ("dispatch_mmio", "dispatch_port", "dispatch_sysreg"),
        (
            Defect("vm->mmio[low - 1]", "vm->mmio[low]"),
            Defect("size <= row->size - offset ? row", "offset + size <= row->size + 1 ? row"),
            Defect("low = middle + 1;", "low = middle;"),
        ),
    ),
    Proof(
        "guest-memory",
        "vdev/guest_memory.c",
        ("row_of", "piece_in", "guest_memory_check", "transfer"),
        (
            Defect("(write && !row->writable)", "(write && row->writable)"),
            Defect("return size < here ? size : here;", "return size;"),
        ),
    ),
    Proof(
        "image",
        "loader/image.c",
        ("in_place", "next_in_place", "ram_zero"),
        (Defect("image->target.addr > at ? image->target.addr : at", "image->target.addr + 1"),),
    ),
)
# Instructions in between order memory and wake CPUs; none changes what C sees.
_ASSUMED = ("-kernel-warn-key", "asm:clobber=inactive")
EVA_SOURCES = ("tests/prove/eva_ports.c", "vdev/dispatch.c", "vdev/port.c")
EVA_DEFECTS = (
    ("vdev/dispatch.c", Defect("vm->mmio[low - 1]", "vm->mmio[low]")),
    ("vdev/dispatch.c", Defect("vm->port[low - 1]", "vm->port[low]")),
)
_EVA = ("-eva", "-eva-precision", "7")


def main(wanted: list[str]) -> int:
    for tool in ("frama-c", "why3", "cvc4", "z3"):
        if shutil.which(tool) is None:
            print(f"prove: {tool} is missing: `make prove` installs it", file=sys.stderr)
            return 3
    WORK.mkdir(parents=True, exist_ok=True)
    _run(["./build.py", DEPLOYMENT, "-q"])
    _run(["why3", "--config", str(_provers()), "config", "detect"])
    results = [_prove(proof) for proof in PROOFS if not wanted or proof.name in wanted]
    if not wanted or "eva" in wanted:
        results.append(_evaluate())
    good = sum(passed for passed, _ in results)
    bad = sum(failed for _, failed in results)
    print(f"{good} passed, {bad} failed")
    return 1 if bad or not results else 0


def _provers() -> Path:
    return WORK / "why3.conf"


def _prove(proof: Proof) -> tuple[int, int]:
    """Numbers of what passed and what failed: the contracts, and each defect."""
    output = _frama_c(_wp(proof.functions, PROVERS, PROVER_SECONDS), (proof.source,))
    proved, goals = _goals(output)
    fine = 0 < goals == proved
    print(f"{proof.name}: {proved} of {goals} goals of {', '.join(proof.functions)}", flush=True)
    if not fine:
        print(output)
    results = [fine] + [_refuted(proof, defect) for defect in proof.defects]
    return results.count(True), results.count(False)


def _refuted(proof: Proof, defect: Defect) -> bool:
    copy = _with_defect(proof.source, defect)
    if copy is None:
        return False
    proved, goals = _goals(_frama_c(_wp(proof.functions, REFUTERS, REFUTER_SECONDS), (str(copy),)))
    refuted = proved < goals
    verdict = "refuted" if refuted else "NOT REFUTED"
    print(f"{proof.name}: with '{defect.bad}': {verdict}, {proved} of {goals} goals", flush=True)
    return refuted


def _with_defect(source: str, defect: Defect) -> Path | None:
    text = (ROOT / source).read_text()
    if defect.good not in text:
        print(f"not in {source}: {defect.good}")
        return None
    copy = WORK / Path(source).name
    copy.write_text(text.replace(defect.good, defect.bad, 1))
    return copy


def _evaluate() -> tuple[int, int]:
    output = _frama_c(_EVA, EVA_SOURCES)
    alarms = _alarms(output)
    clean = "No errors or warnings raised during the analysis" in output
    fine = alarms == 0 and clean
    print(f"eva: {alarms} alarms in {', '.join(EVA_SOURCES)}", flush=True)
    if not fine:
        print(output)
    results = [fine] + [_alarmed(source, defect) for source, defect in EVA_DEFECTS]
    return results.count(True), results.count(False)


def _alarmed(source: str, defect: Defect) -> bool:
    copy = _with_defect(source, defect)
    if copy is None:
        return False
    sources = [str(copy) if one == source else one for one in EVA_SOURCES]
    alarms = _alarms(_frama_c(_EVA, tuple(sources)))
    refuted = alarms is not None and alarms > 0
    verdict = f"{alarms} alarms" if refuted else "NOT SEEN"
    print(f"eva: with '{defect.bad}': {verdict}", flush=True)
    return refuted


def _alarms(output: str) -> int | None:
    """None where the analysis did not come so far."""
    found = re.search(r"(\d+) alarms? generated by the analysis", output)
    return int(found.group(1)) if found else None


def _wp(functions: tuple[str, ...], provers: str, seconds: int) -> tuple[str, ...]:
    return (
        *("-wp", "-wp-rte", "-wp-prover", provers, "-wp-timeout", str(seconds)),
        *("-wp-fct", ",".join(functions)),
    )


def _goals(output: str) -> tuple[int, int]:
    """Proved, and all; (0, 0) where the analysis did not come so far."""
    found = re.search(r"Proved goals:\s*(\d+) / (\d+)", output)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def _frama_c(options: tuple[str, ...], sources: tuple[str, ...]) -> str:
    """Output of an analysis. The machine model has aarch64's sizes: LP64, little endian."""
    generated = f"build/{Path(DEPLOYMENT).stem}/gen"
    include = " ".join(
        (
            f"-I. -Iarch/aarch64/include -I{generated}",
            f"-include {generated}/autoconf.h -include tests/prove/contracts.h",
        )
    )
    command = ["frama-c", "-c11", "-machdep", "gcc_x86_64", *_ASSUMED, *options]
    return _run([*command, f"-cpp-extra-args={include}", *sources], check=False)


def _run(command: list[str], check: bool = True) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "WHY3CONFIG": str(_provers())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    if check and done.returncode != 0:
        raise SystemExit(f"prove: this failed: {' '.join(command)}\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
