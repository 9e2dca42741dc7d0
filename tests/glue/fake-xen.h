/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake-xen.h - a Xen that the glue can be run in, and that fails the test when
 * it is used in a way that the real one does not forgive:
 *  - a lock is taken twice, or held where it must not be: around event
 *    channels, domain_shutdown(), kill_timer(), destroy_ring_for_helper() and
 *    whatever allocates or frees;
 *  - a timer is set before it was initialised, killed by its own handler, or
 *    freed alive; a channel, a page, a reference, an interrupt is let go twice;
 *  - anything is left at the end: see fake_stop().
 *  - the p2m is changed under a lock of another sort, or its lock is taken
 * under one, or in interrupt context;
 *  - the guest gets an interrupt before what it reads without a trap is so.
 * There is one domain, with one vCPU. Time moves only when the test says so.
 */
#ifndef FAKE_XEN_H
#define FAKE_XEN_H

#include <xen/sched.h>

#include <public/io/console.h>

#include "harness.h"
#include "slot.h"

#define FAKE_IRQS  64U
#define FAKE_PORT  7U /* the first channel; others follow */
#define FAKE_PAGES 4U /* of the guest, that can be rings: gfn 0 to 3 */
/* The page of a UART's register image, which can fail to be had. */
#define FAKE_IMAGE IS_ENABLED(CONFIG_VSIO_REGISTER_IMAGE)
#define FAKE_P2M   300U /* pages that the p2m can have beside them */

/* A host device, or the node of a dom0less domain: its boolean properties. */
struct dt_device_node {
    const char *property[8];
};

struct fake {
    /* --- to be set by the test --- */

    s_time_t now;
    s_time_t tick;    /* how far each look at a clock moves it on */
    uint64_t wc_sec;  /* the wall clock when now was 0 */
    uint64_t wc_nsec; /* below one second */

    unsigned int fail_at; /* the n-th call that can fail does; 0: none */
    unsigned int nr_irqs; /* virqs from here on can't be reserved */
    bool offline;         /* the vCPU is: interrupts are forgotten */
    unsigned int hw_irq;  /* of a device that is passed through; 0: none is */
    bool slow;            /* the guest has not ended its interrupts */
    bool mapped;          /* the guest has memory at mapped_gfn */
    unsigned long mapped_gfn;
    bool dtuart;             /* console=dtuart */
    struct domain *focus;    /* has the input of Xen's console */
    struct vuart_info *uart; /* Xen's own; NULL: it has none */
    int uart_irq;
    struct dt_device_node *rtc; /* the platform's; NULL: it has none */
    bool rtc_off, rtc_passthrough;
    uint64_t rtc_size;
    uint32_t rtc_regs[8];
    bool softirqs_off; /* tasklets wait for fake_softirqs() */
    bool fragmented;   /* there are single pages only */
    bool in_irq;       /* it is an interrupt that calls */
    bool in_flight;    /* the next access has trapped before it was mapped */
    /* The other CPUs: called at barriers, when a lock is dropped, and where
       Xen waits for somebody. Not nested. */
    void (*elsewhere)(void);

    /* --- to be looked at --- */

    unsigned int can_fail; /* calls so far that can fail */
    unsigned int held;     /* locks */
    unsigned long notified, notified_on[NR_PORTS];
    domid_t peer[NR_PORTS];
    unsigned long fired; /* timer handlers run */
    unsigned long raised[FAKE_IRQS], lowered[FAKE_IRQS];
    bool reserved[FAKE_IRQS];
    unsigned long kicks;
    unsigned long traps, untrapped;              /* accesses of the guest */
    unsigned long maps, unmaps, flushes, cleans; /* pages, of the p2m */
    unsigned long tasklets;                      /* run */
    unsigned int shutdowns, shutdown_reason;
    unsigned int channels, mappings, pages, references, io_mappings;
    unsigned int dying_slots; /* whose RCU callbacks have not run yet */
    unsigned int log_lines;
    char log[8192];
    size_t serial_n;
    char serial[8192];
};

extern struct fake fake;
extern struct domain dom;
extern struct vcpu vcpu;
extern struct xencons_interface *ring; /* the page shared with the backend */
extern struct xencons_interface *rings[FAKE_PAGES]; /* the first one is ring */

/*
 * A domain without devices, which has never run and is paused; Xen has booted
 * long ago.
 */
void fake_start(void);

/* The domain is destroyed if it is there; nothing may be left. */
void fake_stop(void);

/* What is left now: allocations, live timers, channels, mappings, pages. */
unsigned int fake_left(void);

/* Run the functions that Xen calls when it boots. */
void fake_boot(void);

/* Time goes by, and timers fire as they expire. */
void fake_run(s_time_t ns);

/* Timers that are set; of these, the next one's time. */
unsigned int fake_armed(void);
s_time_t fake_next(void);

/* Run the handlers of all timers that have not been killed, set or not. */
void fake_late_timers(void);

/* The backend binds to the first channel, closes it, sends an event. */
void fake_bind(void);
void fake_unbind(void);
void fake_event(void);
/* An event that was under way when the channel was closed. */
void fake_late_event(void);
/* The same, of any channel. */
void fake_bind_port(unsigned int port);
void fake_event_on(unsigned int port);
void fake_late_event_on(unsigned int port);

/* Run the tasklets that are scheduled. */
void fake_softirqs(void);

/* What the p2m has there; the guest puts a page of its own there. */
mfn_t fake_p2m(paddr_t gpa);
void fake_overlay(paddr_t gpa);

/* Set/way operations: all of the p2m is invalid until it is asked. */
void fake_p2m_invalidate(void);

/* All CPUs have been elsewhere: RCU callbacks run. */
void fake_quiesce(void);

/* The domain is destroyed, as far as domain_kill() does it. */
void fake_kill(void);

/* evtchn_destroy(): what domain_kill() does before it relinquishes. */
void fake_close_channels(void);

/* A slow guest ends the interrupts that it has got; it may be slow again. */
void fake_eoi(void);

/* Set the wall clock, as XENPF_settime64 does. */
void fake_set_clock(uint64_t sec, uint64_t nsec);

/* Does a line of the log hold this? */
bool fake_logged(const char *text);
void fake_forget_log(void);

/* --- the guest --- */

/* An access of 1 << size bytes. 0: an abort; *r must not have changed then. */
int guest_access(paddr_t gpa, unsigned int size, bool write, register_t *r);

/* 32 bits, and no abort. */
uint32_t guest_rd(paddr_t gpa);
void guest_wr(paddr_t gpa, uint32_t value);

#define UART(reg) (GUEST_PL011_BASE + PL011_##reg)

/* The device of the first slot whose name is this; NULL: none. */
struct vsio_slot *slot_of(const char *name);

/* Tests of the UART: with a backend that listens, and with Xen's console. */
int uart_on_ring(void);
int uart_on_console(void);

/* A key for the domain: what vpl011_rx_char_xen() returns, if it does. */
#ifdef NEW_XEN
static inline int send_key(char c)
{
    return vpl011_rx_char_xen(&dom, c);
}
#else
static inline int send_key(char c)
{
    vpl011_rx_char_xen(&dom, c);

    return 0;
}
#endif

static inline int type_key(char c)
{
    int rc;

    fake.in_irq = true;
    rc = send_key(c);
    fake.in_irq = false;
    if ( !fake.softirqs_off )
        fake_softirqs();

    return rc;
}

#endif /* FAKE_XEN_H */
