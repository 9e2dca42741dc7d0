/* SPDX-License-Identifier: MIT */
/*
 * 16550A: what went wrong in other models, each as the behaviour that it broke,
 * and what drivers do to find out what they have. Behind each name: who was
 * seen with it.
 */

#include "ns16550-host.h"
#include "snapshot.h"

#define IRQ          (seen.level[0])
#define LSR_TX_EMPTY (NS16550_LSR_THRE | NS16550_LSR_TEMT)

static void iir_follows_fcr(void)
{
    com_plug_in();
    EXPECT_EQ(RD(IIR), 0x01);
    WR(FCR, NS16550_FCR_FE);
    EXPECT_EQ(RD(IIR), 0xc1);
    WR(FCR, 0);
    EXPECT_EQ(RD(IIR), 0x01);
}

static void flush_for_freebsd(void)
{
    com_plug_in_fifos(DEPTH);
    com_receive(5);
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_RFR);
    EXPECT_EQ(RD(LSR) & NS16550_LSR_DR, 0);
    com_receive(1);
    EXPECT_EQ(RD(RBR), 6); /* not what was there before the flush */
    EXPECT_EQ(RD(LSR) & NS16550_LSR_DR, 0);
}

/* FreeBSD's driver counts what goes round the loop until LSR has OE. */
static void freebsd_counts(uint32_t depth)
{
    uint32_t count = 0, lsr = 0;

    com_plug_in_fifos(depth);
    WR(MCR, NS16550_MCR_LOOP);
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_RFR | NS16550_FCR_XFR);
    while ( !(lsr & NS16550_LSR_OE) && count < 260 )
    {
        com_send(0, 1);
        count++;
        lsr |= RD(LSR);
        EXPECT(lsr & NS16550_LSR_TEMT);
    }
    EXPECT_EQ(count - 1, depth);
    WR(MCR, 0);
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_RFR | NS16550_FCR_XFR);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
}

static void freebsd_counts_the_fifo(void)
{
    freebsd_counts(DEPTH);
    freebsd_counts(DEEP);
}

/* It fills the FIFO, enables the interrupt, and waits for it. */
static void freebsd_after_16(void)
{
    uint32_t i;

    com_plug_in_fifos(DEPTH);
    for ( i = 0; i < 10; i++ )
    {
        com_send(0, 16);
        WR(IER, NS16550_IER_ETBEI);
        EXPECT(IRQ);
        EXPECT_EQ(RD(IIR), 0xc2);
        WR(IER, 0);
        EXPECT(!IRQ);
    }
    EXPECT_EQ(com_host.taken, 160);
}

/* printk() masks all, sends by polling, and restores. */
static void linux_printk(void)
{
    com_plug_in_fifos(DEPTH);
    WR(IER, NS16550_IER_ETBEI | NS16550_IER_ERBFI);
    com_receive(1);
    RD(IIR);
    WR(IER, 0);
    EXPECT(!IRQ);
    com_send(0x41, 3);
    WR(IER, NS16550_IER_ETBEI | NS16550_IER_ERBFI);
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), 0xc4);
    RD(RBR);
    EXPECT_EQ(RD(IIR), 0xc2);
    EXPECT(!IRQ);
}

/* What 8250_port.c does to find a 16550A and its bugs. */
static void linux_autoconfig(void)
{
    com_plug_in();
    WR(IER, 0);
    EXPECT_EQ(RD(IER), 0);
    WR(IER, 0x0f);
    EXPECT_EQ(RD(IER), 0x0f);
    WR(IER, 0);
    WR(MCR, NS16550_MCR_LOOP | NS16550_MCR_OUT2 | NS16550_MCR_RTS);
    EXPECT_EQ(RD(MSR) & 0xf0, 0x90);
    WR(MCR, 0);
    WR(LCR, 0xbf); /* no extended feature register here */
    WR(LCR, 0);
    WR(FCR, NS16550_FCR_FE);
    EXPECT_EQ(RD(IIR) >> 6, 3);
    WR(LCR, 0xbf);
    EXPECT(RD(IIR) != 0);
    WR(LCR, 0xe0); /* nor a second bank */
    EXPECT_EQ((RD(MCR) ^ RD(IIR)) & NS16550_MCR_LOOP, 0);
    WR(LCR, 0);
    WR(FCR, NS16550_FCR_FE | 0x20); /* nor a 16750's 64 bytes */
    EXPECT_EQ(RD(IIR) >> 5, 6);
    WR(IER, 0x40); /* nor an XScale's */
    EXPECT_EQ(RD(IER), 0);

    /* It says each time that it is empty: no timer is needed. */
    WR(IER, NS16550_IER_ETBEI);
    EXPECT_EQ(RD(IIR), 0xc2);
    WR(IER, 0);
    WR(IER, NS16550_IER_ETBEI);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
    EXPECT_EQ(RD(IIR), 0xc2);
}

/* Guests divide by it before they have set it. */
static void divisor_is_not_zero(void)
{
    com_plug_in();
    WR(LCR, NS16550_LCR_DLAB);
    EXPECT(RD(DLL) | RD(DLM));
}

static void queue_is_bounded(void)
{
    static const uint8_t flood[4096];

    com_plug_in_fifos(DEEP);
    EXPECT_EQ(vsio_ns16550_rx(&com, flood, sizeof(flood)), DEEP);
    CHECK_VALID();
    EXPECT_EQ(vsio_ns16550_rx(&com, flood, sizeof(flood)), 0);
    CHECK_VALID();
    EXPECT_EQ(com.dev.count.bytes_in, DEEP);
}

static void full_loses_nothing(void)
{
    uint32_t i;

    com_plug_in_fifos(DEPTH);
    com_receive(DEPTH);
    EXPECT_EQ(com_receive(10), 0);
    com_host.feed = 10;
    for ( i = 1; i <= DEPTH + 10; i++ )
    {
        at(i, 0);
        EXPECT_EQ(RD(RBR), i);
    }
    EXPECT_EQ(com.dev.count.bytes_dropped, 0);
}

static void lcr_is_not_fcr(void)
{
    com_plug_in();
    WR(LCR, 0x03);
    EXPECT_EQ(RD(LCR), 0x03);
    WR(FCR, NS16550_FCR_FE);
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_RFR | NS16550_FCR_XFR);
    EXPECT_EQ(RD(LCR), 0x03);
    com_receive(2);
    WR(LCR, 0x1f); /* nor does it flush */
    EXPECT_EQ(RD(RBR), 1);
}

static void timeout_below_trigger(void)
{
    com_plug_in_fifos(DEPTH);
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_LEVEL);
    WR(IER, NS16550_IER_ERBFI);
    com_receive(1);
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), 0xcc);
}

static void data_at_trigger(void)
{
    com_plug_in_fifos(DEPTH);
    WR(IER, NS16550_IER_ERBFI);
    com_receive(1);
    EXPECT_EQ(RD(IIR), 0xc4);
}

static void modem_deltas(void)
{
    com_plug_in();
    WR(IER, NS16550_IER_EDSSI);
    com_lines(NS16550_MSR_DSR);
    EXPECT(IRQ);
    EXPECT_EQ(RD(MSR), NS16550_MSR_DSR | NS16550_MSR_DCTS | NS16550_MSR_DDCD);
    EXPECT_EQ(RD(MSR), NS16550_MSR_DSR);
}

static void overrun_is_told(void)
{
    com_plug_in_fifos(DEPTH);
    WR(IER, NS16550_IER_ELSI);
    com_lose_one();
    EXPECT(IRQ);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_OE);
}

static void loop_has_no_overrun(void)
{
    uint32_t i;

    com_plug_in_fifos(DEPTH);
    WR(MCR, NS16550_MCR_LOOP);
    for ( i = 0; i < 100; i++ )
    {
        com_send((uint8_t)i, 1);
        EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR);
        EXPECT_EQ(RD(RBR), i);
    }
}

static void no_storm(void)
{
    uint32_t i;

    com_plug_in();
    WR(IER, NS16550_IER_ETBEI);
    RD(IIR);
    for ( i = 0; i < 100; i++ )
    {
        WR(IER, NS16550_IER_ETBEI | (i & 1));
        RD(LSR);
        EXPECT(!IRQ);
        EXPECT_EQ(RD(IIR), NS16550_IIR_NONE);
    }
    EXPECT_EQ(seen.irq_calls, 2);
}

/* The sink takes nothing: the guest must see that, then the way out. */
static void thre_after_block(void)
{
    com_plug_in_fifos(DEPTH);
    com_host.room = 0;
    com_send(0, DEPTH);
    WR(IER, NS16550_IER_ETBEI);
    EXPECT(!IRQ);
    EXPECT_EQ(RD(LSR), 0);
    com_make_room(FOREVER);
    EXPECT(IRQ);
    EXPECT_EQ(com_host.taken, DEPTH);
}

static void blocked_output_waits(void)
{
    com_plug_in_fifos(DEPTH);
    com_host.room = 1;
    com_send(0x41, 10);
    EXPECT_EQ(com.dev.count.bytes_dropped, 0);
    com_make_room(FOREVER);
    EXPECT_EQ(com_host.taken, 10);
    EXPECT_EQ(com_host.sent[9], 0x4a);
}

static void unread_input_leaves_output(void)
{
    com_plug_in();
    com_receive(DEPTH);
    com_send(0x41, 3);
    EXPECT_EQ(com_host.taken, 3);
}

static uint8_t record[VSIO_RECORD_MAX], scratch[VSIO_RECORD_MAX];

/* To a machine that has just been made. */
static void migrate(uint32_t room)
{
    size_t used = 0;
    bool level = IRQ;

    EXPECT_EQ(vsio_save(&com.dev, record, sizeof(record), &used), VSIO_OK);
    com_plug_in();
    com_host.room = room;
    com_host.restoring = true;
    EXPECT_EQ(vsio_restore(&com.dev, record, used, &used, scratch), VSIO_OK);
    com_host.restoring = false;
    CHECK_VALID();
    if ( !room )
        EXPECT_EQ(IRQ, level);
}

static void thre_after_restore(void)
{
    com_plug_in_fifos(DEPTH);
    WR(IER, NS16550_IER_ETBEI);
    migrate(0);
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), 0xc2);
    migrate(0);
    EXPECT(!IRQ); /* told already */
    EXPECT_EQ(RD(IIR), 0xc1);
    com_send(0x41, 3); /* and while bytes wait for a host that is gone */
    EXPECT(!IRQ);
    migrate(FOREVER);
    EXPECT_EQ(com_host.taken, 3);
    EXPECT(IRQ);
    EXPECT_EQ(RD(IIR), 0xc2);
}

static void full_rx_after_restore(void)
{
    uint32_t i;

    com_plug_in_fifos(DEPTH);
    com_receive(DEPTH + 1);
    migrate(0);
    EXPECT_EQ(com_receive(1), 0);
    com_host.feed = 1;
    for ( i = 1; i <= DEPTH; i++ )
        EXPECT_EQ(RD(RBR), i);
    EXPECT_EQ(com_host.rx_ready_calls, 1); /* else the console hangs for good */
    EXPECT_EQ(RD(RBR), 1);
}

static void bad_offset_value(void)
{
    com_plug_in();
    RD_REFUSED(&com.dev, 8, 1);
    com_plug_in_as(4, DEPTH);
    EXPECT_EQ(rd8(&com.dev, 1), 0); /* never what lay on the host's stack */
}

static const struct test table[] = {
    { "IIR has the FIFO bits when FCR enables them (vm-superio)",
      iir_follows_fcr },
    { "FCR flushes for FreeBSD (vm-superio, crosvm)", flush_for_freebsd },
    { "FreeBSD counts 16 or 64 bytes of FIFO (vm-superio)",
      freebsd_counts_the_fifo },
    { "FreeBSD goes on after 16 characters (firecracker)", freebsd_after_16 },
    { "IER restored by Linux' printk brings interrupts back (vm-superio)",
      linux_printk },
    { "Linux finds a 16550A without bugs (kvmtool, cloud-hypervisor)",
      linux_autoconfig },
    { "the divisor is not 0 (guests)", divisor_is_not_zero },
    { "the receive queue is bounded (cloud-hypervisor, crosvm, CVE-2020-27173)",
      queue_is_bounded },
    { "a full FIFO overwrites nothing (acrn)", full_loses_nothing },
    { "LCR reads back, FCR does not touch it (kvmtool)", lcr_is_not_fcr },
    { "below the trigger data is a timeout (all but bhyve, QEMU)",
      timeout_below_trigger },
    { "at the trigger data is no timeout (bhyve)", data_at_trigger },
    { "MSR has deltas (vm-superio, cloud-hypervisor, crosvm, kvmtool)",
      modem_deltas },
    { "OE tells of a loss (vm-superio, crosvm, kvmtool)", overrun_is_told },
    { "OE tells of nothing else in loopback (acrn)", loop_has_no_overrun },
    { "IIR ends THRE, IER written again is no storm (acrn, Windows)",
      no_storm },
    { "a sink that was blocked gives THRE (vm-superio)", thre_after_block },
    { "a blocked sink loses no output (vm-superio, cloud-hypervisor)",
      blocked_output_waits },
    { "unread input does not stop output (firecracker)",
      unread_input_leaves_output },
    { "THRE survives a restore (firecracker)", thre_after_restore },
    { "a full receiver survives a restore (propolis)", full_rx_after_restore },
    { "a bad offset reads as 0, not as it was (vm-superio)", bad_offset_value },
};
TESTS(table);
