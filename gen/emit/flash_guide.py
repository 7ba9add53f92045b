# SPDX-License-Identifier: Apache-2.0
"""FLASH.txt: the commands that bring a build onto its board, for each format that was written; and
U-Boot's script that chooses between two slots. Names of files are those of the build folder, so that
the text does not depend on where it lies."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gen.plan.model import Plan
from gen.ranges import MIB, Range, align_up, contains, overlaps
from gen.read.board import Board

FILE = "FLASH.txt"
SD_PARTITION = MIB  # where the partition of an SD card begins, bytes
_LOAD_ALIGN = 2 * MIB
_BLOCK = 512
_WIDTH = 96
_PRELUDE = (
    "Commands are indented; start them in the folder of this file. U-Boot's are for its prompt or a "
    "script. ${devtype}, ${devnum} and ${distro_bootpart} are set where it starts a boot.scr by "
    "itself; at the prompt set them first, for example:"
)
_AT_THE_PROMPT = "setenv devtype mmc; setenv devnum 0; setenv distro_bootpart 1"
_FROM_DISK = "load ${devtype} ${devnum}:${distro_bootpart}"  # as U-Boot's own boot scripts name it


@dataclass(frozen=True)
class Recipe:
    """One way. Words in <> are filled in: see _words()."""

    title: str
    needs: str  # the format: a name of `formats` in board.toml
    lines: tuple[str, ...]  # commands
    about: str


_BOOTM = "bootm <at>#conf - ${fdtcontroladdr}"
_RECIPES = (
    Recipe(
        "QEMU",
        "qemu",
        ("<qemu> -serial stdio -kernel firmware.bin",),
        "On this computer. `./build.py CONFIG --run` does the same and judges what is said.",
    ),
    Recipe(
        "QEMU, by the tool",
        "qemu-firmware",
        (),
        "On this computer, by `./build.py CONFIG --run`: the machine has no firmware of its own, and "
        "needs the stand-in that this makes.",
    ),
    Recipe(
        "QEMU, from flash",
        "qemu flash",
        ("<qemu> -serial stdio -drive if=pflash,format=raw,readonly=on,file=flash.img",),
        "As the board boots that has flash.img at its reset address.",
    ),
    Recipe(
        "U-Boot: firmware.itb from a file system",
        "itb",
        (f"{_FROM_DISK} <at> firmware.itb", _BOOTM),
        "Copy firmware.itb to a partition that U-Boot reads (FAT, ext4). U-Boot checks hashes, and "
        "signatures where it has a key, and hands its own device tree over.",
    ),
    Recipe(
        "U-Boot: firmware.itb over the network",
        "itb",
        ("setenv autoload no", "dhcp", "tftpboot <at> firmware.itb", _BOOTM),
        "Lay firmware.itb where the TFTP server finds it. Where DHCP does not name that server, give "
        "`setenv serverip ADDRESS` before tftpboot.",
    ),
    Recipe(
        "U-Boot: firmware.itb into raw blocks, once",
        "itb",
        (
            f"{_FROM_DISK} <at> firmware.itb",
            "${devtype} dev ${devnum}",
            "${devtype} write <at> <block> <blocks>",
        ),
        "OVERWRITES <blocks> blocks of 512 bytes from block <block> on, whatever is there: see that no "
        "partition and no firmware lies there, or choose another block.",
    ),
    Recipe(
        "U-Boot: firmware.itb from raw blocks",
        "itb",
        ("${devtype} dev ${devnum}", "${devtype} read <at> <block> <blocks>", _BOOTM),
        "After the recipe before this one.",
    ),
    Recipe(
        "U-Boot: firmware.bin from a file system",
        "bin u-boot",
        (f"{_FROM_DISK} <at> firmware.bin", "booti <at> - ${fdtcontroladdr}"),
        "Nothing is verified but what the hypervisor verifies itself, its guests' images.",
    ),
    Recipe(
        "U-Boot: two slots",
        "slots",
        ("setenv slot b", "boot"),
        "Copy boot.scr to a partition that U-Boot starts from, and firmware.itb beside it as "
        "slot-a.itb and slot-b.itb; U-Boot runs boot.scr by itself, and starts a, or b where a is "
        "damaged. Later builds replace the slot that is not in use. These commands try b, this time "
        "alone; `saveenv` before `boot` keeps it the first one.",
    ),
    Recipe(
        "U-Boot: a new slot, once",
        "slots",
        ("setenv slot_try b", "saveenv", "boot"),
        "For an image that nobody knows yet: U-Boot forgets slot_try before it starts that slot, so that "
        "the next start, by whatever it comes, is again that of the slot that is known. When the new "
        "one has proved itself, `setenv slot b` and `saveenv` keep it.",
    ),
    Recipe(
        "Signature: the public key into U-Boot's device tree, once",
        "signed",
        ("cp firmware.itb signed.itb", "mkimage -F -k <keys> -K u-boot.dtb -r signed.itb"),
        "On this computer; u-boot.dtb is U-Boot's control device tree, <keys> holds <key>.key and its "
        "certificate <key>.crt. U-Boot (CONFIG_FIT_SIGNATURE) then refuses what that key did not sign. "
        "Where U-Boot's tree has the key, all commands above stay as they are.",
    ),
    Recipe(
        "SD card: what firmware needs of its own, into sd.img",
        "raspberry-pi",
        (
            "mcopy -i sd.img@@<partition> start4.elf fixup4.dat <tree> ::",
            "mmd -i sd.img@@<partition> ::overlays",
            "mcopy -i sd.img@@<partition> disable-bt.dtbo ::overlays",
        ),
        "On this computer, once after each build. The files are Raspberry Pi's, not redistributed here: "
        "take them from one release of its firmware repository (folder boot).",
    ),
    Recipe(
        "SD card: all of it",
        "raspberry-pi",
        ("sudo dd if=sd.img of=/dev/<card> bs=4M conv=fsync status=progress",),
        "After the recipe before this one. OVERWRITES the card: see by lsblk which device it is, and "
        "put its name in the place of CARD.",
    ),
    Recipe(
        "SD card: one that boots already",
        "raspberry-pi",
        ("cp kernel8.img config.txt /media/<card>/",),
        "Onto its first partition, in the place of what it has; CARD is where that is mounted. The "
        "firmware's own files stay.",
    ),
    Recipe(
        "Flash: flash.img",
        "flash",
        ("flashrom -w flash.img",),
        "flash.img is all of the flash at the reset address, <flash> bytes. With which programmer it is "
        "written (here: flashrom, its -p is yours to add) depends on the board.",
    ),
)


def flash_guide(plan: Plan, sizes: Mapping[str, int], sign_key: tuple[str, str] | None) -> str:
    """`sizes`: of the files that the build wrote, by name. `sign_key`: the folder's and the key's
    name."""
    board = plan.board
    words = _words(board, sizes, sign_key)
    head = [
        f"{plan.deployment.name} on {board.title}",
        "",
        f"inputs {plan.hash}",
        f"serial {board.uart.path}",
        "",
        _wrapped(_PRELUDE),
        "",
        f"    {_AT_THE_PROMPT}",
        "",
    ]
    kinds = _kinds(plan, sizes, sign_key)
    parts = [_told(recipe, words) for recipe in _RECIPES if set(recipe.needs.split()) <= kinds]
    return "\n".join([*head, *parts])


def slots_script(plan: Plan, itb_size: int) -> str:
    """boot.cmd: U-Boot's commands that start the first slot that is whole. Its shell knows no
    apostrophes in quoted text."""
    at = load_address(plan.board, itb_size)
    bootm = _BOOTM.replace("<at>", f"{at:#x}")
    return f"""\
# {plan.deployment.name}: slots a and b, by Bulkhead. The environment's slot is started first; a, where
# it says nothing. A slot that is missing, damaged or not signed as it must be is passed over. The
# environment's slot_try is started once: it is forgotten before.
setenv slot_once
if test -n "${{slot_try}}"; then
    setenv slot_once ${{slot_try}}
    setenv slot_try
    if saveenv; then
        echo "slot ${{slot_once}}: tried once"
    else
        echo "slot ${{slot_once}}: not tried, as the environment can not be saved"
        setenv slot_once
    fi
fi
if test "${{slot}}" = b; then
    setenv slot_order b a
else
    setenv slot_order a b
fi
for slot_name in ${{slot_once}} ${{slot_order}}; do
    echo "slot ${{slot_name}}: starting"
    if {_FROM_DISK} {at:#x} slot-${{slot_name}}.itb; then
        {bootm}
    fi
    echo "slot ${{slot_name}}: refused"
done
"""


def load_address(board: Board, size: int) -> int:
    """Where U-Boot may put a file before it starts it: in RAM that nobody keeps, clear of the place
    that the image goes to."""
    own = Range(board.image_base, board.image_limit)
    ram = next(part for part in board.ram if contains(part, Range(board.image_base, 1)))
    at = align_up(own.end, _LOAD_ALIGN)
    if at + size > ram.end:
        at = align_up(ram.base, _LOAD_ALIGN)
    taken = (own, *board.reserved)
    while any(overlaps(Range(at, size), part) for part in taken):
        at += _LOAD_ALIGN
    return at


def _kinds(plan: Plan, sizes: Mapping[str, int], sign_key: object) -> set[str]:
    """What is there of what recipes need."""
    board = plan.board
    kinds = set(board.formats)
    if board.qemu:
        kinds.add("qemu" if board.qemu_firmware is None else "qemu-firmware")
    if board.qemu_firmware is None:
        kinds.add("u-boot")
    kinds |= {"slots"} if plan.deployment.slots > 1 else set()
    return kinds | ({"signed"} if sign_key else set())


def _words(
    board: Board, sizes: Mapping[str, int], sign_key: tuple[str, str] | None
) -> dict[str, str]:
    extra = board.qemu_variants.get(board.variant, ()) if board.variant else ()
    largest = max(sizes.get(name, 0) for name in ("firmware.itb", "firmware.bin"))
    blocks = align_up(sizes.get("firmware.itb", 0), _BLOCK) // _BLOCK
    keys, key = sign_key or ("", "")
    return {
        "qemu": shlex.join((*board.qemu, *extra)),
        "at": f"{load_address(board, largest):#x}",
        "block": "0x800",
        "blocks": f"{blocks:#x}",
        "keys": shlex.quote(keys),
        "key": key,
        "flash": str(board.flash_size),
        "partition": str(SD_PARTITION),
        "card": "CARD",
        "tree": board.tree.name,
    }


def _told(recipe: Recipe, words: Mapping[str, str]) -> str:
    return "\n".join(
        (
            f"## {recipe.title}",
            "",
            _wrapped(_filled(recipe.about, words)),
            "",
            *(f"    {_filled(line, words)}" for line in recipe.lines),
            "",
        )
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"<{name}>", word)
    return text


def commands(guide: str, title: str) -> list[str]:
    """The commands of one recipe of a FLASH.txt."""
    _, found, rest = guide.partition(f"## {title}\n")
    if not found:
        raise KeyError(title)
    lines: Iterable[str] = rest.partition("\n## ")[0].splitlines()
    return [line.strip() for line in lines if line.startswith("    ")]
