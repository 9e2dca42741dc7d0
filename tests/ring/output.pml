/* SPDX-License-Identifier: MIT */
/*
 * Output: the guest prints, console.c puts the bytes into the ring and tells
 * xenconsoled, which takes them and answers. See docs/ring-model.md.
 */

/* Planted faults; model.t says which property finds each. */
#define NO_WMB         (fault == 1) /* the index may be seen before the byte */
#define NO_BACKSTOP    (fault == 2) /* no timer while there is no answer */
#define NO_FULL_KICK   (fault == 3) /* a full ring waits for the timer */
#define NO_ANSWERED    (fault == 4) /* answers are not looked at */
#define BLIND_ANSWER   (fault == 5) /* an answer is taken for "all taken" */
#define NO_REOPEN      (fault == 6) /* full again at an answer: not told */
#define NO_ARM         (fault == 7) /* the first byte arms no timer */
#define NO_PUBLISH     (fault == 8) /* our index is written when it moves only */
#define NO_NOWHERE     (fault == 9) /* a dying domain keeps its page */
#define KILL_LOCKED    (fault == 10) /* kill_timer() under the lock */
#define BLIND_TIMER    (fault == 11) /* quiet once the timer has told */
#define NO_LISTENER    (fault == 12) /* full is full, whoever listens */
#define NO_PATIENCE    (fault == 13) /* a full ring drops if nobody listens now */

bool backstop;    /* the timer that comes again */
bool domain_ends; /* the domain may die, at any step */
bool gone;        /* a daemon that died stays dead */
bool in_time;     /* a daemon that died is back while we are patient */
bool bind_silent; /* Xen may forget to make a port pending that is bound */
#define BIND_SILENT bind_silent

#include "common.pml"

/* The page. */
byte out[SIZE];
byte out_prod, out_cons;

/* struct vsio_console, under the lock. */
mtype = { QUIET, WAITING, TOLD };
mtype output = QUIET;
byte prod;     /* ring.out_prod */
bool held;     /* a byte waits in the UART's FIFO: TXFF */
byte fifo;     /* which */
bool tx_waits;
bool impatient; /* nobody has listened for so long that bytes are dropped */

/* The timer. */
bool timer_set, killed;
mtype = { DONE, FIRED, RUNNING };
mtype handler = DONE;

/* The domain's end. */
bool paused, dying, nowhere, unmapped;
byte running; /* vCPUs in Xen */

/* What the properties speak of. Bytes are numbered as the indexes are. */
byte nth;      /* number of the next byte that the guest prints */
byte true_cons; /* of the next one that the daemon takes: out_cons, if sane */
byte left;      /* printed, and not taken */

/* Bytes are taken again and again: this is true, and false, again and again. */
#define BEAT (true_cons < MOD / 2)

#define PAGE assert(!unmapped)

/* --- timers ---------------------------------------------------------------- */

inline set_timer() /* timer.c */
{
    timer_set = !killed
}

inline stop_timer() /* timer.c */
{
    timer_set = false
}

inline kill_timer() /* timer.c */
{
    atomic { timer_set = false; killed = true };
    handler == DONE
}

/* --- ring.h and console.c ---------------------------------------------------- */

/* Values that nobody will look at again: fewer states. */
inline forget() /* model */
{
    ok = false;
    b = 0
}

/* True whenever the lock is dropped. */
inline invariant() /* model */
{
    /* A guest that is held back: the backend has been told, or will be. */
    assert(!tx_waits || output == TOLD);
    assert(output == QUIET || timer_set || handler == FIRED || killed ||
           NO_BACKSTOP || !backstop)
}

inline vsio_ring_put(b) /* ring.h */
{
    PAGE;
    if
    :: atomic { DIST(prod, out_cons) >= SIZE -> ok = false }
    :: atomic { DIST(prod, out_cons) < SIZE && !NO_WMB -> out[prod % SIZE] = b };
        atomic { out_prod = NEXT(prod); prod = NEXT(prod); ok = true }
    :: atomic { DIST(prod, out_cons) < SIZE && NO_WMB -> out_prod = NEXT(prod) };
        atomic { out[prod % SIZE] = b; prod = NEXT(prod); ok = true }
    fi
}

inline vsio_ring_publish() /* ring.h */
{
    PAGE;
    if :: !NO_PUBLISH -> out_prod = prod :: else fi
}

inline vsio_console_tell() /* console.c */
{
    after = true
}

inline vsio_console_tell_soon() /* console.c */
{
    atomic {
        output = WAITING;
        if :: !NO_ARM -> set_timer() :: else fi
    }
}

inline tell_now() /* console.c */
{
    atomic {
        vsio_ring_publish();
        output = TOLD;
        if :: backstop && !NO_BACKSTOP -> set_timer() :: else -> stop_timer() fi;
        vsio_console_tell()
    }
}

inline be_quiet() /* console.c */
{
    atomic { output = QUIET; stop_timer() }
}

inline has_listener() /* console.c */
{
    ok = bound || NO_LISTENER
}

#define is_patient() (!impatient && !NO_PATIENCE)

/* The byte stays in the FIFO, or is dropped: its number goes to the next. */
inline vsio_console_full(b) /* console.c */
{
    atomic {
        has_listener();
        if :: ok -> impatient = false :: else fi;
        if
        :: ok || is_patient() ->
            tx_waits = true; held = true; fifo = b;
            if
            :: output != TOLD && !NO_FULL_KICK -> tell_now()
            :: else
            fi
        :: else ->
            assert(!in_time);
            held = false; fifo = 0; left--; nth = (nth + MOD - 1) % MOD
        fi
    }
}

inline vsio_console_tx(b) /* console.h */
{
    vsio_ring_put(b);
    if
    :: !ok -> vsio_console_full(b)
    :: else ->
        atomic {
            held = false; fifo = 0;
            if :: output == QUIET -> vsio_console_tell_soon() :: else fi
        }
    fi
}

inline push() /* console.c */
{
    if
    :: atomic { tx_waits -> tx_waits = false }; vsio_console_tx(fifo)
    :: else
    fi
}

inline all_taken() /* console.c */
{
    PAGE;
    ok = !tx_waits && prod == out_cons
}

inline vsio_console_answered() /* console.c */
{
    atomic {
        told = output == TOLD;
        if :: told && !NO_REOPEN -> output = WAITING :: else fi
    };
    push();
    atomic {
        all_taken();
        if
        :: ok || (BLIND_ANSWER && !tx_waits) -> be_quiet()
        :: else ->
            if :: told && output == WAITING -> vsio_console_tell_soon() :: else fi
        fi;
        told = false
    }
}

inline wake() /* console.c */
{
    if
    :: nowhere
    :: else ->
        push();
        tell_now();
        atomic {
            all_taken();
            if :: ok || (BLIND_TIMER && !tx_waits) -> be_quiet() :: else fi
        }
    fi
}

inline vsio_console_kick() /* console.c */
{
    vsio_slot_enter();
    if
    :: !nowhere && output != QUIET && !NO_ANSWERED -> vsio_console_answered()
    :: else
    fi;
    vsio_slot_leave()
}

inline vsio_console_disconnect() /* console.c */
{
    vsio_slot_enter();
    atomic { nowhere = !NO_NOWHERE; tx_waits = false; output = QUIET };
    if :: KILL_LOCKED -> kill_timer() :: else fi;
    vsio_slot_leave();
    kill_timer();
    unmapped = true
}

/* --- who runs ---------------------------------------------------------------- */

/* A vCPU prints when FR says that it may, for as long as it likes. */
proctype vcpu()
{
    byte b;
    bool ok, after;

end:
    do
    :: atomic {
            bytes && !held && !paused && !waiting && !locked ->
            SEND_ONE;
            running++;
            vsio_slot_enter();
            b = nth;
            nth = NEXT(nth);
            left++
        };
        vsio_console_tx(b);
        vsio_slot_leave();
        running--
    :: break
    od
}

proctype timer_softirq()
{
    byte b;
    bool ok, after;

end:
    do
    :: atomic { timer_set && !waiting -> timer_set = false; handler = FIRED };
        atomic { vsio_slot_enter(); handler = RUNNING };
        wake();
        vsio_slot_leave();
        handler = DONE
    od
}

/* Patience ends some time, if nobody is there. */
proctype patience()
{
end:
    do
    :: atomic { !bound && !impatient && held -> impatient = true }
    od
}

/* buffer_append(), with the copy that must be right. */
inline buffer_append() /* io.c */
{
    c = out_cons;
    atomic { p = out_prod; n = DIST(p, c) };
    if
    :: n == 0 || n > SIZE
    :: else ->
        do
        :: atomic {
                c != p ->
                assert(out[c % SIZE] == c);
                c = NEXT(c)
            }
        :: else -> break
        od;
        if
        :: atomic {
                assert(true_cons == (c + MOD - n) % MOD);
                left = left - n;
                out_cons = c;
                true_cons = c;
                c = 0;
                p = 0;
                n = 0
            }
        :: DIE
        fi;
        if
        :: evtchn_send()
        :: DIE
        fi
    fi;
    atomic { c = 0; p = 0; n = 0 }
}

/* The call comes when no lock of the channel is held any more. */
inline evtchn_send() /* event_channel.c */
{
    if :: bound -> vsio_console_kick() :: else fi
}

proctype xenconsoled()
{
    byte c, p, n;
    byte b;
    bool ok, after;
    bool told;

end_bind:
    !dying && !(gone && !deaths);
    evtchn_bind_interdomain();
end_poll:
    do
    :: atomic { EVENT -> xenevtchn_pending() };
        buffer_append();
        if
        :: xenevtchn_unmask()
        :: DIE
        fi
    :: atomic { count -> console_evtchn_unmask() }
    :: DIE
    od;
died:
    atomic { evtchn_close(); c = 0; p = 0; n = 0 };
    goto end_bind
}

/*
 * Indexes that make no sense. Our own, out_prod, is ours to put right; the
 * other one is put right by who spoilt it, and nobody is told.
 */
proctype scribbler()
{
end:
    if
    :: scribble == 1 -> out_prod = (true_cons + 5) % MOD
    :: scribble == 2 -> out_cons = (true_cons + 3) % MOD; out_cons = true_cons
    fi
}

/* domain_kill(): no vCPU runs, the channels are closed, then we are called. */
proctype domain_kill()
{
    byte b;
    bool ok, after;

    paused = true;
    running == 0;
    atomic { dying = true; bound = false; pending = false };
    vsio_console_disconnect()
}

init
{
    atomic {
        from_environment();
        c_code {
            now.backstop = env("BACKSTOP");
            now.domain_ends = env("DOMAIN_ENDS");
            now.gone = env("GONE");
            now.in_time = env("IN_TIME");
            now.bind_silent = env("BIND_SILENT");
        };
        run vcpu();
        c_code { now.running = env("VCPUS") > 1; };
        if :: running -> running = 0; run vcpu() :: else fi;
        run timer_softirq();
        run xenconsoled();
        if :: deaths && !in_time -> run patience() :: else fi;
        if :: scribble -> run scribbler() :: else fi;
        if :: domain_ends -> run domain_kill() :: else fi
    }
}

/* A daemon that has gone does not hold the guest back. */
ltl goes_on { []<> (bound || !held || dying) }

/* The domain's end does not wait for ever. */
ltl ends { [] (dying -> <> unmapped) }

/* While bytes wait, some are taken again and again. */
ltl taken {
    ([]<> (left == 0 || BEAT || dying)) && ([]<> (left == 0 || !BEAT || dying))
}
