/* SPDX-License-Identifier: MIT */
/*
 * vsioctl.h - what the parts of vsioctl share.
 *
 * A function that can fail returns an exit status, and has said why in one line
 * on stderr by the time it returns one that is not OK. What it did before is
 * undone then.
 */
#ifndef VSIOCTL_H
#define VSIOCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xenstore.h>
#include <xentoollog.h>

#include <xen/domctl.h>

#include "vsio-domctl.h"

/* Exit statuses; docs/vsioctl.8.md. */
enum status {
    OK,
    FAILED,      /* a file, memory, a guest that does not answer */
    USAGE,       /* the command line */
    NOT_FOUND,   /* no such domain, no such device */
    REFUSED,     /* the domain or its devices are not in a state for this */
    UNAVAILABLE, /* no Xen, no xenstored, no permission */
};

/* --- util.c ------------------------------------------------------------- */

/* One line on stderr; returns status. */
enum status error(enum status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Strings of their own; out of memory ends the program. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *allocate(void *old, size_t size);

/* A number in C's notation between min and max, and nothing behind it. */
bool number(const char *s, int64_t min, int64_t max, int64_t *value);
/* The same with a suffix K or M. */
bool size_number(const char *s, uint64_t max, uint64_t *value);

/* An option at the head of the arguments, up to "--". */
bool take_flag(int *argc, char **argv, const char *flag);
const char *take_value(int *argc, char **argv, const char *option);
/* Whatever looks like an option now is not one. */
enum status no_more_options(int *argc, char **argv);
/* A word that must be one of two; NULL is the first. */
enum status one_of(const char *value,
                   const char *option,
                   const char *first,
                   const char *second,
                   bool *is_second);

/* All bytes, whatever signals come. */
bool write_all(int fd, const void *data, size_t size);
bool pwrite_all(int fd, const void *data, size_t size, off_t offset);
/* *got is less than size at the end of the file only. */
bool read_all(int fd, void *data, size_t size, size_t *got);

/* s as a JSON string. */
void json_string(FILE *out, const char *s);

/* One vsioctl at a time changes what devices there are; ends with us. */
enum status lock_devices(void);

/* --- background.c ------------------------------------------------------- */

/* Say something on stderr or in the system's log. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns in the child; what it tells is the parent's exit status. */
int into_background(void);
void tell_parent(int fd, enum status status);

/* --- tty.c -------------------------------------------------------------- */

/* A raw pty. What is open after a failure is the caller's to close. */
bool pty_open(int *master, int *slave, char **tty);
/* The log of a UART, or "none". */
char *log_name(struct xs_handle *xs,
               uint32_t domid,
               uint32_t slot,
               const char *dir);

/* --- spec.c: devices as they are asked for ------------------------------ */

struct kind {
    const char *name;
    uint32_t type; /* XEN_VSIO_* */
    unsigned int lines;
    bool ring;        /* a UART */
    const char *keys; /* all that may be said about it */
};

struct spec {
    const struct kind *kind;
    uint64_t addr; /* 0: to be chosen */
    uint32_t irq;  /* likewise; 0 afterwards: there is none */
    uint32_t stride, size, block, limit;
    const char *file, *log;
    bool has_offset;
    bool daemon; /* host=daemon */
    int64_t offset;
};

/* What is somewhere already, for those who want to be there. */
struct place {
    uint64_t addr, size;
    uint32_t irq, lines;
    char name[32];
};

struct places {
    unsigned int count;
    struct place place[64];
};

#define PAGE              4096U
#define XEN_UART_BASE     0x22000000U /* GUEST_PL011_BASE */
#define SPI_FIRST         32U
#define KIND_NAME_UNKNOWN "unknown"

const struct kind *kind_of_type(uint32_t type);
const struct kind *kind_of_name(const char *name);
const char *kind_name(uint32_t type);

/* A device and its keys from argv; *used: how many words that were. */
enum status spec_parse(int argc, char **argv, struct spec *spec, int *used);
/* Choose what was not given; refuse what overlaps. */
enum status spec_place(struct spec *spec, const struct places *taken);
void places_add(struct places *places,
                const struct spec *spec,
                const char *name);
uint64_t spec_window(const struct spec *spec);

/* --- xen.c -------------------------------------------------------------- */

struct host {
    xentoollog_logger *quiet;
    xc_interface *xc;
    xencall_handle *call;
    xenforeignmemory_handle *memory;
    struct xs_handle *xs;
};

struct domain {
    uint32_t id;
    char *name; /* never NULL */
    bool paused, has_run;
    xen_domain_handle_t uuid;
};

/* Xen and xenstored. */
enum status host_open(struct host *host);
void host_close(struct host *host);

/* A domain by number or by name. */
enum status domain_find(struct host *host, const char *who, struct domain *d);
/* The next one that lives, from *id on. */
bool domain_next(struct host *host, uint32_t *id, xc_dominfo_t *info);
void uuid_text(const xen_domain_handle_t uuid, char out[37]);

/* One command to Xen; version is filled in. 0, or an errno. */
int vsio_op(struct host *host, uint32_t domid, struct xen_vsio_op *op);
/* info of a slot: 0, or an errno. */
int vsio_info(struct host *host,
              uint32_t domid,
              uint32_t slot,
              struct xen_vsio_info *info);
/* The record of a device: at most *length bytes. */
int vsio_record(struct host *host,
                uint32_t domid,
                uint32_t slot,
                bool save,
                void *data,
                uint32_t *length);
/* All of a flash's contents, in chunks. */
int vsio_contents(struct host *host,
                  uint32_t domid,
                  uint32_t slot,
                  bool write,
                  void *data,
                  uint32_t offset,
                  uint32_t length);
/* What an errno of vsio_op() says about doing what to whom. */
enum status vsio_error(int err, const struct domain *d, const char *what);

/* The page of a ring: made and zeroed unless it is there. */
uint64_t ring_gfn(uint32_t slot);
enum status ring_page_get(struct host *host,
                          const struct domain *d,
                          uint64_t gfn);
void ring_page_put(struct host *host, const struct domain *d, uint64_t gfn);

/* --- daemon.c: a domain whose devices are served by vsiod ---------------- */

/* Where its daemon has its files. */
char *daemon_dir(uint32_t domid);
/* Is there one, alive or not? */
bool daemon_there(uint32_t domid);
/* Start it, unless it runs. */
enum status daemon_start(const struct domain *d);
/* All its files. */
void daemon_remove(const char *dir);
/* Likewise of each that has died before its domain did. */
void daemon_sweep(struct host *host);
/* vsio_op() by its socket; the data of u.data comes and goes with it. */
int daemon_op(uint32_t domid, struct xen_vsio_op *op);

/* --- store.c ------------------------------------------------------------ */

#define STORE_VERSION "1"

/* path: printf-like; NULL if it is not there. */
char *store_read(struct xs_handle *xs, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool store_read_number(struct xs_handle *xs,
                       int64_t max,
                       int64_t *value,
                       const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

/* All nodes of a device, in one transaction. */
struct node {
    const char *name;
    char *value;
};

struct nodes {
    unsigned int count;
    struct node node[16];
};

void nodes_add(struct nodes *nodes, const char *name, char *value);
void nodes_free(struct nodes *nodes);
enum status store_device(struct host *host,
                         const struct domain *d,
                         uint32_t slot,
                         const struct nodes *nodes);
enum status store_forget(struct host *host,
                         const struct domain *d,
                         uint32_t slot);
/* One node of a device. */
bool store_node(struct xs_handle *xs,
                uint32_t domid,
                uint32_t slot,
                const char *name,
                const char *value);
/* What xenstore says is in a slot: NULL if nothing is. */
const struct kind *store_kind(struct xs_handle *xs,
                              uint32_t domid,
                              uint32_t slot);
/* Where the guest's clock stands, over its reboots. */
char *rtc_path(const xen_domain_handle_t uuid);
bool store_rtc(struct xs_handle *xs,
               const xen_domain_handle_t uuid,
               int64_t offset);
/* The pty of a UART, or NULL. */
char *store_tty(struct xs_handle *xs,
                uint32_t domid,
                uint32_t slot,
                const struct xen_vsio_info *info);

/* --- console.c: a UART's pty ---------------------------------------------- */

struct line {
    struct host host;
    struct domain d;
    uint32_t slot;
    char *path; /* of the node that names the pty */
    int tty;    /* -1: its daemon is not there */
};

/* The UART in a slot, or the nth one of the domain; its pty is not opened. */
enum status line_find(struct line *s,
                      const char *who,
                      const char *which,
                      unsigned int nth);
/* Its pty; waits a while for the daemon to name one. */
enum status line_open(struct line *s);
void line_close(struct line *s);
/* The pty has ended: there may be another one. */
void line_lost(struct line *s);
/* xenstore has something to tell. False: the UART has gone. */
bool line_changed(struct line *s);

bool make_raw(int fd, struct termios *old);
/* A bar on a terminal; size < 0: nobody knows. */
void progress(const char *name, uint64_t done, int64_t size, bool last);

/* --- files -------------------------------------------------------------- */

/* Read a flash's file: size bytes, padded with ff. */
enum status flash_file_read(const char *file, uint8_t *data, uint32_t size);

/* --- one function per subcommand ---------------------------------------- */

enum status cmd_attach(int argc, char **argv);
enum status cmd_detach(int argc, char **argv);
enum status cmd_dt(int argc, char **argv);
enum status cmd_list(int argc, char **argv);
enum status cmd_stat(int argc, char **argv);
enum status cmd_console(int argc, char **argv);
enum status cmd_send(int argc, char **argv);
enum status cmd_serve(int argc, char **argv);
enum status cmd_save(int argc, char **argv);
enum status cmd_restore(int argc, char **argv);
enum status cmd_key(int argc, char **argv);
enum status cmd_mouse(int argc, char **argv);
enum status cmd_exec(int argc, char **argv);
enum status cmd_ping(int argc, char **argv);
enum status cmd_boot_time(int argc, char **argv);
enum status cmd_cp(int argc, char **argv);
enum status cmd_ls(int argc, char **argv);
enum status cmd_forward(int argc, char **argv);

#endif /* VSIOCTL_H */
