/* SPDX-License-Identifier: MIT */
/* PrimeCell RTC PL031 against Arm DDI 0224, on a clock that is not a clock. */

#include "harness.h"
#include "pl031.h"
#include "pl031-regs.h"

#define WRAP     ((uint64_t)1 << 32)
#define NO_ALARM VSIO_PL031_NO_ALARM
#define START    UINT64_C(1700000000) /* in November 2023 */

static struct {
    struct vsio_pl031 rtc;
    uint64_t now;
    uint64_t alarm; /* as set_alarm left it */
    unsigned int now_calls, alarm_calls;
} m;

static struct vsio_device *const dev = &m.rtc.dev;

static uint64_t fake_now(void *ctx)
{
    EXPECT(ctx == &m);
    m.now_calls++;

    return m.now;
}

static void fake_alarm(void *ctx, uint64_t when)
{
    EXPECT(ctx == &m);
    EXPECT(when != m.alarm);
    EXPECT(when > m.now);
    m.alarm = when;
    m.alarm_calls++;
}

static const struct vsio_pl031_host host = {
    .common = { .set_irq = seen_irq,
                .event = seen_event,
                .events = VSIO_WANT_ERRORS },
    .now = fake_now,
    .set_alarm = fake_alarm,
};

static const struct vsio_pl031_host host_without_alarm = {
    .common = { .set_irq = seen_irq,
                .event = seen_event,
                .events = VSIO_WANT_ERRORS },
    .now = fake_now,
};

static const struct vsio_pl031_host host_with_clock_only = { .now = fake_now };

static bool valid(const struct vsio_device *d)
{
    return vsio_pl031_valid((const struct vsio_pl031 *)d);
}

static void start_with(const struct vsio_pl031_host *h, uint64_t now)
{
    m.now = now;
    m.alarm = NO_ALARM;
    m.now_calls = m.alarm_calls = 0;
    vsio_pl031_init(&m.rtc, h, &m);
    watch(dev, sizeof(m.rtc), valid);
}

static void start(void)
{
    start_with(&host, START);
}

/* What the host does when its timer fires or its clock was stepped. */
static void host_calls(void)
{
    m.alarm = NO_ALARM;
    vsio_pl031_alarm(&m.rtc);
    CHECK_VALID();
}

/* Time passes; the host's timer works. */
static void run_to(uint64_t now)
{
    m.now = now;
    if ( m.alarm <= m.now )
        host_calls();
}

static void step_to(uint64_t now)
{
    m.now = now;
    host_calls();
}

static uint32_t ris(void)
{
    return rd32(dev, PL031_RIS);
}

/* An alarm that lets the line rise at a second of the host. */
static void arm(uint64_t when)
{
    wr32(dev, PL031_MR, rd32(dev, PL031_DR) + (uint32_t)(when - m.now));
    wr32(dev, PL031_ICR, 1);
    wr32(dev, PL031_IMSC, 1);
}

static void reset_values(void)
{
    static const uint8_t id[] = {
        0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1
    };
    unsigned int i;

    start();
    EXPECT_EQ(rd32(dev, PL031_DR), START);
    EXPECT_EQ(rd32(dev, PL031_MR), 0);
    EXPECT_EQ(rd32(dev, PL031_LR), 0);
    EXPECT_EQ(rd32(dev, PL031_CR), 1);
    EXPECT_EQ(rd32(dev, PL031_IMSC), 0);
    EXPECT_EQ(rd32(dev, PL031_RIS), 0);
    EXPECT_EQ(rd32(dev, PL031_MIS), 0);
    for ( i = 0; i < ARRAY_SIZE(id); i++ )
    {
        at(i, id[i]);
        EXPECT_EQ(rd32(dev, PL031_PERIPHID + 4 * i), id[i]);
        EXPECT_EQ(rd16(dev, PL031_PERIPHID + 4 * i), id[i]);
        EXPECT_EQ(rd8(dev, PL031_PERIPHID + 4 * i), id[i]);
        EXPECT_EQ(rd8(dev, PL031_PERIPHID + 4 * i + 1), 0);
        EXPECT_EQ(rd16(dev, PL031_PERIPHID + 4 * i + 2), 0);
    }
    EXPECT_EQ(dev->count.unknown, 0);
}

/* Table 3-1, by its numbers. */
static void register_map(void)
{
    start();
    wr32(dev, 0x08, 1000);
    wr32(dev, 0x04, 1001);
    wr32(dev, 0x10, 1);
    m.now++;
    EXPECT_EQ(rd32(dev, 0x00), 1001);
    EXPECT_EQ(rd32(dev, 0x04), 1001);
    EXPECT_EQ(rd32(dev, 0x08), 1000);
    EXPECT_EQ(rd32(dev, 0x0c), 1);
    EXPECT_EQ(rd32(dev, 0x10), 1);
    EXPECT_EQ(rd32(dev, 0x14), 1);
    EXPECT_EQ(rd32(dev, 0x18), 1);
    wr32(dev, 0x1c, 1);
    EXPECT_EQ(rd32(dev, 0x14), 0);
    EXPECT_EQ(rd32(dev, 0xfe0), 0x31);
    EXPECT_EQ(rd32(dev, 0xffc), 0xb1);
}

static void init_is_quiet(void)
{
    start();
    EXPECT_EQ(m.now_calls, 1);
    EXPECT_EQ(m.alarm_calls, 0);
    EXPECT_EQ(seen.irq_calls, 0);
    EXPECT_EQ(seen.events, 0);
}

static void class_is_right(void)
{
    start();
    EXPECT(dev->class == &vsio_pl031_class);
    EXPECT_EQ(dev->class->window, 0x1000);
    EXPECT_EQ(dev->class->unit, 4);
    EXPECT_EQ(dev->class->lines, 1);
    EXPECT(dev->host == &host.common);
    EXPECT(dev->ctx == &m);
}

static void dr_is_the_clock(void)
{
    start();
    m.now += 12345;
    EXPECT_EQ(rd32(dev, PL031_DR), START + 12345);
    m.now -= 54321;
    EXPECT_EQ(rd32(dev, PL031_DR), START + 12345 - 54321);
    m.now = WRAP + 7; /* in 2106 */
    EXPECT_EQ(rd32(dev, PL031_DR), 7);
}

static void dr_by_parts(void)
{
    start_with(&host, 0x87654321);
    EXPECT_EQ(rd8(dev, PL031_DR), 0x21);
    EXPECT_EQ(rd8(dev, PL031_DR + 1), 0x43);
    EXPECT_EQ(rd8(dev, PL031_DR + 2), 0x65);
    EXPECT_EQ(rd8(dev, PL031_DR + 3), 0x87);
    EXPECT_EQ(rd16(dev, PL031_DR), 0x4321);
    EXPECT_EQ(rd16(dev, PL031_DR + 1), 0x6543);
    EXPECT_EQ(rd16(dev, PL031_DR + 2), 0x8765);
}

static void one_look_at_the_clock(void)
{
    unsigned int calls;
    uint32_t reg;

    start();
    for ( reg = 0; reg <= PL031_ICR; reg += 4 )
    {
        at(reg, 0);
        calls = m.now_calls;
        rd32(dev, reg);
        EXPECT(m.now_calls <= calls + 1);
        calls = m.now_calls;
        wr32(dev, reg, (uint32_t)m.now);
        EXPECT(m.now_calls <= calls + 1);
    }
}

static void lr_rebases(void)
{
    start();
    wr32(dev, PL031_LR, 1000);
    EXPECT_EQ(rd32(dev, PL031_LR), 1000);
    EXPECT_EQ(rd32(dev, PL031_DR), 1000);
    m.now += 5;
    EXPECT_EQ(rd32(dev, PL031_LR), 1000);
    EXPECT_EQ(rd32(dev, PL031_DR), 1005);
    wr32(dev, PL031_LR, 0xffffffff);
    EXPECT_EQ(rd32(dev, PL031_DR), 0xffffffff);
    m.now += 2;
    EXPECT_EQ(rd32(dev, PL031_DR), 1);
}

static void parts_merge(void)
{
    static const uint32_t regs[] = { PL031_LR, PL031_MR };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(regs); i++ )
    {
        at(regs[i], 0);
        start();
        wr32(dev, regs[i], 0x11223344);
        m.now += 1000; /* of LR, the last value written counts, not DR */
        wr8(dev, regs[i], 0xaa);
        EXPECT_EQ(rd32(dev, regs[i]), 0x112233aa);
        wr8(dev, regs[i] + 3, 0xbb);
        EXPECT_EQ(rd32(dev, regs[i]), 0xbb2233aa);
        wr16(dev, regs[i] + 1, 0xccdd);
        EXPECT_EQ(rd32(dev, regs[i]), 0xbbccddaa);
        wr16(dev, regs[i] + 2, 0x5566);
        EXPECT_EQ(rd32(dev, regs[i]), 0x5566ddaa);
        EXPECT_EQ(rd8(dev, regs[i] + 1), 0xdd);
        EXPECT_EQ(rd16(dev, regs[i] + 2), 0x5566);
    }

    start();
    wr8(dev, PL031_LR + 1, 0x12);
    EXPECT_EQ(rd32(dev, PL031_DR), 0x1200);
}

static void cannot_be_stopped(void)
{
    static const uint32_t values[] = { 0, 1, 0xfffffffe, 0xffffffff };
    unsigned int i;

    start();
    wr32(dev, PL031_LR, 77);
    for ( i = 0; i < ARRAY_SIZE(values); i++ )
    {
        at(values[i], 0);
        wr32(dev, PL031_CR, values[i]);
        wr8(dev, PL031_CR + 1, values[i] & 0xff);
        EXPECT_EQ(rd32(dev, PL031_CR), 1);
        EXPECT_EQ(rd32(dev, PL031_LR), 77);
        m.now++;
        EXPECT_EQ(rd32(dev, PL031_DR), 78 + i);
    }
    EXPECT_EQ(rd8(dev, PL031_CR + 1), 0);
    EXPECT_EQ(rd32(dev, PL031_IMSC), 0);
    EXPECT_EQ(dev->count.unknown, 0);
}

static void imsc_has_one_bit(void)
{
    start();
    wr32(dev, PL031_IMSC, 0xffffffff);
    EXPECT_EQ(rd32(dev, PL031_IMSC), 1);
    wr8(dev, PL031_IMSC + 1, 0);
    EXPECT_EQ(rd32(dev, PL031_IMSC), 1);
    wr32(dev, PL031_IMSC, 0xfffffffe);
    EXPECT_EQ(rd32(dev, PL031_IMSC), 0);
    wr8(dev, PL031_IMSC, 1);
    EXPECT_EQ(rd32(dev, PL031_IMSC), 1);
    wr16(dev, PL031_IMSC + 2, 1);
    EXPECT_EQ(rd32(dev, PL031_IMSC), 1);
}

static void nothing_there(void)
{
    uint32_t reg;

    start();
    for ( reg = PL031_ICR + 4; reg < PL031_PERIPHID; reg += 4 )
    {
        at(reg, 0);
        RD_UNKNOWN(dev, reg, 4);
        RD_UNKNOWN(dev, reg + 3, 1);
        WR_UNKNOWN(dev, reg, 4, 0xffffffff);
        WR_UNKNOWN(dev, reg + 2, 2, 0xffff);
    }
    for ( reg = PL031_PERIPHID; reg < PL031_WINDOW; reg += 4 )
    {
        at(reg, 0);
        WR_UNKNOWN(dev, reg, 4, 0xffffffff);
    }
    EXPECT_EQ(rd32(dev, PL031_PERIPHID), 0x31);
}

static void wrong_direction(void)
{
    start();
    WR_UNKNOWN(dev, PL031_DR, 4, 1);
    EXPECT_EQ(rd32(dev, PL031_DR), START);
    WR_UNKNOWN(dev, PL031_RIS, 4, 1);
    EXPECT_EQ(rd32(dev, PL031_RIS), 0);
    WR_UNKNOWN(dev, PL031_MIS, 1, 1);
    EXPECT_EQ(rd32(dev, PL031_MIS), 0);
    RD_UNKNOWN(dev, PL031_ICR, 4);
}

static void every_access(void)
{
    start();
    battery();
    EXPECT_EQ(rd32(dev, PL031_CR), 1);
}

static void match(void)
{
    start();
    wr32(dev, PL031_MR, START + 10);
    wr32(dev, PL031_IMSC, 1);
    EXPECT_EQ(m.alarm, START + 10);
    run_to(START + 9);
    EXPECT_EQ(ris(), 0);
    EXPECT_EQ(rd32(dev, PL031_MIS), 0);
    EXPECT(!seen.level[0]);
    run_to(START + 10);
    EXPECT(seen.level[0]);
    EXPECT_EQ(ris(), 1);
    EXPECT_EQ(rd32(dev, PL031_MIS), 1);
    EXPECT_EQ(rd32(dev, PL031_DR), rd32(dev, PL031_MR));
    EXPECT_EQ(m.alarm, NO_ALARM); /* nothing more to say until ICR */
    run_to(START + 11);
    EXPECT(seen.level[0]); /* a level, not a pulse */
    wr32(dev, PL031_ICR, 1);
    EXPECT(!seen.level[0]);
    EXPECT_EQ(ris(), 0);
    EXPECT_EQ(seen.irq_calls, 2);
    EXPECT_EQ(seen.events, 0);
    EXPECT_EQ(dev->count.irqs, 1);
    EXPECT_EQ(m.alarm, START + 10 + WRAP);
}

static void host_sets_offset(void)
{
    static const int32_t offsets[] = { 0, 1, -1, 7200, INT32_MAX, INT32_MIN };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(offsets); i++ )
    {
        at(i, 0);
        start();
        vsio_pl031_set_offset(&m.rtc, offsets[i]);
        CHECK_VALID();
        EXPECT_EQ(vsio_pl031_offset(&m.rtc), offsets[i]);
        EXPECT_EQ(dev->count.reads + dev->count.writes, 0);
        EXPECT_EQ(rd32(dev, PL031_DR), (uint32_t)START + (uint32_t)offsets[i]);
        EXPECT_EQ(rd32(dev, PL031_LR), 0); /* the guest has loaded nothing */
        m.now += 3;
        EXPECT_EQ(vsio_pl031_offset(&m.rtc), offsets[i]);
    }
    vsio_reset(dev);
    EXPECT_EQ(vsio_pl031_offset(&m.rtc), 0);
}

/* What it shows then was there before: no match of that second. */
static void offset_and_match(void)
{
    start();
    vsio_pl031_set_offset(&m.rtc, (int32_t)(uint32_t)-START);
    EXPECT_EQ(rd32(dev, PL031_DR), 0);
    EXPECT_EQ(ris(), 0);

    start();
    wr32(dev, PL031_MR, START + 10);
    wr32(dev, PL031_IMSC, 1);
    vsio_pl031_set_offset(&m.rtc, 4);
    EXPECT_EQ(m.alarm, START + 6);
    run_to(START + 6);
    EXPECT(seen.level[0]);

    /* The next second is not too soon. */
    start();
    wr32(dev, PL031_MR, START + 10);
    wr32(dev, PL031_IMSC, 1);
    vsio_pl031_set_offset(&m.rtc, 9);
    EXPECT_EQ(m.alarm, START + 1);

    /* A match that nobody saw is not lost. */
    start();
    wr32(dev, PL031_MR, START + 2);
    m.now += 5;
    vsio_pl031_set_offset(&m.rtc, 1000);
    EXPECT_EQ(ris(), 1);
}

static void guest_sets_offset(void)
{
    start();
    wr32(dev, PL031_LR, START + 100);
    EXPECT_EQ(vsio_pl031_offset(&m.rtc), 100);
    wr32(dev, PL031_LR, START - 100);
    EXPECT_EQ(vsio_pl031_offset(&m.rtc), -100);
}

static void match_by_offset(void)
{
    start();
    wr32(dev, PL031_LR, 100);
    wr32(dev, PL031_MR, 103);
    wr32(dev, PL031_IMSC, 1);
    EXPECT_EQ(m.alarm, START + 3);
    run_to(START + 3);
    EXPECT(seen.level[0]);
}

static void mr_equal_to_now(void)
{
    start();
    wr32(dev, PL031_IMSC, 1);
    wr32(dev, PL031_MR, START);
    EXPECT(seen.level[0]);
    EXPECT_EQ(ris(), 1);
    wr32(dev, PL031_ICR, 1);
    EXPECT(!seen.level[0]);
    wr32(dev, PL031_MR, START); /* written again, met again */
    EXPECT(seen.level[0]);
}

static void mr_in_the_past(void)
{
    start();
    wr32(dev, PL031_IMSC, 1);
    wr32(dev, PL031_MR, START - 1);
    EXPECT_EQ(ris(), 0);
    EXPECT_EQ(m.alarm, START - 1 + WRAP);
    run_to(START + 1000);
    EXPECT(!seen.level[0]);
    run_to(START - 2 + WRAP);
    EXPECT(!seen.level[0]);
    run_to(START - 1 + WRAP);
    EXPECT(seen.level[0]);
}

static void match_across_the_wrap(void)
{
    start();
    wr32(dev, PL031_LR, 0xfffffffe);
    wr32(dev, PL031_MR, 1);
    wr32(dev, PL031_IMSC, 1);
    EXPECT_EQ(m.alarm, START + 3);
    run_to(START + 2);
    EXPECT_EQ(rd32(dev, PL031_DR), 0);
    EXPECT_EQ(ris(), 0);
    run_to(START + 3);
    EXPECT(seen.level[0]);

    /* The host's own clock wraps a guest's counter in 2106. */
    start_with(&host, WRAP - 1);
    wr32(dev, PL031_IMSC, 1);
    EXPECT_EQ(m.alarm, WRAP); /* MR is 0 */
    run_to(WRAP);
    EXPECT_EQ(rd32(dev, PL031_DR), 0);
    EXPECT(seen.level[0]);
}

static void match_every_wrap(void)
{
    unsigned int i;

    start();
    arm(START + 1);
    for ( i = 0; i < 3; i++ )
    {
        at(i, 0);
        EXPECT_EQ(m.alarm, START + 1 + i * WRAP);
        run_to(START + 1 + i * WRAP);
        EXPECT(seen.level[0]);
        wr32(dev, PL031_ICR, 1);
        EXPECT(!seen.level[0]);
    }
    EXPECT_EQ(dev->count.irqs, 3);
}

static void icr_is_final(void)
{
    start();
    arm(START + 4);
    run_to(START + 4);
    EXPECT_EQ(ris(), 1);
    wr32(dev, PL031_ICR, 1);
    EXPECT_EQ(ris(), 0);
    EXPECT_EQ(rd32(dev, PL031_DR), rd32(dev, PL031_MR));
    host_calls();
    EXPECT_EQ(ris(), 0);
    wr32(dev, PL031_IMSC, 0);
    wr32(dev, PL031_IMSC, 1);
    EXPECT_EQ(ris(), 0);
    EXPECT(!seen.level[0]);
    EXPECT_EQ(dev->count.irqs, 1);
}

static void icr_has_one_bit(void)
{
    start();
    arm(START + 1);
    run_to(START + 1);
    wr32(dev, PL031_ICR, 0);
    EXPECT_EQ(ris(), 1);
    wr32(dev, PL031_ICR, 0xfffffffe);
    EXPECT_EQ(ris(), 1);
    wr8(dev, PL031_ICR + 1, 0xff);
    EXPECT_EQ(ris(), 1);
    EXPECT(seen.level[0]);
    wr8(dev, PL031_ICR, 0x01);
    EXPECT_EQ(ris(), 0);
    EXPECT(!seen.level[0]);
}

static void lr_equal_to_mr(void)
{
    start();
    wr32(dev, PL031_MR, 5000);
    wr32(dev, PL031_IMSC, 1);
    wr32(dev, PL031_LR, 5000);
    EXPECT(seen.level[0]);
    wr32(dev, PL031_ICR, 1);
    EXPECT_EQ(m.alarm, START + WRAP);
}

static void lr_beyond_mr(void)
{
    start();
    wr32(dev, PL031_LR, 100);
    wr32(dev, PL031_MR, 110);
    wr32(dev, PL031_IMSC, 1);
    wr32(dev, PL031_LR, 111); /* loaded, not counted: 110 was never reached */
    EXPECT_EQ(ris(), 0);
    EXPECT_EQ(m.alarm, START - 1 + WRAP);
}

static void lr_while_armed(void)
{
    start();
    arm(START + 100);
    wr32(dev, PL031_LR, (uint32_t)START + 60); /* 60 s closer */
    EXPECT_EQ(m.alarm, START + 40);
    wr32(dev, PL031_LR, (uint32_t)START - 60);
    EXPECT_EQ(m.alarm, START + 160);
    run_to(START + 160);
    EXPECT(seen.level[0]);
}

static void mr_while_armed(void)
{
    start();
    arm(START + 100);
    wr32(dev, PL031_MR, START + 50);
    EXPECT_EQ(m.alarm, START + 50);
    m.alarm_calls = 0;
    wr32(dev, PL031_MR, START + 50);
    EXPECT_EQ(m.alarm_calls, 0); /* no change, no call */
}

static void reached_before_rewritten(void)
{
    start();
    wr32(dev, PL031_MR, START + 5);
    m.now = START + 8; /* nobody looked at second 5 */
    wr32(dev, PL031_MR, START + 20);
    EXPECT_EQ(ris(), 1);
    wr32(dev, PL031_ICR, 1);
    m.now = START + 21;
    wr32(dev, PL031_LR, 0);
    EXPECT_EQ(ris(), 1);
}

static void clock_jumps_forward(void)
{
    start();
    arm(START + 10);
    step_to(START + 3600);
    EXPECT(seen.level[0]);
    wr32(dev, PL031_ICR, 1);
    EXPECT_EQ(m.alarm, START + 10 + WRAP);

    start();
    arm(START + 10);
    step_to(START + 10); /* just into it */
    EXPECT(seen.level[0]);

    start();
    arm(START + 10);
    step_to(START + 5 * WRAP); /* many times over it: one interrupt */
    EXPECT(seen.level[0]);
    wr32(dev, PL031_ICR, 1);
    EXPECT(!seen.level[0]);
    EXPECT_EQ(m.alarm, START + 10 + 5 * WRAP);
}

/* The match on the way is the only one that is over. */
static void clock_jumps_to_just_before_a_match(void)
{
    start();
    arm(START + 10);
    step_to(START + 9 + WRAP);
    EXPECT(seen.level[0]);
    wr32(dev, PL031_ICR, 1);
    EXPECT_EQ(m.alarm, START + 10 + WRAP);
    run_to(START + 10 + WRAP);
    EXPECT(seen.level[0]);
}

static void clock_steps_back_before_the_match(void)
{
    start();
    arm(START + 10);
    step_to(START - 1000);
    EXPECT_EQ(m.alarm, START + 10);
    EXPECT(!seen.level[0]);
    run_to(START + 9);
    EXPECT(!seen.level[0]);
    run_to(START + 10);
    EXPECT(seen.level[0]);
}

static void clock_steps_back_over_the_match(void)
{
    start();
    arm(START + 10);
    run_to(START + 20);
    wr32(dev, PL031_ICR, 1);
    EXPECT_EQ(m.alarm, START + 10 + WRAP);
    step_to(START + 5);
    EXPECT_EQ(m.alarm, START + 10); /* it will be reached once more */
    EXPECT_EQ(ris(), 0);
    run_to(START + 10);
    EXPECT_EQ(ris(), 1);
    EXPECT_EQ(dev->count.irqs, 2);
}

static void clock_steps_back_into_the_match(void)
{
    start();
    arm(START + 10);
    run_to(START + 20);
    wr32(dev, PL031_ICR, 1);
    step_to(START + 10);
    EXPECT_EQ(ris(), 1);
    EXPECT(seen.level[0]);
    wr32(dev, PL031_ICR, 1);
    EXPECT_EQ(ris(), 0);

    /* An MR in the past, that has never been met. */
    start();
    arm(START - 7);
    step_to(START - 7);
    EXPECT_EQ(ris(), 1);
}

static void clock_steps_back_by_wraps(void)
{
    start_with(&host, START + 3 * WRAP);
    arm(START + 3 * WRAP + 10);
    step_to(START);
    EXPECT_EQ(m.alarm, START + 10);
    step_to(START - START);
    EXPECT_EQ(m.alarm, START + 10);
    EXPECT_EQ(ris(), 0);
}

static void clock_back_unmatched_ris_stays(void)
{
    start();
    arm(START + 10);
    run_to(START + 10);
    step_to(START);
    EXPECT_EQ(ris(), 1); /* only ICR clears it */
    EXPECT(seen.level[0]);
    EXPECT_EQ(m.alarm, NO_ALARM);
    wr32(dev, PL031_ICR, 1);
    EXPECT_EQ(m.alarm, START + 10);
}

static void guest_sees_the_step_first(void)
{
    start();
    arm(START + 10);
    run_to(START + 10);
    wr32(dev, PL031_ICR, 1);
    m.now = START; /* the host has not called yet, the guest reads */
    EXPECT_EQ(rd32(dev, PL031_DR), START);
    EXPECT_EQ(m.alarm, START + 10);
}

static void masked_match(void)
{
    start();
    wr32(dev, PL031_MR, START + 10);
    EXPECT_EQ(m.alarm, NO_ALARM);
    run_to(START + 10);
    EXPECT_EQ(ris(), 1);
    EXPECT_EQ(rd32(dev, PL031_MIS), 0);
    EXPECT_EQ(seen.irq_calls, 0);
    EXPECT_EQ(m.alarm_calls, 0);
    wr32(dev, PL031_IMSC, 1);
    EXPECT(seen.level[0]);
    EXPECT_EQ(rd32(dev, PL031_MIS), 1);
    wr32(dev, PL031_IMSC, 0);
    EXPECT(!seen.level[0]);
    EXPECT_EQ(ris(), 1);
    EXPECT_EQ(rd32(dev, PL031_MIS), 0);
}

static void unmask_is_the_first_look(void)
{
    start();
    wr32(dev, PL031_MR, START + 10);
    m.now = START + 15;
    wr32(dev, PL031_IMSC, 1);
    EXPECT(seen.level[0]);
    EXPECT_EQ(m.alarm, NO_ALARM);
}

static void mask_disarms(void)
{
    start();
    arm(START + 10);
    EXPECT_EQ(m.alarm, START + 10);
    wr32(dev, PL031_IMSC, 0);
    EXPECT_EQ(m.alarm, NO_ALARM);
    wr32(dev, PL031_IMSC, 1);
    EXPECT_EQ(m.alarm, START + 10);
}

static void alarm_early(void)
{
    unsigned int i;

    start();
    arm(START + 10);
    for ( i = 0; i < 10; i++ )
    {
        at(i, 0);
        step_to(START + i);
        EXPECT(!seen.level[0]);
        EXPECT_EQ(m.alarm, START + 10); /* the timer is spent: armed again */
    }
    step_to(START + 10);
    EXPECT(seen.level[0]);
}

static void alarm_late(void)
{
    start();
    arm(START + 10);
    m.now = START + 500;
    host_calls();
    EXPECT(seen.level[0]);
    EXPECT_EQ(dev->count.irqs, 1);
}

static void alarm_repeatedly(void)
{
    unsigned int i;

    start();
    arm(START + 10);
    m.now = START + 10;
    for ( i = 0; i < 5; i++ )
        host_calls();
    EXPECT(seen.level[0]);
    EXPECT_EQ(seen.irq_calls, 1);
    wr32(dev, PL031_ICR, 1);
    m.alarm_calls = 0;
    for ( i = 0; i < 5; i++ )
        host_calls();
    EXPECT(!seen.level[0]);
    EXPECT_EQ(m.alarm_calls, 5);
    EXPECT_EQ(m.alarm, START + 10 + WRAP);
}

static void alarm_never_armed(void)
{
    start();
    host_calls();
    wr32(dev, PL031_MR, START + 10);
    m.now = START + 11;
    host_calls();
    EXPECT_EQ(seen.irq_calls, 0);
    EXPECT_EQ(m.alarm_calls, 0);
    EXPECT_EQ(ris(), 1);
}

static void poller_is_consistent(void)
{
    uint32_t i;

    start();
    wr32(dev, PL031_MR, START + 20);
    for ( i = 0; i < 40; i++ )
    {
        at(i, 0);
        m.now = START + i;
        EXPECT_EQ(ris(), rd32(dev, PL031_DR) >= rd32(dev, PL031_MR));
    }
}

static void no_alarm_callback(void)
{
    static const uint32_t regs[] = { PL031_DR, PL031_RIS, PL031_MIS };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(regs); i++ )
    {
        at(regs[i], 0);
        start_with(&host_without_alarm, START);
        arm(START + 10);
        m.now = START + 12;
        EXPECT(!seen.level[0]);
        rd32(dev, regs[i]);
        EXPECT(seen.level[0]);
        wr32(dev, PL031_ICR, 1);
        EXPECT(!seen.level[0]);
    }
    start_with(&host_without_alarm, START);
    arm(START + 10);
    m.now = START + 10;
    vsio_pl031_alarm(&m.rtc); /* a host that polls by itself */
    EXPECT(seen.level[0]);
}

static void no_callback_at_all(void)
{
    start_with(&host_with_clock_only, START);
    arm(START + 10);
    m.now = START + 10;
    EXPECT_EQ(rd32(dev, PL031_MIS), 1);
    EXPECT_EQ(dev->count.irqs, 1);
    RD_UNKNOWN(dev, 0x800, 4);
    RD_REFUSED(dev, 2, 4);
    WR_REFUSED(dev, 0, 8, 0);
    vsio_reset(dev);
    CHECK_VALID();
    EXPECT_EQ(rd32(dev, PL031_MIS), 0);
}

static void reset_while_armed(void)
{
    start();
    wr32(dev, PL031_LR, 1);
    arm(START + 10);
    vsio_reset(dev);
    CHECK_VALID();
    EXPECT_EQ(m.alarm, NO_ALARM);
    EXPECT_EQ(rd32(dev, PL031_DR), START);
    EXPECT_EQ(rd32(dev, PL031_MR), 0);
    EXPECT_EQ(rd32(dev, PL031_LR), 0);
    EXPECT_EQ(rd32(dev, PL031_IMSC), 0);
    run_to(START + 10);
    EXPECT_EQ(ris(), 0);
}

static void reset_while_raised(void)
{
    uint64_t reads;

    start();
    arm(START + 10);
    run_to(START + 10);
    EXPECT(seen.level[0]);
    reads = dev->count.reads;
    vsio_reset(dev);
    CHECK_VALID();
    EXPECT(!seen.level[0]);
    EXPECT_EQ(ris(), 0);
    EXPECT_EQ(dev->count.reads, reads + 1);
    EXPECT_EQ(dev->count.irqs, 1);
    EXPECT(dev->host == &host.common && dev->ctx == &m);
}

static void reset_in_the_matching_second(void)
{
    start_with(&host, 0); /* the counter shows MR's reset value */
    EXPECT_EQ(ris(), 0);
    wr32(dev, PL031_IMSC, 1);
    EXPECT_EQ(m.alarm, WRAP);
    vsio_reset(dev);
    CHECK_VALID();
    EXPECT_EQ(ris(), 0);
}

static void nonsense_clock(void)
{
    static const uint64_t clocks[] = { UINT64_MAX,
                                       UINT64_MAX - 1,
                                       UINT64_MAX - WRAP,
                                       UINT64_MAX - 2 * WRAP,
                                       UINT64_MAX - 2 * WRAP - 1,
                                       UINT64_MAX - 3 * WRAP,
                                       (uint64_t)1 << 63 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(clocks); i++ )
    {
        at(clocks[i], 0);
        start();
        arm(START + 10);
        step_to(clocks[i]); /* fake_alarm() wants no deadline before now */
        EXPECT(seen.level[0]);
        wr32(dev, PL031_ICR, 1);
        wr32(dev, PL031_MR, rd32(dev, PL031_DR) - 1);
        EXPECT_EQ(ris(), 0);
        host_calls();
        EXPECT_EQ(ris(), 0);
        if ( clocks[i] > UINT64_MAX - 3 * WRAP )
            EXPECT_EQ(m.alarm, NO_ALARM); /* a second that never comes */
        step_to(START);
        EXPECT_EQ(rd32(dev, PL031_DR), START);
    }

    /* The last second that is worth an alarm. */
    start_with(&host, UINT64_MAX - 2 * WRAP - 5);
    arm(UINT64_MAX - 2 * WRAP);
    EXPECT_EQ(m.alarm, UINT64_MAX - 2 * WRAP);
    run_to(UINT64_MAX - 2 * WRAP);
    EXPECT(seen.level[0]);

    /* A clock beyond the end stands still, and MR is met nevertheless. */
    start_with(&host_without_alarm, UINT64_MAX);
    wr32(dev, PL031_LR, 50);
    wr32(dev, PL031_MR, 50);
    EXPECT_EQ(ris(), 1);
    m.now = UINT64_MAX - 5;
    EXPECT_EQ(rd32(dev, PL031_DR), 50);
}

static void valid_rejects(void)
{
    struct vsio_pl031 good;

    start();
    arm(START + 10);
    good = m.rtc;
    EXPECT(vsio_pl031_valid(&m.rtc));
    m.rtc.deadline++;
    EXPECT(!vsio_pl031_valid(&m.rtc));
    m.rtc = good;
    m.rtc.last = m.rtc.deadline;
    EXPECT(!vsio_pl031_valid(&m.rtc));
    m.rtc = good;
    m.rtc.deadline += WRAP;
    m.rtc.armed += WRAP;
    EXPECT(!vsio_pl031_valid(&m.rtc));
    m.rtc = good;
    m.rtc.last = UINT64_MAX - 1;
    m.rtc.deadline = m.rtc.armed = UINT64_MAX;
    EXPECT(!vsio_pl031_valid(&m.rtc));
    m.rtc = good;
    m.rtc.mr++;
    EXPECT(!vsio_pl031_valid(&m.rtc));
    m.rtc = good;
    m.rtc.armed = NO_ALARM;
    EXPECT(!vsio_pl031_valid(&m.rtc));
    m.rtc = good;
    m.rtc.dev.lines = 1;
    EXPECT(!vsio_pl031_valid(&m.rtc));
    m.rtc = good;
    m.rtc.ris = true;
    EXPECT(!vsio_pl031_valid(&m.rtc));
    m.rtc = good;
    EXPECT(vsio_pl031_valid(&m.rtc));
}

/* The RTC as the manual draws it: a counter, and a comparator that looks. */
static struct {
    uint32_t counter, mr, lr;
    bool im, ris;
} ref;

static void ref_compare(void)
{
    ref.ris = ref.ris || ref.counter == ref.mr;
}

static void ref_matches(void)
{
    EXPECT_EQ(rd32(dev, PL031_RIS), ref.ris);
    EXPECT_EQ(rd32(dev, PL031_DR), ref.counter);
    EXPECT_EQ(rd32(dev, PL031_MR), ref.mr);
    EXPECT_EQ(rd32(dev, PL031_LR), ref.lr);
    EXPECT_EQ(rd32(dev, PL031_IMSC), ref.im);
    EXPECT_EQ(rd32(dev, PL031_MIS), ref.im && ref.ris);
    EXPECT_EQ(seen.level[0], ref.im && ref.ris);
}

static void walk_time(uint32_t random)
{
    uint32_t step = random % 6;

    if ( random & 0x100 )
    {
        ref_matches(); /* else nobody knows how far the clock came */
        if ( step )
        {
            ref.counter -= step;
            ref_compare();
        }
        step_to(m.now - step);
        return;
    }

    m.now += step;
    while ( step-- )
    {
        ref.counter++;
        ref_compare();
    }
    run_to(m.now);
    EXPECT_EQ(seen.level[0], ref.im && ref.ris);
}

static void walk_write(uint32_t random)
{
    uint32_t near = ref.counter + ((random >> 8) & 7) - 2;

    switch ( random & 7 )
    {
    case 0:
    case 1:
        ref.mr = near;
        wr32(dev, PL031_MR, near);
        ref_compare();
        break;
    case 2:
        ref.mr = (ref.mr & 0xffffff00) | (near & 0xff);
        wr8(dev, PL031_MR, near & 0xff);
        ref_compare();
        break;
    case 3:
        ref.lr = ref.counter = random & 0x1000 ? near : 0 - (random >> 29);
        wr32(dev, PL031_LR, ref.lr);
        ref_compare();
        break;
    case 4:
    case 5:
        ref.ris = ref.ris && !(random & 0x100);
        wr32(dev, PL031_ICR, (random >> 8) & 1);
        break;
    default:
        ref.im = random & 0x100;
        wr32(dev, PL031_IMSC, (random >> 8) & 1);
        break;
    }
}

static void random_walk(void)
{
    uint32_t seed = 0x1b0a57, i, random;

    start();
    ref.counter = (uint32_t)START;
    ref.mr = ref.lr = 0;
    ref.im = ref.ris = false;
    for ( i = 0; i < 60000; i++ )
    {
        random = random32(&seed);
        at(i, random);
        if ( random & 0x80000000 )
            walk_time(random);
        else
            walk_write(random);
        if ( (random & 0x70000000) == 0 )
            ref_matches();
    }
    EXPECT(dev->count.irqs > 1000);
}

static void expect_state(const struct vsio_pl031 *wanted)
{
    EXPECT_EQ(m.rtc.last, wanted->last);
    EXPECT_EQ(m.rtc.deadline, wanted->deadline);
    EXPECT_EQ(m.rtc.armed, wanted->armed);
    EXPECT_EQ(m.rtc.offset, wanted->offset);
    EXPECT_EQ(m.rtc.ris, wanted->ris);
    EXPECT_EQ(m.rtc.dev.lines, wanted->dev.lines);
    EXPECT_EQ(m.rtc.dev.count.reads, wanted->dev.count.reads);
}

/* The short cut and the read, on two copies. -> was it open? */
static bool short_cut(void)
{
    struct vsio_pl031 before = m.rtc, after;
    uint32_t wanted = rd32(dev, PL031_DR), value = 0x5555;
    bool open;

    after = m.rtc;
    m.rtc = before;
    open = vsio_pl031_read_dr(&m.rtc, m.now, &value);
    EXPECT_EQ(value, open ? wanted : 0x5555);
    expect_state(open ? &after : &before);
    m.rtc = after;

    return open;
}

static void short_cut_is_the_read(void)
{
    start();
    EXPECT(short_cut());
    m.now += 12345;
    EXPECT(short_cut());
    wr32(dev, PL031_LR, 1000);
    EXPECT(short_cut());

    /* A match, seen or not; and then until the next one. */
    arm(m.now + 10);
    m.now += 9;
    EXPECT(short_cut());
    m.now++;
    EXPECT(!short_cut());
    EXPECT(seen.level[0]);
    EXPECT(short_cut());
    m.now += WRAP - 1;
    EXPECT(short_cut());
    m.now++;
    EXPECT(!short_cut());
    EXPECT(short_cut());
}

static void short_cut_and_the_clock(void)
{
    start();
    m.now--;
    EXPECT(!short_cut()); /* it was set back */
    EXPECT(short_cut());

    start_with(&host, VSIO_PL031_CLOCK_END - 1);
    m.now++;
    EXPECT(short_cut());
    m.now++;
    EXPECT(!short_cut()); /* it stands still */
}

static const struct test table[] = {
    { "reset values and IDs are those of the manual", reset_values },
    { "the registers are where the manual has them", register_map },
    { "init looks at the clock, and calls nothing else", init_is_quiet },
    { "the class tells window, unit and lines", class_is_right },
    { "DR starts at the wall clock and follows it", dr_is_the_clock },
    { "DR can be read by bytes and halves", dr_by_parts },
    { "an access looks at the clock once at most", one_look_at_the_clock },
    { "LR rebases the counter and reads back", lr_rebases },
    { "the host sets the offset of the counter", host_sets_offset },
    { "an offset that the host sets moves the deadline", offset_and_match },
    { "the offset is that of the guest's LR", guest_sets_offset },
    { "parts of LR and MR merge with what was written last", parts_merge },
    { "CR reads 1; no write stops the clock or touches LR", cannot_be_stopped },
    { "IMSC has one bit", imsc_has_one_bit },
    { "gaps and IDs: read zero, ignore writes, are counted", nothing_there },
    { "read-only and write-only registers are so", wrong_direction },
    { "every offset and size", every_access },
    { "the line rises when DR reaches MR, falls by ICR", match },
    { "the match counts from LR", match_by_offset },
    { "MR equal to DR fires at once", mr_equal_to_now },
    { "MR in the past fires after the wrap", mr_in_the_past },
    { "a match across the wrap at 2^32", match_across_the_wrap },
    { "a match comes again with every wrap", match_every_wrap },
    { "after ICR the matching second is over", icr_is_final },
    { "ICR has one bit", icr_has_one_bit },
    { "LR equal to MR fires at once", lr_equal_to_mr },
    { "LR beyond MR does not fire", lr_beyond_mr },
    { "LR while armed moves the deadline", lr_while_armed },
    { "MR while armed moves the deadline", mr_while_armed },
    { "a match that nobody saw survives new MR and LR",
      reached_before_rewritten },
    { "the clock jumps forward: a match on the way fires once",
      clock_jumps_forward },
    { "the clock jumps to the second before the next match",
      clock_jumps_to_just_before_a_match },
    { "the clock steps back before the match: it still comes",
      clock_steps_back_before_the_match },
    { "the clock steps back over the match: it comes again",
      clock_steps_back_over_the_match },
    { "the clock steps back into the matching second: it is met",
      clock_steps_back_into_the_match },
    { "the clock steps back by several wraps", clock_steps_back_by_wraps },
    { "a step back clears nothing", clock_back_unmatched_ris_stays },
    { "a step back that the guest sees before the host calls",
      guest_sees_the_step_first },
    { "a masked match sets RIS; unmasking raises the line", masked_match },
    { "unmasking notices a match that nobody saw", unmask_is_the_first_look },
    { "masking disarms the host's alarm", mask_disarms },
    { "an early alarm is armed again", alarm_early },
    { "a late alarm fires once", alarm_late },
    { "repeated alarms do no harm", alarm_repeatedly },
    { "an alarm that was never armed does no harm", alarm_never_armed },
    { "a poller never sees DR beyond MR without RIS", poller_is_consistent },
    { "without set_alarm any look at the time raises the line",
      no_alarm_callback },
    { "a host with a clock and nothing else", no_callback_at_all },
    { "reset while armed disarms, and forgets LR", reset_while_armed },
    { "reset while raised lowers the line, keeps the counters",
      reset_while_raised },
    { "reset in second 0 does not match MR's 0", reset_in_the_matching_second },
    { "nonsense clocks neither hang nor overflow", nonsense_clock },
    { "valid() rejects each broken field", valid_rejects },
    { "a random walk agrees with a counter and a comparator", random_walk },
    { "the short cut of DR is the read, if that is all",
      short_cut_is_the_read },
    { "it is shut when the clock is set back, or at its end",
      short_cut_and_the_clock },
};
TESTS(table);
