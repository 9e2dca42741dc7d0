/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the fuzz targets share. Bytes of an input become steps of a
 * guest and a host; after each step everything that must hold is checked.
 *
 * fuzz.c:  the input, failures, and a watch on what one device tells its host.
 * steps.c: the steps that every device has: accesses, reset, snapshots, a twin.
 * fuzz-<device>.c: what the host of this device does, and a model of it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "snapshot.h"
#include "vsio.h"

/* --- The input ------------------------------------------------------------ */

struct input {
    const uint8_t *at, *end;
};
extern struct input input;

/* The next bytes of the input, zeros behind its end. */
uint8_t take8(void);
uint16_t take16(void);
uint32_t take32(void);
bool more(void);

/* Each target's one function: from power-on to the end of the input. */
void fuzz_one(void);

/* --- Failures ------------------------------------------------------------- */

/* With FUZZ_STEPS set in the environment each step is printed as it is done. */
extern bool quiet; /* the same step for the second device */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* Prints what is wrong, and where, and aborts. */
_Noreturn void fail(const char *what, const char *file, int line);
void same(uint64_t is,
          uint64_t should_be,
          const char *what,
          const char *file,
          int line);

#define REQUIRE(ok)           ((ok) ? (void)0 : fail(#ok, __FILE__, __LINE__))
#define SAME(is, should_be)   SAME_AS(#is " is " #should_be, is, should_be)
#define SAME_AS(what, is, be) same(is, be, what, __FILE__, __LINE__)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- A device under watch ------------------------------------------------- */

/*
 * The start of each target's state, and the ctx of all its callbacks. want is
 * what the counters should be; told what they should be by the events, of the
 * types that the host wants.
 */
struct watch {
    struct vsio_device *dev;
    size_t size;    /* of the device */
    bool restoring; /* a callback may come without a change */
    uint32_t level; /* of each line, as told */
    uint32_t calls; /* callbacks so far */
    uint32_t trace; /* a sum of all that the guest and the host have seen */
    struct vsio_counters want, told;
};

/* The device is all zeros, and is about to be initialised. */
void watch(struct watch *w, struct vsio_device *dev, size_t size);
/* All that holds for every device. */
void watch_check(const struct watch *w);

/* Something seen, for the comparison of two devices. */
void trace(struct watch *w, uint32_t seen);

/* The first callbacks of each host; all others begin with host_called(). */
void host_set_irq(void *ctx, unsigned int line, bool level);
void host_event(void *ctx, const struct vsio_event *ev);
struct watch *host_called(void *ctx);

/* --- Accesses ------------------------------------------------------------- */

/* What the contract says in words: which accesses are answered? */
bool answered(const struct vsio_class *class,
              uint32_t offset,
              unsigned int size);
/* The bits of an access by size bytes. */
uint32_t bits_of(unsigned int size);
/* Sizes for 16 values of a step; operand bytes for a size, garbage above. */
unsigned int some_size(uint32_t n);
uint32_t some_value(unsigned int size);

/* What a register reads as: of a copy of the device, with a host like this. */
uint32_t peek(const struct watch *w,
              uint32_t reg,
              const struct vsio_host *host);

/* --- Snapshots ------------------------------------------------------------ */

struct record {
    uint8_t bytes[VSIO_RECORD_MAX];
    size_t size;
};

void record_save(struct watch *w, struct record *r);
/* Changed, cut or longer, as the input says; mostly not in the first bytes. */
void spoil(uint8_t *bytes, size_t *size, size_t room, size_t skip);

/* --- Steps of one device: steps.c ----------------------------------------- */

/* A device's target. The model always goes before the device. */
struct target {
    size_t size; /* of the state, which begins with a struct watch */
    void (*start)(struct watch *w, uint8_t config);
    uint32_t (*place)(void); /* an offset from the input */
    /* Guest accesses to a register, as struct vsio_class has them. */
    void (*writes)(struct watch *w,
                   uint32_t reg,
                   uint32_t value,
                   uint32_t mask);
    /* What it should return; only the bits in *known are compared. */
    uint32_t (*reads)(struct watch *w, uint32_t reg, uint32_t *known);
    void (*resets)(struct watch *w);
    /* Something that the host does: 8 kinds, with a number from 0 to 15. */
    void (*host)(struct watch *w, uint32_t kind, uint32_t n);
    /* Is the device what the model says? */
    void (*check)(struct watch *w);
    /* A hostile snapshot was accepted: the model follows the device. */
    void (*sync)(struct watch *w);
    /* The device is about to tell its host all anew. */
    void (*resumes)(struct watch *w);
};
extern const struct target target;

/* For steps of several accesses: with the model, the contract and the trace. */
void guest_write(struct watch *w,
                 uint32_t offset,
                 unsigned int size,
                 uint32_t value);
void guest_read(struct watch *w, uint32_t offset, unsigned int size);

#endif /* FUZZ_H */
