/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_DISPATCH_CHECK_H
#define VDEV_DISPATCH_CHECK_H

#include "gen/rows.h"

/* Boot CPU, before any guest runs: asserts what dispatch.h requires of a VM's rows.  The generator
 * sorts them, and the audit reads them back; this finds an image that came to harm on the way. */
void dispatch_check(const struct vm_row *vm);

#endif
