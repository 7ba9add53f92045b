/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BULKHEAD_WATCHDOG_H
#define BULKHEAD_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

/* The VM's watchdog, where the deployment file gives it one (watchdog = "500ms").  It runs from the
 * start: a VM that does not refresh it in time has crashed. */

bool watchdog_present(void);
void watchdog_refresh(void); /* any CPU, anywhere */

/* Another timeout from now on, from a refresh to the crash; it is a refresh, too. */
void watchdog_set(uint64_t timeout_ns);
uint64_t watchdog_timeout_ns(void);
void watchdog_stop(void); /* until watchdog_set() */

/* Was the run before this one ended by the watchdog?  The first refresh makes this false. */
bool watchdog_was_late(void);

/* Calls handler(arg) on CPU 0, in interrupt context, after half of the timeout without a
 * refresh. */
void watchdog_on_warning(void (*handler)(void *arg), void *arg);

#endif
