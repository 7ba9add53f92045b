# SPDX-License-Identifier: Apache-2.0
"""What can be judged of a deployment whose board isn't known."""

from __future__ import annotations

from gen.diagnostics import Report
from gen.plan.channels import check_channels
from gen.plan.cpus import check_cpus
from gen.plan.ivc import check_ids, plan_ivcs
from gen.plan.memory import guest_ram
from gen.plan.watch import check_console_control
from gen.read.deployment import Deployment


def check_alone(deployment: Deployment, report: Report) -> None:
    check_cpus(deployment, report)
    check_console_control(deployment, report)
    check_ids(deployment, report)
    plan_ivcs(deployment, check_channels(deployment, report), report)
    for vm in deployment.vms:
        guest_ram(vm, None, report)
