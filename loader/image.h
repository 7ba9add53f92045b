/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOADER_IMAGE_H
#define LOADER_IMAGE_H

#include <stdbool.h>

#include "gen/rows.h"

/* Own CPU, loader tables selected: verifies the VM's images, zeroes its RAM outside of those that
 * run in place (always at a restart, else where the rows say `scrub`), copies the images.  False,
 * and told in the log: an image is damaged; the VM must not run. */
bool image_place(const struct vm_row *vm, bool restart);

#endif
