/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen/sched.h, asm/vpl011.h - the domain and its vCPUs. There is one domain,
 * and vCPU n is physical CPU n, always.
 */
#ifndef MINIXEN_SCHED_H
#define MINIXEN_SCHED_H

#include <xen/event.h>
#include <xen/mm.h>
#include <xen/spinlock.h>
#include <xen/time.h>

#include <asm/mmio.h>
#include <asm/processor.h>
#include <asm/vgic.h>
#include <asm/vsio.h>

#define MAX_VIRT_CPUS 4U

/* Xen's own UART, which the glue has; here it is a device as the others. */
struct vpl011_init_info {
    domid_t console_domid;
    gfn_t gfn;
    evtchn_port_t evtchn;
};

int domain_vpl011_init(struct domain *d, struct vpl011_init_info *info);
void domain_vpl011_deinit(struct domain *d);
int vpl011_rx_char_xen(struct domain *d, char c);

struct vpl011 {
    bool backend_in_domain;
    union {
        struct {
            void *ring_buf;
        } dom;
        void *xen;
    } backend;
    paddr_t base_addr;
    unsigned int virq;
};

struct domain {
    domid_t domain_id;
    unsigned int max_vcpus;
    struct vcpu *vcpu[MAX_VIRT_CPUS];
    struct {
        struct vmmio vmmio;
        struct vgic_dist vgic;
        struct vpl011 vpl011;
        struct vsio_domain *vsio;
    } arch;
    bool creation_finished, is_dying;
    int controller_pause_count;
    struct evtchn evtchn[NR_EVTCHNS];
};

enum vcpu_state {
    VCPU_OFF,    /* its CPU has never been on */
    VCPU_PARKED, /* it is off, and its CPU waits at EL2 */
    VCPU_STARTING,
    VCPU_ON,
};

struct vcpu {
    struct domain *domain;
    unsigned int vcpu_id;
    enum vcpu_state state;
    register_t entry, context; /* CPU_ON: where it starts, its x0 */
    struct {
        struct vgic_cpu vgic;
    } arch;
};

extern struct domain dom;

/* TPIDR_EL2 has this CPU's vCPU. */
#define current            ((struct vcpu *)read_sysreg(tpidr_el2))
#define smp_processor_id() (current->vcpu_id)

/* One CPU at a time is at EL2: until it leaves, no vCPU gets at a device. */
extern spinlock_t hyp_lock;

/* The guest has ended, and the machine does: the flash is stored before. */
int domain_shutdown(struct domain *d, uint8_t reason);

#define is_domain_direct_mapped(d) ((void)(d), false)
#define get_knownalive_domain(d)   ((void)(d))
#define put_domain(d)              ((void)(d))

/* Devices go only before the guest runs: nobody can be using them. */
struct rcu_head {};
#define call_rcu(head, func) (func)(head)

#endif /* MINIXEN_SCHED_H */
