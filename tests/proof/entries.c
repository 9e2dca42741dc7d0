/* SPDX-License-Identifier: MIT */
/* What hosts compile inline, as functions that a proof can begin with. */

#include "bus.h"
#include "pl011.h"
#include "pl031.h"
#include "snapshot.h"
#include "vsio.h"

#define PROOF_REGIONS 3

bool proof_read(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                uint32_t *value);
bool proof_write(struct vsio_device *dev,
                 uint32_t offset,
                 unsigned int size,
                 uint32_t value);
void proof_reset(struct vsio_device *dev);
bool proof_pl031_read_dr(struct vsio_pl031 *r, uint64_t now, uint32_t *value);
uint32_t proof_pl011_read_fr(struct vsio_pl011 *u);
bool proof_pl011_rx_first(struct vsio_pl011 *u, uint8_t byte);
bool proof_pl011_rx_last(struct vsio_pl011 *u, uint32_t *value);
bool proof_reload(struct vsio_device *dev, uint8_t *record, uint8_t *scratch);

bool proof_read(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                uint32_t *value)
{
    return vsio_read(dev, offset, size, value);
}

bool proof_write(struct vsio_device *dev,
                 uint32_t offset,
                 unsigned int size,
                 uint32_t value)
{
    return vsio_write(dev, offset, size, value);
}

void proof_reset(struct vsio_device *dev)
{
    vsio_reset(dev);
}

bool proof_pl031_read_dr(struct vsio_pl031 *r, uint64_t now, uint32_t *value)
{
    return vsio_pl031_read_dr(r, now, value);
}

uint32_t proof_pl011_read_fr(struct vsio_pl011 *u)
{
    return vsio_pl011_read_fr(u);
}

/* The line moves, which the host does by itself. */
static bool line_is(struct vsio_pl011 *u, bool level)
{
    if ( u->dev.host->set_irq )
        u->dev.host->set_irq(u->dev.ctx, 0, level);

    return true;
}

bool proof_pl011_rx_first(struct vsio_pl011 *u, uint8_t byte)
{
    if ( !vsio_pl011_rx_awaits(u) )
        return false;

    vsio_pl011_rx_first(u, byte);

    return line_is(u, true);
}

bool proof_pl011_rx_last(struct vsio_pl011 *u, uint32_t *value)
{
    return vsio_pl011_rx_last(u, value) && line_is(u, false);
}

/* What a bus relies on: a device loads what it has saved. */
bool proof_reload(struct vsio_device *dev, uint8_t *record, uint8_t *scratch)
{
    size_t size = 0, used = 0;

    return vsio_save(dev, record, VSIO_RECORD_MAX, &size) == VSIO_OK &&
           vsio_load(dev, record, size, &used, scratch) == VSIO_OK &&
           used == size;
}

/* A bus with its places, as one object. */
struct proof_bus {
    struct vsio_bus bus;
    struct vsio_bus_region regions[PROOF_REGIONS];
};

bool proof_bus_valid(const struct proof_bus *b);

bool proof_bus_valid(const struct proof_bus *b)
{
    return vsio_bus_valid(&b->bus);
}
