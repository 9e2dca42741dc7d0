/* SPDX-License-Identifier: MIT */
/*
 * The second bank of flash of QEMU's virt machine, blank. Command: "file OFFSET
 * LENGTH" says what is there in the host's file, which is kept by what the
 * device tells of its changes alone.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cfi-flash.h"
#include "server.h"

#define BANK  0x4000000U
#define BLOCK 0x40000U

static struct vsio_cfi_flash bank;
static uint8_t *array, *file;
static bool touched[BANK / BLOCK];

static void dirty(void *ctx, uint32_t offset, uint32_t length)
{
    (void)ctx;
    memcpy(file + offset, array + offset, length);
    touched[offset / BLOCK] = true;
}

static const struct vsio_cfi_flash_host host = { .dirty = dirty };

static const struct vsio_cfi_flash_geometry geometry = {
    .size = BANK,
    .block = BLOCK,
    .width = 2,
    .chips = 2,
    .buffer = 64,
};

static uint8_t *blank(void)
{
    uint8_t *bytes = mmap(NULL, BANK, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if ( bytes == MAP_FAILED )
        abort();

    return memset(bytes, 0xff, BANK);
}

static void wipe(void)
{
    size_t i;

    for ( i = 0; i < sizeof(touched); i++ )
    {
        if ( !touched[i] )
            continue;
        memset(array + i * BLOCK, 0xff, BLOCK);
        memset(file + i * BLOCK, 0xff, BLOCK);
        touched[i] = false;
    }
}

static struct vsio_device *start(void)
{
    if ( !array )
    {
        array = blank();
        file = blank();
    }
    wipe();
    if ( !vsio_cfi_flash_init(&bank, &geometry, array, &host, NULL) )
        abort();

    return &bank.dev;
}

static bool command(const char *word, const char *args)
{
    uint64_t offset, length, i;

    if ( strcmp(word, "file") || !server_number(&args, &offset) ||
         !server_number(&args, &length) || length > BANK ||
         offset > BANK - length )
        return false;

    for ( i = 0; i < length; i++ )
        server_tx(NULL, file[offset + i]);

    return true;
}

const struct hosted hosted_cfi_flash = {
    .name = "cfi-flash",
    .base = 0x04000000,
    .start = start,
    .command = command,
};
