/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/call.h"

#include "arch/fast.h"
#include "vdev/eemi.h"
#include "vdev/ivc.h"
#include "vdev/monitor.h"
#include "vdev/notice.h"
#include "vdev/psci.h"

#define CALL_ARGS 4u
#define VERSION_SMCCC_1_2 0x10002
/* Owning entity of a fast call (SMCCC 2.5): bits 29:24, with bit 31. */
#define CALL_OWNER(function) ((function) >> 24 & 0xbfu)
#define OWNER_ARCHITECTURE 0x80u
#define OWNER_HYPERVISOR 0x86u
#define OWNER_SIP 0x82u /* the silicon provider's firmware */
#define WORKAROUND_NOT_NEEDED 1
#define WORKAROUND_NOT_REQUIRED (-2) /* of the second one, which has a state */
#define HYPERVISOR_MAJOR 1
#define HYPERVISOR_MINOR 0

/* Calls of Arm's architecture (2.5): what they say depends on the physical CPU, which is the
 * vCPU's. */
static bool call_is_architecture(uint32_t function)
{
    return CALL_OWNER(function) == OWNER_ARCHITECTURE;
}

/* What ARCH_FEATURES says of a workaround for speculation (chapter 7).  CPUs of a board without
 * ARCH_SPECULATION need none. */
static int64_t workaround(uint32_t number)
{
    if (CONFIG_ARCH_SPECULATION) {
        return arch_workaround(number);
    }
    return number == 2 ? WORKAROUND_NOT_REQUIRED : WORKAROUND_NOT_NEEDED;
}

static int64_t smccc_arch_features(uint32_t function)
{
    switch (function) {
    case SMCCC_VERSION:
    case SMCCC_ARCH_FEATURES:
        return 0;
    case SMCCC_ARCH_WORKAROUND_1:
        return workaround(1);
    case SMCCC_ARCH_WORKAROUND_2:
        return workaround(2);
    case SMCCC_ARCH_WORKAROUND_3:
        return workaround(3);
    default:
        return CALL_NOT_SUPPORTED;
    }
}

/* 1 and 3: whatever the CPU needs of it, the way to here did, as each exit does. */
static int64_t architecture_answer(uint32_t function, uint32_t arg)
{
    switch (function) {
    case SMCCC_VERSION:
        return VERSION_SMCCC_1_2;
    case SMCCC_ARCH_FEATURES:
        return smccc_arch_features(arg);
    case SMCCC_ARCH_WORKAROUND_1:
    case SMCCC_ARCH_WORKAROUND_3:
        return smccc_arch_features(function) < 0 ? CALL_NOT_SUPPORTED : 0;
    default:
        return CALL_NOT_SUPPORTED;
    }
}

/* Numbers of AxVM's calls lie where SMCCC has calls of Trusted OSes, which no guest can reach. */
static bool call_is_ivc(uint32_t function, const struct exit_call *call)
{
    return IVC_COUNT > 0 && !call->smc && ivc_is_call(function);
}

/* 32d32857-1405-5347-9336-cd63fdeb4bc0, the first byte in the lowest bits of x0. */
static int64_t hypervisor_uid(struct vcpu *vcpu)
{
    arch_reg_set(&vcpu->arch, 1, 0x47530514);
    arch_reg_set(&vcpu->arch, 2, 0x63cd3693);
    arch_reg_set(&vcpu->arch, 3, 0xc04bebfd);
    return 0x5728d332;
}

static int64_t hypervisor_revision(struct vcpu *vcpu)
{
    arch_reg_set(&vcpu->arch, 1, HYPERVISOR_MINOR);
    return HYPERVISOR_MAJOR;
}

static int64_t hypervisor_answer(struct vcpu *vcpu, uint32_t function, uint64_t arg)
{
    switch (function) {
    case HYPERVISOR_UID:
        return hypervisor_uid(vcpu);
    case HYPERVISOR_REVISION:
        return hypervisor_revision(vcpu);
    default:
        return MONITOR_COUNT > 0 ? monitor_call(vcpu, function, arg) : CALL_NOT_SUPPORTED;
    }
}

static int64_t call_answer(struct vcpu *vcpu, uint32_t function, const uint64_t args[CALL_ARGS])
{
    if (call_is_architecture(function)) {
        return architecture_answer(function, (uint32_t)args[0]);
    }
    if (CALL_OWNER(function) == OWNER_HYPERVISOR) {
        return hypervisor_answer(vcpu, function, args[0]);
    }
    if (EEMI_VM_COUNT > 0 && CALL_OWNER(function) == OWNER_SIP) {
        return eemi_call(vcpu, function, args);
    }
    return psci_call(vcpu, function, args);
}

/* What a guest asks to find out what there is, and what nobody knows. */
ARCH_FAST_CALL int64_t fast_call(struct vcpu *vcpu, uint32_t function, uint64_t arg)
{
    (void)vcpu;
    if (function == PSCI_FEATURES) {
        return psci_features((uint32_t)arg);
    }
    if (CONFIG_LOG_LEVEL_VALUE >= LOG_DEBUG || CALL_OWNER(function) == OWNER_HYPERVISOR ||
        (IVC_COUNT > 0 && ivc_is_call(function)) ||
        (EEMI_VM_COUNT > 0 && CALL_OWNER(function) == OWNER_SIP) ||
        call_is_architecture(function)) {
        return FAST_CALL_DECLINED;
    }
    return psci_fast_call(function);
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
    if (!ivc && answer == CALL_NOT_SUPPORTED) {
        notice_debug(vcpu, "call %#x, %#llx: not supported", (unsigned)function,
                     (unsigned long long)args[0]);
    }
    arch_reg_set(&vcpu->arch, 0, (uint64_t)answer);
}
