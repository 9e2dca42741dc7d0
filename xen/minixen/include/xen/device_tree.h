/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen/device_tree.h, xen/libfdt/libfdt.h - declared for code of the glue that
 * is never called: the machine is known, and the runner makes the guest's tree.
 * tree.h - which Xen this is like, as the graft finds out.
 */
#ifndef MINIXEN_DEVICE_TREE_H
#define MINIXEN_DEVICE_TREE_H

#include <xen/lib.h>

#define VSIO_TREE_RX_CHAR_INT    1
#define VSIO_TREE_CONSOLE_PUT    1
#define VSIO_TREE_GET_SEC_HEADER <xen/time.h>

#pragma weak vsio_fdt_begin
#pragma weak vsio_fdt_clocks
#pragma weak fdt_property
#pragma weak fdt_end_node
int fdt_property(void *fdt, const char *name, const void *val, int len);
int fdt_property_u32(void *fdt, const char *name, uint32_t val);
int fdt_end_node(void *fdt);
#define fdt_property_string(fdt, name, s)                                      \
    fdt_property(fdt, name, s, strlen(s) + 1)

struct dt_device_node;
struct dt_device_node *dt_find_compatible_node(struct dt_device_node *from,
                                               const char *type,
                                               const char *compatible);
int dt_device_get_address(const struct dt_device_node *dev,
                          unsigned int index,
                          u64 *addr,
                          u64 *size);
const char *dt_node_full_name(const struct dt_device_node *np);
bool dt_device_is_available(const struct dt_device_node *np);
bool dt_device_for_passthrough(const struct dt_device_node *np);

#endif /* MINIXEN_DEVICE_TREE_H */
