/* SPDX-License-Identifier: GPL-2.0-only */
/* Event channels: a flag for the peer, a call for the device. */

#include <xen/errno.h>
#include <xen/event.h>
#include <xen/sched.h>

struct evtchn *evtchn_from_port(struct domain *d, evtchn_port_t port)
{
    return &d->evtchn[port];
}

int alloc_unbound_xen_event_channel(struct domain *d,
                                    unsigned int lvcpu,
                                    domid_t remote,
                                    xen_event_channel_notification_t fn)
{
    unsigned int port; /* 0 is none */

    for ( port = 1; port < NR_EVTCHNS; port++ )
        if ( d->evtchn[port].state == ECS_FREE )
        {
            d->evtchn[port] = (struct evtchn){
                .state = ECS_UNBOUND,
                .notification = fn,
            };
            return port;
        }

    return -ENOSPC;
}

void free_xen_event_channel(struct domain *d, int port)
{
    d->evtchn[port].state = ECS_FREE;
}

void notify_via_xen_event_channel(struct domain *d, int lport)
{
    __atomic_store_n(&d->evtchn[lport].pending, true, __ATOMIC_RELEASE);
}

void evtchn_bind(struct domain *d,
                 unsigned int port,
                 void (*peer)(unsigned int port))
{
    d->evtchn[port].peer = peer;
    d->evtchn[port].state = ECS_INTERDOMAIN;
}

void evtchn_send(struct domain *d, unsigned int port)
{
    d->evtchn[port].notification(d->vcpu[0], port);
}

/* A peer may answer, and be told again. */
void evtchn_deliver(struct domain *d)
{
    struct evtchn *chn = d->evtchn;

    while ( chn < d->evtchn + NR_EVTCHNS )
        if ( chn->state == ECS_INTERDOMAIN &&
             __atomic_exchange_n(&chn->pending, false, __ATOMIC_ACQUIRE) )
        {
            chn->peer(chn - d->evtchn);
            chn = d->evtchn;
        }
        else
            chn++;
}
