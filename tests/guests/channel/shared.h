/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHANNEL_SHARED_H
#define CHANNEL_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

#define ROUNDS 100u

/* Channel "to-reader": the writer alone writes; "to-writer" likewise the reader. */
struct message {
    _Atomic uint32_t number;
    uint32_t copies[63]; /* each the same as number */
};

#endif
