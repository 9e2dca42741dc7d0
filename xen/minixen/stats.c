/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts of all that the guest has trapped for. */

#include <xen/lib.h>
#include <xen/sched.h>

#include "slot.h"

#define REGISTERS (PAGE_SIZE / 4) /* of a device */

static unsigned long exits[EXIT_IRQ + 1];
static unsigned long accesses[MAX_IO_HANDLER][REGISTERS][2];

/* Two CPUs may lose a count between them: no trap is to cost a lock. */
void count_exit(unsigned int ec)
{
    exits[ec]++;
}

static unsigned int handler_number(const struct mmio_handler *h)
{
    return h - dom.arch.vmmio.handlers;
}

void count_mmio(const struct mmio_handler *h, paddr_t gpa, bool write)
{
    bool one = !h->priv || h->size > PAGE_SIZE; /* the vGIC, and flash */
    unsigned int reg = one ? 0 : (gpa - h->addr) / 4;

    accesses[handler_number(h)][reg][write]++;
}

static const char *device_name(const struct domain *d, unsigned int n)
{
    const struct mmio_handler *h = &d->arch.vmmio.handlers[n];
    unsigned int i;

    for ( i = 0; d->arch.vsio && i < XEN_VSIO_SLOTS; i++ )
        if ( h->priv && d->arch.vsio->slot[i] == h->priv )
            return d->arch.vsio->slot[i]->ops->name;

    return "vgic";
}

static void dump_device(const char *name, unsigned int n)
{
    unsigned long sum[2] = { 0, 0 };
    unsigned int reg;

    for ( reg = 0; reg < REGISTERS; reg++ )
    {
        const unsigned long *count = accesses[n][reg];

        if ( !count[0] && !count[1] )
            continue;
        printk("%s +%#03x: %lu reads, %lu writes\n", name, 4 * reg, count[0],
               count[1]);
        sum[0] += count[0];
        sum[1] += count[1];
    }
    printk("%s: %lu traps\n", name, sum[0] + sum[1]);
}

static void dump_bytes(const struct domain *d)
{
    unsigned int i;

    for ( i = 0; d->arch.vsio && i < XEN_VSIO_SLOTS; i++ )
    {
        const struct vsio_slot *slot = d->arch.vsio->slot[i];
        const struct vsio_counters *c = slot ? &slot->dev->count : NULL;

        if ( c && (c->bytes_in || c->bytes_out) )
            printk("%s: %lu bytes in, %lu out, %lu dropped\n", slot->ops->name,
                   c->bytes_in, c->bytes_out, c->bytes_dropped);
    }
}

void dump_stats(struct domain *d)
{
    unsigned int i;

    for ( i = 0; i < d->arch.vmmio.num_entries; i++ )
        dump_device(device_name(d, i), i);
    dump_bytes(d);
    printk("exits: %lu data aborts, %lu instruction aborts, %lu SMC, %lu HVC, "
           "%lu interrupts\n",
           exits[HSR_EC_DATA_ABORT_LOWER_EL],
           exits[HSR_EC_INSTR_ABORT_LOWER_EL], exits[HSR_EC_SMC64],
           exits[HSR_EC_HVC64], exits[EXIT_IRQ]);
}
