/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AARCH64_SERROR_H
#define AARCH64_SERROR_H

#include <stdbool.h>
#include <stdint.h>

/* What an SError that ended a guest's time on its CPU means for others. */
enum serror_verdict {
    SERROR_GOES_ON, /* nothing is lost: the guest does not notice */
    SERROR_ENDS_VM, /* that VM can't go on; nothing of it has spread */
    SERROR_ENDS_ALL /* wrong data may be anywhere: no compartment can be vouched for */
};

/* ESR_EL2 of an SError (DDI 0487, D17.2.37, ISS of an SError).  Only with the RAS extension, and
 * only where IDS[24] is 0 and DFSC[5:0] says so, AET[12:10] tells how bad it is; else nobody knows
 * more than the CPU on which it came, which is one VM's. */
static inline enum serror_verdict serror_verdict(uint64_t esr, bool has_ras)
{
    if (!has_ras || (esr & (UINT64_C(1) << 24)) != 0 || (esr & 0x3f) != 0x11) {
        return SERROR_ENDS_VM;
    }
    switch ((esr >> 10) & 0x7) {
    case 2: /* UEO: restartable, the error was not consumed */
    case 6: /* CE: corrected */
        return SERROR_GOES_ON;
    case 1: /* UEU: unrecoverable, but contained */
    case 3: /* UER: recoverable */
        return SERROR_ENDS_VM;
    default: /* UC: uncontainable; the others are reserved */
        return SERROR_ENDS_ALL;
    }
}

#endif
