/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/console_keys.h"

#include "platform/console.h"
#include "platform/format.h"
#include "platform/log.h"
#include "vdev/trace.h"
#include "vdev/vm.h"
#include <tables.h>

#define TAKEN (-1)
#define COUNT_SIZE 24u

/* One key for each VM; VMs behind the last one can't be told. */
static const char vm_keys[] = "0123456789abcdefghijklmnopqrstuvwxyz";
#define VM_KEY_COUNT (sizeof(vm_keys) - 1)

/* What the next character is for: 0: the guest; CONSOLE_KEY: it is a command; else that command's
 * VM.  The UART's interrupt alone, which one CPU takes at a time. */
static int pending;

#define say(...) log_line(LOG_INFO, __VA_ARGS__)

static const char *state_word(const struct vm *vm)
{
    switch ((enum vm_state)atomic_load(&vm->state)) {
    case VM_OFF:
        return atomic_load(&vm->last) == VCPU_END_CRASH ? "crashed" : "off";
    case VM_LOADING:
        return "loading";
    case VM_RUNNING:
        return "running";
    case VM_STOPPING:
        return "stopping";
    }
    return "?";
}

static uint32_t vcpus_on(const struct vm_row *row)
{
    uint32_t on = 0;

    for (uint32_t n = 0; n < row->vcpu_count; n++) {
        on += atomic_load(&vcpus[row->vcpu_first + n].power) == VCPU_ON;
    }
    return on;
}

static char key_of(uint32_t vm)
{
    return vm < VM_KEY_COUNT ? vm_keys[vm] : '-';
}

/* Past the last VM: there is none with that key. */
static uint32_t vm_of(int key)
{
    uint32_t vm = 0;

    while (vm < VM_COUNT && (vm >= VM_KEY_COUNT || vm_keys[vm] != key)) {
        vm++;
    }
    return vm;
}

static void list(void)
{
    say("key  VM                state     vCPUs on  starts  crashes  controllable");
    for (uint32_t n = 0; n < VM_COUNT; n++) {
        const struct vm_row *row = &vm_rows[n];
        char on[COUNT_SIZE];

        (void)format_text(on, sizeof(on), "%u of %u", (unsigned)vcpus_on(row),
                          (unsigned)row->vcpu_count);
        say(" %c   %-16s  %-8s  %-8s  %6u  %7u  %s", key_of(n), row->name, state_word(&vms[n]), on,
            (unsigned)atomic_load(&vms[n].starts), (unsigned)atomic_load(&vms[n].crashes),
            row->console_control ? "yes" : "no");
    }
}

static void help(void)
{
    say("Ctrl-T, then:");
    say("  l    list the VMs");
    say("  r s x and a VM's key of that list: restart it, start it, halt it");
    say("  k    give the keyboard to the next VM (as Ctrl-] does)");
    if (CONFIG_TRACE) {
        say("  e and a VM's key: its last exits");
        say("  c and a VM's key: how many exits its vCPUs had, and what they cost");
    }
    say("  b    what is built into this image");
    say("  h    this list; Ctrl-T: type a Ctrl-T to the VM that has the keyboard");
}

static void build(void)
{
    say("deployment '%s' for board %s, build %s", deployment_name, board_row.name, deployment_hash);
    say("built with %s", build_tools);
}

static void refuse(uint32_t vm, const char *why)
{
    say("%s: %s", vm_rows[vm].name, why);
}

static void order(uint32_t vm, int command)
{
    bool done = false;

    if (!vm_rows[vm].console_control) {
        refuse(vm, "not controllable from the console (its console_control in the deployment)");
        return;
    }
    if (command == 's') {
        done = vm_order_start(vm);
    } else {
        done = vm_order_end_run(vm, command == 'r' ? VM_ORDER_RESTART : VM_ORDER_STOP);
    }
    if (!done) {
        refuse(vm, command == 's' ? "not started: it is not off" : "it is off: s starts it");
    }
}

/* Of each vCPU of the VM. */
static void tell_exits(uint32_t vm, bool counters)
{
    const struct vm_row *row = &vm_rows[vm];

    for (uint32_t n = 0; n < row->vcpu_count; n++) {
        const struct vcpu *vcpu = &vcpus[row->vcpu_first + n];

        say("%s: vCPU %u:", row->name, (unsigned)n);
        if (counters) {
            trace_print_counters(vcpu, LOG_INFO);
        } else {
            trace_print(vcpu, LOG_INFO);
        }
    }
}

static void on_vm(int command, int key)
{
    uint32_t vm = vm_of(key);

    if (vm == VM_COUNT) {
        say("no VM has that key: nothing done");
    } else if (CONFIG_TRACE && (command == 'e' || command == 'c')) {
        tell_exits(vm, command == 'c');
    } else {
        order(vm, command);
    }
}

static bool wants_vm(int command)
{
    return command == 'r' || command == 's' || command == 'x' ||
           (CONFIG_TRACE && (command == 'e' || command == 'c'));
}

/* What goes on to the keyboard. */
static int act(int command)
{
    if (command == CONSOLE_KEY) {
        return CONSOLE_KEY;
    }
    if (command == 'k') {
        return CONSOLE_ESCAPE;
    }
    if (wants_vm(command)) {
        pending = command;
        say("which VM? Type its key in the list, or any other one to do nothing");
    } else if (command == 'l') {
        list();
    } else if (command == 'b') {
        build();
    } else {
        help();
    }
    return TAKEN;
}

int console_keys_take(int c)
{
    int before = pending;

    pending = 0;
    if (before == CONSOLE_KEY) {
        return act(c);
    }
    if (before != 0) {
        on_vm(before, c);
        return TAKEN;
    }
    if (c != CONSOLE_KEY) {
        return c;
    }
    pending = CONSOLE_KEY;
    return TAKEN;
}
