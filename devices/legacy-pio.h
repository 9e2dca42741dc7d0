/* SPDX-License-Identifier: MIT */
/*
 * legacy-pio.h - the ports of a PC that a guest pokes at boot though nothing is
 * behind them: interrupt controllers, timer, CMOS, port B, PCI configuration;
 * and the map of these ports and of those of the real devices.
 * Registers, behaviour, deviations: docs/legacy-pio.md.
 */
#ifndef VSIO_LEGACY_PIO_H
#define VSIO_LEGACY_PIO_H

#include "bus.h"
#include "vsio.h"

/* Private to legacy-pio.c; public so that hosts can allocate it. */
struct vsio_legacy_pio {
    struct vsio_device dev;
    uint32_t pci_addr; /* CONFIG_ADDRESS */
    uint8_t port_b;    /* what of it is stored */
    uint8_t phase;     /* of refresh and timer 2, 0 to 3 */
};

extern const struct vsio_class vsio_legacy_pio_class;

/*
 * Bring *l to its power-on state. It has no lines, and needs no callback but
 * the event. No callback is called.
 */
void vsio_legacy_pio_init(struct vsio_legacy_pio *l,
                          const struct vsio_host *host,
                          void *ctx);

/* Who is at a PC's ports; NULL: nobody. */
struct vsio_pc_ports {
    struct vsio_device *legacy; /* a vsio_legacy_pio */
    struct vsio_device *i8042;  /* 0x60 and 0x64; 0x61 is legacy's */
    struct vsio_device *com1;   /* 0x3f8 to 0x3ff */
};

/* How many regions they take, at most. */
#define VSIO_PC_REGIONS 9U

/*
 * Add their regions to the bus. On error it has some of them, and is not fit
 * for use; *there as by vsio_bus_add().
 */
enum vsio_bus_error vsio_pc_map(struct vsio_bus *bus,
                                const struct vsio_pc_ports *pc,
                                const struct vsio_bus_region **there);

/* The invariant that every reachable state satisfies. */
bool vsio_legacy_pio_valid(const struct vsio_legacy_pio *l);

#endif /* VSIO_LEGACY_PIO_H */
