/* SPDX-License-Identifier: MIT */
/*
 * slots.c - what a slot has in dom0, as xenstore says: a UART its pty and its
 * log, a flash its file. The keeper opens it, the worker uses it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"

static const struct ends nothing = { -1, -1, -1, 0, 0 };

void slots_init(struct keeper *k)
{
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        k->setup.ends[slot] = nothing;
        k->console[slot].slave = -1;
    }
}

static void close_console(struct keeper *k, uint32_t slot)
{
    struct console *c = &k->console[slot];
    struct ends *e = &k->setup.ends[slot];
    const int fds[] = { e->master, e->log, e->file, c->slave };

    for ( size_t i = 0; i < 4; i++ )
    {
        if ( fds[i] >= 0 )
            close(fds[i]);
    }
    free(c->tty);
    free(c->name);
    *c = (struct console){ .slave = -1 };
    *e = nothing;
}

static void open_log(struct keeper *k, uint32_t slot)
{
    struct ends *e = &k->setup.ends[slot];
    const char *name = k->console[slot].name;

    if ( e->log >= 0 )
        close(e->log);
    e->log = -1;
    if ( !name || !strcmp(name, "none") )
        return;
    e->log = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if ( e->log < 0 )
        note("%s: %s", name, strerror(errno));
}

static void open_uart(struct keeper *k, uint32_t slot)
{
    struct console *c = &k->console[slot];
    struct ends *e = &k->setup.ends[slot];
    int64_t limit = STATE_OUT;

    if ( !pty_open(&e->master, &c->slave, &c->tty) )
    {
        note("domain %u, slot %u: a pty: %s", k->d.id, slot, strerror(errno));
        close_console(k, slot);
        return;
    }
    (void)store_read_number(k->host.xs, STATE_OUT, &limit,
                            "/local/domain/%u/vsio/%u/limit", k->d.id, slot);
    e->limit = (uint32_t)limit;
    e->hold = k->hold;
    if ( k->log_dir )
        c->name = log_name(k->host.xs, k->d.id, slot, k->log_dir);
    open_log(k, slot);
    if ( !store_node(k->host.xs, k->d.id, slot, "tty", c->tty) )
        note("domain %u, slot %u: xenstored: %s", k->d.id, slot,
             strerror(errno));
}

static bool open_flash(struct keeper *k, uint32_t slot)
{
    struct console *c = &k->console[slot];

    c->name =
        store_read(k->host.xs, "/local/domain/%u/vsio/%u/file", k->d.id, slot);
    if ( !c->name )
        return false;
    k->setup.ends[slot].file = open(c->name, O_RDWR | O_CLOEXEC);
    if ( k->setup.ends[slot].file < 0 )
        note("%s: %s", c->name, strerror(errno));

    return k->setup.ends[slot].file >= 0;
}

/* True: the worker needs to be told, by a start. */
static bool look_at(struct keeper *k, uint32_t slot)
{
    const struct kind *kind;
    const struct ends *e = &k->setup.ends[slot];
    bool flash, uart;

    errno = 0;
    kind = store_kind(k->host.xs, k->d.id, slot);
    if ( !kind && errno != ENOENT )
        return false; /* nobody answers: all stays */
    flash = kind && kind->type == XEN_VSIO_CFI_FLASH;
    uart = kind && kind->ring;
    if ( !uart && !flash )
    {
        close_console(k, slot);
        return false;
    }
    if ( uart ? e->master >= 0 : k->console[slot].name != NULL )
        return false;
    close_console(k, slot);
    if ( flash )
        return open_flash(k, slot);
    open_uart(k, slot);

    return true;
}

bool slots_look(struct keeper *k)
{
    bool changed = false;

    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
        changed |= look_at(k, slot);

    return changed;
}

void slots_reopen_logs(struct keeper *k)
{
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        if ( k->setup.ends[slot].master >= 0 )
            open_log(k, slot);
    }
}
