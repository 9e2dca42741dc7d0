/* SPDX-License-Identifier: MIT */
/*
 * vsio-domctl.h - how a toolstack gives devices to a domain: a domctl of our
 * own. Shared by the hypervisor and by tools. A tool includes xen/domctl.h
 * first, lays struct xen_vsio_op over u of struct xen_domctl, sets cmd to
 * XEN_DOMCTL_vsio_op, and calls __HYPERVISOR_domctl. docs/xen.md.
 *
 * A device has a number, its slot, from 0; the UART that Xen itself makes
 * (XEN_DOMCTL_vuart_op) has one, too. Numbers are lowest first, and stay until
 * the device is detached or the domain ends.
 *
 * Errors of all commands: -EACCES: version is not XEN_VSIO_VERSION. -EPERM:
 * refused by XSM. -ESRCH: no such domain. -ENOENT: there is no device in slot.
 * -EFAULT: data can't be accessed. -EINVAL: a field has a value that it can't
 * have, or the command is not one for this type of device.
 */
#ifndef XEN_PUBLIC_VSIO_DOMCTL_H
#define XEN_PUBLIC_VSIO_DOMCTL_H

#define XEN_DOMCTL_vsio_op 0x5601
#define XEN_VSIO_VERSION   1

#define XEN_VSIO_SLOTS 8U /* of a domain */

/* Types of devices. */
#define XEN_VSIO_PL011     1
#define XEN_VSIO_PL031     2
#define XEN_VSIO_I8042     3
#define XEN_VSIO_NS16550   4
#define XEN_VSIO_CFI_FLASH 5

/*
 * Give the domain a device: slot and evtchn are results. Only before the
 * domain has run for the first time.
 * -EBUSY: it has run. -EOPNOTSUPP: this Xen has no such device. -ENOSPC: all
 * slots are taken. -EEXIST: something is at these addresses. -EADDRINUSE: the
 * interrupt is taken, or above the domain's SPIs. -ENOMEM.
 */
#define XEN_VSIO_attach 0
struct xen_vsio_attach {
    uint32_t type;          /* XEN_VSIO_PL011 and so on */
    uint32_t virq;          /* SPI of the first line; others follow. 0: none */
    uint64_aligned_t base;  /* guest physical, a multiple of 4096 */
    uint64_aligned_t gfn;   /* UARTs: the page of the console ring */
    int64_aligned_t offset; /* PL031: the guest's time - UTC, seconds */
    uint32_t peer;          /* domid of who may bind evtchn */
    /*
     * NS16550: bytes between registers: 1, 2, 4. Flash: bytes of its bus: 1 or
     * 2 for a single chip, else two chips of 2 bytes each, side by side.
     */
    uint32_t stride;
    uint32_t size;  /* flash: bytes of the bank, a power of two */
    uint32_t block; /* flash: bytes of an erase block, likewise */
    /*
     * Result: a port of the domain that peer can bind. UARTs: the ring's, as
     * with XEN_DOMCTL_vuart_op. PL031: the guest has set its clock. Flash: a
     * block has become dirty. 0: there is none.
     */
    uint32_t evtchn;
    uint32_t pad; /* 0 */
};

/* Largest bank of flash, bytes. Its contents live in Xen's memory. */
#define XEN_VSIO_FLASH_MAX 0x4000000U

/* Take it away again. -EBUSY: the domain has run. */
#define XEN_VSIO_detach 1

/* What is in slot, and what it has seen. -ENOENT also ends an enumeration. */
#define XEN_VSIO_info 2
struct xen_vsio_info {
    uint32_t type;
    uint32_t virq[2]; /* 0: there is no such line */
    uint16_t lines;   /* bit n: line n is high now */
    /*
     * UARTs: how often the indexes of the ring were looked at and made no
     * sense; 65535: that, or more.
     */
    uint16_t senseless;
    uint64_aligned_t base;
    uint32_t size;   /* bytes of guest address space that it answers */
    uint32_t evtchn; /* as attach returned it */
    uint64_aligned_t reads, writes;       /* accesses answered */
    uint64_aligned_t refused, unknown;    /* aborted; to no register */
    uint64_aligned_t bytes_in, bytes_out; /* through a UART or the i8042 */
    uint64_aligned_t bytes_dropped;
    uint64_aligned_t irqs;     /* rising edges */
    uint64_aligned_t notified; /* events sent to peer */
    int64_aligned_t offset;    /* PL031: the guest's time - UTC, seconds */
};

/*
 * save: the device's record (docs/snapshot.md) to data; length is the room
 * there, and becomes the length of the record. restore: the device becomes
 * what the record says, or stays what it is. The domain must be paused by the
 * toolstack. -EBUSY: it is not. save: -ENOBUFS: no room. restore: -EBADMSG: no
 * record of this device, damaged, or of a newer version.
 */
#define XEN_VSIO_save    3
#define XEN_VSIO_restore 4

/*
 * Flash: contents from data (write) or to it (read), from byte offset on;
 * length at most XEN_VSIO_CHUNK. write: only while the domain is paused, else
 * -EBUSY; marks nothing dirty.
 */
#define XEN_VSIO_read  5
#define XEN_VSIO_write 6
#define XEN_VSIO_CHUNK 65536U

/*
 * Flash: offset and length become those of a block that the guest has written
 * since it was asked for last; it is clean then. length 0: there is none.
 * The caller reads the contents afterwards.
 */
#define XEN_VSIO_dirty 7

struct xen_vsio_data {
    XEN_GUEST_HANDLE_64(uint8) data;
    uint32_t offset;
    uint32_t length;
};

/* i8042: a key is pressed or released. -EAGAIN: the guest did not take it. */
#define XEN_VSIO_key 8
struct xen_vsio_key {
    uint32_t code;    /* scan code set 2, with e0 above it if it has that */
    uint32_t pressed; /* 0 or 1 */
};

/* i8042: the mouse moves, its buttons are. -EAGAIN: it is off, or overrun. */
#define XEN_VSIO_mouse 9
struct xen_vsio_mouse {
    int32_t x, y, wheel; /* counts: right, up, towards the user */
    uint32_t buttons;    /* bit 0: left, 1: right, 2: middle, 3, 4: others */
};

struct xen_vsio_op {
    uint32_t version; /* XEN_VSIO_VERSION */
    uint32_t cmd;     /* XEN_VSIO_attach and so on */
    uint32_t slot;    /* IN; OUT of attach */
    uint32_t pad;     /* 0 */
    union {
        struct xen_vsio_attach attach;
        struct xen_vsio_info info;
        struct xen_vsio_data data;
        struct xen_vsio_key key;
        struct xen_vsio_mouse mouse;
    } u;
}; /* at most the 128 bytes of u in struct xen_domctl */

#endif /* XEN_PUBLIC_VSIO_DOMCTL_H */
