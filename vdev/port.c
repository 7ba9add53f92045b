/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/port.h"

#include <string.h>

#include "vdev/dispatch.h"
#include "vdev/guest_memory.h"
#include "vdev/vdev.h"

#define PAGE_SIZE 4096u
#define BATCH_SIZE                                                                                 \
    256u /* bytes of a string instruction that one exit moves: interrupts wait for it */

/* 1, 2 or 4 bytes. */
static uint32_t port_mask(unsigned size)
{
    return UINT32_MAX >> (32u - 8u * size);
}

static uint32_t row_access(struct vcpu *vcpu, const struct port_row *row, uint32_t offset,
                           unsigned size, const uint32_t *written)
{
    if (written != NULL) {
        row->ops->write(vcpu, row->instance, offset, size, *written & port_mask(size));
        return 0;
    }
    return (uint32_t)row->ops->read(vcpu, row->instance, offset, size) & port_mask(size);
}

/* The widest part of an access of `size` bytes that one row takes whole, from `port` + `done` on:
 * parts are halves of the access, of its halves...; *row is NULL where no device takes a byte. */
static unsigned port_part(const struct vm_row *vm, uint32_t port, unsigned size, unsigned done,
                          const struct port_row **row)
{
    for (unsigned part = size; part > 1; part /= 2) {
        *row = done % part == 0 ? dispatch_port(vm, port + done, part) : NULL;
        if (*row != NULL && ((*row)->ops->sizes & part) != 0) {
            return part;
        }
    }
    *row = dispatch_port(vm, port + done, 1);
    if (*row != NULL && ((*row)->ops->sizes & VDEV_SIZE_1) == 0) {
        *row = NULL;
    }
    return 1;
}

/* One access; written: NULL for a read.  What no device takes whole is halved: two neighbouring
 * ports are one of twice the width (Intel SDM volume 1, 19.3). */
static uint32_t port_access(struct vcpu *vcpu, uint32_t port, unsigned size,
                            const uint32_t *written)
{
    uint32_t value = 0;
    unsigned part;

    for (unsigned done = 0; done < size; done += part) {
        const struct port_row *row;

        part = port_part(vcpu->vm_row, port, size, done, &row);
        uint32_t out = written != NULL ? *written >> (8u * done) : 0;
        uint32_t in = row == NULL ? port_mask(part)
                                  : row_access(vcpu, row, port + done - row->base, part,
                                               written != NULL ? &out : NULL);
        value |= in << (8u * done);
    }
    return value;
}

/* --- INS, OUTS --- */

/* Memory of the first `count` elements, in the order of addresses; an element that crosses a page
 * goes on in another. */
struct span {
    gpa_t base;
    unsigned size;
    gpa_t rest_base;
    unsigned rest_size;
};

static struct span span_of(const struct exit_port *port, unsigned count)
{
    uint64_t first = port->gpa.addr - (port->down ? (uint64_t)(count - 1) * port->size : 0);
    unsigned size = count * port->size;
    unsigned room = PAGE_SIZE - (unsigned)(first % PAGE_SIZE);
    unsigned here = size < room ? size : room;

    return (struct span){ GPA(first), here, port->next, size - here };
}

static bool span_writable(const struct vm_row *vm, const struct span *span)
{
    return guest_memory_check(vm, span->base, span->size, true) &&
           (span->rest_size == 0 || guest_memory_check(vm, span->rest_base, span->rest_size, true));
}

static bool span_read(const struct vm_row *vm, const struct span *span, uint8_t *target)
{
    return guest_memory_read(vm, target, span->base, span->size) &&
           (span->rest_size == 0 ||
            guest_memory_read(vm, target + span->size, span->rest_base, span->rest_size));
}

static bool span_write(const struct vm_row *vm, const struct span *span, const uint8_t *source)
{
    return guest_memory_write(vm, span->base, source, span->size) &&
           (span->rest_size == 0 ||
            guest_memory_write(vm, span->rest_base, source + span->size, span->rest_size));
}

/* Element after element, in the instruction's order. */
static void elements_move(struct vcpu *vcpu, const struct exit_port *port, uint8_t *bytes,
                          unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        uint8_t *element = bytes + (port->down ? count - 1 - n : n) * port->size;
        uint32_t value = 0;

        if (port->write) {
            memcpy(&value, element, port->size);
            (void)port_access(vcpu, port->port, port->size, &value);
        } else {
            value = port_access(vcpu, port->port, port->size, NULL);
            memcpy(element, &value, port->size);
        }
    }
}

/* A device is touched only when the memory is known to be good: its side effects can't be undone.
 */
static bool string_move(struct vcpu *vcpu, const struct exit_port *port, unsigned count)
{
    const struct vm_row *vm = vcpu->vm_row;
    struct span span = span_of(port, count);
    uint8_t bytes[BATCH_SIZE];

    if (port->write ? !span_read(vm, &span, bytes) : !span_writable(vm, &span)) {
        return false;
    }
    elements_move(vcpu, port, bytes, count);
    return port->write || span_write(vm, &span, bytes);
}

void port_serve(struct vcpu *vcpu, const struct exit *exit)
{
    const struct exit_port *port = &exit->port;

    if (port->count == 0) {
        const uint32_t *written = port->write ? &port->value : NULL;

        arch_vcpu_complete(&vcpu->arch, exit, port_access(vcpu, port->port, port->size, written));
        return;
    }
    unsigned most = BATCH_SIZE / port->size;
    unsigned count = port->count < most ? port->count : most;

    if (string_move(vcpu, port, count)) {
        arch_vcpu_complete(&vcpu->arch, exit, count);
    } else {
        arch_vcpu_inject(&vcpu->arch, exit, ARCH_FAULT_ABORT);
    }
}
