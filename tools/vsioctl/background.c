/* SPDX-License-Identifier: MIT */
/*
 * background.c - a daemon's way into the background, and what it says there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "vsioctl.h"

static bool foreground = true;

void note(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    if ( foreground )
    {
        fprintf(stderr, "%s: ", program_invocation_short_name);
        vfprintf(stderr, format, ap);
        putc('\n', stderr);
    }
    else
        vsyslog(LOG_WARNING, format, ap);
    va_end(ap);
}

/* The parent leaves when the child serves, with its status if it does not. */
int into_background(void)
{
    int ends[2];
    uint8_t status = FAILED;
    pid_t pid;

    if ( pipe(ends) || (pid = fork()) < 0 )
        exit(error(FAILED, "can't start a process: %m"));
    if ( pid )
    {
        close(ends[1]);
        if ( read(ends[0], &status, 1) != 1 )
            status = FAILED;
        _exit(status);
    }
    close(ends[0]);
    setsid();

    return ends[1];
}

void tell_parent(int fd, enum status status)
{
    uint8_t byte = (uint8_t)status;
    int null = open("/dev/null", O_RDWR);

    if ( chdir("/") )
        note("/: %s", strerror(errno));
    foreground = false;
    openlog(program_invocation_short_name, LOG_PID, LOG_DAEMON);
    for ( int i = 0; i < 3; i++ )
        dup2(null, i);
    close(null);
    (void)write_all(fd, &byte, 1);
    close(fd);
}
