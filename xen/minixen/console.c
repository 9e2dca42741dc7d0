/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's UART: messages of ours, and the service at the other end of the
 * guest's UARTs. What the guest sends is taken from the ring when the device
 * tells of it; what is typed goes to the ring in the UART's interrupt, until
 * that is full: then the interrupt is off for a millisecond.
 */

#include <xen/console.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include "devices/pl011-regs.h"
#include "setup.h"

#define UART_BASE 0x09000000UL
#define RX_IRQS   (1U << 4 | 1U << 6) /* received, and timed out */

#define SWITCH    0x1e /* Ctrl-^: after three of these, a key is for us */
#define CONSOLES  2
#define LINE_SIZE 256

static uint32_t *uart(unsigned int reg)
{
    return (uint32_t *)(UART_BASE + reg);
}

/* --- Output --------------------------------------------------------------- */

static void put_char(char c)
{
    while ( readl(uart(PL011_FR)) & PL011_FR_TXFF )
        ;
    writel(c, uart(PL011_DR));
}

void serial_puts(int handle, const char *s, size_t nr)
{
    while ( nr-- )
        put_char(*s++);
}

static void put_line(const char *s)
{
    static bool inside;

    for ( ; *s; s++ )
    {
        const char *prefix = inside ? "" : "(XEN) ";

        while ( *prefix )
            put_char(*prefix++);
        if ( *s == '\n' )
            put_char('\r');
        put_char(*s);
        inside = *s != '\n';
    }
}

void printk(const char *fmt, ...)
{
    __builtin_va_list args;
    char line[LINE_SIZE];

    __builtin_va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    __builtin_va_end(args);
    put_line(line);
}

void noreturn panic(const char *fmt, ...)
{
    __builtin_va_list args;
    char line[LINE_SIZE];

    __builtin_va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    __builtin_va_end(args);
    put_line("Panic: ");
    put_line(line);
    arm_smccc_smc(PSCI_SYSTEM_OFF, 0, 0, 0);
    for ( ;; )
        ;
}

/* --- The guest's consoles ------------------------------------------------- */

static struct console {
    unsigned int port; /* 0: there is none */
    struct xencons_interface *ring;
} consoles[CONSOLES];

static unsigned int focus;
static struct timer again; /* the ring was full: listen again */

/* Does it take any byte that is typed, and those that were held back? */
static bool has_room(const struct xencons_interface *ring)
{
    return ring->in_prod - ACCESS_ONCE(ring->in_cons) <= sizeof(ring->in) - 4;
}

static void give(struct xencons_interface *ring, char c)
{
    XENCONS_RING_IDX prod = ring->in_prod;

    ring->in[prod % sizeof(ring->in)] = c;
    smp_wmb(); /* the byte, then the index */
    write_atomic(&ring->in_prod, prod + 1);
}

static void key_for_us(char c)
{
    if ( c == 'd' )
        drill();
    else if ( c >= '1' && c < '1' + CONSOLES && consoles[c - '1'].port )
    {
        focus = c - '1';
        printk("input is for console %u\n", focus + 1);
    }
    else
        printk("keys: d - drill; 1, 2 - input to that console\n");
}

/* One byte from the UART, for us or the guest. */
static void typed(struct xencons_interface *ring, char c)
{
    static unsigned int held;

    if ( c == SWITCH && held < 3 )
    {
        held++;
        return;
    }
    if ( held == 3 )
    {
        held = 0;
        key_for_us(c);
        return;
    }
    for ( ; held; held-- )
        give(ring, SWITCH);
    give(ring, c);
}

void console_interrupt(void)
{
    struct console *c = &consoles[focus];

    while ( !(readl(uart(PL011_FR)) & PL011_FR_RXFE) && has_room(c->ring) )
        typed(c->ring, readl(uart(PL011_DR)));
    if ( !has_room(c->ring) )
    {
        writel(0, uart(PL011_IMSC));
        set_timer(&again, NOW() + MILLISECS(1));
    }

    evtchn_send(&dom, c->port);
}

/* True: there was something. */
static bool take_all(struct console *c)
{
    struct xencons_interface *ring = c->ring;
    XENCONS_RING_IDX cons, prod;
    bool some;

    cons = ring->out_cons;
    prod = ACCESS_ONCE(ring->out_prod);
    smp_rmb(); /* the index, then the bytes */
    some = cons != prod;
    for ( ; cons != prod; cons++ )
        serial_puts(SERHND_DTUART, &ring->out[cons % sizeof(ring->out)], 1);
    smp_mb(); /* the bytes, then their room */
    write_atomic(&ring->out_cons, cons);

    return some;
}

/* The device has sent bytes. */
static void device_tells(unsigned int port)
{
    unsigned int i;

    for ( i = 0; i < CONSOLES; i++ )
        if ( consoles[i].port == port && take_all(&consoles[i]) )
            evtchn_send(&dom, port);
}

static void listen(void *data)
{
    writel(RX_IRQS, uart(PL011_IMSC));
}

void console_add(struct domain *d, unsigned int port, void *ring)
{
    unsigned int i = consoles[0].port != 0;

    consoles[i].port = port;
    consoles[i].ring = ring;
    evtchn_bind(d, port, device_tells);
    init_timer(&again, listen, NULL, smp_processor_id());
    listen(NULL);
}

void console_hold(bool hold)
{
    static XENCONS_RING_IDX in_prod[CONSOLES], out_cons[CONSOLES];
    unsigned int i;

    for ( i = 0; i < CONSOLES && consoles[i].port; i++ )
    {
        struct xencons_interface *ring = consoles[i].ring;

        if ( hold )
        {
            in_prod[i] = ring->in_prod;
            out_cons[i] = ring->out_cons;
        }
        ring->in_prod = hold ? ring->in_cons : in_prod[i];
        ring->out_cons =
            hold ? ring->out_prod - sizeof(ring->out) : out_cons[i];
    }
}

void console_flush(void)
{
    unsigned int i;

    for ( i = 0; i < CONSOLES; i++ )
        if ( consoles[i].port )
            take_all(&consoles[i]);
}

void console_init(void)
{
    writel(PL011_LCR_H_FEN | PL011_LCR_H_WLEN8, uart(PL011_LCR_H));
    writel(PL011_CR_RESET | PL011_CR_UARTEN, uart(PL011_CR));
}
