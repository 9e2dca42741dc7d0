/* SPDX-License-Identifier: MIT */
/*
 * fake-xen.h - what vsioctl, xenstored and xenconsoled see of Xen, without Xen:
 * domains with pages, event channels, and the project's own devices behind the
 * domctl. All of it lives in files of the directory that FAKE_XEN names, which
 * each process maps; a lock makes one hypervisor of them.
 */
#ifndef FAKE_XEN_H
#define FAKE_XEN_H

#include <xenctrl.h>

#include <xen/io/console.h>

#include "cfi-flash.h"
#include "i8042.h"
#include "ns16550.h"
#include "pl011.h"
#include "pl031.h"
#include "vsio-domctl.h"

#define FAKE_DOMAINS   1024
#define FAKE_PAGES     64 /* of each domain, from FAKE_GFN on */
#define FAKE_GFN       0x39000
#define FAKE_CHANNELS  4096
#define FAKE_FLASH_MAX 0x400000

/* Ports of a domain that are no device's. */
#define FAKE_PORT_XENSTORE 1
#define FAKE_PORT_CONSOLE  2
#define FAKE_PORT_DEVICES  8 /* and the slot */

struct fake_device {
    uint32_t type, domid, slot; /* type 0: nothing is there */
    uint32_t virq, lines, size, evtchn;
    uint64_t base, gfn, notified;
    bool notify; /* when this access is over */
    uint32_t in_cons, out_prod;
    uint8_t dirty[VSIO_CFI_FLASH_BLOCKS_MAX];
    union {
        struct vsio_device dev;
        struct vsio_pl011 pl011;
        struct vsio_pl031 pl031;
        struct vsio_i8042 i8042;
        struct vsio_ns16550 ns16550;
        struct vsio_cfi_flash flash;
    } u;
};

struct fake_domain {
    bool used, has_run, paused, dying;
    uint8_t uuid[16];
    uint32_t spis; /* the first number that is none of them */
    bool page[FAKE_PAGES];
    struct fake_device device[XEN_VSIO_SLOTS];
};

/* dom0's end of a channel. */
struct fake_channel {
    uint32_t handle; /* 0: free */
    uint32_t domid, remote;
    bool pending, masked;
};

struct fake_handle {
    int pid; /* 0: free */
};

struct fake_xen {
    struct fake_domain domain[FAKE_DOMAINS];
    struct fake_channel channel[FAKE_CHANNELS];
    struct fake_handle handle[FAKE_CHANNELS];
    uint32_t dom_exc; /* the channel that hears of dead domains */
    uint64_t domctls;
};

/* The state, locked; and unlocked again. */
struct fake_xen *fake_enter(void);
void fake_leave(void);

struct fake_domain *fake_domain(struct fake_xen *x, uint32_t domid);
/* A page of a domain, or NULL; where it is in the file of all pages. */
uint8_t *fake_page(struct fake_xen *x, uint32_t domid, uint64_t gfn);
off_t fake_page_offset(uint32_t domid, uint64_t gfn);
const char *fake_path(const char *name);

/* -1 and errno, as Xen. */
int fake_vsio_op(struct fake_xen *x, uint32_t domid, struct xen_vsio_op *op);

/* Channels of dom0. */
int fake_bind(struct fake_xen *x, uint32_t handle, uint32_t domid, uint32_t to);
void fake_raise(struct fake_xen *x, uint32_t domid, uint32_t remote);
void fake_notify(struct fake_xen *x, uint32_t port);
void fake_deliver(struct fake_xen *x, uint32_t port);

#endif /* FAKE_XEN_H */
