/* SPDX-License-Identifier: MIT */
/*
 * daemon.c - what an access costs vsiod's worker: from the moment when it knows
 * of an event to the answer, and to when it waits for the next one. The page of
 * requests is ours, and a call of Xen's libraries a bare return.
 *
 *   daemon N     do it N times; callgrind counts what measured_turn() calls
 */
#include "../../tools/vsiod/worker.c"

#define BASE 0x22001000U

static union {
    shared_iopage_t page;
    uint8_t bytes[PAGE];
} shared;
static struct worker worker;
static struct setup setup;
static bool pending;

/* --- Xen's libraries ------------------------------------------------------ */

int xendevicemodel_set_irq_level(xendevicemodel_handle *dm,
                                 domid_t domid,
                                 unsigned int irq,
                                 unsigned int level)
{
    (void)dm;
    (void)domid;
    (void)irq;
    (void)level;

    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
    bool was = pending;

    (void)h;
    pending = false;

    return was ? 1 : -1;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
    (void)h;
    (void)port;

    return 0;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
    (void)h;
    (void)port;

    return 0;
}

/* --- the guest ------------------------------------------------------------ */

/* What loop() does between two waits. */
static __attribute__((noinline)) void turn(struct worker *w)
{
    from_channels(w);
    (void)from_clock(w);
}

static __attribute__((noinline)) void measured_turn(struct worker *w)
{
    turn(w);
    __asm__ volatile("" ::: "memory"); /* no jump to turn() */
}

static bool read_fr(void)
{
    ioreq_t *p = &shared.page.vcpu_ioreq[0];

    *p = (ioreq_t){ .addr = BASE + PL011_FR,
                    .count = 1,
                    .size = 4,
                    .dir = IOREQ_READ,
                    .type = IOREQ_TYPE_COPY,
                    .state = STATE_IOREQ_READY };
    pending = true;
    measured_turn(&worker);

    return p->state == STATE_IORESP_READY &&
           (p->data & (PL011_FR_TXFE | PL011_FR_TXFF | PL011_FR_RXFE)) ==
               (PL011_FR_TXFE | PL011_FR_RXFE);
}

static void make_worker(struct worker *w)
{
    struct device *d = w->device;

    w->setup = &setup;
    w->state = allocate(NULL, sizeof(*w->state));
    memset(w->state->slot, 0, sizeof(w->state->slot));
    w->state->turn = 0;
    w->page = &shared.page;
    w->vcpus = 1;
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        w->device[slot].w = w;
        w->device[slot].state = &w->state->slot[slot];
        w->device[slot].ends = (struct ends){ .master = -1, .log = -1 };
    }
    d->state->what = (struct xen_vsio_attach){ .type = XEN_VSIO_PL011,
                                               .base = BASE,
                                               .virq = SPI_FIRST };
    (void)device_init(d);
    worker_fill_bus(w);
}

int main(int argc, char **argv)
{
    unsigned long n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

    make_worker(&worker);
    for ( unsigned long i = 0; i < n; i++ )
    {
        if ( !read_fr() )
            return 1;
    }

    return worker.device[0].u.dev.count.reads != n;
}
