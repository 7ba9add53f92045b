/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What newlib asks of an operating system (its manual, chapter "Syscalls").  One terminal, one
 * process, no files.
 */

#include "syscalls.h"

#include <errno.h>

#include "bulkhead/console.h"
#include "bulkhead/timer.h"
#include "bulkhead/vm.h"
#include "image.h"

#define TERMINAL_LAST 2 /* stdin, stdout, stderr */

void *_sbrk(ptrdiff_t increment)
{
    static char *end = __image_end;
    char *old = end;

    if (increment > __ram_end - end || increment < __image_end - end) {
        errno = ENOMEM;
        return (void *)-1;
    }
    end += increment;
    return old;
}

int _write(int file, const void *data, size_t size)
{
    if (file < 0 || file > TERMINAL_LAST) {
        errno = EBADF;
        return -1;
    }
    console_write(data, size);
    return (int)size;
}

/* Waits for one character, then takes what else is there, up to the end of a line. */
int _read(int file, void *data, size_t size)
{
    char *text = data;
    size_t count = 0;

    if (file != 0) {
        errno = EBADF;
        return -1;
    }
    while (count < size) {
        int c = count == 0 ? console_wait() : console_getc();
        if (c < 0) {
            break;
        }
        c = c == '\r' ? '\n' : c;
        text[count++] = (char)c;
        if (c == '\n') {
            break;
        }
    }
    return (int)count;
}

int _isatty(int file)
{
    return file >= 0 && file <= TERMINAL_LAST;
}

int _fstat(int file, struct stat *status)
{
    if (!_isatty(file)) {
        errno = EBADF;
        return -1;
    }
    status->st_mode = S_IFCHR;
    return 0;
}

int _close(int file)
{
    (void)file;
    errno = EBADF;
    return -1;
}

off_t _lseek(int file, off_t offset, int whence)
{
    (void)file;
    (void)offset;
    (void)whence;
    errno = ESPIPE;
    return -1;
}

int _getpid(void)
{
    return 1;
}

/* abort() and raise() end here. */
int _kill(int process, int signal)
{
    (void)process;
    (void)signal;
    vm_crash();
}

void _exit(int status)
{
    (void)status;
    vm_off();
}

/* No calendar clock: time since the VM first started. */
int _gettimeofday(struct timeval *time, void *zone)
{
    const uint64_t us = timer_now_ns() / 1000;

    (void)zone;
    time->tv_sec = (time_t)(us / 1000000);
    time->tv_usec = (suseconds_t)(us % 1000000);
    return 0;
}

clock_t _times(struct tms *times)
{
    const clock_t now = (clock_t)(timer_now_ns() / (1000000000 / CLOCKS_PER_SEC));

    *times = (struct tms){ .tms_utime = now };
    return now;
}
