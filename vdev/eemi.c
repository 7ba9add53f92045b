/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/eemi.h"

#include "vdev/call.h"
#include "vdev/notice.h"

/* Embedded Energy Management Interface, Xilinx UG1200: API functions by number.  A function that is
 * not here never reaches firmware: those that stop or start CPUs and the board, load images, read
 * or write registers and memory for the caller, or act for all software on the CPUs. */
enum eemi_api {
    API_VERSION = 1,
    API_NODE_STATUS = 3,
    API_NODE_CHARACTERISTIC = 4,
    API_NODE_REQUEST = 13,
    API_NODE_RELEASE = 14,
    API_NODE_REQUIREMENT = 15,
    API_NODE_LATENCY = 16,
    API_RESET_ASSERT = 17,
    API_RESET_STATUS = 18,
    API_INIT_FINALIZE = 21,
    API_CHIP_ID = 24,
    API_PIN_REQUEST = 28,
    API_PIN_RELEASE = 29,
    API_PIN_FUNCTION_GET = 30,
    API_PIN_FUNCTION_SET = 31,
    API_PIN_CONFIG_GET = 32,
    API_PIN_CONFIG_SET = 33,
    API_IOCTL = 34,
    API_QUERY = 35,
    API_CLOCK_ENABLE = 36,
    API_CLOCK_DISABLE = 37,
    API_CLOCK_STATE = 38,
    API_CLOCK_DIVIDER_SET = 39,
    API_CLOCK_DIVIDER_GET = 40,
    API_CLOCK_RATE_SET = 41,
    API_CLOCK_RATE_GET = 42,
    API_CLOCK_PARENT_SET = 43,
    API_CLOCK_PARENT_GET = 44,
    API_FEATURE_CHECK = 63,
    API_COUNT,
    API_TRUSTZONE_VERSION = 0xa03, /* of TF-A itself */
};

/* Status words (UG1200, error codes). */
#define STATUS_SUCCESS 0u
#define STATUS_NO_FEATURE 19u
#define STATUS_NO_ACCESS 2002u
#define CLOCK_IS_ON UINT64_C(0x100000000) /* success, and the state behind it */

/* What an argument names. NOTHING: the call says the same to everybody and changes nothing. */
enum named { UNKNOWN, NOTHING, NODE, CLOCK, RESET, PIN };

/* Which argument of a call names something. */
struct rule {
    uint8_t named;
    uint8_t argument;
    bool changes;
};

/* What an argument names must be granted, or, where the call changes it, owned. */
#define READS(what, place)                                                                         \
    {                                                                                              \
        .named = (what), .argument = (place), .changes = false                                     \
    }
#define CHANGES(what, place)                                                                       \
    {                                                                                              \
        .named = (what), .argument = (place), .changes = true                                      \
    }

static const struct rule functions[API_COUNT] = {
    [API_VERSION] = READS(NOTHING, 0),          [API_NODE_STATUS] = READS(NODE, 0),
    [API_NODE_CHARACTERISTIC] = READS(NODE, 0), [API_NODE_REQUEST] = CHANGES(NODE, 0),
    [API_NODE_RELEASE] = CHANGES(NODE, 0),      [API_NODE_REQUIREMENT] = CHANGES(NODE, 0),
    [API_NODE_LATENCY] = CHANGES(NODE, 0),      [API_RESET_ASSERT] = CHANGES(RESET, 0),
    [API_RESET_STATUS] = READS(RESET, 0),       [API_CHIP_ID] = READS(NOTHING, 0),
    [API_PIN_REQUEST] = CHANGES(PIN, 0),        [API_PIN_RELEASE] = CHANGES(PIN, 0),
    [API_PIN_FUNCTION_GET] = READS(PIN, 0),     [API_PIN_FUNCTION_SET] = CHANGES(PIN, 0),
    [API_PIN_CONFIG_GET] = READS(PIN, 0),       [API_PIN_CONFIG_SET] = CHANGES(PIN, 0),
    [API_CLOCK_ENABLE] = CHANGES(CLOCK, 0),     [API_CLOCK_DISABLE] = CHANGES(CLOCK, 0),
    [API_CLOCK_STATE] = READS(CLOCK, 0),        [API_CLOCK_DIVIDER_SET] = CHANGES(CLOCK, 0),
    [API_CLOCK_DIVIDER_GET] = READS(CLOCK, 0),  [API_CLOCK_RATE_SET] = CHANGES(CLOCK, 0),
    [API_CLOCK_RATE_GET] = READS(CLOCK, 0),     [API_CLOCK_PARENT_SET] = CHANGES(CLOCK, 0),
    [API_CLOCK_PARENT_GET] = READS(CLOCK, 0),
};

/* API_QUERY, by its first argument: facts of the chip.  A clock that a VM may not even read is not
 * valid for it. */
static const struct rule queries[] = {
    [1] = READS(CLOCK, 1),    /* name */
    [2] = READS(CLOCK, 1),    /* topology */
    [3] = READS(CLOCK, 1),    /* fixed factor */
    [4] = READS(CLOCK, 1),    /* parents */
    [5] = READS(CLOCK, 1),    /* attributes */
    [6] = READS(NOTHING, 0),  /* number of pins */
    [7] = READS(NOTHING, 0),  /* number of pin functions */
    [8] = READS(NOTHING, 0),  /* number of groups of a function */
    [9] = READS(NOTHING, 0),  /* name of a function */
    [10] = READS(NOTHING, 0), /* groups of a function */
    [11] = READS(NOTHING, 0), /* groups of a pin */
    [12] = READS(NOTHING, 0), /* number of clocks */
    [13] = READS(CLOCK, 1),   /* largest divisor */
};

/* API_IOCTL, by its second argument. */
static const struct rule ioctls[] = {
    [6] = CHANGES(NODE, 0), /* reset of an SD controller's DLL */
    [7] = CHANGES(NODE, 0), /* tap delay of an SD controller */
    [9] = READS(CLOCK, 2),  /* fractional mode of a PLL */
    [11] = READS(CLOCK, 2), /* fractional data of a PLL */
};

static const uint32_t kinds[] = {
    [NODE] = EEMI_NODE, [CLOCK] = EEMI_CLOCK, [RESET] = EEMI_RESET, [PIN] = EEMI_PIN
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct eemi_vm_row *vm_of(uint32_t vm)
{
    for (uint32_t n = 0; n < EEMI_VM_COUNT; n++) {
        if (eemi_vm_rows[n].vm == vm) {
            return &eemi_vm_rows[n];
        }
    }
    return NULL;
}

/* Rows are sorted and disjoint. */
static bool is_granted(const struct eemi_vm_row *vm, uint32_t kind, uint32_t id, bool owned)
{
    const struct eemi_grant_row *rows = &eemi_grant_rows[vm->grant_first];
    uint32_t key = EEMI_KEY(kind, id);
    uint32_t low = 0;
    uint32_t high = vm->grant_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (rows[middle].last < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return id <= EEMI_ID_MAX && low < vm->grant_count && rows[low].first <= key &&
           (rows[low].owned || !owned);
}

static struct rule rule_of(uint32_t api, const uint32_t words[4])
{
    static const struct rule free = READS(NOTHING, 0);
    static const struct rule none = CHANGES(UNKNOWN, 0);

    if (api == API_QUERY) {
        return words[0] < COUNT(queries) ? queries[words[0]] : none;
    }
    if (api == API_IOCTL) {
        return words[1] < COUNT(ioctls) ? ioctls[words[1]] : none;
    }
    if (api == API_TRUSTZONE_VERSION) {
        return free;
    }
    return api < API_COUNT ? functions[api] : none;
}

static bool is_allowed(const struct eemi_vm_row *vm, uint32_t api, const uint32_t words[4])
{
    struct rule rule = rule_of(api, words);

    if (rule.named == UNKNOWN || rule.named == NOTHING) {
        return rule.named == NOTHING;
    }
    return is_granted(vm, kinds[rule.named], words[rule.argument], rule.changes);
}

/* Has any caller use of the function? */
static bool is_served(uint32_t api)
{
    return api == API_QUERY || api == API_IOCTL || api == API_TRUSTZONE_VERSION ||
           api == API_FEATURE_CHECK || api == API_INIT_FINALIZE ||
           (api < API_COUNT && functions[api].named != UNKNOWN);
}

static int64_t forward(struct vcpu *vcpu, uint32_t function, const uint64_t args[2])
{
    uint64_t registers[4] = { function, args[0], args[1], 0 };

    arch_firmware_call(registers);
    arch_reg_set(&vcpu->arch, 1, registers[1]);
    return (int64_t)registers[0];
}

static int64_t status(struct vcpu *vcpu, uint32_t value)
{
    arch_reg_set(&vcpu->arch, 1, 0);
    return (int64_t)(uint64_t)value;
}

/* A node that nobody needs any more takes along what its clock comes from, unless somebody else
 * asked firmware for that; other VMs' devices live by it without asking.  So nodes stay on. */
static bool lets_go(uint32_t api, const uint32_t words[4])
{
    return api == API_NODE_RELEASE || (api == API_NODE_REQUIREMENT && words[1] == 0);
}

/* A driver switches on what its clock comes from, too.  That is on where anything comes from it,
 * and stays as it is: firmware might start it anew. */
static int64_t enable_shared(struct vcpu *vcpu, uint32_t clock)
{
    uint64_t registers[4] = { EEMI_CALL | API_CLOCK_STATE, clock, 0, 0 };

    arch_firmware_call(registers);
    return status(vcpu, registers[0] == CLOCK_IS_ON ? STATUS_SUCCESS : STATUS_NO_ACCESS);
}

/* Two 32-bit arguments are in each register. */
int64_t eemi_call(struct vcpu *vcpu, uint32_t function, const uint64_t args[2])
{
    const struct eemi_vm_row *vm = vm_of(vcpu->vm);
    uint32_t api = function & ~EEMI_CALL_MASK;
    uint32_t words[4] = { (uint32_t)args[0], (uint32_t)(args[0] >> 32), (uint32_t)args[1],
                          (uint32_t)(args[1] >> 32) };

    if (vm == NULL || (function & EEMI_CALL_MASK) != EEMI_CALL) {
        return CALL_NOT_SUPPORTED;
    }
    if (api == API_FEATURE_CHECK) {
        return is_served(words[0]) ? forward(vcpu, function, args)
                                   : status(vcpu, STATUS_NO_FEATURE);
    }
    if (api == API_INIT_FINALIZE) { /* it would power off what other VMs use without asking */
        return status(vcpu, STATUS_SUCCESS);
    }
    if (api == API_CLOCK_ENABLE && is_granted(vm, EEMI_CLOCK, words[0], false) &&
        !is_granted(vm, EEMI_CLOCK, words[0], true)) {
        return enable_shared(vcpu, words[0]);
    }
    if (!is_allowed(vm, api, words)) {
        notice_debug(vcpu, "EEMI call %u of %#x, %#x: refused", (unsigned)api, (unsigned)words[0],
                     (unsigned)words[1]);
        return status(vcpu, STATUS_NO_ACCESS);
    }
    return lets_go(api, words) ? status(vcpu, STATUS_SUCCESS) : forward(vcpu, function, args);
}
