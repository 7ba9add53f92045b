# SPDX-License-Identifier: Apache-2.0
"""What must hold between the keys of [[vm.device]]."""

from __future__ import annotations

from gen.diagnostics import Report
from gen.read.names import Names
from gen.read.suggest import did_you_mean
from gen.read.validate import Values

CONSOLE = "bulkhead"  # in `serves`: the hypervisor's own UART
WIDTHS = (1, 2, 4, 8)


def check_device_keys(vm: Values, label: str, names: Names, report: Report) -> None:
    for device in vm.get("device", ()):
        path = device.get("path", "?")
        if device.wrote("registers") and device.get("access", "direct") == "direct":
            report.error(
                "key-conflict",
                device.at("registers"),
                f'{label}: {path} has registers, which need access = "trap"',
                'add access = "trap", or remove registers',
                device.where,
            )
        for register in device.get("registers", ()):
            _check_register(register, f"{label}: {path}", report)
        for name in device.get("serves", ()):
            if name != CONSOLE and names.lack(name):
                report.error(
                    "vm-unknown",
                    device.at("serves"),
                    f'{label}: {path} serves "{name}", and there is no such VM',
                    did_you_mean(name, names.known) or "name a VM of this deployment",
                )


def _check_register(register: Values, label: str, report: Report) -> None:
    widths = register.get("widths", [4])
    wrong = [width for width in widths if width not in WIDTHS]
    if wrong or not widths:
        report.error(
            "bad-value",
            register.at("widths"),
            f"{label}: widths = {widths}: an access is 1, 2, 4 or 8 bytes wide",
            "use widths = [4]",
        )
    if register.get("access") == "ro" and register.wrote("rest"):
        report.error(
            "key-conflict",
            register.at("rest"),
            f'{label}: rest says how registers are written, and access = "ro"',
            "remove rest",
            register.at("access"),
        )
