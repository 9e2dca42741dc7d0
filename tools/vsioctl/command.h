/* SPDX-License-Identifier: MIT */
/*
 * command.h - a command of vsio-domctl.h as a message to vsiod, and its answer.
 * The data that comes with either is behind it, and is all of the message that
 * is longer than COMMAND_HEAD. Handles in op mean nothing.
 */
#ifndef VSIOCTL_COMMAND_H
#define VSIOCTL_COMMAND_H

#include "vsioctl.h"

struct command {
    int32_t error; /* of the answer: 0, or an errno */
    uint32_t pad;
    struct xen_vsio_op op;
    uint8_t data[XEN_VSIO_CHUNK];
};

#define COMMAND_HEAD offsetof(struct command, data)

#endif /* VSIOCTL_COMMAND_H */
