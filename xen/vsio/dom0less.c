/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices of dom0less domains, asked for by properties of the domain's node:
 *   vpl011       Xen's own: a UART
 *   vpl011-amba  the UART is arm,pl011 to the guest, not arm,sbsa-uart
 *   vpl031       a real time clock
 *   vi8042       an i8042 controller
 */

#include <xen/device_tree.h>
#include <xen/errno.h>
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/libfdt/libfdt.h>
#include <xen/sched.h>

#include <public/arch-arm.h>
#include <public/device_tree_defs.h>
#include <public/domctl.h>

#include "layout.h"
#include "slot.h"
#include VSIO_TREE_KINFO_HEADER

static int __init refuse(const struct domain *d,
                         const char *property,
                         const char *why)
{
    printk(XENLOG_ERR "%pd: %s: %s\n", d, property, why);

    return -EINVAL;
}

static const struct {
    const char *property;
    unsigned int last_spi;
    int (*attach)(struct domain *d); /* NULL: not built in */
} devices[] __initconst = {
#ifdef CONFIG_VSIO_PL031
    { "vpl031", VSIO_VPL031_SPI, vsio_vpl031_attach },
#else
    { "vpl031" },
#endif
#ifdef CONFIG_VSIO_I8042
    { "vi8042", VSIO_VI8042_SPI + 1, vsio_vi8042_attach },
#else
    { "vi8042" },
#endif
};

void __init vsio_domain_config(const struct dt_device_node *node,
                               struct xen_domctl_createdomain *config)
{
    unsigned int i, nr;

    for ( i = 0; i < ARRAY_SIZE(devices); i++ )
    {
        nr = devices[i].attach ? devices[i].last_spi - 32 + 1 : 0;
        if ( dt_property_read_bool(node, devices[i].property) &&
             config->arch.nr_spis < nr )
            config->arch.nr_spis = nr;
    }
}

static int __init choose_uart_node(struct domain *d, struct kernel_info *kinfo)
{
#ifdef CONFIG_VSIO_PL011
    if ( VSIO_TREE_KINFO_VPL011(kinfo) )
    {
        d->arch.vsio->amba_uart = true;
        VSIO_TREE_KINFO_VPL011(kinfo) = false; /* Xen makes no node for it */
        return 0;
    }
#endif
    return refuse(d, "vpl011-amba", "needs vpl011, and CONFIG_VSIO_PL011");
}

int __init vsio_domain_construct(struct domain *d,
                                 const struct dt_device_node *node,
                                 struct kernel_info *kinfo,
                                 int rc)
{
    unsigned int i;

    if ( rc >= 0 && dt_property_read_bool(node, "vpl011-amba") )
        rc = choose_uart_node(d, kinfo);

    for ( i = 0; rc >= 0 && i < ARRAY_SIZE(devices); i++ )
    {
        const char *property = devices[i].property;

        if ( !dt_property_read_bool(node, property) )
            continue;

        if ( !devices[i].attach )
            rc = refuse(d, property, "this Xen is built without it");
        else if ( is_domain_direct_mapped(d) )
            rc = refuse(d, property, "its place is not free with direct-map");
        else
            rc = devices[i].attach(d);
    }

    return rc;
}

int __init vsio_fdt_begin(void *fdt,
                          const struct vsio_slot *slot,
                          const char *name,
                          uint32_t gic)
{
    const fdt64_t reg[2] = { cpu_to_fdt64(slot->base),
                             cpu_to_fdt64(slot->size) };
    fdt32_t irqs[3 * VSIO_MAX_LINES];
    unsigned int i, lines = slot->dev->class->lines;
    char node[32];
    int rc;

    BUILD_BUG_ON(GUEST_ROOT_ADDRESS_CELLS != 2 || GUEST_ROOT_SIZE_CELLS != 2);

    for ( i = 0; i < lines; i++ )
    {
        irqs[3 * i] = cpu_to_fdt32(0); /* SPI */
        irqs[3 * i + 1] = cpu_to_fdt32(slot->virq[i] - 32);
        irqs[3 * i + 2] = cpu_to_fdt32(DT_IRQ_TYPE_LEVEL_HIGH);
    }

    /* A unit address has no leading zeros, as PRIpaddr would print. */
    (void)snprintf(node, sizeof(node), "%s@%" PRIx64, name,
                   (uint64_t)slot->base);
    rc = fdt_begin_node(fdt, node);
    rc = rc ?: fdt_property(fdt, "reg", reg, sizeof(reg));
    rc = rc ?: fdt_property(fdt, "interrupts", irqs, 12 * lines);

    return rc ?: fdt_property_u32(fdt, "interrupt-parent", gic);
}

/* names: as many strings as there are clocks, all of them the one we have. */
int __init vsio_fdt_clocks(void *fdt, const char *names, unsigned int len)
{
    fdt32_t clocks[2];
    unsigned int i, n = 0;
    int rc;

    for ( i = 0; i < len && n < ARRAY_SIZE(clocks); i++ )
        if ( names[i] == '\0' )
            clocks[n++] = cpu_to_fdt32(VSIO_PHANDLE_CLOCK);

    rc = fdt_property(fdt, "clocks", clocks, n * sizeof(clocks[0]));

    return rc ?: fdt_property(fdt, "clock-names", names, len);
}

static int __init make_clock_node(void *fdt)
{
    int rc = fdt_begin_node(fdt, "apb-pclk");

    rc = rc ?: fdt_property_string(fdt, "compatible", "fixed-clock");
    rc = rc ?: fdt_property_u32(fdt, "#clock-cells", 0);
    rc = rc ?: fdt_property_u32(fdt, "clock-frequency", 24000000);
    rc = rc ?: fdt_property_u32(fdt, "phandle", VSIO_PHANDLE_CLOCK);

    return rc ?: fdt_end_node(fdt);
}

static bool __init needs_clock(const struct vsio_domain *vsio)
{
    bool clocked = vsio->amba_uart;
    unsigned int i;

    for ( i = 0; i < XEN_VSIO_SLOTS; i++ )
        clocked |= vsio->slot[i] && vsio->slot[i]->ops->clocked;

    return clocked;
}

/* Xen 4.17 hands a device's SPI to a domain without asking if it is taken. */
static int __init check_interrupts(const struct vsio_slot *slot)
{
    unsigned int i;

    for ( i = 0; i < slot->dev->class->lines; i++ )
        if ( vgic_get_hw_irq_desc(slot->domain, NULL, slot->virq[i]) )
            return refuse(slot->domain, slot->ops->name,
                          "a device that is passed through has its SPI");

    return 0;
}

int __init vsio_make_nodes(struct kernel_info *kinfo)
{
    const struct vsio_domain *vsio = VSIO_TREE_KINFO_DOMAIN(kinfo)->arch.vsio;
    const uint32_t gic = VSIO_TREE_PHANDLE_GIC(kinfo);
    unsigned int i;
    int rc = 0;

    if ( !vsio )
        return 0;

    if ( needs_clock(vsio) )
        rc = make_clock_node(kinfo->fdt);
#ifdef CONFIG_VSIO_PL011
    if ( !rc && vsio->amba_uart )
        rc = vsio_vpl011_make_amba_node(VSIO_TREE_KINFO_DOMAIN(kinfo),
                                        kinfo->fdt, gic);
#endif

    for ( i = 0; !rc && i < XEN_VSIO_SLOTS; i++ )
    {
        const struct vsio_slot *slot = vsio->slot[i];

        if ( !slot )
            continue;

        rc = check_interrupts(slot);
        if ( !rc && slot->ops->make_node )
            rc = slot->ops->make_node(slot, kinfo->fdt, gic);
    }

    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
