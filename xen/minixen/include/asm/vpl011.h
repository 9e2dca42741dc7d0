/* SPDX-License-Identifier: GPL-2.0-only */
/* asm/vpl011.h - what Xen knows of the UART that it makes itself. */
#ifndef MINIXEN_VPL011_H
#define MINIXEN_VPL011_H

#include <xen/mm.h>

#include <public/xen.h>

struct vpl011_xen_backend;

struct vpl011 {
    bool backend_in_domain;
    union {
        struct {
            void *ring_buf;
            struct page_info *ring_page;
        } dom;
        struct vpl011_xen_backend *xen;
    } backend;
    paddr_t base_addr;
    unsigned int virq;
};

struct vpl011_init_info {
    domid_t console_domid;
    gfn_t gfn;
    evtchn_port_t evtchn;
};

int domain_vpl011_init(struct domain *d, struct vpl011_init_info *info);
void domain_vpl011_deinit(struct domain *d);
int vpl011_rx_char_xen(struct domain *d, char c);

#endif /* MINIXEN_VPL011_H */
