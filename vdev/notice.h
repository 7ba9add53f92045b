/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_NOTICE_H
#define VDEV_NOTICE_H

#include "platform/log.h"
#include "vdev/vcpu.h"

/*
 * A line of the log about what a guest asked for and did not get, for who debugs that guest:
 * docs/troubleshooting.md.  Own CPU, before the exit is answered.  A guest can't flood the log: of
 * each vCPU only so many lines are written in a stretch of time, the next one tells how many were
 * left out.
 */
#define NOTICE_MAX 8u /* lines of one vCPU in ... */
#define NOTICE_S 10u  /* seconds */

/* May the vCPU have another line now? */
bool notice_allowed(const struct vcpu *vcpu);

#define NOTICE_AT(level, vcpu, format, ...)                                                        \
    do {                                                                                           \
        if (LOG_KEPT(level) && notice_allowed(vcpu)) {                                             \
            log_line((level), "%s: vCPU %u at pc %#llx: " format, (vcpu)->vm_row->name,            \
                     (unsigned)(vcpu)->row->index,                                                 \
                     (unsigned long long)arch_vcpu_pc(&(vcpu)->arch), __VA_ARGS__);                \
        }                                                                                          \
    } while (0)
#define notice(vcpu, ...) NOTICE_AT(LOG_WARN, vcpu, __VA_ARGS__)
#define notice_debug(vcpu, ...) NOTICE_AT(LOG_DEBUG, vcpu, __VA_ARGS__) /* may be no mistake */

#endif
