/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/psci.h"

#include "arch/fast.h"
#include "platform/panic.h"
#include "vdev/call.h"
#include "vdev/guest_memory.h"
#include "vdev/notice.h"
#include "vdev/vm.h"

#define MIGRATE_NOT_NEEDED 2 /* no Trusted OS, or one that needs no migration */
#define SYSTEM_WARM_RESET 0u /* the one architectural type of SYSTEM_RESET2 */

/* PSCI 5.2, return error codes */
#define SUCCESS 0
#define NOT_SUPPORTED CALL_NOT_SUPPORTED
#define INVALID_PARAMETERS (-2)
#define ALREADY_ON (-4)
#define ON_PENDING (-5)
#define INVALID_ADDRESS (-9)

/* AFFINITY_INFO's answers */
#define AFFINITY_ON 0
#define AFFINITY_OFF 1
#define AFFINITY_ON_PENDING 2

/* CPU_SUSPEND's power_state in the original format (PSCI 5.4): StateID[15:0], StateType[16],
 * PowerLevel[25:24]; the rest is zero. */
#define POWER_STATE_RESERVED 0xfcfe0000u

#define INSTRUCTION_SIZE 4u

static struct vcpu *psci_target(const struct vcpu *vcpu, uint64_t guest_id)
{
    const struct vm_row *vm = vcpu->vm_row;

    for (uint32_t i = vm->vcpu_first; i < (uint32_t)vm->vcpu_first + vm->vcpu_count; i++) {
        if (vcpu_rows[i].guest_id == guest_id) {
            return &vcpus[i];
        }
    }
    return NULL;
}

/* Of racing calls the one that claims the vCPU succeeds; it alone fills the entry.  A vCPU that is
 * going off counts as on until it is off. */
static int64_t psci_cpu_on(const struct vcpu *vcpu, uint64_t guest_id, uint64_t entry,
                           uint64_t context)
{
    struct vcpu *target = psci_target(vcpu, guest_id);
    uint32_t power = VCPU_OFF;

    if (target == NULL) {
        return INVALID_PARAMETERS;
    }
    if (entry % INSTRUCTION_SIZE != 0 ||
        !guest_memory_check(vcpu->vm_row, GPA(entry), INSTRUCTION_SIZE, false)) {
        return INVALID_ADDRESS;
    }
    if (VCPU_MAX_PER_VM == 1) { /* the caller itself */
        return ALREADY_ON;
    }
    if (!atomic_compare_exchange_strong_explicit(&target->power, &power, VCPU_CLAIMED,
                                                 memory_order_acquire, memory_order_relaxed)) {
        return power == VCPU_ON ? ALREADY_ON : ON_PENDING;
    }
    ASSERT(target->vm == vcpu->vm && target != vcpu);
    notice_debug(vcpu, "CPU_ON of vCPU %u at %#llx", (unsigned)target->row->index,
                 (unsigned long long)entry);
    target->start_entry = entry;
    target->start_arg = context;
    atomic_store_explicit(&target->power, VCPU_ON_PENDING, memory_order_release);
    vcpu_request(target, VCPU_REQUEST_START);
    return SUCCESS;
}

/* Levels above the CPU's own need not be supported since PSCI 1.0. */
static int64_t psci_affinity_info(const struct vcpu *vcpu, uint64_t guest_id, uint64_t level)
{
    const struct vcpu *target = psci_target(vcpu, guest_id);

    if (target == NULL || level != 0) {
        return INVALID_PARAMETERS;
    }
    switch ((enum vcpu_power)atomic_load_explicit(&target->power, memory_order_relaxed)) {
    case VCPU_OFF:
        return AFFINITY_OFF;
    case VCPU_CLAIMED:
    case VCPU_ON_PENDING:
        return AFFINITY_ON_PENDING;
    case VCPU_ON:
        break;
    }
    return AFFINITY_ON;
}

/* A vCPU has its pCPU for itself: there is nothing to power down, so every state is treated as a
 * standby state that wakes at once, which a caller must expect of both kinds (PSCI 5.4). */
static int64_t psci_cpu_suspend(uint64_t power_state)
{
    return (power_state & POWER_STATE_RESERVED) != 0 ? INVALID_PARAMETERS : SUCCESS;
}

static int64_t psci_system_reset2(struct vcpu *vcpu, uint64_t type)
{
    if (type != SYSTEM_WARM_RESET) { /* vendors' types have bit 31 set: there are none */
        return INVALID_PARAMETERS;
    }
    vcpu->end = VCPU_END_RESET;
    return SUCCESS;
}

/* Bit n: there is the function PSCI_VERSION + n, in its 32-bit and in its 64-bit form. */
#define FUNCTION(identifier) (1u << ((identifier)-PSCI_VERSION))
#define FUNCTIONS_64                                                                               \
    (FUNCTION(PSCI_CPU_SUSPEND) | FUNCTION(PSCI_CPU_ON) | FUNCTION(PSCI_AFFINITY_INFO) |           \
     FUNCTION(PSCI_SYSTEM_RESET2))
#define FUNCTIONS_32                                                                               \
    (FUNCTIONS_64 | FUNCTION(PSCI_VERSION) | FUNCTION(PSCI_CPU_OFF) |                              \
     FUNCTION(PSCI_MIGRATE_INFO_TYPE) | FUNCTION(PSCI_SYSTEM_OFF) | FUNCTION(PSCI_SYSTEM_RESET) |  \
     FUNCTION(PSCI_FEATURES))

static inline bool psci_has(uint32_t function)
{
    uint32_t n = (function & ~CALL_64) - PSCI_VERSION;

    return n < 32 && (((function & CALL_64) != 0 ? FUNCTIONS_64 : FUNCTIONS_32) >> n & 1u) != 0;
}

/* CPU_SUSPEND: 0 says original format and no OS-initiated mode. */
ARCH_FAST_CALL int64_t psci_features(uint32_t function)
{
    return psci_has(function) || function == SMCCC_VERSION ? SUCCESS : NOT_SUPPORTED;
}

ARCH_FAST_CALL int64_t psci_fast_call(uint32_t function)
{
    return psci_has(function) ? FAST_CALL_DECLINED : NOT_SUPPORTED;
}

int64_t psci_call(struct vcpu *vcpu, uint32_t function, const uint64_t args[3])
{
    switch (function) {
    case PSCI_VERSION:
        return PSCI_VERSION_1_1;
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_SUSPEND | CALL_64:
        return psci_cpu_suspend(args[0]);
    case PSCI_CPU_OFF:
        vcpu->end = VCPU_END_CPU_OFF;
        return SUCCESS;
    case PSCI_CPU_ON:
    case PSCI_CPU_ON | CALL_64:
        return psci_cpu_on(vcpu, args[0], args[1], args[2]);
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO | CALL_64:
        return psci_affinity_info(vcpu, args[0], args[1]);
    case PSCI_MIGRATE_INFO_TYPE:
        return MIGRATE_NOT_NEEDED;
    case PSCI_SYSTEM_OFF:
        vcpu->end = VCPU_END_OFF;
        return SUCCESS;
    case PSCI_SYSTEM_RESET:
        vcpu->end = VCPU_END_RESET;
        return SUCCESS;
    case PSCI_SYSTEM_RESET2:
    case PSCI_SYSTEM_RESET2 | CALL_64:
        return psci_system_reset2(vcpu, args[0] & UINT32_MAX);
    case PSCI_FEATURES:
        return psci_features((uint32_t)args[0]);
    default:
        return NOT_SUPPORTED;
    }
}
