/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/eemi.c arch/fake/[a-z]*.c tests/unit/fixture/platform.c tests/boot/zynqmp/mock.c */
#include <string.h>

#include "arch/fake/fake.h"
#include "tests/boot/zynqmp/mock.h"
#include "tests/fuzz/input.h"
#include "vdev/call.h"
#include "vdev/eemi.h"

/* Any calls of firmware by a VM that has one UART: what reaches firmware is in the list here, which
 * says it otherwise than the mediator does, and everything else is refused. */

#define NODE 34u
#define CLOCK 57u
#define RESET 1035u
#define PIN 20u
#define BUS 31u

const struct vm_row vm_rows[VM_COUNT] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };
const struct eemi_vm_row eemi_vm_rows[EEMI_VM_COUNT] = {
    { .vm = 0, .grant_first = 0, .grant_count = 6 },
    { .vm = 2, .grant_first = 6, .grant_count = 2 },
};
#define GRANT(kind, from, to, own)                                                                 \
    {                                                                                              \
        .first = EEMI_KEY(kind, from), .last = EEMI_KEY(kind, to), .owned = (own)                  \
    }
const struct eemi_grant_row eemi_grant_rows[EEMI_GRANT_COUNT] = {
    GRANT(EEMI_NODE, NODE, NODE, true),    GRANT(EEMI_CLOCK, 0, 9, false),
    GRANT(EEMI_CLOCK, BUS, BUS, false),    GRANT(EEMI_CLOCK, CLOCK, CLOCK, true),
    GRANT(EEMI_RESET, RESET, RESET, true), GRANT(EEMI_PIN, PIN, PIN, true),
    GRANT(EEMI_NODE, 35, 40, true),        GRANT(EEMI_CLOCK, 58, 60, true),
};

static const struct vcpu_row vcpu_row = { .index = 0 };
static struct vcpu vcpu = { .vm_row = &vm_rows[0], .row = &vcpu_row, .vm = 0 };

static bool readable(uint32_t clock)
{
    return clock < 10 || clock == BUS || clock == CLOCK;
}

static bool may_query(const uint32_t words[4])
{
    bool of_clock = (words[0] >= 1 && words[0] <= 5) || words[0] == 13;

    return of_clock ? readable(words[1]) : words[0] >= 6 && words[0] <= 12;
}

static bool may_control(const uint32_t words[4])
{
    return words[1] == 6 || words[1] == 7 ? words[0] == NODE
                                          : (words[1] == 9 || words[1] == 11) && readable(words[2]);
}

static bool may(uint32_t api, const uint32_t words[4])
{
    if (api == 14 || (api == 15 && words[1] == 0)) {
        return false; /* nodes stay on */
    }
    if (api == 3 || api == 4 || (api >= 13 && api <= 16)) {
        return words[0] == NODE;
    }
    if (api == 17 || api == 18) {
        return words[0] == RESET;
    }
    if (api >= 28 && api <= 33) {
        return words[0] == PIN;
    }
    if (api == 34 || api == 35) {
        return api == 34 ? may_control(words) : may_query(words);
    }
    if (api >= 36 && api <= 44) {
        bool reads = api == 38 || api == 40 || api == 42 || api == 44;
        return words[0] == CLOCK || (reads && readable(words[0]));
    }
    return api == 1 || api == 24 || api == 63 || api == 0xa03;
}

static void firmware(uint64_t registers[4])
{
    const uint32_t words[4] = { (uint32_t)registers[1], (uint32_t)(registers[1] >> 32),
                                (uint32_t)registers[2], (uint32_t)(registers[2] >> 32) };

    MUST((registers[0] & ~UINT64_C(0xfff)) == EEMI_CALL);
    MUST(may((uint32_t)registers[0] & 0xfff, words));
    mock_call(registers);
}

/* Numbers that mean something more often than others. */
static uint32_t word(struct input *input)
{
    static const uint32_t told[] = { NODE, CLOCK, RESET, PIN, BUS, 9, 10, 35, 58, 0x10000 | NODE };
    uint32_t which = input_below(input, 16);

    return which < sizeof(told) / sizeof(told[0]) ? told[which] : (uint32_t)input_take(input, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { .data = data, .left = size };

    fake_reset();
    fake_firmware_set(firmware);
    memset(&mock, 0, sizeof(mock));
    while (input.left > 0) {
        uint32_t api = (uint32_t)input_take(&input, 2) & 0xfff;
        uint64_t args[2];
        for (unsigned n = 0; n < 2; n++) {
            uint64_t low = word(&input);
            args[n] = low | (uint64_t)word(&input) << 32;
        }
        uint32_t calls = mock.calls;
        int64_t answer = eemi_call(&vcpu, EEMI_CALL | api, args);
        uint32_t first = (uint32_t)args[0];
        bool at_home =
            api == 14 || api == 15 || api == 21 || api == 63 || (api == 36 && readable(first));
        const uint32_t words[4] = { first, (uint32_t)(args[0] >> 32), (uint32_t)args[1],
                                    (uint32_t)(args[1] >> 32) };

        MUST(at_home || (mock.calls != calls) == may(api, words));
        MUST(at_home || mock.calls != calls || answer == 2002);
    }
    MUST(mock.clock_offs[BUS] == 0 && mock.clock_on[BUS] == 0);
    return 0;
}
