/* SPDX-License-Identifier: GPL-2.0-only */
/* setup.h - how devices get into the domain, as by a toolstack. */
#ifndef MINIXEN_SETUP_H
#define MINIXEN_SETUP_H

#include "slot.h"

/* One command of vsio-domctl.h. */
int vsio_op(struct xen_vsio_op *op);

/* Attach a device or die; its slot's number. a->evtchn is set. */
unsigned int attach_device(struct xen_vsio_attach *a);

/* flash.c */
void flash_init(struct domain *d);
void flash_save(void);

#endif /* MINIXEN_SETUP_H */
