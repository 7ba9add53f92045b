/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GEN_LAYOUT_H
#define GEN_LAYOUT_H

/* Every symbol that the generated linker script and page tables define. VA = PA. */

#include <stdint.h>

/* [image_start, image_end) is all that the hypervisor owns; the file ends at image_load_end, behind
 * it come zeroed data and stacks. */
extern char image_start[];
extern char text_end[];       /* text: [image_start, text_end) */
extern char rodata_end[];     /* read-only data and page tables: [text_end, rodata_end) */
extern char packed_end[];     /* packed guest images: [rodata_end, packed_end) */
extern char data_end[];       /* initialised data: [packed_end, data_end) */
extern char image_load_end[]; /* end of what firmware loads: data_end, or of images in place */
extern char bss_start[];
extern char bss_end[];
/* Per pCPU: one unmapped guard page, then CONFIG_STACK_SIZE bytes of stack. */
extern char stacks_start[];
extern char image_end[];
/* The script also defines the absolute symbol image_size, for the header that firmware reads
 * (arch/aarch64/head.S): all memory from image_start to image_end, or to image_load_end where guest
 * images stand in place behind it. */

/* Root tables (level 1, 39-bit VA) of the hypervisor's two address spaces. */
extern const uint64_t hyp_run_table[];
extern const uint64_t hyp_loader_table[];

#endif
