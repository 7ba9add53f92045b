/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Finds its UART in the device tree with a reader of its own (Devicetree Specification 0.4,
 * chapter 5), says where it is and what it was told, and powers off.  Runs with the MMU off, so
 * every access is aligned, and has no libraries.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FDT_MAGIC 0xd00dfeedu
#define FDT_BEGIN_NODE 1u
#define FDT_END_NODE 2u
#define FDT_PROP 3u
#define FDT_NOP 4u
#define DEPTH_MAX 8u
#define UART_DR 0x00u
#define UART_FR 0x18u
#define UART_FR_TXFF 0x20u
#define PSCI_SYSTEM_OFF 0x84000008u

_Noreturn void foreign_main(const uint32_t *tree, uint64_t here);

struct found {
    uint64_t uart;
    uint64_t ram_base;
    uint64_t ram_size;
    const char *bootargs;
};

static uint32_t cell(const uint32_t *at)
{
    return __builtin_bswap32(*at);
}

static uint64_t cells(const uint32_t *at)
{
    return (uint64_t)cell(at) << 32 | cell(at + 1);
}

static bool same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool starts_with(const char *text, const char *prefix)
{
    while (*prefix != '\0' && *text == *prefix) {
        text++;
        prefix++;
    }
    return *prefix == '\0';
}

/* Takes what a property of a node at the top tells. */
static void take(struct found *found, const char *node, const char *name, const uint32_t *value)
{
    if (same(name, "reg") && starts_with(node, "pl011@")) {
        found->uart = cells(value);
    } else if (same(name, "reg") && starts_with(node, "memory@")) {
        found->ram_base = cells(value);
        found->ram_size = cells(value + 2);
    } else if (same(name, "bootargs") && same(node, "chosen")) {
        found->bootargs = (const char *)value;
    }
}

static void walk(const uint32_t *tree, struct found *found)
{
    const char *strings = (const char *)tree + cell(&tree[3]);
    const uint32_t *at = tree + cell(&tree[2]) / 4;
    const char *node[DEPTH_MAX];
    unsigned depth = 0;

    for (;;) {
        switch (cell(at++)) {
        case FDT_BEGIN_NODE: {
            const char *name = (const char *)at;
            size_t size = 1;
            while (name[size - 1] != '\0') {
                size++;
            }
            node[depth++ % DEPTH_MAX] = name;
            at += (size + 3) / 4;
            break;
        }
        case FDT_END_NODE:
            depth--;
            break;
        case FDT_PROP:
            if (depth == 2) {
                take(found, node[1], strings + cell(at + 1), at + 2);
            }
            at += 2 + (cell(at) + 3) / 4;
            break;
        case FDT_NOP:
            break;
        default:
            return;
        }
    }
}

static void put(uint64_t uart, char c)
{
    while (*(volatile uint32_t *)(uart + UART_FR) & UART_FR_TXFF) {
    }
    *(volatile uint32_t *)(uart + UART_DR) = (uint8_t)c;
}

static void print(uint64_t uart, const char *text)
{
    for (; *text != '\0'; text++) {
        put(uart, *text);
    }
}

static void print_number(uint64_t uart, const char *before, uint64_t number)
{
    int shift = 60;

    print(uart, before);
    print(uart, "0x");
    while (shift > 0 && number >> shift == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        const char digit = (char)(number >> shift & 0xf);
        put(uart, digit < 10 ? (char)('0' + digit) : (char)('a' + digit - 10));
    }
}

void foreign_main(const uint32_t *tree, uint64_t here)
{
    if (tree != NULL && cell(tree) == FDT_MAGIC) {
        struct found found;
        found.uart = 0;
        found.ram_base = 0;
        found.ram_size = 0;
        found.bootargs = "";
        walk(tree, &found);
        if (found.uart != 0) {
            print_number(found.uart, "foreign guest at ", here);
            print_number(found.uart, ", RAM ", found.ram_base);
            print_number(found.uart, " + ", found.ram_size);
            print(found.uart, ", told \"");
            print(found.uart, found.bootargs);
            print(found.uart, "\"\n");
        }
    }
    register uint64_t function __asm__("x0") = PSCI_SYSTEM_OFF;
    __asm__ volatile("hvc #0" : "+r"(function)::"memory");
    for (;;) {
        __asm__ volatile("wfi");
    }
}
