/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's flash, as a toolstack has to look after it: contents come from a
 * file, memory of the machine that the guest does not see, and what the guest
 * has changed goes back there a moment later.
 */

#include <xen/lib.h>
#include <xen/sched.h>

#include "devices/cfi-flash.h"
#include "setup.h"
#include "slot.h"

#define BANK_BASE  0x04000000UL
#define BANK_SIZE  0x04000000U
#define BLOCK_SIZE 0x00040000U
#define SAVE_AFTER MILLISECS(50)

/* The file: the bank; new blocks, at their places; which of them there are. */
#define NEW_BLOCKS (HIDDEN_BASE + BANK_SIZE)
#define JOURNAL    ((struct journal *)(NEW_BLOCKS + BANK_SIZE))

struct journal {
    uint32_t count; /* of blocks; 0: the bank is what counts */
    uint32_t length;
    uint32_t offset[VSIO_CFI_FLASH_BLOCKS_MAX];
};

/* The width of the guest's flash, in bits: 8, or both chips as here. */
static unsigned int opt_flash;
integer_param("flash", opt_flash);

static struct {
    unsigned int number; /* of the slot */
    uint32_t size;
} flash;

/* --- The file ------------------------------------------------------------- */

/* A chunk of the guest's flash, from or to memory. */
static void copy_chunk(unsigned int cmd, uint32_t offset, uintptr_t at)
{
    struct xen_vsio_data data = { .data.p = (uint8_t *)at,
                                  .offset = offset,
                                  .length = XEN_VSIO_CHUNK };

    BUG_ON(data_op(cmd, flash.number, &data));
}

/* Also at start: a cut may have ended the last life in the middle of it. */
static void commit(struct journal *j)
{
    uint32_t i;

    for ( i = 0; i < j->count; i++ )
        memcpy((void *)HIDDEN_BASE + j->offset[i],
               (void *)NEW_BLOCKS + j->offset[i], j->length);
    smp_wmb(); /* all blocks, then they are old */
    ACCESS_ONCE(j->count) = 0;
}

/* All that has changed, or nothing of it: later writes rely on earlier ones. */
void flash_save(void *data)
{
    struct xen_vsio_data dirty;
    uint32_t n = 0, at;

    for ( ;; )
    {
        dirty = (struct xen_vsio_data){ .length = 0 };
        BUG_ON(data_op(XEN_VSIO_dirty, flash.number, &dirty));
        if ( !dirty.length )
            break;
        for ( at = 0; at < dirty.length; at += XEN_VSIO_CHUNK )
            copy_chunk(XEN_VSIO_read, dirty.offset + at,
                       NEW_BLOCKS + dirty.offset + at);
        JOURNAL->length = dirty.length;
        JOURNAL->offset[n++] = dirty.offset;
    }
    smp_wmb(); /* all blocks, then they count */
    ACCESS_ONCE(JOURNAL->count) = n;
    commit(JOURNAL);
}

/* A block is dirty: more will follow. */
static void device_tells(unsigned int port)
{
    static struct timer timer = { .function = flash_save };

    set_timer(&timer, NOW() + SAVE_AFTER);
}

static void load(void)
{
    uint32_t at;

    commit(JOURNAL);
    for ( at = 0; at < flash.size; at += XEN_VSIO_CHUNK )
        copy_chunk(XEN_VSIO_write, at, HIDDEN_BASE + at);
}

void flash_init(struct domain *d)
{
    /*
     * U-Boot takes the first width of a bus at which it finds a chip, from 8
     * bits on: two chips side by side look like one to it.
     */
    bool one_chip = opt_flash == 8;
    struct xen_vsio_attach a = {
        .type = XEN_VSIO_CFI_FLASH,
        .base = BANK_BASE,
        .size = one_chip ? BANK_SIZE / 2 : BANK_SIZE,
        .block = one_chip ? BLOCK_SIZE / 2 : BLOCK_SIZE,
        .stride = one_chip,
    };

    flash.number = attach_device(&a);
    flash.size = a.size;
    load();
    evtchn_bind(d, a.evtchn, device_tells);
}
