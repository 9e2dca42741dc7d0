/* SPDX-License-Identifier: MIT */
/* 16550A: its record, and what is refused. */

#include "ns16550-host.h"
#include "snapshot.h"

#define IRQ    (seen.level[0])
#define FIELDS (VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS)

/* Where fields are; the record is of no use to others if they move. */
enum {
    AT_IER,
    AT_FCR,
    AT_LCR,
    AT_MCR,
    AT_SCR,
    AT_DLL,
    AT_DLM,
    AT_ERRORS,
    AT_DELTA,
    AT_MODEM_IN,
    AT_THRE,
    AT_RX_FIFO,
    AT_RX_FIRST,
    AT_RX_COUNT,
    AT_TX_FIRST,
    AT_TX_COUNT,
    AT_TX,
    AT_RX = AT_TX + 16,
    AT_END = AT_RX + 128
};

static uint8_t record[VSIO_RECORD_MAX], again[VSIO_RECORD_MAX],
    scratch[VSIO_RECORD_MAX];

static size_t save(uint8_t *buf)
{
    size_t used = 0;

    EXPECT_EQ(vsio_save(&com.dev, buf, VSIO_RECORD_MAX, &used), VSIO_OK);
    EXPECT_EQ(used, FIELDS + AT_END);
    EXPECT_EQ(com.dev.class->record, used - VSIO_RECORD_HEADER);

    return used;
}

static enum vsio_error restore(size_t size)
{
    size_t used = 0;
    enum vsio_error rc;

    com_host.restoring = true;
    rc = vsio_restore(&com.dev, record, size, &used, scratch);
    com_host.restoring = false;
    EXPECT_EQ(used, rc == VSIO_OK ? size : 0);
    CHECK_VALID();

    return rc;
}

/* Something in every field. */
static void busy(void)
{
    com_plug_in_as(4, DEEP);
    WR(LCR, NS16550_LCR_DLAB);
    WR(DLL, 0x34);
    WR(DLM, 0x12);
    WR(LCR, NS16550_LCR_SB | 0x1b);
    WR(FCR, NS16550_FCR_FE | 0x80);
    WR(MCR, NS16550_MCR_DTR | NS16550_MCR_OUT2);
    WR(SCR, 0xa5);
    com_lines(NS16550_MSR_RI | NS16550_MSR_DSR);
    com_receive(3);
    RD(RBR);
    com_receive_error(0x66, NS16550_LSR_FE);
    com_receive(40);
    com_lose_one();
    com_send(0x41, 3);
    com_host.room = 0;
    com_send(0x51, 3);
    WR(IER, NS16550_IER_MASK);
}

static void every_byte_of_the_record(void)
{
    static const uint8_t want[] = { 0x0f, 0x81, 0x5b, 0x09, 0xa5, 0x34,
                                    0x12, 0x02, 0x09, 0x60, 0,    64,
                                    1,    43,   0,    3,    0x51, 0x52 };
    size_t i;

    busy();
    save(record);
    for ( i = 0; i < ARRAY_SIZE(want); i++ )
    {
        at(i, 0);
        EXPECT_EQ(record[FIELDS + i], want[i]);
    }
    EXPECT_EQ(record[FIELDS + AT_RX], 1);
    EXPECT_EQ(record[FIELDS + AT_RX + 2], 2);
    EXPECT_EQ(record[FIELDS + AT_RX + 6], 0x66);
    EXPECT_EQ(record[FIELDS + AT_RX + 7], NS16550_LSR_FE);
}

static void a_busy_one_goes_on(void)
{
    uint32_t i;
    size_t n, k;

    busy();
    n = save(record);
    com_plug_in_as(1, DEPTH); /* elsewhere, and it is not the stride's matter */
    com_host.room = 0;
    EXPECT_EQ(restore(n), VSIO_OK);
    EXPECT(IRQ);
    EXPECT(com_host.brk);
    EXPECT_EQ(com_host.modem, NS16550_MCR_DTR | NS16550_MCR_OUT2);
    EXPECT_EQ(com_host.rx_ready_calls, 0);
    save(again);
    for ( k = FIELDS; k < n; k++ ) /* of the counters, irqs has moved */
        EXPECT_EQ(again[k], record[k]);

    EXPECT_EQ(RD(LSR), NS16550_LSR_DR | NS16550_LSR_OE | NS16550_LSR_ERR);
    EXPECT_EQ(RD(IIR), 0xc4);
    EXPECT_EQ(RD(MSR), 0x69);
    EXPECT_EQ(RD(RBR), 2);
    EXPECT_EQ(RD(RBR), 3);
    EXPECT_EQ(RD(LSR), NS16550_LSR_DR | NS16550_LSR_FE | NS16550_LSR_ERR);
    EXPECT_EQ(RD(RBR), 0x66);
    for ( i = 4; i < 44; i++ )
        EXPECT_EQ(RD(RBR), i);
    EXPECT_EQ(com_host.rx_ready_calls, 1);
    com_make_room(FOREVER);
    EXPECT_EQ(com_host.taken, 3);
    EXPECT_EQ(com_host.sent[0], 0x51);
    EXPECT_EQ(RD(IIR), 0xc2);
    EXPECT_EQ(RD(SCR), 0xa5);
    EXPECT_EQ(RD(MCR), NS16550_MCR_DTR | NS16550_MCR_OUT2);
    WR(LCR, NS16550_LCR_DLAB);
    EXPECT_EQ(RD(DLL), 0x34);
    EXPECT_EQ(RD(DLM), 0x12);
}

static void an_idle_one_asks_for_input(void)
{
    size_t n;

    com_plug_in();
    n = save(record);
    com_host.feed = 1;
    EXPECT_EQ(restore(n), VSIO_OK);
    EXPECT_EQ(com_host.rx_ready_calls, 1);
    EXPECT_EQ(RD(RBR), 1);
    EXPECT_EQ(seen.irq_calls, 0);

    com_plug_in_bare();
    n = save(record);
    EXPECT_EQ(restore(n), VSIO_OK);
}

static void impossible_states(void)
{
    static const struct {
        uint8_t at, value;
    } bad[] = {
        { AT_IER, 0x10 },      { AT_FCR, 0x80 },      { AT_FCR, 0x03 },
        { AT_FCR, 0x00 },      { AT_MCR, 0x20 },      { AT_MCR, 0x10 },
        { AT_ERRORS, 0x20 },   { AT_ERRORS, 1 },      { AT_DELTA, 0x10 },
        { AT_MODEM_IN, 0x01 }, { AT_THRE, 1 },        { AT_THRE, 2 },
        { AT_RX_FIFO, 0 },     { AT_RX_FIFO, 16 },    { AT_RX_FIFO, 65 },
        { AT_RX_FIRST, 64 },   { AT_RX_FIRST, 255 },  { AT_RX_COUNT, 65 },
        { AT_RX_COUNT, 255 },  { AT_TX_FIRST, 16 },   { AT_TX_COUNT, 17 },
        { AT_RX + 3, 0x04 }, /* an error that must have shown */
        { AT_RX + 9, 0x02 },   { AT_RX + 127, 0x80 },
    };
    uint8_t kept;
    unsigned int i;
    size_t n, k;

    busy();
    n = save(record);
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        at(bad[i].at, bad[i].value);
        kept = record[FIELDS + bad[i].at];
        record[FIELDS + bad[i].at] = bad[i].value;
        EXPECT_EQ(restore(n), VSIO_ERROR_INVALID);
        record[FIELDS + bad[i].at] = kept;
        save(again);
        for ( k = 0; k < n; k++ )
            EXPECT_EQ(again[k], record[k]);
    }
    EXPECT_EQ(restore(n), VSIO_OK);
}

static void places_of_an_empty_ring(void)
{
    size_t n;

    com_plug_in();
    n = save(record);
    record[FIELDS + AT_RX_FIRST] = 64;
    EXPECT_EQ(restore(n), VSIO_ERROR_INVALID);
    record[FIELDS + AT_RX_FIRST] = 63;
    record[FIELDS + AT_TX_FIRST] = 16;
    EXPECT_EQ(restore(n), VSIO_ERROR_INVALID);
    record[FIELDS + AT_TX_FIRST] = 15;
    EXPECT_EQ(restore(n), VSIO_OK);
}

/* Behind the last entry a byte says nothing; an error was never there. */
static void unused_entries(void)
{
    size_t n;

    com_plug_in_fifos(DEPTH);
    com_receive(1);
    n = save(record);
    record[FIELDS + AT_RX + 2] = 0x55;
    EXPECT_EQ(restore(n), VSIO_OK);
    EXPECT_EQ(RD(RBR), 1);
    EXPECT_EQ(RD(LSR), 0x60);
    record[FIELDS + AT_RX + 3] = NS16550_LSR_PE;
    EXPECT_EQ(restore(n), VSIO_ERROR_INVALID);

    com_plug_in();
    n = save(record);
    record[FIELDS + AT_RX + 1] = 0x20; /* but have a byte's bits */
    EXPECT_EQ(restore(n), VSIO_ERROR_INVALID);
}

/* What no record can say, but memory that is overwritten can. */
static void impossible_objects(void)
{
    static const struct {
        uint8_t place;
        uint16_t entry;
        uint64_t bad;
        bool valid;
    } with[] = {
        { 0, 0x0000, 1ULL << 63, true },
        { 0, 0x0400, 1ULL << 63 | 1, true },
        { 1, 0x0400, 1ULL << 63 | 2, true },
        { 63, 0x0400, 1ULL << 63, true },
        { 0, 0x0400, 1ULL << 63, false },     /* an error that LSR conceals */
        { 0, 0x0000, 1ULL << 63 | 1, false }, /* one that is not there */
        { 0, 0x0000, 0, false },
        { 0, 0x2400, 1ULL << 63 | 1, false }, /* bits that no byte has */
        { 0, 0x0600, 1ULL << 63 | 1, false },
        { 2, 0x0400, 1ULL << 63 | 4, false }, /* no entry */
        { 61, 0x0400, 1ULL << 63 | 1ULL << 61, false },
        { 62, 0x0400, 1ULL << 63 | 1ULL << 62, false }, /* it has shown */
    };
    struct vsio_ns16550 kept;
    unsigned int i;

    com_plug_in_fifos(DEPTH);
    for ( i = 0; i < 62; i++ )
    {
        com_receive(1);
        RD(RBR);
    }
    com_receive(1); /* into place 62 */
    com_receive_error(0x66, NS16550_LSR_PE);
    com_receive(2);
    kept = com;
    for ( i = 0; i < ARRAY_SIZE(with); i++ )
    {
        at(i, 0);
        com.rx[with[i].place] |= with[i].entry;
        com.rx_bad = with[i].bad;
        EXPECT_EQ(vsio_ns16550_valid(&com), with[i].valid);
        com = kept;
    }

    com_plug_in_fifos(DEPTH);
    com_receive(1); /* into place 0: its error would have shown */
    com.rx[0] |= 0x0400;
    com.rx_bad = 1;
    EXPECT(!vsio_ns16550_valid(&com));
    com.rx[0] = 1;
    com.rx_bad = 0;
}

/* Whoever looks at records can't tell a reset from power-on. */
static void reset_is_power_on(void)
{
    size_t n, k;

    busy();
    com_make_room(FOREVER);
    vsio_reset(&com.dev);
    CHECK_VALID();
    com_lines(NS16550_MSR_CTS | NS16550_MSR_DSR | NS16550_MSR_DCD);
    RD(MSR);
    n = save(record);
    com_plug_in_as(4, DEEP);
    save(again);
    for ( k = FIELDS; k < n - 16 - 128; k++ )
    {
        at(k - FIELDS, 0);
        EXPECT_EQ(record[k], again[k]);
    }
}

/* Whatever bytes come: accepted and valid, or refused and unchanged. */
static void random_records(void)
{
    uint32_t seed = 0x16550a, i, k, accepted = 0;
    size_t n;

    for ( i = 0; i < 3000; i++ )
    {
        busy();
        n = save(record);
        for ( k = random32(&seed) % 3 + 1; k-- > 0; )
            record[FIELDS + random32(&seed) % AT_END] =
                (uint8_t)random32(&seed);
        at(i, 0);
        accepted += restore(n) == VSIO_OK;
        RD(LSR);
        RD(RBR);
        com_make_room(FOREVER);
        WR(MCR, NS16550_MCR_LOOP);
    }
    EXPECT(accepted > 100 && accepted < 2900);
}

static const struct test table[] = {
    { "every byte of the record is where it was", every_byte_of_the_record },
    { "a busy one goes on elsewhere", a_busy_one_goes_on },
    { "an idle one asks its host for input", an_idle_one_asks_for_input },
    { "impossible states are refused", impossible_states },
    { "impossible objects are not valid", impossible_objects },
    { "places are inside of their rings", places_of_an_empty_ring },
    { "unused entries say nothing", unused_entries },
    { "a reset is a power-on", reset_is_power_on },
    { "random records are refused or valid", random_records },
};
TESTS(table);
