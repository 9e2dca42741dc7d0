/* SPDX-License-Identifier: MIT */
/*
 * clock.so - preloaded into QEMU: the time of day and the monotonic clock are
 * two numbers of nanoseconds in a file that the test holds, so that seconds
 * pass when the test says so. VSIO_CLOCK_FD: that file, inherited. And QEMU
 * ends with the test, however that ends.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000L

static const volatile int64_t *clocks;

static const volatile int64_t *find_clocks(void)
{
    const char *fd = getenv("VSIO_CLOCK_FD");
    void *page =
        fd ? mmap(NULL, 4096, PROT_READ, MAP_SHARED, atoi(fd), 0) : MAP_FAILED;

    if ( page == MAP_FAILED )
        abort(); /* else the test would wait for ever */

    return page;
}

__attribute__((constructor)) static void end_with_the_test(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    int64_t now;

    if ( id != CLOCK_REALTIME && id != CLOCK_MONOTONIC )
        return (int)syscall(SYS_clock_gettime, id, ts);

    if ( !clocks )
        clocks = find_clocks();
    now = clocks[id == CLOCK_MONOTONIC];
    ts->tv_sec = now / SECOND;
    ts->tv_nsec = now % SECOND;

    return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec ts;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &ts);
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;

    return 0;
}

time_t time(time_t *where)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    if ( where )
        *where = ts.tv_sec;

    return ts.tv_sec;
}
