/* SPDX-License-Identifier: Apache-2.0 */
#ifndef __NEWLIB_H__
#define __NEWLIB_H__ 1

/* newlib's configuration for the hypervisor: no locale, no wide characters, no streams, integer
 * printf with every C99 length modifier. */

#include <_newlib_version.h>

#define _WANT_IO_C99_FORMATS 1
#define _WANT_IO_LONG_LONG 1
#define _LDBL_EQ_DBL 1
#define _MB_LEN_MAX 1
#define _ATEXIT_DYNAMIC_ALLOC 0
#define _REENT_GLOBAL_ATEXIT 1

#endif
