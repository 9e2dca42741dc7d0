/* SPDX-License-Identifier: MIT */
/*
 * A PL011 where QEMU's virt machine has it. Commands: "break" is one,
 * if there is room.
 */
#include <string.h>

#include "pl011.h"
#include "server.h"

static struct vsio_pl011 uart;

static size_t rx(const uint8_t *bytes, size_t n)
{
    return vsio_pl011_rx(&uart, bytes, n);
}

static const struct vsio_pl011_host host = {
    .common = { .set_irq = server_irq },
    .tx = server_tx,
    .rx_ready = server_offer,
};

static struct vsio_device *start(void)
{
    vsio_pl011_init(&uart, &host, NULL);

    return &uart.dev;
}

static bool command(const char *word, const char *args)
{
    (void)args;
    if ( !strcmp(word, "break") )
        return vsio_pl011_rx_error(&uart, PL011_DR_BE);
    if ( !strcmp(word, "settle") )
        return true; /* we take bytes at once */

    return false;
}

const struct hosted hosted_pl011 = {
    .name = "pl011",
    .base = 0x09000000,
    .start = start,
    .rx = rx,
    .command = command,
};
