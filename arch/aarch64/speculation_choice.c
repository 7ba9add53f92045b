/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/aarch64/speculation.h"

#include <stdbool.h>

#include "gen/rows.h"

/* ID_AA64PFR0_EL1.CSV2 (DDI 0487, D17.2.64): from 1 on branch targets, from 3 on histories of one
 * context can't steer another. */
#define CSV2_TARGETS 1u
#define CSV2_HISTORY 3u

static int32_t told(bool weak, int32_t firmware)
{
    if (!weak) {
        return SPECULATION_NOT_NEEDED;
    }
    return firmware < 0 ? SPECULATION_NOT_SUPPORTED : firmware;
}

/* Firmware's calls flush all that branches are predicted by, so one of them is enough, and the loop
 * where it has none or the targets are safe.  Nobody switches the second one off, so a guest has
 * nothing to do about it. */
void speculation_choose(uint32_t weaknesses, uint32_t branches, uint32_t csv2,
                        const int32_t firmware[3], struct speculation *chosen)
{
    bool targets = (weaknesses & ARCH_WEAK_TARGETS) != 0 && csv2 < CSV2_TARGETS;
    bool history = (weaknesses & ARCH_WEAK_HISTORY) != 0 && csv2 < CSV2_HISTORY;
    bool stores = (weaknesses & ARCH_WEAK_STORES) != 0;
    bool has_1 = firmware[0] == SPECULATION_NEEDED;
    bool has_3 = firmware[2] == SPECULATION_NEEDED;
    uint32_t call = 0;

    if ((targets || branches == 0) && history && has_3) {
        call = SPECULATION_WORKAROUND_3;
    } else if (targets && has_1) {
        call = SPECULATION_WORKAROUND_1;
    }
    chosen->entry.call = call;
    chosen->entry.branches = history && call == 0 ? branches : 0;
    chosen->features[0] = told(targets, firmware[0]);
    chosen->features[1] = stores && firmware[1] == SPECULATION_NOT_SUPPORTED
                              ? SPECULATION_NOT_SUPPORTED
                              : SPECULATION_NOT_REQUIRED;
    chosen->features[2] = told(history, firmware[2]);
}
