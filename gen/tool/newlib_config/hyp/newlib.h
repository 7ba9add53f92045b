/* SPDX-License-Identifier: Apache-2.0 */
#ifndef __NEWLIB_H__
#define __NEWLIB_H__ 1

/* newlib's configuration for the hypervisor, which has nothing of it but memory and strings. */

#include <_newlib_version.h>

#define _LDBL_EQ_DBL 1
#define _MB_LEN_MAX 1
#define _ATEXIT_DYNAMIC_ALLOC 0
#define _REENT_GLOBAL_ATEXIT 1

#endif
