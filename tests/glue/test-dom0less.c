/* SPDX-License-Identifier: GPL-2.0-only */
/* Properties of a dom0less domain's node, and its device tree; real libfdt. */

#include <asm/kernel.h>
#include <xen/errno.h>
#include <xen/libfdt/libfdt.h>

#include <public/device_tree_defs.h>

#include "devices/pl011-regs.h"
#include "fake-xen.h"
#include "layout.h"

#define GIC 65000

int memcmp(const void *a, const void *b, size_t n);
int strcmp(const char *a, const char *b);

static char fdt[8192];
static struct kernel_info kinfo;

static const struct dt_device_node everything = { { "vpl011", "vpl011-amba",
                                                    "vpl031", "vi8042" } };

/* As Xen does: its own UART first. */
static int construct(const struct dt_device_node *node)
{
    int rc = 0;

    kinfo = (struct kernel_info){
        .d = &dom,
        .fdt = fdt,
        .vpl011 = dt_property_read_bool(node, "vpl011"),
        .phandle_gic = GIC,
    };
    if ( kinfo.vpl011 )
        rc = domain_vpl011_init(&dom, NULL);

    return vsio_domain_construct(&dom, node, &kinfo, rc);
}

static int make_tree(unsigned int size, bool ours)
{
    int rc = fdt_create(fdt, size);

    rc = rc ?: fdt_finish_reservemap(fdt);
    rc = rc ?: fdt_begin_node(fdt, "");
    rc = rc ?: fdt_property_u32(fdt, "#address-cells", 2);
    rc = rc ?: fdt_property_u32(fdt, "#size-cells", 2);
    if ( ours )
        rc = rc ?: vsio_make_nodes(&kinfo);
    rc = rc ?: fdt_end_node(fdt);

    return rc ?: fdt_finish(fdt);
}

static int nodes(void)
{
    int node, n = 0;

    fdt_for_each_subnode(node, fdt, 0) n++;

    return n;
}

static uint32_t cell(int node, const char *property, unsigned int n)
{
    int len = 0;
    const fdt32_t *value = fdt_getprop(fdt, node, property, &len);

    EXPECT(value && len >= (int)(4 * n + 4));
    if ( !value || len < (int)(4 * n + 4) )
        return ~0U;

    return fdt32_to_cpu(value[n]);
}

static int cells(int node, const char *property)
{
    int len = -1;

    fdt_getprop(fdt, node, property, &len);

    return len / 4;
}

static void expect_strings(int node,
                           const char *property,
                           const char *a,
                           const char *b)
{
    EXPECT_EQ(fdt_stringlist_count(fdt, node, property), b ? 2 : 1);
    EXPECT_EQ(fdt_stringlist_search(fdt, node, property, a), 0);
    if ( b )
        EXPECT_EQ(fdt_stringlist_search(fdt, node, property, b), 1);
}

static int node_of(const char *path,
                   uint32_t base,
                   uint32_t spi,
                   unsigned int lines)
{
    int node = fdt_path_offset(fdt, path);
    unsigned int i;

    EXPECT(node > 0);
    if ( node <= 0 )
        return node;

    EXPECT_EQ(cells(node, "reg"), 4);
    EXPECT_EQ(cell(node, "reg", 0), 0);
    EXPECT_EQ(cell(node, "reg", 1), base);
    EXPECT_EQ(cell(node, "reg", 2), 0);
    EXPECT_EQ(cell(node, "reg", 3), 0x1000);
    EXPECT_EQ(cells(node, "interrupts"), 3 * lines);
    for ( i = 0; i < lines; i++ )
    {
        EXPECT_EQ(cell(node, "interrupts", 3 * i), 0);
        EXPECT_EQ(cell(node, "interrupts", 3 * i + 1), spi + i - 32);
        EXPECT_EQ(cell(node, "interrupts", 3 * i + 2), DT_IRQ_TYPE_LEVEL_HIGH);
    }
    EXPECT_EQ(cell(node, "interrupt-parent", 0), GIC);

    return node;
}

static void expect_clock(int node, unsigned int n)
{
    unsigned int i;
    int clock;

    EXPECT_EQ(cells(node, "clocks"), n);
    for ( i = 0; i < n; i++ )
    {
        clock = fdt_node_offset_by_phandle(fdt, cell(node, "clocks", i));
        EXPECT(clock > 0);
        expect_strings(clock, "compatible", "fixed-clock", NULL);
        EXPECT_EQ(cell(clock, "#clock-cells", 0), 0);
        EXPECT(cell(clock, "clock-frequency", 0) > 0);
    }
}

static void all(void)
{
    int node;

    fake_start();
    EXPECT_EQ(construct(&everything), 0);
    EXPECT(slot_of("vpl011") && slot_of("vpl031") && slot_of("vi8042"));
    EXPECT(!kinfo.vpl011); /* Xen makes no node of its own */
    EXPECT_EQ(make_tree(sizeof(fdt), true), 0);
    EXPECT_EQ(fdt_check_header(fdt), 0);
    EXPECT_EQ(nodes(), 4);

    node = node_of("/serial@22000000", 0x22000000, 32, 1);
    expect_strings(node, "compatible", "arm,pl011", "arm,primecell");
    expect_strings(node, "clock-names", "uartclk", "apb_pclk");
    expect_clock(node, 2);
    EXPECT_EQ(cell(node, "current-speed", 0), 115200);

    node = node_of("/rtc@22001000", 0x22001000, 44, 1);
    expect_strings(node, "compatible", "arm,pl031", "arm,primecell");
    expect_strings(node, "clock-names", "apb_pclk", NULL);
    expect_clock(node, 1);

    node = node_of("/8042@22002000", 0x22002000, 45, 2);
    expect_strings(node, "compatible", "intel,8042", NULL);
    fake_stop();
}

static void what_is_asked_for(void)
{
    static const struct dt_device_node sbsa = { { "vpl011" } },
                                       rtc = { { "vpl031" } },
                                       kbc = { { "vi8042" } }, none = { { 0 } };

    fake_start();
    EXPECT_EQ(construct(&none), 0);
    EXPECT(!dom.arch.vsio);
    EXPECT_EQ(make_tree(sizeof(fdt), true), 0);
    EXPECT_EQ(nodes(), 0);
    fake_stop();

    fake_start();
    EXPECT_EQ(construct(&sbsa), 0);
    EXPECT(slot_of("vpl011") && !slot_of("vpl031") && !slot_of("vi8042"));
    EXPECT(kinfo.vpl011);
    EXPECT_EQ(make_tree(sizeof(fdt), true), 0);
    EXPECT_EQ(nodes(), 0);
    fake_stop();

    fake_start();
    EXPECT_EQ(construct(&rtc), 0);
    EXPECT(!slot_of("vpl011") && slot_of("vpl031") && !slot_of("vi8042"));
    EXPECT_EQ(make_tree(sizeof(fdt), true), 0);
    EXPECT_EQ(nodes(), 2);
    EXPECT(fdt_path_offset(fdt, "/rtc@22001000") > 0);
    fake_stop();

    fake_start();
    EXPECT_EQ(construct(&kbc), 0);
    EXPECT(!slot_of("vpl011") && !slot_of("vpl031") && slot_of("vi8042"));
    EXPECT_EQ(make_tree(sizeof(fdt), true), 0);
    EXPECT_EQ(nodes(), 1); /* it has no clock */
    EXPECT(fdt_path_offset(fdt, "/8042@22002000") > 0);
    fake_stop();
}

static void enough_room(void)
{
    uint32_t with, without;
    unsigned int size;

    fake_start();
    EXPECT_EQ(construct(&everything), 0);
    EXPECT_EQ(make_tree(sizeof(fdt), false), 0);
    without = fdt_totalsize(fdt);
    EXPECT_EQ(make_tree(sizeof(fdt), true), 0);
    with = fdt_totalsize(fdt);
    at(with, without);
    EXPECT(with > without && with - without <= VSIO_DOMU_DTB_EXTRA);
    EXPECT_EQ(make_tree((without + 7) / 8 * 8 + VSIO_DOMU_DTB_EXTRA, true), 0);

    /* Too little is an error, and never more than that. */
    for ( size = without; size < with; size += 4 )
        EXPECT(make_tree(size, true) != 0);
    fake_stop();
}

static uint32_t spis(const struct dt_device_node *node, uint32_t before)
{
    struct xen_domctl_createdomain config = { .arch.nr_spis = before };

    vsio_domain_config(node, &config);

    return config.arch.nr_spis;
}

static void enough_spis(void)
{
    static const struct dt_device_node none = { { 0 } }, rtc = { { "vpl031" } },
                                       kbc = { { "vi8042" } };

    EXPECT_EQ(spis(&none, 0), 0);
    EXPECT_EQ(spis(&none, 1), 1);
    EXPECT_EQ(spis(&rtc, 0), VSIO_VPL031_SPI - 32 + 1);
    EXPECT_EQ(spis(&kbc, 0), VSIO_VI8042_SPI - 32 + 2);
    EXPECT_EQ(spis(&everything, 1), VSIO_VI8042_SPI - 32 + 2);
    EXPECT_EQ(spis(&everything, 200), 200);

    /* They are enough, and no more than enough. */
    fake_start();
    fake.nr_irqs = 32 + spis(&everything, 0);
    EXPECT_EQ(construct(&everything), 0);
    fake_stop();
    fake_start();
    fake.nr_irqs = 32 + spis(&everything, 0) - 1;
    EXPECT_EQ(construct(&everything), -EADDRINUSE);
    fake_stop();
}

static void expect_refused(const struct dt_device_node *node, const char *line)
{
    EXPECT_EQ(construct(node), -EINVAL);
    EXPECT_EQ(fake.log_lines, 1);
    EXPECT(!strcmp(fake.log, line));
}

static void amba_alone(void)
{
    static const struct dt_device_node node = { { "vpl011-amba" } };

    fake_start();
    expect_refused(&node, "d1: vpl011-amba: needs vpl011, and "
                          "CONFIG_VSIO_PL011\n");
    fake_stop();
}

static void direct_mapped(void)
{
    static const struct dt_device_node rtc = { { "vpl031" } },
                                       kbc = { { "vi8042" } };
    static const struct dt_device_node amba = { { "vpl011", "vpl011-amba" } };
    static struct vuart_info uart = { .base_addr = 0x123456000,
                                      .size = 0x1000 };
    int node;

    fake_start();
    dom.direct_map = true;
    expect_refused(&rtc, "d1: vpl031: its place is not free with "
                         "direct-map\n");
    fake_stop();

    fake_start();
    dom.direct_map = true;
    expect_refused(&kbc, "d1: vi8042: its place is not free with "
                         "direct-map\n");
    fake_stop();

    /* The UART is where Xen's is. */
    fake_start();
    dom.direct_map = true;
    fake.uart = &uart;
    fake.uart_irq = 33;
    EXPECT_EQ(construct(&amba), 0);
    EXPECT_EQ(make_tree(sizeof(fdt), true), 0);
    node = fdt_path_offset(fdt, "/serial@123456000");
    EXPECT(node > 0);
    EXPECT_EQ(cell(node, "reg", 0), 1);
    EXPECT_EQ(cell(node, "reg", 1), 0x23456000);
    EXPECT_EQ(cell(node, "interrupts", 1), 1);
    fake_stop();
}

/* A device that is passed through keeps its SPI: Xen does not ask. */
static void passed_through(void)
{
    static const unsigned int irqs[] = { 32, VSIO_VPL031_SPI, VSIO_VI8042_SPI,
                                         VSIO_VI8042_SPI + 1 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(irqs); i++ )
    {
        fake_start();
        EXPECT_EQ(construct(&everything), 0);
        fake_forget_log();
        fake.hw_irq = irqs[i];
        EXPECT_EQ(make_tree(sizeof(fdt), true), -EINVAL);
        EXPECT_EQ(fake.log_lines, 1);
        EXPECT(fake_logged("passed through"));
        fake.hw_irq = VSIO_VI8042_SPI + 2;
        EXPECT_EQ(make_tree(sizeof(fdt), true), 0);
        fake_stop();
    }
}

/* What went wrong before is handed on, and nothing is attached. */
static void earlier_error(void)
{
    unsigned int n = 0;
    int rc;

    fake_start();
    kinfo = (struct kernel_info){ .d = &dom, .vpl011 = true };
    EXPECT_EQ(vsio_domain_construct(&dom, &everything, &kinfo, -ENOSPC),
              -ENOSPC);
    EXPECT(!dom.arch.vsio);
    fake_stop();

    /* And what goes wrong here, at any step. */
    do
    {
        fake_start();
        fake.fail_at = ++n;
        rc = construct(&everything);
        EXPECT((rc < 0) == (fake.can_fail >= n));
        fake_stop();
    } while ( rc < 0 );
    EXPECT_EQ(n, 10 + FAKE_IMAGE); /* nine steps, or ten, can fail */
}

static const struct test table[] = {
    { "all properties: all devices, and their nodes", all },
    { "a device and a node for what is asked for only", what_is_asked_for },
    { "the room that is added to the tree is enough", enough_room },
    { "nr_spis is raised to what the devices need", enough_spis },
    { "vpl011-amba without vpl011 is refused in one line", amba_alone },
    { "direct-map: no room for RTC and i8042, Xen's place for the UART",
      direct_mapped },
    { "an SPI that a device passed through has is refused in one line",
      passed_through },
    { "errors are handed on, and leave nothing", earlier_error },
};
TESTS(table);
