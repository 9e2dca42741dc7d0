/* SPDX-License-Identifier: MIT */
/*
 * exec.c - commands in the guest, and what there is to know of its agent.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"

/* As timeout(1), env(1) and shells have them. */
#define TIMED_OUT    124
#define OWN_FAILURE  125
#define SIGNAL_FIRST 128

/* What a command's status is, beside those of main.c. */
static enum status exec_status(const struct job *j, enum outcome outcome)
{
    switch ( outcome )
    {
    case JOB_ENDED:
        if ( j->how == VSIO_END_EXIT )
            return (enum status)(j->value & 0xff);
        if ( j->how == VSIO_END_SIGNAL )
            return (enum status)(SIGNAL_FIRST + (j->value & 0x7f));
        (void)job_error(j, outcome);
        return (enum status)(j->value & 0xff ? j->value & 0xff : OWN_FAILURE);

    case JOB_TIMED_OUT:
        return (enum status)TIMED_OUT;

    case JOB_INTERRUPTED:
        return (enum status)(SIGNAL_FIRST + j->value);

    case JOB_NO_OUTPUT:
        if ( errno == EPIPE )
            return (enum status)(SIGNAL_FIRST + SIGPIPE);
        break;

    default:
        break;
    }
    (void)job_error(j, outcome);

    return (enum status)OWN_FAILURE;
}

static enum status exec(int argc, char **argv, const struct options *o)
{
    int64_t end = o->wait_ms < 0 ? -1 : clock_now_ms() + o->wait_ms;
    struct channel ch;
    struct job j;
    enum status status = channel_open(&ch, argv[0], o);

    if ( status )
        return (enum status)OWN_FAILURE;
    job_init(&j, &ch);
    j.in = STDIN_FILENO;
    j.out[0] = STDOUT_FILENO;
    j.out[1] = STDERR_FILENO;
    j.passes_signals = true;
    j.deadline = end;
    status = job_start(&j, VSIO_OP_EXEC, (const char *const *)&argv[2],
                       (size_t)argc - 2, false);
    status = status ? (enum status)OWN_FAILURE : exec_status(&j, job_run(&j));
    channel_close(&ch);

    return status;
}

enum status cmd_exec(int argc, char **argv)
{
    struct options o;

    if ( take_options(&argc, argv, &o) )
        return (enum status)OWN_FAILURE;
    if ( argc < 3 || strcmp(argv[1], "--") )
    {
        (void)error(USAGE, "usage: vsioctl exec DOM [-t SECONDS] [--slot=N] "
                           "-- COMMAND [ARGUMENT...]");
        return (enum status)OWN_FAILURE;
    }

    return exec(argc, argv, &o);
}

/* --- ping, boot-time ---------------------------------------------------- */

/* DOM alone is left. */
static enum status open_one(struct channel *ch,
                            int argc,
                            char **argv,
                            const char *usage,
                            struct options *o)
{
    enum status status = take_options(&argc, argv, o);

    if ( !status )
        status = no_more_options(&argc, argv);
    if ( !status && argc != 1 )
        status = error(USAGE, "usage: vsioctl %s", usage);

    return status ? status : channel_open(ch, argv[0], o);
}

static enum take count(struct job *j, const uint8_t *data, size_t size)
{
    (void)data;
    j->done += size;

    return TAKE_MORE;
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

enum status cmd_ping(int argc, char **argv)
{
    const char *word = "ping";
    struct options o;
    struct channel ch;
    struct job j;
    enum outcome outcome;
    int64_t began;
    enum status status =
        open_one(&ch, argc, argv, "ping DOM [-t SECONDS] [--slot=N]", &o);

    if ( status )
        return status;
    job_init(&j, &ch);
    j.take = count;
    j.deadline = clock_now_ms() + (o.wait_ms >= 0 ? o.wait_ms : AGENT_WAIT_MS);
    began = now_us();
    status = job_start(&j, VSIO_OP_PING, &word, 1, false);
    if ( !status )
    {
        outcome = job_run(&j);
        status = job_error(&j, outcome);
        if ( !status && j.done != strlen(word) + 1 )
            status = error(FAILED, "%s: the agent makes no sense", ch.name);
    }
    if ( !status )
        printf("%s: %.1f ms\n", ch.name, (double)(now_us() - began) / 1000);
    channel_close(&ch);

    return status;
}

static void print_times(const struct vsio_ready *ready, bool json)
{
    time_t booted = time(NULL) - (time_t)(ready->uptime / 1000);
    struct tm tm;
    char utc[32];

    gmtime_r(&booted, &tm);
    strftime(utc, sizeof(utc), "%Y-%m-%dT%H:%M:%SZ", &tm);
    printf(json ? "{\"ready\": %.3f, \"up\": %.3f, \"booted\": \"%s\"}\n"
                : "ready %.3f s after boot, up %.3f s, booted %s\n",
           (double)ready->after / 1000, (double)ready->uptime / 1000, utc);
}

enum status cmd_boot_time(int argc, char **argv)
{
    bool json = take_flag(&argc, argv, "--json");
    struct options o;
    struct channel ch;
    enum status status = open_one(
        &ch, argc, argv, "boot-time [--json] DOM [-t SECONDS] [--slot=N]", &o);

    if ( status )
        return status;
    /* A guest's numbers: they may be any. */
    if ( ch.ready.uptime / 1000 > INT32_MAX ||
         ch.ready.after > ch.ready.uptime )
        status = error(FAILED, "%s: the agent makes no sense", ch.name);
    else
        print_times(&ch.ready, json);
    channel_close(&ch);

    return status;
}
