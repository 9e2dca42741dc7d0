/* SPDX-License-Identifier: MIT */
/* The ports that a PC guest pokes at boot, and the map of a PC's ports. */

#include "bus.h"
#include "harness.h"
#include "i8042-regs.h"
#include "i8042.h"
#include "legacy-pio-regs.h"
#include "legacy-pio.h"
#include "ns16550.h"
#include "snapshot.h"

#define REFRESH LEGACY_PORT_B_REFRESH
#define OUT2    0x20U /* timer 2's output */

static struct {
    struct vsio_legacy_pio legacy;
    struct vsio_i8042 i8042;
    struct vsio_ns16550 com1;
    struct vsio_bus bus;
    struct vsio_bus_region regions[VSIO_PC_REGIONS];
    uint8_t sent;
    unsigned int resets;
} m;

static struct vsio_device *const dev = &m.legacy.dev;

static bool valid(const struct vsio_device *d)
{
    return vsio_legacy_pio_valid((const struct vsio_legacy_pio *)d);
}

static bool send(void *ctx, uint8_t byte)
{
    (void)ctx;
    m.sent = byte;

    return true;
}

static void reset(void *ctx)
{
    (void)ctx;
    m.resets++;
}

static const struct vsio_host host = { .set_irq = seen_irq,
                                       .event = seen_event,
                                       .events = VSIO_WANT_ERRORS };
static const struct vsio_host host_without_callbacks = { .events = 0 };
static const struct vsio_i8042_host i8042_host = { .reset = reset };
static const struct vsio_ns16550_host com1_host = { .tx = send };

static void start(void)
{
    vsio_legacy_pio_init(&m.legacy, &host, &m);
    watch(dev, sizeof(m.legacy), valid);
}

static void start_pc(void)
{
    const struct vsio_pc_ports pc = { .legacy = dev,
                                      .i8042 = &m.i8042.dev,
                                      .com1 = &m.com1.dev };

    start();
    vsio_i8042_init(&m.i8042, &i8042_host, &m);
    vsio_ns16550_init(&m.com1, &com1_host, &m, 1, VSIO_NS16550_FIFO);
    vsio_bus_init(&m.bus, m.regions, VSIO_PC_REGIONS);
    EXPECT_EQ(vsio_pc_map(&m.bus, &pc, NULL), VSIO_BUS_OK);
    EXPECT(vsio_bus_valid(&m.bus));
}

/* As the instructions of those names do; nobody: a floating bus. */
static uint32_t in(uint16_t port, unsigned int size)
{
    uint32_t value = UINT32_MAX >> (32 - 8 * size);

    vsio_bus_read(&m.bus, VSIO_SPACE_PORTS, port, size, &value);

    return value;
}

static uint8_t inb(uint16_t port)
{
    return (uint8_t)in(port, 1);
}

static void outb(uint16_t port, uint8_t value)
{
    EXPECT_EQ(vsio_bus_write(&m.bus, VSIO_SPACE_PORTS, port, 1, value),
              VSIO_BUS_ANSWERED);
}

static void outl(uint16_t port, uint32_t value)
{
    EXPECT_EQ(vsio_bus_write(&m.bus, VSIO_SPACE_PORTS, port, 4, value),
              VSIO_BUS_ANSWERED);
}

static void class_is_right(void)
{
    start();
    EXPECT_EQ(vsio_legacy_pio_class.window, 0xd00);
    EXPECT_EQ(vsio_legacy_pio_class.unit, 4);
    EXPECT_EQ(vsio_legacy_pio_class.lines, 0);
    EXPECT_EQ(dev->count.reads + dev->count.writes, 0);
}

static void absorbed(void)
{
    static const uint16_t ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x40,
                                      0x41, 0x42, 0x43, 0x70, 0x71 };
    unsigned int i;

    start();
    for ( i = 0; i < ARRAY_SIZE(ports); i++ )
    {
        at(ports[i], 0);
        EXPECT_EQ(rd8(dev, ports[i]), 0);
        wr8(dev, ports[i], 0xff);
        EXPECT_EQ(rd8(dev, ports[i]), 0);
    }
    EXPECT_EQ(rd16(dev, 0x40), 0);
    EXPECT_EQ(rd16(dev, 0x70), 0);
    wr16(dev, 0x20, 0x1111);
    EXPECT_EQ(dev->count.unknown, 0); /* nobody did anything wrong */
    EXPECT_EQ(seen.events, 0);
}

/* Linux: is there a PIC? The mask that it wrote does not read back. */
static void pic_probe(void)
{
    start_pc();
    outb(0x21, 0xfb);
    EXPECT(inb(0x21) != 0xfb);
}

/* Linux's way to the CMOS clock: it waits for the end of an update. */
static void cmos_not_updating(void)
{
    start_pc();
    outb(0x70, 0x0a);
    EXPECT_EQ(inb(0x71) & 0x80, 0);
}

static void port_b_stored(void)
{
    uint8_t value;

    start_pc();
    for ( value = 0; value < 16; value++ )
    {
        at(value, 0);
        outb(0x61, value | 0xf0);
        EXPECT_EQ(inb(0x61) & 0xcf, value);
    }
    EXPECT_EQ(dev->count.unknown, 0);
}

static void port_b_alone(void)
{
    uint32_t port;

    start();
    wr8(dev, 0x61, 0x0f);
    for ( port = 0x60; port < 0x64; port++ )
        if ( port != 0x61 )
            WR_UNKNOWN(dev, port, 1, 0xf0);
    EXPECT_EQ(rd8(dev, 0x61) & 0xcf, 0x0f);
}

static void port_b_toggles(void)
{
    uint8_t was, now;
    unsigned int i;

    start_pc();
    was = inb(0x61);
    for ( i = 0; i < 100; i++, was = now )
    {
        at(i, was);
        now = inb(0x61);
        EXPECT_EQ((was ^ now) & REFRESH, REFRESH);
        EXPECT_EQ((was ^ now) & OUT2, was & REFRESH ? OUT2 : 0);
        if ( i % 7 == 3 )
            outb(0x61, (uint8_t)i); /* a write is not a look */
    }
}

/* How many reads until all bits of mask are what is wanted, at most 8. */
static unsigned int reads_until(uint8_t mask, uint8_t want)
{
    unsigned int n;

    for ( n = 1; n < 8; n++ )
        if ( (inb(0x61) & mask) == want )
            break;

    return n;
}

/* A constant 0 hangs pit_calibrate_tsc() of Linux. */
static void pit_calibration_ends(void)
{
    unsigned int i;

    start_pc();
    for ( i = 0; i < 4; i++ ) /* from each phase */
    {
        at(i, 0);
        outb(0x61, (uint8_t)((inb(0x61) & ~0x02) | 0x01));
        outb(0x43, 0xb0);
        outb(0x42, 0xff);
        outb(0x42, 0xff);
        EXPECT(reads_until(OUT2, OUT2) <= 4);
        EXPECT(reads_until(OUT2, 0) <= 4);
        inb(0x61);
    }
}

/* crosvm, cloud-hypervisor: a constant 0x20 hangs whoever awaits an edge. */
static void refresh_wait_ends(void)
{
    unsigned int i;

    start_pc();
    for ( i = 0; i < 4; i++ )
    {
        at(i, 0);
        EXPECT(reads_until(REFRESH, 0) <= 2);
        EXPECT_EQ(reads_until(REFRESH, REFRESH), 1);
        EXPECT_EQ(reads_until(REFRESH, 0), 1);
        inb(0x61);
    }
}

static void pci_address(void)
{
    start_pc();
    EXPECT_EQ(in(0xcf8, 4), 0);
    outl(0xcf8, 0x80000000);
    EXPECT_EQ(in(0xcf8, 4), 0x80000000);
    outl(0xcf8, 0xffffffff);
    EXPECT_EQ(in(0xcf8, 4), 0x80fffffc);
    EXPECT_EQ(in(0xcfb, 1), 0x80);
    outl(0xcf8, 0x80123454);
    EXPECT_EQ(in(0xcf8, 4), 0x80123454);
    EXPECT_EQ(in(0xcfa, 2), 0x8012);
}

static void pci_address_is_one_dword(void)
{
    start();
    wr32(dev, 0xcf8, 0x80000800);
    WR_UNKNOWN(dev, 0xcfb, 1, 1);
    WR_UNKNOWN(dev, 0xcf9, 1, 6); /* a reset, of chipsets that have it */
    WR_UNKNOWN(dev, 0xcf8, 2, 0xffff);
    EXPECT_EQ(rd32(dev, 0xcf8), 0x80000800);
}

static void pci_data(void)
{
    static const uint32_t addresses[] = { 0, 0x80000000, 0x80fffffc,
                                          0x8000f808 };
    unsigned int i;

    start_pc();
    for ( i = 0; i < ARRAY_SIZE(addresses); i++ )
    {
        at(addresses[i], 0);
        outl(0xcf8, addresses[i]);
        outl(0xcfc, 0);
        outb(0xcfe, 0x55);
        EXPECT_EQ(in(0xcfc, 4), 0xffffffff);
        EXPECT_EQ(in(0xcfc, 2), 0xffff);
        EXPECT_EQ(in(0xcfe, 2), 0xffff);
        EXPECT_EQ(in(0xcfd, 1), 0xff);
        EXPECT_EQ(in(0xcf8, 4), addresses[i]);
    }
    EXPECT_EQ(dev->count.unknown, 0);
}

/* Linux's pci_check_type1(), and its look for any device on bus 0. */
static void pci_probe(void)
{
    uint32_t old, devfn;

    start_pc();
    EXPECT_EQ(vsio_bus_write(&m.bus, VSIO_SPACE_PORTS, 0xcfb, 1, 1),
              VSIO_BUS_ANSWERED);
    old = in(0xcf8, 4);
    outl(0xcf8, 0x80000000);
    EXPECT_EQ(in(0xcf8, 4), 0x80000000);
    for ( devfn = 0; devfn < 256; devfn++ )
    {
        at(devfn, 0);
        outl(0xcf8, 0x80000000 | devfn << 8);
        EXPECT_EQ(in(0xcfc, 4), 0xffffffff);
        outl(0xcf8, 0x80000008 | devfn << 8);
        EXPECT_EQ(in(0xcfe, 2), 0xffff);
    }
    outl(0xcf8, old);
    EXPECT_EQ(in(0xcf8, 4), old);
}

static void not_there(void)
{
    static const uint16_t ports[] = { 0x00, 0x24, 0x64, 0x80, 0x3f8, 0xcf4 };
    static const uint16_t beside[] = { 0x22, 0x23, 0x60, 0x62, 0x63,
                                       0x72, 0x73, 0xa2, 0xa3 };
    unsigned int i;

    start();
    for ( i = 0; i < ARRAY_SIZE(ports); i++ )
    {
        at(ports[i], 0);
        RD_UNKNOWN(dev, ports[i], 4);
        RD_UNKNOWN(dev, ports[i] + 1U, 1);
        WR_UNKNOWN(dev, ports[i], 4, 0xffffffff);
        WR_UNKNOWN(dev, ports[i], 1, 1);
    }
    for ( i = 0; i < ARRAY_SIZE(beside); i++ )
    {
        at(beside[i], 1);
        WR_UNKNOWN(dev, beside[i], 1, 0xff);
    }
    EXPECT_EQ(rd8(dev, 0x61), 0); /* it was none of them */
}

static void every_access(void)
{
    start();
    battery();
    vsio_legacy_pio_init(&m.legacy, &host_without_callbacks, NULL);
    watch(dev, sizeof(m.legacy), valid);
    battery();
}

static void reset_values(void)
{
    start();
    wr8(dev, 0x61, 3);
    rd8(dev, 0x61);
    wr32(dev, 0xcf8, 0x80000000);
    vsio_reset(dev);
    CHECK_VALID();
    EXPECT_EQ(rd32(dev, 0xcf8), 0);
    EXPECT_EQ(rd8(dev, 0x61), 0);
    EXPECT_EQ(dev->count.writes, 2);
}

static void valid_rejects(void)
{
    start();
    m.legacy.pci_addr = 1;
    EXPECT(!valid(dev));
    start();
    m.legacy.port_b = 0x10;
    EXPECT(!valid(dev));
    start();
    m.legacy.phase = 4;
    EXPECT(!valid(dev));
    start();
    dev->lines = 1;
    EXPECT(!valid(dev));
}

static void snapshot(void)
{
    static uint8_t record[VSIO_RECORD_MAX], scratch[VSIO_RECORD_MAX];
    size_t used = 0, taken = 0;

    start();
    wr32(dev, 0xcf8, 0x80345678);
    wr8(dev, 0x61, 0x0b);
    rd8(dev, 0x61);
    rd8(dev, 0x61);
    EXPECT_EQ(vsio_save(dev, record, sizeof(record), &used), VSIO_OK);
    EXPECT_EQ(used, VSIO_RECORD_HEADER + vsio_legacy_pio_class.record);
    start();
    EXPECT_EQ(vsio_restore(dev, record, used, &taken, scratch), VSIO_OK);
    EXPECT_EQ(taken, used);
    CHECK_VALID();
    EXPECT_EQ(dev->count.writes, 2);
    EXPECT_EQ(rd8(dev, 0x61), 0x0b | OUT2);
    EXPECT_EQ(rd32(dev, 0xcf8), 0x80345678);

    record[used - 1] = 4; /* no such phase */
    EXPECT_EQ(vsio_restore(dev, record, used, &taken, scratch),
              VSIO_ERROR_INVALID);
    EXPECT_EQ(rd8(dev, 0x61), 0x0b | OUT2 | REFRESH);
}

static void map_i8042(void)
{
    start_pc();
    outb(0x64, I8042_CMD_SELF_TEST);
    EXPECT_EQ(inb(0x64) & I8042_STR_OBF, I8042_STR_OBF);
    outb(0x61, 3); /* between its ports, and not its own */
    EXPECT_EQ(inb(0x61) & 3, 3);
    EXPECT_EQ(inb(0x60), I8042_SELF_TEST_OK);
    EXPECT_EQ(inb(0x64) & I8042_STR_OBF, 0);
    EXPECT_EQ(inb(0x62), 0xff);
    EXPECT_EQ(inb(0x63), 0xff);
    EXPECT_EQ(inb(0x65), 0xff);
    EXPECT_EQ(m.i8042.dev.count.reads, 3);
    EXPECT_EQ(dev->count.reads, 1);
    outb(0x64, 0xfe);
    EXPECT_EQ(m.resets, 1);
    m.resets = 0;
}

static void map_com1(void)
{
    start_pc();
    outb(0x3f8, 'x');
    EXPECT_EQ(m.sent, 'x');
    outb(0x3ff, 0x5a); /* the scratch register */
    EXPECT_EQ(inb(0x3ff), 0x5a);
    EXPECT_EQ(inb(0x400), 0xff);
    EXPECT_EQ(inb(0x3f7), 0xff);
}

/* Which ports answer, one by one, and who. */
static void map_is_exact(void)
{
    const struct vsio_bus_region *r;
    struct vsio_device *want;
    uint32_t port;

    start_pc();
    for ( port = 0; port < 0x10000; port++ )
    {
        at(port, 0);
        want = NULL;
        if ( (port & ~0x81U) == 0x20 || port >> 2 == 0x10 || port == 0x61 ||
             port >> 1 == 0x38 || port >> 3 == 0x19f )
            want = dev;
        if ( port == 0x60 || port == 0x64 )
            want = &m.i8042.dev;
        if ( port >> 3 == 0x7f )
            want = &m.com1.dev;
        r = vsio_bus_find(&m.bus, VSIO_SPACE_PORTS, port);
        EXPECT((r ? r->dev : NULL) == want);
        if ( r && want == dev )
            EXPECT_EQ(r->offset + port - r->base, port);
        EXPECT(!vsio_bus_find(&m.bus, VSIO_SPACE_MMIO, port));
    }
}

static void map_of_some(void)
{
    struct vsio_pc_ports pc = { .com1 = NULL };

    start_pc();
    vsio_bus_init(&m.bus, m.regions, VSIO_PC_REGIONS);
    EXPECT_EQ(vsio_pc_map(&m.bus, &pc, NULL), VSIO_BUS_OK);
    EXPECT_EQ(m.bus.count, 0);
    pc.legacy = dev;
    EXPECT_EQ(vsio_pc_map(&m.bus, &pc, NULL), VSIO_BUS_OK);
    EXPECT_EQ(m.bus.count, 6);
    EXPECT_EQ(inb(0x60), 0xff);
    EXPECT_EQ(inb(0x3f8), 0xff);
}

static void map_errors(void)
{
    const struct vsio_pc_ports pc = { .legacy = dev,
                                      .i8042 = &m.i8042.dev,
                                      .com1 = &m.com1.dev };
    const struct vsio_bus_region *there = NULL;

    start_pc();
    EXPECT_EQ(vsio_pc_map(&m.bus, &pc, &there), VSIO_BUS_TAKEN);
    EXPECT(there && there->base == 0x20 && there->dev == dev);
    vsio_bus_init(&m.bus, m.regions, VSIO_PC_REGIONS - 1);
    EXPECT_EQ(vsio_pc_map(&m.bus, &pc, NULL), VSIO_BUS_FULL);
    EXPECT(vsio_bus_valid(&m.bus));
}

static const struct test table[] = {
    { "the class tells window, unit and lines", class_is_right },
    { "PIC, PIT and CMOS read 0 and absorb writes", absorbed },
    { "Linux finds no PIC", pic_probe },
    { "the CMOS clock is never being updated", cmos_not_updating },
    { "port B stores its low bits", port_b_stored },
    { "a write beside port B is not of it", port_b_alone },
    { "port B: refresh toggles with each read, timer 2 with each second",
      port_b_toggles },
    { "a PIT calibration ends (a constant 0 hangs it)", pit_calibration_ends },
    { "a wait for refresh ends (crosvm's constant 0x20 hangs it)",
      refresh_wait_ends },
    { "CONFIG_ADDRESS reads back, reserved bits are 0", pci_address },
    { "CONFIG_ADDRESS is written by 32 bits only", pci_address_is_one_dword },
    { "CONFIG_DATA reads all ones whatever the address", pci_data },
    { "Linux finds mechanism #1, and no device", pci_probe },
    { "other ports: read zero, ignore writes, are counted", not_there },
    { "every offset and size", every_access },
    { "reset", reset_values },
    { "valid() rejects each broken field", valid_rejects },
    { "a snapshot keeps port B and CONFIG_ADDRESS", snapshot },
    { "the map: i8042 at 0x60 and 0x64, port B between", map_i8042 },
    { "the map: COM1 at 0x3f8 to 0x3ff", map_com1 },
    { "the map: each of the 65536 ports", map_is_exact },
    { "the map without some of the devices", map_of_some },
    { "the map on a bus that is taken, or too small", map_errors },
};
TESTS(table);
