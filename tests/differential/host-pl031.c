/* SPDX-License-Identifier: MIT */
/*
 * A PL031 where QEMU's virt machine has it. Command: "clock 1700000000" sets
 * the host's clock, in seconds, and its timer goes off if it is due.
 */
#include <string.h>

#include "pl031.h"
#include "server.h"

static struct vsio_pl031 rtc;
static uint64_t clock_now, alarm_at = VSIO_PL031_NO_ALARM;

static uint64_t now(void *ctx)
{
    (void)ctx;

    return clock_now;
}

static void set_alarm(void *ctx, uint64_t when)
{
    (void)ctx;
    alarm_at = when;
}

static const struct vsio_pl031_host host = {
    .common = { .set_irq = server_irq },
    .now = now,
    .set_alarm = set_alarm,
};

static struct vsio_device *start(void)
{
    alarm_at = VSIO_PL031_NO_ALARM;
    vsio_pl031_init(&rtc, &host, NULL);

    return &rtc.dev;
}

/* A clock that went back is a step, and a step is told. */
static bool command(const char *word, const char *args)
{
    uint64_t before = clock_now;

    if ( strcmp(word, "clock") || !server_number(&args, &clock_now) )
        return false;

    if ( clock_now >= alarm_at || clock_now < before )
    {
        alarm_at = VSIO_PL031_NO_ALARM;
        vsio_pl031_alarm(&rtc);
    }

    return true;
}

const struct hosted hosted_pl031 = {
    .name = "pl031",
    .base = 0x09010000,
    .start = start,
    .command = command,
};
