/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/boot/zynqmp/mock.h"

#define NO_FEATURE 19u
#define INVALID 2003u
#define NO_SUCH_PARENT UINT32_MAX

/* Numbers of clocks (UG1200; dt-bindings of xlnx,zynqmp-clk). */
#define IOPLL 0u
#define LPD_LSBUS 31u
#define UART1_REF 57u
#define PSS_REF 112u /* external */
#define CLOCKS 113u
/* Topology: type in the lowest bits, then flags of the common clock framework from bit 8 on. */
#define TYPE_DIVIDER 4u
#define TYPE_GATE 6u
#define FLAG_CRITICAL (1u << 11)
#define PARENT_EXTERNAL (5u << 16)
#define ATTRIBUTE_VALID 1u
#define ATTRIBUTE_EXTERNAL 4u
#define PINS 78u
#define UART1_GROUP 5u
#define GROUPS 6u
#define NO_GROUP 0xffffu
#define PIN_VOLTAGE 5u
#define PIN_1V8 1u

struct mock_state mock;

static void put_text(uint32_t words[4], const char *text)
{
    for (uint32_t n = 0; n < 16 && text[n] != '\0'; n++) {
        words[n / 4] |= (uint32_t)(uint8_t)text[n] << 8 * (n % 4);
    }
}

/* Names are unique. */
static void clock_name(uint32_t clock, uint32_t out[4])
{
    char number[] = "clock_000";

    for (uint32_t at = 8, rest = clock; at > 5; at--, rest /= 10) {
        number[at] = (char)('0' + rest % 10);
    }
    out[0] = 0;
    put_text(out, clock == IOPLL       ? "iopll"
                  : clock == LPD_LSBUS ? "lpd_lsbus"
                  : clock == UART1_REF ? "uart1_ref"
                  : clock == PSS_REF   ? "pss_ref_clk"
                                       : number);
}

static void clock_topology(uint32_t clock, uint32_t first, uint32_t out[4])
{
    if (first != 0) {
        return;
    }
    if (clock == UART1_REF) {
        out[1] = TYPE_DIVIDER;
        out[2] = TYPE_GATE;
    } else {
        out[1] = TYPE_GATE | FLAG_CRITICAL << 8;
    }
}

/* UART1 runs from the PLL, all else from the board's oscillator. */
static void clock_parents(uint32_t clock, uint32_t first, uint32_t out[4])
{
    out[1] = first != 0 ? NO_SUCH_PARENT : clock == UART1_REF ? IOPLL : PSS_REF | PARENT_EXTERNAL;
    out[2] = NO_SUCH_PARENT;
    out[3] = NO_SUCH_PARENT;
}

static void pin_groups(uint32_t pin, uint32_t first, uint32_t out[4])
{
    out[1] = first == 0 && (pin == 20 || pin == 21) ? UART1_GROUP | NO_GROUP << 16 : UINT32_MAX;
    out[2] = UINT32_MAX;
    out[3] = UINT32_MAX;
}

static void function_groups(uint32_t first, uint32_t out[4])
{
    for (uint32_t n = 0; n < 6; n++) {
        uint32_t group = first + n < GROUPS ? first + n : NO_GROUP;
        out[1 + n / 2] |= group << 16 * (n % 2);
    }
}

static void query(const uint32_t in[4], uint32_t out[4])
{
    switch (in[0]) {
    case 1:
        clock_name(in[1], out);
        break;
    case 2:
        clock_topology(in[1], in[2], out);
        break;
    case 4:
        clock_parents(in[1], in[2], out);
        break;
    case 5:
        out[1] = in[1] == PSS_REF ? ATTRIBUTE_VALID | ATTRIBUTE_EXTERNAL : ATTRIBUTE_VALID;
        break;
    case 6:
        out[1] = PINS;
        break;
    case 7:
        out[1] = 1;
        break;
    case 8:
        out[1] = GROUPS;
        break;
    case 9:
        out[0] = 0;
        put_text(out, "uart1");
        break;
    case 10:
        function_groups(in[2], out);
        break;
    case 11:
        pin_groups(in[1], in[2], out);
        break;
    case 12:
        out[1] = CLOCKS;
        break;
    case 13:
        out[1] = 63;
        break;
    default:
        out[0] = INVALID;
        break;
    }
}

static void clock_call(uint32_t api, uint32_t clock, uint32_t value, uint32_t out[4])
{
    switch (api) {
    case 36:
        mock.clock_on[clock] = 1;
        mock.clock_ons[clock] = 1;
        break;
    case 37:
        mock.clock_on[clock] = 0;
        mock.clock_offs[clock] = 1;
        break;
    case 38:
        out[1] = mock.clock_on[clock] != 0 || (clock != UART1_REF && mock.stopped[clock] == 0);
        break;
    case 39:
        mock.divider[clock] = value & 0xffff; /* DIV0 of two halves */
        break;
    case 40:
        out[1] = mock.divider[clock] != 0 ? mock.divider[clock] : 1;
        break;
    default:
        break;
    }
}

static void api_call(uint32_t api, const uint32_t in[4], uint32_t out[4])
{
    uint32_t id = in[0] % MOCK_IDS;

    switch (api) {
    case 1:     /* API version */
    case 0xa03: /* TrustZone version */
        out[1] = 0x10000;
        break;
    case 63: /* feature check */
        out[1] = 1;
        break;
    case 13:
        mock.requested[id] = 1;
        break;
    case 14:
        mock.requested[id] = 0;
        break;
    case 17:
        mock.resets++;
        break;
    case 31:
        mock.pins[id]++;
        break;
    case 32: /* a pin's configuration */
        out[1] = in[1] == PIN_VOLTAGE ? PIN_1V8 : 0;
        break;
    case 35:
        query(in, out);
        break;
    default:
        if (api >= 36 && api <= 44) {
            clock_call(api, id, in[1], out);
        }
        break;
    }
}

void mock_call(uint64_t registers[4])
{
    uint32_t api = (uint32_t)registers[0] & 0xfffu;
    uint32_t in[4] = { (uint32_t)registers[1], (uint32_t)(registers[1] >> 32),
                       (uint32_t)registers[2], (uint32_t)(registers[2] >> 32) };
    uint32_t out[4] = { 0 };

    mock.calls++;
    mock.last = api;
    api_call(api, in, out);
    registers[0] = out[0] | (uint64_t)out[1] << 32;
    registers[1] = out[2] | (uint64_t)out[3] << 32;
}
