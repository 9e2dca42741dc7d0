/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * push.c - what a byte costs beyond the device: into the ring, with the look at
 * whether the backend has to be told.
 *
 *   push N     do it N times; callgrind counts what measured_push() calls
 */

#include "console.h"

/* libc's; its headers and Xen's don't go together. */
unsigned long strtoul(const char *s, char **end, int base);

static struct xencons_interface page;
static struct vsio_console console = {
    .ring.page = &page,
    .output = VSIO_OUTPUT_WAITING, /* in the middle of a burst */
};

/* As it is compiled into a handler, but for its return. */
static noinline bool push(struct vsio_console *c, uint8_t byte)
{
    return vsio_console_put(c, byte);
}

static noinline bool measured_push(uint8_t byte)
{
    bool done = push(&console, byte);

    barrier(); /* no jump to push(): it would be counted as ours */

    return done;
}

int main(int argc, char **argv)
{
    unsigned long i, n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

    for ( i = 0; i < n; i++ )
    {
        if ( !measured_push(i) || page.out_prod != i + 1 ||
             (uint8_t)page.out[i % sizeof(page.out)] != (uint8_t)i )
            return 1;
        page.out_cons = page.out_prod;
    }

    return !n;
}
