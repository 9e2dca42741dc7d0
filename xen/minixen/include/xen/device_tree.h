/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen/device_tree.h, xen/libfdt/libfdt.h - the guest's device tree, which is
 * the machine's, changed in place: fdt.c. The machine's own is known: what Xen
 * has for that is declared for the glue's code that is not used here.
 */
#ifndef MINIXEN_DEVICE_TREE_H
#define MINIXEN_DEVICE_TREE_H

#include <xen/lib.h>

typedef uint32_t fdt32_t;
typedef uint64_t fdt64_t;
#define cpu_to_fdt32(x) __builtin_bswap32(x)
#define fdt32_to_cpu(x) __builtin_bswap32(x)
#define cpu_to_fdt64(x) __builtin_bswap64(x)
#define fdt64_to_cpu(x) __builtin_bswap64(x)

/* Is there a device tree? */
bool fdt_is_here(const void *fdt);
/*
 * The property of the n-th node of that depth (the root is 1) whose name starts
 * so; an empty property name: the node itself. NULL: there is none.
 */
void *fdt_find(void *fdt,
               unsigned int depth,
               const char *node,
               unsigned int n,
               const char *property);
/* Take a node away, by what fdt_find() has returned. */
void fdt_nop_node(void *node);
/* Open the root node's end, with room for so many bytes; close it again. */
void fdt_reopen(void *fdt, uint32_t room);
void fdt_close(void *fdt);

/* As libfdt's: nodes and properties, one after the other. */
int fdt_begin_node(void *fdt, const char *name);
int fdt_property(void *fdt, const char *name, const void *val, int len);
int fdt_end_node(void *fdt);

static inline int fdt_property_u32(void *fdt, const char *name, uint32_t val)
{
    val = cpu_to_fdt32(val);

    return fdt_property(fdt, name, &val, sizeof(val));
}
#define fdt_property_string(fdt, name, s)                                      \
    fdt_property(fdt, name, s, strlen(s) + 1)

struct domain;
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
bool dt_property_read_bool(const struct dt_device_node *np, const char *name);

struct kernel_info {
    struct domain *d;
    void *fdt;
    bool vpl011;
    uint32_t phandle_gic;
};

#endif /* MINIXEN_DEVICE_TREE_H */
