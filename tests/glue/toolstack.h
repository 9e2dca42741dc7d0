/* SPDX-License-Identifier: GPL-2.0-only */
/* toolstack.h - what a tool in dom0 does: the domctl, as vsio-domctl.h has it.
 */
#ifndef TOOLSTACK_H
#define TOOLSTACK_H

#include <xen/errno.h>

#include "fake-xen.h"
#include "vsio-domctl.h"

#define UART_BASE  0x22010000
#define RTC_BASE   0x22011000
#define KBC_BASE   0x22012000
#define NS_BASE    0x22013000
#define FLASH_BASE 0x04100000
#define FLASH_SIZE 0x100000
#define BLOCK      0x40000

#define UART_SPI 40
#define RTC_SPI  41
#define KBC_SPI  42 /* and 43 */
#define NS_SPI   44

static struct xen_domctl domctl, in_dom0;
static struct xen_vsio_op *const op = (struct xen_vsio_op *)&domctl.u;

int memcmp(const void *a, const void *b, size_t n);

static inline int run_op(uint32_t cmd, uint32_t slot)
{
    int rc;

    op->version = XEN_VSIO_VERSION;
    op->cmd = cmd;
    op->slot = slot;
    op->pad = 0;
    rc = vsio_domctl(&dom, &domctl, &in_dom0);
    if ( !rc )
        EXPECT(!memcmp(&domctl, &in_dom0, sizeof(domctl)));

    return rc;
}

/* One device of each type, beside each other. */
static inline struct xen_vsio_attach *describe(uint32_t type)
{
    static const uint32_t bases[] = { 0,        UART_BASE, RTC_BASE,
                                      KBC_BASE, NS_BASE,   FLASH_BASE };
    static const uint32_t virqs[] = { 0, UART_SPI, RTC_SPI, KBC_SPI, NS_SPI };

    memset(op, 0, sizeof(*op));
    op->u.attach = (struct xen_vsio_attach){
        .type = type,
        .base = bases[type],
        .virq = type < ARRAY_SIZE(virqs) ? virqs[type] : 0,
        .gfn = type == XEN_VSIO_NS16550 ? 1 : 0,
        .stride = 4,
        .size = FLASH_SIZE,
        .block = BLOCK,
    };

    return &op->u.attach;
}

/* What is described; the slot's number, or an error. */
static inline int attach_it(void)
{
    int rc = run_op(XEN_VSIO_attach, 77);

    return rc ? rc : (int)op->slot;
}

static inline int attach_type(uint32_t type)
{
    describe(type);

    return attach_it();
}

static inline unsigned int attach_bound(uint32_t type)
{
    int n = attach_type(type);

    EXPECT(n >= 0);
    fake_bind_port(op->u.attach.evtchn);

    return n;
}

static inline struct xen_vsio_info info_of(unsigned int slot)
{
    memset(&op->u, 0xff, sizeof(op->u));
    EXPECT_EQ(run_op(XEN_VSIO_info, slot), 0);

    return op->u.info;
}

static inline int run_data(
    uint32_t cmd, uint32_t slot, void *data, uint32_t offset, uint32_t length)
{
    memset(&op->u, 0, sizeof(op->u));
    op->u.data.data.p = data;
    op->u.data.offset = offset;
    op->u.data.length = length;

    return run_op(cmd, slot);
}

/* The toolstack starts the domain. */
static inline void unpause(void)
{
    dom.creation_finished = true;
    dom.controller_pause_count = 0;
}

static inline unsigned int irqs_reserved(void)
{
    unsigned int i, n = 0;

    for ( i = 0; i < FAKE_IRQS; i++ )
        n += fake.reserved[i];

    return n;
}

/* Not more than a struct vsio_domain, without devices. */
static inline void expect_no_device(void)
{
    unsigned int i;

    fake_quiesce();
    EXPECT_EQ(fake_left(), 0);
    EXPECT_EQ(irqs_reserved(), 0);
    EXPECT_EQ(dom.arch.vmmio.num_entries, 0);
    for ( i = 0; i < XEN_VSIO_SLOTS; i++ )
        EXPECT_EQ(run_op(XEN_VSIO_info, i), -ENOENT);
    for ( i = FAKE_PORT; i < NR_PORTS; i++ )
        fake_late_event_on(i);
    fake_late_timers();
}

#endif /* TOOLSTACK_H */
