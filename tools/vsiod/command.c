/* SPDX-License-Identifier: MIT */
/*
 * command.c - struct xen_vsio_op, by a socket instead of the domctl. The errors
 * are those of vsio-domctl.h. Whether the domain is paused or has run Xen alone
 * knows: vsioctl asks it before it comes here.
 */
#include <errno.h>
#include <string.h>

#include "vsiod.h"

/* --- attach and detach -------------------------------------------------- */

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

/* 0, or why it can't be beside the others. */
static int check_others(struct worker *w, const struct xen_vsio_attach *a)
{
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        const struct device *d = worker_device(w, slot);
        const struct xen_vsio_attach *b = &d->state->what;

        if ( !device_there(d) )
            continue;
        if ( overlap(a->base, device_window(a), b->base, device_window(b)) )
            return EEXIST;
        if ( overlap(a->virq, device_lines(a), b->virq, device_lines(b)) )
            return EADDRINUSE;
    }

    return 0;
}

static int check(struct worker *w, const struct xen_vsio_attach *a)
{
    uint64_t size = device_window(a);
    int err;

    if ( a->type < XEN_VSIO_PL011 || a->type > XEN_VSIO_CFI_FLASH )
        return EOPNOTSUPP;
    if ( a->pad || (a->virq && (a->virq < SPI_FIRST || a->virq > 1019)) ||
         (a->base | size) % PAGE || !size || size > XEN_VSIO_FLASH_MAX ||
         a->base > (1ULL << 48) - size )
        return EINVAL;
    err = check_others(w, a);
    if ( !err && !worker_has_irqs(w, a->virq, device_lines(a)) )
        err = EADDRINUSE;

    return err;
}

/* A place for the device, its memory, its first image. */
static int make(struct device *d, const struct xen_vsio_attach *a)
{
    int err = 0;

    memset(d->state, 0, offsetof(struct slot_state, input));
    d->state->what = *a;
    d->out = d->in = 0;
    d->told = d->rose = 0;
    d->look_at = d->show_at = 0;
    d->reset = d->time_set = d->dirtied = false;
    if ( a->type == XEN_VSIO_CFI_FLASH )
        err = worker_reserve(d->w, d->array, a->size);
    else if ( device_is_uart(d) )
        err = worker_reserve(d->w, d->output, STATE_OUT);
    if ( !err && a->type == XEN_VSIO_CFI_FLASH )
        memset(d->array, 0xff, a->size); /* erased */
    memset(d->state->dirty, 0, sizeof(d->state->dirty));
    if ( !err && !device_init(d) )
        err = EINVAL;
    if ( !err )
        err = worker_map(d->w, a->base, device_window(a), true);
    if ( err )
        d->state->what.type = 0;
    else
        device_changed(d);

    return err;
}

static int attach(struct worker *w, struct xen_vsio_op *op)
{
    struct xen_vsio_attach *a = &op->u.attach;
    uint32_t slot = 0;
    int err = check(w, a);

    if ( err )
        return err;
    while ( slot < XEN_VSIO_SLOTS && device_there(worker_device(w, slot)) )
        slot++;
    if ( slot == XEN_VSIO_SLOTS )
        return ENOSPC;
    err = make(worker_device(w, slot), a);
    if ( err )
        return err;
    op->slot = slot;
    a->evtchn = 0;
    worker_fill_bus(w);

    return 0;
}

static int detach(struct device *d)
{
    const struct xen_vsio_attach *a = &d->state->what;
    int err = worker_map(d->w, a->base, device_window(a), false);

    if ( err )
        return err;
    d->state->what.type = 0;
    d->look_at = d->show_at = 0;
    worker_fill_bus(d->w);

    return 0;
}

/* --- what it is and was ------------------------------------------------- */

static int get_info(const struct device *d, struct xen_vsio_info *info)
{
    const struct vsio_counters *count = &d->u.dev.count;
    const struct xen_vsio_attach *a = &d->state->what;

    *info = (struct xen_vsio_info){
        .type = a->type,
        .virq = { d->lines ? a->virq : 0, d->lines == 2 ? a->virq + 1 : 0 },
        .lines = (uint16_t)d->u.dev.lines,
        .base = a->base,
        .size = device_window(a),
        .reads = count->reads,
        .writes = count->writes,
        .refused = count->refused,
        .unknown = count->unknown,
        .bytes_in = count->bytes_in,
        .bytes_out = count->bytes_out,
        .bytes_dropped = count->bytes_dropped,
        .irqs = count->irqs,
        .notified = d->state->notified,
    };
    if ( a->type == XEN_VSIO_PL031 )
        info->offset = vsio_pl031_offset(&d->u.pl031);

    return 0;
}

static int save(struct device *d, struct command *c, size_t *size)
{
    size_t used = 0;

    if ( vsio_save(&d->u.dev, c->data, VSIO_RECORD_MAX, &used) ||
         used > c->op.u.data.length )
        return ENOBUFS;
    c->op.u.data.length = (uint32_t)used;
    *size = COMMAND_HEAD + used;

    return 0;
}

static int restore(struct device *d, struct command *c)
{
    uint8_t scratch[VSIO_RECORD_MAX];
    size_t used, length = c->op.u.data.length;

    if ( length > VSIO_RECORD_MAX || length < VSIO_RECORD_HEADER ||
         (c->data[8] | c->data[9] << 8) !=
             (int)length - (int)VSIO_RECORD_HEADER ||
         vsio_restore(&d->u.dev, c->data, length, &used, scratch) )
        return EBADMSG;
    device_changed(d);

    return 0;
}

static int contents(struct device *d, struct command *c, size_t *size)
{
    const struct xen_vsio_data *data = &c->op.u.data;

    if ( d->state->what.type != XEN_VSIO_CFI_FLASH ||
         data->length > XEN_VSIO_CHUNK || data->offset > d->state->what.size ||
         data->length > d->state->what.size - data->offset )
        return EINVAL;
    if ( c->op.cmd == XEN_VSIO_write )
        memcpy(d->array + data->offset, c->data, data->length);
    else
    {
        memcpy(c->data, d->array + data->offset, data->length);
        *size = COMMAND_HEAD + data->length;
    }

    return 0;
}

/* --- keys --------------------------------------------------------------- */

/* More than that is an overrun, whatever it is. */
static int16_t counts(int32_t n)
{
    return (int16_t)(n > INT16_MAX    ? INT16_MAX
                     : n < -INT16_MAX ? -INT16_MAX
                                      : n);
}

static int input(struct device *d, const struct xen_vsio_op *op)
{
    const struct xen_vsio_mouse *m = &op->u.mouse;
    const struct vsio_mouse_move move = {
        .dx = counts(m->x),
        .dy = counts(m->y),
        .dz = counts(m->wheel),
        .buttons = (uint8_t)m->buttons,
    };
    bool taken;

    if ( d->state->what.type != XEN_VSIO_I8042 )
        return EINVAL;
    if ( op->cmd == XEN_VSIO_mouse
             ? m->buttons > 0x1f
             : op->u.key.code > 0xffff || op->u.key.pressed > 1 )
        return EINVAL;
    if ( op->cmd == XEN_VSIO_mouse )
        taken = vsio_i8042_mouse(&d->u.i8042, &move);
    else
        taken = vsio_i8042_key(&d->u.i8042, op->u.key.code, op->u.key.pressed);
    device_changed(d);

    return taken ? 0 : EAGAIN;
}

/* --- all ---------------------------------------------------------------- */

static int run_on(struct device *d, struct command *c, size_t *size)
{
    switch ( c->op.cmd )
    {
    case XEN_VSIO_detach:
        return detach(d);
    case XEN_VSIO_info:
        return get_info(d, &c->op.u.info);
    case XEN_VSIO_save:
        return save(d, c, size);
    case XEN_VSIO_restore:
        return restore(d, c);
    case XEN_VSIO_read:
    case XEN_VSIO_write:
        return contents(d, c, size);
    case XEN_VSIO_key:
    case XEN_VSIO_mouse:
        return input(d, &c->op);
    default:
        return EINVAL;
    }
}

/* Does the message have all the data that it speaks of? */
static bool complete(const struct command *c, size_t size)
{
    uint32_t cmd = c->op.cmd;

    if ( size < COMMAND_HEAD )
        return false;

    return (cmd != XEN_VSIO_restore && cmd != XEN_VSIO_write) ||
           size - COMMAND_HEAD == c->op.u.data.length;
}

void command_run(struct worker *w, struct command *c, size_t *size)
{
    bool whole = complete(c, *size);

    *size = COMMAND_HEAD;
    if ( !whole || c->op.pad )
        c->error = EINVAL;
    else if ( c->op.version != XEN_VSIO_VERSION )
        c->error = EACCES;
    else if ( c->op.cmd == XEN_VSIO_attach )
        c->error = attach(w, &c->op);
    else if ( c->op.slot >= XEN_VSIO_SLOTS ||
              !device_there(worker_device(w, c->op.slot)) )
        c->error = ENOENT;
    else
        c->error = run_on(worker_device(w, c->op.slot), c, size);
}
