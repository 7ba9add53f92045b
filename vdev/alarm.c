/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/alarm.h"

#include "arch/arch.h"
#include "vdev/vdev.h"

struct alarm {
    bool set;
    uint64_t deadline; /* ticks, where set */
};

static struct alarm alarms[PCPU_COUNT]; /* each its CPU's own */

void alarm_ask(uint64_t deadline)
{
    struct alarm *alarm = &alarms[arch_cpu_index()];

    if (!alarm->set || deadline < alarm->deadline) {
        *alarm = (struct alarm){ .set = true, .deadline = deadline };
        arch_time_alarm(deadline);
    }
}

void alarm_take(struct vcpu *vcpu)
{
    alarms[arch_cpu_index()].set = false;
    arch_time_alarm(UINT64_MAX);
    if (vcpu != NULL) {
        vdev_alarm(vcpu);
    }
}

void alarm_poll(struct vcpu *vcpu)
{
    const struct alarm *alarm = &alarms[arch_cpu_index()];

    if (alarm->set && arch_time_now() >= alarm->deadline) {
        alarm_take(vcpu);
    }
}
