/* SPDX-License-Identifier: GPL-2.0-only */
/* Xen is built without the compiler's headers: its own integer types instead.
 */
#ifndef VSIO_STDINT_H
#define VSIO_STDINT_H

#include <xen/types.h>

#ifndef UINT32_MAX
#define UINT32_MAX (~(uint32_t)0)
#endif
#ifndef UINT64_MAX
#define UINT64_MAX (~(uint64_t)0)
#endif
#endif /* VSIO_STDINT_H */
