/* SPDX-License-Identifier: MIT */
/*
 * server DEVICE - one of our devices behind QEMU's qtest protocol, on standard
 * input and output:
 *
 *     writeb ADDR VALUE (w, l, q)  outb ADDR VALUE (w, l)    OK
 *     readb ADDR (w, l, q)         inb ADDR (w, l)           OK 0x...
 *
 *     rx 0x41 0x42 ...             OK, from now on bytes are offered to a UART
 *
 * and "IRQ raise N", "IRQ lower N" before the answer to what moved the line.
 * Beyond that: "reset" is power-on, other words are the host's (host-*.c);
 * "OUT 41" is a byte that the guest sent; an access that the host would abort
 * is answered by "ERR refused".
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

static const struct hosted *const all[] = {
    &hosted_pl011, &hosted_pl031,     &hosted_ns16550,
    &hosted_i8042, &hosted_cfi_flash,
};

static const struct hosted *hosted;
static struct vsio_device *dev;

static uint8_t waiting[4096]; /* for a UART that has no room */
static size_t nr_waiting;

void server_say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void server_irq(void *ctx, unsigned int line, bool level)
{
    (void)ctx;
    server_say("IRQ %s %u", level ? "raise" : "lower", line);
}

bool server_tx(void *ctx, uint8_t byte)
{
    (void)ctx;
    server_say("OUT %02x", byte);

    return true;
}

void server_offer(void *ctx)
{
    size_t took = hosted->rx(waiting, nr_waiting);

    (void)ctx;
    nr_waiting -= took;
    memmove(waiting, waiting + took, nr_waiting);
}

bool server_number(const char **args, uint64_t *value)
{
    char *end;

    *value = strtoull(*args, &end, 0);
    if ( end == *args )
        return false;
    *args = end;

    return true;
}

static unsigned int size_of(char letter)
{
    static const char letters[] = "bwlq";
    const char *at = strchr(letters, letter);

    return letter && at ? 1U << (at - letters) : 0;
}

static void do_read(uint64_t addr, unsigned int size)
{
    uint32_t value;

    if ( vsio_read(dev, (uint32_t)(addr - hosted->base), size, &value) )
        server_say("OK 0x%016" PRIx32, value);
    else
        server_say("ERR refused");
}

static void do_write(uint64_t addr, unsigned int size, uint64_t value)
{
    if ( vsio_write(dev, (uint32_t)(addr - hosted->base), size,
                    (uint32_t)value) )
        server_say("OK");
    else
        server_say("ERR refused");
}

/* Is it an access of this name, with a letter for its size? */
static unsigned int is_access(const char *word, const char *name)
{
    size_t n = strlen(name);

    return !strncmp(word, name, n) && word[n] && !word[n + 1] ? size_of(word[n])
                                                              : 0;
}

static bool do_access(const char *word, const char *args)
{
    unsigned int r = is_access(word, "read") | is_access(word, "in"),
                 w = is_access(word, "write") | is_access(word, "out");
    uint64_t addr, value = 0;

    if ( !(r | w) || !server_number(&args, &addr) ||
         (w && !server_number(&args, &value)) )
        return false;

    if ( r )
        do_read(addr, r);
    else
        do_write(addr, w, value);

    return true;
}

static void do_rx(const char *args)
{
    uint64_t byte;

    while ( nr_waiting < sizeof(waiting) && server_number(&args, &byte) )
        waiting[nr_waiting++] = (uint8_t)byte;
    server_offer(NULL);
}

static void do_line(char *line)
{
    char *args = strchr(line, ' ');

    if ( args )
        *args++ = 0;
    else
        args = line + strlen(line);

    if ( do_access(line, args) )
        return;

    if ( !strcmp(line, "reset") )
    {
        nr_waiting = 0;
        dev = hosted->start();
        server_say("OK");
    }
    else if ( hosted->rx && !strcmp(line, "rx") )
    {
        do_rx(args);
        server_say("OK");
    }
    else if ( hosted->command(line, args) )
        server_say("OK");
    else
        server_say("FAIL %s", line);
}

/* All whole lines of a buffer; returns how much of it they were. */
static size_t do_lines(char *buf, size_t n)
{
    char *line = buf, *end;

    while ( (end = memchr(line, '\n', n - (size_t)(line - buf))) )
    {
        *end = 0;
        do_line(line);
        line = end + 1;
    }

    return (size_t)(line - buf);
}

/* Answers leave when all that has come so far is done. */
static void serve(void)
{
    static char buf[65536];
    size_t have = 0, done;
    ssize_t got;

    while ( (got = read(STDIN_FILENO, buf + have, sizeof(buf) - have)) > 0 )
    {
        have += (size_t)got;
        done = do_lines(buf, have);
        have -= done;
        memmove(buf, buf + done, have);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    size_t i;

    for ( i = 0; i < sizeof(all) / sizeof(all[0]); i++ )
        if ( argc == 2 && !strcmp(argv[1], all[i]->name) )
            hosted = all[i];
    if ( !hosted )
    {
        fprintf(stderr, "usage: server DEVICE\n");
        return 2;
    }

    dev = hosted->start();
    serve();

    return 0;
}
