/* SPDX-License-Identifier: MIT */
/*
 * jail.c - what the worker gives up: files, names, other descriptors, being
 * root, and all system calls but those of its loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vsiod.h"

/*
 * By number: device model calls of a restricted /dev/xen/privcmd, and the event
 * channels that are bound already. Both headers are the kernel's own.
 */
#define PRIVCMD_DM_OP _IOC(_IOC_NONE, 'P', 5, 16)
#define EVTCHN_NOTIFY _IOC(_IOC_NONE, 'E', 4, 4)

static const int calls[] = {
    SCMP_SYS(accept4),       SCMP_SYS(brk),
    SCMP_SYS(clock_gettime), SCMP_SYS(close),
    SCMP_SYS(epoll_ctl),     SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_wait),    SCMP_SYS(exit_group),
    SCMP_SYS(fdatasync),     SCMP_SYS(gettimeofday),
    SCMP_SYS(madvise),       SCMP_SYS(munmap),
    SCMP_SYS(pwrite64),      SCMP_SYS(read),
    SCMP_SYS(recvfrom),      SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigreturn),  SCMP_SYS(sendto),
    SCMP_SYS(time),          SCMP_SYS(timerfd_settime),
    SCMP_SYS(write),
};

static int cmp(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

void keep_only(int *fds, unsigned int n)
{
    unsigned int next = STDERR_FILENO + 1;

    qsort(fds, n, sizeof(*fds), cmp);
    for ( unsigned int i = 0; i < n; i++ )
    {
        if ( fds[i] < (int)next )
            continue; /* -1 */
        if ( fds[i] > (int)next )
            (void)syscall(SYS_close_range, next, fds[i] - 1, 0);
        (void)fcntl(fds[i], F_SETFD, 0);
        next = (unsigned int)fds[i] + 1;
    }
    (void)syscall(SYS_close_range, next, ~0U, 0);
}

static int add_calls(scmp_filter_ctx filter)
{
    int rc = 0;

    for ( size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && !rc; i++ )
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    if ( !rc )
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                              SCMP_A1(SCMP_CMP_EQ, PRIVCMD_DM_OP));
    if ( !rc )
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                              SCMP_A1(SCMP_CMP_EQ, EVTCHN_NOTIFY));
    /* Inside of a file as large as it is. */
    if ( !rc )
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fallocate), 1,
                              SCMP_A1(SCMP_CMP_EQ, 0));
    /* malloc()'s: memory of nobody else's, and never to be executed. */
    if ( !rc )
        rc = seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
            SCMP_A2(SCMP_CMP_MASKED_EQ, 4, 0),
            SCMP_A4(SCMP_CMP_MASKED_EQ, UINT32_MAX, UINT32_MAX));

    return rc;
}

static bool load_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc = filter ? add_calls(filter) : -ENOMEM;

    if ( !rc )
        rc = seccomp_load(filter);
    if ( filter )
        seccomp_release(filter);
    errno = -rc;

    return !rc;
}

static bool limit(int what, rlim_t n)
{
    const struct rlimit limit = { .rlim_cur = n, .rlim_max = n };

    return !setrlimit(what, &limit);
}

const char *jail(const struct setup *setup)
{
    uid_t user = setup->user;

    if ( chdir(setup->root) || chroot(".") )
        return "an empty root";
    /* A log that is full is an error of its write, and no more. */
    if ( !limit(RLIMIT_NPROC, 0) || !limit(RLIMIT_CORE, 0) ||
         !limit(RLIMIT_NOFILE, 256) || !limit(RLIMIT_FSIZE, setup->log_max) ||
         signal(SIGXFSZ, SIG_IGN) == SIG_ERR )
        return "limits";
    if ( setgroups(0, NULL) || setresgid(user, user, user) ||
         setresuid(user, user, user) )
        return "a user of its own";
    if ( prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0) )
        return "no new privileges";
    if ( !load_filter() )
        return "a filter of system calls";

    return NULL;
}
