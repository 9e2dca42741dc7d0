/* SPDX-License-Identifier: MIT */
/*
 * A PL011 where QEMU's virt machine has it. Commands: "rx 0x41 0x42" offers
 * bytes, what is refused is offered again when there is room, as a socket does;
 * "break" is one, if there is room.
 */
#include <string.h>

#include "pl011.h"
#include "server.h"

static struct vsio_pl011 uart;
static uint8_t waiting[4096];
static size_t nr_waiting;

static void offer(void *ctx)
{
    size_t took = vsio_pl011_rx(&uart, waiting, nr_waiting);

    (void)ctx;
    nr_waiting -= took;
    memmove(waiting, waiting + took, nr_waiting);
}

static const struct vsio_pl011_host host = {
    .common = { .set_irq = server_irq },
    .tx = server_tx,
    .rx_ready = offer,
};

static struct vsio_device *start(void)
{
    nr_waiting = 0;
    vsio_pl011_init(&uart, &host, NULL);

    return &uart.dev;
}

static bool command(const char *word, const char *args)
{
    uint64_t byte;

    if ( !strcmp(word, "break") )
        return vsio_pl011_rx_error(&uart, PL011_DR_BE);
    if ( !strcmp(word, "settle") )
        return true; /* we take bytes at once */
    if ( strcmp(word, "rx") )
        return false;

    while ( nr_waiting < sizeof(waiting) && server_number(&args, &byte) )
        waiting[nr_waiting++] = (uint8_t)byte;
    offer(NULL);

    return true;
}

const struct hosted hosted_pl011 = {
    .name = "pl011",
    .base = 0x09000000,
    .start = start,
    .command = command,
};
