/* SPDX-License-Identifier: MIT */
/*
 * A guest that does nothing but print: an arm64 Image that writes the alphabet to
 * the SBSA UART of Xen's guests, for ever, as fast as FR.TXFF lets it.
 */
#define UART   0x22000000
#define DR     0x000
#define FR     0x018
#define TXFF   5 /* bit */

        .text
        .globl  _start
_start: b       print                   /* code0; the header is of 64 bytes */
        .long   0
        .quad   0                       /* text_offset */
        .quad   end - _start            /* image_size */
        .quad   0                       /* flags: little-endian */
        .quad   0, 0, 0
        .ascii  "ARM\x64"
        .long   0

print:  mov     x0, #UART
        mov     w1, #'a'
full:   ldr     w2, [x0, #FR]
        tbnz    w2, #TXFF, full
        str     w1, [x0, #DR]
        add     w1, w1, #1
        cmp     w1, #'z'
        b.ls    full
        mov     w1, #'a'
        b       full
end:
