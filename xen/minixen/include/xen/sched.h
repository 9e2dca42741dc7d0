/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen/sched.h - the domain and its vCPUs. There is one domain, and vCPU n is
 * physical CPU n, always.
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
#include <asm/vpl011.h>
#include <asm/vsio.h>

#define MAX_VIRT_CPUS 4U

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

/* Make its CPU leave the guest, to look at what is there for it. */
void vcpu_kick(struct vcpu *v);

/* The guest has ended, and the machine does: the flash is stored before. */
int domain_shutdown(struct domain *d, uint8_t reason);

#define is_domain_direct_mapped(d) ((void)(d), false)
static inline void get_knownalive_domain(struct domain *d)
{
}

static inline void put_domain(struct domain *d)
{
}

/* Devices go only before the guest runs: nobody can be using them. */
struct rcu_head {};

static inline void call_rcu(struct rcu_head *head,
                            void (*func)(struct rcu_head *head))
{
    func(head);
}

#endif /* MINIXEN_SCHED_H */
