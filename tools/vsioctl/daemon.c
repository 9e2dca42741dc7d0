/* SPDX-License-Identifier: MIT */
/*
 * daemon.c - commands to a domain's vsiod. One command, one connection: the
 * message is struct command, and so is the answer.
 *
 * Who answers is the process that a guest may have taken over: what it says is
 * a number and at most as many bytes as were asked for.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "vsioctl.h"

#define PATIENCE 30 /* seconds */

/* Where all daemons have theirs. */
static char *daemons_dir(void)
{
    const char *dir = getenv("VSIOCTL_RUN_DIR");

    return text("%s/vsiod", dir ? dir : "/run");
}

char *daemon_dir(uint32_t domid)
{
    char *above = daemons_dir(), *dir = text("%s/%u", above, domid);

    free(above);

    return dir;
}

static void socket_address(uint32_t domid, struct sockaddr_un *address)
{
    char *dir = daemon_dir(domid);

    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(address->sun_path, sizeof(address->sun_path), "%s/socket", dir);
    free(dir);
}

bool daemon_there(uint32_t domid)
{
    struct sockaddr_un address;
    struct stat st;

    socket_address(domid, &address);

    return !stat(address.sun_path, &st);
}

void daemon_remove(const char *dir)
{
    static const char *const names[] = { "state", "socket", "worker",
                                         "worker.new" };
    char *root = text("%s/empty", dir);

    for ( size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++ )
    {
        char *name = text("%s/%s", dir, names[i]);

        (void)unlink(name);
        free(name);
    }
    (void)rmdir(root);
    (void)rmdir(dir);
    free(root);
}

static bool is_gone(struct host *host, uint32_t domid)
{
    xc_dominfo_t info;
    int n = xc_domain_getinfo(host->xc, domid, 1, &info);

    return n == 1 ? info.domid != domid : n <= 0 && errno == ESRCH;
}

/* A daemon has its state locked, and so has its worker. */
static void remove_unlocked(uint32_t domid)
{
    char *dir = daemon_dir(domid), *name = text("%s/state", dir);
    int fd = open(name, O_RDWR | O_CLOEXEC);

    if ( fd < 0 ? errno == ENOENT : !flock(fd, LOCK_EX | LOCK_NB) )
        daemon_remove(dir);
    if ( fd >= 0 )
        close(fd);
    free(name);
    free(dir);
}

void daemon_sweep(struct host *host)
{
    char *above = daemons_dir();
    DIR *dir = opendir(above);
    const struct dirent *entry;
    int64_t domid;

    while ( dir && (entry = readdir(dir)) )
    {
        if ( number(entry->d_name, 1, DOMID_FIRST_RESERVED, &domid) &&
             is_gone(host, (uint32_t)domid) )
            remove_unlocked((uint32_t)domid);
    }
    if ( dir )
        closedir(dir);
    free(above);
}

/* A socket, or -1 and errno. */
static int open_connection(uint32_t domid)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    socket_address(domid, &address);
    if ( fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) )
    {
        int err = errno;

        close(fd);
        errno = err;
        fd = -1;
    }

    return fd;
}

/* It leaves when it serves, or has said why it does not. */
enum status daemon_start(const struct domain *d)
{
    int status = 0, fd = open_connection(d->id);
    char *domid;
    pid_t pid;

    if ( fd >= 0 )
    {
        close(fd);
        return OK;
    }
    domid = text("%u", d->id);
    pid = fork();
    if ( !pid )
    {
        execlp("vsiod", "vsiod", domid, (char *)NULL);
        _exit(error(FAILED, "can't run vsiod: %m"));
    }
    free(domid);
    if ( pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) )
        return error(FAILED, "vsiod did not start");

    return (enum status)WEXITSTATUS(status);
}

/* Bytes that go with a command, and that come with its answer at most. */
static uint32_t bytes_out(const struct xen_vsio_op *op)
{
    return op->cmd == XEN_VSIO_restore || op->cmd == XEN_VSIO_write
               ? op->u.data.length
               : 0;
}

static uint32_t bytes_in(const struct xen_vsio_op *op)
{
    return op->cmd == XEN_VSIO_save || op->cmd == XEN_VSIO_read
               ? op->u.data.length
               : 0;
}

static int exchange(int fd, struct command *c, size_t size, size_t *got)
{
    const struct timeval patience = { .tv_sec = PATIENCE };
    ssize_t n;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if ( send(fd, c, size, MSG_NOSIGNAL) != (ssize_t)size )
        return errno;
    n = recv(fd, c, sizeof(*c), 0);
    if ( n < (ssize_t)COMMAND_HEAD )
        return n < 0 ? errno : ECONNRESET;
    *got = (size_t)n - COMMAND_HEAD;

    return 0;
}

/* What is in the answer goes where the caller wants it. */
static int take_answer(const struct command *c,
                       size_t got,
                       struct xen_vsio_op *op)
{
    uint32_t room = bytes_in(op);
    uint8_t *data = room ? op->u.data.data.p : NULL;

    if ( c->error )
        return c->error > 0 ? c->error : EPROTO;
    if ( got > room )
        return EPROTO;
    if ( room )
    {
        memcpy(data, c->data, got);
        op->u.data.length = (uint32_t)got;
    }
    else
        *op = c->op;

    return 0;
}

int daemon_op(uint32_t domid, struct xen_vsio_op *op)
{
    struct command *c = allocate(NULL, sizeof(*c));
    uint32_t out = bytes_out(op);
    int fd = open_connection(domid);
    size_t got = 0;
    int err = fd < 0 ? errno : 0;

    memset(c, 0, COMMAND_HEAD);
    c->op = *op;
    if ( out || bytes_in(op) )
        memset(&c->op.u.data.data, 0, sizeof(c->op.u.data.data));
    if ( out )
        memcpy(c->data, op->u.data.data.p, out);
    if ( !err )
        err = exchange(fd, c, COMMAND_HEAD + out, &got);
    if ( !err )
        err = take_answer(c, got, op);
    if ( fd >= 0 )
        close(fd);
    free(c);

    return err;
}
