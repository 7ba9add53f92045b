# SPDX-License-Identifier: Apache-2.0
"""Each vCPU runs on the CPU of the board that the deployment names, as QEMU sees it: every vCPU of
tests/guests/affinity gives an HVC with its own number, and QEMU logs on which CPU each exception
is taken."""

from __future__ import annotations

import re
import tomllib

from machine import ICOUNT, ROOT, Machine, board, build, by_kernel

CONFIG = ROOT / "tests/guests/affinity/deployment.toml"
MARK = 0x40  # HVC #(0x40 | VM << 1 | vCPU)
# DDI 0487 D17.2.37: EC 0x16, HVC from AArch64; ISS[15:0]: its immediate.
HVC = re.compile(r"^Taking exception .* on CPU (\d+)\n.*\n\.\.\.with ESR 0x16/0x5a00(\w{4})$", re.M)


def test_vcpus_run_where_the_deployment_says() -> None:
    vms = tomllib.loads(CONFIG.read_text())["vm"]
    wanted = {
        MARK | number << 1 | index: cpu
        for number, vm in enumerate(vms)
        for index, cpu in enumerate(vm["cpus"])
    }
    assert len(wanted) == 4 and list(wanted.values()) == [3, 1, 2, 0]
    folder = build(CONFIG, "affinity")
    log = folder / "exceptions.log"
    with Machine(board(*ICOUNT, "-d", "int", "-D", str(log), *by_kernel(folder))) as machine:
        machine.wait_off()
    taken = {(int(mark, 16), int(cpu)) for cpu, mark in HVC.findall(log.read_text())}
    assert {(mark, cpu) for mark, cpu in taken if mark in wanted} == set(wanted.items())
