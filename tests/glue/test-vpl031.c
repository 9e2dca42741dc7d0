/* SPDX-License-Identifier: GPL-2.0-only */
/* The RTC: alarms by Xen's timers and its wall clock. */

#include "devices/pl031-regs.h"
#include "fake-xen.h"
#include "layout.h"

#define RTC(reg) (VSIO_VPL031_BASE + PL031_##reg)
#define SPI      VSIO_VPL031_SPI

static void start(void)
{
    fake_start();
    fake.wc_nsec = 700000000; /* a second begins 300 ms after one of NOW() */
    EXPECT_EQ(vsio_vpl031_attach(&dom), 0);
}

static uint64_t clock_sec(void)
{
    return fake.wc_sec + (fake.wc_nsec + fake.now) / 1000000000UL;
}

static void alarm_in(uint32_t seconds)
{
    guest_wr(RTC(MR), guest_rd(RTC(DR)) + seconds);
    guest_wr(RTC(IMSC), 1);
}

/* Milliseconds until the line rises; limit: it did not. */
static unsigned int wait(unsigned int limit)
{
    unsigned long before = fake.raised[SPI];
    unsigned int ms;

    for ( ms = 0; ms < limit && fake.raised[SPI] == before; ms++ )
        fake_run(MILLISECS(1));

    return ms;
}

static void right_second(void)
{
    unsigned int phase;
    uint64_t when;

    for ( phase = 0; phase < 1000; phase += 111 )
    {
        start();
        fake_run(MILLISECS(phase));
        when = clock_sec() + 3;
        EXPECT_EQ(guest_rd(RTC(DR)), clock_sec());
        alarm_in(3);
        EXPECT(wait(5000) < 5000);
        at(phase, fake.now);
        EXPECT_EQ(clock_sec(), when);
        EXPECT((fake.wc_nsec + fake.now) % 1000000000UL <= 1000000);
        EXPECT_EQ(guest_rd(RTC(MIS)), 1);
        guest_wr(RTC(ICR), 1);
        EXPECT_EQ(guest_rd(RTC(RIS)), 0);
        fake_stop();
    }
}

/* Far ones are looked at on the way, and are not late for that. */
static void after_an_hour(void)
{
    uint64_t when;

    start();
    when = clock_sec() + 3600;
    alarm_in(3600);
    EXPECT(wait(3700000) < 3700000);
    EXPECT_EQ(clock_sec(), when);
    EXPECT(fake.fired <= 362);
    fake_stop();
}

/* Each look at the clock takes its time, and a second may begin in between. */
static void clock_moves(void)
{
    unsigned int i;

    for ( i = 0; i < 40; i++ )
    {
        uint64_t when;

        start();
        fake_run(MILLISECS(25) * i);
        when = clock_sec() + 2;
        alarm_in(2);
        fake.tick = MILLISECS(25);
        guest_wr(RTC(IMSC), 0);
        guest_wr(RTC(IMSC), 1);
        EXPECT(wait(5000) < 5000);
        at(i, fake.now);
        EXPECT_EQ(clock_sec(), when);
        fake.tick = 0;
        fake_stop();
    }
}

static void set_forward(void)
{
    start();
    alarm_in(3600);
    fake_run(SECONDS(60));
    EXPECT_EQ(fake.raised[SPI], 0);
    fake_set_clock(clock_sec() + 7200, 123456789);
    EXPECT(wait(10001) <= 10000);
    EXPECT_EQ(guest_rd(RTC(RIS)), 1);
    fake_stop();
}

static void set_backward(void)
{
    uint64_t when;

    start();
    when = clock_sec() + 5;
    alarm_in(5);
    fake_run(SECONDS(2));
    fake_set_clock(clock_sec() - 60, 900000000);
    EXPECT(wait(80000) < 80000);
    EXPECT_EQ(clock_sec(), when);
    EXPECT((fake.wc_nsec + fake.now) % 1000000000UL <= 1000000);
    fake_stop();
}

static void disarmed(void)
{
    start();
    EXPECT_EQ(fake_armed(), 0);
    alarm_in(5);
    EXPECT_EQ(fake_armed(), 1);
    guest_wr(RTC(IMSC), 0);
    EXPECT_EQ(fake_armed(), 0);
    fake_run(SECONDS(3600));
    EXPECT_EQ(fake.fired, 0);
    EXPECT_EQ(fake.raised[SPI], 0);
    fake_stop();
}

static void dead(void)
{
    start();
    alarm_in(5);
    vsio_domain_relinquish(&dom);
    EXPECT_EQ(fake_armed(), 0);
    alarm_in(7); /* a vCPU that was in the middle of it */
    EXPECT_EQ(fake_armed(), 0);
    fake_run(SECONDS(3600));
    EXPECT_EQ(fake.raised[SPI], 0);
    fake_stop();
}

static void no_storm(void)
{
    /* Far away, the last second that there is, now, and just missed. */
    static const uint32_t in[] = { 1000000, 0x7fffffff, 0xffffffff, 0 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(in); i++ )
    {
        at(i, in[i]);
        start();
        alarm_in(in[i]);
        guest_wr(RTC(ICR), 1);
        fake_run(MILLISECS(100));
        fake.fired = 0;
        fake_run(SECONDS(3 * 3600));
        EXPECT(fake.fired <= 3 * 360 + 1);
        fake_stop();
    }
}

/* Fired and never served: the line is looked at, the alarm is not. */
static void unserved(void)
{
    start();
    alarm_in(1);
    fake_run(SECONDS(10));
    EXPECT_EQ(guest_rd(RTC(MIS)), 1);
    fake.fired = 0;
    fake_run(SECONDS(3600));
    EXPECT(fake.fired <= 3600 * 1000 / 64 + 10);
    guest_wr(RTC(ICR), 1);
    guest_wr(RTC(IMSC), 0);
    fake_run(SECONDS(1));
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

/* Set, cleared, set: a guest can't make timers faster than its accesses. */
static void rearmed(void)
{
    unsigned int i;

    start();
    for ( i = 0; i < 10000; i++ )
        alarm_in(i % 3 + 1);
    EXPECT(fake_armed() <= 2);
    guest_wr(RTC(IMSC), 0);
    fake_run(SECONDS(1));
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

/* Nobody has set the clock: seconds count from boot, alarms work. */
static void unset_clock(void)
{
    fake_start();
    fake.wc_sec = 0;
    fake_run(MILLISECS(400));
    EXPECT_EQ(vsio_vpl031_attach(&dom), 0);
    EXPECT_EQ(guest_rd(RTC(DR)), 100);
    alarm_in(3);
    EXPECT(wait(5000) < 5000);
    EXPECT_EQ(clock_sec(), 103);
    EXPECT(fake.now % SECONDS(1) <= MILLISECS(1));
    fake_stop();
}

/* A Xen whose clock nobody has set, on a platform with this RTC. */
static void platform(uint32_t sec, uint64_t size)
{
    static struct dt_device_node node;

    fake_start();
    fake.wc_sec = 0;
    fake.rtc = &node;
    fake.rtc_size = size;
    fake.rtc_regs[PL031_DR / 4] = sec;
}

static void attach(uint64_t clock)
{
    EXPECT_EQ(vsio_vpl031_attach(&dom), 0);
    EXPECT_EQ(get_sec(), clock);
    EXPECT_EQ(guest_rd(RTC(DR)), clock);
    EXPECT_EQ(fake.io_mappings, 0);
    fake_stop();
}

static void from_platform(void)
{
    platform(1712345678, 0x1000);
    EXPECT_EQ(vsio_vpl031_attach(&dom), 0);
    EXPECT_EQ(guest_rd(RTC(DR)), 1712345678);
    EXPECT(fake_logged("Wall clock set from /pl031@9010000: 1712345678\n"));
    EXPECT_EQ(fake.log_lines, 1);

    /* Once only: from then on it is Xen's. */
    fake_run(SECONDS(10));
    fake_forget_log();
    fake.reserved[SPI] = false;
    dom.arch.vmmio.num_entries = 0;
    EXPECT_EQ(vsio_vpl031_attach(&dom), 0);
    EXPECT_EQ(get_sec(), 1712345688);
    EXPECT_EQ(fake.log_lines, 0);
    fake_stop();
}

static void no_platform(void)
{
    fake_start();
    fake.wc_sec = 0;
    attach(100);

    platform(1712345678, 0x1000);
    fake.rtc_off = true;
    attach(100);

    platform(1712345678, 0x1000);
    fake.rtc_passthrough = true;
    attach(100);

    platform(1712345678, 0x1000);
    fake.fail_at = 1; /* no address */
    attach(100);

    platform(1712345678, 0x1000);
    fake.fail_at = 2; /* no mapping */
    attach(100);

    platform(0, 0x1000); /* it does not run */
    attach(100);

    platform(1712345678, 2); /* no room for a register */
    attach(100);

    platform(1712345678, 0x1000); /* set already, by a dom0 */
    fake.wc_sec = 1700000000;
    attach(1700000100);
}

static const struct test table[] = {
    { "an alarm at the begin of its second, whatever the phase", right_second },
    { "an alarm in an hour", after_an_hour },
    { "a second that begins while the alarm is set", clock_moves },
    { "the clock is set forward over an alarm: it fires within 10 s",
      set_forward },
    { "the clock is set back: the alarm waits for its second", set_backward },
    { "an alarm that is taken back leaves no timer", disarmed },
    { "the alarm of a dead domain is gone", dead },
    { "alarms that are far, past or missed: a timer each ten seconds",
      no_storm },
    { "an alarm that is not served: only the line is looked at", unserved },
    { "alarms at a guest's pace: one timer", rearmed },
    { "a clock that nobody has set: alarms at its seconds, too", unset_clock },
    { "Xen's clock is taken from the platform's RTC", from_platform },
    { "no platform RTC, or none that works: nothing happens", no_platform },
};
TESTS(table);
