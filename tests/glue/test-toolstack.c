/* SPDX-License-Identifier: GPL-2.0-only */
/* What a toolstack does with the devices that it has attached. */

#include "devices/cfi-flash-regs.h"
#include "devices/i8042-regs.h"
#include "devices/ns16550-regs.h"
#include "devices/pl011-regs.h"
#include "devices/pl031-regs.h"
#include "toolstack.h"

#define TYPES  5 /* they are 1 to 5 */
#define RECORD 512
#define IRQS   (12 + 7 * 8) /* where a record has that counter */

#define NS(reg) (NS_BASE + 4 * NS16550_##reg)

static uint8_t get8(paddr_t gpa)
{
    register_t r = 0;

    EXPECT_EQ(guest_access(gpa, DABT_BYTE, false, &r), 1);

    return r;
}

static void put8(paddr_t gpa, uint8_t value)
{
    register_t r = value;

    EXPECT_EQ(guest_access(gpa, DABT_BYTE, true, &r), 1);
}

/* --- save and restore ----------------------------------------------------- */

static uint8_t record[RECORD + 1], again[RECORD];

static uint32_t save(unsigned int slot, uint8_t *to)
{
    EXPECT_EQ(run_data(XEN_VSIO_save, slot, to, 0, RECORD), 0);

    return op->u.data.length;
}

/* A state that is not the one of power-on, in each register. */
static void use(uint32_t type)
{
    switch ( type )
    {
    case XEN_VSIO_PL011:
        guest_wr(UART_BASE + PL011_IBRD, 13);
        guest_wr(UART_BASE + PL011_IMSC, PL011_INT_RT);
        rings[0]->in[0] = 'i';
        rings[0]->in_prod = 1;
        fake_late_event_on(op->u.attach.evtchn);
        break;
    case XEN_VSIO_PL031:
        guest_wr(RTC_BASE + PL031_LR, 1000);
        guest_wr(RTC_BASE + PL031_MR, 1000);
        guest_wr(RTC_BASE + PL031_IMSC, 1);
        break;
    case XEN_VSIO_I8042:
        put8(KBC_BASE + I8042_CMD, I8042_CMD_WRITE_RAM);
        put8(KBC_BASE, I8042_CTR_KBD_INT);
        put8(KBC_BASE + I8042_CMD, I8042_CMD_WRITE_KBD_OBF);
        put8(KBC_BASE, 0x12);
        break;
    case XEN_VSIO_NS16550:
        guest_wr(NS(SCR), 0x77);
        guest_wr(NS(IER), NS16550_IER_ERBFI);
        rings[1]->in[0] = 'n';
        rings[1]->in_prod = 1;
        fake_late_event_on(op->u.attach.evtchn);
        break;
    default:
        guest_wr(FLASH_BASE, 0x00900090);
        break;
    }
}

static const uint32_t virqs[] = { 0, UART_SPI, RTC_SPI, KBC_SPI, NS_SPI, 0 };

static void to_another_domain(void)
{
    struct xen_vsio_info before, after;
    uint32_t type, length;

    for ( type = 1; type <= TYPES; type++ )
    {
        at(type, 0);
        fake_start();
        EXPECT_EQ(attach_type(type), 0);
        use(type);
        length = save(0, record);
        before = info_of(0);
        EXPECT_EQ(before.lines, virqs[type] != 0);
        EXPECT_EQ(save(0, again), length); /* it goes on as it was */
        EXPECT(!memcmp(record, again, length));
        fake_stop();

        fake_start();
        EXPECT_EQ(attach_type(type), 0);
        EXPECT_EQ(run_data(XEN_VSIO_restore, 0, record, 0, length), 0);
        if ( virqs[type] )
            EXPECT_EQ(fake.raised[virqs[type]], 1);
        EXPECT_EQ(save(0, again), length);
        EXPECT(!memcmp(record, again, IRQS)); /* one edge more, but for that */
        EXPECT(!memcmp(record + IRQS + 8, again + IRQS + 8, length - IRQS - 8));
        after = info_of(0);
        EXPECT_EQ(after.lines, before.lines);
        EXPECT_EQ(after.reads, before.reads);
        EXPECT_EQ(after.offset, before.offset);
        fake_stop();
    }
}

/* What the guest has sent, and nobody has taken, follows it. */
static void output_follows(void)
{
    unsigned int i, length;

    fake_start();
    attach_bound(XEN_VSIO_PL011);
    for ( i = 0; i < 2048 + 20; i++ )
        guest_wr(UART_BASE + PL011_DR, 'a' + i % 26);
    length = save(0, record);
    fake_stop();

    fake_start();
    attach_bound(XEN_VSIO_PL011);
    EXPECT_EQ(run_data(XEN_VSIO_restore, 0, record, 0, length), 0);
    EXPECT_EQ(rings[0]->out_prod, 20);
    for ( i = 0; i < 20; i++ )
        EXPECT_EQ(rings[0]->out[i], 'a' + (2048 + i) % 26);
    fake_run(MILLISECS(10));
    EXPECT(fake.notified_on[FAKE_PORT] > 0);
    EXPECT_EQ(guest_rd(UART_BASE + PL011_FR) & PL011_FR_TXFE, PL011_FR_TXFE);
    fake_stop();
}

static void busy(void)
{
    uint32_t type;

    for ( type = 1; type <= TYPES; type++ )
    {
        fake_start();
        EXPECT_EQ(attach_type(type), 0);
        save(0, record);
        unpause();
        EXPECT_EQ(run_data(XEN_VSIO_save, 0, again, 0, RECORD), -EBUSY);
        EXPECT_EQ(run_data(XEN_VSIO_restore, 0, record, 0, RECORD), -EBUSY);
        dom.controller_pause_count = 1;
        EXPECT_EQ(run_data(XEN_VSIO_save, 0, again, 0, RECORD), 0);
        EXPECT_EQ(run_data(XEN_VSIO_restore, 0, again, 0, op->u.data.length),
                  0);
        fake_stop();
    }
}

static void no_room(void)
{
    uint32_t type, length, i;

    fake_start();
    for ( type = 1; type <= TYPES; type++ )
    {
        EXPECT_EQ(attach_type(type), type - 1);
        length = save(type - 1, record);
        for ( i = 0; i < length; i += i + 1 < length ? length - 1 : 1 )
        {
            at(type, i);
            memset(again, 0x5a, sizeof(again));
            EXPECT_EQ(run_data(XEN_VSIO_save, type - 1, again, 0, i), -ENOBUFS);
            EXPECT_EQ(again[0], 0x5a);
        }
        EXPECT_EQ(run_data(XEN_VSIO_save, type - 1, again, 0, length), 0);
        EXPECT_EQ(run_data(XEN_VSIO_save, type - 1, again, 0, ~0U), 0);
        EXPECT_EQ(op->u.data.length, length);
    }
    fake_stop();
}

static void no_access(void)
{
    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_PL011), 0);
    fake.fail_at = fake.can_fail + 1;
    EXPECT_EQ(run_data(XEN_VSIO_save, 0, record, 0, RECORD), -EFAULT);
    save(0, record);
    fake.fail_at = fake.can_fail + 1;
    EXPECT_EQ(run_data(XEN_VSIO_restore, 0, record, 0, RECORD), -EFAULT);
    fake_stop();
}

/* Refused, and the device is what it was. */
static void expect_bad(unsigned int slot, uint32_t length)
{
    uint32_t before = save(slot, again), after;
    static uint8_t now[RECORD];

    EXPECT_EQ(run_data(XEN_VSIO_restore, slot, record, 0, length), -EBADMSG);
    after = save(slot, now);
    EXPECT_EQ(after, before);
    EXPECT(!memcmp(again, now, before));
}

static void bad_records(void)
{
    uint32_t type, length, i;

    fake_start();
    for ( type = 1; type <= TYPES; type++ )
    {
        EXPECT_EQ(attach_type(type), type - 1);
        use(type);
    }
    for ( type = 1; type <= TYPES; type++ )
    {
        length = save(type - 1, record);
        for ( i = 0; i < length; i++ )
        {
            at(type, i);
            expect_bad(type - 1, i); /* cut off */
        }
        expect_bad(type - 1, length + 1); /* and more than one */
        expect_bad(type - 1, RECORD + 1);
        expect_bad(type - 1, ~0U);
        expect_bad(type % TYPES, length); /* of another device */

        record[0] ^= 1;
        expect_bad(type - 1, length);
        record[0] ^= 1;
        record[4]++; /* newer */
        expect_bad(type - 1, length);
        record[4]--;
        EXPECT_EQ(run_data(XEN_VSIO_restore, type - 1, record, 0, length), 0);
    }
    fake_stop();
}

/* --- flash ---------------------------------------------------------------- */

static uint8_t chunk[XEN_VSIO_CHUNK + 1], chunk2[XEN_VSIO_CHUNK];

static void start_flash(void)
{
    fake_start();
    attach_bound(XEN_VSIO_CFI_FLASH);
}

/* Both chips: program a word each, or erase the block. */
static void program(uint32_t offset, uint32_t value)
{
    guest_wr(FLASH_BASE + offset, 0x00400040);
    guest_wr(FLASH_BASE + offset, value);
    guest_wr(FLASH_BASE + offset, 0x00ff00ff);
}

static void erase(uint32_t offset)
{
    guest_wr(FLASH_BASE + offset, 0x00200020);
    guest_wr(FLASH_BASE + offset, 0x00d000d0);
    guest_wr(FLASH_BASE + offset, 0x00ff00ff);
}

/* Its offset, or -1. */
static int64_t next_dirty(void)
{
    EXPECT_EQ(run_data(XEN_VSIO_dirty, 0, NULL, 77, 88), 0);
    if ( !op->u.data.length )
        return -1;

    EXPECT_EQ(op->u.data.length, BLOCK);

    return op->u.data.offset;
}

static void contents(void)
{
    uint32_t at_byte, i;

    start_flash();
    EXPECT_EQ(run_data(XEN_VSIO_read, 0, chunk, 0, XEN_VSIO_CHUNK), 0);
    for ( i = 0; i < XEN_VSIO_CHUNK; i++ )
        EXPECT_EQ(chunk[i], 0xff); /* it is erased at first */

    for ( at_byte = 0; at_byte < FLASH_SIZE; at_byte += XEN_VSIO_CHUNK )
    {
        for ( i = 0; i < XEN_VSIO_CHUNK; i++ )
            chunk[i] = at_byte / XEN_VSIO_CHUNK + i * 7;
        EXPECT_EQ(run_data(XEN_VSIO_write, 0, chunk, at_byte, XEN_VSIO_CHUNK),
                  0);
        EXPECT_EQ(get8(FLASH_BASE + at_byte + 5), chunk[5]);
        EXPECT_EQ(run_data(XEN_VSIO_read, 0, chunk2, at_byte, XEN_VSIO_CHUNK),
                  0);
        EXPECT(!memcmp(chunk, chunk2, XEN_VSIO_CHUNK));
    }
    EXPECT_EQ(next_dirty(), -1); /* that was not the guest */
    EXPECT_EQ(fake.notified, 0);

    /* What the guest does is read. */
    unpause();
    erase(BLOCK);
    program(BLOCK + 8, 0x12345678);
    EXPECT_EQ(run_data(XEN_VSIO_read, 0, chunk, BLOCK + 8, 5), 0);
    EXPECT_EQ(chunk[0], 0x78);
    EXPECT_EQ(chunk[3], 0x12);
    EXPECT_EQ(chunk[4], 0xff);
    fake_stop();
}

static void bounds(void)
{
    static const struct {
        uint32_t offset, length;
    } bad[] = {
        { 0, XEN_VSIO_CHUNK + 1 },
        { FLASH_SIZE, 1 },
        { FLASH_SIZE - 1, 2 },
        { FLASH_SIZE + 1, 0 },
        { ~0U, 1 },
        { ~0U, ~0U },
        { 1, ~0U },
        { 0x80000000, 0x80000000 },
    };
    unsigned int i;

    start_flash();
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        at(bad[i].offset, bad[i].length);
        EXPECT_EQ(
            run_data(XEN_VSIO_read, 0, chunk, bad[i].offset, bad[i].length),
            -EINVAL);
        EXPECT_EQ(
            run_data(XEN_VSIO_write, 0, chunk, bad[i].offset, bad[i].length),
            -EINVAL);
    }
    EXPECT_EQ(run_data(XEN_VSIO_read, 0, chunk, FLASH_SIZE, 0), 0);
    EXPECT_EQ(run_data(XEN_VSIO_read, 0, chunk, FLASH_SIZE - 1, 1), 0);
    EXPECT_EQ(run_data(XEN_VSIO_write, 0, chunk, FLASH_SIZE - 1, 1), 0);

    fake.fail_at = fake.can_fail + 1;
    EXPECT_EQ(run_data(XEN_VSIO_read, 0, chunk, 0, 1), -EFAULT);
    fake.fail_at = fake.can_fail + 1;
    EXPECT_EQ(run_data(XEN_VSIO_write, 0, chunk, 0, 1), -EFAULT);

    unpause();
    EXPECT_EQ(run_data(XEN_VSIO_write, 0, chunk, 0, 1), -EBUSY);
    EXPECT_EQ(run_data(XEN_VSIO_read, 0, chunk, 0, 1), 0);
    fake_stop();
}

static void dirty(void)
{
    start_flash();
    program(3 * BLOCK - 4, 0);
    program(BLOCK, 0);
    program(BLOCK + 4, 0);
    erase(0);
    EXPECT_EQ(fake.notified, 1); /* once, until all were taken */
    EXPECT_EQ(next_dirty(), 0);
    EXPECT_EQ(next_dirty(), BLOCK);
    program(BLOCK, 0); /* again, while the peer is at it */
    EXPECT_EQ(next_dirty(), BLOCK);
    EXPECT_EQ(next_dirty(), 2 * BLOCK);
    EXPECT_EQ(fake.notified, 1);
    EXPECT_EQ(next_dirty(), -1);
    EXPECT_EQ(next_dirty(), -1);

    erase(3 * BLOCK);
    EXPECT_EQ(fake.notified, 2);
    EXPECT_EQ(next_dirty(), 3 * BLOCK);
    program(0, 0);
    EXPECT_EQ(fake.notified, 2);
    EXPECT_EQ(next_dirty(), 0);
    EXPECT_EQ(next_dirty(), -1);
    EXPECT_EQ(info_of(0).notified, 2);

    /* What changes nothing makes nothing dirty. */
    guest_rd(FLASH_BASE);
    guest_wr(FLASH_BASE, 0x00200020);
    guest_wr(FLASH_BASE, 0x00ff00ff);
    EXPECT_EQ(next_dirty(), -1);
    EXPECT_EQ(fake.notified, 2);
    fake_stop();
}

/* Whoever comes late takes what was written before. */
static void dirty_unbound(void)
{
    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_CFI_FLASH), 0);
    program(0, 0);
    EXPECT_EQ(fake.notified, 0);
    fake_bind();
    EXPECT_EQ(next_dirty(), 0);
    EXPECT_EQ(next_dirty(), -1);
    program(0, 0);
    EXPECT_EQ(fake.notified, 1);
    fake_stop();
}

static uint16_t query(uint32_t word)
{
    return guest_rd(FLASH_BASE + 4 * word);
}

static void as_firmware_knows_it(void)
{
    start_flash();
    guest_wr(FLASH_BASE + 4 * 0x55, 0x00980098);
    EXPECT_EQ(query(CFI_QRY), 'Q');
    EXPECT_EQ(guest_rd(FLASH_BASE + 4 * CFI_QRY), 'Q' << 16 | 'Q');
    EXPECT_EQ(query(CFI_INTERFACE), 1); /* 16 bits */
    EXPECT_EQ(1U << query(CFI_SIZE), FLASH_SIZE / 2);
    EXPECT_EQ(1U << query(CFI_BUFFER_SIZE), 64);
    EXPECT_EQ(query(CFI_REGION_1), FLASH_SIZE / BLOCK - 1);
    EXPECT_EQ(query(CFI_REGION_1 + 2) << 8 | query(CFI_REGION_1 + 3) << 16,
              BLOCK / 2);
    guest_wr(FLASH_BASE, 0x00ff00ff);
    fake_stop();
}

/* --- keys and the mouse --------------------------------------------------- */

static int key(uint32_t code, uint32_t pressed)
{
    memset(&op->u, 0, sizeof(op->u));
    op->u.key.code = code;
    op->u.key.pressed = pressed;

    return run_op(XEN_VSIO_key, 0);
}

static int move(int32_t x, int32_t y, int32_t wheel, uint32_t buttons)
{
    memset(&op->u, 0, sizeof(op->u));
    op->u.mouse.x = x;
    op->u.mouse.y = y;
    op->u.mouse.wheel = wheel;
    op->u.mouse.buttons = buttons;

    return run_op(XEN_VSIO_mouse, 0);
}

/* As a guest's driver: interrupts on, both ports, no translation. */
static void start_keys(void)
{
    fake_start();
    EXPECT_EQ(attach_type(XEN_VSIO_I8042), 0);
    put8(KBC_BASE + I8042_CMD, I8042_CMD_WRITE_RAM);
    put8(KBC_BASE, I8042_CTR_KBD_INT | I8042_CTR_AUX_INT);
    unpause();
}

static void keys(void)
{
    unsigned int i;

    start_keys();
    EXPECT_EQ(key(0x1c, 1), 0);
    EXPECT_EQ(fake.raised[KBC_SPI], 1);
    EXPECT_EQ(fake.raised[KBC_SPI + 1], 0);
    EXPECT_EQ(get8(KBC_BASE), 0x1c);
    EXPECT_EQ(key(0x1c, 0), 0);
    EXPECT_EQ(get8(KBC_BASE), 0xf0);
    EXPECT_EQ(get8(KBC_BASE), 0x1c);
    EXPECT_EQ(key(0xe05a, 1), 0);
    EXPECT_EQ(get8(KBC_BASE), 0xe0);
    EXPECT_EQ(get8(KBC_BASE), 0x5a);

    EXPECT_EQ(key(0x1c, 2), -EINVAL);
    EXPECT_EQ(key(0x1001c, 1), -EINVAL);
    EXPECT_EQ(key(~0U, 0), -EINVAL);
    EXPECT_EQ(key(0, 1), -EAGAIN); /* no key has this code */

    /* A guest that does not read: bounded, and nothing half. */
    for ( i = 0; i < 100 && !key(0x1c, 1); i++ )
        ;
    EXPECT(i > 2 && i < 20);
    EXPECT_EQ(key(0x1c, 1), -EAGAIN);
    while ( get8(KBC_BASE + I8042_STATUS) & I8042_STR_OBF )
        get8(KBC_BASE);
    EXPECT_EQ(key(0x1c, 1), 0);
    fake_stop();
}

static void mouse(void)
{
    start_keys();
    EXPECT_EQ(move(1, 1, 0, 0), -EAGAIN); /* it is off */
    put8(KBC_BASE + I8042_CMD, I8042_CMD_WRITE_AUX);
    put8(KBC_BASE, 0xf4); /* on */
    EXPECT_EQ(get8(KBC_BASE), 0xfa);
    fake.raised[KBC_SPI + 1] = 0;
    EXPECT_EQ(move(5, -3, 0, 1), 0);
    EXPECT_EQ(fake.raised[KBC_SPI + 1], 1);
    EXPECT_EQ(get8(KBC_BASE), 0x29);
    EXPECT_EQ(get8(KBC_BASE), 5);
    EXPECT_EQ(get8(KBC_BASE), 0xfd);

    EXPECT_EQ(move(1, 0, 0, 0x20), -EINVAL);
    EXPECT_EQ(move(1, 0, 0, ~0U), -EINVAL);
    EXPECT_EQ(move(1, 0, 0, 0x1f), 0); /* it has three of them */

    /* More than a packet says, up to what an integer does. */
    EXPECT_EQ(move(300, 0, 0, 7), -EAGAIN);
    EXPECT_EQ(move(0x7fffffff, -0x7fffffff - 1, 0, 7), -EAGAIN);
    EXPECT_EQ(move(0, 0x10001, 0, 7), -EAGAIN);
    fake_stop();
}

/* A dom0less domain's has nothing plugged in. */
static void bare(void)
{
    fake_start();
    EXPECT_EQ(vsio_vi8042_attach(&dom), 0);
    EXPECT_EQ(key(0x1c, 1), -EAGAIN);
    EXPECT_EQ(move(1, 1, 0, 0), -EAGAIN);
    fake_stop();
}

/* --- the clock ------------------------------------------------------------ */

static void offsets(void)
{
    static const int64_t values[] = {
        0, 1, -1, 3600, -(1LL << 31), (1LL << 31) - 1
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(values); i++ )
    {
        fake_start();
        describe(XEN_VSIO_PL031)->offset = values[i];
        EXPECT_EQ(attach_it(), 0);
        EXPECT_EQ(info_of(0).offset, values[i]);
        EXPECT_EQ(info_of(0).reads + info_of(0).writes, 0);
        EXPECT_EQ(guest_rd(RTC_BASE + PL031_DR),
                  (uint32_t)(fake.wc_sec + 100 + values[i]));
        fake_stop();
    }
}

static void guest_sets_its_clock(void)
{
    fake_start();
    attach_bound(XEN_VSIO_PL031);
    guest_wr(RTC_BASE + PL031_LR, fake.wc_sec + 100 - 7200);
    EXPECT_EQ(fake.notified, 1);
    EXPECT_EQ(info_of(0).offset, -7200);
    EXPECT_EQ(info_of(0).notified, 1);
    fake_run(SECONDS(50));
    EXPECT_EQ(info_of(0).offset, -7200);

    /* Nothing else is worth an event. */
    guest_wr(RTC_BASE + PL031_MR, 5);
    guest_wr(RTC_BASE + PL031_IMSC, 1);
    guest_rd(RTC_BASE + PL031_DR);
    EXPECT_EQ(fake.notified, 1);
    EXPECT_EQ(fake.log_lines, 0);
    guest_wr(RTC_BASE + PL031_LR, fake.wc_sec + 150 + 5);
    EXPECT_EQ(fake.notified, 2);
    EXPECT_EQ(info_of(0).offset, 5);
    fake_stop();

    /* A dom0less domain's has no port. */
    fake_start();
    EXPECT_EQ(vsio_vpl031_attach(&dom), 0);
    guest_wr(0x22001000 + PL031_LR, 1);
    EXPECT_EQ(info_of(0).evtchn, 0);
    EXPECT_EQ(info_of(0).notified, 0);
    fake_stop();
}

/* --- UARTs ---------------------------------------------------------------- */

/* Xen's own, a PL011, a 16550A: each has its page and its port. */
static void start_uarts(void)
{
    fake_start();
    EXPECT_EQ(uart_on_ring(), 0);
    describe(XEN_VSIO_PL011)->gfn = 1;
    EXPECT_EQ(attach_it(), 1);
    EXPECT_EQ(op->u.attach.evtchn, FAKE_PORT + 1);
    describe(XEN_VSIO_NS16550)->gfn = 2;
    EXPECT_EQ(attach_it(), 2);
    EXPECT_EQ(op->u.attach.evtchn, FAKE_PORT + 2);
    fake_bind_port(FAKE_PORT + 1);
    fake_bind_port(FAKE_PORT + 2);
}

static const uint32_t data_reg[] = { GUEST_PL011_BASE, UART_BASE, NS_BASE };

static void own_rings(void)
{
    unsigned int i, n;

    start_uarts();
    for ( i = 0; i < 3; i++ )
        for ( n = 0; n <= i; n++ )
            guest_wr(data_reg[i], 'a' + i);
    fake_run(MILLISECS(10));
    for ( i = 0; i < 3; i++ )
    {
        EXPECT_EQ(rings[i]->out_prod, i + 1);
        EXPECT_EQ(rings[i]->out[i], 'a' + i);
        EXPECT(fake.notified_on[FAKE_PORT + i] > 0);
        EXPECT_EQ(info_of(i).bytes_out, i + 1);
        EXPECT_EQ(info_of(i).notified, fake.notified_on[FAKE_PORT + i]);
    }
    EXPECT_EQ(rings[3]->out_prod, 0);

    guest_wr(UART(IMSC), PL011_INT_RT);
    guest_wr(UART_BASE + PL011_IMSC, PL011_INT_RT);
    guest_wr(NS(IER), NS16550_IER_ERBFI);
    for ( i = 0; i < 3; i++ )
    {
        static const unsigned int spi[] = { 32, UART_SPI, NS_SPI };
        unsigned int sum =
            fake.raised[32] + fake.raised[UART_SPI] + fake.raised[NS_SPI];

        rings[i]->in[0] = 'x' + i;
        rings[i]->in_prod = 1;
        fake_event_on(FAKE_PORT + i);
        EXPECT_EQ(fake.raised[spi[i]], 1);
        EXPECT_EQ(fake.raised[32] + fake.raised[UART_SPI] + fake.raised[NS_SPI],
                  sum + 1);
        EXPECT_EQ(guest_rd(data_reg[i]), 'x' + i);
        EXPECT_EQ(rings[i]->in_cons, 1);
    }
    fake_stop();
}

/* Full rings, listeners that die: as with Xen's own. */
static void full_rings(void)
{
    unsigned int i;

    start_uarts();
    guest_wr(NS(FCR), NS16550_FCR_FE);
    for ( i = 0; i < 2048 + 16; i++ )
    {
        guest_wr(UART_BASE, 'p');
        guest_wr(NS_BASE, 'n');
    }
    EXPECT_EQ(guest_rd(UART_BASE + PL011_FR) & PL011_FR_BUSY, PL011_FR_BUSY);
    EXPECT_EQ(guest_rd(NS(LSR)) & NS16550_LSR_THRE, 0);
    for ( i = 1; i < 3; i++ )
    {
        rings[i]->out_cons = 2048;
        fake_event_on(FAKE_PORT + i);
        EXPECT_EQ(rings[i]->out_prod, 2048 + 16);
        EXPECT_EQ(info_of(i).bytes_dropped, 0);
    }
    EXPECT_EQ(guest_rd(NS(LSR)) & NS16550_LSR_TEMT, NS16550_LSR_TEMT);

    /* An index that makes no sense is counted. */
    EXPECT_EQ(info_of(1).senseless, 0);
    rings[1]->out_cons += 5000;
    guest_wr(UART_BASE, 'p');
    EXPECT_EQ(info_of(1).senseless, 1);
    rings[1]->out_cons -= 5000;
    fake_event_on(FAKE_PORT + 1);

    /* Nobody listens: after a while dropped, and the guest goes on. */
    dom.evtchn[FAKE_PORT + 2].state = ECS_UNBOUND;
    for ( i = 0; i < 2048; i++ )
        guest_wr(NS_BASE, 'n');
    EXPECT_EQ(guest_rd(NS(LSR)) & NS16550_LSR_THRE, 0);
    fake_run(SECONDS(6));
    for ( i = 0; i < 5000; i++ )
    {
        EXPECT(guest_rd(NS(LSR)) & NS16550_LSR_THRE);
        guest_wr(NS_BASE, 'n');
    }
    EXPECT_EQ(info_of(2).bytes_dropped, 5000 + 16);
    fake_stop();
}

static void input_of_a_16550(void)
{
    unsigned int i;

    start_uarts();
    guest_wr(NS(FCR), NS16550_FCR_FE);
    for ( i = 0; i < 1024; i++ )
        rings[2]->in[i] = i * 7;
    rings[2]->in_prod = 1024;
    fake_event_on(FAKE_PORT + 2);
    EXPECT_EQ(rings[2]->in_cons, 16);
    EXPECT_EQ(fake.notified_on[FAKE_PORT + 2], 1); /* there is room again */
    for ( i = 0; i < 1024; i++ )
    {
        EXPECT(guest_rd(NS(LSR)) & NS16550_LSR_DR);
        EXPECT_EQ(guest_rd(NS(RBR)), i * 7 & 0xff);
    }
    EXPECT(!(guest_rd(NS(LSR)) & NS16550_LSR_DR));
    EXPECT_EQ(rings[2]->in_cons, 1024);
    fake_stop();
}

/* What was in a ring when the device came is its input. */
static void ring_in_use(void)
{
    fake_start();
    rings[0]->in[0] = 'p';
    rings[1]->in[0] = 'n';
    rings[0]->in_prod = rings[1]->in_prod = 1;
    EXPECT_EQ(attach_type(XEN_VSIO_PL011), 0);
    EXPECT_EQ(attach_type(XEN_VSIO_NS16550), 1);
    EXPECT_EQ(guest_rd(UART_BASE), 'p');
    EXPECT_EQ(guest_rd(NS_BASE), 'n');
    fake_stop();
}

static void strides(void)
{
    uint32_t stride;

    for ( stride = 1; stride <= 4; stride *= 2 )
    {
        fake_start();
        describe(XEN_VSIO_NS16550)->stride = stride;
        EXPECT_EQ(attach_it(), 0);
        put8(NS_BASE + stride * NS16550_SCR, 0x40 + stride);
        EXPECT_EQ(get8(NS_BASE + stride * NS16550_SCR), 0x40 + stride);
        put8(NS_BASE, 'x');
        EXPECT_EQ(rings[1]->out[0], 'x');
        EXPECT_EQ(info_of(0).size, 4096);
        fake_stop();
    }
}

static void many(void)
{
    unsigned int i;

    fake_start();
    for ( i = 0; i < XEN_VSIO_SLOTS; i++ )
    {
        describe(i % 2 ? XEN_VSIO_PL011 : XEN_VSIO_NS16550)->base =
            UART_BASE + 4096 * i;
        op->u.attach.virq = 33 + i;
        op->u.attach.gfn = i % FAKE_PAGES;
        EXPECT_EQ(attach_it(), i);
        fake_bind_port(op->u.attach.evtchn);
        guest_wr(UART_BASE + 4096 * i, 'a' + i);
    }
    for ( i = 0; i < XEN_VSIO_SLOTS; i++ )
        EXPECT_EQ(info_of(i).bytes_out, 1);
    fake_stop();
}

/* --- without an interrupt ------------------------------------------------- */

static void polled(void)
{
    uint32_t type, length = 0;
    unsigned int i, life;

    for ( type = 1; type <= TYPES; type++ )
        for ( life = 0; life < 2; life++ )
        {
            at(type, life);
            fake_start();
            describe(type)->virq = 0;
            EXPECT_EQ(attach_it(), 0);
            if ( life == 0 )
                use(type);
            else
                EXPECT_EQ(run_data(XEN_VSIO_restore, 0, record, 0, length), 0);
            EXPECT_EQ(info_of(0).lines, virqs[type] != 0);
            EXPECT_EQ(info_of(0).virq[0] + info_of(0).virq[1], 0);
            fake_run(SECONDS(1));
            fake_late_timers();
            for ( i = 0; i < FAKE_IRQS; i++ )
                EXPECT_EQ(fake.raised[i] + fake.lowered[i], 0);
            length = save(0, record);
            if ( type == XEN_VSIO_PL011 )
                EXPECT_EQ(guest_rd(UART_BASE), 'i');
            EXPECT_EQ(irqs_reserved(), 0);
            fake_stop();
        }
}

static const struct test table[] = {
    { "saved in one domain, restored in another: the same device",
      to_another_domain },
    { "output that waits follows its guest", output_follows },
    { "save and restore of a domain that is not paused: -EBUSY", busy },
    { "save without room: -ENOBUFS, nothing is written", no_room },
    { "data that can't be accessed: -EFAULT", no_access },
    { "records that are no good: -EBADMSG, the device is what it was",
      bad_records },
    { "the contents of a flash, brought and fetched", contents },
    { "bounds of these, and who may write when", bounds },
    { "dirty blocks: one event, then each block once", dirty },
    { "dirty blocks are there for a peer that comes late", dirty_unbound },
    { "the flash is two chips of 16 bits, and says so", as_firmware_knows_it },
    { "keys reach the guest whole, or the toolstack is told", keys },
    { "so does the mouse", mouse },
    { "a dom0less domain has neither", bare },
    { "a clock attached with an offset shows it", offsets },
    { "a guest that sets its clock: one event, and the new offset",
      guest_sets_its_clock },
    { "several UARTs: each has its own ring, port and interrupt", own_rings },
    { "their rings fill, drain and drop as Xen's own", full_rings },
    { "a 16550A's input: held back, in order", input_of_a_16550 },
    { "what a ring holds already is the first input", ring_in_use },
    { "a 16550A's registers are as far apart as asked for", strides },
    { "as many UARTs as there are slots", many },
    { "a device without interrupt never raises one, restored or not", polled },
};
TESTS(table);
