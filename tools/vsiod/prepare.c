/* SPDX-License-Identifier: MIT */
/*
 * prepare.c - what a domain's daemon has before it serves: its files, of which
 * the state may be another daemon's that has ended, and its ioreq server.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

/* --- files -------------------------------------------------------------- */

static enum status make_dir(const char *name, mode_t mode)
{
    return mkdir(name, mode) && errno != EEXIST ? error(FAILED, "%s: %m", name)
                                                : OK;
}

static enum status make_dirs(struct keeper *k)
{
    char *above = text("%.*s", (int)(strrchr(k->dir, '/') - k->dir), k->dir);
    char *root = text("%s/empty", k->dir);
    enum status status = make_dir(above, 0755);

    if ( !status )
        status = make_dir(k->dir, 0711);
    if ( !status )
        status = make_dir(root, 0555);
    k->setup.root = root;
    free(above);

    return status;
}

static bool same_domain(const struct state *s, const struct domain *d)
{
    return s->magic == STATE_MAGIC && s->size == sizeof(*s) &&
           s->domid == d->id && !memcmp(s->uuid, d->uuid, sizeof(s->uuid));
}

/* The state of this domain, or a new one. Locked by us and by our workers. */
static enum status open_state(struct keeper *k, bool *busy)
{
    char *name = text("%s/state", k->dir);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct state *s = MAP_FAILED;
    enum status status = OK;

    *busy = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB);
    if ( fd >= 0 && !*busy && !ftruncate(fd, sizeof(*s)) )
        s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_NORESERVE, fd, 0);
    if ( s == MAP_FAILED )
        status = *busy ? REFUSED : error(FAILED, "%s: %m", name);
    else if ( !same_domain(s, &k->d) )
    {
        memset(s, 0, offsetof(struct state, output));
        s->size = sizeof(*s);
        s->domid = k->d.id;
        memcpy(s->uuid, k->d.uuid, sizeof(s->uuid));
        s->magic = STATE_MAGIC;
    }
    k->setup.state = s;
    k->setup.state_file = fd;
    free(name);

    return status;
}

/* A worker that outlives its keeper does so for a moment only. */
static enum status lock_state(struct keeper *k)
{
    const struct timespec t = { .tv_nsec = 50000000 };
    bool busy = true;
    enum status status = OK;

    for ( int i = 0; i < 60 && busy; i++ )
    {
        status = open_state(k, &busy);
        if ( busy )
        {
            close(k->setup.state_file);
            nanosleep(&t, NULL);
        }
    }

    return busy ? error(REFUSED, "domain %u (%s): another vsiod serves it",
                        k->d.id, k->d.name)
                : status;
}

enum status keeper_open_state(struct keeper *k)
{
    enum status status = make_dirs(k);

    return status ? status : lock_state(k);
}

enum status keeper_open_socket(struct keeper *k)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", k->dir);
    (void)unlink(address.sun_path);
    if ( fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
         listen(fd, 8) )
        return error(FAILED, "%s: %m", address.sun_path);
    (void)umask(mask);
    k->setup.listener = fd;

    return OK;
}

/* --- Xen ---------------------------------------------------------------- */

static bool has_server(xendevicemodel_handle *dm, const struct state *s)
{
    evtchn_port_t port;

    return s->server_known &&
           !xendevicemodel_get_ioreq_server_info(
               dm, (domid_t)s->domid, (ioservid_t)s->server, NULL, NULL, &port);
}

/* The page of requests: Xen makes it when it is mapped for the first time, and
 * writes its event channels there when the server is enabled. */
static bool make_page(struct keeper *k, ioservid_t id)
{
    void *page = NULL;
    xenforeignmemory_resource_handle *map = xenforeignmemory_map_resource(
        k->host.memory, (domid_t)k->d.id, XENMEM_resource_ioreq_server, id,
        XENMEM_resource_ioreq_server_frame_ioreq(0), 1, &page,
        PROT_READ | PROT_WRITE, 0);

    if ( map )
        (void)xenforeignmemory_unmap_resource(k->host.memory, map);

    return map != NULL;
}

enum status keeper_make_server(struct keeper *k)
{
    struct state *s = k->setup.state;
    xendevicemodel_handle *dm = xendevicemodel_open(k->host.quiet, 0);
    domid_t domid = (domid_t)k->d.id;
    ioservid_t id = (ioservid_t)s->server;
    bool ok = dm != NULL;

    if ( ok && !has_server(dm, s) )
    {
        ok = !xendevicemodel_create_ioreq_server(
            dm, domid, HVM_IOREQSRV_BUFIOREQ_OFF, &id);
        s->server = id;
        s->server_known = ok;
    }
    if ( ok )
        ok = make_page(k, id) &&
             !xendevicemodel_set_ioreq_server_state(dm, domid, id, 1);
    if ( !ok )
        (void)error(UNAVAILABLE,
                    "domain %u (%s): no I/O request server: %m; Xen has them "
                    "with CONFIG_IOREQ_SERVER",
                    k->d.id, k->d.name);
    if ( dm )
        xendevicemodel_close(dm);

    return ok ? OK : UNAVAILABLE;
}
