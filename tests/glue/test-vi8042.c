/* SPDX-License-Identifier: GPL-2.0-only */
/* The i8042: its reset line ends the domain. */

#include "devices/i8042-regs.h"
#include "fake-xen.h"
#include "layout.h"

#include <public/sched.h>

#define DATA (VSIO_VI8042_BASE + I8042_DATA)
#define CMD  (VSIO_VI8042_BASE + I8042_CMD)

static void start(void)
{
    fake_start();
    EXPECT_EQ(vsio_vi8042_attach(&dom), 0);
    fake_forget_log();
}

static void put8(paddr_t gpa, uint8_t value)
{
    register_t r = value;

    EXPECT_EQ(guest_access(gpa, DABT_BYTE, true, &r), 1);
}

static uint8_t get8(paddr_t gpa)
{
    register_t r = 0;

    EXPECT_EQ(guest_access(gpa, DABT_BYTE, false, &r), 1);

    return r;
}

static void expect_reboot(void)
{
    EXPECT_EQ(fake.shutdowns, 1);
    EXPECT_EQ(fake.shutdown_reason, SHUTDOWN_reboot);
    EXPECT_EQ(fake.log_lines, 1);
    EXPECT(fake_logged("d1: i8042 reset: domain reboots\n"));
}

static void pulse(void)
{
    start();
    put8(CMD, 0xfe);
    expect_reboot();
    get8(CMD);
    put8(DATA, 0x00);
    expect_reboot();
    fake_stop();
}

static void outport(void)
{
    start();
    put8(CMD, 0xd1);
    EXPECT_EQ(fake.shutdowns, 0);
    put8(DATA, 0xfe);
    expect_reboot();
    fake_stop();
}

static void whole_words(void)
{
    start();
    guest_wr(CMD, 0xfe);
    expect_reboot();
    fake_stop();
}

static void others(void)
{
    unsigned int i;

    start();
    for ( i = 0; i < 0xf0; i++ )
    {
        put8(CMD, i);
        put8(DATA, 0xff); /* reset line stays high */
        get8(DATA);
        get8(CMD);
    }
    EXPECT_EQ(fake.shutdowns, 0);
    fake_stop();
}

static void self_test(void)
{
    start();
    put8(CMD, 0xaa);
    EXPECT(get8(CMD) & I8042_STR_OBF);
    EXPECT_EQ(get8(DATA), 0x55);
    EXPECT(!(get8(CMD) & I8042_STR_OBF));
    fake_stop();
}

/* Command D2 makes the controller's own byte look like the keyboard's. */
static void two_lines(void)
{
    start();
    put8(CMD, 0x60);
    put8(DATA, I8042_CTR_KBD_INT | I8042_CTR_AUX_INT);
    put8(CMD, 0xd2);
    put8(DATA, 0x12);
    EXPECT_EQ(fake.raised[VSIO_VI8042_SPI], 1);
    EXPECT_EQ(fake.raised[VSIO_VI8042_SPI + 1], 0);
    EXPECT_EQ(get8(DATA), 0x12);
    put8(CMD, 0xd3);
    put8(DATA, 0x34);
    EXPECT_EQ(fake.raised[VSIO_VI8042_SPI], 1);
    EXPECT_EQ(fake.raised[VSIO_VI8042_SPI + 1], 1);
#ifndef CONFIG_NEW_VGIC
    fake_run(MILLISECS(5));
    EXPECT_EQ(fake.raised[VSIO_VI8042_SPI], 1);
    EXPECT(fake.raised[VSIO_VI8042_SPI + 1] > 1);
#endif
    EXPECT_EQ(get8(DATA), 0x34);
    fake_stop();
}

static void beyond(void)
{
    register_t r = 0xfe;

    start();
    EXPECT_EQ(guest_access(DATA, 3, true, &r), 0);
    EXPECT_EQ(guest_access(CMD, 3, true, &r), 0);
    EXPECT_EQ(guest_access(CMD + 4, DABT_WORD, true, &r), 0);
    EXPECT_EQ(guest_access(CMD + 4, DABT_WORD, false, &r), 0);
    EXPECT_EQ(fake.shutdowns, 0);
    fake_stop();
}

static const struct test table[] = {
    { "FE to the command register: one reboot, outside of the lock", pulse },
    { "the reset bit of the output port does the same", outport },
    { "32-bit accesses do, too", whole_words },
    { "all other commands don't", others },
    { "the self test passes", self_test },
    { "keyboard and mouse have an interrupt each", two_lines },
    { "64 bits, and what is beyond the two registers, abort", beyond },
};
TESTS(table);
