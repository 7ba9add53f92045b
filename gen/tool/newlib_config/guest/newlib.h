/* SPDX-License-Identifier: Apache-2.0 */
#ifndef __NEWLIB_H__
#define __NEWLIB_H__ 1

/* newlib's configuration for unikernels: floating-point printf with every C99 format, buffered
 * streams, wide characters in the C locale, one thread. */

#include <_newlib_version.h>

#define _WANT_IO_C99_FORMATS 1
#define _WANT_IO_LONG_LONG 1
#define _WANT_IO_POS_ARGS 1
#define _WANT_REGISTER_FINI 1
#define _MB_LEN_MAX 1
#define HAVE_INITFINI_ARRAY 1
#define _HAVE_LONG_DOUBLE 1
#define _FVWRITE_IN_STREAMIO 1
#define _FSEEK_OPTIMIZATION 1
#define _WIDE_ORIENT 1
#define _UNBUF_STREAM_OPT 1
#define _WANT_USE_LONG_TIME_T 1

#endif
