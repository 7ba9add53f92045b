/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_TABLE_H
#define BOARD_TABLE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BALLS 8

/* One side's half of the window: it alone writes there. */
struct ball {
    _Atomic uint32_t number; /* written last: 0, then 1 to BALLS */
    uint32_t checksum;
    char text[56];
};

/* The window of channel "table". */
struct table {
    struct ball ping;
    struct ball pong;
};

/* CRC-32 (IEEE 802.3) of a ball's text. */
static inline uint32_t ball_checksum(const struct ball *ball)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < sizeof(ball->text); i++) {
        crc ^= (uint8_t)ball->text[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
        }
    }
    return ~crc;
}

#endif
