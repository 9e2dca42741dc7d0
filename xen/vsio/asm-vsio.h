/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * asm/vsio.h - what the rest of Xen knows of the vsuperio devices: the few
 * calls that are hooked into domain creation and teardown.
 */
#ifndef ARM_VSIO_H
#define ARM_VSIO_H

#include <xen/types.h>

union hsr;
struct cpu_user_regs;
struct domain;
struct dt_device_node;
struct kernel_info;
struct xen_domctl;
struct xen_domctl_createdomain;

#ifdef CONFIG_VSIO

/* Room in a dom0less domain's device tree for the nodes made here, in bytes. */
#define VSIO_DOMU_DTB_EXTRA 2048

/* Before a dom0less domain is created: make room for its SPIs. */
void vsio_domain_config(const struct dt_device_node *node,
                        struct xen_domctl_createdomain *config);

/*
 * Before its device tree is made: attach what the properties of its node ask
 * for. rc is the result so far; an error is handed on.
 */
int vsio_domain_construct(struct domain *d,
                          const struct dt_device_node *node,
                          struct kernel_info *kinfo,
                          int rc);

/* Write the device tree nodes of all that vsio_domain_construct() attached. */
int vsio_make_nodes(struct kernel_info *kinfo);

/* As in vsio-domctl.h, which tools share. */
#define XEN_DOMCTL_vsio_op 0x5601

/* The toolstack's commands; u_domctl: the caller's own *domctl. */
int vsio_domctl(struct domain *d, struct xen_domctl *domctl, void *u_domctl);

/*
 * A stage 2 permission fault at gpa: 1 if it was an access to a device, and has
 * been done; 0 if there is no device; else the guest gets an abort. Only with
 * CONFIG_VSIO_REGISTER_IMAGE.
 */
int vsio_permission_fault(struct cpu_user_regs *regs,
                          const union hsr hsr,
                          paddr_t gpa);

/* The domain dies: let go of timers, event channels and pages. Idempotent. */
void vsio_domain_relinquish(struct domain *d);

/* No reference is left: free the memory. */
void vsio_domain_destroy(struct domain *d);

#else /* !CONFIG_VSIO */

#define VSIO_DOMU_DTB_EXTRA 0

static inline void vsio_domain_config(const struct dt_device_node *node,
                                      struct xen_domctl_createdomain *config)
{
}

static inline int vsio_make_nodes(struct kernel_info *kinfo)
{
    return 0;
}

static inline void vsio_domain_relinquish(struct domain *d)
{
}

static inline void vsio_domain_destroy(struct domain *d)
{
}

#endif /* CONFIG_VSIO */

#endif /* ARM_VSIO_H */
