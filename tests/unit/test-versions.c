/* SPDX-License-Identifier: MIT */
/* A class whose record has grown: what an older one may be, and may not. */

#include "harness.h"
#include "snapshot.h"

#define FIELDS (VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS)

struct thing {
    struct vsio_device dev;
    uint32_t value;
    bool flag;
    uint16_t added; /* by version 2; 7 is what it was before */
    uint8_t name[3];
};

static void fields_1(struct vsio_device *dev, struct vsio_stream *s)
{
    struct thing *t = (struct thing *)dev;

    vsio_field32(s, &t->value);
    vsio_field_bool(s, &t->flag);
}

static void fields_2(struct vsio_device *dev, struct vsio_stream *s)
{
    struct thing *t = (struct thing *)dev;

    fields_1(dev, s);
    if ( s->version >= 2 )
    {
        vsio_field16(s, &t->added);
        vsio_field_bytes(s, t->name, sizeof(t->name));
    }
    else
        t->added = 7;
}

static bool valid(const struct vsio_device *dev)
{
    return ((const struct thing *)dev)->added != 0;
}

static void derive(struct vsio_device *dev)
{
    (void)dev;
}

static const struct vsio_class version_1 = {
    .type = VSIO_TYPE('T', 'H', 'N', 'G'),
    .version = 1,
    .record = VSIO_RECORD_COUNTERS + 5,
    .fields = fields_1,
    .derive = derive,
    .resume = derive,
    .valid = valid,
};

static const struct vsio_class version_2 = {
    .type = VSIO_TYPE('T', 'H', 'N', 'G'),
    .version = 2,
    .record = VSIO_RECORD_COUNTERS + 10,
    .fields = fields_2,
    .derive = derive,
    .resume = derive,
    .valid = valid,
};

static struct thing old, new;
static uint8_t record[VSIO_RECORD_MAX], scratch[VSIO_RECORD_MAX];
static size_t used;

/* A record of the old one; the new one has other values. */
static void setup(const struct vsio_class *older)
{
    old = (struct thing){
        .dev = { .class = older }, .value = 0x12345678, .flag = true, .added = 9
    };
    new = (struct thing){ .dev = { .class = &version_2 },
                          .value = 5,
                          .added = 6 };
    old.name[2] = 'c';
    used = 0;
    EXPECT_EQ(vsio_save(&old.dev, record, sizeof(record), &used), VSIO_OK);
    EXPECT_EQ(used, VSIO_RECORD_HEADER + older->record);
}

/* And then it is what it was, and so is what the caller has. */
static void refused(enum vsio_error why, size_t size)
{
    size_t taken = 77;

    EXPECT_EQ(vsio_restore(&new.dev, record, size, &taken, scratch), why);
    EXPECT_EQ(taken, 77);
    EXPECT_EQ(new.value, 5);
    EXPECT(!new.flag);
    EXPECT_EQ(new.added, 6);
}

static void same_version(void)
{
    setup(&version_2);
    EXPECT_EQ(vsio_restore(&new.dev, record, used, &used, scratch), VSIO_OK);
    EXPECT_EQ(new.value, 0x12345678);
    EXPECT(new.flag);
    EXPECT_EQ(new.added, 9);
    EXPECT_EQ(new.name[2], 'c');
}

static void older_version(void)
{
    setup(&version_1);
    EXPECT_EQ(vsio_restore(&new.dev, record, used + 100, &used, scratch),
              VSIO_OK);
    EXPECT_EQ(used, FIELDS + 5);
    EXPECT_EQ(new.value, 0x12345678);
    EXPECT(new.flag);
    EXPECT_EQ(new.added, 7);
}

/* Cut at each byte, and the length says so. */
static void older_and_too_short(void)
{
    uint8_t length;

    setup(&version_1);
    for ( length = 0; length < version_1.record; length++ )
    {
        at(length, used);
        record[8] = length;
        refused(VSIO_ERROR_LENGTH, VSIO_RECORD_HEADER + length);
    }
}

static void older_and_too_long(void)
{
    uint8_t more;

    setup(&version_1);
    for ( more = 1; more < 8; more++ ) /* 5: as long as a newer one */
    {
        at(more, used);
        record[8] = (uint8_t)(version_1.record + more);
        refused(VSIO_ERROR_LENGTH, used + more);
    }
}

static void older_and_impossible(void)
{
    setup(&version_1);
    record[FIELDS + 4] = 2; /* a bool */
    refused(VSIO_ERROR_INVALID, used);
    record[8]--; /* that is not there: its length is what is wrong */
    refused(VSIO_ERROR_LENGTH, used - 1);
}

static void newer_version(void)
{
    setup(&version_2);
    new.dev.class = &version_1;
    refused(VSIO_ERROR_VERSION, used);
}

static void more_fields_than_said(void)
{
    struct vsio_class wrong = version_2;
    uint8_t *behind = &record[VSIO_RECORD_HEADER + version_1.record];
    unsigned int i;

    wrong.record = version_1.record;
    setup(&version_2);
    old.dev.class = &wrong;
    used = 77;
    for ( i = 0; i < 8; i++ )
        behind[i] = 0x55;
    EXPECT_EQ(vsio_save(&old.dev, record, sizeof(record), &used),
              VSIO_ERROR_ROOM);
    EXPECT_EQ(used, 77);
    for ( i = 0; i < 8; i++ )
        EXPECT_EQ(behind[i], 0x55);
}

static const struct test table[] = {
    { "a record of the same version is read", same_version },
    { "an older record is read, what it lacks has a value", older_version },
    { "an older record that is too short is refused", older_and_too_short },
    { "an older record that is too long is refused", older_and_too_long },
    { "an older record that is impossible is refused", older_and_impossible },
    { "a newer record is refused", newer_version },
    { "a class with more fields than it says is not saved",
      more_fields_than_said },
};
TESTS(table);
