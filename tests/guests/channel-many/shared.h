/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHANNEL_MANY_SHARED_H
#define CHANNEL_MANY_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

/* Peers of "many", in the order of the deployment. */
#define WRITER 0u
#define PAIR 1u
#define SINGLE 2u
#define ALL UINT32_MAX

#define RINGS 50u
#define LOST_WORDS (3u * 1024u * 1024u / 4u)

/* The window of "many": `writer` and `single` may write. */
struct many {
    _Atomic uint32_t run;      /* of the writer */
    _Atomic uint32_t sent;     /* rings of the writer in its second run */
    _Atomic uint32_t heard;    /* rings that `single` took */
    _Atomic uint32_t may_go;   /* `single`: it has seen the first run's words */
    _Atomic uint32_t finished; /* `single` is */
};

#endif
