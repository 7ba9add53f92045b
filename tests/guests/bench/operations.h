/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_OPERATIONS_H
#define BENCH_OPERATIONS_H

/*
 * What is measured.  The name is what the console tells ("bench: NAME TICKS ROUNDS"); the place in
 * the list is the operation's number in its mark, a hint instruction that does nothing on any CPU
 * and that tests/bench/plugin.c sees.  At most 63.
 */
#define OPERATIONS(X)                                                                              \
    X(LOOP, "loop")                                                                                \
    X(HVC_VERSION, "hvc-version")                                                                  \
    X(HVC_FEATURES, "hvc-features")                                                                \
    X(HVC_UNKNOWN, "hvc-unknown")                                                                  \
    X(GICD_TYPER, "gicd-typer")                                                                    \
    X(GICD_TYPER_EVERY_REGISTER, "gicd-typer-every-register")                                      \
    X(GICD_ISENABLER1_READ, "gicd-isenabler1-read")                                                \
    X(GICD_ISENABLER1_WRITE_0, "gicd-isenabler1-write-0")                                          \
    X(GICD_ISENABLER1_WRITE_BIT, "gicd-isenabler1-write-bit")                                      \
    X(GICD_IPRIORITYR_BYTE, "gicd-ipriorityr-byte")                                                \
    X(GICR_TYPER, "gicr-typer")                                                                    \
    X(GICR_TYPER_64, "gicr-typer-64")                                                              \
    X(UART_FR, "uart-fr")                                                                          \
    X(UART_FR_EVERY_REGISTER, "uart-fr-every-register")                                            \
    X(UART_FR_HALF, "uart-fr-half")                                                                \
    X(UART_FR_BYTE, "uart-fr-byte")                                                                \
    X(UART_WRITE, "uart-write")                                                                    \
    X(UART_WRITE_HALF, "uart-write-half")                                                          \
    X(UART_WRITE_BYTE, "uart-write-byte")                                                          \
    X(ID_REGISTER, "id-register")                                                                  \
    X(MPIDR, "mpidr")                                                                              \
    X(CTR, "ctr")                                                                                  \
    X(ICC_PMR, "icc-pmr")                                                                          \
    X(CNTV_CTL, "cntv-ctl")                                                                        \
    X(SELF_SGI, "self-sgi")                                                                        \
    X(SELF_SGI_ROUND, "self-sgi-round")                                                            \
    X(TIMER, "timer")                                                                              \
    X(TIMER_EXACT, "timer-exact")                                                                  \
    X(PENDED_SPI, "pended-spi")                                                                    \
    X(BURST_SOLO, "burst-solo")                                                                    \
    X(BURST_FIRST, "burst-first")                                                                  \
    X(BURST_DISORDER, "burst-disorder")                                                            \
    X(LINES_SOLO, "lines-solo")                                                                    \
    X(LINES_FIRST, "lines-first")                                                                  \
    X(LINES_DISORDER, "lines-disorder")                                                            \
    X(DEVICE_SPI, "device-spi")                                                                    \
    X(EOI, "eoi")                                                                                  \
    X(WFI, "wfi")                                                                                  \
    X(CPU_ON, "cpu-on")                                                                            \
    X(IPI, "ipi")                                                                                  \
    X(IPI_ROUND, "ipi-round")                                                                      \
    X(START, "start")                                                                              \
    X(GIC_INIT, "gic-init")                                                                        \
    X(DONE, "done")

#define OPERATION_NUMBER(id, name) OP_##id,
enum operation { OPERATIONS(OPERATION_NUMBER) OPERATION_COUNT };
_Static_assert(OPERATION_COUNT <= 63, "hint has no more numbers");

/* Around what is measured, not in it where time is read. */
#define MARK(operation) __asm__ volatile("hint #%c0" ::"i"(64 + (operation)) : "memory")
#define MARK_END() __asm__ volatile("hint #127" ::: "memory")

#endif
