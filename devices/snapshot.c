/* SPDX-License-Identifier: MIT */
/* Records of devices, and of a bus; see snapshot.h. */

#include "snapshot.h"

/* Are there n bytes more? *at is their place, whatever was there before. */
static bool advance(struct vsio_stream *s, size_t n, size_t *at)
{
    *at = s->at;
    s->at += n;

    return s->at <= s->size;
}

/* Not inlined: there are many of them, and one is enough. */
static uint64_t __attribute__((__noinline__))
field(struct vsio_stream *s, uint64_t value, unsigned int n)
{
    unsigned int i;
    size_t at;

    if ( !advance(s, n, &at) )
        return value;

    if ( s->writes )
        for ( i = 0; i < n; i++ )
            s->out[at + i] = (uint8_t)(value >> (8 * i));
    else
        for ( value = 0, i = n; i-- > 0; )
            value = value << 8 | s->in[at + i];

    return value;
}

void vsio_field8(struct vsio_stream *s, uint8_t *f)
{
    *f = (uint8_t)field(s, *f, 1);
}

void vsio_field16(struct vsio_stream *s, uint16_t *f)
{
    *f = (uint16_t)field(s, *f, 2);
}

void vsio_field32(struct vsio_stream *s, uint32_t *f)
{
    *f = (uint32_t)field(s, *f, 4);
}

void vsio_field64(struct vsio_stream *s, uint64_t *f)
{
    *f = field(s, *f, 8);
}

void vsio_field_bool(struct vsio_stream *s, bool *f)
{
    uint8_t byte = *f;

    vsio_field8(s, &byte);
    if ( byte > 1 )
        s->failed = true;
    *f = byte == 1;
}

void vsio_field_bytes(struct vsio_stream *s, uint8_t *bytes, size_t n)
{
    size_t i, at;

    if ( !advance(s, n, &at) )
        return;

    for ( i = 0; i < n; i++ )
        if ( s->writes )
            s->out[at + i] = bytes[i];
        else
            bytes[i] = s->in[at + i];
}

static void counters(struct vsio_stream *s, struct vsio_counters *count)
{
    vsio_field64(s, &count->reads);
    vsio_field64(s, &count->writes);
    vsio_field64(s, &count->refused);
    vsio_field64(s, &count->unknown);
    vsio_field64(s, &count->bytes_in);
    vsio_field64(s, &count->bytes_out);
    vsio_field64(s, &count->bytes_dropped);
    vsio_field64(s, &count->irqs);
}

static void header(struct vsio_stream *s,
                   uint32_t *type,
                   uint16_t *version,
                   uint32_t *length)
{
    uint16_t zero = 0;

    vsio_field32(s, type);
    vsio_field16(s, version);
    vsio_field16(s, &zero);
    vsio_field32(s, length);
    if ( zero )
        s->failed = true;
}

static void body(struct vsio_device *dev, struct vsio_stream *s)
{
    counters(s, &dev->count);
    dev->class->fields(dev, s);
}

enum vsio_error vsio_save(struct vsio_device *dev,
                          uint8_t *buf,
                          size_t size,
                          size_t *used)
{
    const struct vsio_class *class = dev->class;
    struct vsio_stream s = { .writes = true,
                             .out = buf,
                             .size = VSIO_RECORD_HEADER + class->record,
                             .version = class->version };
    uint32_t type = class->type, length = class->record;
    uint16_t version = class->version;

    if ( size < s.size )
        return VSIO_ERROR_ROOM;

    header(&s, &type, &version, &length);
    body(dev, &s);
    if ( s.at != s.size ) /* not the fields that the class says it has */
        return VSIO_ERROR_ROOM;
    *used = s.at;

    return VSIO_OK;
}

/* The fields at s into the device, which is then valid, or refused. */
static enum vsio_error load(struct vsio_device *dev, struct vsio_stream *s)
{
    uint32_t lines = dev->lines;
    bool valid;

    body(dev, s);
    if ( s->at != s->size )
        return VSIO_ERROR_LENGTH;
    if ( s->failed )
        return VSIO_ERROR_INVALID;

    dev->class->derive(dev);
    valid = dev->class->valid(dev);
    dev->lines = lines;

    return valid ? VSIO_OK : VSIO_ERROR_INVALID;
}

static enum vsio_error open_record(const struct vsio_class *class,
                                   struct vsio_stream *s,
                                   size_t size)
{
    uint32_t type = 0, length = 0;

    if ( size < VSIO_RECORD_HEADER )
        return VSIO_ERROR_TRUNCATED;
    s->size = VSIO_RECORD_HEADER;
    header(s, &type, &s->version, &length);
    if ( s->failed )
        return VSIO_ERROR_INVALID;
    if ( type != class->type )
        return VSIO_ERROR_TYPE;
    if ( s->version > class->version || s->version == 0 )
        return VSIO_ERROR_VERSION;
    if ( length > size - VSIO_RECORD_HEADER )
        return VSIO_ERROR_TRUNCATED;
    if ( s->version == class->version && length != class->record )
        return VSIO_ERROR_LENGTH;

    s->size += length;

    return VSIO_OK;
}

enum vsio_error vsio_load(struct vsio_device *dev,
                          const uint8_t *buf,
                          size_t size,
                          size_t *used,
                          uint8_t *scratch)
{
    struct vsio_stream s = { .in = buf };
    enum vsio_error rc;
    size_t kept;

    rc = open_record(dev->class, &s, size);
    if ( rc != VSIO_OK )
        return rc;

    /* What we are now, to be it again if the record is no good. */
    rc = vsio_save(dev, scratch, VSIO_RECORD_MAX, &kept);
    if ( rc != VSIO_OK )
        return rc;

    rc = load(dev, &s);
    if ( rc == VSIO_OK )
    {
        *used = s.size;
        return VSIO_OK;
    }

    s = (struct vsio_stream){ .in = scratch,
                              .at = VSIO_RECORD_HEADER,
                              .size = kept,
                              .version = dev->class->version };
    (void)load(dev, &s);

    return rc;
}

enum vsio_error vsio_restore(struct vsio_device *dev,
                             const uint8_t *buf,
                             size_t size,
                             size_t *used,
                             uint8_t *scratch)
{
    enum vsio_error rc = vsio_load(dev, buf, size, used, scratch);

    if ( rc == VSIO_OK )
        vsio_resume(dev);

    return rc;
}

/* A line that was high falls first: what the host knew of it is of no use. */
void vsio_resume(struct vsio_device *dev)
{
    unsigned int i;

    for ( i = 0; i < dev->class->lines; i++ )
        vsio_set_line(dev, i, false);
    dev->class->resume(dev);
}
