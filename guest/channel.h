/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_CHANNEL_H
#define GUEST_CHANNEL_H

void channel_init(void); /* first CPU, after machine_read() */

#endif
