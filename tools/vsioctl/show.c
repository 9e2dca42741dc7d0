/* SPDX-License-Identifier: MIT */
/*
 * show.c - list and stat.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vsioctl.h"

/* One thing to show: a column, a JSON member. */
struct cell {
    const char *head, *key;
    int width; /* < 0: to the left */
    bool text;
};

#define COLUMNS_MAX 16

/* A row of texts; NULL: not there. */
static void print_row(const struct cell *cells, unsigned int n, char **value)
{
    for ( unsigned int i = 0; i < n; i++ )
        printf("%*s%s", cells[i].width,
               value ? (value[i] ? value[i] : "-") : cells[i].head,
               i + 1 < n ? " " : "\n");
}

static void print_json(const struct cell *cells, unsigned int n, char **value)
{
    static bool more;

    printf(more ? ",\n  {" : "\n  {");
    more = true;
    for ( unsigned int i = 0; i < n; i++ )
    {
        printf("%s\"%s\": ", i ? ", " : "", cells[i].key);
        if ( !value[i] )
            printf("null");
        else if ( cells[i].text )
            json_string(stdout, value[i]);
        else
            printf("%s", value[i]);
    }
    putchar('}');
}

static void print(const struct cell *cells,
                  unsigned int n,
                  char **value,
                  bool json)
{
    if ( json )
        print_json(cells, n, value);
    else
        print_row(cells, n, value);
    for ( unsigned int i = 0; i < n; i++ )
        free(value[i]);
}

/* --- list --------------------------------------------------------------- */

static const struct cell list_cells[] = {
    { "DOM", "domain", 4, false },     { "NAME", "name", -14, true },
    { "SLOT", "slot", 4, false },      { "DEVICE", "device", -8, true },
    { "ADDR", "addr", 10, true },      { "SIZE", "size", 9, true },
    { "IRQ", "irq", 4, false },        { "TTY", "tty", -11, true },
    { "FILE, LOG", "file", -1, true },
};

#define LIST_CELLS (sizeof(list_cells) / sizeof(list_cells[0]))

static char *file_or_log(struct host *host, uint32_t id, uint32_t slot)
{
    char *s = store_read(host->xs, "/local/domain/%u/vsio/%u/file", id, slot);

    return s ? s
             : store_read(host->xs, "/local/domain/%u/vsio/%u/log", id, slot);
}

static void list_device(struct host *host,
                        const struct domain *d,
                        uint32_t slot,
                        const struct xen_vsio_info *info,
                        bool json)
{
    char *value[LIST_CELLS] = {
        text("%u", d->id),
        text("%s", d->name),
        text("%u", slot),
        text("%s", kind_name(info->type)),
        text("0x%llx", (unsigned long long)info->base),
        text("0x%x", info->size),
        info->virq[0] ? text("%u", info->virq[0]) : NULL,
        store_tty(host->xs, d->id, slot, info),
        file_or_log(host, d->id, slot),
    };

    print(list_cells, LIST_CELLS, value, json);
}

/* --- stat --------------------------------------------------------------- */

static const struct cell stat_cells[] = {
    { "SLOT", "slot", 4, false },
    { "DEVICE", "device", -8, true },
    { "READS", "reads", 10, false },
    { "WRITES", "writes", 10, false },
    { "REFUSED", "refused", 8, false },
    { "UNKNOWN", "unknown", 8, false },
    { "IN", "in", 10, false },
    { "OUT", "out", 10, false },
    { "DROPPED", "dropped", 8, false },
    { "IRQS", "irqs", 9, false },
    { "NOTIFIED", "notified", 9, false },
    { "SENSELESS", "senseless", 9, false },
};

#define STAT_CELLS (sizeof(stat_cells) / sizeof(stat_cells[0]))

static void stat_device(uint32_t slot,
                        const struct xen_vsio_info *info,
                        bool json)
{
    const uint64_t counts[] = {
        info->reads,    info->writes,    info->refused,       info->unknown,
        info->bytes_in, info->bytes_out, info->bytes_dropped, info->irqs,
        info->notified, info->senseless,
    };
    char *value[STAT_CELLS] = {
        text("%u", slot),
        text("%s", kind_name(info->type)),
    };

    for ( unsigned int i = 2; i < STAT_CELLS; i++ )
        value[i] = text("%llu", (unsigned long long)counts[i - 2]);
    print(stat_cells, STAT_CELLS, value, json);
}

/* --- both --------------------------------------------------------------- */

enum what { LIST, STAT };

/* among: of all domains, those of which some are on a Xen that has no devices.
 */
static enum status show_domain(struct host *host,
                               const struct domain *d,
                               enum what what,
                               bool json,
                               bool among)
{
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        struct xen_vsio_info info;
        int err = vsio_info(host, d->id, slot, &info);

        if ( err == ENOENT )
            continue;
        if ( err == ENOSYS && among )
            return OK;
        if ( err )
            return vsio_error(err, d, "devices");
        if ( what == LIST )
            list_device(host, d, slot, &info, json);
        else
            stat_device(slot, &info, json);
    }

    return OK;
}

static enum status list_all(struct host *host, bool json)
{
    xc_dominfo_t info;
    struct domain d = { 0 };
    uint32_t id = 0;
    enum status status = OK;

    while ( !status )
    {
        if ( !domain_next(host, &id, &info) )
            return errno == ESRCH
                       ? OK
                       : error(UNAVAILABLE, "Xen does not list domains: %m");

        d.id = info.domid;
        d.name = store_read(host->xs, "/local/domain/%u/name", d.id);
        if ( !d.name )
            d.name = text("%u", d.id);
        status = show_domain(host, &d, LIST, json, true);
        free(d.name);
    }

    return status;
}

static void begin(const struct cell *cells, unsigned int n, bool json)
{
    if ( json )
        putchar('[');
    else
        print_row(cells, n, NULL);
}

static void end(bool json)
{
    if ( json )
        puts("\n]");
}

enum status cmd_list(int argc, char **argv)
{
    bool json = take_flag(&argc, argv, "--json");
    enum status status = no_more_options(&argc, argv);
    struct host host;
    struct domain d = { 0 };

    if ( status || (status = host_open(&host)) )
        return status;
    if ( argc )
        status = domain_find(&host, argv[0], &d);
    if ( !status )
    {
        begin(list_cells, LIST_CELLS, json);
        status = argc ? show_domain(&host, &d, LIST, json, false)
                      : list_all(&host, json);
        end(json);
    }
    free(d.name);
    host_close(&host);

    return status;
}

static enum status stat_once(struct host *host,
                             const struct domain *d,
                             bool json)
{
    enum status status;

    begin(stat_cells, STAT_CELLS, json);
    status = show_domain(host, d, STAT, json, false);
    end(json);

    return status;
}

/* The table again and again, in its place on the screen, until interrupted. */
static enum status watch(struct host *host, const struct domain *d)
{
    struct timespec second = { .tv_sec = 1 };
    enum status status;

    printf("\033[2J");
    do
    {
        printf("\033[H%s (domain %u)\033[K\n", d->name, d->id);
        status = stat_once(host, d, false);
        printf("\033[J");
        fflush(stdout);
    } while ( !status && !ferror(stdout) && !nanosleep(&second, NULL) );

    return status;
}

enum status cmd_stat(int argc, char **argv)
{
    bool json = take_flag(&argc, argv, "--json");
    bool live = take_flag(&argc, argv, "--watch");
    enum status status = no_more_options(&argc, argv);
    struct host host;
    struct domain d = { 0 };

    if ( !status && argc != 1 )
        status = error(USAGE, "stat needs a domain");
    if ( !status && json && live )
        status = error(USAGE, "--json and --watch exclude each other");
    if ( status || (status = host_open(&host)) )
        return status;
    status = domain_find(&host, argv[0], &d);
    if ( !status )
        status = live ? watch(&host, &d) : stat_once(&host, &d, json);
    free(d.name);
    host_close(&host);

    return status;
}
