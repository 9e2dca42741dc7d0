/* SPDX-License-Identifier: MIT */
/* A PL011 and a host for it that the tests hold in their hands. */
#ifndef PL011_HOST_H
#define PL011_HOST_H

#include "harness.h"
#include "pl011.h"
#include "pl011-regs.h"

#define FIFO    VSIO_PL011_FIFO
#define FOREVER UINT32_MAX

extern struct vsio_pl011 uart;

/* What the host does, and what it has seen. plug_in() starts it anew. */
struct far_end {
    uint32_t room; /* bytes that it takes before it refuses */
    uint32_t asked, taken;
    uint8_t sent[256]; /* the first ones that it took */
    uint32_t rx_ready_calls;
    uint32_t feed;   /* numbered bytes to hand over from rx_ready */
    uint8_t next;    /* number of the next byte for the guest */
    uint32_t stored; /* how many of those the device took */
    uint32_t modem_calls, brk_calls;
    uint16_t modem;
    bool brk;
};
extern struct far_end far;

#define RD(reg)        rd32(&uart.dev, PL011_##reg)
#define WR(reg, value) wr32(&uart.dev, PL011_##reg, value)

/* A UART at power-on, on a host that has all callbacks and takes all bytes. */
void plug_in(void);

/* The same, with a tx callback and no other. */
void plug_in_bare(void);

/* The same as plug_in(), with FIFOs enabled. */
void plug_in_fifos(void);

/* The host offers n bytes, numbered on; returns how many were stored. */
uint32_t receive(uint32_t n);

/* The host has room for n more bytes, and says so. */
void make_room(uint32_t n);

/* The guest sends n bytes, numbered from first. */
void send(uint8_t first, uint32_t n);

/* The host's side of a change of modem inputs, of an error, of an overrun. */
void lines(uint16_t fr_lines);
bool receive_error(uint16_t dr);
void lose_one(void);

#endif /* PL011_HOST_H */
