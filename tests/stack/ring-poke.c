/* SPDX-License-Identifier: MIT */
/*
 * ring-poke DOMID GFN INDEX VALUE... - write 32-bit words to a page of a
 * domain, from word INDEX on, and print what was there.
 */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

#define PAGE 4096U

int main(int argc, char **argv)
{
    xenforeignmemory_handle *handle = xenforeignmemory_open(NULL, 0);
    volatile uint32_t *page;
    xen_pfn_t gfn;
    size_t at;
    int err, i;

    if ( argc < 4 || !handle )
    {
        fprintf(stderr, "usage: ring-poke DOMID GFN INDEX VALUE...\n");
        return 2;
    }

    gfn = strtoul(argv[2], NULL, 0);
    at = strtoul(argv[3], NULL, 0);
    page = xenforeignmemory_map(handle, (uint32_t)atoi(argv[1]),
                                PROT_READ | PROT_WRITE, 1, &gfn, &err);
    if ( !page || err )
    {
        perror("ring-poke: map");
        return 1;
    }

    for ( i = 4; i < argc && at < PAGE / sizeof(*page); i++, at++ )
    {
        printf("%" PRIu32 "\n", page[at]);
        page[at] = (uint32_t)strtoul(argv[i], NULL, 0);
    }
    if ( argc == 4 )
        printf("%" PRIu32 "\n", page[at]);

    return 0;
}
