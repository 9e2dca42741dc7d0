/* SPDX-License-Identifier: MIT */
/* Snapshots of PL011 and PL031: what is kept, and what is refused. */

#include "golden.h"
#include "harness.h"
#include "pl011-regs.h"
#include "pl011.h"
#include "pl031-regs.h"
#include "pl031.h"
#include "snapshot.h"

#define START 1700000000U

/* A machine: its devices, and what its host sees of them. */
struct machine {
    struct vsio_pl011 uart;
    struct vsio_pl031 rtc;
    uint64_t now, alarm;
    bool room; /* for output */
    uint8_t out[64];
    unsigned int out_count, rx_calls, irq_calls;
    bool level, brk;
    uint16_t modem;
};

static struct machine old, new;
static uint8_t record[VSIO_RECORD_MAX], scratch[VSIO_RECORD_MAX];
static size_t used;

static void set_irq(void *ctx, unsigned int line, bool level)
{
    struct machine *m = ctx;

    EXPECT_EQ(line, 0);
    EXPECT(level != m->level);
    m->level = level;
    m->irq_calls++;
}

static bool tx(void *ctx, uint8_t byte)
{
    struct machine *m = ctx;

    if ( m->room )
        m->out[m->out_count++ % sizeof(m->out)] = byte;

    return m->room;
}

static void rx_ready(void *ctx)
{
    ((struct machine *)ctx)->rx_calls++;
}

static uint64_t now(void *ctx)
{
    return ((struct machine *)ctx)->now;
}

static void set_alarm(void *ctx, uint64_t when)
{
    ((struct machine *)ctx)->alarm = when;
}

static void modem(void *ctx, uint16_t cr_lines)
{
    ((struct machine *)ctx)->modem = cr_lines;
}

static void brk(void *ctx, bool on)
{
    ((struct machine *)ctx)->brk = on;
}

static const struct vsio_pl011_host uart_host = {
    .common = { .set_irq = set_irq },
    .tx = tx,
    .rx_ready = rx_ready,
    .modem = modem,
    .brk = brk,
};

static const struct vsio_pl031_host rtc_host = {
    .common = { .set_irq = set_irq },
    .now = now,
    .set_alarm = set_alarm,
};

static void boot(struct machine *m)
{
    *m = (struct machine){ .now = START, .alarm = VSIO_PL031_NO_ALARM };
    vsio_pl011_init(&m->uart, &uart_host, m);
    vsio_pl031_init(&m->rtc, &rtc_host, m);
}

static void boot_both(void)
{
    boot(&old);
    boot(&new);
}

static void save(struct vsio_device *dev)
{
    used = 0;
    EXPECT_EQ(vsio_save(dev, record, sizeof(record), &used), VSIO_OK);
    EXPECT(used > VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS);
    EXPECT_EQ(used, VSIO_RECORD_HEADER + dev->class->record);
    EXPECT(dev->class->valid(dev));
}

static enum vsio_error restore(struct vsio_device *dev, size_t size)
{
    size_t taken = 0;
    enum vsio_error rc = vsio_restore(dev, record, size, &taken, scratch);

    EXPECT_EQ(taken, rc == VSIO_OK ? used : 0);
    EXPECT(dev->class->valid(dev));

    return rc;
}

static uint32_t uart_read(struct machine *m, uint32_t reg)
{
    uint32_t value = 0;

    EXPECT(vsio_read(&m->uart.dev, reg, 4, &value));

    return value;
}

static void uart_write(struct machine *m, uint32_t reg, uint32_t value)
{
    EXPECT(vsio_write(&m->uart.dev, reg, 4, value));
}

static uint32_t rtc_read(struct machine *m, uint32_t reg)
{
    uint32_t value = 0;

    EXPECT(vsio_read(&m->rtc.dev, reg, 4, &value));

    return value;
}

static void rtc_write(struct machine *m, uint32_t reg, uint32_t value)
{
    EXPECT(vsio_write(&m->rtc.dev, reg, 4, value));
}

/* A UART in the middle of everything. */
static void busy_uart(struct machine *m)
{
    uart_write(m, PL011_LCR_H, PL011_LCR_H_FEN | 0x60);
    uart_write(m, PL011_IBRD, 0x1234);
    uart_write(m, PL011_FBRD, 0x2a);
    uart_write(m, PL011_ILPR, 0x5a);
    uart_write(m, PL011_IFLS, 0x0a);
    uart_write(m, PL011_DMACR, 5);
    uart_write(m, PL011_CR,
               PL011_CR_RESET | PL011_CR_UARTEN | PL011_CR_DTR | PL011_CR_RTS);
    vsio_pl011_modem(&m->uart, PL011_FR_CTS | PL011_FR_RI);
    uart_write(m, PL011_DR, 'a'); /* waits: the host has no room */
    uart_write(m, PL011_DR, 'b');
    vsio_pl011_rx(&m->uart, (const uint8_t *)"xyz", 3);
    vsio_pl011_rx_error(&m->uart, PL011_DR_BE);
    uart_read(m, PL011_DR);
    uart_write(m, PL011_IMSC, PL011_INT_RT | PL011_INT_BE);
}

static void uart_goes_on(void)
{
    static const uint32_t regs[] = {
        PL011_RSR, PL011_FR,   PL011_ILPR, PL011_IBRD, PL011_FBRD,
        PL011_CR,  PL011_IFLS, PL011_IMSC, PL011_RIS,  PL011_MIS,
        PL011_DR,  PL011_DR,   PL011_DR,   PL011_DR,   PL011_LCR_H,
    };
    unsigned int i;

    boot_both();
    busy_uart(&old);
    save(&old.uart.dev);
    EXPECT_EQ(restore(&new.uart.dev, used), VSIO_OK);
    EXPECT(new.level);
    EXPECT_EQ(new.irq_calls, 1);
    for ( i = 0; i < ARRAY_SIZE(regs); i++ )
    {
        at(regs[i], i);
        EXPECT_EQ(uart_read(&new, regs[i]), uart_read(&old, regs[i]));
    }
    EXPECT_EQ(new.uart.dev.count.reads, old.uart.dev.count.reads);
    EXPECT_EQ(new.uart.dev.count.bytes_in, 4);
}

static bool same(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;
    size_t i;

    for ( i = 0; i < n && p[i] == q[i]; i++ )
        ;

    return i == n;
}

static void reset_empties_the_fifos(void)
{
    static const uint8_t none[4]; /* nothing in either FIFO, at place 0 */
    uint8_t *fields = record + VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS;

    boot(&old);
    busy_uart(&old);
    vsio_reset(&old.uart.dev);
    save(&old.uart.dev);
    EXPECT(same(fields + 18, none, sizeof(none)));
}

static void outputs_are_told(void)
{
    boot_both();
    busy_uart(&old);
    uart_write(&old, PL011_LCR_H, PL011_LCR_H_FEN | PL011_LCR_H_BRK);
    save(&old.uart.dev);
    EXPECT_EQ(restore(&new.uart.dev, used), VSIO_OK);
    EXPECT_EQ(new.modem, PL011_CR_DTR | PL011_CR_RTS);
    EXPECT(new.brk);
}

/* Peers' guests hang after a migration with full FIFOs. */
static void waiting_bytes_leave(void)
{
    boot_both();
    busy_uart(&old);
    save(&old.uart.dev);
    new.room = true;
    EXPECT_EQ(restore(&new.uart.dev, used), VSIO_OK);
    EXPECT_EQ(new.out_count, 2);
    EXPECT_EQ(new.out[0], 'a');
    EXPECT_EQ(new.out[1], 'b');
    EXPECT(uart_read(&new, PL011_FR) & PL011_FR_TXFE);
}

static void host_is_asked_for_bytes(void)
{
    static const uint8_t bytes[VSIO_PL011_FIFO + 1];
    unsigned int i;

    boot_both();
    uart_write(&old, PL011_LCR_H, PL011_LCR_H_FEN);
    EXPECT_EQ(vsio_pl011_rx(&old.uart, bytes, sizeof(bytes)), VSIO_PL011_FIFO);
    save(&old.uart.dev);
    EXPECT_EQ(restore(&new.uart.dev, used), VSIO_OK);
    EXPECT_EQ(new.rx_calls, 0);
    for ( i = 0; i < VSIO_PL011_FIFO; i++ )
        uart_read(&new, PL011_DR);
    EXPECT_EQ(new.rx_calls, 1);

    boot(&old);
    save(&old.uart.dev);
    boot(&new);
    EXPECT_EQ(restore(&new.uart.dev, used), VSIO_OK);
    EXPECT_EQ(new.rx_calls, 1);
}

/* Whom it was refused by does not matter: the new host knows of nothing. */
static void new_host_is_asked_at_half(void)
{
    static const uint8_t bytes[VSIO_PL011_FIFO];
    unsigned int n, i;

    for ( n = 0; n <= VSIO_PL011_FIFO; n++ )
    {
        at(n, 0);
        boot_both();
        uart_write(&old, PL011_LCR_H, PL011_LCR_H_FEN);
        EXPECT_EQ(vsio_pl011_rx(&old.uart, bytes, n), n);
        save(&old.uart.dev);
        EXPECT_EQ(restore(&new.uart.dev, used), VSIO_OK);
        EXPECT_EQ(new.rx_calls, n <= VSIO_PL011_FIFO / 2);
        for ( i = n; i > VSIO_PL011_FIFO / 2; i-- )
            uart_read(&new, PL011_DR);
        EXPECT_EQ(new.rx_calls, 1);
    }
}

/* The host's interrupt controller was rolled back, too: tell it anew. */
static void in_place_with_the_line_high(void)
{
    unsigned int calls;

    boot_both();
    busy_uart(&old);
    save(&old.uart.dev);
    EXPECT(old.level);
    calls = old.irq_calls;
    EXPECT_EQ(restore(&old.uart.dev, used), VSIO_OK);
    EXPECT(old.level);
    EXPECT_EQ(old.irq_calls, calls + 2);
}

static void alarm_in_place(void)
{
    boot(&old);
    save(&old.rtc.dev);
    rtc_write(&old, PL031_MR, START + 60);
    rtc_write(&old, PL031_IMSC, 1);
    EXPECT_EQ(old.alarm, START + 60);
    EXPECT_EQ(restore(&old.rtc.dev, used), VSIO_OK);
    EXPECT_EQ(old.alarm, VSIO_PL031_NO_ALARM);
}

static void in_place(void)
{
    boot_both();
    busy_uart(&old);
    save(&old.uart.dev);
    uart_write(&old, PL011_LCR_H, 0); /* scrambled */
    uart_write(&old, PL011_IMSC, 0);
    EXPECT(!old.level);
    EXPECT_EQ(restore(&old.uart.dev, used), VSIO_OK);
    EXPECT(old.level);
    EXPECT_EQ(uart_read(&old, PL011_DR), 'y');
}

static void rtc_keeps_offset_and_alarm(void)
{
    boot_both();
    rtc_write(&old, PL031_LR, 1000);
    rtc_write(&old, PL031_MR, 1060);
    rtc_write(&old, PL031_IMSC, 1);
    EXPECT_EQ(old.alarm, START + 60);
    save(&old.rtc.dev);
    new.now = START + 10; /* ten seconds under way */
    EXPECT_EQ(restore(&new.rtc.dev, used), VSIO_OK);
    EXPECT_EQ(new.alarm, START + 60);
    EXPECT_EQ(rtc_read(&new, PL031_DR), 1010);
    EXPECT_EQ(rtc_read(&new, PL031_LR), 1000);
    EXPECT(!new.level);
    new.now = START + 60;
    vsio_pl031_alarm(&new.rtc);
    EXPECT(new.level);
}

static void alarm_of_the_next_second(void)
{
    boot_both();
    rtc_write(&old, PL031_MR, START + 1);
    rtc_write(&old, PL031_IMSC, 1);
    save(&old.rtc.dev);
    EXPECT_EQ(restore(&new.rtc.dev, used), VSIO_OK);
    EXPECT_EQ(new.alarm, START + 1);
}

static void alarm_that_was_missed(void)
{
    boot_both();
    rtc_write(&old, PL031_MR, START + 5);
    rtc_write(&old, PL031_IMSC, 1);
    save(&old.rtc.dev);
    new.now = START + 10;
    EXPECT_EQ(restore(&new.rtc.dev, used), VSIO_OK);
    EXPECT(new.level);
    EXPECT_EQ(rtc_read(&new, PL031_RIS), 1);
}

/* Refused: not a byte of the device changes, and the host hears nothing. */
static void refused(enum vsio_error want, size_t size)
{
    struct vsio_pl011 uart = new.uart;
    unsigned int calls = new.irq_calls + new.rx_calls + new.out_count;

    EXPECT_EQ(restore(&new.uart.dev, size), want);
    EXPECT(same(&uart, &new.uart, sizeof(uart)));
    EXPECT_EQ(new.irq_calls + new.rx_calls + new.out_count, calls);
}

/* A good record of one busy UART, to be spoilt for another one. */
static void two_busy_uarts(void)
{
    boot_both();
    busy_uart(&old);
    busy_uart(&new);
    uart_read(&new, PL011_FR);
    save(&old.uart.dev);
    new.room = true;
}

static void truncated(void)
{
    size_t size;

    two_busy_uarts();
    for ( size = 0; size < used; size++ )
    {
        at(size, used);
        refused(VSIO_ERROR_TRUNCATED, size);
    }
}

static void foreign(void)
{
    two_busy_uarts();
    save(&old.rtc.dev);
    refused(VSIO_ERROR_TYPE, used);
    record[0] ^= 0x20;
    refused(VSIO_ERROR_TYPE, used);
}

static void newer(void)
{
    two_busy_uarts();
    record[4]++;
    refused(VSIO_ERROR_VERSION, used);
    record[4] = 0;
    refused(VSIO_ERROR_VERSION, used);
    record[4] = 1;
    record[6] = 1; /* reserved */
    refused(VSIO_ERROR_INVALID, used);
}

static void wrong_length(void)
{
    two_busy_uarts();
    record[8]++;
    refused(VSIO_ERROR_LENGTH, used + 1);
    record[8] = (uint8_t)(record[8] - 2);
    refused(VSIO_ERROR_LENGTH, used); /* the last field is cut in two */
    record[8] = record[9] = record[10] = record[11] = 0xff;
    refused(VSIO_ERROR_TRUNCATED, used);
}

/* Cut at each byte, and the length says so. */
static void too_short(void)
{
    size_t length;

    two_busy_uarts();
    for ( length = 0; length < used - VSIO_RECORD_HEADER; length++ )
    {
        at(length, used);
        record[8] = (uint8_t)length;
        refused(VSIO_ERROR_LENGTH, VSIO_RECORD_HEADER + length);
    }
}

/* What its fields say does not matter then. */
static void wrong_in_two_ways(void)
{
    two_busy_uarts();
    record[VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS + 16] = 2; /* overrun */
    record[8]--;
    refused(VSIO_ERROR_LENGTH, used - 1);
    record[8] = (uint8_t)(record[8] + 2);
    refused(VSIO_ERROR_LENGTH, used + 1);
}

/* Each field that has values which no PL011 can have. */
static void inconsistent(void)
{
    static const struct {
        uint8_t at, value; /* after header and counters */
    } bad[] = {
        { 0, 0x08 }, /* CR: reserved bits */
        { 5, 0xff }, /* IMSC */
        { 6, 0x10 }, /* latched: RX is never */
        { 7, 0xff },
        { 9, 0x80 },  /* modem inputs */
        { 11, 0x40 }, /* IFLS */
        { 12, 0x40 }, /* FBRD */
        { 14, 8 },    /* DMACR */
        { 15, 0x10 }, /* RSR */
        { 16, 2 },    /* overrun */
        { 17, 2 },    /* rx_wanted */
        { 18, 32 },   /* RX FIFO: first */
        { 19, 33 },   /* and how many */
        { 20, 32 },   /* TX FIFO */
        { 21, 33 },
        { 22 + VSIO_PL011_FIFO + 1, 0x10 },     /* an entry of 13 bits */
        { 22 + 3 * VSIO_PL011_FIFO - 1, 0x10 }, /* and the last one */
    };
    const unsigned int fields = VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS;
    unsigned int i;

    two_busy_uarts();
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        uint8_t good = record[fields + bad[i].at];

        at(bad[i].at, bad[i].value);
        record[fields + bad[i].at] = bad[i].value;
        refused(VSIO_ERROR_INVALID, used);
        record[fields + bad[i].at] = good;
    }
    EXPECT_EQ(restore(&new.uart.dev, used), VSIO_OK);
}

/* Its one byte, which would be looked at, is behind the end of the FIFO. */
static void one_byte_nowhere(void)
{
    uint8_t *first = record + VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS + 18;

    boot_both();
    uart_write(&old, PL011_LCR_H, PL011_LCR_H_FEN);
    uart_write(&old, PL011_IMSC, PL011_INT_RT);
    EXPECT_EQ(vsio_pl011_rx(&old.uart, (const uint8_t *)"x", 1), 1);
    save(&old.uart.dev);
    for ( *first = VSIO_PL011_FIFO; *first; ++*first )
        refused(VSIO_ERROR_INVALID, used);
    EXPECT_EQ(restore(&new.uart.dev, used), VSIO_OK);
    EXPECT_EQ(uart_read(&new, PL011_DR), 'x');
}

/* Whatever a record says, the device is valid, or as it was. */
static void random_records(void)
{
    uint32_t seed = 11, i, n, taken = 0;

    for ( i = 0; i < 20000; i++ )
    {
        two_busy_uarts();
        for ( n = random32(&seed) % 4; n > 0; n-- )
            record[random32(&seed) % used] = (uint8_t)random32(&seed);
        at(i, seed);
        if ( vsio_restore(&new.uart.dev, record, used, &used, scratch) ==
             VSIO_OK )
            taken++;
        EXPECT(vsio_pl011_valid(&new.uart));
    }
    EXPECT(taken > 5000);
    EXPECT(taken < 20000);
}

static void no_room(void)
{
    size_t size, dummy, i;

    boot(&old);
    save(&old.uart.dev);
    for ( size = 0; size < used; size++ )
    {
        for ( i = size; i < sizeof(record); i++ )
            record[i] = 0xa5;
        EXPECT_EQ(vsio_save(&old.uart.dev, record, size, &dummy),
                  VSIO_ERROR_ROOM);
        for ( i = size; i < sizeof(record); i++ )
            EXPECT_EQ(record[i], 0xa5);
    }
}

static void record_is_bounded(void)
{
    EXPECT(vsio_pl011_class.record + VSIO_RECORD_HEADER <= VSIO_RECORD_MAX);
    EXPECT(vsio_pl031_class.record + VSIO_RECORD_HEADER <= VSIO_RECORD_MAX);
    boot(&old);
    save(&old.uart.dev);
    EXPECT_EQ(used, VSIO_RECORD_HEADER + vsio_pl011_class.record);
    save(&old.rtc.dev);
    EXPECT_EQ(used, VSIO_RECORD_HEADER + vsio_pl031_class.record);
}

/* Written once, read forever. */
static void golden_pl011_1(void)
{
    boot_both();
    busy_uart(&old);
    save(&old.uart.dev);
    EXPECT_EQ(used, sizeof(golden_pl011_v1));
    EXPECT(same(record, golden_pl011_v1, sizeof(golden_pl011_v1)));
    EXPECT_EQ(vsio_restore(&new.uart.dev, golden_pl011_v1,
                           sizeof(golden_pl011_v1), &used, scratch),
              VSIO_OK);
    EXPECT_EQ(uart_read(&new, PL011_DR), 'y');
    EXPECT_EQ(uart_read(&new, PL011_IBRD), 0x1234);
}

static void golden_pl031_1(void)
{
    boot_both();
    EXPECT_EQ(vsio_restore(&new.rtc.dev, golden_pl031_v1,
                           sizeof(golden_pl031_v1), &used, scratch),
              VSIO_OK);
    EXPECT_EQ(rtc_read(&new, PL031_DR), 1000);
    EXPECT_EQ(new.alarm, START + 60);
    save(&new.rtc.dev);
    EXPECT_EQ(used, sizeof(golden_pl031_v1));
    EXPECT(same(record, golden_pl031_v1, VSIO_RECORD_HEADER));
}

static const struct test table[] = {
    { "a UART goes on elsewhere: registers, FIFOs, line", uart_goes_on },
    { "after a reset the FIFOs begin at their beginning",
      reset_empties_the_fifos },
    { "outputs are told to the new host", outputs_are_told },
    { "bytes that waited leave by the new host", waiting_bytes_leave },
    { "the new host is asked for input", host_is_asked_for_bytes },
    { "the new host is asked when the FIFO is half empty",
      new_host_is_asked_at_half },
    { "restored in place", in_place },
    { "in place, a line that is high falls and rises",
      in_place_with_the_line_high },
    { "in place, an alarm that is no more is taken back", alarm_in_place },
    { "an RTC keeps its offset and its alarm", rtc_keeps_offset_and_alarm },
    { "an alarm in the second after the snapshot is kept",
      alarm_of_the_next_second },
    { "an alarm that was missed on the way fires", alarm_that_was_missed },
    { "truncated at each byte: refused", truncated },
    { "of another device: refused", foreign },
    { "of a newer version: refused", newer },
    { "of a wrong length: refused", wrong_length },
    { "of each length that is too short: refused", too_short },
    { "a wrong length comes before a wrong field", wrong_in_two_ways },
    { "inconsistent: refused", inconsistent },
    { "one byte, in a place that there is not: refused", one_byte_nowhere },
    { "random records leave a valid device", random_records },
    { "no room: said so", no_room },
    { "records are as long as the class says", record_is_bounded },
    { "the PL011 record of version 1", golden_pl011_1 },
    { "the PL031 record of version 1", golden_pl031_1 },
};
TESTS(table);
