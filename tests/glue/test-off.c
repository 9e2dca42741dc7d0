/* SPDX-License-Identifier: GPL-2.0-only */
/* A Xen with the i8042 only: what is not built in is refused. */

#include <asm/kernel.h>
#include <xen/errno.h>

#include "fake-xen.h"
#include "layout.h"

int strcmp(const char *a, const char *b);

static struct kernel_info kinfo = { .d = &dom };

static void expect_refused(const char *property, const char *line)
{
    struct dt_device_node node = { { property } };

    fake_start();
    kinfo.vpl011 = true; /* Xen has its own */
    EXPECT_EQ(vsio_domain_construct(&dom, &node, &kinfo, 0), -EINVAL);
    EXPECT_EQ(fake.log_lines, 1);
    EXPECT(!strcmp(fake.log, line));
    EXPECT(kinfo.vpl011);
    fake_stop();
}

static void refused(void)
{
    expect_refused("vpl031", "d1: vpl031: this Xen is built without it\n");
    expect_refused("vpl011-amba",
                   "d1: vpl011-amba: needs vpl011, and CONFIG_VSIO_PL011\n");
}

static void the_rest_works(void)
{
    static const struct dt_device_node node = { { "vpl011", "vi8042" } };

    fake_start();
    kinfo.vpl011 = true;
    EXPECT_EQ(vsio_domain_construct(&dom, &node, &kinfo, 0), 0);
    EXPECT(slot_of("vi8042"));
    fake_stop();
}

static void no_spis(void)
{
    static const struct dt_device_node node = { { "vpl031" } };
    struct xen_domctl_createdomain config = { .arch.nr_spis = 1 };

    vsio_domain_config(&node, &config);
    EXPECT_EQ(config.arch.nr_spis, 1);
}

static const struct test table[] = {
    { "properties of devices that are not built in: one line", refused },
    { "the others work, and Xen's own vpl011 is left alone", the_rest_works },
    { "no SPIs are made for them", no_spis },
};
TESTS(table);
