/* SPDX-License-Identifier: MIT */
/*
 * PL011: long random walks of guest and host, beside a second model of the
 * same manual. That one keeps plain lists and works out all else from them on
 * each step, so that it shares no mistake in the device's bookkeeping.
 */

#include "pl011-host.h"

#define STEPS 20000U

static struct {
    uint16_t rx[FIFO];
    uint8_t tx[FIFO];
    uint32_t nrx, ntx;
    uint32_t cr, lcr_h, ifls, imsc, latched, rsr, inputs, modem;
    bool lost, wanted;

    uint32_t room, waiting; /* at the host: for our bytes, and its own */
    uint8_t next;
    uint32_t offers, sum; /* sum: of all that the host took, in order */
    uint64_t in, out, dropped;
    uint64_t sent, got, breaks; /* by the guest; by the looped line */
} m;

static uint32_t far_sum, far_seen;

/* --- The second model ---------------------------------------------------- */

static uint32_t depth(void)
{
    return m.lcr_h & PL011_LCR_H_FEN ? 32 : 1;
}

static uint32_t eighth(uint32_t select)
{
    return select == 0   ? 4
           : select == 1 ? 8
           : select == 2 ? 16
           : select == 3 ? 24
                         : 28;
}

static uint32_t m_fr(void)
{
    return m.modem | (m.ntx ? PL011_FR_BUSY : PL011_FR_TXFE) |
           (m.ntx == depth() ? PL011_FR_TXFF : 0) |
           (m.nrx == depth() ? PL011_FR_RXFF : 0) | (m.nrx ? 0 : PL011_FR_RXFE);
}

static uint32_t m_ris(void)
{
    uint32_t fen = m.lcr_h & PL011_LCR_H_FEN;
    uint32_t rx_level = fen ? eighth((m.ifls >> 3) & 7) : 1;
    uint32_t tx_level = fen ? eighth(m.ifls & 7) : 0;

    return m.latched | (m.nrx ? PL011_INT_RT : 0) |
           (m.nrx >= rx_level ? PL011_INT_RX : 0) |
           (m.ntx <= tx_level ? PL011_INT_TX : 0);
}

static void m_store(uint32_t entry)
{
    m.rx[m.nrx++] = (uint16_t)(entry | (m.lost ? PL011_DR_OE : 0));
    m.lost = false;
}

static void m_lose(void)
{
    m.lost = true;
    m.rsr |= 8;
    m.latched |= PL011_INT_OE;
    m.dropped++;
}

static void m_entry(uint32_t entry)
{
    if ( m.nrx == depth() )
    {
        m_lose();
        return;
    }
    m_store(entry);
    m.latched |= (entry & 0x700) >> 1;
}

static bool m_open(void)
{
    return (m.cr & PL011_CR_RXE) && !(m.cr & PL011_CR_LBE);
}

static void m_receive(void)
{
    while ( m.waiting && m_open() && m.nrx < depth() )
    {
        m_store(m.next++);
        m.waiting--;
        m.in++;
    }
    if ( m.waiting )
        m.wanted = true;
}

static void m_offer(void)
{
    if ( !m.wanted || m.nrx > depth() / 2 || !m_open() )
        return;

    m.wanted = false;
    m.offers++;
    m_receive();
}

static bool m_send(uint8_t byte)
{
    if ( !(m.cr & PL011_CR_TXE) )
        return false;
    if ( (m.cr & PL011_CR_CTSEN) && !(m.modem & PL011_FR_CTS) )
        return false;

    if ( m.cr & PL011_CR_LBE )
    {
        if ( m.cr & PL011_CR_RXE )
            m_entry(byte);
        else
            m.dropped++;
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
        for ( i = 0; i < m.ntx; i++ )
            m.tx[i] = m.tx[i + 1];
    }
}

static void m_write_dr(uint8_t byte)
{
    m.sent++;
    if ( !m.ntx && m_send(byte) )
        return;
    if ( m.ntx == depth() )
        m.dropped++;
    else
        m.tx[m.ntx++] = byte;
}

static uint32_t m_read_dr(void)
{
    uint32_t entry = m.rx[0], i;

    if ( !m.nrx )
        return 0;

    m.nrx--;
    for ( i = 0; i < m.nrx; i++ )
        m.rx[i] = m.rx[i + 1];
    m.got++;
    m.rsr = (m.rsr & 8) | ((entry >> 8) & 7);
    m_offer();

    return entry;
}

static void m_modem(void)
{
    uint32_t now = m.inputs, moved;

    if ( m.cr & PL011_CR_LBE )
        now = (m.cr & PL011_CR_RTS ? PL011_FR_CTS : 0) |
              (m.cr & PL011_CR_DTR ? PL011_FR_DSR : 0) |
              (m.cr & PL011_CR_OUT1 ? PL011_FR_DCD : 0) |
              (m.cr & PL011_CR_OUT2 ? PL011_FR_RI : 0);
    moved = now ^ m.modem;
    m.latched |= (moved & PL011_FR_CTS ? PL011_INT_CTS : 0) |
                 (moved & PL011_FR_DSR ? PL011_INT_DSR : 0) |
                 (moved & PL011_FR_DCD ? PL011_INT_DCD : 0) |
                 (moved & PL011_FR_RI ? PL011_INT_RI : 0);
    m.modem = now;
}

static bool m_loops_break(void)
{
    return (m.lcr_h & PL011_LCR_H_BRK) && (m.cr & PL011_CR_LBE) &&
           (m.cr & PL011_CR_RXE);
}

static void m_control(uint32_t cr, uint32_t lcr_h)
{
    bool broken = m_loops_break();
    bool fen = (m.lcr_h ^ lcr_h) & PL011_LCR_H_FEN;

    m.cr = cr;
    m.lcr_h = lcr_h;
    if ( fen )
    {
        m.dropped += m.nrx + m.ntx;
        m.nrx = m.ntx = 0;
    }
    if ( !broken && m_loops_break() )
    {
        m.breaks++;
        m_entry(PL011_DR_BE);
    }
    m_modem();
    m_drain();
    m_offer();
}

static void m_power_on(void)
{
    m.dropped += m.nrx + m.ntx;
    m.nrx = m.ntx = 0;
    m.cr = PL011_CR_RESET;
    m.ifls = PL011_IFLS_RESET;
    m.lcr_h = m.imsc = m.latched = m.rsr = 0;
    m.lost = false;
    m.modem = m.inputs;
    m_offer();
}

/* --- Steps: the same to both --------------------------------------------- */

static void guest_step(uint32_t r)
{
    uint32_t value = r >> 8, got, want;
    unsigned int size = 1U << (r >> 24) % 3;

    switch ( r % 16 )
    {
    default:
        wr(&uart.dev, PL011_DR, size, value, HERE);
        m_write_dr((uint8_t)value);
        break;
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        got = rd(&uart.dev, PL011_DR, size, HERE);
        want = m_read_dr();
        EXPECT_EQ(got, size == 1 ? want & 0xff : want);
        break;
    case 5:
        value &= value & 0x800000 ? 0xef : 0xfe; /* mostly no break */
        if ( value & 0x300 )
            value |= PL011_LCR_H_FEN; /* mostly FIFOs */
        WR(LCR_H, value);
        m_control(m.cr, value & 0xff);
        break;
    case 6:
        if ( value & 0x30000 )
            value = (value & ~PL011_CR_LBE) | PL011_CR_TXE | PL011_CR_RXE;
        WR(CR, value);
        m_control(value & 0xff87, m.lcr_h);
        break;
    case 7:
        WR(IFLS, value);
        m.ifls = value & 0x3f;
        break;
    case 8:
        WR(IMSC, value);
        m.imsc = value & 0x7ff;
        break;
    case 9:
        WR(ICR, value);
        m.latched &= ~value;
        break;
    case 10:
        WR(RSR, value);
        m.rsr = 0;
        break;
    }
}

static void host_step(uint32_t r)
{
    uint32_t n = (r >> 8) % FIFO, entry = (r >> 8) & 0x7ff;

    switch ( r % 8 )
    {
    case 0:
    case 1:
    case 2:
        if ( m.waiting + n <= 2 * FIFO )
        {
            m.waiting += n;
            far.feed += n;
            far.feed -= receive(far.feed);
            m_receive();
        }
        break;
    case 3:
    case 4:
        m.room = n;
        make_room(n);
        m_drain();
        break;
    case 5:
        if ( receive_error((uint16_t)entry) )
        {
            m.in++;
            m_entry(entry);
        }
        else
        {
            EXPECT(!m_open() || m.nrx == depth());
            m.wanted = true;
        }
        break;
    case 6:
        m.inputs = entry & PL011_FR_MODEM;
        if ( entry & 0x600 )
            m.inputs |= PL011_FR_CTS; /* mostly there */
        lines((uint16_t)m.inputs);
        m_modem();
        m_drain();
        break;
    case 7:
        if ( n < 4 )
        {
            lose_one();
            m.in++;
            m_lose();
        }
        else if ( n == 4 )
        {
            vsio_reset(&uart.dev);
            CHECK_VALID();
            m_power_on();
        }
        break;
    }
}

/* An access to anywhere else: the models must not notice. */
static void stray_step(uint32_t r)
{
    static const uint32_t quiet[] = {
        PL011_FR,  PL011_ILPR,  PL011_IBRD, PL011_FBRD,     PL011_RIS,
        PL011_MIS, PL011_DMACR, 0x8,        PL011_PERIPHID, 0x100,
    };
    uint32_t reg = quiet[(r >> 8) % ARRAY_SIZE(quiet)];
    unsigned int size = 1U << (r >> 16) % 3;

    wr(&uart.dev, reg, size, r, HERE);
    rd(&uart.dev, reg, size, HERE);
    RD_REFUSED(&uart.dev, r >> 8, 8);
    WR_REFUSED(&uart.dev, reg + 4 - size / 2, size | 2, r);
}

static void add_up_what_was_sent(void)
{
    while ( far_seen < far.taken )
        far_sum = far_sum * 31 + far.sent[far_seen++];
    far_seen = far.taken = 0; /* far.sent is short */
}

static bool same_state(void)
{
    const struct vsio_counters *c = &uart.dev.count;
    bool line = (m_ris() & m.imsc) != 0;
    bool ok = true;

    ok &= EXPECT_EQ(RD(FR), m_fr());
    ok &= EXPECT_EQ(RD(RIS), m_ris());
    ok &= EXPECT_EQ(RD(MIS), m_ris() & m.imsc);
    ok &= EXPECT_EQ(RD(RSR), m.rsr);
    ok &= EXPECT_EQ(RD(CR), m.cr);
    ok &= EXPECT_EQ(RD(LCR_H), m.lcr_h);
    ok &= EXPECT_EQ(RD(IFLS), m.ifls);
    ok &= EXPECT_EQ(RD(IMSC), m.imsc);

    ok &= EXPECT_EQ(seen.level[0], line);
    ok &= EXPECT_EQ(seen.irq_calls, 2 * c->irqs - line);
    ok &= EXPECT_EQ(far.rx_ready_calls, m.offers);
    ok &= EXPECT_EQ(far.feed, m.waiting);
    ok &= EXPECT_EQ(far.modem, m.cr & PL011_CR_MODEM);
    ok &= EXPECT_EQ(far.brk,
                    (m.lcr_h & PL011_LCR_H_BRK) && !(m.cr & PL011_CR_LBE));

    ok &= EXPECT_EQ(far_sum, m.sum);
    ok &= EXPECT_EQ(c->bytes_in, m.in);
    ok &= EXPECT_EQ(c->bytes_out, m.out);
    ok &= EXPECT_EQ(c->bytes_dropped, m.dropped);
    ok &= EXPECT_EQ(seen.dropped, m.dropped);
    ok &= EXPECT_EQ(c->unknown, seen.unknown);
    ok &= EXPECT_EQ(c->refused, seen.refused);

    /* Every byte is somewhere. */
    ok &= EXPECT_EQ(c->bytes_in + m.sent + m.breaks,
                    c->bytes_out + m.got + m.nrx + m.ntx + c->bytes_dropped);

    return ok;
}

static void walk(uint32_t seed)
{
    uint32_t first = seed, step, r;

    plug_in();
    far.room = 0;
    m.nrx = m.ntx = m.room = m.waiting = 0;
    m.offers = m.sum = far_sum = far_seen = 0;
    m.in = m.out = m.dropped = m.sent = m.got = m.breaks = 0;
    m.wanted = false;
    m.next = far.next;
    m.inputs = PL011_FR_CTS | PL011_FR_DSR | PL011_FR_DCD;
    m_power_on();

    for ( step = 0; step < STEPS; step++ )
    {
        at(first, step);
        r = random32(&seed);
        if ( r % 64 == 0 )
            stray_step(random32(&seed));
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
    walk(1);
}

static void walk_2(void)
{
    walk(0xdecafbad);
}

static void walk_3(void)
{
    walk(0x20240229);
}

static const struct test table[] = {
    { "20000 random steps, every byte accounted for", walk_1 },
    { "20000 other steps", walk_2 },
    { "20000 more", walk_3 },
};
TESTS(table);
