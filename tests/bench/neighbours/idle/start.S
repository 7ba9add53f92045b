/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guests/image_header.inc"

/* A VM that waits for an interrupt that never comes. */

    image_header
    wfi
    b       1b

    .bss
    .skip   16
