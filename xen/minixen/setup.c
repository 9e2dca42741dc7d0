/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From C's first line to the guest's: this machine, one domain, its devices,
 * its device tree.
 */

#include <xen/console.h>
#include <xen/device_tree.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include "devices/pl031-regs.h"
#include "setup.h"

#define RAM_BASE     0x40000000UL
#define UART_BASE    0x09000000UL
#define RTC_BASE     0x09010000UL
#define RTC_SPI      34
#define I8042_BASE   0x0b000000UL
#define I8042_SPI    44 /* and the next one */
#define NS16550_BASE 0x0b001000UL
#define NS16550_SPI  46
#define FDT_ROOM     1024

struct domain dom = { .domain_id = 1 };
static struct vcpu vcpus[MAX_VIRT_CPUS];

/* --- Devices -------------------------------------------------------------- */

int vsio_op(struct xen_vsio_op *op)
{
    struct xen_domctl domctl = { .cmd = XEN_DOMCTL_vsio_op };
    int rc;

    op->version = XEN_VSIO_VERSION;
    memcpy(&domctl.u, op, sizeof(*op));
    rc = vsio_domctl(&dom, &domctl, &domctl);
    memcpy(op, &domctl.u, sizeof(*op));

    return rc;
}

unsigned int attach_device(struct xen_vsio_attach *a)
{
    struct xen_vsio_op op = { .cmd = XEN_VSIO_attach, .u.attach = *a };
    int rc;

    if ( a->size )
        p2m_unmap(a->base, a->size);
    else
        p2m_unmap_page(a->base);
    rc = vsio_op(&op);
    if ( rc )
        panic("no device of type %u: %d\n", a->type, rc);
    *a = op.u.attach;

    return op.slot;
}

/* A UART, and our console behind it. */
static void attach_uart(struct xen_vsio_attach a)
{
    void *ring = alloc_xenheap_page();

    BUG_ON(!ring);
    a.gfn = virt_to_gfn(ring);
    attach_device(&a);
    console_add(&dom, a.evtchn, ring);
}

static void attach_devices(void)
{
    struct xen_vsio_attach rtc = { .type = XEN_VSIO_PL031,
                                   .base = RTC_BASE,
                                   .virq = RTC_SPI };
    struct xen_vsio_attach i8042 = { .type = XEN_VSIO_I8042,
                                     .base = I8042_BASE,
                                     .virq = I8042_SPI };

    attach_uart((struct xen_vsio_attach){
        .type = XEN_VSIO_PL011, .base = UART_BASE, .virq = UART_IRQ });
    attach_uart((struct xen_vsio_attach){ .type = XEN_VSIO_NS16550,
                                          .base = NS16550_BASE,
                                          .virq = NS16550_SPI,
                                          .stride = 1 });
    attach_device(&rtc);
    attach_device(&i8042);
    flash_init(&dom);
}

/* --- The device tree ------------------------------------------------------ */

/* QEMU's: where RAM starts for a firmware, else QEMU's boot code knows it. */
static void *find_fdt(bool *firmware)
{
    void *fdt = (void *)RAM_BASE;

    *firmware = fdt_is_here(fdt);
    if ( !*firmware )
        fdt = *(void **)(RAM_BASE + 0x18);
    if ( !fdt_is_here(fdt) )
        panic("no device tree\n");

    return fdt;
}

/* The guest's memory ends where we are. */
static void shrink_memory(void *fdt)
{
    uint64_t *reg = fdt_find(fdt, 2, "memory@", 0, "reg");
    uint64_t size;

    BUG_ON(!reg || reg[0] != cpu_to_fdt64(RAM_BASE));
    size = fdt64_to_cpu(reg[1]);
    if ( RAM_BASE + size < (uintptr_t)cmdline + PAGE_SIZE )
        panic("not enough memory: -m 1024 is needed\n");
    reg[1] = cpu_to_fdt64((uintptr_t)_start - RAM_BASE);
}

static void change_fdt(void *fdt)
{
    uint32_t *gic = fdt_find(fdt, 2, "intc@", 0, "phandle");
    void *rtc = fdt_find(fdt, 2, "pl031@", 0, "");
    struct kernel_info kinfo = { .d = &dom, .fdt = fdt };

    BUG_ON(!gic);
    kinfo.phandle_gic = fdt32_to_cpu(*gic);
    shrink_memory(fdt);
    if ( rtc )
        fdt_nop_node(rtc); /* the glue makes one */
    fdt_reopen(fdt, FDT_ROOM);
    if ( vsio_make_nodes(&kinfo) )
        panic("no device tree nodes\n");
    fdt_close(fdt);
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
    gic_init_cpu();
}

static void init_domain(unsigned int cpus)
{
    unsigned int n;
    paddr_t page;

    dom.max_vcpus = min(cpus, MAX_VIRT_CPUS);
    for ( n = 0; n < dom.max_vcpus; n++ )
    {
        dom.vcpu[n] = &vcpus[n];
        vcpus[n].domain = &dom;
        vcpus[n].vcpu_id = n;
    }

    p2m_init();
    for ( page = 0; page < GICC_SIZE; page += PAGE_SIZE )
    {
        p2m_map_page(GICC_BASE + page, GICV_BASE + page);
        p2m_unmap_page(GICH_BASE + page);
        p2m_unmap_page(GICV_BASE + page);
    }
    p2m_unmap_page(GICD_BASE);
    domain_io_init(&dom);
    vgic_init(&dom);
}

/* What name=number of the command line is about. */
static void set_param(const char *word)
{
    const struct kernel_param *p = (void *)params;
    size_t n;

    for ( ; p < (const struct kernel_param *)params_end; p++ )
    {
        n = strlen(p->name);
        if ( memcmp(word, p->name, n) || word[n] != '=' )
            continue;
        *p->var = 0;
        for ( word += n + 1; *word >= '0' && *word <= '9'; word++ )
            *p->var = 10 * *p->var + *word - '0';
        return;
    }
}

static void parse_cmdline(void)
{
    const char *c;

    cmdline[PAGE_SIZE - 1] = '\0';
    for ( c = cmdline; *c; c++ )
        if ( c == cmdline || c[-1] == ' ' )
            set_param(c);
}

static void call_initcalls(void)
{
    int (**fn)(void) = (void *)initcalls;

    for ( ; fn < (int (**)(void))initcalls_end; fn++ )
        (*fn)();
}

static struct cpu_user_regs *top_of_stack(unsigned int cpu)
{
    return (struct cpu_user_regs *)(stacks + (cpu + 1) * STACK_SIZE) - 1;
}

int domain_shutdown(struct domain *d, uint8_t reason)
{
    console_flush();
    flash_save();
    dump_stats(d);
    printk("%pd: %s\n", d, reason == SHUTDOWN_reboot ? "reboot" : "power off");
    arm_smccc_smc(reason == SHUTDOWN_reboot ? PSCI_SYSTEM_RESET
                                            : PSCI_SYSTEM_OFF,
                  0, 0, 0);
    panic("the machine goes on\n");
}

static unsigned int count_cpus(void *fdt)
{
    unsigned int n = 0;

    while ( fdt_find(fdt, 3, "cpu@", n, "") )
        n++;

    return n;
}

void noreturn start_secondary(unsigned int cpu)
{
    init_cpu(dom.vcpu[cpu]);
    return_to_guest(top_of_stack(cpu));
}

void noreturn start_xen(void)
{
    bool firmware;
    void *fdt;

    console_init();
    printk("minixen\n");
    fdt = find_fdt(&firmware);
    init_domain(count_cpus(fdt));
    init_cpu(dom.vcpu[0]);
    gic_init();
    do_settime(readl(RTC_BASE + PL031_DR), 0, NOW());
    parse_cmdline();
    call_initcalls();
    dom.controller_pause_count = 1;
    attach_devices();
    change_fdt(fdt);
    dom.controller_pause_count = 0;
    dom.creation_finished = true;

    printk("%pd: %u vCPUs, %s\n", &dom, dom.max_vcpus,
           firmware ? "firmware" : "kernel");
    vcpus[0].entry = firmware ? 0 : RAM_BASE;
    vcpus[0].context = firmware ? RAM_BASE : 0;
    vcpus[0].state = VCPU_STARTING;
    return_to_guest(top_of_stack(0));
}
