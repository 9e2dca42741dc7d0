/* SPDX-License-Identifier: MIT */
/*
 * console.c - what the guest prints and reads, and the file of its flash.
 *
 * Output is kept in the state until it is in the log and in the pty. Unless it
 * is to be held back, the guest never waits for whoever reads: what is older
 * than the limit is left out of the pty, and is in the log. What was written is
 * noted after it was: of a worker that is killed meanwhile the log's size tells
 * what it had written, of a pty nobody can tell, and it has that once more.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vsiod.h"

/* --- output ------------------------------------------------------------- */

/* Bytes from one on, up to the committed end; where they lie, to the wrap. */
static size_t run_of(const struct device *d, uint64_t from, const uint8_t **at)
{
    uint64_t n = device_image(d)->out - from;
    size_t first = from % STATE_OUT;

    *at = d->output + first;

    return n < STATE_OUT - first ? (size_t)n : STATE_OUT - first;
}

static void write_log(struct device *d)
{
    const uint8_t *at;
    size_t n;

    while ( (n = run_of(d, d->state->logged, &at)) )
    {
        /* A log that can't be written to is as one that there is not. */
        bool bad = d->ends.log >= 0 && !write_all(d->ends.log, at, n);

        if ( bad && !d->log_bad )
            complain("slot %u: log: %s", d->slot, strerror(errno));
        d->log_bad = bad;
        d->state->logged += n;
    }
}

/* Another file, or one that somebody else has written to: from here on. */
static void begin_log(struct slot_state *s, const struct stat *st)
{
    s->log_inode = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    s->log_start = (uint64_t)st->st_size - s->logged;
    s->log_device = st->st_dev;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    s->log_inode = st->st_ino;
}

void console_find_log(struct device *d)
{
    struct slot_state *s = d->state;
    struct stat st;
    uint64_t written;

    if ( d->ends.log < 0 || fstat(d->ends.log, &st) )
        return;
    written = (uint64_t)st.st_size - s->log_start - s->logged;
    if ( s->log_inode == st.st_ino && s->log_device == st.st_dev &&
         written <= device_image(d)->out - s->logged )
        s->logged += written;
    else
        begin_log(s, &st);
}

/* The oldest bytes are not for the pty any more. */
static void leave_out(struct device *d)
{
    uint64_t end = device_image(d)->out;

    if ( !d->ends.hold && end - d->state->shown > d->ends.limit )
        d->state->shown = end - d->ends.limit;
}

static void write_pty(struct device *d)
{
    const uint8_t *at;
    size_t n;
    ssize_t done;

    while ( (n = run_of(d, d->state->shown, &at)) )
    {
        done = write(d->ends.master, at, n);
        if ( done <= 0 )
            return; /* full: epoll tells */
        d->state->shown += (uint64_t)done;
    }
}

/* Does the guest wait until somebody reads? */
static bool is_held(const struct device *d)
{
    return d->ends.hold && d->out - d->state->shown >= d->ends.limit;
}

static void send_more(struct device *d)
{
    if ( d->state->what.type == XEN_VSIO_PL011 )
        vsio_pl011_tx_ready(&d->u.pl011);
    else
        vsio_ns16550_tx_ready(&d->u.ns16550);
}

void console_show(struct device *d)
{
    bool was_held = is_held(d);

    d->show_at = 0;
    if ( d->ends.master < 0 )
        return; /* the keeper has not seen this device yet */
    d->state->notified++;
    write_log(d);
    leave_out(d);
    write_pty(d);
    if ( was_held && !is_held(d) )
    {
        send_more(d);
        device_changed(d);
    }
}

bool console_has_output(const struct device *d)
{
    return device_image(d)->out != d->state->shown;
}

bool console_tx(void *device, uint8_t byte)
{
    struct device *d = device;

    if ( is_held(d) )
        return false;
    /* Its place may be that of a byte that is older than any limit. */
    if ( d->out - d->state->logged == STATE_OUT )
        write_log(d);
    if ( d->out - d->state->shown == STATE_OUT )
        d->state->shown++;
    d->output[d->out++ % STATE_OUT] = byte;

    return true;
}

/* --- input -------------------------------------------------------------- */

static size_t offer(struct device *d, const uint8_t *data, size_t n)
{
    if ( d->state->what.type == XEN_VSIO_PL011 )
        return vsio_pl011_rx(&d->u.pl011, data, n);

    return vsio_ns16550_rx(&d->u.ns16550, data, n);
}

void console_rx_ready(void *device)
{
    struct device *d = device;

    while ( d->in != d->state->typed )
    {
        size_t first = d->in % STATE_IN, n = STATE_IN - first, taken;

        if ( n > d->state->typed - d->in )
            n = (size_t)(d->state->typed - d->in);
        taken = offer(d, d->state->input + first, n);
        d->in += taken;
        if ( taken < n )
            return;
    }
}

void console_resume(struct device *d)
{
    console_rx_ready(d);
    send_more(d);
}

uint32_t console_room(const struct device *d)
{
    return STATE_IN - (uint32_t)(d->state->typed - device_image(d)->in);
}

void console_read(struct device *d)
{
    size_t first = d->state->typed % STATE_IN, n = STATE_IN - first;
    ssize_t got;

    if ( n > console_room(d) )
        n = console_room(d);
    got = n ? read(d->ends.master, d->state->input + first, n) : 0;
    if ( got <= 0 )
        return;
    d->state->typed += (uint64_t)got;
    console_rx_ready(d);
    device_changed(d);
}

/* --- flash -------------------------------------------------------------- */

static bool write_blocks(struct device *d, bool *any)
{
    uint32_t block = d->state->what.block;
    uint32_t blocks = d->state->what.size / block;

    for ( uint32_t i = 0; i < blocks; i++ )
    {
        if ( !d->state->dirty[i] )
            continue;
        *any = true;
        if ( !pwrite_all(d->ends.file, d->array + (size_t)i * block, block,
                         (off_t)i * block) )
            return false;
    }

    return true;
}

/* Blocks that could not be written are tried again with the next ones. */
void flash_write_back(struct device *d)
{
    bool any = false, ok;

    d->show_at = 0;
    d->dirtied = false;
    if ( d->ends.file < 0 )
        return;
    ok = write_blocks(d, &any);
    if ( ok && any )
        ok = !fdatasync(d->ends.file);
    if ( ok )
        memset(d->state->dirty, 0, sizeof(d->state->dirty));
    else
        complain("slot %u: file of the flash: %s", d->slot, strerror(errno));
}
