/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "gen/layout.h"

#define LINE 64u
#define PAGE UINT64_C(4096)

void aarch64_zero_lines(uint64_t base, uint64_t end, uint64_t zva_bytes);
void aarch64_copy_lines(uint64_t target, uint64_t source, uint64_t end);

static uint64_t line_bytes(void)
{
    return UINT64_C(4) << ((AARCH64_READ(ctr_el0) >> 16) & 0xf);
}

/* Cleans to the point of coherency the lines that [base, base + size) touches (and invalidates:
 * mem.S). */
static void clean(uint64_t base, uint64_t size)
{
    uint64_t line = line_bytes();

    for (uint64_t at = base & ~(line - 1); at < base + size; at += line) {
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    }
    aarch64_dsb_sy();
}

void arch_mem_flush(hpa_t base, uint64_t size)
{
    uint64_t line = UINT64_C(4) << ((AARCH64_READ(ctr_el0) >> 16) & 0xf);

    for (uint64_t at = base.addr & ~(line - 1); at < base.addr + size; at += line) {
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    }
    aarch64_dsb_sy();
}

/* Bytes that one DC ZVA zeroes (DCZID_EL0), 0 where it is prohibited. */
static uint64_t zva_bytes(void)
{
    uint64_t dczid = AARCH64_READ(dczid_el0);

    return (dczid & 0x10) != 0 ? 0 : UINT64_C(4) << (dczid & 0xf);
}

static void zero_bytes(uint64_t base, uint64_t size)
{
    memset((void *)base, 0, size);
    clean(base, size);
}

/* Whole lines by DC ZVA, what is before and behind them by stores. */
void arch_mem_zero(hpa_t base, uint64_t size)
{
    uint64_t zva = zva_bytes();
    uint64_t first = (base.addr + zva - 1) & ~(zva - 1);
    uint64_t last = (base.addr + size) & ~(zva - 1);

    if (zva != line_bytes() || first >= last) {
        zero_bytes(base.addr, size);
        return;
    }
    zero_bytes(base.addr, first - base.addr);
    aarch64_zero_lines(first, last, zva);
    zero_bytes(last, base.addr + size - last);
}

void arch_mem_copy(hpa_t target, hpa_t source, uint64_t size)
{
    uint64_t whole = size & ~(uint64_t)(LINE - 1);

    if ((target.addr & (LINE - 1)) != 0 || (source.addr & 7) != 0 || line_bytes() < LINE) {
        whole = 0;
    } else {
        aarch64_copy_lines(target.addr, source.addr, target.addr + whole);
    }
    memcpy((char *)target.addr + whole, (const char *)source.addr + whole, size - whole);
    clean(target.addr + whole, size - whole);
}

bool arch_mem_readable(hpa_t base, uint64_t size)
{
    uint64_t last = base.addr + size - 1;

    if (size == 0 || last < base.addr) {
        return size == 0;
    }
    for (uint64_t page = base.addr / PAGE; page <= last / PAGE; page++) {
        __asm__ volatile("at s1e2r, %0\n\tisb" : : "r"(page * PAGE) : "memory");
        if ((AARCH64_READ(par_el1) & 1) != 0) {
            return false;
        }
    }
    return true;
}

void arch_map_select(enum arch_map map)
{
    const uint64_t *root = map == ARCH_MAP_RUN ? hyp_run_table : hyp_loader_table;

    AARCH64_WRITE(ttbr0_el2, (uint64_t)root);
    aarch64_isb();
    /* EL2 has no ASID: entries of the other tables go (D8.13). */
    __asm__ volatile("tlbi alle2\n\tdsb nsh\n\tisb" : : : "memory");
}

void arch_vm_flush(const struct vm_row *vm)
{
    uint64_t before = AARCH64_READ(vttbr_el2);

    AARCH64_WRITE(vttbr_el2, vm->arch.vttbr);
    aarch64_isb();
    __asm__ volatile("dsb ishst\n\t"
                     "tlbi vmalls12e1is\n\t"
                     "ic ialluis\n\t"
                     "dsb ish\n\t"
                     "isb"
                     :
                     :
                     : "memory");
    AARCH64_WRITE(vttbr_el2, before);
    aarch64_isb();
}
