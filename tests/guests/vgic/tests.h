/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VGIC_TESTS_H
#define VGIC_TESTS_H

#include <stdint.h>

/* Interrupts that no device of the VM uses. */
#define SGI_A 3u
#define SGI_B 7u
#define SGI_C 11u
#define PPI_A 22u
#define SPI_A 40u
#define SPI_B 44u
#define SPI_C 50u
#define SPI_D 61u

void quiet(void);
void enable_and_pend(uint32_t intid);
void send_self(uint32_t sgi);

/* registers.c */
void test_identification(void);
void test_registers(void);
/* state.c */
void test_life_cycle(void);
void test_edge_and_level(void);
/* order.c */
void test_priority(void);
void test_many(void);
/* modes.c */
void test_modes(void);
void test_groups(void);

#endif
