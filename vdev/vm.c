/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/vm.h"

struct vm vms[VM_COUNT];
