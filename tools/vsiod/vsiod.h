/* SPDX-License-Identifier: MIT */
/*
 * vsiod.h - the parts of vsiod.
 *
 * Two processes. The keeper is root's: it makes the ioreq server, ptys and
 * logs, talks to xenstored, and starts the worker anew when that dies. The
 * worker is what a guest reaches: it serves the devices, in an empty root, as a
 * user of its own, with no more than the keeper has opened for it.
 */
#ifndef VSIOD_H
#define VSIOD_H

#include "command.h"
#include "vsioctl.h"

#include <sys/types.h>

/* After xenctrl.h, which says that we are a tool. */
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xentoolcore.h>

#include <xen/hvm/ioreq.h>

#include "bus.h"
#include "i8042.h"
#include "ns16550.h"
#include "pl011.h"
#include "pl031.h"
#include "state.h"

/* What the worker has of the keeper for a slot; -1: nothing. */
struct ends {
    int master;     /* UART: the pty */
    int log;        /* UART: the log */
    int file;       /* flash: its contents in dom0 */
    uint32_t limit; /* UART: bytes that are kept for a pty nobody reads */
    uint32_t hold;  /* UART: the guest waits then, instead of losing some */
};

struct setup {
    struct state *state;
    int state_file;
    int listener; /* commands of vsioctl come from here */
    int keeper;   /* wishes go there */
    uint32_t domid;
    uid_t user;
    uint64_t log_max; /* bytes of a log */
    const char *root; /* an empty directory */
    struct ends ends[XEN_VSIO_SLOTS];
};

/* What only the keeper can do, and wants to know. */
enum wish_kind {
    WISH_READY,  /* the worker serves */
    WISH_REBOOT, /* the guest has reset its machine */
    WISH_OFFSET, /* the guest has set its clock */
};

struct wish {
    uint32_t kind, slot;
    int64_t value;
};

/* The first word of a worker's arguments; the others are the keeper's. */
#define WORKER_WORD "--worker"

/* Serve until SIGTERM; returns an exit status. */
int worker_main(int argc, char **argv);

/* --- jail.c ------------------------------------------------------------- */

/* Close all but the first three and these, which go through exec(). */
void keep_only(int *fds, unsigned int n);
/* Give up what the worker does not need. NULL, or what could not be. */
const char *jail(const struct setup *setup);

/* --- device.c: a device, its callbacks and its images ------------------- */

struct worker;

struct device {
    struct worker *w;
    struct slot_state *state;
    uint8_t *array, *output; /* in the state: a flash's, a UART's */
    struct ends ends;
    uint32_t slot, lines;
    uint64_t out, in; /* as the next image will have them */
    uint32_t told;    /* lines as Xen knows them */
    uint32_t rose;    /* lines that have risen since Xen was told */
    bool reset;       /* the guest has asked for a reset */
    bool time_set;    /* it has set its clock */
    bool dirtied;     /* a block of its flash is another */
    bool log_bad;     /* its log can't be written to, and that was said */
    int timer;        /* of its alarm: -1 unless it is a clock */
    int64_t look_at;  /* when a high line is told again, ms; 0: it is low */
    int64_t look_after;
    int64_t show_at; /* when output or blocks leave, ms; 0: there are none */
    uint32_t polled; /* what epoll looks for at the pty */
    union {
        struct vsio_device dev;
        struct vsio_pl011 pl011;
        struct vsio_pl031 pl031;
        struct vsio_i8042 i8042;
        struct vsio_ns16550 ns16550;
        struct vsio_cfi_flash flash;
    } u;
};

/* A request of the guest that is under way; turn 0: something else is. */
struct turn {
    uint64_t turn, answer;
    uint32_t vcpu;
};

static inline bool device_there(const struct device *d)
{
    return d->state->what.type != 0;
}

static inline bool device_is_uart(const struct device *d)
{
    return d->state->what.type == XEN_VSIO_PL011 ||
           d->state->what.type == XEN_VSIO_NS16550;
}

static inline const struct image *device_image(const struct device *d)
{
    return &d->state->image[d->state->current & 1];
}

uint32_t device_window(const struct xen_vsio_attach *what);
uint32_t device_lines(const struct xen_vsio_attach *what);
/* As after power-on. False: there is no such device. */
bool device_init(struct device *d);
/* What its image says; nothing is told yet. False: the image is damaged. */
bool device_load(struct device *d);
/* What it is now becomes true, at once. */
void device_commit(struct device *d, const struct turn *turn);
/* Tell the surroundings what has changed. After a commit. */
void device_settle(struct device *d);
void device_wish(struct device *d);
/* A line that is high for long is told again: edges may have been lost. */
void device_look(struct device *d, int64_t now);
/* Something is different: commit and settle, no request is answered. */
void device_changed(struct device *d);

/* --- console.c: a UART's output and input, a flash's file ---------------- */

bool console_tx(void *device, uint8_t byte);
void console_rx_ready(void *device);
/* Bytes of the pty, for the guest. */
void console_read(struct device *d);
/* What the guest has printed goes to the log and to the pty. */
void console_show(struct device *d);
/* After another worker: what that has written to the log is not written again.
 * Before the jail. */
void console_find_log(struct device *d);
/* And what it has left in the device's FIFOs and in its input goes on. */
void console_resume(struct device *d);
/* Bytes for the pty, and room for what is typed. */
bool console_has_output(const struct device *d);
uint32_t console_room(const struct device *d);
/* Blocks that the guest has changed. */
void flash_write_back(struct device *d);

/* --- command.c: what vsioctl wants -------------------------------------- */

/* Do it; *size is that of the message and becomes that of the answer. */
void command_run(struct worker *w, struct command *c, size_t *size);

/* --- worker.c: Xen and time --------------------------------------------- */

int64_t now_ms(void);
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct device *worker_device(struct worker *w, uint32_t slot);
struct vsio_bus *worker_bus(struct worker *w);
void worker_set_irq(struct worker *w, uint32_t irq, bool level);
/* Are these interrupts of the domain that nobody else raises? */
bool worker_has_irqs(struct worker *w, uint32_t irq, uint32_t n);
/* The guest's accesses there come to us, or no more; 0 or an errno. */
int worker_map(struct worker *w, uint64_t base, uint32_t size, bool on);
/* False: not now. */
bool worker_wish(struct worker *w,
                 enum wish_kind kind,
                 uint32_t slot,
                 int64_t n);
/* Bytes of the state's file are to be had: 0 or an errno. */
int worker_reserve(struct worker *w, const void *at, size_t size);
/* Regions anew, of the devices that there are. */
void worker_fill_bus(struct worker *w);

#endif /* VSIOD_H */
