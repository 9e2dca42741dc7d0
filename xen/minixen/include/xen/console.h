/* SPDX-License-Identifier: GPL-2.0-only */
/* xen/console.h, xen/serial.h - the machine's UART, and who it is for. */
#ifndef MINIXEN_CONSOLE_H
#define MINIXEN_CONSOLE_H

#include <xen/lib.h>

struct domain;

#define SERHND_DTUART 0
#define UART_IRQ      33U

void serial_puts(int handle, const char *s, size_t nr);

/* What follows is not called: no guest of ours has Xen's console. */
struct vuart_info {
    paddr_t base_addr;
    unsigned long size;
};
const struct vuart_info *serial_vuart_info(int handle);
int serial_irq(int handle);
bool console_has(const char *device);
#define console_get_domain()  ((struct domain *)NULL)
#define console_put_domain(d) ((void)(d))

/* console.c's own: the backend of the guest's UARTs. */
void console_init(void);
void console_add(struct domain *d, unsigned int port, void *ring);
void console_interrupt(void); /* the machine's UART has input */
void console_flush(void);     /* all that the guest has sent */

/* No byte enters or leaves a UART: its ring has no input, and no room. */
void console_hold(bool hold);

#endif /* MINIXEN_CONSOLE_H */
