/* SPDX-License-Identifier: MIT */
/*
 * public/xen.h, public/domctl.h, public/sched.h, public/arch-arm.h,
 * public/io/console.h - of Xen's public interface,
 * what the glue uses, with Xen's layouts and numbers.
 */
#ifndef MINIXEN_PUBLIC_H
#define MINIXEN_PUBLIC_H

#include <xen/lib.h>

typedef uint16_t domid_t;
typedef uint32_t evtchn_port_t;
typedef uint64_t uint64_aligned_t __attribute__((__aligned__(8)));
typedef int64_t int64_aligned_t __attribute__((__aligned__(8)));

#define DOMID_FIRST_RESERVED 0x7ff0
#define DOMID_INVALID        0x7ff4

#define XEN_GUEST_HANDLE_PARAM(type) struct handle_##type
#define XEN_GUEST_HANDLE_64(type)    struct handle_##type

struct xen_domctl {
    uint32_t cmd, interface_version;
    domid_t domain;
    union {
        uint8_t pad[128];
        uint64_aligned_t align;
    } u;
};
typedef struct xen_domctl xen_domctl_t;
typedef uint8_t uint8;

struct handle_uint8 {
    uint8_t *p;
};
struct handle_xen_domctl_t {
    xen_domctl_t *p;
};

#define SHUTDOWN_poweroff 0
#define SHUTDOWN_reboot   1

typedef uint32_t XENCONS_RING_IDX;

struct xencons_interface {
    char in[1024], out[2048];
    XENCONS_RING_IDX in_cons, in_prod, out_cons, out_prod;
};

/* The layout of a Xen guest: what is kept free for it. */
#define GUEST_VIRTIO_MMIO_BASE 0x02000000UL
#define GUEST_VIRTIO_MMIO_SIZE 0x00100000UL
#define GUEST_PL011_BASE       0x22000000UL
#define GUEST_PL011_SIZE       0x00001000UL
#define GUEST_VPL011_SPI       32
#define GUEST_GNTTAB_BASE      0x38000000UL
#define GUEST_GNTTAB_SIZE      0x01000000UL
#define GUEST_MAGIC_BASE       0x39000000UL
#define GUEST_MAGIC_SIZE       0x01000000UL
#define GUEST_RAM0_BASE        0x40000000UL
#define GUEST_RAM0_SIZE        0xc0000000UL
#define GUEST_RAM1_BASE        0x0200000000UL
#define GUEST_RAM1_SIZE        0xfe00000000UL
#define GUEST_PHANDLE_GIC      65000

#endif /* MINIXEN_PUBLIC_H */
