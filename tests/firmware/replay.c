/* SPDX-License-Identifier: MIT */
/*
 * replay IMAGE - what a bank of flash with these contents makes of a guest's
 * writes: from standard input "OFFSET SIZE VALUE", one a line, in hex; for each
 * that has changed the array, and each piece: "NUMBER OFFSET BYTES", in hex,
 * the first number being 0.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfi-flash.h"

#define SIZE  0x4000000U
#define BLOCK 0x40000U

static uint8_t array[SIZE];
static unsigned long number;

static void dirty(void *ctx, uint32_t offset, uint32_t length)
{
    uint32_t i;

    (void)ctx;
    printf("%lu %" PRIx32 " ", number, offset);
    for ( i = 0; i < length; i++ )
        printf("%02x", array[offset + i]);
    putchar('\n');
}

static const struct vsio_cfi_flash_host host = { .dirty = dirty };

/* As flash.c of minixen has it: two chips of 16 bits. */
static const struct vsio_cfi_flash_geometry geometry = {
    .size = SIZE,
    .block = BLOCK,
    .width = 2,
    .chips = 2,
    .buffer = VSIO_CFI_FLASH_BUFFER_MAX,
};

static bool load(const char *path)
{
    FILE *file = fopen(path, "rb");
    bool good;

    memset(array, 0xff, sizeof(array));
    if ( !file )
        return false;
    good = fread(array, 1, sizeof(array), file) && !ferror(file);
    fclose(file);

    return good;
}

int main(int argc, char **argv)
{
    static struct vsio_cfi_flash flash;
    uint32_t offset, size, value;

    if ( argc != 2 || !load(argv[1]) ||
         !vsio_cfi_flash_init(&flash, &geometry, array, &host, NULL) )
    {
        fprintf(stderr, "usage: replay IMAGE\n");
        return EXIT_FAILURE;
    }
    for ( ; scanf("%" SCNx32 " %" SCNx32 " %" SCNx32, &offset, &size, &value) ==
            3;
          number++ )
        if ( !vsio_write(&flash.dev, offset, size, value) )
        {
            fprintf(stderr, "replay: write %lu is refused\n", number);
            return EXIT_FAILURE;
        }

    return feof(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
