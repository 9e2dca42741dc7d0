/* SPDX-License-Identifier: GPL-2.0-only */
/* Creation that fails at each step in turn, and death at any moment. */

#include <xen/errno.h>

#include "devices/pl011-regs.h"
#include "devices/pl031-regs.h"
#include "fake-xen.h"
#include "layout.h"

#define ALL_IRQS 3 /* of RTC and i8042 */

static unsigned int reserved(void)
{
    unsigned int i, n = 0;

    for ( i = 0; i < FAKE_IRQS; i++ )
        n += fake.reserved[i];

    return n;
}

/* --- creation ------------------------------------------------------------- */

static int attach_vpl031(void)
{
    return vsio_vpl031_attach(&dom);
}

static int attach_vi8042(void)
{
    return vsio_vi8042_attach(&dom);
}

static int attach_on_console(void)
{
    return domain_vpl011_init(&dom, NULL);
}

static void expect_nothing(void)
{
    EXPECT_EQ(fake_left(), 0);
    EXPECT_EQ(reserved(), 0);
    EXPECT_EQ(dom.arch.vmmio.num_entries, 0);
    EXPECT(!dom.arch.vpl011.backend.dom.ring_buf);
    EXPECT(!slot_of("vpl011") && !slot_of("vpl031") && !slot_of("vi8042"));
    fake_late_event();
    fake_late_timers();
}

static void fail_in_turn(int (*create)(void), unsigned int steps)
{
    unsigned int n;

    for ( n = 1; n <= steps; n++ )
    {
        at(n, steps);
        fake_start();
        fake.fail_at = n;
        EXPECT((int)create() < 0);
        expect_nothing();

        /* And then it works. */
        EXPECT_EQ(create(), 0);
        EXPECT_EQ(dom.arch.vmmio.num_entries, 1);
        fake_stop();
    }

    fake_start();
    EXPECT_EQ(create(), 0);
    EXPECT_EQ(fake.can_fail, steps); /* all of them were tried */
    fake_stop();
}

static void steps_in_turn(void)
{
    /* State, ring, domain, channel, virq; state, page, domain, virq. */
    fail_in_turn(uart_on_ring, 5 + FAKE_IMAGE);
    fail_in_turn(attach_on_console, 4 + FAKE_IMAGE);
    fail_in_turn(attach_vpl031, 3); /* state, domain, virq */
    fail_in_turn(attach_vi8042, 4); /* state, domain, two virqs */
}

static void no_handler(void)
{
    static int (*const create[])(void) = { uart_on_ring, attach_on_console,
                                           attach_vpl031, attach_vi8042 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(create); i++ )
    {
        fake_start();
        dom.arch.vmmio.max_num_entries = 0;
        EXPECT_EQ(create[i](), -ENOSPC);
        EXPECT_EQ(fake.log_lines, 1);
        EXPECT(fake_logged("no room "));
        expect_nothing();
        fake_stop();
    }
}

static void too_few_irqs(void)
{
    fake_start();
    fake.nr_irqs = VSIO_VI8042_SPI + 1; /* the mouse's is not there */
    EXPECT_EQ(attach_vi8042(), -EADDRINUSE);
    EXPECT(fake_logged("d1: vi8042: interrupt 46 is taken, or above nr_spis"));
    EXPECT_EQ(fake.log_lines, 1);
    expect_nothing();
    fake_stop();
}

static void taken_irq(void)
{
    fake_start();
    fake.reserved[32] = true;
    EXPECT_EQ(uart_on_ring(), -EADDRINUSE);
    EXPECT(fake.reserved[32]); /* it was not ours to free */
    EXPECT_EQ(fake_left(), 0);
    fake_stop();
}

static void twice(void)
{
    unsigned int n;

    fake_start();
    EXPECT_EQ(uart_on_ring(), 0);
    n = fake_left();
    EXPECT_EQ(uart_on_ring(), -EINVAL);
    EXPECT_EQ(attach_on_console(), -EINVAL);
    EXPECT_EQ(fake_left(), n);
    EXPECT_EQ(reserved(), 1);
    guest_wr(UART(DR), 'x');
    EXPECT_EQ(ring->out[0], 'x');
    fake_stop();
}

/* As XEN_DOMCTL_vuart_op passes it on: no domain has this number. */
static void no_such_backend(void)
{
    static const domid_t none[] = { DOMID_FIRST_RESERVED, DOMID_SELF,
                                    DOMID_INVALID, 0xffff };
    struct vpl011_init_info info = { .console_domid = 0 };
    unsigned int i;

    fake_start();
    for ( i = 0; i < ARRAY_SIZE(none); i++ )
    {
        info.console_domid = none[i];
        EXPECT_EQ(domain_vpl011_init(&dom, &info), -EINVAL);
        expect_nothing();
    }
    fake_stop();
}

static void direct_map(void)
{
    static struct vuart_info uart = { .base_addr = 0x9000000, .size = 0x1000 };

    fake_start();
    dom.direct_map = true;
    EXPECT_EQ(attach_on_console(), -EINVAL);
    EXPECT_EQ(fake.log_lines, 1);
    expect_nothing();

    fake.uart = &uart;
    EXPECT_EQ(attach_on_console(), -EINVAL); /* no interrupt */
    fake.uart_irq = 33;
    uart.size = 0x800;
    EXPECT_EQ(attach_on_console(), -EINVAL); /* less than a page */
    expect_nothing();

    uart.size = 0x1000;
    EXPECT_EQ(attach_on_console(), 0);
    EXPECT_EQ(dom.arch.vpl011.base_addr, 0x9000000);
    EXPECT_EQ(dom.arch.vpl011.virq, 33);
    EXPECT(guest_rd(0x9000000 + PL011_FR) & PL011_FR_RXFE);
    fake_stop();
}

static void published(void)
{
    fake_start();
    EXPECT_EQ(uart_on_ring(), 0);
    EXPECT_EQ(dom.arch.vpl011.base_addr, GUEST_PL011_BASE);
    EXPECT_EQ(dom.arch.vpl011.virq, GUEST_VPL011_SPI);
    EXPECT(dom.arch.vpl011.backend_in_domain);
    EXPECT(dom.arch.vpl011.backend.dom.ring_buf);
    fake_stop();

    fake_start();
    EXPECT_EQ(attach_on_console(), 0);
    EXPECT(!dom.arch.vpl011.backend_in_domain);
    EXPECT(dom.arch.vpl011.backend.xen);
    fake_stop();
}

/* The driver of an SBSA UART sets nothing up. */
static void as_firmware(void)
{
    fake_start();
    EXPECT_EQ(attach_on_console(), 0);
    EXPECT(guest_rd(UART(LCR_H)) & PL011_LCR_H_FEN);
    EXPECT_EQ(guest_rd(UART(CR)), PL011_CR_UARTEN | PL011_CR_RESET);
    EXPECT_EQ(guest_rd(UART(FR)) & 0xf8, PL011_FR_TXFE | PL011_FR_RXFE);
    fake_stop();
}

/* --- death ---------------------------------------------------------------- */

static void give(unsigned int n)
{
    while ( n-- )
        ring->in[ring->in_prod++ % sizeof(ring->in)] = 'i';
}

static void idle(void)
{
}

static void input(void)
{
    guest_wr(UART(IMSC), PL011_INT_MASK);
    give(1024);
    fake_event();
}

static void output(void)
{
    unsigned int i;

    for ( i = 0; i < 2048 + 20; i++ )
        guest_wr(UART(DR), 'o');
}

static void output_full(void)
{
    output();
    guest_wr(UART(IMSC), PL011_INT_MASK);
    input();
}

static void nobody_reads(void)
{
    fake_unbind();
    output();
}

static void alarms(void)
{
    guest_wr(VSIO_VPL031_BASE + PL031_MR,
             guest_rd(VSIO_VPL031_BASE + PL031_DR) + 100);
    guest_wr(VSIO_VPL031_BASE + PL031_IMSC, 1);
    input();
}

static void senseless(void)
{
    output();
    ring->in_prod = 0xdeadbeef;
    ring->out_cons = 0xfeedface;
}

static void (*const states[])(void) = {
    idle, input, output, output_full, nobody_reads, alarms, senseless,
};

static void live(bool on_ring, unsigned int state)
{
    fake_start();
    EXPECT_EQ(on_ring ? uart_on_ring() : uart_on_console(), 0);
    EXPECT_EQ(attach_vpl031(), 0);
    EXPECT_EQ(attach_vi8042(), 0);
    if ( on_ring )
        states[state]();
    else
    {
        guest_wr(UART(IMSC), PL011_INT_MASK);
        guest_wr(UART(DR), 'o');
        type_key('i');
    }
}

/* What may come from other CPUs at any moment while the domain dies. */
static unsigned int meanwhile_calls;

static void meanwhile(void)
{
    if ( fake.held )
        return;

    meanwhile_calls++;
    fake_late_event();
    if ( meanwhile_calls % 2 )
        fake_late_timers();
    if ( !dom.arch.vpl011.backend_in_domain )
        type_key('x');
}

static void guest_goes_on(void)
{
    unsigned int i;

    for ( i = 0; i < 100; i++ )
    {
        guest_rd(UART(FR));
        guest_rd(UART(DR));
        guest_wr(UART(DR), 'o');
        guest_wr(UART(IMSC), i % 2 ? PL011_INT_MASK : 0);
        guest_rd(VSIO_VPL031_BASE + PL031_DR);
        guest_wr(VSIO_VPL031_BASE + PL031_MR, 0);
        guest_wr(VSIO_VPL031_BASE + PL031_IMSC, 1);
    }
}

static void die(bool on_ring, unsigned int state, bool races)
{
    unsigned long notified;

    at(state, races * 2U + on_ring);
    live(on_ring, state);
    if ( races )
        fake.elsewhere = meanwhile;
    fake_close_channels();
    vsio_domain_relinquish(&dom);
    domain_vpl011_deinit(&dom);

    /* Nothing is left but memory, and nothing that comes now does harm. */
    EXPECT(!dom.arch.vpl011.backend.dom.ring_buf);
    EXPECT_EQ(fake_armed(), 0);
    EXPECT_EQ(fake.mappings + fake.pages + fake.channels, FAKE_IMAGE);
    notified = fake.notified;
    fake_late_event();
    fake_late_timers();
    type_key('x');
    guest_goes_on();
    vsio_domain_relinquish(&dom);
    fake_run(SECONDS(100));
    EXPECT_EQ(fake.notified, notified);
    EXPECT_EQ(fake_armed(), 0);
    EXPECT_EQ(fake.mappings + fake.pages + fake.channels, FAKE_IMAGE);
    fake_stop();
}

static void die_in(bool races)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(states); i++ )
        die(true, i, races);
    die(false, 0, races);
}

static void in_any_state(void)
{
    die_in(false);
}

static void with_others(void)
{
    meanwhile_calls = 0;
    die_in(true);
    EXPECT(meanwhile_calls > 50);
}

/* A creation that fails half way: destroyed, never relinquished. */
static void only_destroyed(void)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(states); i++ )
    {
        at(i, 0);
        live(true, i);
        fake_stop();
    }
    live(false, 0);
    fake_stop();
}

static void nothing_there(void)
{
    fake_start();
    vsio_domain_relinquish(&dom);
    vsio_domain_relinquish(&dom);
    vsio_domain_destroy(&dom);
    EXPECT_EQ(fake_left(), 0);
    fake_stop();
}

static void created_when_dying(void)
{
    fake_start();
    fake_close_channels();
    EXPECT((int)uart_on_ring() < 0);
    expect_nothing();
    fake_stop();

    live(true, 1);
    fake_close_channels();
    vsio_domain_relinquish(&dom);
    EXPECT((int)uart_on_ring() < 0);
    fake_stop();
}

static const struct test table[] = {
    { "each step of a creation fails in turn: nothing is left", steps_in_turn },
    { "no room for an MMIO handler: nothing is left", no_handler },
    { "too few SPIs: the first one is given back", too_few_irqs },
    { "an interrupt that is taken stays so", taken_irq },
    { "a second UART is refused", twice },
    { "a UART whose backend can't be a domain is refused", no_such_backend },
    { "direct-map: the place of Xen's UART, if it has one", direct_map },
    { "what the rest of Xen reads is there", published },
    { "the UART is up as firmware would leave it", as_firmware },
    { "death in any state, and what comes late", in_any_state },
    { "death while other CPUs are at it", with_others },
    { "destroyed without having been relinquished", only_destroyed },
    { "a domain without devices", nothing_there },
    { "a UART for a dying domain is refused", created_when_dying },
};
TESTS(table);
