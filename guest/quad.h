/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_QUAD_H
#define GUEST_QUAD_H

double __trunctfdf2(long double value);
long double __extenddftf2(double value);

#endif
