/* SPDX-License-Identifier: Apache-2.0 */
/* sources: tests/unit/fixture/platform.c */
#include "arch/aarch64/serror.h"
#include "tests/unit/check.h"

/* DDI 0487, D17.2.37: EC 0x2f, IL; IDS[24], AET[12:10], DFSC[5:0]. */
#define ESR(ids, aet, dfsc) (0xbe000000u | (ids) << 24 | (aet) << 10 | (dfsc))
#define ASYNCHRONOUS 0x11u

static void with_ras(void)
{
    static const enum serror_verdict want[8] = {
        [0] = SERROR_ENDS_ALL,                                              /* UC */
        [1] = SERROR_ENDS_VM,                                               /* UEU */
        [2] = SERROR_GOES_ON,                                               /* UEO */
        [3] = SERROR_ENDS_VM,                                               /* UER */
        [4] = SERROR_ENDS_ALL, [5] = SERROR_ENDS_ALL, [6] = SERROR_GOES_ON, /* CE */
        [7] = SERROR_ENDS_ALL,
    };

    for (uint32_t aet = 0; aet < 8; aet++) {
        CHECK_EQ(serror_verdict(ESR(0, aet, ASYNCHRONOUS), true), want[aet]);
    }
}

/* What the CPU does not tell is the VM's whose CPU it is: AET means nothing then. */
static void not_told(void)
{
    for (uint32_t aet = 0; aet < 8; aet++) {
        CHECK_EQ(serror_verdict(ESR(0, aet, ASYNCHRONOUS), false), SERROR_ENDS_VM);
        CHECK_EQ(serror_verdict(ESR(1u, aet, ASYNCHRONOUS), true), SERROR_ENDS_VM);
        CHECK_EQ(serror_verdict(ESR(0, aet, 0), true), SERROR_ENDS_VM);
    }
}

int main(void)
{
    TEST(with_ras);
    TEST(not_told);
    return test_result();
}
