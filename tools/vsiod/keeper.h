/* SPDX-License-Identifier: MIT */
/*
 * keeper.h - the parts of the keeper: what it prepares before there is a
 * worker, what slots have in dom0, and what happens then.
 */
#ifndef VSIOD_KEEPER_H
#define VSIOD_KEEPER_H

#include "vsiod.h"

/* What a slot has in dom0, as xenstore says. */
struct console {
    char *tty, *name; /* name: of the log, or of the flash's file */
    int slave;        /* open, or the pty ends with each reader */
};

struct keeper {
    struct host host;
    struct domain d;
    struct setup setup;
    struct console console[XEN_VSIO_SLOTS];
    const char *log_dir; /* NULL: no logs */
    char *dir;           /* of this domain's files */
    bool foreground;
    bool hold;      /* guests whose consoles nobody reads */
    bool xenstored; /* it is there */
    int signals, wishes, said, parent;
    pid_t worker;
    bool ending;          /* SIGTERM */
    unsigned int deaths;  /* of workers, since one has done anything */
    unsigned int granted; /* wishes, and lines of what it says, */
    int64_t period_end;   /* until then, ms */
    uint64_t turn;        /* when the last worker was started */
};

/* --- prepare.c: files, the I/O request server ----------------------------- */

/* This domain's directory, and its state, which nobody else serves. */
enum status keeper_open_state(struct keeper *k);
enum status keeper_open_socket(struct keeper *k);
/* It outlives us: the guest's accesses wait until somebody serves it. */
enum status keeper_make_server(struct keeper *k);

/* --- slots.c: ptys, logs, files of flashes -------------------------------- */

/* As after a start: nothing is open. */
void slots_init(struct keeper *k);
/* As xenstore has them now. True: the worker needs to be told, by a start. */
bool slots_look(struct keeper *k);
void slots_reopen_logs(struct keeper *k);

#endif /* VSIOD_KEEPER_H */
