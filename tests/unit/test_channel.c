/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/channel.c */
#include "tests/unit/check.h"
#include "vdev/channel.h"
#include "vdev/notice.h"
#include "vdev/vcpu.h"
#include "vdev/vgic.h"

/* The fixture's counts; peer 0 of VM 0 may ring peer 1, which has no doorbell interrupt, and
 * itself. */
const struct channel_row channel_rows[CHANNEL_COUNT] = {
    { .name = "wide", .size = UINT64_C(0x300001000), .peer_first = 0, .peer_count = 2 },
};
const struct channel_peer_row channel_peer_rows[CHANNEL_PEER_COUNT] = {
    { .channel = 0, .vm = 0, .intid = 40, .rings = 3 },
    { .channel = 0, .vm = 1, .intid = 0, .rings = 1 },
};

static uint32_t posts;
static uint32_t posted_vm;
static uint32_t posted_intid;

void vgic_post(uint32_t vm, uint32_t intid)
{
    posts++;
    posted_vm = vm;
    posted_intid = intid;
}

static uint32_t notices;

bool notice_allowed(const struct vcpu *vcpu)
{
    (void)vcpu;
    notices++;
    return false;
}

void log_line(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

uint64_t arch_vcpu_pc(const struct arch_vcpu *vcpu)
{
    (void)vcpu;
    return 0;
}

static uint64_t read_reg(uint32_t peer, uint64_t offset)
{
    return channel_ops.read(NULL, peer, offset, 4);
}

static void write_reg(uint32_t peer, uint64_t offset, uint64_t value)
{
    channel_ops.write(NULL, peer, offset, 4, value);
}

static void registers_tell_the_peer(void)
{
    CHECK_EQ(channel_ops.sizes, VDEV_SIZE_4);
    CHECK_EQ(read_reg(1, 0x00), 0x42434831);
    CHECK_EQ(read_reg(0, 0x04), 0);
    CHECK_EQ(read_reg(1, 0x04), 1);
    CHECK_EQ(read_reg(0, 0x08), 3);
    CHECK_EQ(read_reg(0, 0x0c), 0x1000);
    CHECK_EQ(read_reg(0, 0x10), 3);
    CHECK_EQ(read_reg(0, 0x14), 0);
    CHECK_EQ(read_reg(0, 0x1c), 0);
    CHECK_EQ(read_reg(0, 0xffc), 0);
}

static void ringing_reaches_allowed_peers(void)
{
    posts = 0;
    notices = 0;
    write_reg(1, 0x14, 0xffffffff);
    CHECK_EQ(notices, 0);
    write_reg(1, 0x14, 0);
    CHECK_EQ(notices, 0);
    write_reg(1, 0x14, 2); /* nobody that it may ring */
    CHECK_EQ(notices, 1);
    CHECK_EQ(posts, 1);
    CHECK_EQ(posted_vm, 0);
    CHECK_EQ(posted_intid, 40);
    CHECK_EQ(read_reg(0, 0x18), 2);
    CHECK_EQ(read_reg(1, 0x18), 0);
    write_reg(0, 0x14, 2); /* no interrupt, but FROM */
    CHECK_EQ(posts, 1);
    CHECK_EQ(read_reg(1, 0x18), 1);
    write_reg(0, 0x14, 1); /* itself */
    CHECK_EQ(posts, 2);
    CHECK_EQ(read_reg(0, 0x18), 3);
}

static void from_is_cleared_by_ones(void)
{
    for (uint64_t offset = 0; offset < 0x1000; offset += 4) {
        if (offset != 0x14 && offset != 0x18) {
            write_reg(0, offset, UINT32_MAX); /* no other register clears any */
        }
    }
    CHECK_EQ(read_reg(0, 0x18), 3);
    write_reg(0, 0x18, 1);
    CHECK_EQ(read_reg(0, 0x18), 2);
    write_reg(0, 0x18, 0);
    CHECK_EQ(read_reg(0, 0x18), 2);
    channel_ops.reset(1);
    CHECK_EQ(read_reg(0, 0x18), 2);
    CHECK_EQ(read_reg(1, 0x18), 0);
    channel_ops.reset(0);
    CHECK_EQ(read_reg(0, 0x18), 0);
}

int main(void)
{
    TEST(registers_tell_the_peer);
    TEST(ringing_reaches_allowed_peers);
    TEST(from_is_cleared_by_ones);
    return test_result();
}
