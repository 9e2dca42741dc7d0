/* SPDX-License-Identifier: MIT */
/*
 * Input: somebody types, xenconsoled puts the bytes into the ring and tells
 * console.c, which moves them to the UART's FIFO, and tells xenconsoled when the
 * ring was full. See docs/ring-model.md.
 */

/* Planted faults; model.t says which property finds each. */
#define NO_RMB      (fault == 1) /* the byte may be read before the index */
#define NO_MB_READ  (fault == 2) /* ... after its room was given away */
#define NO_MB_FULL  (fault == 3) /* "was it full?" is read before room is seen */
#define NO_FULL     (fault == 4) /* nobody is told about room */
#define EARLY_FULL  (fault == 5) /* "was it full?" as of when bytes were found */
#define NO_WATCH    (fault == 6) /* indexes without sense: looked at once */
#define WATCH_MUTE  (fault == 7) /* looked at again, but nobody is told */
#define NO_WAKE_IN  (fault == 8) /* the timer does not look at input */
#define NO_WMB_DAEMON (fault == 9) /* xenconsoled without its write barrier */
#define BIND_SILENT true

#include "common.pml"

/* The page. */
byte in[SIZE];
byte in_prod, in_cons;

/* struct vsio_console, under the lock. */
byte cons;       /* ring.in_cons */
bool held;       /* a byte is in the UART's FIFO */
byte fifo;       /* which */
bool timer_set;
bool in_senseless; /* ring.in_senseless */

/* What the properties speak of. Bytes are numbered as the indexes are. */
byte nth;      /* number of the next byte that the guest reads */
byte true_prod; /* in_prod, if nobody had scribbled on it */
bool typed;     /* a byte waits at the daemon's terminal */
bool silent;    /* a daemon died when it had put bytes in, not said so */

/* The guest reads again and again: this is true, and false, again and again. */
#define BEAT (nth < MOD / 2)
#define LEFT (typed || (nth != true_prod && !silent))

inline forget() /* model */
{
    n = 0;
    b = 0;
    ok = false
}

inline invariant() /* model */
{
    assert(!held || fifo == nth)
}

/* --- ring.h and console.c ---------------------------------------------------- */

/* n: how many there are; b: the first, should it be taken. */
inline vsio_ring_peek() /* ring.h */
{
    if
    :: NO_RMB -> b = in[cons % SIZE]; n = DIST(in_prod, cons)
    :: atomic { !NO_RMB -> n = DIST(in_prod, cons); in_senseless = n > SIZE }
    fi
}

/* The byte is read, its room is given away, and: was the ring full? */
inline vsio_ring_taken() /* ring.h */
{
    atomic {
        if
        :: NO_RMB || NO_MB_READ
        :: else -> b = in[cons % SIZE]
        fi;
        if
        :: EARLY_FULL -> ok = n >= SIZE
        :: NO_MB_FULL -> ok = DIST(in_prod, cons) >= SIZE
        :: else
        fi
    };
    in_cons = NEXT(cons);
    atomic {
        if
        :: EARLY_FULL || NO_MB_FULL
        :: else -> ok = DIST(in_prod, cons) >= SIZE && !NO_FULL
        fi;
        if :: NO_MB_READ -> b = in[cons % SIZE] :: else fi;
        cons = NEXT(cons);
        held = true;
        fifo = b
    }
}

inline be_quiet() /* console.c */
{
    timer_set = in_senseless && !NO_WATCH
}

/* The FIFO takes one byte; what makes no sense is looked at again. */
inline vsio_console_pull() /* console.c */
{
    vsio_ring_peek();
    if
    :: n && n <= SIZE && !held ->
        vsio_ring_taken();
        after = after || ok /* vsio_console_tell() */
    :: n > SIZE ->
        be_quiet()
    :: else
    fi
}

inline vsio_ring_publish() /* ring.h */
{
    in_cons = cons
}

/* Output is empty: it is told all the same, and all is quiet again. */
inline wake() /* console.c */
{
    if :: !NO_WAKE_IN -> vsio_console_pull() :: else fi;
    atomic {
        vsio_ring_publish();
        after = after || !WATCH_MUTE; /* vsio_console_tell() */
        be_quiet()
    }
}

inline vsio_console_kick() /* console.c */
{
    atomic { vsio_slot_enter(); silent = false };
    vsio_console_pull();
    vsio_slot_leave()
}

/* --- who runs ---------------------------------------------------------------- */

/* It reads DR whenever FR says that there is a byte: then comes rx_ready(). */
proctype vcpu()
{
    byte n, b;
    bool ok, after;

end:
    do
    :: atomic {
            held && !waiting && !locked ->
            vsio_slot_enter();
            assert(fifo == nth);
            held = false;
            fifo = 0;
            nth = NEXT(nth)
        };
        vsio_console_pull();
        vsio_slot_leave()
    od
}

/* Set for senseless indexes only: of output, output.pml knows. */
proctype timer_softirq()
{
    byte n, b;
    bool ok, after;

end:
    do
    :: atomic { timer_set && !waiting -> timer_set = false };
        vsio_slot_enter();
        wake();
        vsio_slot_leave()
    od
}

/* n: how many bytes there is room for. */
inline ring_free_bytes() /* io.c */
{
    b = in_cons;
    atomic {
        n = DIST(in_prod, b);
            if :: n > SIZE -> n = 0 :: else -> n = SIZE - n fi
    }
}

/* One byte at a time: 80 are less than a ring. */
inline handle_tty_read() /* io.c */
{
    ring_free_bytes();
    if
    :: !n
    :: else ->
        if
        :: atomic { NO_WMB_DAEMON -> typed = false; in_prod = NEXT(true_prod) };
            in[true_prod % SIZE] = true_prod
        :: atomic { !NO_WMB_DAEMON -> typed = false; in[true_prod % SIZE] = true_prod }
        fi;
        if
        :: atomic {
                true_prod = NEXT(true_prod);
                in_prod = true_prod;
                silent = true;
                forget()
            }
        :: DIE
        fi;
        if
        :: vsio_console_kick()
        :: DIE
        fi
    fi
}

/* The loop of handle_io(): what it waits for is decided before it waits. */
proctype xenconsoled()
{
    byte n, b;
    bool ok, after, room;

end_bind:
    evtchn_bind_interdomain();
top:
    ring_free_bytes();
    atomic { room = n > 0; forget() };
end_poll:
    if
    :: atomic { EVENT -> xenevtchn_pending() };
        xenevtchn_unmask()
    :: atomic { count -> console_evtchn_unmask() }
    :: typed && room -> handle_tty_read()
    :: DIE
    fi;
    goto top;
died:
    atomic { evtchn_close(); forget(); after = false; room = false; typed = false };
    goto end_bind
}

/* Types as long as it likes to. */
proctype user()
{
end:
    do
    :: atomic { bytes && !typed -> SEND_ONE; typed = true }
    :: break
    od
}

/*
 * in_prod makes no sense, and later it does. If we were not told meanwhile, and
 * so have not seen it, the daemon may have seen no room, and nobody but the
 * guest's output helps: then it prints.
 */
proctype scribbler()
{
end:
    in_prod = (true_prod + 3) % MOD;
    atomic {
        in_prod = true_prod;
        if :: !in_senseless -> timer_set = true :: else fi
    }
}

init
{
    atomic {
        from_environment();
        run vcpu();
        run timer_softirq();
        run xenconsoled();
        run user();
        if :: scribble -> run scribbler() :: else fi
    }
}

/* While bytes wait, some are read again and again. */
ltl taken {
    ([]<> (!LEFT || BEAT)) && ([]<> (!LEFT || !BEAT))
}
