/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_SYSCALLS_H
#define GUEST_SYSCALLS_H

/* The names by which newlib calls its operating system. */

#include <stddef.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/types.h>
#include <time.h>

void *_sbrk(ptrdiff_t increment);
int _write(int file, const void *data, size_t size);
int _read(int file, void *data, size_t size);
int _isatty(int file);
int _fstat(int file, struct stat *status);
int _close(int file);
off_t _lseek(int file, off_t offset, int whence);
int _getpid(void);
int _kill(int process, int signal);
_Noreturn void _exit(int status);
int _gettimeofday(struct timeval *time, void *zone);
clock_t _times(struct tms *times);

#endif
