/* SPDX-License-Identifier: GPL-2.0-only */
/* tree.h - for the glue: which Xen this is like, as the graft finds out. */
#ifndef MINIXEN_TREE_H
#define MINIXEN_TREE_H

#define VSIO_TREE_RX_CHAR_INT     1
#define VSIO_TREE_CONSOLE_PUT     1
#define VSIO_TREE_GET_SEC_HEADER  <xen/time.h>
#define VSIO_TREE_KINFO_HEADER    <xen/device_tree.h>
#define VSIO_TREE_KINFO_DOMAIN(k) ((k)->d)
#define VSIO_TREE_KINFO_VPL011(k) ((k)->vpl011)
#define VSIO_TREE_PHANDLE_GIC(k)  ((k)->phandle_gic)

#endif /* MINIXEN_TREE_H */
