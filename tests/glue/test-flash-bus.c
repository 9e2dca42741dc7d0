/* SPDX-License-Identifier: GPL-2.0-only */
/* A flash with the bus that the toolstack asks for. */

#include "devices/cfi-flash-regs.h"
#include "toolstack.h"

/* Does a driver find it that tries a bus of so many bytes, and a chip of 1? */
static bool found(unsigned int bus)
{
    static const char query[] = "QRY";
    register_t r = 0x98;
    unsigned int i, n = 0, size = bus / 2;

    guest_access(FLASH_BASE + 0x55 * bus, size, true, &r);
    for ( i = 0; i < 3; i++ )
    {
        guest_access(FLASH_BASE + (0x10 + i) * bus, size, false, &r);
        n += (r & 0xff) == (register_t)query[i];
    }
    r = 0xff;
    guest_access(FLASH_BASE, size, true, &r);

    return n == 3;
}

static void attach_bus(uint32_t stride)
{
    struct xen_vsio_attach *a;

    fake_start();
    a = describe(XEN_VSIO_CFI_FLASH);
    a->stride = stride;
    a->block = BLOCK / 2; /* the most that a chip of 8 bits can have */
    EXPECT_EQ(attach_it(), 0);
}

static void a_chip_of_8_bits(void)
{
    attach_bus(1);
    EXPECT(found(1));
    fake_stop();
}

static void a_chip_of_16_bits(void)
{
    attach_bus(2);
    EXPECT(!found(1));
    EXPECT(found(2));
    fake_stop();
}

static void two_chips(void)
{
    attach_bus(0);
    EXPECT(!found(1));
    EXPECT(!found(2));
    EXPECT(found(4));
    fake_stop();
    attach_bus(4);
    EXPECT(!found(2));
    EXPECT(found(4));
    fake_stop();
}

static const struct test table[] = {
    { "a flash of one 8-bit chip is found on a bus of 8 bits",
      a_chip_of_8_bits },
    { "a flash of one 16-bit chip is found on a bus of 16 bits",
      a_chip_of_16_bits },
    { "any other one is two chips of 16 bits", two_chips },
};
TESTS(table);
