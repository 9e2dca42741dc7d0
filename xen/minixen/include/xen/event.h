/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen/event.h - event channels between a device and its peer, a service of
 * ours: a function that is called before a guest runs on.
 */
#ifndef MINIXEN_EVENT_H
#define MINIXEN_EVENT_H

#include <xen/lib.h>

#include <public/xen.h>

struct domain;
struct vcpu;

typedef void (*xen_event_channel_notification_t)(struct vcpu *v,
                                                 unsigned int port);

#define NR_EVTCHNS 8U

#define ECS_FREE        0
#define ECS_UNBOUND     2
#define ECS_INTERDOMAIN 3

struct evtchn {
    unsigned int state;
    bool pending; /* for the peer */
    xen_event_channel_notification_t notification;
    void (*peer)(unsigned int port);
};

/* The device's end. */
int alloc_unbound_xen_event_channel(struct domain *d,
                                    unsigned int lvcpu,
                                    domid_t remote,
                                    xen_event_channel_notification_t fn);
void free_xen_event_channel(struct domain *d, int port);
void notify_via_xen_event_channel(struct domain *d, int lport);
struct evtchn *evtchn_from_port(struct domain *d, evtchn_port_t port);

/* The peer's end. */
void evtchn_bind(struct domain *d,
                 unsigned int port,
                 void (*peer)(unsigned int port));
void evtchn_send(struct domain *d, unsigned int port);

/* Call the peers of all channels that are pending. */
void evtchn_deliver(struct domain *d);

#endif /* MINIXEN_EVENT_H */
