/* SPDX-License-Identifier: Apache-2.0 */

/*
 * channel NAME COUNT: sends COUNT messages by a channel of Bulkhead, and shows the answers. Without
 * a driver: window and doorbell are where the device tree says, and /dev/mem maps them (as root,
 * and as device memory: the deployment says cached = false).  Rings from the other side are polled;
 * with a kernel that has CONFIG_UIO_PDRV_GENIRQ they would be interrupts (docs/channels.md).
 */

#include "../qemu-aarch64-channel-linux/mailbox.h"
#include "linux.h"

#define TREE "/proc/device-tree/"
#define PATH_MAX 256u
#define PAGE 4096u
#define DOORBELL_RING (0x14u / 4)
#define DOORBELL_FROM (0x18u / 4)
#define WAIT_NS 10000000000
#define POLL_NS 50000

struct channel {
    uint64_t doorbell;
    uint64_t window;
    uint64_t window_size;
};

static size_t length_of(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0') {
        length++;
    }
    return length;
}

static void say(const char *text)
{
    linux_write(1, text, length_of(text));
}

static void say_number(uint64_t number)
{
    char digits[21];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    say(&digits[at]);
}

static int starts_with(const char *text, const char *start)
{
    while (*start != '\0' && *text == *start) {
        text++;
        start++;
    }
    return *start == '\0';
}

/* A property of a node under the root of the device tree; its size, or negative. */
static long read_property(const char *node, const char *name, void *target, size_t size)
{
    char path[PATH_MAX];
    size_t at = 0;

    for (const char *part = TREE; *part != '\0'; part++) {
        path[at++] = *part;
    }
    for (const char *part = node; *part != '\0' && at < PATH_MAX - 32; part++) {
        path[at++] = *part;
    }
    path[at++] = '/';
    for (const char *part = name; *part != '\0' && at < PATH_MAX - 1; part++) {
        path[at++] = *part;
    }
    path[at] = '\0';
    const int file = linux_open(path, O_RDONLY);
    if (file < 0) {
        return file;
    }
    const long read = linux_read(file, target, size);
    linux_close(file);
    return read;
}

static uint64_t big_endian(const uint8_t *bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* Does the node describe the channel?  Its reg: doorbell, window. */
static int read_channel(const char *node, const char *name, struct channel *channel)
{
    char label[PATH_MAX];
    uint8_t reg[32];
    const long size = read_property(node, "label", label, sizeof(label) - 1);

    if (!starts_with(node, "channel@") || size <= 0) {
        return 0;
    }
    label[size] = '\0';
    if (length_of(label) != length_of(name) || !starts_with(label, name) ||
        read_property(node, "reg", reg, sizeof(reg)) != sizeof(reg)) {
        return 0;
    }
    channel->doorbell = big_endian(&reg[0]);
    channel->window = big_endian(&reg[16]);
    channel->window_size = big_endian(&reg[24]);
    return 1;
}

static int find_channel(const char *name, struct channel *channel)
{
    _Alignas(8) char entries[2048];
    const int folder = linux_open(TREE, O_RDONLY);
    long size;

    while ((size = linux_call(SYS_GETDENTS64, folder, (long)entries, sizeof(entries), 0, 0, 0)) >
           0) {
        for (long at = 0; at < size;) {
            const struct linux_dirent *entry = (const void *)&entries[at];
            if (read_channel(entry->name, name, channel)) {
                linux_close(folder);
                return 1;
            }
            at += entry->length;
        }
    }
    linux_close(folder);
    return 0;
}

static void *map(int memory, uint64_t base, uint64_t size)
{
    const long address =
        linux_call(SYS_MMAP, 0, (long)size, PROT_READ_WRITE, MAP_SHARED, memory, (long)base);

    return address < 0 && address > -4096 ? NULL : (void *)address;
}

/* Waits for the answer: the doorbell's FROM tells that there is one. */
static int receive(volatile uint32_t *doorbell, const struct mailbox *box, uint32_t number,
                   char text[4 * MAILBOX_WORDS])
{
    const int64_t start = linux_now_ns();

    while (linux_now_ns() - start < WAIT_NS) {
        const uint32_t from = doorbell[DOORBELL_FROM];
        if (from != 0) {
            doorbell[DOORBELL_FROM] = from;
            const int size = mailbox_get(box, number, text);
            if (size >= 0) {
                return size;
            }
        }
        linux_sleep_ns(POLL_NS);
    }
    return -1;
}

static int exchange(const struct channel *channel, int memory, uint32_t count)
{
    volatile uint32_t *doorbell = map(memory, channel->doorbell, PAGE);
    char *window = map(memory, channel->window, channel->window_size);
    char text[4 * MAILBOX_WORDS];

    if (doorbell == NULL || window == NULL) {
        say("channel: /dev/mem does not map it\n");
        return 1;
    }
    for (uint32_t number = 1; number <= count; number++) {
        char words[] = "hello, partner ?";
        words[sizeof(words) - 2] = (char)('0' + number % 10);
        const int64_t start = linux_now_ns();
        mailbox_put((struct mailbox *)(void *)(window + MAILBOX_TO_PARTNER), number, words,
                    sizeof(words) - 1);
        mailbox_barrier();
        doorbell[DOORBELL_RING] = UINT32_MAX;
        const int size = receive(doorbell, (void *)(window + MAILBOX_TO_LINUX), number, text);
        if (size < 0) {
            say("channel: no answer\n");
            return 1;
        }
        say("channel: ");
        say(words);
        say(" -> ");
        linux_write(1, text, (size_t)size);
        say(", ");
        say_number((uint64_t)(linux_now_ns() - start) / 1000);
        say(" us\n");
    }
    return 0;
}

static uint32_t number_of(const char *text)
{
    uint32_t number = 0;

    while (*text >= '0' && *text <= '9') {
        number = 10 * number + (uint32_t)(*text++ - '0');
    }
    return number;
}

/* The stack as Linux leaves it: argc, argv. */
_Noreturn void program(const uint64_t *stack);
_Noreturn void program(const uint64_t *stack)
{
    struct channel channel;
    const char *const *argv = (const char *const *)(stack + 1);

    if (stack[0] != 3) {
        say("channel NAME COUNT\n");
        linux_exit(2);
    }
    if (!find_channel(argv[1], &channel)) {
        say("channel: the device tree has no such channel\n");
        linux_exit(1);
    }
    const int memory = linux_open("/dev/mem", O_RDWR | O_SYNC);
    if (memory < 0) {
        say("channel: /dev/mem cannot be opened\n");
        linux_exit(1);
    }
    linux_exit(exchange(&channel, memory, number_of(argv[2])));
}

__asm__(".globl _start\n"
        "_start:\n\t"
        "mov x0, sp\n\t"
        "mov x29, #0\n\t"
        "b program\n");
