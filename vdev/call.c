/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/call.h"

#include "vdev/ivc.h"
#include "vdev/psci.h"

#define CALL_ARGS 4u
#define VERSION_SMCCC_1_2 0x10002

/* ARCH_WORKAROUND_1 to 3 are not offered: NOT_SUPPORTED says that firmware helps no CPU, whether or
 * not one needs it (SMCCC chapter 7), and is true on every core because nothing reaches firmware.
 */
static int64_t smccc_arch_features(uint32_t function)
{
    return function == SMCCC_VERSION || function == SMCCC_ARCH_FEATURES ? 0 : CALL_NOT_SUPPORTED;
}

/* Numbers of AxVM's calls lie where SMCCC has calls of Trusted OSes, which no guest can reach. */
static bool call_is_ivc(uint32_t function, const struct exit_call *call)
{
    return IVC_COUNT > 0 && !call->smc && ivc_is_call(function);
}

static int64_t call_answer(struct vcpu *vcpu, uint32_t function, const uint64_t args[CALL_ARGS])
{
    switch (function) {
    case SMCCC_VERSION:
        return VERSION_SMCCC_1_2;
    case SMCCC_ARCH_FEATURES:
        return smccc_arch_features((uint32_t)args[0]);
    default:
        return psci_call(vcpu, function, args);
    }
}

/* The identifier is 32 bits wide; so are the arguments of a 32-bit call (SMCCC chapter 2), but not
 * those of AxVM's.  An error is negative in both widths.  Calls with another immediate are not
 * SMCCC's. */
void call_serve(struct vcpu *vcpu, const struct exit_call *call)
{
    uint32_t function = (uint32_t)arch_reg_get(&vcpu->arch, 0);
    bool ivc = call_is_ivc(function, call);
    uint64_t args[CALL_ARGS];
    int64_t answer = CALL_NOT_SUPPORTED;

    for (unsigned n = 0; n < CALL_ARGS; n++) {
        uint64_t value = arch_reg_get(&vcpu->arch, n + 1);
        args[n] = ivc || (function & CALL_64) != 0 ? value : (uint32_t)value;
    }
    if (call->immediate == 0) {
        answer = ivc ? ivc_call(vcpu, function, args) : call_answer(vcpu, function, args);
    }
    arch_reg_set(&vcpu->arch, 0, (uint64_t)answer);
}
