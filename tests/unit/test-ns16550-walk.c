/* SPDX-License-Identifier: MIT */
/*
 * 16550A: long random walks of guest and host, with snapshots in between,
 * beside a second model of the same manual. That one keeps plain lists and
 * works out all else from them on each step, so that it shares no mistake in
 * the device's bookkeeping.
 */

#include "ns16550-host.h"
#include "snapshot.h"

#define STEPS 20000U

static struct {
    struct {
        uint8_t byte, errors;
    } rx[DEEP];
    uint8_t tx[DEPTH];
    uint32_t nrx, ntx, deep;
    uint32_t ier, fcr, lcr, mcr, scr, dll, dlm, errors, delta, inputs, modem;
    bool thre, wanted;

    uint32_t room, waiting; /* at the host: for our bytes, and its own */
    uint8_t next;
    uint32_t offers, sum; /* sum: of all that the host took, in order */
    uint64_t in, out, dropped;
    uint64_t sent, got; /* by the guest */
} m;

static uint32_t sum, summed;

/* --- The second model ---------------------------------------------------- */

static uint32_t m_depth(uint32_t with_fifos)
{
    return m.fcr & 1 ? with_fifos : 1;
}

static bool m_loops(void)
{
    return m.mcr & 0x10;
}

/* An error shows once its byte is the next one. */
static void m_show(void)
{
    if ( m.nrx )
    {
        m.errors |= m.rx[0].errors;
        m.rx[0].errors = 0;
    }
}

static uint32_t m_lsr(void)
{
    uint32_t lsr = m.errors | (m.nrx ? 1 : 0) | (m.ntx ? 0 : 0x60), i;
    uint32_t bad = m.errors & 0x1c;

    for ( i = 0; i < m.nrx; i++ )
        bad |= m.rx[i].errors;

    return bad && (m.fcr & 1) ? lsr | 0x80 : lsr;
}

static uint32_t m_iir(void)
{
    uint32_t select = m.fcr >> 6;
    uint32_t level = select == 0 ? 1 : select == 1 ? 4 : select == 2 ? 8 : 14;
    uint32_t fifos = m.fcr & 1 ? 0xc0 : 0;

    if ( (m.ier & 4) && m.errors )
        return fifos | 6;
    if ( (m.ier & 1) && m.nrx )
        return fifos | (m.nrx >= level ? 4 : 12);
    if ( (m.ier & 2) && m.thre )
        return fifos | 2;
    if ( (m.ier & 8) && m.delta )
        return fifos;

    return fifos | 1;
}

static void m_store(uint8_t byte, uint8_t errors)
{
    m.rx[m.nrx].byte = byte;
    m.rx[m.nrx++].errors = errors;
    m_show();
}

static void m_lose(void)
{
    m.errors |= 2;
    m.dropped++;
}

static void m_receive(void)
{
    while ( m.waiting && !m_loops() && m.nrx < m_depth(m.deep) )
    {
        m_store(m.next++, 0);
        m.waiting--;
        m.in++;
    }
    if ( m.waiting )
        m.wanted = true;
}

static void m_offer(void)
{
    if ( !m.wanted || m.nrx > m_depth(m.deep) / 2 || m_loops() )
        return;

    m.wanted = false;
    m.offers++;
    m_receive();
}

static void m_loop(uint8_t byte)
{
    if ( m.nrx < m_depth(m.deep) )
    {
        m_store(byte, 0);
        return;
    }

    m_lose();
    if ( m_depth(m.deep) == 1 )
        m.rx[0].byte = byte;
}

static bool m_send(uint8_t byte)
{
    if ( m_loops() )
    {
        m_loop(byte);
        return true;
    }
    if ( !m.room )
        return false;

    m.room--;
    m.out++;
    m.sum = m.sum * 31 + byte;

    return true;
}

static void m_drain(void)
{
    uint32_t i;

    while ( m.ntx && m_send(m.tx[0]) )
    {
        m.ntx--;
        m.thre = m.ntx == 0;
        for ( i = 0; i < m.ntx; i++ )
            m.tx[i] = m.tx[i + 1];
    }
}

static void m_write_thr(uint8_t byte)
{
    m.sent++;
    m.thre = false;
    if ( !m.ntx && m_send(byte) )
        m.thre = true;
    else if ( m.ntx == m_depth(16) )
        m.dropped++;
    else
        m.tx[m.ntx++] = byte;
}

static uint32_t m_read_rbr(void)
{
    uint32_t byte = m.rx[0].byte, i;

    if ( !m.nrx )
        return 0;

    m.nrx--;
    for ( i = 0; i < m.nrx; i++ )
        m.rx[i] = m.rx[i + 1];
    m.got++;
    m_show();
    m_offer();

    return byte;
}

static uint32_t m_read_iir(void)
{
    uint32_t iir = m_iir();

    if ( (iir & 0xf) == 2 )
        m.thre = false;

    return iir;
}

static uint32_t m_read_lsr(void)
{
    uint32_t lsr = m_lsr();

    m.errors = 0;

    return lsr;
}

static uint32_t m_read_msr(void)
{
    uint32_t msr = m.modem | m.delta;

    m.delta = 0;

    return msr;
}

static void m_modem(void)
{
    uint32_t now = m.inputs, moved;

    if ( m_loops() )
        now = (m.mcr & 2 ? 0x10U : 0) | (m.mcr & 1 ? 0x20U : 0) |
              (m.mcr & 4 ? 0x40U : 0) | (m.mcr & 8 ? 0x80U : 0);
    moved = now ^ m.modem;
    m.delta |= (moved & 0x10 ? 1U : 0) | (moved & 0x20 ? 2U : 0) |
               (m.modem & 0x40 && !(now & 0x40) ? 4U : 0) |
               (moved & 0x80 ? 8U : 0);
    m.modem = now;
}

static void m_flush(bool rx, bool tx)
{
    if ( rx )
    {
        m.dropped += m.nrx;
        m.nrx = 0;
    }
    if ( tx && m.ntx )
    {
        m.dropped += m.ntx;
        m.ntx = 0;
        m.thre = true;
    }
}

static void m_write_fcr(uint32_t value)
{
    if ( (m.fcr ^ value) & 1 )
        m_flush(true, true);
    else if ( value & 1 )
        m_flush(value & 2, value & 4);
    m.fcr = value & 1 ? value : 0;
    m_offer();
}

static void m_write(uint32_t number, uint8_t value)
{
    bool dlab = m.lcr & 0x80;

    switch ( number )
    {
    case 0:
        if ( dlab )
            m.dll = value;
        else
            m_write_thr(value);
        break;
    case 1:
        if ( dlab )
        {
            m.dlm = value;
            break;
        }
        if ( !(m.ier & 2) && (value & 2) && !m.ntx )
            m.thre = true;
        m.ier = value & 0xf;
        break;
    case 2:
        m_write_fcr(value);
        break;
    case 3:
        m.lcr = value;
        break;
    case 4:
        m.mcr = value & 0x1f;
        m_modem();
        m_drain();
        m_offer();
        break;
    case 7:
        m.scr = value;
        break;
    }
}

static uint32_t m_read(uint32_t number)
{
    bool dlab = m.lcr & 0x80;

    switch ( number )
    {
    case 0:
        return dlab ? m.dll : m_read_rbr();
    case 1:
        return dlab ? m.dlm : m.ier;
    case 2:
        return m_read_iir();
    case 3:
        return m.lcr;
    case 4:
        return m.mcr;
    case 5:
        return m_read_lsr();
    case 6:
        return m_read_msr();
    default:
        return m.scr;
    }
}

static void m_power_on(void)
{
    m_flush(true, true);
    m.ier = m.fcr = m.lcr = m.mcr = m.scr = m.dlm = m.errors = m.delta = 0;
    m.dll = 12;
    m.thre = false;
    m.modem = m.inputs;
    m_offer();
}

/* --- Steps: the same to both --------------------------------------------- */

/* Mostly something that keeps things going. */
static uint8_t tamed(uint32_t number, uint32_t value)
{
    if ( !(value & 0x700) )
        return (uint8_t)value;

    switch ( number )
    {
    case 2:
        return (uint8_t)((value & 0xf8) | 1);
    case 3:
        return value & 0x7f;
    case 4:
        return value & 0xef;
    default:
        return (uint8_t)value;
    }
}

static void guest_step(uint32_t r)
{
    static const uint8_t writes[] = { 0, 0, 0, 0, 0, 0, 0, 0,
                                      1, 1, 2, 3, 4, 4, 7, 0 };
    static const uint8_t reads[] = { 0, 0, 0, 0, 0, 0, 0, 0,
                                     1, 2, 2, 3, 4, 5, 6, 7 };
    uint32_t unit = com.dev.class->unit, number;
    unsigned int size = 1U << (r >> 24) % 3;
    uint8_t value;

    if ( size > unit )
        size = unit;
    if ( r & 0x10 )
    {
        number = reads[r % 16];
        EXPECT_EQ(rd(&com.dev, number * unit, size, HERE), m_read(number));
        return;
    }
    number = writes[r % 16];
    value = tamed(number, r >> 8);
    wr(&com.dev, number * unit, size, (r & ~0xffU) | value, HERE);
    m_write(number, value);
}

static void host_step(uint32_t r)
{
    uint32_t n = (r >> 8) % (r & 0x80 ? DEEP : 4);
    uint8_t errors = (r >> 16) & 0x1c;

    switch ( r % 8 )
    {
    case 0:
    case 1:
    case 2:
        if ( m.waiting + n <= 2 * DEEP )
        {
            m.waiting += n;
            com_host.feed += n;
            com_host.feed -= com_receive(com_host.feed);
            m_receive();
        }
        break;
    case 3:
    case 4:
        m.room = n;
        com_make_room(n);
        m_drain();
        break;
    case 5:
        if ( com_receive_error((uint8_t)n, errors) )
        {
            m.in++;
            m_store((uint8_t)n, errors);
        }
        else
            EXPECT(m_loops() || m.nrx == m_depth(m.deep));
        break;
    case 6:
        m.inputs = (r >> 16) & 0xf0;
        com_lines((uint8_t)(r >> 16));
        m_modem();
        break;
    case 7:
        if ( n == 1 )
        {
            com_lose_one();
            m.in++;
            m_lose();
        }
        else if ( n == 2 && (r & 0x3000000) == 0 )
        {
            vsio_reset(&com.dev);
            CHECK_VALID();
            m_power_on();
        }
        break;
    }
}

/* Saved, ruined, restored: all that is not in the record follows from it. */
static void snapshot_step(uint32_t r)
{
    static uint8_t record[VSIO_RECORD_MAX], scratch[VSIO_RECORD_MAX];
    unsigned char *byte = (unsigned char *)&com;
    size_t used = 0, i;

    EXPECT_EQ(vsio_save(&com.dev, record, sizeof(record), &used), VSIO_OK);
    for ( i = sizeof(com.dev); i < sizeof(com); i++ )
        byte[i] = (uint8_t)r & 1;
    com.dev.count = (struct vsio_counters){ .reads = r };

    com_host.restoring = true;
    EXPECT_EQ(vsio_restore(&com.dev, record, used, &used, scratch), VSIO_OK);
    com_host.restoring = false;
    CHECK_VALID();
    m_drain();
    m.wanted = true;
    m_offer();
}

/* An access to nowhere: the models must not notice. */
static void stray_step(uint32_t r)
{
    uint32_t unit = com.dev.class->unit;

    RD_REFUSED(&com.dev, 8 * unit + (r >> 8), 1);
    WR_REFUSED(&com.dev, (r >> 8) % 8, 8, r);
    WR_UNKNOWN(&com.dev, (5 + r % 2) * unit, 1, r >> 8);
    if ( unit > 1 )
        WR_UNKNOWN(&com.dev, r % 8 * unit + 1, 1, r >> 8);
}

static void add_up_what_was_sent(void)
{
    while ( summed < com_host.taken )
        sum = sum * 31 + com_host.sent[summed++];
    summed = com_host.taken = 0; /* com_host.sent is short */
}

static bool same_state(void)
{
    const struct vsio_counters *c = &com.dev.count;
    uint32_t reg = com.dev.class->unit;
    bool line = !(m_iir() & 1);
    bool ok = true;

    ok &= EXPECT_EQ(seen.level[0], line);
    ok &= EXPECT_EQ(seen.irq_calls, 2 * c->irqs - line);
    ok &= EXPECT_EQ(com_host.rx_ready_calls, m.offers);
    ok &= EXPECT_EQ(com_host.feed, m.waiting);
    ok &= EXPECT_EQ(com_host.modem, m_loops() ? 0 : m.mcr & 0xf);
    ok &= EXPECT_EQ(com_host.brk, (m.lcr & 0x40) && !m_loops());
    ok &= EXPECT_EQ(rd8(&com.dev, 3 * reg), m.lcr);
    ok &= EXPECT_EQ(rd8(&com.dev, 4 * reg), m.mcr);

    ok &= EXPECT_EQ(sum, m.sum);
    ok &= EXPECT_EQ(c->bytes_in, m.in);
    ok &= EXPECT_EQ(c->bytes_out, m.out);
    ok &= EXPECT_EQ(c->bytes_dropped, m.dropped);
    ok &= EXPECT_EQ(seen.dropped, m.dropped);
    ok &= EXPECT_EQ(c->unknown, seen.unknown);
    ok &= EXPECT_EQ(c->refused, seen.refused);

    /* Every byte is somewhere. */
    ok &= EXPECT_EQ(c->bytes_in + m.sent,
                    c->bytes_out + m.got + m.nrx + m.ntx + c->bytes_dropped);

    return ok;
}

static void walk(uint32_t seed, unsigned int stride, uint32_t deep)
{
    uint32_t first = seed, step, r;

    com_plug_in_as(stride, deep);
    com_host.room = 0;
    m.nrx = m.ntx = m.room = m.waiting = 0;
    m.offers = m.sum = sum = summed = 0;
    m.in = m.out = m.dropped = m.sent = m.got = 0;
    m.wanted = false;
    m.deep = deep;
    m.next = com_host.next;
    m.inputs = 0xb0;
    m_power_on();

    for ( step = 0; step < STEPS; step++ )
    {
        at(first, step);
        r = random32(&seed);
        if ( r % 64 == 0 )
            stray_step(random32(&seed));
        else if ( r % 64 == 1 )
            snapshot_step(random32(&seed));
        else if ( r % 4 == 0 )
            host_step(random32(&seed));
        else
            guest_step(random32(&seed));
        add_up_what_was_sent();
        if ( !same_state() )
            return;
    }
}

static void walk_1(void)
{
    walk(1, 1, DEPTH);
}

static void walk_2(void)
{
    walk(0xdecafbad, 2, DEEP);
}

static void walk_3(void)
{
    walk(0x20240229, 4, DEPTH);
}

static void walk_4(void)
{
    walk(0x16550a, 1, DEEP);
}

static const struct test table[] = {
    { "20000 random steps, every byte accounted for", walk_1 },
    { "20000 others, 64 deep, registers 2 bytes apart", walk_2 },
    { "20000 more, registers 4 bytes apart", walk_3 },
    { "and 20000 more, 64 deep", walk_4 },
};
TESTS(table);
