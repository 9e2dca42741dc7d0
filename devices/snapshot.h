/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - the state of a device as bytes: little-endian, versioned, of
 * bounded size. docs/snapshot.md has every byte.
 *
 * A record is a header of VSIO_RECORD_HEADER bytes (type, version, length of
 * the fields) and the fields. A class lists its fields once, in fields(), and
 * this list is both written and read. What follows from other fields (triggers,
 * flags, the level of a line) is not among them.
 */
#ifndef VSIO_SNAPSHOT_H
#define VSIO_SNAPSHOT_H

#include "vsio.h"

#define VSIO_RECORD_HEADER   12U
#define VSIO_RECORD_COUNTERS 64U /* the first fields of every record */
/* Of any device's record, header included; see the test of the same name. */
#define VSIO_RECORD_MAX 512U

#define VSIO_TYPE(a, b, c, d)                                                  \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 |                \
     (uint32_t)(d) << 24)

/* Why a snapshot was refused. Nothing has changed then. */
enum vsio_error {
    VSIO_OK,
    VSIO_ERROR_ROOM,      /* save: the buffer is too small */
    VSIO_ERROR_TRUNCATED, /* it ends before the record does */
    VSIO_ERROR_TYPE,      /* of another kind of device */
    VSIO_ERROR_VERSION,   /* newer than this code */
    VSIO_ERROR_LENGTH,  /* the fields are not as long as their version has it */
    VSIO_ERROR_INVALID, /* no device can be in this state */
    VSIO_ERROR_ORDER,   /* bus: records are not in the order of the devices */
    VSIO_ERROR_DUPLICATE, /* bus: two records for one device */
    VSIO_ERROR_MISSING,   /* bus: no record for a device */
    VSIO_ERROR_EXTRA,     /* bus: a record for no device, or bytes at the end */
};

/* A record that is being written or read, for fields(). */
struct vsio_stream {
    bool writes; /* to out; else it reads from in */
    const uint8_t *in;
    uint8_t *out;
    size_t size, at;  /* at goes beyond size if there are too many fields */
    uint16_t version; /* of the record that is read; the class's when writing */
    bool failed;      /* a field has a value that it can't have */
};

/* For fields(): one field of 1, 2, 4 or 8 bytes, and a bool as one byte. */
void vsio_field8(struct vsio_stream *s, uint8_t *field);
void vsio_field16(struct vsio_stream *s, uint16_t *field);
void vsio_field32(struct vsio_stream *s, uint32_t *field);
void vsio_field64(struct vsio_stream *s, uint64_t *field);
void vsio_field_bool(struct vsio_stream *s, bool *field); /* 0 or 1, or fail */
void vsio_field_bytes(struct vsio_stream *s, uint8_t *bytes, size_t n);

/*
 * Write the device's record to buf, at most size bytes; *used is how many it
 * took. Counters are part of it. The device goes on as if nothing had been.
 */
enum vsio_error vsio_save(struct vsio_device *dev,
                          uint8_t *buf,
                          size_t size,
                          size_t *used);

/*
 * Make the device what the record at buf says; *used is how long that was. The
 * device has been initialised, with the host it is to have. On success its
 * lines and its alarm are told to the host anew (set_irq for each line that is
 * high, after each that was has fallen). On error it is what it was.
 * scratch: VSIO_RECORD_MAX bytes, for the time of the call.
 */
enum vsio_error vsio_restore(struct vsio_device *dev,
                             const uint8_t *buf,
                             size_t size,
                             size_t *used,
                             uint8_t *scratch);

/*
 * vsio_restore() up to where the host is told, for several devices of which one
 * may be refused: no callback is called. The caller then calls vsio_resume() of
 * each, or loads what it has saved before.
 */
enum vsio_error vsio_load(struct vsio_device *dev,
                          const uint8_t *buf,
                          size_t size,
                          size_t *used,
                          uint8_t *scratch);

/* After vsio_load(): tell the host of lines and alarms, as vsio_restore(). */
void vsio_resume(struct vsio_device *dev);

#endif /* VSIO_SNAPSHOT_H */
