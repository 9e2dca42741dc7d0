/* SPDX-License-Identifier: MIT */
/*
 * files.c - files of the guest: copied there and back, listed. A file is whole
 * under its name or not there: it has another one until its checksum fits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"

/* DOM:/path; the path, and DOM's end. NULL: a file of this machine. */
static char *remote_path(char *arg)
{
    char *colon = strstr(arg, ":/");

    return arg[0] == '.' || !colon || colon == arg ? NULL : colon;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The name itself, or below it if it is a directory's. */
static char *target_name(const char *to, const char *from, bool is_directory)
{
    size_t n = strlen(to);

    if ( !is_directory )
        return text("%s", to);

    return text("%s%s%s", to, n && to[n - 1] == '/' ? "" : "/",
                base_name(from));
}

static void set_deadline(struct job *j, const struct options *o)
{
    if ( o->wait_ms >= 0 )
        j->deadline = clock_now_ms() + o->wait_ms;
}

static enum status run_file(struct job *j,
                            enum vsio_operation op,
                            const char *path,
                            bool info)
{
    enum status status = job_start(j, op, &path, 1, info);

    return status ? status : job_error(j, job_run(j));
}

/* --- To the guest ------------------------------------------------------- */

static enum status put_file(struct channel *ch,
                            const char *from,
                            const char *to,
                            const struct options *o)
{
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    size_t n = strlen(to);
    struct stat st;
    struct job j;
    char *path;
    enum status status;

    if ( fd < 0 || fstat(fd, &st) )
        status = error(FAILED, "%s: %m", from);
    else if ( !S_ISREG(st.st_mode) )
        status = error(FAILED, "%s: no regular file", from);
    else
    {
        path = target_name(to, from, n && to[n - 1] == '/');
        job_init(&j, ch);
        set_deadline(&j, o);
        j.in = fd;
        j.size = (uint64_t)st.st_size;
        j.mode = st.st_mode & 0777;
        j.file = base_name(from);
        status = run_file(&j, VSIO_OP_WRITE, path, true);
        free(path);
    }
    if ( fd >= 0 )
        close(fd);

    return status;
}

/* --- From the guest ----------------------------------------------------- */

static enum status finish(struct job *j, int fd, const char *new, char *to)
{
    mode_t mask = umask(0);

    umask(mask);
    if ( !j->has_sum || j->sum != j->crc )
        return error(FAILED, "%s: the checksum is wrong", to);
    if ( fchmod(fd, j->mode & 0777 & ~mask) || fsync(fd) || rename(new, to) )
        return error(FAILED, "%s: %m", to);

    return OK;
}

static enum status get_file(struct channel *ch,
                            const char *from,
                            const char *to,
                            const struct options *o)
{
    struct stat st;
    char *path = target_name(to, from, !stat(to, &st) && S_ISDIR(st.st_mode));
    char *new = text("%s.XXXXXX", path);
    int fd = mkostemp(new, O_CLOEXEC);
    struct job j;
    enum status status;

    if ( fd < 0 )
        status = error(FAILED, "%s: %m", path);
    else
    {
        job_init(&j, ch);
        set_deadline(&j, o);
        j.out[0] = fd;
        j.file = base_name(from);
        status = run_file(&j, VSIO_OP_READ, from, false);
        if ( !status )
            status = finish(&j, fd, new, path);
        if ( status )
            (void)unlink(new);
        close(fd);
    }
    free(new);
    free(path);

    return status;
}

enum status cmd_cp(int argc, char **argv)
{
    struct options o;
    struct channel ch;
    char *from, *to, *path;
    enum status status = take_options(&argc, argv, &o);

    if ( !status )
        status = no_more_options(&argc, argv);
    if ( status )
        return status;
    from = argc == 2 ? remote_path(argv[0]) : NULL;
    to = argc == 2 ? remote_path(argv[1]) : NULL;
    path = from ? from : to;
    if ( !path || (from && to) )
        return error(USAGE, "usage: vsioctl cp [-t SECONDS] [--slot=N] "
                            "FROM TO; one of them is DOM:/PATH");
    *path = '\0';
    status = channel_open(&ch, from ? argv[0] : argv[1], &o);
    if ( status )
        return status;
    status = from ? get_file(&ch, path + 1, argv[1], &o)
                  : put_file(&ch, argv[0], path + 1, &o);
    channel_close(&ch);

    return status;
}

/* --- ls ----------------------------------------------------------------- */

#define RECORD_MAX 512

struct listing {
    size_t size;
    char record[RECORD_MAX];
};

/* "type mode size time name", as the agent says it. */
static bool print_record(char *record)
{
    char type, utc[32];
    unsigned int mode;
    unsigned long long size;
    long long seconds;
    time_t t;
    struct tm tm;
    int at = 0;

    if ( sscanf(record, "%c %o %llu %lld %n", &type, &mode, &size, &seconds,
                &at) < 4 ||
         !at )
        return false;
    t = (time_t)seconds;
    if ( !gmtime_r(&t, &tm) )
        return false;
    strftime(utc, sizeof(utc), "%Y-%m-%d %H:%M:%S", &tm);
    for ( char *p = record + at; *p; p++ )
    {
        if ( (unsigned char)*p < 0x20 || *p == 0x7f )
            *p = '?';
    }
    printf("%c%04o %12llu %s %s\n", type, mode & 07777, size, utc, record + at);

    return true;
}

static enum take take_records(struct job *j, const uint8_t *data, size_t size)
{
    struct listing *l = j->ctx;
    bool ok = true;

    for ( size_t i = 0; i < size && ok; i++ )
    {
        l->record[l->size++] = (char)data[i];
        ok = l->size < sizeof(l->record);
        if ( data[i] )
            continue;
        l->size = 0;
        ok = print_record(l->record);
    }
    errno = EPROTO;

    return ok ? TAKE_MORE : TAKE_FAILED;
}

enum status cmd_ls(int argc, char **argv)
{
    struct listing listing = { 0 };
    struct options o;
    struct channel ch;
    struct job j;
    char *path;
    enum status status = take_options(&argc, argv, &o);

    if ( !status )
        status = no_more_options(&argc, argv);
    if ( status )
        return status;
    path = argc == 1 ? remote_path(argv[0]) : NULL;
    if ( !path )
        return error(USAGE,
                     "usage: vsioctl ls [-t SECONDS] [--slot=N] DOM:/PATH");
    *path = '\0';
    status = channel_open(&ch, argv[0], &o);
    if ( status )
        return status;
    job_init(&j, &ch);
    set_deadline(&j, &o);
    j.take = take_records;
    j.ctx = &listing;
    status = run_file(&j, VSIO_OP_LIST, path + 1, false);
    channel_close(&ch);

    return status;
}
