/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vuart.h"

#include "platform/console.h"
#include "vdev/alarm.h"
#include "vdev/vgic.h"

void vuart_lock(struct vuart *uart, const struct vm_row *vm)
{
    if (vcpu_count_of(vm) > 1) {
        lock_take(&uart->lock);
    }
}

void vuart_unlock(struct vuart *uart, const struct vm_row *vm)
{
    if (vcpu_count_of(vm) > 1) {
        lock_drop(&uart->lock);
    }
}

/* The line is told to the vGIC without the lock, because the vGIC may wait for another vCPU that
 * wants it; so each teller looks again, and the last one tells what holds. */
void vuart_leave(struct vuart *uart, struct vcpu *vcpu, uint32_t instance, bool line)
{
    bool changed = atomic_exchange(&uart->line, line) != line;

    vuart_unlock(uart, vcpu->vm_row);
    while (changed) {
        vgic_set_line(vcpu, vuart_rows[instance].intid, line);
        changed = atomic_load(&uart->line) != line;
        line = changed ? !line : line;
    }
}

bool vuart_receive(struct vuart *uart, uint32_t voice, uint32_t depth)
{
    uint32_t before = uart->head;

    while (vuart_fill(uart) < depth) {
        int c = console_get(voice);
        if (c < 0) {
            break;
        }
        uart->fifo[uart->head++ % VUART_FIFO_SIZE] = (char)c;
    }
    return uart->head != before;
}

uint32_t vuart_take(struct vuart *uart)
{
    return uart->head != uart->tail ? (uint8_t)uart->fifo[uart->tail++ % VUART_FIFO_SIZE] : 0;
}

/* Where the alarm would wait for an exit, nothing is held back. */
static void tick(struct vuart *uart, uint32_t voice)
{
    if (CONFIG_STOP_NEXT_EXIT) {
        (void)console_tick(voice);
    }
    uart->ticking = console_tick(voice);
    if (uart->ticking) {
        alarm_ask(arch_time_now() + arch_time_hz() * CONSOLE_HOLD_MS / 1000);
    }
}

/* A guest that looks at the FIFO's flags never loses anything.  The alarm stays set when the line
 * ends: one for many lines costs less than setting it for each. */
void vuart_send(struct vuart *uart, uint32_t voice, char c)
{
    if (console_put(voice, c) == CONSOLE_HELD && !uart->ticking) {
        tick(uart, voice);
    }
    uart->midline = c != '\n';
    uart->sent = console_room(voice);
    uart->blocked = !uart->sent;
}

void vuart_room_again(struct vuart *uart, uint32_t voice)
{
    if (uart->blocked && console_room(voice)) {
        uart->blocked = false;
        uart->sent = true;
    }
}

void vuart_clear(struct vuart *uart, uint32_t voice)
{
    if (uart->midline) {
        (void)console_put(voice, '\n');
    }
    uart->sent = false;
    uart->blocked = false;
    uart->midline = false;
    uart->ticking = false;
    uart->tail = uart->head;
    atomic_store(&uart->line, false);
}

/* The interrupt line stays as it is: another CPU may be about to start the VM anew. */
void vuart_alarm(struct vuart *uart, struct vcpu *vcpu, uint32_t instance)
{
    vuart_lock(uart, vcpu->vm_row);
    if (uart->ticking) {
        tick(uart, vuart_rows[instance].voice);
    }
    vuart_unlock(uart, vcpu->vm_row);
}
