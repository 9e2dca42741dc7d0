/* SPDX-License-Identifier: MIT */
/*
 * bus.h - which device answers at an address: regions of memory and of ports.
 * docs/bus.md has an example, and every byte of a snapshot.
 *
 * The host adds all regions before the guest runs. From then on nothing is
 * written here but the region that was hit last. A host whose vCPUs look up at
 * the same time gives each a copy of struct vsio_bus: the regions are shared.
 */
#ifndef VSIO_BUS_H
#define VSIO_BUS_H

#include "snapshot.h"
#include "vsio.h"

enum vsio_space {
    VSIO_SPACE_MMIO,  /* 64 bits of address */
    VSIO_SPACE_PORTS, /* 16 bits */
};

/* A part of a space, and the device that answers there. */
struct vsio_bus_region {
    struct vsio_device *dev;
    enum vsio_space space;
    uint32_t size; /* bytes */
    uint64_t base;
    uint32_t offset; /* of base, in the window of the device */
    bool first;      /* set by add: no other region of the device is lower */
};

struct vsio_bus {
    struct vsio_bus_region *regions; /* sorted by space and base */
    uint32_t capacity, count;
    uint32_t last; /* the region that was hit last: a hint */
};

/* Why a region was not added. */
enum vsio_bus_error {
    VSIO_BUS_OK,
    VSIO_BUS_EMPTY,  /* it has no byte */
    VSIO_BUS_BEYOND, /* it ends after its space does */
    VSIO_BUS_WINDOW, /* the device's window has no such part */
    VSIO_BUS_TAKEN,  /* another region is there */
    VSIO_BUS_FULL,   /* no room for one more */
};

enum vsio_bus_answer {
    VSIO_BUS_NOBODY,   /* no region there: the host does what its bus does */
    VSIO_BUS_REFUSED,  /* as by vsio_read() and vsio_write() */
    VSIO_BUS_ANSWERED, /* by the device */
};

/* An empty bus. regions is the host's memory for capacity of them. */
void vsio_bus_init(struct vsio_bus *bus,
                   struct vsio_bus_region *regions,
                   uint32_t capacity);

/*
 * Add a copy of *region; first is ignored. A device may have several regions,
 * in both spaces. VSIO_BUS_TAKEN: *there is who is in the way, until the next
 * add; there may be NULL. On error the bus is what it was.
 */
enum vsio_bus_error vsio_bus_add(struct vsio_bus *bus,
                                 const struct vsio_bus_region *region,
                                 const struct vsio_bus_region **there);

/*
 * The region that has this address, or NULL. For a host with a lock per
 * device: it takes the lock of region->dev between this and the access.
 */
const struct vsio_bus_region *vsio_bus_find(struct vsio_bus *bus,
                                            enum vsio_space space,
                                            uint64_t address);

/*
 * An access to a region that has its address: vsio_read() and vsio_write() of
 * the device, but refused, counted and reported if it leaves the region.
 */
bool vsio_region_read(const struct vsio_bus_region *region,
                      uint64_t address,
                      unsigned int size,
                      uint32_t *value);
bool vsio_region_write(const struct vsio_bus_region *region,
                       uint64_t address,
                       unsigned int size,
                       uint32_t value);

/* Both in one. Who is at the first byte decides; *value as by vsio_read(). */
enum vsio_bus_answer vsio_bus_read(struct vsio_bus *bus,
                                   enum vsio_space space,
                                   uint64_t address,
                                   unsigned int size,
                                   uint32_t *value);
enum vsio_bus_answer vsio_bus_write(struct vsio_bus *bus,
                                    enum vsio_space space,
                                    uint64_t address,
                                    unsigned int size,
                                    uint32_t value);

/* Bytes of a device's place in the header of a snapshot: space and address. */
#define VSIO_BUS_PLACE 9U
/* No snapshot of a bus with so many devices is longer. */
#define VSIO_BUS_SNAPSHOT_MAX(devices)                                         \
    (VSIO_RECORD_HEADER + 4U +                                                 \
     (size_t)(devices) * (VSIO_BUS_PLACE + VSIO_RECORD_MAX))
/* What vsio_bus_restore() needs, however many devices there are. */
#define VSIO_BUS_SCRATCH (2U * VSIO_RECORD_MAX)

/*
 * Write the places of all devices and then their records, once each, in the
 * order of their first regions. *used is how many bytes it took.
 */
enum vsio_error vsio_bus_save(const struct vsio_bus *bus,
                              uint8_t *buf,
                              size_t size,
                              size_t *used);

/*
 * Make the devices what the snapshot of exactly size bytes at buf says: of the
 * same devices, at the same places. No callback is called before all of them
 * are what they shall be; then each is told as by vsio_restore(), in order.
 * On error all are what they were, and no callback was called.
 * scratch: VSIO_BUS_SCRATCH bytes, for the time of the call.
 */
enum vsio_error vsio_bus_restore(const struct vsio_bus *bus,
                                 const uint8_t *buf,
                                 size_t size,
                                 uint8_t *scratch);

/* The invariant that every reachable state satisfies. */
bool vsio_bus_valid(const struct vsio_bus *bus);

#endif /* VSIO_BUS_H */
