/* SPDX-License-Identifier: MIT */
/* Ports of a PC with nothing behind them; see legacy-pio.h. */

#include "i8042-regs.h"
#include "legacy-pio.h"
#include "legacy-pio-regs.h"
#include "snapshot.h"

/* Port B's place in its register. */
#define PORT_B_REG   (LEGACY_PORT_B & ~3U)
#define PORT_B_SHIFT (8U * (LEGACY_PORT_B & 3U))

static struct vsio_legacy_pio *to_legacy(struct vsio_device *dev)
{
    return (struct vsio_legacy_pio *)dev;
}

/* The bytes of a register that are ports of ours. */
static uint32_t lanes(uint32_t reg)
{
    switch ( reg )
    {
    case LEGACY_PIC1:
    case LEGACY_CMOS:
    case LEGACY_PIC2:
        return 0xffff;
    case LEGACY_PIT:
    case LEGACY_PCI_ADDR:
    case LEGACY_PCI_DATA:
        return UINT32_MAX;
    case PORT_B_REG:
        return (uint32_t)0xff << PORT_B_SHIFT;
    default:
        return 0;
    }
}

/*
 * There is no clock here: refresh toggles with each look, and timer 2's output
 * with each second one. Whoever waits for a level or an edge of either will
 * see it by the fifth look.
 */
static uint32_t read_port_b(struct vsio_legacy_pio *l)
{
    uint32_t value = l->port_b;

    if ( l->phase & 1 )
        value |= LEGACY_PORT_B_REFRESH;
    if ( l->phase & 2 )
        value |= LEGACY_PORT_B_TIMER2_OUT;
    l->phase = (l->phase + 1) & 3;

    return value << PORT_B_SHIFT;
}

static uint32_t legacy_read(struct vsio_device *dev, uint32_t reg)
{
    struct vsio_legacy_pio *l = to_legacy(dev);

    switch ( reg )
    {
    case PORT_B_REG:
        return read_port_b(l);
    case LEGACY_PCI_ADDR:
        return l->pci_addr;
    case LEGACY_PCI_DATA:
        return UINT32_MAX; /* no device: a master abort */
    default:
        if ( !lanes(reg) )
            vsio_unknown(dev, reg, false, 0);
        return 0;
    }
}

/* All 32 bits at once; parts are other ports, where nothing is. */
static void write_pci_addr(struct vsio_legacy_pio *l,
                           uint32_t value,
                           uint32_t mask)
{
    if ( mask == UINT32_MAX )
        l->pci_addr = value & LEGACY_PCI_ADDR_MASK;
    else
        vsio_unknown(&l->dev, LEGACY_PCI_ADDR, true, value);
}

static void legacy_write(struct vsio_device *dev,
                         uint32_t reg,
                         uint32_t value,
                         uint32_t mask)
{
    struct vsio_legacy_pio *l = to_legacy(dev);

    if ( !(mask & lanes(reg)) )
    {
        vsio_unknown(dev, reg, true, value);
        return;
    }

    switch ( reg )
    {
    case PORT_B_REG:
        l->port_b = (value >> PORT_B_SHIFT) & LEGACY_PORT_B_STORED;
        break;
    case LEGACY_PCI_ADDR:
        write_pci_addr(l, value, mask);
        break;
    default: /* absorbed */
        break;
    }
}

static void legacy_reset(struct vsio_device *dev)
{
    struct vsio_legacy_pio *l = to_legacy(dev);

    l->pci_addr = 0;
    l->port_b = l->phase = 0;
}

void vsio_legacy_pio_init(struct vsio_legacy_pio *l,
                          const struct vsio_host *host,
                          void *ctx)
{
    *l = (struct vsio_legacy_pio){
        .dev = { .class = &vsio_legacy_pio_class, .host = host, .ctx = ctx },
    };
}

/* Who is at a port: a member of struct vsio_pc_ports. */
enum who { LEGACY, I8042, COM1, WHO };

static const struct {
    uint16_t port, offset;
    uint8_t size, who;
} map[VSIO_PC_REGIONS] = {
    { LEGACY_PIC1, LEGACY_PIC1, 2, LEGACY },
    { LEGACY_PIT, LEGACY_PIT, 4, LEGACY },
    /* One byte each: what is between them is not the controller's. */
    { 0x60, I8042_DATA, 1, I8042 },
    { LEGACY_PORT_B, LEGACY_PORT_B, 1, LEGACY },
    { 0x64, I8042_STATUS, 1, I8042 },
    { LEGACY_CMOS, LEGACY_CMOS, 2, LEGACY },
    { LEGACY_PIC2, LEGACY_PIC2, 2, LEGACY },
    { 0x3f8, 0, 8, COM1 },
    { LEGACY_PCI_ADDR, LEGACY_PCI_ADDR, 8, LEGACY },
};

enum vsio_bus_error vsio_pc_map(struct vsio_bus *bus,
                                const struct vsio_pc_ports *pc,
                                const struct vsio_bus_region **there)
{
    struct vsio_device *const devs[WHO] = {
        [LEGACY] = pc->legacy, [I8042] = pc->i8042, [COM1] = pc->com1
    };
    struct vsio_bus_region region = { .space = VSIO_SPACE_PORTS };
    enum vsio_bus_error rc = VSIO_BUS_OK;
    unsigned int i;

    /* Registers side by side, as on a PC. */
    if ( pc->com1 && pc->com1->class->window != 8 )
        return VSIO_BUS_WINDOW;

    for ( i = 0; i < VSIO_PC_REGIONS && rc == VSIO_BUS_OK; i++ )
    {
        region.dev = devs[map[i].who];
        region.base = map[i].port;
        region.size = map[i].size;
        region.offset = map[i].offset;
        if ( region.dev )
            rc = vsio_bus_add(bus, &region, there);
    }

    return rc;
}

static bool legacy_valid(const struct vsio_device *dev)
{
    const struct vsio_legacy_pio *l = (const struct vsio_legacy_pio *)dev;

    return !(l->pci_addr & ~LEGACY_PCI_ADDR_MASK) &&
           l->port_b <= LEGACY_PORT_B_STORED && l->phase <= 3 && !dev->lines;
}

bool vsio_legacy_pio_valid(const struct vsio_legacy_pio *l)
{
    return legacy_valid(&l->dev);
}

static void legacy_fields(struct vsio_device *dev, struct vsio_stream *s)
{
    struct vsio_legacy_pio *l = to_legacy(dev);

    vsio_field32(s, &l->pci_addr);
    vsio_field8(s, &l->port_b);
    vsio_field8(s, &l->phase);
}

/* Nothing follows from the fields, and there is nothing to tell the host. */
static void legacy_nothing(struct vsio_device *dev)
{
    (void)dev;
}

const struct vsio_class vsio_legacy_pio_class = {
    .name = "legacy-pio",
    .window = LEGACY_WINDOW,
    .unit = 4,
    .lines = 0,
    .read = legacy_read,
    .write = legacy_write,
    .reset = legacy_reset,
    .valid = legacy_valid,
    .type = VSIO_TYPE('L', 'P', 'I', 'O'),
    .version = 1,
    .record = VSIO_RECORD_COUNTERS + 6,
    .fields = legacy_fields,
    .derive = legacy_nothing,
    .resume = legacy_nothing,
};
