/* SPDX-License-Identifier: GPL-2.0-only */
/* What the guest reads without a trap: when it is mapped, and when not. */

#include "devices/pl011-regs.h"
#include "toolstack.h"

#define SPI      32
#define PATIENCE 8            /* as image.c has it */
#define REST     MILLISECS(8) /* after a mapping that has died young */

static void start(void)
{
    fake_start();
    EXPECT_EQ(uart_on_ring(), 0);
    guest_wr(UART(IMSC), PL011_INT_RT | PL011_INT_RX);
}

static bool mapped(void)
{
    return !mfn_eq(fake_p2m(GUEST_PL011_BASE), INVALID_MFN);
}

static void poll(unsigned int times)
{
    while ( times-- )
        EXPECT_EQ(guest_rd(UART(FR)) & (PL011_FR_RXFE | PL011_FR_TXFF),
                  PL011_FR_RXFE);
}

static void start_mapped(void)
{
    start();
    poll(PATIENCE);
    EXPECT(mapped());
}

static void put_in(char c)
{
    ring->in[ring->in_prod++ % sizeof(ring->in)] = c;
}

/* Does the next read trap? */
static bool traps(void)
{
    unsigned long before = fake.traps;

    (void)guest_rd(UART(FR));

    return fake.traps != before;
}

/* As Linux does: RIS, ICR, FR, DR until FR says empty, RIS. */
static unsigned int serve(void)
{
    unsigned int bytes = 0;

    while ( guest_rd(UART(RIS)) & (PL011_INT_RT | PL011_INT_RX) )
    {
        guest_wr(UART(ICR), 0);
        for ( ; !(guest_rd(UART(FR)) & PL011_FR_RXFE); bytes++ )
            (void)guest_rd(UART(DR));
    }

    return bytes;
}

/* --- In and out ----------------------------------------------------------- */

static void mapped_after_some_reads(void)
{
    start();
    poll(PATIENCE - 1);
    EXPECT(!mapped());
    poll(1);
    EXPECT(mapped());
    EXPECT_EQ(fake.untrapped, 0);
    poll(100);
    EXPECT_EQ(fake.untrapped, 100);
    EXPECT_EQ(fake.maps, 1);
    EXPECT_EQ(fake.flushes, 0); /* what was not there is in no TLB */
    fake_stop();
}

static void one_trap_a_byte(void)
{
    unsigned long traps_before, i;

    start_mapped();
    traps_before = fake.traps;
    for ( i = 0; i < 1000; i++ )
    {
        poll(1);
        guest_wr(UART(DR), 'x');
    }
    EXPECT_EQ(fake.traps, traps_before + 1000);
    EXPECT_EQ(ring->out_prod, 1000);
    EXPECT_EQ(fake.unmaps, 0);
    fake_stop();
}

static void all_registers(void)
{
    static const unsigned int regs[] = { PL011_IMSC, PL011_IBRD, PL011_CR,
                                         PL011_IFLS };
    unsigned long before;
    unsigned int i;

    start_mapped();
    for ( i = 0; i < ARRAY_SIZE(regs); i++ )
    {
        guest_wr(GUEST_PL011_BASE + regs[i], PL011_CR_RXE | PL011_CR_TXE | i);
        before = fake.untrapped;
        EXPECT_EQ(guest_rd(GUEST_PL011_BASE + regs[i]),
                  (PL011_CR_RXE | PL011_CR_TXE | i) &
                      (regs[i] == PL011_IFLS ? PL011_IFLS_MASK
                       : regs[i] == PL011_CR ? PL011_CR_MASK
                                             : 0x7ff));
        EXPECT_EQ(fake.untrapped, before + 1);
    }
    EXPECT_EQ(guest_rd(GUEST_PL011_BASE + PL011_PERIPHID), 0x11);
    EXPECT_EQ(guest_rd(UART(DR)), 0);
    fake_stop();
}

/* The ring is full, and then it is not: FR changes by the backend's hand. */
static void follows_the_ring(void)
{
    unsigned int i;

    start_mapped();
    for ( i = 0; i < sizeof(ring->out) + 32; i++ )
        guest_wr(UART(DR), 'x');
    EXPECT(guest_rd(UART(FR)) & PL011_FR_TXFF);
    ring->out_cons += 100;
    fake_event();
    EXPECT(!(guest_rd(UART(FR)) & PL011_FR_TXFF));
    EXPECT(guest_rd(UART(FR)) & PL011_FR_TXFE);
    EXPECT(!traps());
    fake_stop();
}

/* --- A byte comes in ------------------------------------------------------ */

static void unmapped_before_the_interrupt(void)
{
    unsigned long notified;

    start_mapped();
    fake.softirqs_off = true;
    put_in('a');
    notified = fake.notified;
    fake_event();

    /* Nothing has happened yet, for the guest. */
    EXPECT_EQ(fake.raised[SPI], 0);
    EXPECT(guest_rd(UART(FR)) & PL011_FR_RXFE);
    EXPECT_EQ(guest_rd(UART(RIS)) & PL011_INT_RT, 0);
    EXPECT_EQ(guest_rd(UART(DR)), 0); /* and takes nothing */

    fake_softirqs();
    EXPECT(!mapped());
    EXPECT_EQ(fake.flushes, 1);
    EXPECT_EQ(fake.raised[SPI], 1);
    EXPECT(traps());
    EXPECT_EQ(guest_rd(UART(DR)), 'a');
    EXPECT_EQ(fake.notified, notified);
    fake_stop();
}

static void in_interrupt_context(void)
{
    fake_start();
    EXPECT_EQ(uart_on_console(), 0);
    guest_wr(UART(IMSC), PL011_INT_RT);
    poll(PATIENCE);
    fake.softirqs_off = true;
    type_key('a');
    type_key('b');
    EXPECT(mapped());
    EXPECT_EQ(fake.raised[SPI], 0);
    fake_softirqs();
    EXPECT(!mapped());
    EXPECT_EQ(fake.tasklets, 1);
    EXPECT_EQ(fake.raised[SPI], 1);
    EXPECT_EQ(serve(), 2);
    fake_stop();
}

static void polled_input(void)
{
    start();
    guest_wr(UART(IMSC), 0);
    poll(PATIENCE + 10);
    put_in('a');
    fake_event();
    EXPECT(!(guest_rd(UART(FR)) & PL011_FR_RXFE));
    EXPECT_EQ(guest_rd(UART(DR)), 'a');
    EXPECT_EQ(fake.raised[SPI], 0);
    fake_stop();
}

/* Another vCPU's write, before the tasklet: it sees what it has done. */
static void a_write_does_not_wait(void)
{
    start_mapped();
    fake.softirqs_off = true;
    put_in('a');
    fake_event();
    guest_wr(UART(IMSC), PL011_INT_RT);
    EXPECT(!mapped());
    EXPECT_EQ(fake.raised[SPI], 1);
    EXPECT_EQ(guest_rd(UART(IMSC)), PL011_INT_RT);
    EXPECT_EQ(guest_rd(UART(MIS)), PL011_INT_RT);

    /* The tasklet is late, and finds nothing to do. */
    fake_softirqs();
    EXPECT_EQ(fake.unmaps, 1);
    EXPECT_EQ(fake.raised[SPI], 1);
    fake_stop();
}

/* Else FR would say that there is a byte, and DR would be read without a trap.
 */
static void a_read_under_way(void)
{
    start_mapped();
    fake.softirqs_off = true;
    put_in('a');
    fake_event();
    fake.in_flight = true;
    EXPECT(!(guest_rd(UART(FR)) & PL011_FR_RXFE));
    EXPECT_EQ(guest_rd(UART(DR)), 'a');

    fake_run(REST);
    poll(PATIENCE);
    EXPECT(mapped());
    put_in('b');
    fake_event();
    fake.in_flight = true;
    EXPECT_EQ(guest_rd(UART(DR)), 'b');
    EXPECT(!mapped());
    fake_stop();
}

/* It is masked before anybody has seen it rise: it does not. */
static void falls_while_held(void)
{
    unsigned long lowered;

    start_mapped();
    fake.softirqs_off = true;
    put_in('a');
    fake_event();
    lowered = fake.lowered[SPI];
    guest_wr(UART(IMSC), 0);
    fake_softirqs();
    EXPECT_EQ(fake.raised[SPI], 0);
    EXPECT_EQ(fake.lowered[SPI], lowered);
    guest_wr(UART(IMSC), PL011_INT_RT);
    EXPECT_EQ(fake.raised[SPI], 1);
    fake_stop();
}

/* A reset between the byte and the tasklet: the image is what it was. */
static void current_again(void)
{
    unsigned long flags;
    struct vsio_slot *slot;

    start_mapped();
    slot = slot_of("vpl011");
    fake.softirqs_off = true;
    put_in('a');
    fake_event();
    flags = vsio_slot_enter(slot);
    vsio_reset(slot->dev);
    vsio_slot_leave(slot, flags);
    fake_softirqs();
    EXPECT(mapped());
    EXPECT_EQ(fake.raised[SPI], 0);
    EXPECT_EQ(guest_rd(UART(IMSC)), 0);
    EXPECT_EQ(guest_rd(UART(CR)), PL011_CR_RESET);
    EXPECT(!traps());
    fake_stop();
}

/* A line that rises while the image is one: TXI. */
static void interrupts_that_wait_for_nothing(void)
{
    start_mapped();
    fake.softirqs_off = true;
    guest_wr(UART(IMSC), PL011_INT_TX);
    EXPECT_EQ(fake.raised[SPI], 1);
    EXPECT_EQ(guest_rd(UART(MIS)), PL011_INT_TX);
    EXPECT(mapped());
    guest_wr(UART(IMSC), 0);
    EXPECT_EQ(guest_rd(UART(MIS)), 0);
    EXPECT_EQ(fake.tasklets, 0);
    fake_stop();
}

static void loopback(void)
{
    start_mapped();
    fake.softirqs_off = true;
    guest_wr(UART(CR), PL011_CR_RESET | PL011_CR_LBE);
    guest_wr(UART(DR), 'x'); /* its own write unmaps it */
    EXPECT(!mapped());
    EXPECT(!(guest_rd(UART(FR)) & PL011_FR_RXFE));
    EXPECT_EQ(guest_rd(UART(DR)), 'x');
    fake_stop();
}

/* --- How often ------------------------------------------------------------ */

static void keys_one_by_one(void)
{
    unsigned long before, i;

    start_mapped();
    before = fake.traps;
    for ( i = 0; i < 1000; i++ )
    {
        put_in('k');
        fake_event();
        EXPECT_EQ(serve(), 1);
        fake_run(2 * REST);
    }
    EXPECT(fake.traps - before <= 5010); /* without an image: six each */
    EXPECT(fake.unmaps <= 501);
    fake_stop();
}

/* A byte each 100 us, as of a paste at 10 KB/s, then a larger burst. */
static void bursts(void)
{
    unsigned long before, i, k;

    start_mapped();
    before = fake.unmaps;
    for ( i = 0; i < 1000; i++ )
    {
        for ( k = 0; k < i % 40; k++ )
            put_in('p');
        fake_event();
        EXPECT_EQ(serve(), i % 40);
        fake_run(MILLISECS(1) / 10);
    }
    EXPECT(fake.unmaps - before <= 4); /* in 100 ms */
    fake_stop();
}

/* --- Whose page is it? ---------------------------------------------------- */

static void a_page_of_the_guests(void)
{
    start();
    fake_overlay(GUEST_PL011_BASE);
    fake_p2m_invalidate(); /* so that reads trap, as by another entry */
    poll(3 * PATIENCE);
    EXPECT_EQ(fake_p2m(GUEST_PL011_BASE).mfn, 1);
    EXPECT_EQ(fake.unmaps, 0);
    fake_stop();
}

static void overlaid_while_mapped(void)
{
    start_mapped();
    fake_overlay(GUEST_PL011_BASE);
    put_in('a');
    fake_event();
    EXPECT_EQ(fake_p2m(GUEST_PL011_BASE).mfn, 1);
    EXPECT_EQ(fake.raised[SPI], 1);
    EXPECT_EQ(fake.unmaps, 0);
    fake_stop();
}

static void set_way(void)
{
    start_mapped();
    fake_p2m_invalidate();
    poll(PATIENCE);
    EXPECT(!traps());
    put_in('a');
    fake_event();
    EXPECT(traps());
    EXPECT_EQ(serve(), 1);
    fake_stop();
}

static void no_room_in_the_p2m(void)
{
    start();
    fake.fail_at = fake.can_fail + 1;
    poll(PATIENCE);
    EXPECT(!mapped());
    put_in('a');
    fake_event();
    EXPECT_EQ(fake.raised[SPI], 1);
    EXPECT_EQ(serve(), 1);
    fake_run(REST);
    poll(2 * PATIENCE);
    EXPECT(mapped());
    fake_stop();
}

/* --- A flash, whose image is its own memory --------------------------------
 */

static void start_flash(void)
{
    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_CFI_FLASH), 0);
}

static bool flash_is_mapped(void)
{
    return !mfn_eq(fake_p2m(FLASH_BASE), INVALID_MFN) &&
           !mfn_eq(fake_p2m(FLASH_BASE + FLASH_SIZE - PAGE_SIZE), INVALID_MFN);
}

static void read_flash(unsigned int times, uint32_t expected)
{
    while ( times-- )
        EXPECT_EQ(guest_rd(FLASH_BASE + 4 * times), expected);
}

static void flash_in_array_mode(void)
{
    unsigned long before;

    start_flash();
    read_flash(PATIENCE, 0xffffffff);
    EXPECT(flash_is_mapped());
    before = fake.untrapped;
    read_flash(100, 0xffffffff);
    EXPECT_EQ(fake.untrapped, before + 100);

    /* A word is programmed: its status is read by a trap. */
    guest_wr(FLASH_BASE, 0x00400040);
    EXPECT(!flash_is_mapped());
    EXPECT_EQ(fake.flushes, 1); /* it was read in one page */
    guest_wr(FLASH_BASE, 0x12345678);
    EXPECT_EQ(guest_rd(FLASH_BASE), 0x00800080);
    guest_wr(FLASH_BASE, 0x00ff00ff);

    /* And the word without one. */
    for ( before = 0; before < PATIENCE; before++ )
        EXPECT_EQ(guest_rd(FLASH_BASE), 0x12345678);
    before = fake.untrapped;
    EXPECT_EQ(guest_rd(FLASH_BASE), 0x12345678);
    EXPECT_EQ(fake.untrapped, before + 1);
    fake_stop();
}

static void flash_by_64_bits(void)
{
    register_t r = 0;

    start_flash();
    EXPECT(guest_access(FLASH_BASE, DABT_DOUBLE_WORD, false, &r));
    EXPECT_EQ(r, UINT64_MAX);
    guest_wr(FLASH_BASE, 0x00980098);
    EXPECT(!guest_access(FLASH_BASE, DABT_DOUBLE_WORD, false, &r));
    guest_wr(FLASH_BASE, 0x00ff00ff);
    EXPECT(!guest_access(FLASH_BASE + FLASH_SIZE - 4, DABT_DOUBLE_WORD, false,
                         &r));
    fake_stop();
}

static void flash_in_pieces(void)
{
    fake_start();
    fake.fragmented = true;
    EXPECT_EQ(attach_type(XEN_VSIO_CFI_FLASH), 0);
    read_flash(3 * PATIENCE, 0xffffffff);
    EXPECT(!flash_is_mapped());
    EXPECT_EQ(fake.maps, 0);
    fake_stop();
}

static void flash_without_room(void)
{
    start_flash();
    fake.fail_at = fake.can_fail + 3; /* of its pages */
    read_flash(PATIENCE, 0xffffffff);
    EXPECT_EQ(fake.maps, 2);
    EXPECT_EQ(fake.unmaps, 2);
    read_flash(PATIENCE, 0xffffffff);
    EXPECT(flash_is_mapped());
    fake_stop();
}

static void flash_goes_mapped(void)
{
    start_flash();
    read_flash(PATIENCE, 0xffffffff);
    vsio_slot_detach(slot_of("vflash"));
    EXPECT(!flash_is_mapped());
    fake_stop();
}

/* --- Its end -------------------------------------------------------------- */

static void dies_mapped(void)
{
    start_mapped();
    fake_kill();
    EXPECT(mapped()); /* the p2m of a dying domain takes no change */
    EXPECT_EQ(fake.pages, 1);
    fake_late_event();
    fake_softirqs();
    fake_stop();
}

static void dies_while_an_interrupt_is_held(void)
{
    start_mapped();
    fake.softirqs_off = true;
    put_in('a');
    fake_event();
    fake_kill();
    fake_softirqs();
    EXPECT_EQ(fake.raised[SPI], 0);
    EXPECT_EQ(fake.tasklets, 0);
    fake_stop();
}

static void detached_mapped(void)
{
    start_mapped();
    poll(1);
    vsio_slot_detach(slot_of("vpl011"));
    EXPECT(!mapped());
    EXPECT_EQ(fake.flushes, 1);
    fake_quiesce();
    EXPECT_EQ(fake.pages, 0);
    dom.arch.vpl011.backend.dom.ring_buf = NULL;
    fake_stop();
}

static const struct test table[] = {
    { "it is mapped after some reads, and they trap no more",
      mapped_after_some_reads },
    { "a byte that is printed is one trap", one_trap_a_byte },
    { "every register is what the last write made it", all_registers },
    { "it follows the ring", follows_the_ring },
    { "a byte: unmapped, flushed, and only then an interrupt",
      unmapped_before_the_interrupt },
    { "a key in interrupt context: a tasklet unmaps", in_interrupt_context },
    { "a guest that polls sees the byte, too", polled_input },
    { "a write that comes before the tasklet unmaps", a_write_does_not_wait },
    { "a read that was under way unmaps", a_read_under_way },
    { "a line that falls while it is held never rose", falls_while_held },
    { "a reset before the tasklet: it stays", current_again },
    { "other interrupts find it current", interrupts_that_wait_for_nothing },
    { "a byte that loops back unmaps it", loopback },
    { "keys one by one: one mapping for two of them", keys_one_by_one },
    { "a paste: few mappings, however it comes", bursts },
    { "a page that the guest has put there stays", a_page_of_the_guests },
    { "also if it was mapped before", overlaid_while_mapped },
    { "after set/way operations it is mapped again", set_way },
    { "without memory for the p2m it traps", no_room_in_the_p2m },
    { "a flash is mapped while it shows its array", flash_in_array_mode },
    { "it can be read by 64 bits, mapped or not", flash_by_64_bits },
    { "one in pieces is never mapped", flash_in_pieces },
    { "one that the p2m has no room for is not mapped in part",
      flash_without_room },
    { "one that is detached leaves nothing", flash_goes_mapped },
    { "a domain that dies keeps it until the end", dies_mapped },
    { "an interrupt that is held dies with it",
      dies_while_an_interrupt_is_held },
    { "a device that is detached leaves nothing", detached_mapped },
};
TESTS(table);
