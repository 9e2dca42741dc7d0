/* SPDX-License-Identifier: GPL-2.0-only */
/* setup.h - how devices get into the domain, as by a toolstack. */
#ifndef MINIXEN_SETUP_H
#define MINIXEN_SETUP_H

#include "slot.h"

/* Memory from here to 3 GiB is files, hidden from the guest: flash, trace. */
#define HIDDEN_BASE 0x80000000UL

/* A command of vsio-domctl.h that is about data. */
int data_op(unsigned int cmd, unsigned int slot, struct xen_vsio_data *data);

/* Attach a device or die; its slot's number. a->evtchn is set. */
unsigned int attach_device(struct xen_vsio_attach *a);

/* flash.c */
void flash_init(struct domain *d);
void flash_save(void *data);

/* drill.c */
void drill(void);

#endif /* MINIXEN_SETUP_H */
