# SPDX-License-Identifier: Apache-2.0
"""Codes of gen/read: code -> (meaning, cure)."""

from __future__ import annotations

READ: dict[str, tuple[str, str]] = {
    "E-file-missing": (
        "A file that the deployment or the board names cannot be read.",
        "Correct the path. Relative paths start from the folder of the file that names them; a "
        "path that begins with a variable starts where the variable was set.",
    ),
    "E-toml-syntax": (
        "The file is not TOML. Inline tables must stand on one line and take no comma at the end.",
        "Correct the line that is named; write long tables as [table] or [[vm.device]].",
    ),
    "E-include-cycle": (
        "A file includes itself, directly or by way of others.",
        "Remove one of the includes of the chain that is shown.",
    ),
    "E-schema-newer": (
        "The file says that its format is newer than this tool.",
        "Use a newer version of the tool.",
    ),
    "W-expect-voice": (
        "A line of [test] expect begins with a word that is nearly a VM's name: it is for no VM, and "
        "looked for as it stands in what all of them say.",
        "Write the VM's name as its [[vm]] does.",
    ),
    "W-schema-missing": (
        "The file does not say which version of the format it has.",
        "Add schema = 1 as its first line.",
    ),
    "E-key-unknown": (
        "A table has a key that does not exist. Nothing is ever ignored: a misspelt key would "
        "silently leave its default.",
        "Correct the spelling; --explain KEY and docs/deployment.md list what there is.",
    ),
    "E-key-missing": ("A key that must be there is not.", "Add it."),
    "E-key-conflict": (
        "Two keys of one table exclude each other.",
        "Keep the one that is meant.",
    ),
    "E-wrong-type": (
        "A value has another type than its key takes: a string instead of a number, one value "
        "instead of an array.",
        "Write it as the example shows.",
    ),
    "E-bad-value": (
        "A value has the right type and does not mean anything: a word that is not in the list, a "
        "size or time that cannot be read, an empty array.",
        "Use one of the values that are named.",
    ),
    "E-out-of-range": ("A number is below or above what its key takes.", "Stay in the range."),
    "E-bad-name": (
        "Names of deployments, VMs and channels become names of files and of C symbols: a letter, "
        "then letters, digits, - or _, at most 31 in all.",
        "Choose another name.",
    ),
    "E-name-duplicate": (
        "Two VMs or two channels of one file have the same name, or a VM lists something twice. "
        "(Over included files, tables of one name are merged.)",
        "Rename or remove one.",
    ),
    "E-controls-unknown": (
        "A VM controls one that the deployment does not have.",
        "Name a VM of this deployment.",
    ),
    "E-controls-itself": (
        "A VM controls itself: it could stop itself, but not start again.",
        "Remove it; a VM resets and powers off itself by PSCI.",
    ),
    "E-not-available": (
        "The file format knows this key or value, and this version of the hypervisor cannot do it.",
        "Remove it, or choose one of the values that are named.",
    ),
    "E-variable-unknown": (
        "A string uses ${name}, and [vars] has no such name.",
        "Correct it, add it to [vars], or give --set vars.NAME=VALUE. $$ is a dollar sign.",
    ),
    "E-variable-cycle": ("A variable needs itself.", "Break the circle."),
    "E-template-unknown": (
        "A VM names a template that does not exist.",
        "Correct the name, or add [template.NAME].",
    ),
    "E-set-syntax": (
        "The argument of --set is not KEY=VALUE.",
        "Write for example --set vm.linux.ram=32M or --set build.LTO=true.",
    ),
    "E-set-unknown": (
        "--set names a VM or channel that the deployment does not have, or no key of it.",
        "Correct the name: --set vm.NAME.KEY=VALUE.",
    ),
    "E-vm-none": ("The deployment has no VM.", "Add a [[vm]] table."),
    "E-vm-unknown": (
        "A key names a VM that the deployment does not have.",
        "Correct the name.",
    ),
    "E-peer-unknown": (
        "A channel names a VM that the deployment does not have, or rings a VM that is no peer.",
        "Correct the name.",
    ),
    "E-peer-duplicate": ("A channel names one VM twice.", "Remove one of the entries."),
    "E-peer-count": ("A channel joins fewer than two VMs.", "Add a VM, or remove the channel."),
    "E-channel-no-writer": (
        "All peers of a channel may only read it.",
        'Give one of them access = "rw".',
    ),
    "E-board-unknown": (
        "There is no board of that name in platform/, or no board.toml in that folder.",
        "--boards lists the boards; a path must contain a slash.",
    ),
    "E-variant-unknown": (
        "The board does not declare that variant.",
        "Use one that --boards shows, or remove the key.",
    ),
    "E-board-tree": (
        "The board's device tree cannot be read, does not compile, or lacks a fact that is needed: "
        "CPUs, memory, interrupt controller, timer, PSCI, console.",
        "Complete the tree, or state the fact in board.toml where it has a key for it.",
    ),
    "E-board-mismatch": (
        "board.toml and the device tree contradict each other.",
        "Correct the one that is wrong.",
    ),
    "E-board-fact": (
        "A fact in board.toml cannot be true, for example an image address outside RAM.",
        "Correct it.",
    ),
}
