/* SPDX-License-Identifier: MIT */
/* Messages in order over a line; see link.h. */

#include "link.h"

static void put64(uint8_t *to, uint64_t value)
{
    vsio_put32(to, (uint32_t)value);
    vsio_put32(to + 4, (uint32_t)(value >> 32));
}

static uint64_t get64(const uint8_t *from)
{
    return vsio_get32(from) | (uint64_t)vsio_get32(from + 4) << 32;
}

/* How far number is behind first. */
static uint8_t distance(uint8_t first, uint8_t number)
{
    return (uint8_t)(number - first);
}

static bool is_host(const struct vsio_link *l)
{
    return l->own == VSIO_FRAME_HOST;
}

/* Nothing is on its way in either direction. */
static void clear(struct vsio_link *l)
{
    l->oldest = l->next = l->top = l->end = l->expected = 0;
    l->ack_due = l->reject_due = l->poll_due = l->ready_due = false;
    l->rejected = l->bye_due = false;
    l->unacked = 0;
    l->unacked_wire = 0;
    l->repeat_ms = VSIO_LINK_REPEAT_MS;
}

static void end(struct vsio_link *l, enum vsio_link_end why)
{
    bool was_up = l->state == VSIO_LINK_UP;

    clear(l);
    l->state = VSIO_LINK_DOWN;
    if ( was_up )
        l->host->down(l->ctx, why);
}

static void begin(struct vsio_link *l,
                  uint32_t session,
                  uint32_t now,
                  const struct vsio_ready *ready)
{
    clear(l);
    l->state = VSIO_LINK_UP;
    l->session = session;
    l->heard = l->timer = now;
    l->host->up(l->ctx, ready);
}

void vsio_link_init(struct vsio_link *l,
                    const struct vsio_link_host *host,
                    void *ctx,
                    uint8_t own,
                    uint32_t incarnation)
{
    *l = (struct vsio_link){ .host = host, .ctx = ctx, .own = own };
    l->incarnation = incarnation;
    vsio_frame_parser_init(&l->parser, own ^ 1U);
    clear(l);
    l->ready_due = !is_host(l);
}

void vsio_link_call(struct vsio_link *l, uint32_t session, uint32_t now)
{
    clear(l);
    l->state = VSIO_LINK_CALLING;
    l->session = session;
    l->timer = now - VSIO_LINK_HELLO_MS; /* at once */
}

void vsio_link_bye(struct vsio_link *l)
{
    l->bye_due = l->state == VSIO_LINK_UP;
}

bool vsio_link_room(const struct vsio_link *l)
{
    return l->state == VSIO_LINK_UP &&
           distance(l->oldest, l->end) < VSIO_LINK_SLOTS;
}

void vsio_link_send(struct vsio_link *l, const uint8_t *data, size_t size)
{
    struct vsio_link_slot *slot = &l->slots[l->end++ % VSIO_LINK_SLOTS];
    size_t i;

    slot->size = (uint8_t)size;
    slot->wire = (uint16_t)vsio_frame_wire(data, size);
    for ( i = 0; i < size; i++ )
        slot->data[i] = data[i];
}

/* --- What comes ----------------------------------------------------------- */

/* All before this number has arrived. */
static void acknowledged(struct vsio_link *l, uint8_t ack, uint32_t now)
{
    uint8_t progress = distance(l->oldest, ack);

    if ( !progress || progress > distance(l->oldest, l->top) )
        return;
    if ( distance(l->oldest, l->next) < progress )
        l->next = ack; /* it was about to be sent again */
    l->oldest = ack;
    l->timer = now;
    l->repeat_ms = VSIO_LINK_REPEAT_MS;
}

static void go_back(struct vsio_link *l, uint32_t now)
{
    l->count.repeats += distance(l->oldest, l->next);
    l->next = l->oldest;
    l->timer = now;
}

/* Ask for what is missing, once. */
static void reject(struct vsio_link *l)
{
    l->reject_due = l->reject_due || !l->rejected;
    l->rejected = true;
}

/* The other side shall hear of it, soon. */
static void owe(struct vsio_link *l,
                const struct vsio_frame *frame,
                uint32_t now)
{
    if ( !l->unacked++ )
        l->unacked_since = now;
    l->unacked_wire = (uint16_t)(l->unacked_wire +
                                 vsio_frame_wire(frame->payload, frame->size));
    l->ack_due = l->ack_due || l->unacked >= VSIO_LINK_ACK_SLOTS ||
                 l->unacked_wire >= VSIO_LINK_ACK_WIRE;
}

static void data(struct vsio_link *l,
                 const struct vsio_frame *frame,
                 uint32_t now)
{
    uint8_t ahead = distance(l->expected, frame->seq);

    if ( ahead && ahead < VSIO_LINK_SLOTS )
        reject(l);
    else if ( ahead )
        l->ack_due = true; /* it came twice: an acknowledgement was lost */
    else
    {
        owe(l, frame, now);
        l->expected++;
        l->rejected = l->reject_due = false;
        l->host->message(l->ctx, frame->payload, frame->size);
    }
}

/* What both sides can say within a session. */
static void within(struct vsio_link *l,
                   const struct vsio_frame *frame,
                   uint32_t now)
{
    l->heard = now;
    switch ( frame->kind )
    {
    case VSIO_FRAME_DATA:
        acknowledged(l, frame->ack, now);
        data(l, frame, now);
        break;
    case VSIO_FRAME_ACK:
        acknowledged(l, frame->ack, now);
        break;
    case VSIO_FRAME_REJECT:
        acknowledged(l, frame->ack, now);
        go_back(l, now);
        break;
    case VSIO_FRAME_POLL:
        l->ack_due = true;
        break;
    default: /* of a later version */
        break;
    }
}

static void ready(struct vsio_link *l,
                  const struct vsio_frame *frame,
                  uint32_t now)
{
    const uint8_t *p = frame->payload;
    uint32_t incarnation;

    if ( frame->size < VSIO_READY_SIZE )
        return;
    incarnation = vsio_get32(p);
    if ( l->state == VSIO_LINK_CALLING && frame->session == l->session )
    {
        const struct vsio_ready r = { vsio_get32(p + 4), get64(p + 8),
                                      get64(p + 16) };

        l->incarnation = incarnation;
        begin(l, l->session, now, &r);
    }
    else if ( l->state == VSIO_LINK_CALLING && !frame->session )
        l->timer = now - VSIO_LINK_HELLO_MS; /* somebody is there: at once */
    else if ( l->state == VSIO_LINK_UP &&
              (!frame->session || (frame->session == l->session &&
                                   incarnation != l->incarnation)) )
        end(l, VSIO_LINK_ANEW);
}

/* A session is the one that both sides mean: none of another incarnation. */
static bool is_ours(const struct vsio_link *l, const struct vsio_frame *frame)
{
    return l->state == VSIO_LINK_UP &&
           frame->session == l->session + l->incarnation;
}

/* Not inlined: all of it together has too large a stack frame on some. */
__attribute__((noinline)) static void host_frame(struct vsio_link *l,
                                                 const struct vsio_frame *frame,
                                                 uint32_t now)
{
    if ( frame->kind == VSIO_FRAME_READY )
        ready(l, frame, now);
    else if ( is_ours(l, frame) )
        within(l, frame, now);
}

__attribute__((noinline)) static void guest_frame(
    struct vsio_link *l, const struct vsio_frame *frame, uint32_t now)
{
    bool ours = is_ours(l, frame);

    if ( frame->kind == VSIO_FRAME_BYE )
    {
        if ( ours )
            end(l, VSIO_LINK_BYE);
    }
    else if ( frame->kind != VSIO_FRAME_HELLO && ours )
        within(l, frame, now);
    else
    {
        /* A host that calls again has not heard yet, and is told again. */
        if ( frame->kind == VSIO_FRAME_HELLO && frame->session &&
             (l->state != VSIO_LINK_UP || frame->session != l->session) )
        {
            end(l, VSIO_LINK_BYE);
            l->incarnation++;
            begin(l, frame->session, now, NULL);
        }
        l->ready_due = true; /* which session there is; 0: none */
    }
}

void vsio_link_rx(struct vsio_link *l,
                  const uint8_t *bytes,
                  size_t size,
                  uint32_t now)
{
    size_t i;

    for ( i = 0; i < size; i++ )
    {
        switch ( vsio_frame_rx(&l->parser, bytes[i]) )
        {
        case VSIO_FRAME_WHOLE:
            l->count.frames++;
            if ( is_host(l) )
                host_frame(l, &l->parser.frame, now);
            else
                guest_frame(l, &l->parser.frame, now);
            break;
        case VSIO_FRAME_BROKEN:
            l->count.broken++;
            /* It may have been one that was sent again already. */
            l->rejected = l->reject_due = l->state == VSIO_LINK_UP;
            break;
        case VSIO_FRAME_OWN:
            l->count.echoes++;
            break;
        case VSIO_FRAME_FOREIGN:
            l->count.foreign++;
            /* It shall hear which version is spoken here. */
            if ( !is_host(l) && l->state == VSIO_LINK_DOWN )
                l->ready_due = true;
            break;
        case VSIO_FRAME_NONE:
        default:
            break;
        }
    }
}

/* --- What goes ------------------------------------------------------------ */

static size_t simple(const struct vsio_link *l, uint8_t kind, uint8_t *out)
{
    uint32_t session =
        l->session + (kind == VSIO_FRAME_HELLO ? 0U : l->incarnation);
    const struct vsio_frame frame = { .kind = kind,
                                      .ack = l->expected,
                                      .session = session };

    return vsio_frame_encode(&frame, l->own, out);
}

static size_t send_ready(struct vsio_link *l, uint8_t *out)
{
    uint8_t payload[VSIO_READY_SIZE];
    struct vsio_frame frame = { .kind = VSIO_FRAME_READY,
                                .size = VSIO_READY_SIZE,
                                .payload = payload };
    struct vsio_ready r = { 0 };

    l->ready_due = false;
    l->host->ready(l->ctx, &r);
    vsio_put32(payload, l->incarnation);
    vsio_put32(payload + 4, r.boot);
    put64(payload + 8, r.after);
    put64(payload + 16, r.uptime);
    if ( l->state == VSIO_LINK_UP )
        frame.session = l->session;

    return vsio_frame_encode(&frame, l->own, out);
}

/* Bytes of what is on its way. */
static size_t wire(const struct vsio_link *l)
{
    size_t sum = 0;
    uint8_t n;

    for ( n = l->oldest; n != l->next; n++ )
        sum += l->slots[n % VSIO_LINK_SLOTS].wire;

    return sum;
}

/* The next message, if the line can hold it beside those before it. */
static size_t send_data(struct vsio_link *l, uint8_t *out, uint32_t now)
{
    const struct vsio_link_slot *slot = &l->slots[l->next % VSIO_LINK_SLOTS];
    struct vsio_frame frame = { .kind = VSIO_FRAME_DATA,
                                .seq = l->next,
                                .ack = l->expected,
                                .size = slot->size,
                                .session = l->session + l->incarnation,
                                .payload = slot->data };

    if ( l->next == l->end ||
         (l->next != l->oldest && wire(l) + slot->wire > VSIO_LINK_WIRE) )
        return 0;
    if ( l->next == l->oldest )
        l->timer = now;
    if ( l->next++ == l->top )
        l->top++;

    return vsio_frame_encode(&frame, l->own, out);
}

static bool take(bool *due)
{
    bool was = *due;

    *due = false;

    return was;
}

static bool after(uint32_t since, uint32_t ms, uint32_t now)
{
    return now - since >= ms;
}

/* What time alone has brought. */
static void look_at_clock(struct vsio_link *l, uint32_t now)
{
    bool waits = l->oldest != l->next;

    if ( (is_host(l) || l->oldest != l->top) &&
         after(l->heard, VSIO_LINK_DEAD_MS, now) )
        end(l, VSIO_LINK_SILENT);
    else if ( waits && after(l->timer, l->repeat_ms, now) )
    {
        go_back(l, now);
        l->repeat_ms = l->repeat_ms * 2 < VSIO_LINK_SLOW_MS ? l->repeat_ms * 2
                                                            : VSIO_LINK_SLOW_MS;
    }
    else if ( is_host(l) && !waits && after(l->heard, VSIO_LINK_POLL_MS, now) &&
              after(l->timer, VSIO_LINK_POLL_MS, now) )
    {
        l->poll_due = true;
        l->timer = now;
    }
}

/* Each frame but READY says how far we are. */
static size_t told(struct vsio_link *l, size_t size)
{
    if ( size )
    {
        l->ack_due = false;
        l->unacked = 0;
        l->unacked_wire = 0;
    }

    return size;
}

static size_t tx_up(struct vsio_link *l, uint8_t *out, uint32_t now)
{
    size_t size;

    if ( take(&l->bye_due) )
    {
        size = simple(l, VSIO_FRAME_BYE, out);
        clear(l);
        l->state = VSIO_LINK_DOWN;
        return size;
    }
    if ( take(&l->ready_due) )
        return send_ready(l, out);
    if ( take(&l->reject_due) )
        return told(l, simple(l, VSIO_FRAME_REJECT, out));
    size = told(l, send_data(l, out, now));
    if ( size )
        return size;
    if ( l->ack_due ||
         (l->unacked && after(l->unacked_since, VSIO_LINK_ACK_MS, now)) )
        return told(l, simple(l, VSIO_FRAME_ACK, out));

    return take(&l->poll_due) ? told(l, simple(l, VSIO_FRAME_POLL, out)) : 0;
}

size_t vsio_link_tx(struct vsio_link *l,
                    uint8_t out[VSIO_FRAME_ENCODED],
                    uint32_t now)
{
    if ( l->state == VSIO_LINK_UP )
        look_at_clock(l, now);
    if ( l->state == VSIO_LINK_UP )
        return tx_up(l, out, now);
    if ( l->state == VSIO_LINK_CALLING &&
         after(l->timer, VSIO_LINK_HELLO_MS, now) )
    {
        l->timer = now;
        return simple(l, VSIO_FRAME_HELLO, out);
    }

    return take(&l->ready_due) ? send_ready(l, out) : 0;
}

static uint32_t left(uint32_t since, uint32_t ms, uint32_t now)
{
    return after(since, ms, now) ? 0 : ms - (now - since);
}

uint32_t vsio_link_due(const struct vsio_link *l, uint32_t now)
{
    uint32_t due = UINT32_MAX, ack, dead;

    if ( l->state == VSIO_LINK_CALLING )
        return left(l->timer, VSIO_LINK_HELLO_MS, now);
    if ( l->state != VSIO_LINK_UP )
        return due;

    if ( l->oldest != l->next )
        due = left(l->timer, l->repeat_ms, now);
    else if ( is_host(l) )
    {
        uint32_t quiet = left(l->heard, VSIO_LINK_POLL_MS, now);

        due = left(l->timer, VSIO_LINK_POLL_MS, now);
        due = due > quiet ? due : quiet;
    }
    if ( l->unacked )
    {
        ack = left(l->unacked_since, VSIO_LINK_ACK_MS, now);
        due = due < ack ? due : ack;
    }
    if ( is_host(l) || l->oldest != l->top )
    {
        dead = left(l->heard, VSIO_LINK_DEAD_MS, now);
        due = due < dead ? due : dead;
    }

    return due;
}

bool vsio_link_valid(const struct vsio_link *l)
{
    uint8_t next = distance(l->oldest, l->next);
    uint8_t top = distance(l->oldest, l->top);
    uint8_t there = distance(l->oldest, l->end);

    return vsio_frame_parser_valid(&l->parser) &&
           l->parser.peer == (l->own ^ 1U) && l->state <= VSIO_LINK_UP &&
           next <= top && top <= there && there <= VSIO_LINK_SLOTS &&
           (l->state == VSIO_LINK_UP || (!there && !l->unacked)) &&
           l->repeat_ms >= VSIO_LINK_REPEAT_MS &&
           l->repeat_ms <= VSIO_LINK_SLOW_MS;
}
