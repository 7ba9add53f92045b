/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "arch/aarch64/aarch64.h"
#include "arch/aarch64/sysreg.h"
#include "arch/arch.h"
#include "gen/layout.h"

#define LINE UINT64_C(64)
#define PAGE UINT64_C(4096)

void aarch64_zero_lines(uint64_t base, uint64_t end);
void aarch64_copy_lines(uint64_t target, uint64_t source, uint64_t end);

/* CTR_EL0.DminLine: of the smallest data cache line. */
static uint64_t line_bytes(void)
{
    return UINT64_C(4) << ((AARCH64_READ(ctr_el0) >> 16) & 0xf);
}

void arch_mem_flush(hpa_t base, uint64_t size)
{
    uint64_t line = line_bytes();

    for (uint64_t at = base.addr & ~(line - 1); at < base.addr + size; at += line) {
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    }
    aarch64_dsb_sy();
}

static void zero_bytes(uint64_t base, uint64_t size)
{
    memset((void *)base, 0, size);
    arch_mem_flush(HPA(base), size);
}

static void copy_bytes(uint64_t target, uint64_t source, uint64_t size)
{
    memcpy((void *)target, (const void *)source, size);
    arch_mem_flush(HPA(target), size);
}

/* [base, base + size) is the bytes before the first line, `whole` bytes of lines, and the rest. */
struct lines {
    uint64_t before;
    uint64_t whole;
};

static struct lines lines_of(uint64_t base, uint64_t size)
{
    uint64_t before = -base % LINE;

    return size < before ? (struct lines){ .before = size }
                         : (struct lines){ .before = before, .whole = (size - before) & -LINE };
}

/* Whole lines by DC ZVA (DCZID_EL0: permitted, 4 << 4 bytes), where it zeroes one at a time; what
 * is before and behind them by stores. */
void arch_mem_zero(hpa_t base, uint64_t size)
{
    struct lines lines = lines_of(base.addr, size);

    if ((AARCH64_READ(dczid_el0) & 0x1f) != 4 || line_bytes() < LINE) {
        lines = (struct lines){ .before = size };
    }
    uint64_t first = base.addr + lines.before;

    zero_bytes(base.addr, lines.before);
    aarch64_zero_lines(first, first + lines.whole);
    zero_bytes(first + lines.whole, size - lines.before - lines.whole);
}

void arch_mem_copy(hpa_t target, hpa_t source, uint64_t size)
{
    struct lines lines = lines_of(target.addr, size);

    if (line_bytes() < LINE) {
        lines = (struct lines){ .before = size };
    }
    uint64_t done = lines.before + lines.whole;

    copy_bytes(target.addr, source.addr, lines.before);
    aarch64_copy_lines(target.addr + lines.before, source.addr + lines.before, target.addr + done);
    copy_bytes(target.addr + done, source.addr + done, size - done);
}

bool arch_mem_readable(hpa_t base, uint64_t size)
{
    uint64_t last = base.addr + size - 1;

    if (size == 0 || last < base.addr) {
        return size == 0;
    }
    for (uint64_t page = base.addr / PAGE; page <= last / PAGE; page++) {
        __asm__ volatile("at s1e2r, %0\n\tisb" : : "r"(page * PAGE) : "memory");
        uint64_t par = AARCH64_READ(par_el1);

        /* PAR_EL1 (D17.2.100): F[0]; ATTR[63:56] as in MAIR, its upper half 0 for devices. */
        if ((par & 1) != 0 || par >> 60 == 0) {
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
