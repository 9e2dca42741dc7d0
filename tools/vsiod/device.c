/* SPDX-License-Identifier: MIT */
/*
 * device.c - a device: its callbacks, its images, what Xen is told of it.
 *
 * A callback does nothing that can't be done twice: an access that was cut off
 * is done again. Bytes go behind the last committed one, flash is programmed by
 * the same words once more, all else waits in a flag for device_settle().
 */
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

#include "vsiod.h"

/* Xen's default vGIC takes edges, and loses those of a line that stays high. */
#define LOOK_FIRST 8 /* ms */
#define LOOK_MOST  64

/* Bytes are shown, and blocks written to their file, some at once; ms. */
#define SHOW_AFTER 1
#define KEEP_AFTER 20

/* As firmware leaves a PL011: on, with FIFOs, 8 bits. */
#define PL011_ON    (PL011_CR_RESET | PL011_CR_UARTEN)
#define PL011_FIFOS (PL011_LCR_H_FEN | PL011_LCR_H_WLEN8)

/* --- callbacks ---------------------------------------------------------- */

static void set_irq(void *ctx, unsigned int line, bool level)
{
    struct device *d = ctx;

    if ( level )
        d->rose |= 1U << line;
}

static void reset(void *ctx)
{
    struct device *d = ctx;

    d->reset = true;
}

static void event(void *ctx, const struct vsio_event *ev)
{
    struct device *d = ctx;

    d->time_set |= ev->type == VSIO_EVENT_TIME;
}

static uint64_t wall_clock(void *ctx)
{
    (void)ctx;

    return (uint64_t)time(NULL);
}

/* It also rings when somebody sets dom0's clock. */
static void set_alarm(void *ctx, uint64_t when)
{
    struct device *d = ctx;
    struct itimerspec t = { 0 };

    if ( when != VSIO_PL031_NO_ALARM )
        t.it_value.tv_sec = (time_t)when;
    (void)timerfd_settime(d->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
                          &t, NULL);
}

static void dirty(void *ctx, uint32_t offset, uint32_t length)
{
    struct device *d = ctx;
    uint32_t block = d->state->what.block;

    for ( uint32_t i = offset / block; i * block < offset + length; i++ )
        d->state->dirty[i] = 1;
    d->dirtied = true;
}

/* Without an interrupt, and with it. */
static const struct vsio_pl011_host pl011_hosts[] = {
    { .tx = console_tx, .rx_ready = console_rx_ready },
    { .common = { .set_irq = set_irq },
      .tx = console_tx,
      .rx_ready = console_rx_ready },
};
static const struct vsio_ns16550_host ns16550_hosts[] = {
    { .tx = console_tx, .rx_ready = console_rx_ready },
    { .common = { .set_irq = set_irq },
      .tx = console_tx,
      .rx_ready = console_rx_ready },
};
static const struct vsio_pl031_host pl031_hosts[] = {
    { .common = { .event = event, .events = VSIO_WANT(VSIO_EVENT_TIME) },
      .now = wall_clock,
      .set_alarm = set_alarm },
    { .common = { .set_irq = set_irq,
                  .event = event,
                  .events = VSIO_WANT(VSIO_EVENT_TIME) },
      .now = wall_clock,
      .set_alarm = set_alarm },
};
static const struct vsio_i8042_host i8042_hosts[] = {
    { .reset = reset, .devices = VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE },
    { .common = { .set_irq = set_irq },
      .reset = reset,
      .devices = VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE },
};
static const struct vsio_cfi_flash_host flash_host = { .dirty = dirty };

/* --- what it is made of ------------------------------------------------- */

uint32_t device_window(const struct xen_vsio_attach *what)
{
    return what->type == XEN_VSIO_CFI_FLASH ? what->size : PAGE;
}

uint32_t device_lines(const struct xen_vsio_attach *what)
{
    if ( !what->virq || what->type == XEN_VSIO_CFI_FLASH )
        return 0;

    return what->type == XEN_VSIO_I8042 ? 2 : 1;
}

static bool init_flash(struct device *d)
{
    const struct xen_vsio_attach *a = &d->state->what;
    const struct vsio_cfi_flash_geometry geometry = {
        .size = a->size,
        .block = a->block,
        .width = a->stride == 1 ? 1 : 2,
        .chips = a->stride == 1 || a->stride == 2 ? 1 : 2,
        .buffer = VSIO_CFI_FLASH_BUFFER_MAX,
    };

    return vsio_cfi_flash_init(&d->u.flash, &geometry, d->array, &flash_host,
                               d);
}

bool device_init(struct device *d)
{
    const struct xen_vsio_attach *a = &d->state->what;
    bool irq = a->virq != 0;

    d->lines = device_lines(a);
    switch ( a->type )
    {
    case XEN_VSIO_PL011:
        vsio_pl011_init(&d->u.pl011, &pl011_hosts[irq], d);
        (void)vsio_write(&d->u.dev, PL011_LCR_H, 4, PL011_FIFOS);
        (void)vsio_write(&d->u.dev, PL011_CR, 4, PL011_ON);
        return true;

    case XEN_VSIO_PL031:
        if ( a->offset != (int32_t)a->offset )
            return false;
        vsio_pl031_init(&d->u.pl031, &pl031_hosts[irq], d);
        vsio_pl031_set_offset(&d->u.pl031, (int32_t)a->offset);
        return true;

    case XEN_VSIO_I8042:
        vsio_i8042_init(&d->u.i8042, &i8042_hosts[irq], d);
        return true;

    case XEN_VSIO_NS16550:
        if ( a->stride != 1 && a->stride != 2 && a->stride != 4 )
            return false;
        vsio_ns16550_init(&d->u.ns16550, &ns16550_hosts[irq], d, a->stride,
                          VSIO_NS16550_FIFO);
        return true;

    default:
        return a->type == XEN_VSIO_CFI_FLASH && init_flash(d);
    }
}

/* --- images ------------------------------------------------------------- */

bool device_load(struct device *d)
{
    const struct image *image = device_image(d);
    uint8_t scratch[VSIO_RECORD_MAX];
    size_t used;

    if ( !device_init(d) || image->length > VSIO_RECORD_MAX ||
         vsio_load(&d->u.dev, image->record, image->length, &used, scratch) )
        return false;
    d->out = image->out;
    d->in = image->in;
    d->reset = image->reset;
    d->told = UINT32_MAX;
    d->dirtied = d->state->what.type == XEN_VSIO_CFI_FLASH;

    return true;
}

/* All stores before this one are in the file before those after it. */
static void barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void device_commit(struct device *d, const struct turn *turn)
{
    uint32_t next = !(d->state->current & 1);
    struct image *image = &d->state->image[next];
    size_t used = 0;

    /* It can't fail: no record is longer. */
    (void)vsio_save(&d->u.dev, image->record, sizeof(image->record), &used);
    image->length = (uint32_t)used;
    image->out = d->out;
    image->in = d->in;
    image->reset = d->reset;
    image->turn = turn->turn;
    image->answer = turn->answer;
    image->vcpu = turn->vcpu;
    barrier();
    __atomic_store_n(&d->state->current, next, __ATOMIC_RELEASE);
    barrier();
}

/* --- what follows ------------------------------------------------------- */

static void settle_lines(struct device *d)
{
    uint32_t level = d->u.dev.lines;

    for ( uint32_t line = 0; line < d->lines; line++ )
    {
        uint32_t bit = 1U << line;

        if ( d->rose & bit || (level ^ d->told) & bit )
            worker_set_irq(d->w, d->state->what.virq + line, level & bit);
    }
    d->rose = 0;
    d->told = level;
    d->look_after = LOOK_FIRST;
    d->look_at = level ? now_ms() + LOOK_FIRST : 0;
}

void device_settle(struct device *d)
{
    if ( d->lines )
        settle_lines(d);
    if ( (d->dirtied || d->out != d->state->logged) && !d->show_at )
        d->show_at = now_ms() + (d->dirtied ? KEEP_AFTER : SHOW_AFTER);
    device_wish(d);
}

/* What the keeper has no room for waits: it is asked again. */
void device_wish(struct device *d)
{
    if ( d->time_set )
        d->time_set = !worker_wish(d->w, WISH_OFFSET, d->slot,
                                   vsio_pl031_offset(&d->u.pl031));
    if ( d->reset )
        d->reset = !worker_wish(d->w, WISH_REBOOT, d->slot, 0);
}

void device_changed(struct device *d)
{
    static const struct turn none;

    device_commit(d, &none);
    device_settle(d);
}

void device_look(struct device *d, int64_t now)
{
    if ( !d->look_at || now < d->look_at )
        return;
    for ( uint32_t line = 0; line < d->lines; line++ )
    {
        if ( d->u.dev.lines >> line & 1 )
            worker_set_irq(d->w, d->state->what.virq + line, true);
    }
    d->look_after = d->look_after < LOOK_MOST ? d->look_after * 2 : LOOK_MOST;
    d->look_at = now + d->look_after;
}
