/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that a toolstack attaches: what it may ask for, errors, lifetimes. */

#include "devices/ns16550-regs.h"
#include "devices/pl011-regs.h"
#include "devices/pl031-regs.h"
#include "toolstack.h"

#define TYPES 5 /* they are 1 to 5 */

/* --- attach --------------------------------------------------------------- */

static void each_type(void)
{
    static const unsigned int lines[] = { 0, 1, 1, 2, 1, 0 };
    unsigned int type;

    fake_start();
    for ( type = 1; type <= TYPES; type++ )
    {
        struct xen_vsio_attach a = *describe(type);
        struct xen_vsio_info info;

        at(type, 0);
        op->u.attach.peer = 3;
        EXPECT_EQ(attach_it(), type - 1);
        a.evtchn = op->u.attach.evtchn;
        EXPECT_EQ(a.evtchn != 0, type != XEN_VSIO_I8042);
        if ( a.evtchn )
            EXPECT_EQ(fake.peer[a.evtchn], 3);

        info = info_of(type - 1);
        EXPECT_EQ(info.type, type);
        EXPECT_EQ(info.base, a.base);
        EXPECT_EQ(info.size, type == XEN_VSIO_CFI_FLASH ? a.size : 4096);
        EXPECT_EQ(info.evtchn, a.evtchn);
        EXPECT_EQ(info.virq[0], lines[type] > 0 ? a.virq : 0);
        EXPECT_EQ(info.virq[1], lines[type] > 1 ? a.virq + 1 : 0);
        EXPECT_EQ(info.lines, 0);
        EXPECT_EQ(info.reads + info.refused + info.unknown + info.irqs, 0);
        guest_rd(a.base);
        EXPECT_EQ(info_of(type - 1).reads, 1);
    }
    EXPECT_EQ(dom.arch.vmmio.num_entries, TYPES);
    EXPECT_EQ(irqs_reserved(), 5);
    EXPECT_EQ(run_op(XEN_VSIO_info, TYPES), -ENOENT);
    EXPECT_EQ(fake.log_lines, 0);
    fake_stop();
}

static void own_uart_has_a_number(void)
{
    fake_start();
    EXPECT_EQ(uart_on_ring(), 0);
    describe(XEN_VSIO_PL011)->gfn = 2;
    EXPECT_EQ(attach_it(), 1);
    EXPECT_EQ(info_of(0).base, GUEST_PL011_BASE);
    EXPECT_EQ(info_of(0).virq[0], GUEST_VPL011_SPI);
    EXPECT_EQ(info_of(0).evtchn, FAKE_PORT);
    EXPECT_EQ(info_of(1).base, UART_BASE);
    fake_stop();

    /* In the other order: the numbers are those of what came first. */
    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), 0);
    EXPECT_EQ(domain_vpl011_init(&dom, &(struct vpl011_init_info){ 0 }), 0);
    EXPECT_EQ(info_of(1).type, XEN_VSIO_PL011);
    fake_stop();
}

static void expect_refused(int rc)
{
    EXPECT_EQ(attach_it(), rc);
    expect_no_device();
}

static void bad_fields(void)
{
    static const uint64_t bases[] = {
        1,          0x800, UART_BASE + 0xfff, 1ULL << 40, (1ULL << 40) - 0x800,
        1ULL << 63, ~0ULL, ~0xfffULL
    };
    static const uint32_t virqs[] = { 1, 15, 16, 27, 31 };
    static const uint32_t peers[] = {
        DOMID_FIRST_RESERVED, DOMID_SELF, DOMID_INVALID, 0x8000, 0x10000, ~0U
    };
    static const uint32_t strides[] = { 0, 3, 5, 8, 0x80000000, ~0U };
    unsigned int i, type;

    fake_start();
    for ( type = 1; type <= TYPES; type++ )
    {
        for ( i = 0; i < ARRAY_SIZE(bases); i++ )
        {
            at(type, i);
            describe(type)->base = bases[i];
            expect_refused(-EINVAL);
        }
        for ( i = 0; i < ARRAY_SIZE(virqs); i++ )
        {
            describe(type)->virq = virqs[i];
            expect_refused(-EINVAL);
        }
        for ( i = 0; i < ARRAY_SIZE(peers); i++ )
        {
            describe(type)->peer = peers[i];
            expect_refused(-EINVAL);
        }
        describe(type)->pad = 1;
        expect_refused(-EINVAL);
    }
    for ( i = 0; i < ARRAY_SIZE(strides); i++ )
    {
        describe(XEN_VSIO_NS16550)->stride = strides[i];
        expect_refused(-EINVAL);
    }
    describe(XEN_VSIO_PL031)->offset = 1LL << 31;
    expect_refused(-EINVAL);
    describe(XEN_VSIO_PL031)->offset = -(1LL << 31) - 1;
    expect_refused(-EINVAL);
    fake_stop();
}

static void bad_flash(void)
{
    static const struct {
        uint32_t size, block;
    } bad[] = {
        { 0, BLOCK },
        { 1, 1 },
        { 2048, 2048 },
        { 0x8000000, BLOCK },
        { 0x80000000, BLOCK },
        { ~0U, BLOCK },
        { FLASH_SIZE + 4096, BLOCK },
        { FLASH_SIZE, 0 },
        { FLASH_SIZE, 3 },
        { FLASH_SIZE, 256 },
        { FLASH_SIZE, FLASH_SIZE * 2 },
        { FLASH_SIZE, FLASH_SIZE }, /* what one access would erase */
        { 0x4000000, 0x10000 },     /* too many blocks */
        { FLASH_SIZE, ~0U },
    };
    unsigned int i;

    fake_start();
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        at(i, bad[i].size);
        describe(XEN_VSIO_CFI_FLASH)->size = bad[i].size;
        op->u.attach.block = bad[i].block;
        expect_refused(-EINVAL);
    }
    fake_stop();

    /* The largest, and the smallest that makes a page. */
    fake_start();
    describe(XEN_VSIO_CFI_FLASH)->size = XEN_VSIO_FLASH_MAX;
    EXPECT_EQ(attach_it(), 0);
    EXPECT_EQ(guest_rd(FLASH_BASE + XEN_VSIO_FLASH_MAX - 4), 0xffffffff);
    describe(XEN_VSIO_CFI_FLASH)->size = 4096;
    op->u.attach.block = 512;
    op->u.attach.base = UART_BASE;
    EXPECT_EQ(attach_it(), 1);
    fake_stop();
}

static void unknown_types(void)
{
    static const uint32_t types[] = { 0, TYPES + 1, 0x80000001, ~0U };
    unsigned int i;

    fake_start();
    for ( i = 0; i < ARRAY_SIZE(types); i++ )
    {
        describe(XEN_VSIO_PL031)->type = types[i];
        expect_refused(-EOPNOTSUPP);
    }
    fake_stop();
}

static void no_vcpu(void)
{
    static struct vcpu *none[1];

    fake_start();
    dom.vcpu = none;
    describe(XEN_VSIO_PL031);
    expect_refused(-EINVAL);
    fake_stop();
}

static void irqs(void)
{
    unsigned int n;

    fake_start();
    fake.nr_irqs = KBC_SPI + 1; /* the mouse's is not there */
    describe(XEN_VSIO_I8042);
    expect_refused(-EADDRINUSE);
    describe(XEN_VSIO_PL031)->virq = ~0U;
    expect_refused(-EADDRINUSE);
    describe(XEN_VSIO_I8042)->virq = ~0U;
    expect_refused(-EADDRINUSE);
    fake_stop();

    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), 0);
    n = fake_left();
    describe(XEN_VSIO_PL011)->virq = RTC_SPI;
    EXPECT_EQ(attach_it(), -EADDRINUSE);
    describe(XEN_VSIO_I8042)->virq = RTC_SPI - 1;
    EXPECT_EQ(attach_it(), -EADDRINUSE);
    EXPECT_EQ(fake_left(), n);
    EXPECT_EQ(irqs_reserved(), 1);
    fake_stop();
}

static void places(void)
{
    static const uint64_t taken[] = {
        RTC_BASE,         FLASH_BASE,        FLASH_BASE + FLASH_SIZE - 4096,
        GUEST_MAGIC_BASE, GUEST_GNTTAB_BASE, GUEST_VIRTIO_MMIO_BASE,
        GUEST_RAM0_BASE,  GUEST_RAM1_BASE,   0xfffff000,
    };
    unsigned int i, n;

    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), 0);
    EXPECT_EQ(attach_type(XEN_VSIO_CFI_FLASH), 1);
    n = fake_left();
    for ( i = 0; i < ARRAY_SIZE(taken); i++ )
    {
        at(i, taken[i]);
        describe(XEN_VSIO_PL011)->base = taken[i];
        EXPECT_EQ(attach_it(), -EEXIST);
    }

    /* Around others, and partly over them. */
    describe(XEN_VSIO_CFI_FLASH)->base = RTC_BASE - FLASH_SIZE + 4096;
    EXPECT_EQ(attach_it(), -EEXIST);
    describe(XEN_VSIO_CFI_FLASH)->base = FLASH_BASE - 4096;
    EXPECT_EQ(attach_it(), -EEXIST);
    describe(XEN_VSIO_CFI_FLASH)->base = GUEST_GNTTAB_BASE - 4096;
    EXPECT_EQ(attach_it(), -EEXIST);
    EXPECT_EQ(fake_left(), n);

    /* Right beside them. */
    describe(XEN_VSIO_PL011)->base = RTC_BASE - 4096;
    EXPECT_EQ(attach_it(), 2);
    describe(XEN_VSIO_I8042)->base = FLASH_BASE + FLASH_SIZE;
    EXPECT_EQ(attach_it(), 3);
    EXPECT_EQ(fake_left() > n, true);
    fake_stop();
}

static void memory_is_there(void)
{
    static const unsigned long pages[] = { 0, 1, FLASH_SIZE / 4096 - 1 };
    unsigned int i;

    fake_start();
    fake.mapped = true;
    for ( i = 0; i < ARRAY_SIZE(pages); i++ )
    {
        fake.mapped_gfn = FLASH_BASE / 4096 + pages[i];
        describe(XEN_VSIO_CFI_FLASH);
        expect_refused(-EEXIST);
    }
    fake.mapped_gfn = FLASH_BASE / 4096 - 1;
    EXPECT_EQ(attach_type(XEN_VSIO_CFI_FLASH), 0);
    fake.mapped_gfn = FLASH_BASE / 4096 + FLASH_SIZE / 4096;
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), 1);
    fake_stop();
}

static void all_taken(void)
{
    unsigned int i, n;

    fake_start();
    for ( i = 0; i < XEN_VSIO_SLOTS; i++ )
    {
        describe(XEN_VSIO_PL031)->base += i * 4096ULL;
        op->u.attach.virq = 33 + i;
        EXPECT_EQ(attach_it(), i);
    }
    n = fake_left();
    describe(XEN_VSIO_CFI_FLASH);
    EXPECT_EQ(attach_it(), -ENOSPC);
    EXPECT_EQ(uart_on_ring(), -ENOSPC);
    EXPECT_EQ(fake_left(), n);

    /* One goes, and its number is the next one's. */
    EXPECT_EQ(run_op(XEN_VSIO_detach, 3), 0);
    EXPECT_EQ(attach_type(XEN_VSIO_CFI_FLASH), 3);
    fake_stop();

    fake_start();
    dom.arch.vmmio.max_num_entries = 1;
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), 0);
    n = fake_left();
    EXPECT_EQ(attach_type(XEN_VSIO_CFI_FLASH), -ENOSPC);
    EXPECT_EQ(fake_left(), n);
    fake_stop();
}

static void only_before_it_runs(void)
{
    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), 0);
    unpause();
    EXPECT_EQ(attach_type(XEN_VSIO_PL011), -EBUSY);
    EXPECT_EQ(run_op(XEN_VSIO_detach, 0), -EBUSY);
    dom.controller_pause_count = 1; /* too late */
    EXPECT_EQ(attach_type(XEN_VSIO_PL011), -EBUSY);
    EXPECT_EQ(run_op(XEN_VSIO_detach, 0), -EBUSY);
    EXPECT_EQ(guest_rd(RTC_BASE + PL031_CR), 1);
    fake_stop();
}

/* --- each step fails ------------------------------------------------------ */

static void fail_in_turn(uint32_t type, unsigned int steps)
{
    unsigned int n;
    int rc;

    for ( n = 1; n <= steps; n++ )
    {
        at(type, n);
        fake_start();
        fake.fail_at = n;
        rc = attach_type(type);
        EXPECT(rc < 0);
        expect_no_device();

        /* And then it works. */
        EXPECT_EQ(attach_type(type), 0);
        EXPECT_EQ(info_of(0).type, type);
        fake_stop();
    }

    fake_start();
    EXPECT_EQ(attach_type(type), 0);
    EXPECT_EQ(fake.can_fail, steps); /* all of them were tried */
    fake_stop();
}

/* The last one is to tell the caller. */
static void steps_in_turn(void)
{
    /* State, ring, domain, port, virq; perhaps an image. */
    fail_in_turn(XEN_VSIO_PL011, 6 + FAKE_IMAGE);
    fail_in_turn(XEN_VSIO_PL031, 5);   /* state, domain, port, virq */
    fail_in_turn(XEN_VSIO_I8042, 5);   /* state, domain, two virqs */
    fail_in_turn(XEN_VSIO_NS16550, 6); /* state, ring, domain, port, virq */
    /* State, domain, port; contents, if they are not whole pages. */
    fail_in_turn(XEN_VSIO_CFI_FLASH, 5 - FAKE_IMAGE);
}

static void caller_not_told(void)
{
    fake_start();
    fake.fail_at = 5;
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), -EFAULT);
    expect_no_device();

    /* Of a device that was there before. */
    fake.fail_at = 0;
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), 0);
    fake.fail_at = fake.can_fail + 1;
    EXPECT_EQ(run_op(XEN_VSIO_info, 0), -EFAULT);
    EXPECT_EQ(info_of(0).type, XEN_VSIO_PL031);
    fake_stop();
}

/* --- all commands --------------------------------------------------------- */

static void bad_heads(void)
{
    static const uint32_t versions[] = { 0, XEN_VSIO_VERSION + 1, ~0U };
    static const uint32_t slots[] = { 1, XEN_VSIO_SLOTS - 1, XEN_VSIO_SLOTS,
                                      0x80000000, ~0U };
    static const uint32_t cmds[] = { XEN_VSIO_mouse + 1, 0x80000000, ~0U };
    uint32_t cmd;
    unsigned int i;

    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), 0);
    for ( cmd = 0; cmd <= XEN_VSIO_mouse; cmd++ )
    {
        for ( i = 0; i < ARRAY_SIZE(versions); i++ )
        {
            memset(op, 0, sizeof(*op));
            op->cmd = cmd;
            op->version = versions[i];
            EXPECT_EQ(vsio_domctl(&dom, &domctl, &in_dom0), -EACCES);
        }
        op->version = XEN_VSIO_VERSION;
        op->pad = 1;
        EXPECT_EQ(vsio_domctl(&dom, &domctl, &in_dom0), -EINVAL);
        for ( i = 0; cmd && i < ARRAY_SIZE(slots); i++ )
            EXPECT_EQ(run_op(cmd, slots[i]), -ENOENT);
    }
    for ( i = 0; i < ARRAY_SIZE(cmds); i++ )
        EXPECT_EQ(run_op(cmds[i], 0), -EINVAL);
    EXPECT_EQ(info_of(0).type, XEN_VSIO_PL031);
    fake_stop();

    fake_start(); /* a domain that never had any */
    for ( cmd = 1; cmd <= XEN_VSIO_mouse; cmd++ )
        EXPECT_EQ(run_op(cmd, 0), -ENOENT);
    fake_stop();
}

static void other_types_commands(void)
{
    static const uint32_t owner[] = { [XEN_VSIO_read] = XEN_VSIO_CFI_FLASH,
                                      [XEN_VSIO_write] = XEN_VSIO_CFI_FLASH,
                                      [XEN_VSIO_dirty] = XEN_VSIO_CFI_FLASH,
                                      [XEN_VSIO_key] = XEN_VSIO_I8042,
                                      [XEN_VSIO_mouse] = XEN_VSIO_I8042 };
    unsigned int type, cmd;

    fake_start();
    for ( type = 1; type <= TYPES; type++ )
        EXPECT_EQ(attach_type(type), type - 1);
    for ( type = 1; type <= TYPES; type++ )
        for ( cmd = XEN_VSIO_read; cmd < ARRAY_SIZE(owner); cmd++ )
        {
            memset(&op->u, 0, sizeof(op->u));
            at(type, cmd);
            EXPECT_EQ(run_op(cmd, type - 1) == -EINVAL, owner[cmd] != type);
        }
    fake_stop();
}

static void dying(void)
{
    uint32_t cmd;

    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_PL011), 0);
    fake_kill();
    EXPECT_EQ(attach_type(XEN_VSIO_PL031), -ESRCH);
    for ( cmd = 1; cmd <= XEN_VSIO_mouse; cmd++ )
        EXPECT_EQ(run_op(cmd, 0), -ESRCH);
    fake_stop();
}

/* --- detach, and death ---------------------------------------------------- */

static void detached(void)
{
    register_t r = 0;
    unsigned int type, i;

    fake_start();
    for ( i = 0; i < 3; i++ )
    {
        for ( type = TYPES; type >= 1; type-- )
            EXPECT_EQ(attach_type(type), TYPES - type);
        for ( type = 1; type <= TYPES; type++ )
            EXPECT_EQ(run_op(XEN_VSIO_detach, TYPES - type), 0);
        EXPECT_EQ(dom.arch.vmmio.num_entries, 0);
        EXPECT_EQ(irqs_reserved(), 0);
        EXPECT_EQ(run_op(XEN_VSIO_detach, 0), -ENOENT);
    }
    expect_no_device();

    /* In the middle: those around it stay what they are. */
    for ( type = 1; type <= TYPES; type++ )
        EXPECT_EQ(attach_type(type), type - 1);
    EXPECT_EQ(run_op(XEN_VSIO_detach, 1), 0);
    EXPECT_EQ(dom.arch.vmmio.num_entries, TYPES - 1);
    EXPECT_EQ(guest_rd(UART_BASE + PL011_FR), PL011_FR_TXFE | PL011_FR_RXFE |
                                                  PL011_FR_CTS | PL011_FR_DSR |
                                                  PL011_FR_DCD);
    EXPECT_EQ(guest_access(KBC_BASE + 4, DABT_BYTE, false, &r), 1);
    EXPECT_EQ(guest_rd(FLASH_BASE), 0xffffffff);
    EXPECT_EQ(info_of(2).type, XEN_VSIO_I8042);
    fake_stop();
}

/* Xen's own goes like any other, and a new one can be made. */
static void own_uart_detached(void)
{
    struct vpl011_init_info info = { .console_domid = 0 };

    fake_start();
    EXPECT_EQ(uart_on_ring(), 0);
    EXPECT_EQ(run_op(XEN_VSIO_detach, 0), 0);
    EXPECT(!dom.arch.vpl011.backend.dom.ring_buf);
    EXPECT_EQ(type_key('x') == 0, !VSIO_TREE_RX_CHAR_INT);
    expect_no_device();
    EXPECT_EQ(domain_vpl011_init(&dom, &info), 0);
    guest_wr(UART(DR), 'x');
    EXPECT_EQ(ring->out[0], 'x');
    fake_stop();
}

/* Another CPU is in the middle of a notification of any port. */
static unsigned int notifications;

static void notified_meanwhile(void)
{
    unsigned int port;

    if ( fake.held )
        return;

    notifications++;
    for ( port = FAKE_PORT; port < FAKE_PORT + TYPES; port++ )
        fake_late_event_on(port);
    if ( notifications % 2 )
        fake_late_timers();
}

static void in_use(void)
{
    unsigned int i;

    for ( i = 1; i <= TYPES; i++ )
        if ( i != XEN_VSIO_I8042 )
            attach_bound(i);
        else
            attach_type(i);
    for ( i = 0; i < 2048 + 20; i++ )
    {
        guest_wr(UART_BASE + PL011_DR, 'o');
        guest_wr(NS_BASE + 4 * NS16550_THR, 'o');
    }
    rings[0]->in_prod = rings[1]->in_prod = 1024;
    guest_wr(UART_BASE + PL011_IMSC, PL011_INT_MASK);
    guest_wr(NS_BASE + 4 * NS16550_IER, 0xf);
    guest_wr(RTC_BASE + PL031_MR, guest_rd(RTC_BASE + PL031_DR) + 5);
    guest_wr(RTC_BASE + PL031_IMSC, 1);
    guest_wr(FLASH_BASE, 0x00400040);
    guest_wr(FLASH_BASE, 0);
}

/* What a late notification reads is there until RCU says that none is left. */
static void detached_in_flight(void)
{
    unsigned int i;

    fake_start();
    in_use();
    fake.elsewhere = notified_meanwhile;
    notifications = 0;
    for ( i = 0; i < TYPES; i++ )
    {
        EXPECT_EQ(run_op(XEN_VSIO_detach, i), 0);
        EXPECT_EQ(fake.dying_slots, i + 1);
        EXPECT_EQ(dom.evtchn[FAKE_PORT].state, ECS_INTERDOMAIN);
    }
    EXPECT(notifications > 10);
    EXPECT_EQ(fake_armed(), 0);
    EXPECT_EQ(fake.mappings, 0);
    fake.elsewhere = NULL;
    expect_no_device();
    fake_stop();
}

static void killed_in_flight(void)
{
    unsigned int i;

    fake_start();
    in_use();
    fake.elsewhere = notified_meanwhile;
    notifications = 0;
    fake_kill();
    EXPECT(notifications > 10);
    fake.elsewhere = NULL;
    EXPECT_EQ(fake_armed(), 0);
    EXPECT_EQ(fake.mappings + fake.channels, 0);

    /* What comes late, and a vCPU that was in the middle of it. */
    for ( i = 0; i < 100; i++ )
    {
        notified_meanwhile();
        guest_wr(UART_BASE + PL011_DR, 'o');
        guest_wr(NS_BASE, 'o');
        guest_wr(RTC_BASE + PL031_LR, i);
        guest_wr(FLASH_BASE, 0x00400040);
        guest_wr(FLASH_BASE, 0);
    }
    EXPECT_EQ(fake_armed(), 0);
    vsio_domain_relinquish(&dom);
    fake_stop();
}

static void only_destroyed(void)
{
    fake_start();
    in_use();
    fake_stop();
}

/* Detached, and the domain goes before RCU has come round. */
static void killed_while_detached(void)
{
    unsigned int i;

    fake_start();
    in_use();
    for ( i = 0; i < TYPES; i++ )
        EXPECT_EQ(run_op(XEN_VSIO_detach, i), 0);
    fake_kill();
    EXPECT_EQ(fake.references, TYPES); /* the domain is there until then */
    fake_stop();
}

/* --- whatever a toolstack says -------------------------------------------- */

static uint32_t seed;

static uint64_t any(const uint64_t *likely, unsigned int n)
{
    uint32_t r = random32(&seed);

    if ( r % 16 == 0 )
        return (uint64_t)random32(&seed) << (r / 16 % 33);

    return likely[r / 16 % n];
}

#define ANY(...)                                                               \
    any((const uint64_t[]){ __VA_ARGS__ },                                     \
        sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static uint8_t buffer[XEN_VSIO_CHUNK + 4096];

static void random_attach(void)
{
    describe(random32(&seed) % TYPES + 1);
    op->u.attach.base += ANY(0, 0, 0x100000, 0x200000, 0x300000);
    op->u.attach.virq = ANY(0, 33, 34, 35, 40, 41, 42, 43, 63, 64);
    op->u.attach.gfn = ANY(0, 1, 2, 3, 4);
    op->u.attach.offset = ANY(0, 1000, -1000);
    op->u.attach.peer = ANY(0, 0, 0, 1);
    op->u.attach.stride = ANY(1, 2, 4);
    op->u.attach.size = ANY(4096, 65536, FLASH_SIZE);
    op->u.attach.block = ANY(1024, 4096, 65536);
}

/* Only what the header allows may be answered with success. */
static void random_op(void)
{
    uint32_t cmd = ANY(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    int rc;

    memset(&op->u, 0, sizeof(op->u));
    if ( cmd == XEN_VSIO_attach )
        random_attach();
    else if ( cmd >= XEN_VSIO_save && cmd <= XEN_VSIO_dirty )
    {
        op->u.data.data.p = buffer;
        op->u.data.offset = ANY(0, 1, 4095, 4096, 65536);
        op->u.data.length = ANY(0, 1, 512, 4096, XEN_VSIO_CHUNK);
        if ( op->u.data.length > sizeof(buffer) && cmd == XEN_VSIO_save )
            op->u.data.length = sizeof(buffer);
    }
    else
    {
        op->u.mouse.x = ANY(0, 1, 300, -1);
        op->u.mouse.y = ANY(0, 1, 300, -1);
        op->u.mouse.wheel = ANY(0, 1, -1);
        op->u.mouse.buttons = ANY(0, 1, 7, 31);
    }
    rc = run_op(cmd, ANY(0, 1, 2, 3, 4, 5, 6, 7, 8));
    EXPECT(rc <= 0 && rc > -4096);
}

static void whatever(void)
{
    unsigned int life, i;

    seed = 42;
    for ( life = 0; life < 40; life++ )
    {
        fake_start();
        dom.controller_pause_count = life % 2;
        for ( i = 0; i < 500; i++ )
        {
            at(life, i);
            random_op();
            if ( i % 50 == 0 )
                fake.fail_at = fake.can_fail + 1 + random32(&seed) % 50;
            if ( i % 10 == 0 )
                fake_quiesce();
        }
        fake.elsewhere = notified_meanwhile;
        fake_kill();
        fake_stop();
    }
}

static const struct test table[] = {
    { "a device of each type, numbered from 0, and what info says of it",
      each_type },
    { "the UART that Xen makes has a number, too", own_uart_has_a_number },
    { "fields with values that they can't have: -EINVAL, nothing is left",
      bad_fields },
    { "flash that there can't be: -EINVAL", bad_flash },
    { "types that this Xen does not have: -EOPNOTSUPP", unknown_types },
    { "a domain without vCPU: -EINVAL", no_vcpu },
    { "interrupts that are taken, or not there: -EADDRINUSE", irqs },
    { "places of devices, of RAM and of Xen's own: -EEXIST", places },
    { "places where the guest has memory: -EEXIST", memory_is_there },
    { "all slots, or all MMIO handlers, are taken: -ENOSPC", all_taken },
    { "attach and detach of a domain that has run: -EBUSY",
      only_before_it_runs },
    { "each step of an attach fails in turn: nothing is left", steps_in_turn },
    { "a caller that can't be told of its device has none", caller_not_told },
    { "versions, paddings, slots and commands that there are not", bad_heads },
    { "commands of other types of devices: -EINVAL", other_types_commands },
    { "a dying domain: -ESRCH", dying },
    { "detach gives everything back, and leaves the others alone", detached },
    { "Xen's own UART can be detached, and made again", own_uart_detached },
    { "detach while notifications and timers are under way",
      detached_in_flight },
    { "death while notifications and timers are under way", killed_in_flight },
    { "destroyed without having been relinquished", only_destroyed },
    { "death between detach and RCU's callback", killed_while_detached },
    { "whatever a toolstack says, with failures: nothing is left", whatever },
};
TESTS(table);
