/* SPDX-License-Identifier: Apache-2.0 */
#include "../pins.h"

struct checks checks;

int main(void)
{
    return run(0xf0u);
}
