/* SPDX-License-Identifier: MIT */
/*
 * Golden snapshots: what each version of each device's record looks like, byte
 * by byte, and that it is read forever. A new version adds an array to golden.h
 * and a line here; none is ever changed.
 */

#include "cfi-flash.h"
#include "golden.h"
#include "harness.h"
#include "i8042-regs.h"
#include "i8042.h"
#include "legacy-pio.h"
#include "ns16550.h"
#include "snapshot.h"

static struct machine {
    struct vsio_ns16550 com;
    struct vsio_i8042 kbc;
    struct vsio_cfi_flash flash;
    struct vsio_legacy_pio legacy;
} old, new;

static uint8_t array[0x10000], record[VSIO_RECORD_MAX],
    scratch[VSIO_RECORD_MAX];

static bool no_room(void *ctx, uint8_t byte)
{
    return ctx && byte == 0 && false;
}

static const struct vsio_ns16550_host com_host = { .tx = no_room };
static const struct vsio_i8042_host kbc_host = {
    .devices = VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE,
};
static const struct vsio_cfi_flash_host flash_host = { .dirty = NULL };
static const struct vsio_host legacy_host = { .set_irq = NULL };
static const struct vsio_cfi_flash_geometry geometry = {
    .size = sizeof(array), .block = 0x1000, .width = 2, .chips = 1, .buffer = 32
};

static void boot(struct machine *m)
{
    vsio_ns16550_init(&m->com, &com_host, NULL, 1, 16);
    vsio_i8042_init(&m->kbc, &kbc_host, NULL);
    EXPECT(vsio_cfi_flash_init(&m->flash, &geometry, array, &flash_host, NULL));
    vsio_legacy_pio_init(&m->legacy, &legacy_host, NULL);
}

/* A UART with bytes both ways, a key, and half of a buffered program. */
static void work(struct machine *m)
{
    boot(m);
    vsio_write(&m->com.dev, 2, 1, 0x81);
    vsio_write(&m->com.dev, 1, 1, 0x05);
    vsio_write(&m->com.dev, 0, 1, 'a');
    vsio_write(&m->com.dev, 0, 1, 'b');
    vsio_ns16550_rx(&m->com, (const uint8_t *)"xyz", 3);
    vsio_write(&m->kbc.dev, I8042_CMD, 1, I8042_CMD_KBD_ENABLE);
    vsio_i8042_key(&m->kbc, 0x1c, true);
    vsio_i8042_key(&m->kbc, 0x1c, false);
    vsio_write(&m->flash.dev, 0x1000, 2, 0xe8);
    vsio_write(&m->flash.dev, 0x1000, 2, 3);
    vsio_write(&m->flash.dev, 0x1004, 2, 0xbeef);
    vsio_write(&m->legacy.dev, 0xcf8, 4, 0x80000008);
}

static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
    while ( n && *a == *b )
        a++, b++, n--;

    return n == 0;
}

/* The counter of interrupts: a line that is raised anew is one more. */
#define IRQS (VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS - 8U)

static void check(struct vsio_device *from,
                  struct vsio_device *to,
                  const uint8_t *golden,
                  size_t size)
{
    size_t used = 0;

    EXPECT_EQ(vsio_save(from, record, sizeof(record), &used), VSIO_OK);
    EXPECT_EQ(used, size);
    EXPECT(same(record, golden, size));

    used = 0;
    EXPECT_EQ(vsio_restore(to, golden, size, &used, scratch), VSIO_OK);
    EXPECT_EQ(used, size);
    EXPECT_EQ(vsio_save(to, record, sizeof(record), &used), VSIO_OK);
    EXPECT(same(record, golden, IRQS));
    EXPECT(same(record + IRQS + 8, golden + IRQS + 8, size - IRQS - 8));
}

static void both(void)
{
    work(&old);
    boot(&new);
}

static void ns16550_1(void)
{
    uint32_t value;

    both();
    check(&old.com.dev, &new.com.dev, golden_ns16550_v1,
          sizeof(golden_ns16550_v1));
    EXPECT(vsio_read(&new.com.dev, 0, 1, &value));
    EXPECT_EQ(value, 'x');
}

static void i8042_1(void)
{
    uint32_t value;

    both();
    check(&old.kbc.dev, &new.kbc.dev, golden_i8042_v1, sizeof(golden_i8042_v1));
    EXPECT(vsio_read(&new.kbc.dev, I8042_DATA, 1, &value));
    EXPECT_EQ(value, 0x1e);
}

static void cfi_flash_1(void)
{
    both();
    check(&old.flash.dev, &new.flash.dev, golden_cfi_flash_v1,
          sizeof(golden_cfi_flash_v1));
}

static void legacy_pio_1(void)
{
    uint32_t value;

    both();
    check(&old.legacy.dev, &new.legacy.dev, golden_legacy_pio_v1,
          sizeof(golden_legacy_pio_v1));
    EXPECT(vsio_read(&new.legacy.dev, 0xcf8, 4, &value));
    EXPECT_EQ(value, 0x80000008);
}

static const struct test table[] = {
    { "the 16550A record of version 1", ns16550_1 },
    { "the i8042 record of version 1", i8042_1 },
    { "the CFI flash record of version 1", cfi_flash_1 },
    { "the legacy ports' record of version 1", legacy_pio_1 },
};
TESTS(table);
