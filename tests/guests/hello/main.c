/* SPDX-License-Identifier: Apache-2.0 */

/* The runtime's first steps: newlib's printf with floats, malloc, time, the device tree. */

#include <bulkhead/cpu.h>
#include <bulkhead/timer.h>
#include <stdlib.h>
#include <string.h>

#include "../check.h"

struct checks checks;

static int compare(const void *a, const void *b)
{
    const int *left = a;
    const int *right = b;
    return (*left > *right) - (*left < *right);
}

int main(void)
{
    char text[64];
    int numbers[] = { 5, 3, 9, 1 };

    printf("hello from cpu %u of %u\n", cpu_index(), cpu_count());

    snprintf(text, sizeof(text), "%.3f %g %lld %zu", 3.14159, 1e100, -5000000000LL, sizeof(text));
    check("printf formats", strcmp(text, "3.142 1e+100 -5000000000 64") == 0);

    const double values[] = { 0.1, 1e300, -4.9406564584124654e-324, 0.0 };
    bool same = true;
    for (unsigned i = 0; i < 4; i++) {
        volatile long double wide = values[i];
        same = same && (double)wide == values[i];
    }
    snprintf(text, sizeof(text), "%.4Lf", (long double)2.71828);
    check("long double converts and prints", same && strcmp(text, "2.7183") == 0);

    qsort(numbers, 4, sizeof(numbers[0]), compare);
    check("qsort", numbers[0] == 1 && numbers[3] == 9);

    char *block = malloc(1 << 20);
    check("malloc", block != NULL);
    memset(block, 0x5a, 1 << 20);
    check("memory holds", block[(1 << 20) - 1] == 0x5a);
    free(block);
    check("malloc refuses more than the RAM", malloc((size_t)1 << 40) == NULL);

    const uint64_t before = timer_now_ns();
    timer_sleep(10000000);
    const uint64_t slept = timer_now_ns() - before;
    check("sleep of 10 ms", slept >= 10000000 && slept < 1000000000);

    return check_end();
}
