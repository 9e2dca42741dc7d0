/* SPDX-License-Identifier: MIT */
/* The state of a PL011 as a whole: its invariant, and its record. */

#include "pl011-state.h"
#include "snapshot.h"

static bool valid_fifos(const struct vsio_pl011 *u)
{
    uint32_t entries = 0;
    unsigned int i;

    for ( i = 0; i < VSIO_PL011_FIFO; i++ )
        entries |= u->rx[i];

    return entries <= (PL011_DR_ERRS | 0xff) && u->depth == depth_of(u) &&
           u->rx_count <= u->depth && u->tx_count <= u->depth &&
           u->rx_first < VSIO_PL011_FIFO && u->tx_first < VSIO_PL011_FIFO &&
           u->rx_trigger == level_of(u, PL011_IFLS_RX(u->ifls), 1) &&
           u->tx_trigger == level_of(u, PL011_IFLS_TX(u->ifls), 0);
}

bool vsio_pl011_class_valid(const struct vsio_device *dev)
{
    const struct vsio_pl011 *u = (const struct vsio_pl011 *)dev;

    return !(u->cr & ~PL011_CR_MASK) && !(u->imsc & ~PL011_INT_MASK) &&
           !(u->latched & ~PL011_INT_LATCHED) &&
           !(u->modem_in & ~PL011_FR_MODEM) && !(u->rsr & ~0xfU) &&
           u->fbrd <= PL011_FBRD_MASK && u->ifls <= PL011_IFLS_MASK &&
           u->dmacr <= PL011_DMACR_MASK && valid_fifos(u) &&
           u->fr == fr_of(u) && (u->fr & PL011_FR_MODEM) == modem_of(u) &&
           u->ris == ris_of(u) && u->straight == is_straight(u) &&
           u->rx_case == rx_case_of(u) &&
           u->dev.lines == ((u->ris & u->imsc) != 0);
}

bool vsio_pl011_valid(const struct vsio_pl011 *u)
{
    return vsio_pl011_class_valid(&u->dev);
}

void vsio_pl011_class_fields(struct vsio_device *dev, struct vsio_stream *s)
{
    struct vsio_pl011 *u = to_pl011(dev);
    unsigned int i;

    vsio_field16(s, &u->cr);
    vsio_field16(s, &u->ibrd);
    vsio_field16(s, &u->imsc);
    vsio_field16(s, &u->latched);
    vsio_field16(s, &u->modem_in);
    vsio_field8(s, &u->lcr_h);
    vsio_field8(s, &u->ifls);
    vsio_field8(s, &u->fbrd);
    vsio_field8(s, &u->ilpr);
    vsio_field8(s, &u->dmacr);
    vsio_field8(s, &u->rsr);
    vsio_field_bool(s, &u->overrun);
    vsio_field_bool(s, &u->rx_wanted);
    vsio_field8(s, &u->rx_first);
    vsio_field8(s, &u->rx_count);
    vsio_field8(s, &u->tx_first);
    vsio_field8(s, &u->tx_count);
    vsio_field_bytes(s, u->tx, VSIO_PL011_FIFO);
    for ( i = 0; i < VSIO_PL011_FIFO; i++ )
        vsio_field16(s, &u->rx[i]);
}

void vsio_pl011_class_derive(struct vsio_device *dev)
{
    struct vsio_pl011 *u = to_pl011(dev);

    set_levels(u);
    u->fr = (uint16_t)modem_of(u);
    if ( u->rx_first < VSIO_PL011_FIFO ) /* else it will be refused */
        update_status(u);
    dev->lines = (u->ris & u->imsc) != 0;
}

/* The host is another one, perhaps: it may have room, or bytes for us. */
void vsio_pl011_class_resume(struct vsio_device *dev)
{
    struct vsio_pl011 *u = to_pl011(dev);
    const struct vsio_pl011_host *host = host_of(u);

    if ( host->modem )
        host->modem(dev->ctx, u->cr & PL011_CR_MODEM);
    if ( host->brk )
        host->brk(dev->ctx, brk_out(u));

    u->rx_wanted = u->rx_count > u->depth / 2 || !rx_open(u);
    if ( !u->rx_wanted && host->rx_ready )
        host->rx_ready(dev->ctx);
    vsio_pl011_tx_ready(u); /* also moves the line */
}
