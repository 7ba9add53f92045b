# SPDX-License-Identifier: Apache-2.0
"""The audit: shows from the finished firmware.elf what the image isolates. It knows the hardware's
bits by itself, from the manuals, and shares nothing with gen/plan and gen/emit: only the reader of
ELF files (gen/tool/elf.py, typed.py) and the way findings are told (gen/diagnostics.py).

image.py reads the rows, arm.py the bits, walk.py the page tables; asked_*.py read what was asked for
from the deployment and the board; the other files are checks; audit.py lists them."""
