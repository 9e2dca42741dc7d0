# SPDX-License-Identifier: MIT
"""What tools/xen-graft adds to Xen's own files, where, and what it finds out about a tree."""
from collections import namedtuple

ARM = "xen/arch/arm/"

# --- the hooks ----------------------------------------------------------------------
#
# A hook has one place per layout of Xen's sources; the first place whose pattern is in
# the tree is used. In a place, `at` is looked for in `file`, inside the body of function
# `fn` if given, and must be there exactly once. `before` and `after` go on lines of their
# own around the line(s) matched; a group named "i" in `at` is the indentation of `before`,
# any other named group may be used in the text. No text: there is nothing to add here.

Place = namedtuple("Place", "file fn at before after", defaults=("", ""))
Hook = namedtuple("Hook", "name wants places")

CONSTRUCT = """\
#ifdef CONFIG_VSIO
    rc = vsio_domain_construct(d, node, %s, rc);
    if ( rc < 0 )
        return rc;
#endif
"""
NODES = """\
ret = vsio_make_nodes(kinfo);
if ( ret )
    {fail}
"""
# One line; redefined after it, as Xen's own line stays as it is. RISC-V builds the
# common file too, without our header.
DTB_SIZE = r"^#define DOMU_DTB_SIZE (?P<size>\d+)$"
DTB_TEXT = """\
#ifdef VSIO_DOMU_DTB_EXTRA
#undef DOMU_DTB_SIZE
#define DOMU_DTB_SIZE ({size} + VSIO_DOMU_DTB_EXTRA)
#endif
"""
# A toolstack's devices are part of what a vCPU sees: whoever may set that may attach them.
# 4.17 has no permission for XEN_DOMCTL_vuart_op either, so that FLASK refuses it.
DOMCTL = """\
#ifdef CONFIG_VSIO
    case XEN_DOMCTL_vsio_op:
        return vsio_domctl(d, domctl, u_domctl.p);
#endif
"""
FLASK = """\
#ifdef CONFIG_VSIO
%s#endif
"""
# A write to a page that is mapped read-only.
FAULT = """\
#ifdef CONFIG_VSIO_REGISTER_IMAGE
        rc = vsio_permission_fault(regs, hsr, gpa);
        if ( rc > 0 )
            return;
        if ( rc < 0 )
            goto inject_abt;
#endif
"""
FLASK_C = "xen/xsm/flask/hooks.c"
DOM0LESS = ARM + "dom0less-build.c"                       # 4.19 and newer
DOMAIN_BUILD = ARM + "domain_build.c"                     # 4.17, 4.18
COMMON_DOM0LESS = "xen/common/device-tree/dom0less-build.c"  # 4.21 and newer

HOOKS = (
    Hook("kconfig", "config SBSA_VUART_CONSOLE", (
        Place(ARM + "Kconfig", None, r"^config SBSA_VUART_CONSOLE$",
              before='source "arch/arm/vsio/Kconfig"\n\n'),)),
    Hook("objects", "the obj- line of vpl011.o", (
        Place(ARM + "Makefile", None, r"^obj-\$\(CONFIG_\w+\)\s*\+=\s*vpl011\.o$",
              before="obj-$(CONFIG_VSIO) += vsio/\nifneq ($(CONFIG_VSIO_PL011),y)\n",
              after="endif\n"),)),
    Hook("header", "#include <asm/vpl011.h>", (
        Place(ARM + "include/asm/domain.h", None, r"^#include <asm/vpl011\.h>$",
              after="#include <asm/vsio.h>\n"),)),
    Hook("member", "member vpl011 of struct arch_domain", (
        Place(ARM + "include/asm/domain.h", None,
              r"^(?:#ifdef \w+\n)?[ \t]*struct vpl011 vpl011;",
              before="#ifdef CONFIG_VSIO\n    struct vsio_domain *vsio;\n#endif\n"),)),
    Hook("relinquish", "domain_vpl011_deinit(d) in domain_relinquish_resources()", (
        Place(ARM + "domain.c", "domain_relinquish_resources",
              r"^(?P<i>[ \t]*)domain_vpl011_deinit\(d\);",
              before="vsio_domain_relinquish(d);\n"),)),
    Hook("destroy", "domain_io_free(d) in arch_domain_destroy()", (
        Place(ARM + "domain.c", "arch_domain_destroy", r"^(?P<i>[ \t]*)domain_io_free\(d\);",
              before="vsio_domain_destroy(d);\n"),)),
    Hook("fault", "p2m_mem_access_check() in do_trap_stage2_abort_guest()", (
        Place(ARM + "traps.c", "do_trap_stage2_abort_guest",
              r"^[ \t]*p2m_mem_access_check\(gpa, gva, npfec\);", before=FAULT),)),
    Hook("domctl", "case XEN_DOMCTL_vuart_op in arch_do_domctl()", (
        Place(ARM + "domctl.c", "arch_do_domctl", r"^[ \t]*case XEN_DOMCTL_vuart_op:",
              before=DOMCTL),)),
    Hook("flask", "case XEN_DOMCTL_setvcpucontext in flask_domctl()", (
        Place(FLASK_C, "flask_domctl",
              r"^[ \t]*case XEN_DOMCTL_setvcpucontext:(?=(?s:.*)\bXEN_DOMCTL_vuart_op:)",
              before=FLASK % "    case XEN_DOMCTL_vsio_op:\n"),
        Place(FLASK_C, "flask_domctl", r"^[ \t]*case XEN_DOMCTL_setvcpucontext:",
              before=FLASK % "    case XEN_DOMCTL_vsio_op:\n    case XEN_DOMCTL_vuart_op:\n"))),
    Hook("config", "the place where a dom0less domain's configuration is complete", (
        Place(DOM0LESS, "arch_(?:parse_dom0less_node|create_domUs)",
              r"^(?:    return \w+;\n)?\}",
              before="    vsio_domain_config(node, d_cfg);\n"),
        *(Place(f, "create_domUs", r"^(?P<i>[ \t]*)d = domain_create\(.*&d_cfg\b",
                before="vsio_domain_config(node, &d_cfg);\n")
          for f in (DOM0LESS, DOMAIN_BUILD)))),
    Hook("construct", "the end of init_vuart(), or prepare_dtb_domU() in construct_domU()", (
        Place(DOM0LESS, "init_vuart", r"^    return rc;\n\}", before=CONSTRUCT % "kinfo"),
        *(Place(f, "construct_domU", r"^    rc = prepare_dtb_domU\(",
                before=CONSTRUCT % "&kinfo")
          for f in (DOM0LESS, DOMAIN_BUILD)))),
    Hook("nodes", "make_psci_node() in make_arch_nodes(), or make_timer_node() in "
                  "prepare_dtb_domU()", (
        Place(DOM0LESS, "make_arch_nodes",
              r"^(?P<i>[ \t]*)ret = make_psci_node\(.*\);\n\s*if \( ret \)\n\s*(?P<fail>.*;)",
              before=NODES),
        *(Place(f, "prepare_dtb_domU",
                r"^(?P<i>[ \t]*)ret = make_timer_node\(.*\);\n\s*if \( ret \)\n\s*(?P<fail>.*;)",
                before=NODES)
          for f in (DOM0LESS, DOMAIN_BUILD)))),
    Hook("dtb-size", "#define DOMU_DTB_SIZE", (
        *(Place(f, None, DTB_SIZE, after=DTB_TEXT)
          for f in (COMMON_DOM0LESS, DOM0LESS, DOMAIN_BUILD)),
        # Large enough already: 128 bytes for each of MAX_VIRT_CPUS.
        Place(COMMON_DOM0LESS, None,
              r"^#define DOMU_DTB_SIZE\b(?:.*\\\n)*.*\bMAX_VIRT_CPUS\b"))),
)

# --- what differs from one Xen to the next -------------------------------------------
#
# The first (file, pattern) in the tree decides the value.

Fact = namedtuple("Fact", "macro comment choices")

ASM_KERNEL_H = ARM + "include/asm/kernel.h"
FDT_KERNEL_H = "xen/include/xen/fdt-kernel.h"
VPL011_H = ARM + "include/asm/vpl011.h"
CONSOLE_H = "xen/include/xen/console.h"

FACTS = (
    Fact("VSIO_TREE_RX_CHAR_INT", "vpl011_rx_char_xen() returns int, not void (4.21+).", (
        (VPL011_H, r"\bint vpl011_rx_char_xen\(", "1"),
        (VPL011_H, r"\bvoid vpl011_rx_char_xen\(", "0"))),
    Fact("VSIO_TREE_KINFO_HEADER", "Declares struct kernel_info.", (
        (FDT_KERNEL_H, r"^struct kernel_info\s*\{", "<xen/fdt-kernel.h>"),
        (ASM_KERNEL_H, r"^struct kernel_info\s*\{", "<asm/kernel.h>"))),
    Fact("VSIO_TREE_KINFO_VPL011(k)", "A dom0less domain wants a vpl011.", (
        (ASM_KERNEL_H, r"^struct arch_kernel_info\s*\{[^}]*\bvpl011;", "((k)->arch.vpl011)"),
        (ASM_KERNEL_H, r"^struct kernel_info\s*\{(?s:.*?)\bvpl011;", "((k)->vpl011)"))),
    Fact("VSIO_TREE_KINFO_DOMAIN(k)", "The domain being built.", (
        (FDT_KERNEL_H, r"^\s+struct boot_domain bd;", "((k)->bd.d)"),
        (FDT_KERNEL_H, r"^\s+struct domain \*d;", "((k)->d)"),
        (ASM_KERNEL_H, r"^\s+struct domain \*d;", "((k)->d)"))),
    Fact("VSIO_TREE_PHANDLE_GIC(k)", "Phandle of its interrupt controller.", (
        (FDT_KERNEL_H, r"\bphandle_intc;", "((k)->phandle_intc)"),
        (FDT_KERNEL_H, r"\bphandle_gic;", "((k)->phandle_gic)"),
        (ASM_KERNEL_H, r"\bphandle_intc;", "((k)->phandle_intc)"),
        (ASM_KERNEL_H, r"\bphandle_gic;", "((k)->phandle_gic)"))),
    Fact("VSIO_TREE_GET_SEC_HEADER", "Declares get_sec().", (
        ("xen/include/xen/time.h", r"\bget_sec\(void\)", "<xen/time.h>"),
        ("xen/include/xen/cper.h", r"\bget_sec\(void\)", "<xen/cper.h>"))),
    Fact("VSIO_TREE_CONSOLE_PUT", "console_{get,put}_domain(), not console_input_domain() "
                                  "(4.21+).", (
        (CONSOLE_H, r"\bconsole_put_domain\(", "1"),
        (CONSOLE_H, r"\bconsole_input_domain\(", "0"))),
)
