/* SPDX-License-Identifier: MIT */
/*
 * A 16550A where QEMU's ast2500-evb has UART5. Commands: "rx 0x41 0x42" offers
 * bytes, what is refused is offered again when there is room, as a socket does;
 * "break" is one, if there is room; "wait" lets time pass, of which we know
 * none.
 */
#include <string.h>

#include "ns16550-regs.h"
#include "ns16550.h"
#include "server.h"

static struct vsio_ns16550 uart;
static uint8_t waiting[4096];
static size_t nr_waiting;

static void offer(void *ctx)
{
    size_t took = vsio_ns16550_rx(&uart, waiting, nr_waiting);

    (void)ctx;
    nr_waiting -= took;
    memmove(waiting, waiting + took, nr_waiting);
}

static const struct vsio_ns16550_host host = {
    .common = { .set_irq = server_irq },
    .tx = server_tx,
    .rx_ready = offer,
};

static struct vsio_device *start(void)
{
    nr_waiting = 0;
    vsio_ns16550_init(&uart, &host, NULL, 4, VSIO_NS16550_FIFO);

    return &uart.dev;
}

static bool command(const char *word, const char *args)
{
    uint64_t byte;

    if ( !strcmp(word, "break") )
        return vsio_ns16550_rx_error(&uart, 0, NS16550_LSR_BI);
    if ( !strcmp(word, "settle") || !strcmp(word, "wait") )
        return true; /* bytes and timeouts take no time */
    if ( strcmp(word, "rx") )
        return false;

    while ( nr_waiting < sizeof(waiting) && server_number(&args, &byte) )
        waiting[nr_waiting++] = (uint8_t)byte;
    offer(NULL);

    return true;
}

const struct hosted hosted_ns16550 = {
    .name = "ns16550",
    .base = 0x1e784000,
    .start = start,
    .command = command,
};
