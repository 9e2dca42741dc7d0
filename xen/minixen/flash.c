/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's flash, as a toolstack has to look after it: contents come from
 * the machine's own second bank, and what the guest has changed goes back there
 * a moment later. While the guest's flash shows its contents, they are mapped,
 * and reads do not trap.
 */

#include <xen/lib.h>
#include <xen/sched.h>

#include "devices/cfi-flash.h"
#include "slot.h"
#include "setup.h"

#define BANK_BASE   0x04000000UL
#define BANK_SIZE   0x04000000U
#define BLOCK_SIZE  0x00040000U
#define BUFFER_SIZE 4096U
#define SAVE_AFTER  MILLISECS(50)

/* The width of the guest's flash, in bits: 8, or both chips as here. */
static unsigned int opt_flash;
integer_param("flash", opt_flash);

/* Both of the machine's 16-bit chips. */
#define BOTH(command) ((command) << 16 | (command))
#define ERASE         BOTH(0x20U)
#define BUFFER        BOTH(0xe8U)
#define CONFIRM       BOTH(0xd0U)
#define ARRAY         BOTH(0xffU)
#define READY         BOTH(0x80U)

static struct {
    unsigned int number; /* of the slot */
    struct vsio_slot *slot;
    uint32_t size;
    spinlock_t lock; /* of the mapping, and of the machine's bank */
    bool mapped;
    struct timer save;
    uint32_t chunk[XEN_VSIO_CHUNK / 4];
} flash;

/* --- The machine's bank --------------------------------------------------- */

static uint32_t *bank(uint32_t offset)
{
    return (uint32_t *)(BANK_BASE + offset);
}

static void wait_ready(uint32_t offset)
{
    while ( (readl(bank(offset)) & READY) != READY )
        ;
    writel(ARRAY, bank(offset));
}

static void erase(uint32_t offset)
{
    writel(ERASE, bank(offset));
    writel(CONFIRM, bank(offset));
    wait_ready(offset);
}

/* Programming takes ones away; does it take more than that? */
static bool needs_erase(uint32_t offset)
{
    uint32_t i;

    for ( i = 0; i < XEN_VSIO_CHUNK; i += 4 )
        if ( flash.chunk[i / 4] & ~readl(bank(offset + i)) )
            return true;

    return false;
}

/* One buffer of both chips. */
static void program(uint32_t offset, const uint32_t *words)
{
    uint32_t i;

    writel(BUFFER, bank(offset));
    writel(BOTH(BUFFER_SIZE / 4 - 1U), bank(offset));
    for ( i = 0; i < BUFFER_SIZE; i += 4 )
        writel(words[i / 4], bank(offset + i));
    writel(CONFIRM, bank(offset));
    wait_ready(offset);
}

static void program_chunk(uint32_t offset)
{
    uint32_t i;

    for ( i = 0; i < XEN_VSIO_CHUNK; i += BUFFER_SIZE )
        if ( memcmp(&flash.chunk[i / 4], bank(offset + i), BUFFER_SIZE) )
            program(offset + i, &flash.chunk[i / 4]);
}

/* --- The guest's ---------------------------------------------------------- */

static int flash_op(unsigned int cmd, struct xen_vsio_data *data)
{
    struct xen_vsio_op op = { .cmd = cmd, .slot = flash.number };
    int rc;

    op.u.data = *data;
    op.u.data.data.p = (uint8_t *)flash.chunk;
    rc = vsio_op(&op);
    *data = op.u.data;

    return rc;
}

static void read_chunk(uint32_t offset)
{
    struct xen_vsio_data data = { .offset = offset, .length = XEN_VSIO_CHUNK };

    BUG_ON(flash_op(XEN_VSIO_read, &data));
}

/* Store the machine's block here: erased before any of it is programmed. */
static void save_block(uint32_t offset)
{
    uint32_t start = offset & ~(BLOCK_SIZE - 1), at;
    bool full = false;

    for ( at = start; at < start + BLOCK_SIZE && !full; at += XEN_VSIO_CHUNK )
    {
        read_chunk(at);
        full = needs_erase(at);
    }
    if ( full )
        erase(start);
    for ( at = start; at < start + BLOCK_SIZE; at += XEN_VSIO_CHUNK )
    {
        read_chunk(at);
        program_chunk(at);
    }
}

void flash_save(void)
{
    struct xen_vsio_data dirty;

    spin_lock(&flash.lock);
    for ( ;; )
    {
        dirty = (struct xen_vsio_data){ .length = 0 };
        BUG_ON(flash_op(XEN_VSIO_dirty, &dirty));
        if ( !dirty.length )
            break;
        save_block(dirty.offset);
    }
    spin_unlock(&flash.lock);
}

static void save_now(void *data)
{
    flash_save();
}

/* A block is dirty: more will follow. */
static void device_tells(unsigned int port)
{
    set_timer(&flash.save, NOW() + SAVE_AFTER);
}

static void load(void)
{
    struct xen_vsio_data data;
    uint32_t at;

    for ( at = 0; at < flash.size; at += XEN_VSIO_CHUNK )
    {
        memcpy(flash.chunk, bank(at), XEN_VSIO_CHUNK);
        data = (struct xen_vsio_data){ .offset = at, .length = XEN_VSIO_CHUNK };
        BUG_ON(flash_op(XEN_VSIO_write, &data));
    }
}

static void update_map(void)
{
    const struct vsio_cfi_flash *f =
        container_of(flash.slot->dev, struct vsio_cfi_flash, dev);
    bool wanted;

    spin_lock(&flash.lock);
    wanted = vsio_cfi_flash_array_mode(f);
    if ( wanted && !flash.mapped )
        p2m_map_ro(BANK_BASE, flash.size, (uintptr_t)f->array);
    else if ( !wanted && flash.mapped )
        p2m_unmap(BANK_BASE, flash.size);
    flash.mapped = wanted;
    spin_unlock(&flash.lock);
}

void flash_update_map(const struct mmio_handler *h)
{
    if ( h->priv && h->priv == flash.slot )
        update_map();
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
    flash.slot = d->arch.vsio->slot[flash.number];
    load();
    init_timer(&flash.save, save_now, NULL, smp_processor_id());
    evtchn_bind(d, a.evtchn, device_tells);
    update_map();
}
