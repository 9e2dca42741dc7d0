/* SPDX-License-Identifier: GPL-2.0-only */
/* From C's first line to the guest's: this machine, one domain, its devices. */

#include <xen/console.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include "devices/pl031-regs.h"
#include "setup.h"

#define RAM_BASE 0x40000000UL
#define RTC_BASE 0x09010000UL

struct domain dom = { .domain_id = 1 };
static struct vcpu vcpus[MAX_VIRT_CPUS];

/* Where the guest starts: a firmware in the first bank of flash, or a kernel.
 */
static unsigned int opt_entry;
integer_param("entry", opt_entry);

/* --- Devices -------------------------------------------------------------- */

static int vsio_op(struct xen_vsio_op *op)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_vsio_op };
    int rc;

    op->version = XEN_VSIO_VERSION;
    memcpy(&domctl.u, op, sizeof(*op));
    rc = vsio_domctl(&dom, &domctl, &domctl);
    memcpy(op, &domctl.u, sizeof(*op));

    return rc;
}

int data_op(unsigned int cmd, unsigned int slot, struct xen_vsio_data *data)
{
    struct xen_vsio_op op = { .cmd = cmd, .slot = slot, .u.data = *data };
    int rc;

    dom.controller_pause_count = 1; /* we have the lock */
    rc = vsio_op(&op);
    dom.controller_pause_count = 0;
    *data = op.u.data;

    return rc;
}

unsigned int attach_device(struct xen_vsio_attach *a)
{
    struct xen_vsio_op op = { .cmd = XEN_VSIO_attach, .u.attach = *a };
    int rc;

    p2m_unmap(a->base, a->size ?: PAGE_SIZE);
    rc = vsio_op(&op);
    if ( rc )
        panic("no device of type %u: error %u\n", a->type, -rc);
    *a = op.u.attach;

    return op.slot;
}

static void attach_devices(void)
{
    struct xen_vsio_attach devices[] = {
        { .type = XEN_VSIO_PL011, .base = 0x09000000, .virq = 33 },
        { .type = XEN_VSIO_NS16550,
          .base = 0x0b001000,
          .virq = 46,
          .stride = 1 },
        { .type = XEN_VSIO_PL031, .base = RTC_BASE, .virq = 34 },
        { .type = XEN_VSIO_I8042, .base = 0x0b000000, .virq = 44 /* and 45 */ },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(devices); i++ )
    {
        void *ring = i < 2 ? alloc_xenheap_page() : NULL; /* of a UART */

        devices[i].gfn = virt_to_gfn(ring);
        attach_device(&devices[i]);
        if ( ring )
            console_add(&dom, devices[i].evtchn, ring);
    }
    flash_init(&dom);
}

/* --- The machine ---------------------------------------------------------- */

static void init_cpu(struct vcpu *v)
{
    write_sysreg((uintptr_t)v, tpidr_el2);
    write_sysreg(HCR_VM | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_TSC |
                     HCR_RW | HCR_APK | HCR_API,
                 hcr_el2);
    write_sysreg(0x33ff, cptr_el2); /* no traps but of SVE */
    write_sysreg(0, hstr_el2);
    write_sysreg(read_sysreg(mdcr_el2) & 0x1f, mdcr_el2);
    write_sysreg(3, cnthctl_el2); /* the timers are the guest's */
    write_sysreg(0, cntvoff_el2);
    write_sysreg(read_sysreg(midr_el1), vpidr_el2);
    write_sysreg(read_sysreg(mpidr_el1), vmpidr_el2);
    p2m_load();
    gic_init_cpu(v);
}

static void init_domain(void)
{
    unsigned int n;

    dom.max_vcpus = min((readl(GICD(GICD_TYPER)) >> 5 & 7) + 1, MAX_VIRT_CPUS);
    for ( n = 0; n < dom.max_vcpus; n++ )
    {
        dom.vcpu[n] = &vcpus[n];
        vcpus[n].domain = &dom;
        vcpus[n].vcpu_id = n;
    }

    p2m_init();
    p2m_map(GICC_BASE, GICC_SIZE, GICV_BASE);
    p2m_unmap(GICH_BASE, GICC_SIZE);
    p2m_unmap(GICV_BASE, GICC_SIZE);
    p2m_unmap(GICD_BASE, PAGE_SIZE);
    dom.arch.vmmio.max_num_entries = MAX_IO_HANDLER;
    vgic_init(&dom);
}

static void parse_cmdline(void)
{
    const struct kernel_param *p;
    const char *c, *digit;

    for ( p = params; p < params_end; p++ )
        for ( c = cmdline; *c; c++ )
        {
            if ( memcmp(c, p->name, p->length) )
                continue;
            *p->var = 0;
            for ( digit = c + p->length; *digit >= '0' && *digit <= '9'; )
                *p->var = 10 * *p->var + *digit++ - '0';
        }
}

static struct cpu_user_regs *top_of_stack(unsigned int cpu)
{
    return (struct cpu_user_regs *)(stacks + (cpu + 1) * STACK_SIZE) - 1;
}

int domain_shutdown(struct domain *d, uint8_t reason)
{
    bool reboot = reason == SHUTDOWN_reboot;

    console_flush();
    flash_save(NULL);
    printk("%pd: %s\n", d, reboot ? "reboot" : "power off");
    arm_smccc_smc(reboot ? PSCI_SYSTEM_RESET : PSCI_SYSTEM_OFF, 0, 0, 0);
    panic("the machine goes on\n");
}

void noreturn start_secondary(unsigned int cpu)
{
    spin_lock(&hyp_lock);
    init_cpu(dom.vcpu[cpu]);
    return_to_guest(top_of_stack(cpu));
}

void noreturn start_xen(void)
{
    console_init();
    printk("minixen\n");
    parse_cmdline();
    init_domain();
    init_cpu(dom.vcpu[0]);
    do_settime(readl(RTC_BASE + PL031_DR), 0, NOW());
    attach_devices();
    dom.creation_finished = true;
    /* Over QEMU's own, which is where a firmware looks for it. */
    memcpy((void *)RAM_BASE, device_tree, cmdline - device_tree);

    printk("%pd: %u vCPUs, entry %#x\n", &dom, dom.max_vcpus, opt_entry);
    vcpus[0].entry = opt_entry;
    vcpus[0].context = RAM_BASE;
    vcpus[0].state = VCPU_STARTING;
    return_to_guest(top_of_stack(0));
}
