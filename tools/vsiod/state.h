/* SPDX-License-Identifier: MIT */
/*
 * state.h - what a domain's devices are, in a file that outlives the process.
 *
 * The file is mapped shared: what a killed process has stored is there. A
 * device has two images, and one store says which of them is true. An access
 * is done on the device in memory, its result written to the other image, and
 * that store makes all of it true at once: the registers, how far the console
 * is, and the answer that the guest is waiting for. Killed before it, nothing
 * has happened and the access is done anew; killed after it, the answer is
 * there and the access is not done again.
 *
 * Numbers are of the machine's order: the file does not leave the machine. The
 * devices themselves are records of devices/snapshot.h, so that a newer vsiod
 * goes on with what an older one has left.
 */
#ifndef VSIOD_STATE_H
#define VSIOD_STATE_H

#include <stdint.h>

#include "cfi-flash.h"
#include "snapshot.h"

#include <xenctrl.h>

#include <xen/domctl.h>

#include "vsio-domctl.h"

#define STATE_MAGIC 0x31646f6973760000ULL /* "\0\0vsiod1" */

#define STATE_IN  1024U     /* bytes typed that the device has not taken */
#define STATE_OUT 0x100000U /* bytes printed that nobody has read */

struct image {
    uint64_t turn, answer; /* of the request that it answers; turn 0: none */
    uint32_t vcpu;         /* whose request that was */
    uint32_t reset;        /* the guest has asked for a reset of the machine */
    uint64_t out, in;      /* bytes printed, bytes of input taken */
    uint32_t length;       /* of the record */
    uint8_t record[VSIO_RECORD_MAX];
};

struct slot_state {
    struct xen_vsio_attach what; /* type 0: there is no device */
    struct image image[2];
    uint32_t current; /* the image that is true: the store */
    uint64_t logged;  /* bytes of out that are in the log, */
    uint64_t shown;   /* and in the pty */
    /* The log's size is log_start and logged, unless a worker was killed. */
    uint64_t log_start, log_device, log_inode;
    uint64_t typed; /* bytes that were ever put into input */
    uint64_t notified;
    uint8_t input[STATE_IN];
    uint8_t dirty[VSIO_CFI_FLASH_BLOCKS_MAX]; /* not yet in the flash's file */
};

struct state {
    uint64_t magic, size;
    uint32_t domid;
    uint32_t server_known, server; /* the ioreq server's number */
    uint32_t wrong;                /* requests that no access can be */
    xen_domain_handle_t uuid;
    uint64_t turn; /* requests that were begun */
    struct slot_state slot[XEN_VSIO_SLOTS];
    uint8_t output[XEN_VSIO_SLOTS][STATE_OUT];
    uint8_t flash[XEN_VSIO_SLOTS][XEN_VSIO_FLASH_MAX];
}; /* most of it is a hole in the file */

#endif /* VSIOD_STATE_H */
