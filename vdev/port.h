/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VDEV_PORT_H
#define VDEV_PORT_H

#include "vdev/vcpu.h"

/* Own CPU: serves EXIT_PORT by the VM's port rows.  Where no row is, a read finds an idle bus (all
 * ones) and a write is lost.  Memory of INS and OUTS that is not the VM's RAM gives an abort. */
void port_serve(struct vcpu *vcpu, const struct exit *exit);

#endif
