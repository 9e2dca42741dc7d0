/* SPDX-License-Identifier: MIT */
/* A 16550A and a host for it that the tests hold in their hands. */
#ifndef NS16550_HOST_H
#define NS16550_HOST_H

#include "harness.h"
#include "ns16550-regs.h"
#include "ns16550.h"

#define DEPTH   VSIO_NS16550_FIFO
#define DEEP    VSIO_NS16550_RX_MAX
#define FOREVER UINT32_MAX

extern struct vsio_ns16550 com;

/* What the host does, and what it has seen. com_plug_in() starts it anew. */
struct com_host {
    uint32_t room; /* bytes that it takes before it refuses */
    uint32_t asked, taken;
    uint8_t sent[256]; /* the first ones that it took */
    uint32_t rx_ready_calls;
    uint32_t feed;   /* numbered bytes to hand over from rx_ready */
    uint8_t next;    /* number of the next byte for the guest */
    uint32_t stored; /* how many of those the device took */
    uint32_t modem_calls, brk_calls;
    uint8_t modem;
    bool brk;
    bool restoring; /* outputs are told again, changed or not */
    uint32_t told[VSIO_EVENT_TIME + 1]; /* events of each type */
};
extern struct com_host com_host;

/* By name, by the byte, whatever the stride. */
#define REG(reg)       (NS16550_##reg * (uint32_t)com.dev.class->unit)
#define RD(reg)        rd8(&com.dev, REG(reg))
#define WR(reg, value) wr8(&com.dev, REG(reg), value)

/* A UART at power-on, on a host that has all callbacks and takes all bytes. */
void com_plug_in_as(unsigned int stride, unsigned int rx_depth);

/* The same, registers side by side and 16 bytes of FIFO. */
void com_plug_in(void);

/* The same, with a tx callback and no other; and on a host that is told all. */
void com_plug_in_bare(void);
void com_plug_in_told(void);

/* The same as com_plug_in_as() with stride 1, with FIFOs enabled. */
void com_plug_in_fifos(unsigned int rx_depth);

/* The host offers n bytes, numbered on; returns how many were stored. */
uint32_t com_receive(uint32_t n);

/* The host has room for n more bytes, and says so. */
void com_make_room(uint32_t n);

/* The guest sends n bytes, numbered from first. */
void com_send(uint8_t first, uint32_t n);

/* The host's side of a change of modem inputs, of an error, of an overrun. */
void com_lines(uint8_t msr_lines);
bool com_receive_error(uint8_t byte, uint8_t lsr);
void com_lose_one(void);

#endif /* NS16550_HOST_H */
