/* SPDX-License-Identifier: GPL-2.0-only */
/* Xen is built without the compiler's headers: its own bool instead. */
#ifndef VSIO_STDBOOL_H
#define VSIO_STDBOOL_H

#include <xen/types.h>

#endif /* VSIO_STDBOOL_H */
