/* SPDX-License-Identifier: MIT */
/*
 * tty.c - where a UART's bytes go: a pty, and a log.
 */
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <termios.h>

#include "vsioctl.h"

bool pty_open(int *master, int *slave, char **tty)
{
    char name[64];
    struct termios term;

    if ( openpty(master, slave, name, NULL, NULL) )
        return false;
    if ( tcgetattr(*slave, &term) )
        return false;
    cfmakeraw(&term);
    if ( tcsetattr(*slave, TCSANOW, &term) ||
         fcntl(*master, F_SETFL, O_NONBLOCK) ||
         fcntl(*master, F_SETFD, FD_CLOEXEC) ||
         fcntl(*slave, F_SETFD, FD_CLOEXEC) )
        return false;
    *tty = text("%s", name);

    return true;
}

/* As xenconsoled names them; a domain's name is no path. */
char *log_name(struct xs_handle *xs,
               uint32_t domid,
               uint32_t slot,
               const char *dir)
{
    char *log = store_read(xs, "/local/domain/%u/vsio/%u/log", domid, slot);
    char *name;

    if ( log )
        return log;
    name = store_read(xs, "/local/domain/%u/name", domid);
    if ( !name )
        name = text("%u", domid);
    for ( char *p = name; *p; p++ )
    {
        if ( *p == '/' )
            *p = '_';
    }
    log = text("%s/guest-%s-vsio%u.log", dir, name, slot);
    free(name);

    return log;
}
