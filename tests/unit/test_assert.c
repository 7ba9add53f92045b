/* SPDX-License-Identifier: Apache-2.0 */
/* sources: vdev/dispatch_check.c arch/fake/[a-z]*.c tests/unit/fixture/platform.c */
#include "tests/unit/check.h"
#include "vdev/dispatch_check.h"
#include "vdev/lock.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Assertions hold for what is right and panic for what is not: in a child, where a panic aborts. */

const struct vm_row vm_rows[1]; /* arch/fake's */

static bool panics(void (*body)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        body();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static struct mmio_row mmio[] = {
    { .base = GPA(0x1000), .size = 0x1000 },
    { .base = GPA(0x2000), .size = 0x10 },
    { .base = GPA(UINT64_MAX - 0xfff), .size = 0x1000 },
};
static struct port_row port[] = { { .base = 0x10, .size = 8 }, { .base = 0xfff8, .size = 8 } };
static struct sysreg_row sysreg[] = { { .encoding = 3 }, { .encoding = 4 } };

static void check_rows(void)
{
    struct vm_row vm = {
        .mmio = mmio,
        .mmio_count = 3,
        .port = port,
        .port_count = 2,
        .sysreg = sysreg,
        .sysreg_count = 2,
    };

    dispatch_check(&vm);
}

static void rows(void)
{
    CHECK(!panics(check_rows));
    mmio[0].size = 0x1001; /* reaches into the next one */
    CHECK(panics(check_rows));
    mmio[0].size = 0;
    CHECK(panics(check_rows));
    mmio[0] = (struct mmio_row){ .base = GPA(0x3000), .size = 1 }; /* out of order */
    CHECK(panics(check_rows));
    mmio[0] = (struct mmio_row){ .base = GPA(0x1000), .size = 0x1000 };
    mmio[2].size = 0x1001; /* wraps around */
    CHECK(panics(check_rows));
    mmio[2].size = 0x1000;
    port[1].size = 9;
    CHECK(panics(check_rows));
    port[1].size = 8;
    port[0].base = 0xfff1;
    CHECK(panics(check_rows));
    port[0].base = 0x10;
    sysreg[0].encoding = 4;
    CHECK(panics(check_rows));
    sysreg[0].encoding = 3;
    CHECK(!panics(check_rows));
}

static struct lock lock;

static void release(void)
{
    lock_drop(&lock);
}

static void take_and_release(void)
{
    lock_take(&lock);
    CHECK(!lock_try(&lock));
    lock_drop(&lock);
    CHECK(lock_try(&lock));
    lock_drop(&lock);
    _exit(test_result());
}

/* A lock that nobody holds is not released. */
static void locks(void)
{
    CHECK(!panics(take_and_release));
    CHECK(panics(release));
}

int main(void)
{
    TEST(rows);
    TEST(locks);
    return test_result();
}
