/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_VDEV_H
#define VDEV_VDEV_H

#include <stdint.h>

#include "arch/fast.h"

struct vm_row;

#define VDEV_SIZE_1 1u
#define VDEV_SIZE_2 2u
#define VDEV_SIZE_4 4u
#define VDEV_SIZE_8 8u

/*
 * An emulated device.  Dispatch calls read/write on the CPU of the accessing vCPU, after checking
 * that the access lies inside the row, is naturally aligned (not: port I/O) and has a width in
 * `sizes`; anything else gives the guest the architected external abort (port I/O: is split into
 * narrower accesses, as the bus does).  `offset` is from the row's base; `size` is
 * 1, 2, 4 or 8 bytes; a written value is already masked to the width, a read value is masked by
 * the caller.  `instance` is the row's.
 */
struct vdev_ops {
    const char *name;
    uint8_t sizes; /* VDEV_SIZE_* allowed */
    uint64_t (*read)(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size);
    void (*write)(struct vcpu *vcpu, uint32_t instance, uint64_t offset, unsigned size,
                  uint64_t value);
    /* NULL where there is nothing to do.  The device to reset state: on the boot CPU before any VM
     * starts, then on vCPU 0's CPU before its VM restarts, all vCPUs of the VM off. */
    void (*reset)(uint32_t instance);
    /* NULL where nothing begins with the VM.  Own CPU of vCPU 0, at every start of the VM, when all
     * its devices are reset. */
    void (*start)(uint32_t instance);
    /* NULL where the device never waits for a time.  Own CPU of a vCPU of the VM, on or off: a time
     * came that a device asked for (vdev/alarm.h), perhaps not this one; if it still waits it asks
     * again. */
    void (*alarm)(struct vcpu *vcpu, uint32_t instance);
    /* NULL where the device has no voice of the console.  Own CPU of a vCPU of the VM: a voice of
     * the VM has input, or room for output. */
    void (*poll)(struct vcpu *vcpu, uint32_t instance);
    /* Short ways (arch/fast.h), which decline all but what is frequent and simple; NULL with an
     * empty bitmap (FAST_TAKES_*) where there are none.  Rows of a device that has some begin and
     * end at multiples of 8. */
    fast_read_fn *fast_read;
    uint64_t fast_reads;
    fast_write_fn *fast_write;
    uint64_t fast_writes;
};

/* Boot CPU before any VM starts, and own CPU of vCPU 0 before its VM restarts: all devices of the
 * VM to reset state. */
void vdev_reset(const struct vm_row *vm);
/* Own CPU of vCPU 0, all vCPUs off: the VM starts. */
void vdev_start(const struct vm_row *vm);
/* Own CPU: tells every device of the vCPU's VM that a time came. */
void vdev_alarm(struct vcpu *vcpu);
/* Own CPU, for VCPU_REQUEST_CONSOLE: the VM's UARTs take input that came, and tell of room. */
void vdev_poll(struct vcpu *vcpu);

#endif
