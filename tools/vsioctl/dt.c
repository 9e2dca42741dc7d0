/* SPDX-License-Identifier: MIT */
/*
 * dt.c - the partial device tree for device_tree= in xl.cfg.
 *
 * libxl copies /passthrough with what is in it. The node of the interrupt
 * controller, whose phandle libxl has fixed, is not copied: it is here so that
 * the tree is complete by itself.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <unistd.h>

#include "vsioctl.h"

#define PHANDLE_GIC   65000 /* libxl's */
#define PHANDLE_CLOCK (PHANDLE_GIC + 0x100)
#define TREE_SIZE     16384

/* One device, and what only its node says. */
static int own_properties(void *fdt, const struct spec *spec)
{
    static const char pl011[] = "arm,pl011\0arm,primecell";
    static const char pl031[] = "arm,pl031\0arm,primecell";
    static const char uartclk[] = "uartclk\0apb_pclk";
    fdt32_t clock = cpu_to_fdt32(PHANDLE_CLOCK);
    fdt32_t clocks[] = { clock, clock };
    int rc;

    switch ( spec->kind->type )
    {
    case XEN_VSIO_PL011:
        rc = fdt_property(fdt, "compatible", pl011, sizeof(pl011));
        rc = rc ?: fdt_property(fdt, "clocks", clocks, sizeof(clocks));

        return rc ?: fdt_property(fdt, "clock-names", uartclk, sizeof(uartclk));

    case XEN_VSIO_PL031:
        rc = fdt_property(fdt, "compatible", pl031, sizeof(pl031));
        rc = rc ?: fdt_property(fdt, "clocks", clocks, sizeof(clock));

        return rc ?: fdt_property_string(fdt, "clock-names", "apb_pclk");

    case XEN_VSIO_I8042:
        return fdt_property_string(fdt, "compatible", "intel,8042");

    case XEN_VSIO_NS16550:
        rc = fdt_property_string(fdt, "compatible", "ns16550a");
        rc = rc ?: fdt_property_u32(fdt, "reg-shift", spec->stride / 2);

        return rc ?: fdt_property_u32(fdt, "clock-frequency", 1843200);

    default:
        rc = fdt_property_string(fdt, "compatible", "cfi-flash");

        return rc ?: fdt_property_u32(fdt, "bank-width", 4);
    }
}

static const char *node_name(const struct spec *spec)
{
    switch ( spec->kind->type )
    {
    case XEN_VSIO_PL011:
    case XEN_VSIO_NS16550:
        return "serial";

    case XEN_VSIO_PL031:
        return "rtc";

    case XEN_VSIO_I8042:
        return "keyboard";

    default:
        return "flash";
    }
}

static int device_node(void *fdt, const struct spec *spec)
{
    char *name =
        text("%s@%llx", node_name(spec), (unsigned long long)spec->addr);
    fdt64_t reg[] = { cpu_to_fdt64(spec->addr),
                      cpu_to_fdt64(spec_window(spec)) };
    fdt32_t irqs[6];
    size_t i;
    int rc = fdt_begin_node(fdt, name);

    free(name);
    for ( i = 0; i < spec->kind->lines; i++ )
    {
        irqs[3 * i] = cpu_to_fdt32(0); /* an SPI */
        irqs[3 * i + 1] = cpu_to_fdt32(spec->irq - SPI_FIRST + (uint32_t)i);
        irqs[3 * i + 2] = cpu_to_fdt32(4); /* active high, a level */
    }
    rc = rc ?: own_properties(fdt, spec);
    rc = rc ?: fdt_property(fdt, "reg", reg, sizeof(reg));
    if ( !rc && i )
        rc = fdt_property(fdt, "interrupts", irqs, (int)(12 * i));

    return rc ?: fdt_end_node(fdt);
}

static int gic_node(void *fdt)
{
    int rc = fdt_begin_node(fdt, "interrupt-controller");

    rc = rc ?: fdt_property(fdt, "interrupt-controller", NULL, 0);
    rc = rc ?: fdt_property_u32(fdt, "#interrupt-cells", 3);
    rc = rc ?: fdt_property_u32(fdt, "#address-cells", 0);
    rc = rc ?: fdt_property_u32(fdt, "phandle", PHANDLE_GIC);

    return rc ?: fdt_end_node(fdt);
}

static int clock_node(void *fdt)
{
    int rc = fdt_begin_node(fdt, "apb-pclk");

    rc = rc ?: fdt_property_string(fdt, "compatible", "fixed-clock");
    rc = rc ?: fdt_property_u32(fdt, "#clock-cells", 0);
    rc = rc ?: fdt_property_u32(fdt, "clock-frequency", 24000000);
    rc = rc ?: fdt_property_u32(fdt, "phandle", PHANDLE_CLOCK);

    return rc ?: fdt_end_node(fdt);
}

static int cells(void *fdt)
{
    int rc = fdt_property_u32(fdt, "#address-cells", 2);

    return rc ?: fdt_property_u32(fdt, "#size-cells", 2);
}

static int tree(void *fdt, const struct spec *specs, int n)
{
    bool amba = false;
    int rc = fdt_create(fdt, TREE_SIZE);

    rc = rc ?: fdt_finish_reservemap(fdt);
    rc = rc ?: fdt_begin_node(fdt, "");
    rc = rc ?: cells(fdt);
    rc = rc ?: gic_node(fdt);
    rc = rc ?: fdt_begin_node(fdt, "passthrough");
    rc = rc ?: fdt_property_string(fdt, "compatible", "simple-bus");
    rc = rc ?: fdt_property(fdt, "ranges", NULL, 0);
    rc = rc ?: fdt_property_u32(fdt, "interrupt-parent", PHANDLE_GIC);
    rc = rc ?: cells(fdt);
    for ( int i = 0; i < n; i++ )
        amba |= specs[i].kind->type == XEN_VSIO_PL011 ||
                specs[i].kind->type == XEN_VSIO_PL031;
    if ( !rc && amba )
        rc = clock_node(fdt);
    for ( int i = 0; i < n && !rc; i++ )
        rc = device_node(fdt, &specs[i]);
    rc = rc ?: fdt_end_node(fdt);
    rc = rc ?: fdt_end_node(fdt);

    return rc ?: fdt_finish(fdt);
}

static enum status write_tree(const struct spec *specs, int n)
{
    void *fdt = allocate(NULL, TREE_SIZE);
    int rc = tree(fdt, specs, n);
    enum status status = OK;

    if ( rc )
        status = error(FAILED, "device tree: %s", fdt_strerror(rc));
    else if ( !write_all(STDOUT_FILENO, fdt, fdt_totalsize(fdt)) )
        status = error(FAILED, "standard output: %m");
    free(fdt);

    return status;
}

enum status cmd_dt(int argc, char **argv)
{
    static struct spec specs[XEN_VSIO_SLOTS];
    struct places taken = { 0 };
    enum status status = OK;
    int n = 0;

    if ( isatty(STDOUT_FILENO) )
        return error(USAGE, "a device tree is no text: dt ... > FILE");
    while ( argc && !status )
    {
        int used = 0;

        if ( n == XEN_VSIO_SLOTS )
            return error(REFUSED, "a domain has %d devices at most", n);
        status = spec_parse(argc, argv, &specs[n], &used);
        if ( !status )
            status = spec_place(&specs[n], &taken);
        if ( !status )
            places_add(&taken, &specs[n], specs[n].kind->name);
        n++;
        argc -= used;
        argv += used;
    }

    return status ? status : write_tree(specs, n);
}
