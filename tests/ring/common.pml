/* SPDX-License-Identifier: MIT */
/*
 * What both directions of the console ring have in common. A page of two slots
 * instead of 2048, indexes modulo 6 instead of 2^32, a FIFO of one byte.
 *
 * An inline whose line ends in the name of a file stands for the function of
 * that name there; check-names sees that it exists. Between two steps of one
 * process any other may run; what is atomic here is private to its process, or
 * under the slot's lock, or one instruction.
 *
 * Faults that are planted, and how much may go wrong, come from the
 * environment, so that one program checks them all.
 */

#define SIZE      2
#define MOD       6

#define DIST(a, b) ((a + MOD - b) % MOD)
#define NEXT(a)    ((a + 1) % MOD)

c_decl {
\#include <stdlib.h>
static int env(const char *name)
{
    const char *s = getenv(name);
    return s ? atoi(s) : 0;
}
}

byte fault;     /* the fault that is planted; 0: none */
byte deaths;    /* how often the daemon may die, at any step */
byte bytes;     /* how many are sent at most; ENDLESS: any number */
byte allowance; /* events that the daemon takes in a period; 0: any number */
byte scribble;  /* which index somebody writes nonsense to, once; 0: none */

inline from_environment() /* model */
{
    c_code {
        now.fault = env("FAULT");
        now.bytes = env("BYTES") ? env("BYTES") : 255;
        now.deaths = env("DEATHS");
        now.allowance = env("ALLOWANCE");
        now.scribble = env("SCRIBBLE");
    }
}

#define ENDLESS 255
#define SEND_ONE if :: bytes != ENDLESS -> bytes-- :: else fi

/* --- the slot's lock: fair, as Xen's ticket locks are ---------------------- */

bool locked;
byte waiting; /* who begins anew waits until nobody else waits */

inline vsio_slot_enter() /* slot.h */
{
    atomic {
        if
        :: !locked
        :: else -> waiting++; !locked -> waiting--
        fi;
        locked = true
    }
}

inline vsio_slot_leave() /* slot.h */
{
    if
    :: atomic { after -> invariant(); forget(); locked = false };
        atomic { after = false; notify_via_xen_event_channel() }
    :: atomic { !after -> invariant(); forget(); locked = false }
    fi
}

/* --- the event channel: the daemon's port ---------------------------------- */

bool bound;
bool pending; /* one bit: events merge */
bool masked;

inline notify_via_xen_event_channel() /* event_channel.c */
{
    atomic { if :: bound -> pending = true :: else fi }
}

/* BIND_SILENT: a Xen that may forget to make the port pending. */
inline evtchn_bind_interdomain() /* event_channel.c */
{
    atomic {
        bound = true;
        if :: pending = true :: BIND_SILENT fi
    }
}

inline evtchn_close() /* event_channel.c */
{
    atomic { bound = false; pending = false; masked = false; count = 0 }
}

/* --- what xenconsoled does about events ------------------------------------ */

byte count; /* events in this period */

/* An event is there, and may be taken: it masks the port. */
#define LIMITED (allowance && count == allowance)
#define EVENT   (pending && !masked && !LIMITED)

inline xenevtchn_pending() /* handle_ring_read in io.c */
{
    pending = false;
    masked = true;
    if :: allowance -> count++ :: else fi
}

inline xenevtchn_unmask() /* handle_ring_read in io.c */
{
    atomic { if :: !LIMITED -> masked = false :: else fi }
}

/* The period is over. */
inline console_evtchn_unmask() /* io.c */
{
    masked = false;
    count = 0
}

/* Another way for the daemon to go on. */
#define DIE atomic { deaths > 0 -> deaths--; goto died }
