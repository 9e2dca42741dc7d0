/* SPDX-License-Identifier: MIT */
/*
 * harness.h - tests without a libc: TAP on standard output, and what each
 * test of a device needs. A test file ends with its table:
 *
 *     static const struct test table[] = {
 *         {"reset values are those of the manual", reset_values},
 *     };
 *     TESTS(table);
 *
 * A test goes on after a failed expectation, and is then "not ok". So is a
 * test that expects nothing.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "vsio.h"

struct test {
    const char *name; /* a behaviour, as the manual would say it */
    void (*run)(void);
};

struct test_table {
    const struct test *tests;
    size_t nr;
};

extern const struct test_table test_table;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define TESTS(table)                                                           \
    const struct test_table test_table = { table, ARRAY_SIZE(table) }

/* Where in the sources something is expected. */
struct where {
    const char *file;
    unsigned int line;
};
#define HERE ((struct where){ __FILE__, __LINE__ })

#define EXPECT(cond) expect((cond), #cond, HERE)
#define EXPECT_EQ(got, want)                                                   \
    expect_eq((uint64_t)(got), (uint64_t)(want), #got, HERE)

bool expect(bool cond, const char *expr, struct where where);
bool expect_eq(uint64_t got,
               uint64_t want,
               const char *expr,
               struct where where);

/* What a loop looks at; printed with a failure until the test ends. */
void at(uint64_t a, uint64_t b);

/* xorshift32: the same walk on every machine. The seed is not 0. */
uint32_t random32(uint32_t *seed);

/* 0 when everything is ok. Called by the start code. */
int run_tests(void);

/*
 * The device under test. From here to the end of the test (or the next
 * watch()) the functions below check valid(dev) after each access. size: bytes
 * of the whole state. Empties `seen`.
 */
void watch(struct vsio_device *dev,
           size_t size,
           bool (*valid)(const struct vsio_device *dev));

/* valid() still holds; for after calls that don't go through rd and wr. */
#define CHECK_VALID() check_valid(HERE)
void check_valid(struct where where);

/* Put these into the host table; they note what they see here. */
#define SEEN_LINES 8U
struct seen {
    unsigned int irq_calls;
    bool level[SEEN_LINES];
    unsigned int events, refused, unknown, dropped;
    struct vsio_event last;
};
extern struct seen seen;

/* Expects a change of level, a line that the class has, and the right ctx. */
void seen_irq(void *ctx, unsigned int line, bool level);
void seen_event(void *ctx, const struct vsio_event *ev);

/* Accesses that must be accepted; reads must not exceed their size. */
#define rd8(dev, offset)         rd(dev, offset, 1, HERE)
#define rd16(dev, offset)        rd(dev, offset, 2, HERE)
#define rd32(dev, offset)        rd(dev, offset, 4, HERE)
#define wr8(dev, offset, value)  wr(dev, offset, 1, value, HERE)
#define wr16(dev, offset, value) wr(dev, offset, 2, value, HERE)
#define wr32(dev, offset, value) wr(dev, offset, 4, value, HERE)

uint32_t rd(struct vsio_device *dev,
            uint32_t offset,
            unsigned int size,
            struct where where);
void wr(struct vsio_device *dev,
        uint32_t offset,
        unsigned int size,
        uint32_t value,
        struct where where);

/*
 * Accesses that must be refused: counted, reported when the host listens
 * with seen_event(), and no byte of the state but that counter changes.
 */
#define RD_REFUSED(dev, offset, size) rd_refused(dev, offset, size, HERE)
#define WR_REFUSED(dev, offset, size, value)                                   \
    wr_refused(dev, offset, size, value, HERE)

void rd_refused(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                struct where where);
void wr_refused(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                uint32_t value,
                struct where where);

/* Accesses that are answered, but counted and reported as unknown. */
#define RD_UNKNOWN(dev, offset, size) rd_unknown(dev, offset, size, HERE)
#define WR_UNKNOWN(dev, offset, size, value)                                   \
    wr_unknown(dev, offset, size, value, HERE)

void rd_unknown(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                struct where where);
void wr_unknown(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                uint32_t value,
                struct where where);

/*
 * Each offset of the watched device's window and beyond, with sizes good and
 * bad, both directions: accepted exactly when inside one register. For any
 * device; its host must take whatever the writes set off.
 */
void battery(void);

/* The machine: start code (start.c, or hosted.c on a libc). */
void out(const char *s, size_t n);

#endif /* HARNESS_H */
