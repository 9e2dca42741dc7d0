/* SPDX-License-Identifier: MIT */
/*
 * store.c - our tree in xenstore: /local/domain/N/vsio, docs/toolstack.md.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vsioctl.h"

static char *vread(struct xs_handle *xs, const char *format, va_list ap)
{
    char *path, *value;

    if ( vasprintf(&path, format, ap) < 0 )
        exit(error(FAILED, "out of memory"));
    value = xs_read(xs, XBT_NULL, path, NULL);
    free(path);

    return value;
}

char *store_read(struct xs_handle *xs, const char *format, ...)
{
    va_list ap;
    char *value;

    va_start(ap, format);
    value = vread(xs, format, ap);
    va_end(ap);

    return value;
}

bool store_read_number(
    struct xs_handle *xs, int64_t max, int64_t *value, const char *format, ...)
{
    va_list ap;
    char *s;
    bool ok;

    va_start(ap, format);
    s = vread(xs, format, ap);
    va_end(ap);
    ok = s && number(s, INT64_MIN, max, value);
    free(s);

    return ok;
}

void nodes_add(struct nodes *nodes, const char *name, char *value)
{
    struct node *node = &nodes->node[nodes->count++];

    node->name = name;
    node->value = value;
}

void nodes_free(struct nodes *nodes)
{
    while ( nodes->count )
        free(nodes->node[--nodes->count].value);
}

static bool put(struct xs_handle *xs,
                xs_transaction_t t,
                const char *dir,
                const char *name,
                const char *value)
{
    char *path = text("%s/%s", dir, name);
    bool ok = xs_write(xs, t, path, value, (unsigned int)strlen(value));

    free(path);

    return ok;
}

/* A directory that the guest may read and not write: what is made in it, too.
 */
static bool make_dir(struct xs_handle *xs,
                     xs_transaction_t t,
                     const char *path,
                     uint32_t domid)
{
    struct xs_permissions perms[] = {
        { .id = 0, .perms = XS_PERM_NONE },
        { .id = domid, .perms = XS_PERM_READ },
    };

    return xs_mkdir(xs, t, path) && xs_set_permissions(xs, t, path, perms, 2);
}

static bool write_device(struct xs_handle *xs,
                         xs_transaction_t t,
                         uint32_t domid,
                         uint32_t slot,
                         const struct nodes *nodes)
{
    char *root = text("/local/domain/%u/vsio", domid);
    char *dir = text("%s/%u", root, slot);
    bool ok = make_dir(xs, t, root, domid) &&
              put(xs, t, root, "version", STORE_VERSION) &&
              make_dir(xs, t, dir, domid);

    for ( unsigned int i = 0; i < nodes->count && ok; i++ )
        ok = put(xs, t, dir, nodes->node[i].name, nodes->node[i].value);
    free(dir);
    free(root);

    return ok;
}

/* A domain's directory goes before the domain does: don't make it anew. */
static bool domain_there(struct xs_handle *xs, xs_transaction_t t, uint32_t id)
{
    char *path = text("/local/domain/%u", id);
    char *value = xs_read(xs, t, path, NULL);

    free(path);
    free(value);

    return value != NULL;
}

static enum status store_error(const struct domain *d)
{
    if ( errno == ENOENT )
        return error(NOT_FOUND, "domain %u (%s): it is gone", d->id, d->name);

    return error(UNAVAILABLE, "domain %u (%s): xenstored: %m", d->id, d->name);
}

enum status store_device(struct host *host,
                         const struct domain *d,
                         uint32_t slot,
                         const struct nodes *nodes)
{
    for ( ;; )
    {
        xs_transaction_t t = xs_transaction_start(host->xs);
        bool ok = t && domain_there(host->xs, t, d->id) &&
                  write_device(host->xs, t, d->id, slot, nodes);
        int err = errno;

        if ( t && !xs_transaction_end(host->xs, t, !ok) && ok )
        {
            if ( errno == EAGAIN )
                continue;
            return store_error(d);
        }
        errno = err;

        return ok ? OK : store_error(d);
    }
}

/* The last device takes the tree with it. */
static bool forget(struct xs_handle *xs,
                   xs_transaction_t t,
                   uint32_t domid,
                   uint32_t slot)
{
    char *root = text("/local/domain/%u/vsio", domid);
    char *dir = text("%s/%u", root, slot);
    bool ok = xs_rm(xs, t, dir);
    unsigned int n = 0;
    char **left = ok ? xs_directory(xs, t, root, &n) : NULL;

    if ( left && n <= 1 ) /* the version */
        ok = xs_rm(xs, t, root);
    free(left);
    free(dir);
    free(root);

    return ok;
}

enum status store_forget(struct host *host,
                         const struct domain *d,
                         uint32_t slot)
{
    while ( store_kind(host->xs, d->id, slot) )
    {
        xs_transaction_t t = xs_transaction_start(host->xs);
        bool ok = t && forget(host->xs, t, d->id, slot);
        int err = errno;

        if ( t && !xs_transaction_end(host->xs, t, !ok) && ok )
        {
            if ( errno == EAGAIN )
                continue;
            return store_error(d);
        }
        errno = err;

        return ok ? OK : store_error(d);
    }

    return OK;
}

/* Only if the device is still there: what is gone must not come back. */
static bool put_node(struct xs_handle *xs,
                     xs_transaction_t t,
                     const char *dir,
                     const char *name,
                     const char *value)
{
    char *path = text("%s/type", dir);
    char *type = xs_read(xs, t, path, NULL);
    bool ok = type && put(xs, t, dir, name, value);

    free(type);
    free(path);

    return ok;
}

bool store_node(struct xs_handle *xs,
                uint32_t domid,
                uint32_t slot,
                const char *name,
                const char *value)
{
    char *dir = text("/local/domain/%u/vsio/%u", domid, slot);
    bool ok, done;

    do
    {
        xs_transaction_t t = xs_transaction_start(xs);

        ok = t && put_node(xs, t, dir, name, value);
        done = t && xs_transaction_end(xs, t, !ok);
    } while ( ok && !done && errno == EAGAIN );
    free(dir);

    return ok && done;
}

const struct kind *store_kind(struct xs_handle *xs,
                              uint32_t domid,
                              uint32_t slot)
{
    char *type = store_read(xs, "/local/domain/%u/vsio/%u/type", domid, slot);
    const struct kind *kind = type ? kind_of_name(type) : NULL;

    free(type);

    return kind;
}

char *rtc_path(const xen_domain_handle_t uuid)
{
    char s[37];

    uuid_text(uuid, s);

    return text("/vsio/rtc/%s", s);
}

bool store_rtc(struct xs_handle *xs,
               const xen_domain_handle_t uuid,
               int64_t offset)
{
    struct xs_permissions nobody = { .id = 0, .perms = XS_PERM_NONE };
    char *path = rtc_path(uuid);
    char *value = text("%lld", (long long)offset);
    bool ok =
        xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value)) &&
        xs_set_permissions(xs, XBT_NULL, path, &nobody, 1);

    free(value);
    free(path);

    return ok;
}

char *store_tty(struct xs_handle *xs,
                uint32_t domid,
                uint32_t slot,
                const struct xen_vsio_info *info)
{
    char *tty = store_read(xs, "/local/domain/%u/vsio/%u/tty", domid, slot);

    if ( !tty && info->base == XEN_UART_BASE )
        tty = store_read(xs, "/local/domain/%u/vuart/0/tty", domid);

    return tty;
}
