/* SPDX-License-Identifier: MIT */
/*
 * A 16550A where QEMU's ast2500-evb has UART5. Commands: "break" is one,
 * if there is room; "wait" lets time pass, of which we know none.
 */
#include <string.h>

#include "ns16550-regs.h"
#include "ns16550.h"
#include "server.h"

static struct vsio_ns16550 uart;

static size_t rx(const uint8_t *bytes, size_t n)
{
    return vsio_ns16550_rx(&uart, bytes, n);
}

static const struct vsio_ns16550_host host = {
    .common = { .set_irq = server_irq },
    .tx = server_tx,
    .rx_ready = server_offer,
};

static struct vsio_device *start(void)
{
    vsio_ns16550_init(&uart, &host, NULL, 4, VSIO_NS16550_FIFO);

    return &uart.dev;
}

static bool command(const char *word, const char *args)
{
    (void)args;
    if ( !strcmp(word, "break") )
        return vsio_ns16550_rx_error(&uart, 0, NS16550_LSR_BI);
    if ( !strcmp(word, "settle") || !strcmp(word, "wait") )
        return true; /* bytes and timeouts take no time */

    return false;
}

const struct hosted hosted_ns16550 = {
    .name = "ns16550",
    .base = 0x1e784000,
    .start = start,
    .rx = rx,
    .command = command,
};
