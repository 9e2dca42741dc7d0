/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All devices of the running guest are saved, become something else, and are
 * restored: the guest must not notice. What they become are records of theirs
 * with other values in them, so no register is written, which could have an
 * effect outside.
 */

#include <xen/console.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include "devices/snapshot.h"
#include "setup.h"
#include "slot.h"

static struct record {
    uint8_t bytes[VSIO_RECORD_MAX];
    uint32_t length;
} records[XEN_VSIO_SLOTS];

static int record_op(unsigned int cmd, unsigned int n, struct record *r)
{
    struct xen_vsio_data data = { .data.p = r->bytes, .length = r->length };
    int rc = data_op(cmd, n, &data);

    r->length = data.length;

    return rc;
}

/* By xorshift. */
static uint8_t random(void)
{
    static uint64_t x = 1;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;

    return x;
}

/* Not what it was, byte by byte; how many are not. */
static unsigned int scramble(unsigned int n)
{
    struct record r = records[n];
    unsigned int changed = 0, tries;
    uint32_t at;

    for ( at = VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS; at < r.length; at++ )
        for ( tries = 1; tries <= 4; tries++ )
        {
            r.bytes[at] = records[n].bytes[at] ^ (random() >> tries | 1);
            if ( !record_op(XEN_VSIO_restore, n, &r) )
            {
                changed++;
                break;
            }
            r.bytes[at] = records[n].bytes[at]; /* the device can't be that */
        }
    BUG_ON(!changed);

    return changed;
}

void drill(void)
{
    unsigned int n, devices, bytes = 0, changed = 0;

    console_hold(true);
    for ( n = 0; n < XEN_VSIO_SLOTS; n++ )
    {
        records[n].length = VSIO_RECORD_MAX;
        if ( record_op(XEN_VSIO_save, n, &records[n]) )
            break;
        bytes += records[n].length;
        changed += scramble(n);
    }
    devices = n;
    console_hold(false);
    while ( n-- )
        BUG_ON(record_op(XEN_VSIO_restore, n, &records[n]));
    printk("drill: %u devices of %u bytes, %u of them changed and restored\n",
           devices, bytes, changed);
}
