/* SPDX-License-Identifier: MIT */
/* 16550A: registers, strides, the line, the modem, and what the host is told.
 */

#include "ns16550-host.h"

static const uint8_t strides[] = { 1, 2, 4 };

#define IRQ          (seen.level[0])
#define LSR_TX_EMPTY (NS16550_LSR_THRE | NS16550_LSR_TEMT)

/* --- Registers ------------------------------------------------------------ */

static void reset_values(void)
{
    unsigned int i;

    for ( i = 0; i < 2; i++ )
    {
        at(i, 0);
        com_plug_in();
        if ( i )
        {
            WR(IER, 0xff);
            WR(FCR, 0xff);
            WR(MCR, 0xff);
            WR(SCR, 0xff);
            WR(LCR, 0xff);
            WR(DLL, 0xff);
            WR(DLM, 0xff);
            vsio_reset(&com.dev);
            CHECK_VALID();
        }
        EXPECT_EQ(RD(RBR), 0);
        EXPECT_EQ(RD(IER), 0);
        EXPECT_EQ(RD(IIR), NS16550_IIR_NONE);
        EXPECT_EQ(RD(LCR), 0);
        EXPECT_EQ(RD(MCR), 0);
        EXPECT_EQ(RD(LSR), 0x60);
        EXPECT_EQ(RD(MSR), 0xb0);
        EXPECT_EQ(RD(SCR), 0);
        WR(LCR, NS16550_LCR_DLAB);
        EXPECT_EQ(RD(DLL), 12);
        EXPECT_EQ(RD(DLM), 0);
        EXPECT(!IRQ);
    }
}

static void stored_bits(void)
{
    uint32_t i;

    com_plug_in();
    for ( i = 0; i < 256; i++ )
    {
        at(i, 0);
        WR(IER, i);
        EXPECT_EQ(RD(IER), i & 0x0f);
        WR(MCR, i);
        EXPECT_EQ(RD(MCR), i & 0x1f);
        WR(SCR, i);
        EXPECT_EQ(RD(SCR), i);
        WR(LCR, i);
        EXPECT_EQ(RD(LCR), i);
        WR(LCR, 0);
    }
}

static void divisor_pair(void)
{
    uint32_t i;

    com_plug_in();
    WR(IER, NS16550_IER_EDSSI);
    com_receive(1);
    WR(LCR, NS16550_LCR_DLAB | 3);
    for ( i = 0; i < 256; i++ )
    {
        at(i, 0);
        WR(DLL, i);
        WR(DLM, 255 - i);
        EXPECT_EQ(RD(DLL), i);
        EXPECT_EQ(RD(DLM), 255 - i);
    }
    EXPECT_EQ(com_host.asked, 0);
    WR(LCR, 3);
    EXPECT_EQ(RD(IER), NS16550_IER_EDSSI);
    EXPECT_EQ(RD(RBR), 1);
    WR(LCR, NS16550_LCR_DLAB | 3);
    EXPECT_EQ(RD(DLL), 255);
    EXPECT_EQ(RD(DLM), 0);
}

static void others_ignore_dlab(void)
{
    com_plug_in();
    WR(LCR, NS16550_LCR_DLAB);
    WR(FCR, NS16550_FCR_FE);
    EXPECT_EQ(RD(IIR), NS16550_IIR_FIFOS | NS16550_IIR_NONE);
    WR(MCR, NS16550_MCR_RTS);
    EXPECT_EQ(RD(MCR), NS16550_MCR_RTS);
    WR(SCR, 0x5a);
    EXPECT_EQ(RD(SCR), 0x5a);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
    EXPECT_EQ(RD(MSR), 0xb0);
}

static void status_is_read_only(void)
{
    unsigned int unit;
    uint32_t i;

    for ( i = 0; i < 3; i++ )
    {
        unit = strides[i];
        com_plug_in_as(unit, DEPTH);
        WR_UNKNOWN(&com.dev, NS16550_LSR * unit, 1, 0xff);
        WR_UNKNOWN(&com.dev, NS16550_MSR * unit, unit, 0xffffffff);
        EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
        EXPECT_EQ(RD(MSR), 0xb0);
    }
}

static void strides_place_registers(void)
{
    unsigned int i;
    uint32_t unit, r;

    for ( i = 0; i < 3; i++ )
    {
        unit = strides[i];
        at(unit, 0);
        com_plug_in_as(unit, DEPTH);
        EXPECT_EQ(com.dev.class->window, 8 * unit);
        EXPECT_EQ(com.dev.class->unit, unit);
        EXPECT_EQ(com.dev.class->lines, 1);
        for ( r = 1; r < NS16550_REGS; r++ )
            if ( r == NS16550_LCR || r == NS16550_SCR )
                wr(&com.dev, r * unit, unit, 0xa0 + r, HERE);
        EXPECT_EQ(rd8(&com.dev, 3 * unit), 0xa3);
        EXPECT_EQ(rd8(&com.dev, 7 * unit), 0xa7);
        WR(LCR, 0);
        wr8(&com.dev, 0, 0x41);
        wr(&com.dev, 0, unit, 0x42, HERE);
        EXPECT_EQ(com_host.taken, 2);
        EXPECT_EQ(com_host.sent[1], 0x42);
    }
}

static void lanes_beside_the_byte(void)
{
    uint32_t unit, lane, r;
    unsigned int i;

    for ( i = 1; i < 3; i++ )
    {
        unit = strides[i];
        com_plug_in_as(unit, DEPTH);
        WR(SCR, 0x77);
        for ( lane = 1; lane < unit; lane++ )
            for ( r = 0; r < NS16550_REGS; r++ )
            {
                at(unit, r * unit + lane);
                EXPECT_EQ(rd8(&com.dev, r * unit + lane), 0);
                WR_UNKNOWN(&com.dev, r * unit + lane, 1, 0xff);
            }
        EXPECT_EQ(com_host.asked, 0);
        EXPECT_EQ(rd(&com.dev, NS16550_SCR * unit, unit, HERE), 0x77);
        wr(&com.dev, NS16550_SCR * unit, unit, 0xffffff12, HERE);
        EXPECT_EQ(rd(&com.dev, NS16550_SCR * unit, unit, HERE), 0x12);
    }

    /* A read beside the byte is a read of the register. */
    com_plug_in_as(4, DEPTH);
    com_receive(1);
    EXPECT_EQ(rd16(&com.dev, 2), 0);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
}

static void wide_accesses_are_refused(void)
{
    com_plug_in();
    RD_REFUSED(&com.dev, 0, 2);
    WR_REFUSED(&com.dev, 0, 4, 0x41424344);
    RD_REFUSED(&com.dev, 8, 1);
    com_plug_in_as(2, DEPTH);
    RD_REFUSED(&com.dev, 0, 4);
    RD_REFUSED(&com.dev, 16, 1);
    com_plug_in_as(4, DEPTH);
    WR_REFUSED(&com.dev, 0, 8, 0x41);
    RD_REFUSED(&com.dev, 32, 1);
}

static void every_offset(void)
{
    unsigned int i;

    for ( i = 0; i < 3; i++ )
    {
        com_plug_in_as(strides[i], i & 1 ? DEEP : DEPTH);
        battery();
        com_host.room = 3;
        battery();
    }
    com_plug_in_bare();
    battery();
}

static void odd_arguments(void)
{
    com_plug_in_as(1, 17);
    EXPECT_EQ(com.rx_fifo, DEPTH);
    com_plug_in_as(0, 0);
    EXPECT_EQ(com.dev.class->unit, 1);
    EXPECT_EQ(com.rx_fifo, DEPTH);
    com_plug_in_as(6, 0);
    EXPECT_EQ(com.dev.class->unit, 1);
}

/* --- Interrupts: what raises each, what ends it --------------------------- */

static void rls_interrupt(void)
{
    static const uint8_t error[] = { NS16550_LSR_PE, NS16550_LSR_FE,
                                     NS16550_LSR_BI };
    unsigned int i;

    com_plug_in();
    WR(IER, NS16550_IER_ELSI);
    for ( i = 0; i < 3; i++ )
    {
        at(i, 0);
        EXPECT(com_receive_error(0x20, error[i]));
        EXPECT(IRQ);
        EXPECT_EQ(RD(IIR), NS16550_IIR_RLS);
        EXPECT(IRQ);
        EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR | error[i]);
        EXPECT(!IRQ);
        EXPECT_EQ(RD(IIR), NS16550_IIR_NONE);
        EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR);
        EXPECT_EQ(RD(RBR), 0x20);
    }
    com_lose_one();
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), NS16550_IIR_RLS);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_OE);
    EXPECT(!IRQ);
    com_lose_one();
    WR(IER, 0);
    EXPECT(!IRQ);
    WR(IER, NS16550_IER_ELSI);
    EXPECT(IRQ);
}

static void rda_interrupt(void)
{
    com_plug_in();
    com_receive(1);
    EXPECT(!IRQ);
    EXPECT_EQ(RD(IIR), NS16550_IIR_NONE);
    WR(IER, NS16550_IER_ERBFI);
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), NS16550_IIR_RDA);
    EXPECT_EQ(RD(IIR), NS16550_IIR_RDA);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR);
    EXPECT(IRQ);
    RD(RBR);
    EXPECT(!IRQ);
    EXPECT_EQ(RD(IIR), NS16550_IIR_NONE);
}

static void thre_interrupt(void)
{
    com_plug_in();
    WR(IER, NS16550_IER_ETBEI);
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), NS16550_IIR_THRE);
    EXPECT(!IRQ);
    EXPECT_EQ(RD(IIR), NS16550_IIR_NONE);
    com_send(0x41, 1); /* it has left at once */
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), NS16550_IIR_THRE);
    com_host.room = 0;
    com_send(0x42, 1);
    EXPECT(!IRQ);
    EXPECT_EQ(RD(LSR), 0);
    EXPECT_EQ(RD(IIR), NS16550_IIR_NONE);
    com_make_room(1);
    EXPECT(IRQ);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
    EXPECT_EQ(RD(IIR), NS16550_IIR_THRE);
    EXPECT(!IRQ);
    com_make_room(1); /* nothing leaves, nothing happens */
    EXPECT(!IRQ);
}

/* A host that takes edges must see one for each time it becomes empty. */
static void thre_falls_by_a_write(void)
{
    com_plug_in();
    WR(IER, NS16550_IER_ETBEI);
    EXPECT_EQ(seen.irq_calls, 1);
    com_send(0x41, 1);
    EXPECT(IRQ);
    EXPECT_EQ(seen.irq_calls, 3);
    com_host.room = 0;
    com_send(0x42, 1);
    EXPECT(!IRQ);
    EXPECT_EQ(seen.irq_calls, 4);
}

static void thre_by_enabling(void)
{
    com_plug_in();
    WR(IER, NS16550_IER_ETBEI);
    RD(IIR);
    WR(IER, NS16550_IER_ETBEI | NS16550_IER_ERBFI); /* was enabled */
    EXPECT(!IRQ);
    WR(IER, 0);
    WR(IER, NS16550_IER_ETBEI);
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), NS16550_IIR_THRE);

    WR(IER, 0);
    com_host.room = 0;
    com_send(0, 1);
    WR(IER, NS16550_IER_ETBEI); /* it is not empty */
    EXPECT(!IRQ);
    WR(IER, 0);
    com_make_room(1);
    EXPECT(!IRQ);
    WR(IER, NS16550_IER_ETBEI);
    EXPECT(IRQ);
    WR(IER, 0);
    EXPECT(!IRQ);
}

static void msr_interrupt(void)
{
    static const struct {
        uint8_t from, to, delta;
    } edge[] = {
        { 0x00, 0x10, 1 }, { 0x10, 0x00, 1 },  { 0x00, 0x20, 2 },
        { 0x20, 0x00, 2 }, { 0x40, 0x00, 4 },  { 0x00, 0x80, 8 },
        { 0x80, 0x00, 8 }, { 0x00, 0xf0, 11 }, { 0xf0, 0x00, 15 },
    };
    unsigned int i;

    com_plug_in();
    WR(IER, NS16550_IER_EDSSI);
    for ( i = 0; i < ARRAY_SIZE(edge); i++ )
    {
        at(i, 0);
        com_lines(edge[i].from);
        RD(MSR);
        EXPECT(!IRQ);
        com_lines(edge[i].to);
        EXPECT(IRQ);
        EXPECT_EQ(RD(IIR), NS16550_IIR_MSR);
        EXPECT(IRQ);
        EXPECT_EQ(RD(MSR), edge[i].to | edge[i].delta);
        EXPECT(!IRQ);
        EXPECT_EQ(RD(MSR), edge[i].to);
    }

    com_lines(0);
    RD(MSR);
    com_lines(NS16550_MSR_RI); /* its coming is no event */
    EXPECT(!IRQ);
    EXPECT_EQ(RD(MSR), NS16550_MSR_RI);
    com_lines(NS16550_MSR_RI | 0x0f); /* no lines */
    EXPECT_EQ(RD(MSR), NS16550_MSR_RI);

    com_lines(NS16550_MSR_CTS); /* there and back is two changes */
    com_lines(NS16550_MSR_RI);
    EXPECT_EQ(RD(MSR), NS16550_MSR_RI | NS16550_MSR_TERI | NS16550_MSR_DCTS);
}

static void priorities(void)
{
    com_plug_in_fifos(DEPTH);
    WR(FCR, NS16550_FCR_FE | 0x40); /* 4 bytes */
    WR(IER, NS16550_IER_MASK);
    com_lines(0);
    com_receive(3);
    EXPECT(com_receive_error(0x20, NS16550_LSR_PE));
    com_lose_one();

    EXPECT_EQ(RD(IIR) & 0xf, NS16550_IIR_RLS);
    RD(LSR);
    EXPECT_EQ(RD(IIR) & 0xf, NS16550_IIR_RDA);
    RD(RBR);
    EXPECT_EQ(RD(IIR) & 0xf, NS16550_IIR_CTI);
    RD(RBR);
    RD(RBR); /* the next one has an error */
    EXPECT_EQ(RD(IIR) & 0xf, NS16550_IIR_RLS);
    RD(LSR);
    EXPECT_EQ(RD(IIR) & 0xf, NS16550_IIR_CTI);
    RD(RBR);
    EXPECT_EQ(RD(IIR) & 0xf, NS16550_IIR_THRE);
    EXPECT_EQ(RD(IIR) & 0xf, NS16550_IIR_MSR);
    EXPECT(IRQ);
    RD(MSR);
    EXPECT_EQ(RD(IIR) & 0xf, NS16550_IIR_NONE);
    EXPECT(!IRQ);
    EXPECT_EQ(seen.irq_calls, 2); /* up once, down once */
}

/* THRE is not told, and so not ended, while others come first. */
static void thre_waits_its_turn(void)
{
    com_plug_in();
    WR(IER, NS16550_IER_ETBEI | NS16550_IER_ERBFI);
    com_receive(1);
    EXPECT_EQ(RD(IIR), NS16550_IIR_RDA);
    RD(RBR);
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), NS16550_IIR_THRE);
    EXPECT(!IRQ);
}

static void each_source_by_its_own_bit(void)
{
    uint32_t ier, iir;

    for ( ier = 0; ier <= NS16550_IER_MASK; ier++ )
    {
        at(ier, 0);
        com_plug_in();
        com_lines(0);
        com_receive(1);
        com_lose_one();
        WR(IER, ier);
        iir = ier & NS16550_IER_ELSI    ? NS16550_IIR_RLS
              : ier & NS16550_IER_ERBFI ? NS16550_IIR_RDA
              : ier & NS16550_IER_ETBEI ? NS16550_IIR_THRE
              : ier & NS16550_IER_EDSSI ? NS16550_IIR_MSR
                                        : NS16550_IIR_NONE;
        EXPECT_EQ(IRQ, ier != 0);
        EXPECT_EQ(RD(IIR), iir);
    }
}

/* --- Modem, loopback, break ----------------------------------------------- */

static void outputs_reach_the_host(void)
{
    uint32_t i;

    com_plug_in();
    for ( i = 1; i < 16; i++ )
    {
        WR(MCR, i);
        EXPECT_EQ(com_host.modem, i);
        EXPECT_EQ(com_host.modem_calls, i);
    }
    WR(MCR, 0xef); /* no new line among them */
    EXPECT_EQ(com_host.modem_calls, 15);
    WR(MCR, 0x1f); /* 8.7: loopback, the outputs are off */
    EXPECT_EQ(com_host.modem, 0);
    WR(MCR, 0x10);
    EXPECT_EQ(com_host.modem_calls, 16);
    WR(MCR, 0x03);
    EXPECT_EQ(com_host.modem, 3);
    vsio_reset(&com.dev);
    CHECK_VALID();
    EXPECT_EQ(com_host.modem, 0);
    EXPECT_EQ(com_host.modem_calls, 18);
}

static void loopback_of_lines(void)
{
    static const uint8_t back[] = { NS16550_MSR_DSR, NS16550_MSR_CTS,
                                    NS16550_MSR_RI, NS16550_MSR_DCD };
    uint32_t i, k, want;

    for ( i = 0; i < 16; i++ )
    {
        at(i, 0);
        com_plug_in();
        com_lines(0);
        WR(MCR, NS16550_MCR_LOOP);
        RD(MSR);
        WR(MCR, NS16550_MCR_LOOP | i);
        for ( want = 0, k = 0; k < 4; k++ )
            want |= i >> k & 1 ? back[k] : 0U;
        EXPECT_EQ(RD(MSR), want | (want & 0xb0) >> 4);
        com_lines(0xff); /* not connected */
        EXPECT_EQ(RD(MSR), want);
        WR(MCR, 0);
        EXPECT_EQ(RD(MSR) & 0xf0, 0xf0);
    }
}

static void loopback_interrupts(void)
{
    com_plug_in();
    com_lines(0);
    RD(MSR);
    WR(IER, NS16550_IER_EDSSI);
    WR(MCR, NS16550_MCR_LOOP | NS16550_MCR_OUT1);
    EXPECT(!IRQ);
    WR(MCR, NS16550_MCR_LOOP);
    EXPECT(IRQ); /* TERI */
    EXPECT_EQ(RD(MSR), NS16550_MSR_TERI);
    EXPECT(!IRQ);
}

static void loopback_of_data(void)
{
    com_plug_in_fifos(DEPTH);
    com_host.feed = 2;
    WR(MCR, NS16550_MCR_LOOP);
    com_send(0x41, 3);
    EXPECT_EQ(com_host.asked, 0);
    EXPECT_EQ(com_receive(1), 0);
    EXPECT(!com_receive_error(0x20, NS16550_LSR_PE));
    EXPECT_EQ(com.dev.count.bytes_in, 0);
    EXPECT_EQ(RD(RBR), 0x41);
    EXPECT_EQ(RD(RBR), 0x42);
    EXPECT_EQ(RD(RBR), 0x43);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
    EXPECT_EQ(com_host.rx_ready_calls, 0);
    WR(MCR, 0);
    EXPECT_EQ(com_host.rx_ready_calls, 1);
    EXPECT_EQ(RD(RBR), 1);
}

/* 8.3, OE: without FIFOs it is the byte before that is lost. */
static void loopback_overrun(void)
{
    com_plug_in();
    WR(MCR, NS16550_MCR_LOOP);
    WR(IER, NS16550_IER_ELSI);
    com_send(0x41, 1);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR);
    com_send(0x42, 1);
    EXPECT(IRQ);
    EXPECT_EQ(seen.dropped, 1);
    EXPECT_EQ(seen.last.value, 0x41);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR | NS16550_LSR_OE);
    EXPECT_EQ(RD(RBR), 0x42);
    EXPECT_EQ(RD(RBR), 0);
    EXPECT_EQ(com.dev.count.bytes_dropped, 1);
}

/* 8.3, OE: what is in the FIFO stays. */
static void loopback_overrun_of_the_fifo(void)
{
    uint32_t i;

    com_plug_in_fifos(DEPTH);
    WR(MCR, NS16550_MCR_LOOP);
    com_send(0, DEPTH + 1);
    EXPECT_EQ(seen.last.value, DEPTH);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR | NS16550_LSR_OE);
    for ( i = 0; i < DEPTH; i++ )
        EXPECT_EQ(RD(RBR), i);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
}

/* Bytes that wait for the host go round when the loop is closed. */
static void loopback_takes_what_waits(void)
{
    com_plug_in_fifos(DEPTH);
    com_host.room = 0;
    com_send(0x41, 3);
    EXPECT_EQ(RD(LSR), 0);
    WR(MCR, NS16550_MCR_LOOP);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR);
    EXPECT_EQ(RD(RBR), 0x41);
    EXPECT_EQ(com_host.asked, 1);
}

static void break_reaches_the_host(void)
{
    com_plug_in();
    WR(LCR, NS16550_LCR_SB | 3);
    EXPECT(com_host.brk);
    WR(LCR, NS16550_LCR_SB | NS16550_LCR_DLAB);
    EXPECT_EQ(com_host.brk_calls, 1);
    WR(MCR, NS16550_MCR_LOOP); /* 8.7: the output marks */
    EXPECT(!com_host.brk);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY); /* 8.1: acts on the output only */
    WR(MCR, 0);
    EXPECT(com_host.brk);
    WR(LCR, 3);
    EXPECT(!com_host.brk);
    WR(LCR, NS16550_LCR_SB);
    vsio_reset(&com.dev);
    CHECK_VALID();
    EXPECT(!com_host.brk);
    EXPECT_EQ(com_host.brk_calls, 6);
}

static void reset_keeps_the_cable(void)
{
    com_plug_in();
    com_lines(NS16550_MSR_DCD);
    WR(MCR, NS16550_MCR_LOOP | NS16550_MCR_RTS);
    vsio_reset(&com.dev);
    CHECK_VALID();
    EXPECT_EQ(RD(MSR), NS16550_MSR_DCD);
}

/* --- The host ------------------------------------------------------------- */

static void only_tx(void)
{
    com_plug_in_bare();
    WR(IER, NS16550_IER_MASK);
    WR(MCR, NS16550_MCR_LINES);
    WR(LCR, NS16550_LCR_SB);
    WR(FCR, NS16550_FCR_FE);
    com_send(0, 20);
    EXPECT_EQ(com_host.taken, 20);
    EXPECT_EQ(com_receive(DEPTH + 1), DEPTH);
    while ( RD(LSR) & NS16550_LSR_DR )
        RD(RBR);
    EXPECT_EQ(com_host.stored, DEPTH);
    com_host.room = 0;
    com_send(0, DEPTH + 1);
    com_lose_one();
    WR_UNKNOWN(&com.dev, NS16550_LSR, 1, 0);
    RD_REFUSED(&com.dev, 100, 1);
    EXPECT_EQ(com.dev.count.bytes_dropped, 2);
    EXPECT(com.dev.lines);
}

static void told_of_everything(void)
{
    com_plug_in_told();
    WR(FCR, NS16550_FCR_FE);
    com_send(0x41, 1);
    EXPECT_EQ(com_host.told[VSIO_EVENT_OUT], 1);
    EXPECT_EQ(seen.last.type, VSIO_EVENT_OUT);
    EXPECT_EQ(seen.last.value, 0x41);

    com_receive(2);
    RD(RBR);
    EXPECT_EQ(com_host.told[VSIO_EVENT_READ], 1);
    EXPECT_EQ(com_host.told[VSIO_EVENT_EMPTY], 0);
    EXPECT_EQ(seen.last.type, VSIO_EVENT_READ);
    EXPECT_EQ(seen.last.value, 1);
    RD(RBR);
    EXPECT_EQ(com_host.told[VSIO_EVENT_READ], 2);
    EXPECT_EQ(com_host.told[VSIO_EVENT_EMPTY], 1);
    EXPECT_EQ(seen.last.type, VSIO_EVENT_EMPTY);
    EXPECT_EQ(seen.last.value, 0);
    RD(RBR); /* nothing was there */
    EXPECT_EQ(com_host.told[VSIO_EVENT_READ], 2);
    EXPECT_EQ(com_host.told[VSIO_EVENT_EMPTY], 1);

    com_host.room = 0;
    com_send(0x50, 2);
    EXPECT_EQ(com_host.told[VSIO_EVENT_OUT], 1);
    com_make_room(2);
    EXPECT_EQ(com_host.told[VSIO_EVENT_OUT], 3);
    EXPECT_EQ(seen.last.value, 0x51);

    WR(IER, NS16550_IER_ETBEI);
    EXPECT_EQ(com_host.told[VSIO_EVENT_IRQ], 1);
    EXPECT_EQ(seen.last.value, 1);

    WR(MCR, NS16550_MCR_LOOP); /* round the loop is not out */
    com_send(0x60, 1);
    EXPECT_EQ(com_host.told[VSIO_EVENT_OUT], 3);
}

static const struct test table[] = {
    { "reset values are those of the manual", reset_values },
    { "IER has 4 bits, MCR 5, LCR and SCR 8", stored_bits },
    { "the divisor latch hides RBR, THR and IER, and no more", divisor_pair },
    { "the other registers are there with DLAB, too", others_ignore_dlab },
    { "LSR and MSR can't be written", status_is_read_only },
    { "registers are 1, 2 or 4 bytes apart", strides_place_registers },
    { "a register is a byte wide; lanes beside it are nothing",
      lanes_beside_the_byte },
    { "what crosses registers is refused", wide_accesses_are_refused },
    { "every offset and size", every_offset },
    { "init has defaults for odd arguments", odd_arguments },
    { "RLS: by PE, FE, BI, OE; until LSR is read", rls_interrupt },
    { "RDA: by a byte; until it is read", rda_interrupt },
    { "THRE: when the transmitter is empty; until IIR tells or THR is written",
      thre_interrupt },
    { "THRE falls by a write, even of a byte that leaves at once",
      thre_falls_by_a_write },
    { "THRE is raised by enabling it, not by writing IER again",
      thre_by_enabling },
    { "MSR: by each delta; until MSR is read", msr_interrupt },
    { "IIR's order is RLS, RDA, CTI, THRE, MSR", priorities },
    { "THRE waits while IIR tells of others", thre_waits_its_turn },
    { "IIR and line are of enabled interrupts only",
      each_source_by_its_own_bit },
    { "DTR, RTS, OUT1, OUT2 reach the host; not in loopback",
      outputs_reach_the_host },
    { "loopback of DTR, RTS, OUT1, OUT2 to DSR, CTS, RI, DCD",
      loopback_of_lines },
    { "loopback sets deltas and interrupts", loopback_interrupts },
    { "loopback of data; the host keeps its own", loopback_of_data },
    { "loopback into a full receiver is an overrun: the byte before is lost",
      loopback_overrun },
    { "loopback into a full FIFO is an overrun: the new byte is lost",
      loopback_overrun_of_the_fifo },
    { "what waits for the host goes round the loop",
      loopback_takes_what_waits },
    { "break reaches the host; not in loopback", break_reaches_the_host },
    { "a reset leaves the modem inputs", reset_keeps_the_cable },
    { "a host with nothing but tx", only_tx },
    { "events: out, read, empty, interrupt", told_of_everything },
};
TESTS(table);
