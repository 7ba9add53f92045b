/* SPDX-License-Identifier: Apache-2.0 */
/* sources: loader/image.c loader/digest.c arch/fake/[a-z]*.c tests/unit/fixture/platform.c */
#include "arch/fake/fake.h"
#include "loader/digest.h"
#include "loader/image.h"
#include "tests/unit/check.h"

#include <string.h>

/* What a VM finds in its RAM when it starts and restarts: its images, intact, and zeros. */

const struct vm_row vm_rows[VM_COUNT];
const struct irq_row irq_rows[IRQ_COUNT];

#define RAM_SIZE 256u /* of each of two rows, one behind the other */
#define IMAGE_SIZE 16u
#define OLD 0xa5 /* what was in the RAM before */

/* `before` and `behind` are others'. */
static struct {
    uint8_t before[32];
    uint8_t ram[2 * RAM_SIZE];
    uint8_t behind[32];
} memory;
static uint8_t packed[2][IMAGE_SIZE]; /* images in the firmware */
static struct image_row images[3];
static struct ram_row ram_rows[2];
static struct vm_row vm;

static hpa_t at(uint8_t *host)
{
    return HPA((uintptr_t)host);
}

static void set_up(bool scrub, bool restore)
{
    fake_reset();
    arch_map_select(ARCH_MAP_LOADER);
    memset(&memory, OLD, sizeof(memory));
    memset(packed[0], 0x11, IMAGE_SIZE);
    memset(packed[1], 0x22, IMAGE_SIZE);
    for (unsigned n = 0; n < 2; n++) {
        ram_rows[n] = (struct ram_row){ .gpa = GPA(UINT64_C(0x40000000) * (n + 1)),
                                        .hpa = at(&memory.ram[n * RAM_SIZE]),
                                        .size = RAM_SIZE,
                                        .scrub = scrub,
                                        .restore = restore,
                                        .writable = true };
    }
    vm = (struct vm_row){ .name = "guest", .ram = ram_rows, .ram_count = 2, .image = images };
}

static void add(uint8_t *source, uint8_t *target, uint64_t size)
{
    struct image_row *image = &images[vm.image_count++];

    *image = (struct image_row){
        .name = "image", .source = at(source), .target = at(target), .size = size
    };
    digest_sha256(source, size, image->sha256);
}

static bool filled(const uint8_t *from, const uint8_t *end, uint8_t with)
{
    while (from < end && *from == with) {
        from++;
    }
    return from == end;
}

static void check_others_untouched(void)
{
    CHECK(filled(memory.before, memory.before + sizeof(memory.before), OLD));
    CHECK(filled(memory.behind, memory.behind + sizeof(memory.behind), OLD));
}

static void test_copied(void)
{
    uint8_t *ram = memory.ram;

    set_up(true, true);
    add(packed[0], ram + 64, IMAGE_SIZE);
    add(packed[1], ram + 2 * RAM_SIZE - IMAGE_SIZE, IMAGE_SIZE);
    CHECK(image_place(&vm, false));
    CHECK(filled(ram, ram + 64, 0));
    CHECK(filled(ram + 64, ram + 80, 0x11));
    CHECK(filled(ram + 80, ram + 2 * RAM_SIZE - IMAGE_SIZE, 0));
    CHECK(filled(ram + 2 * RAM_SIZE - IMAGE_SIZE, ram + 2 * RAM_SIZE, 0x22));
    check_others_untouched();
}

/* Rows that are not in the order of addresses; one image at the RAM's start, two without a gap. */
static void test_in_place(void)
{
    uint8_t *ram = memory.ram;

    set_up(true, true);
    memset(ram, 0x31, IMAGE_SIZE);
    memset(ram + 100, 0x32, 20);
    memset(ram + 120, 0x33, IMAGE_SIZE);
    add(ram + 120, ram + 120, IMAGE_SIZE);
    add(ram, ram, IMAGE_SIZE);
    add(ram + 100, ram + 100, 20);
    CHECK(image_place(&vm, false));
    CHECK(filled(ram, ram + 16, 0x31));
    CHECK(filled(ram + 16, ram + 100, 0));
    CHECK(filled(ram + 100, ram + 120, 0x32));
    CHECK(filled(ram + 120, ram + 136, 0x33));
    CHECK(filled(ram + 136, ram + 2 * RAM_SIZE, 0));
    check_others_untouched();
}

/* Nothing is left to zero behind it; nor does it keep the next row's RAM from being zeroed. */
static void test_in_place_at_the_end(void)
{
    uint8_t *ram = memory.ram;

    set_up(true, true);
    memset(ram + RAM_SIZE - IMAGE_SIZE, 0x31, IMAGE_SIZE);
    add(ram + RAM_SIZE - IMAGE_SIZE, ram + RAM_SIZE - IMAGE_SIZE, IMAGE_SIZE);
    CHECK(image_place(&vm, false));
    CHECK(filled(ram, ram + RAM_SIZE - IMAGE_SIZE, 0));
    CHECK(filled(ram + RAM_SIZE - IMAGE_SIZE, ram + RAM_SIZE, 0x31));
    CHECK(filled(ram + RAM_SIZE, ram + 2 * RAM_SIZE, 0));
    check_others_untouched();
}

static void test_not_scrubbed_at_first(void)
{
    uint8_t *ram = memory.ram;

    set_up(false, true);
    add(packed[0], ram + 64, IMAGE_SIZE);
    CHECK(image_place(&vm, false));
    CHECK(filled(ram, ram + 64, OLD) && filled(ram + 80, ram + 2 * RAM_SIZE, OLD));
    CHECK(filled(ram + 64, ram + 80, 0x11));
    memset(ram + 64, OLD, IMAGE_SIZE);
    CHECK(image_place(&vm, true)); /* the last run's secrets go all the same */
    CHECK(filled(ram, ram + 64, 0) && filled(ram + 80, ram + 2 * RAM_SIZE, 0));
    CHECK(filled(ram + 64, ram + 80, 0x11));
    check_others_untouched();
}

static void test_reserved_outlives_restarts(void)
{
    set_up(false, false);
    ram_rows[0].scrub = ram_rows[0].restore = true;
    CHECK(image_place(&vm, false) && image_place(&vm, true));
    CHECK(filled(memory.ram, memory.ram + RAM_SIZE, 0));
    CHECK(filled(memory.ram + RAM_SIZE, memory.ram + 2 * RAM_SIZE, OLD));
}

/* By its last byte: before anything is written. */
static void test_damaged(void)
{
    for (unsigned which = 0; which < 2; which++) {
        set_up(true, true);
        add(packed[0], memory.ram, IMAGE_SIZE);
        add(packed[1], memory.ram + RAM_SIZE, IMAGE_SIZE);
        packed[which][IMAGE_SIZE - 1] ^= 1;
        CHECK(!image_place(&vm, true));
        CHECK(filled(memory.ram, memory.ram + 2 * RAM_SIZE, OLD));
    }
}

int main(void)
{
    TEST(test_copied);
    TEST(test_in_place);
    TEST(test_in_place_at_the_end);
    TEST(test_not_scrubbed_at_first);
    TEST(test_reserved_outlives_restarts);
    TEST(test_damaged);
    return test_result();
}
