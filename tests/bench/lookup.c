/* SPDX-License-Identifier: MIT */
/*
 * lookup.c - what it costs to find a device on a bus.
 *
 *   lookup REGIONS same|other N
 *
 * N lookups on a bus of so many regions: of the same one each time, or of
 * another one each time, all of them equally often if N is a multiple.
 * callgrind counts what measured_find() calls.
 */
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "pl031.h"

#define REGIONS 256U
#define BASE    UINT64_C(0x22000000)
#define STRIDE  0x2000U /* a page each, and one between them */

static struct vsio_bus_region regions[REGIONS];
static struct vsio_pl031 devices[REGIONS];
static struct vsio_bus bus;

static uint64_t now(void *ctx)
{
    (void)ctx;

    return 0;
}

static const struct vsio_pl031_host host = { .now = now };

static __attribute__((__noinline__)) const struct vsio_bus_region *
measured_find(uint64_t address)
{
    const struct vsio_bus_region *r;

    r = vsio_bus_find(&bus, VSIO_SPACE_MMIO, address);
    __asm__ volatile("" : : : "memory"); /* a call, no jump */

    return r;
}

static bool build(uint32_t n)
{
    struct vsio_bus_region region = { .space = VSIO_SPACE_MMIO,
                                      .size = 0x1000 };
    uint32_t i;

    vsio_bus_init(&bus, regions, n);
    for ( i = 0; i < n; i++ )
    {
        vsio_pl031_init(&devices[i], &host, NULL);
        region.dev = &devices[i].dev;
        region.base = BASE + (uint64_t)i * STRIDE;
        if ( vsio_bus_add(&bus, &region, NULL) != VSIO_BUS_OK )
            return false;
    }

    return true;
}

int main(int argc, char **argv)
{
    uint32_t regions_wanted, step, place = 0;
    unsigned long n;

    if ( argc != 4 )
        return 2;
    regions_wanted = (uint32_t)strtoul(argv[1], NULL, 10);
    /* Odd, so that it comes by all of a power of two. */
    step = strcmp(argv[2], "other") ? 0 : 7;
    if ( !regions_wanted || regions_wanted > REGIONS || !build(regions_wanted) )
        return 2;

    for ( n = strtoul(argv[3], NULL, 10); n; n-- )
    {
        const struct vsio_bus_region *r;

        r = measured_find(BASE + (uint64_t)place * STRIDE + 0x18);
        if ( !r || r->dev != &devices[place].dev )
            return 1;
        place = (place + step) % regions_wanted;
    }

    return 0;
}
