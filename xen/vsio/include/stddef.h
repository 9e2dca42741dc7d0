/* SPDX-License-Identifier: GPL-2.0-only */
/* Xen is built without the compiler's headers: its own size_t and NULL instead.
 */
#ifndef VSIO_STDDEF_H
#define VSIO_STDDEF_H

#include <xen/types.h>
#include <xen/lib.h>

#endif /* VSIO_STDDEF_H */
