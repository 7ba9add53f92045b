/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINUX_INITRAMFS_LINUX_H
#define LINUX_INITRAMFS_LINUX_H

/* System calls of Linux on arm64 for programs without a C library (asm-generic/unistd.h). */

#include <stddef.h>
#include <stdint.h>

#define SYS_OPENAT 56
#define SYS_CLOSE 57
#define SYS_GETDENTS64 61
#define SYS_READ 63
#define SYS_WRITE 64
#define SYS_EXIT 93
#define SYS_NANOSLEEP 101
#define SYS_CLOCK_GETTIME 113
#define SYS_MMAP 222

#define AT_FDCWD (-100)
#define O_RDONLY 0
#define O_RDWR 2
#define O_SYNC 04010000
#define PROT_READ_WRITE 3
#define MAP_SHARED 1
#define CLOCK_MONOTONIC 1

struct linux_timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

/* An entry of a directory, as getdents64 gives it. */
struct linux_dirent {
    uint64_t inode;
    int64_t offset;
    uint16_t length; /* of this entry */
    uint8_t type;
    char name[];
};

/* The result, or a negative errno. */
static inline long linux_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

static inline int linux_open(const char *path, long flags)
{
    return (int)linux_call(SYS_OPENAT, AT_FDCWD, (long)path, flags, 0, 0, 0);
}

static inline void linux_close(int file)
{
    (void)linux_call(SYS_CLOSE, file, 0, 0, 0, 0, 0);
}

static inline long linux_read(int file, void *target, size_t size)
{
    return linux_call(SYS_READ, file, (long)target, (long)size, 0, 0, 0);
}

static inline void linux_write(int file, const char *text, size_t size)
{
    (void)linux_call(SYS_WRITE, file, (long)text, (long)size, 0, 0, 0);
}

static inline void linux_sleep_ns(int64_t nanoseconds)
{
    const struct linux_timespec time = { nanoseconds / 1000000000, nanoseconds % 1000000000 };

    (void)linux_call(SYS_NANOSLEEP, (long)&time, 0, 0, 0, 0, 0);
}

static inline int64_t linux_now_ns(void)
{
    struct linux_timespec now = { 0, 0 };

    (void)linux_call(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
    return now.seconds * 1000000000 + now.nanoseconds;
}

_Noreturn static inline void linux_exit(int status)
{
    for (;;) {
        (void)linux_call(SYS_EXIT, status, 0, 0, 0, 0, 0);
    }
}

#endif
