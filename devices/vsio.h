/* SPDX-License-Identifier: MIT */
/*
 * vsio.h - the contract that every device and every host share.
 *
 * A host (a hypervisor's trap handler, a test) owns the memory of a device,
 * initialises it once with vsio_<device>_init(), and hands the guest's
 * accesses to vsio_read() and vsio_write(). The device answers at once and
 * reaches its surroundings through the callbacks in its host table only.
 *
 * Rules for the host:
 *  - Calls on one device are serialised by the caller (a lock per device).
 *  - Callbacks run inside such a call. From a callback the host may call only
 *    the functions whose comment says "may be called from a callback".
 *  - The host table must outlive the device; it is never written.
 *  - A pointer that is NULL, or a state that no init function has seen, is the
 *    host's bug and is not checked.
 *
 * Rules for the device:
 *  - No allocation, no globals, no clock, no locks, no recursion; each loop is
 *    bounded by a constant.
 *  - Whatever the guest does is answered, ignored or refused as the manual
 *    says, and counted. Nothing a guest does is an error of the host.
 */
#ifndef VSIO_H
#define VSIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a device has seen since vsio_<device>_init(); resets keep it. */
struct vsio_counters {
    uint64_t reads;     /* accesses that were answered */
    uint64_t writes;    /* accesses that were taken */
    uint64_t refused;   /* accesses that the host must abort */
    uint64_t unknown;   /* among reads and writes: nothing is there, or it can't
                           be accessed in this direction: read as zero, ignored */
    uint64_t bytes_in;  /* bytes that entered the device from the host */
    uint64_t bytes_out; /* bytes that the host took */
    uint64_t bytes_dropped; /* bytes lost, in either direction */
    uint64_t irqs;          /* rising edges, all lines together */
};

enum vsio_event_type {
    /* What a guest did wrong. */
    VSIO_EVENT_REFUSED, /* bad size, register-crossing, outside the window */
    VSIO_EVENT_UNKNOWN, /* no such register, or not in this direction */
    VSIO_EVENT_DROPPED, /* a byte is lost: value, of the register at offset */
    /* What a device did. */
    VSIO_EVENT_OUT,   /* the host took a byte: value */
    VSIO_EVENT_READ,  /* the guest read a byte of input: value */
    VSIO_EVENT_EMPTY, /* that was the last one there */
    VSIO_EVENT_IRQ,   /* the level of line offset is now value */
    VSIO_EVENT_RESET, /* the guest asked for a reset of the machine */
    VSIO_EVENT_TIME,  /* the guest set the time: value is the new one */
};

/* Bits of events in struct vsio_host. */
#define VSIO_WANT(type) ((uint32_t)1 << (uint32_t)(type))
#define VSIO_WANT_ERRORS                                                       \
    (VSIO_WANT(VSIO_EVENT_REFUSED) | VSIO_WANT(VSIO_EVENT_UNKNOWN) |           \
     VSIO_WANT(VSIO_EVENT_DROPPED))
#define VSIO_WANT_ALL 0x1ffU

/* One thing that happened, for whoever counts, logs or traces. */
struct vsio_event {
    enum vsio_event_type type;
    bool write;
    uint8_t size; /* bytes: as asked if refused, of the register if unknown */
    uint32_t offset; /* bytes from the start of the device's window */
    uint32_t value;  /* what was written, in its place; 0 for reads */
}; /* write and size are 0 in what a device did, and in DROPPED */

/* The callbacks that all devices have; each device's host table starts so. */
struct vsio_host {
    /*
     * The level of interrupt output line changed. Called on a change only;
     * lines are low after vsio_<device>_init(). Lines are numbered by the
     * device's header. NULL: the guest polls.
     */
    void (*set_irq)(void *ctx, unsigned int line, bool level);
    /*
     * Called for each event of the types in events; the host limits the rate
     * of what it logs. *ev is valid during the call. May be NULL if events
     * is 0.
     */
    void (*event)(void *ctx, const struct vsio_event *ev);
    uint32_t events; /* VSIO_WANT() of each type */
};

struct vsio_device;
struct vsio_stream;

/* One kind of device; constant. Hosts call it by the functions below. */
struct vsio_class {
    const char *name; /* "pl011" */
    uint32_t window;  /* bytes of guest address space; a multiple of unit */
    uint8_t unit;     /* bytes from one register to the next: 1, 2 or 4 */
    uint8_t lines;    /* interrupt outputs */
    /*
     * reg: offset of a register, a multiple of unit and below window.
     * read returns the whole register, right-aligned; side effects happen
     * once. write changes the bits in mask (0xff per byte written); value has
     * no bit outside of mask.
     */
    uint32_t (*read)(struct vsio_device *dev, uint32_t reg);
    void (*write)(struct vsio_device *dev,
                  uint32_t reg,
                  uint32_t value,
                  uint32_t mask);
    /*
     * Memory that shows what reads of the window return now, from its start on,
     * little-endian, brought up to date by this call; it stays so until the
     * next call into the device. Reads of it replace reads that have no effect
     * but on the counters. NULL: a read would have one, or there is no such
     * memory; what was returned before still shows what it showed then. May be
     * called from a callback. The function is NULL if there never is any.
     */
    const void *(*image)(struct vsio_device *dev);
    /* Power-on state, lines low. Host, context and counters stay. */
    void (*reset)(struct vsio_device *dev);
    /* The invariant of the device's state. */
    bool (*valid)(const struct vsio_device *dev);
    /* Snapshots, see snapshot.h: who it is, version and size of its fields. */
    uint32_t type;    /* VSIO_TYPE() */
    uint16_t version; /* of what is written; older ones are read, too */
    uint16_t record;  /* bytes of fields of that version */
    /* Each field once, for both directions. Touches nothing but the state. */
    void (*fields)(struct vsio_device *dev, struct vsio_stream *s);
    /* Fields are read: what follows from them, but for the lines. */
    void (*derive)(struct vsio_device *dev);
    /* It is valid: raise lines and arm alarms, all of which are down now. */
    void (*resume)(struct vsio_device *dev);
};

/* The start of every device's state. Set by vsio_<device>_init(). */
struct vsio_device {
    const struct vsio_class *class;
    const struct vsio_host *host;
    void *ctx;      /* handed to each callback */
    uint32_t lines; /* bit n: level of interrupt output n, for whoever looks */
    struct vsio_counters count;
};

/* For devices: does the host want events of this type? */
static inline bool vsio_wants(const struct vsio_device *dev,
                              enum vsio_event_type type)
{
    return (dev->host->events & VSIO_WANT(type)) != 0;
}

/* For devices: tell the host, if it wants to know. */
void vsio_tell(struct vsio_device *dev,
               enum vsio_event_type type,
               uint32_t offset,
               uint32_t value);

/*
 * For devices: count and report an access to nothing, and a byte that is lost.
 */
void vsio_unknown(struct vsio_device *dev,
                  uint32_t reg,
                  bool write,
                  uint32_t value);
void vsio_dropped(struct vsio_device *dev, uint32_t reg, uint32_t value);

/*
 * Is this access one that the device can answer? Sizes are 1, 2 and 4 bytes,
 * anywhere inside one register. 8 bytes, and whatever crosses a register or
 * leaves the window, is not.
 */
static inline bool vsio_access_ok(const struct vsio_class *class,
                                  uint32_t offset,
                                  unsigned int size)
{
    uint32_t lane = offset & (class->unit - 1U);

    return offset < class->window && (size == 1 || size == 2 || size == 4) &&
           lane + size <= class->unit;
}

/* Most accesses are to a whole 32-bit register. */
static inline bool vsio_access_whole(const struct vsio_class *class,
                                     uint32_t offset,
                                     unsigned int size)
{
    return size == 4 && class->unit == 4 && !(offset & 3U) &&
           offset < class->window;
}

/* All others: a part of a register, or refused. For those who read on. */
bool vsio_read_part(struct vsio_device *dev,
                    uint32_t offset,
                    unsigned int size,
                    uint32_t *value);
bool vsio_write_part(struct vsio_device *dev,
                     uint32_t offset,
                     unsigned int size,
                     uint32_t value);

/*
 * The guest reads size bytes at offset. True: *value holds them, with no bit
 * above the size set. False: refused, *value is untouched, the host injects a
 * data abort (or what its bus does for a decode error).
 */
static inline bool vsio_read(struct vsio_device *dev,
                             uint32_t offset,
                             unsigned int size,
                             uint32_t *value)
{
    if ( !vsio_access_whole(dev->class, offset, size) )
        return vsio_read_part(dev, offset, size, value);

    dev->count.reads++;
    *value = dev->class->read(dev, offset);

    return true;
}

/*
 * The guest writes the low size bytes of value at offset. False: refused,
 * nothing changed, the host injects an abort.
 */
static inline bool vsio_write(struct vsio_device *dev,
                              uint32_t offset,
                              unsigned int size,
                              uint32_t value)
{
    if ( !vsio_access_whole(dev->class, offset, size) )
        return vsio_write_part(dev, offset, size, value);

    dev->count.writes++;
    dev->class->write(dev, offset, value, UINT32_MAX);

    return true;
}

/* Back to the power-on state; lines fall, counters stay. */
static inline void vsio_reset(struct vsio_device *dev)
{
    dev->class->reset(dev);
}

/* For devices: the level of a line, which may be what it was. */
void vsio_set_line(struct vsio_device *dev, unsigned int line, bool level);

/* For devices: a register whose bits in mask are replaced by value's. */
static inline uint32_t vsio_merge(uint32_t old, uint32_t value, uint32_t mask)
{
    return (old & ~mask) | value;
}

#endif /* VSIO_H */
