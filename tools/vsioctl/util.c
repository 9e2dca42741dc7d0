/* SPDX-License-Identifier: MIT */
/*
 * util.c - messages, strings, numbers, options, whole reads and writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "vsioctl.h"

enum status error(enum status status, const char *format, ...)
{
    va_list ap;
    char *line;
    int n;

    va_start(ap, format);
    n = vasprintf(&line, format, ap);
    va_end(ap);
    fprintf(stderr, "%s: %s\n", program_invocation_short_name,
            n < 0 ? "out of memory" : line);
    if ( n >= 0 )
        free(line);

    return status;
}

char *text(const char *format, ...)
{
    va_list ap;
    char *s;
    int n;

    va_start(ap, format);
    n = vasprintf(&s, format, ap);
    va_end(ap);
    if ( n < 0 )
        exit(error(FAILED, "out of memory"));

    return s;
}

void *allocate(void *old, size_t size)
{
    void *p = realloc(old, size);

    if ( !p )
        exit(error(FAILED, "out of memory"));

    return p;
}

bool number(const char *s, int64_t min, int64_t max, int64_t *value)
{
    char *end;
    long long n;

    errno = 0;
    n = strtoll(s, &end, 0);
    if ( errno || end == s || *end || n < min || n > max )
        return false;
    *value = n;

    return true;
}

bool size_number(const char *s, uint64_t max, uint64_t *value)
{
    size_t length = strlen(s);
    bool kilo = length && s[length - 1] == 'K';
    bool mega = length && s[length - 1] == 'M';
    unsigned int shift = kilo ? 10 : mega ? 20 : 0;
    char *digits = text("%.*s", (int)(length - (shift != 0)), s);
    int64_t n;
    bool ok = number(digits, 0, (int64_t)(max >> shift), &n);

    free(digits);
    if ( ok )
        *value = (uint64_t)n << shift;

    return ok;
}

static void take(int *argc, char **argv, int at)
{
    memmove(&argv[at], &argv[at + 1], (size_t)(*argc - at) * sizeof(*argv));
    --*argc;
}

bool take_flag(int *argc, char **argv, const char *flag)
{
    for ( int i = 0; i < *argc && strcmp(argv[i], "--"); i++ )
    {
        if ( !strcmp(argv[i], flag) )
        {
            take(argc, argv, i);
            return true;
        }
    }

    return false;
}

const char *take_value(int *argc, char **argv, const char *option)
{
    size_t n = strlen(option);

    for ( int i = 0; i < *argc && strcmp(argv[i], "--"); i++ )
    {
        if ( !strncmp(argv[i], option, n) && argv[i][n] == '=' )
        {
            const char *value = argv[i] + n + 1;

            take(argc, argv, i);
            return value;
        }
    }

    return NULL;
}

enum status no_more_options(int *argc, char **argv)
{
    for ( int i = 0; i < *argc; i++ )
    {
        if ( !strcmp(argv[i], "--") )
        {
            take(argc, argv, i);
            return OK;
        }
        if ( !strncmp(argv[i], "--", 2) )
            return error(USAGE, "no option '%s' here; see --help", argv[i]);
    }

    return OK;
}

enum status one_of(const char *value,
                   const char *option,
                   const char *first,
                   const char *second,
                   bool *is_second)
{
    *is_second = value && !strcmp(value, second);
    if ( !value || *is_second || !strcmp(value, first) )
        return OK;

    return error(USAGE, "%s=%s: it is %s or %s", option, value, first, second);
}

bool write_all(int fd, const void *data, size_t size)
{
    const char *p = data;

    while ( size )
    {
        ssize_t n = write(fd, p, size);

        if ( n < 0 && errno == EINTR )
            continue;
        if ( n <= 0 )
            return false;
        p += n;
        size -= (size_t)n;
    }

    return true;
}

bool pwrite_all(int fd, const void *data, size_t size, off_t offset)
{
    const char *p = data;

    while ( size )
    {
        ssize_t n = pwrite(fd, p, size, offset);

        if ( n < 0 && errno == EINTR )
            continue;
        if ( n <= 0 )
            return false;
        p += n;
        offset += n;
        size -= (size_t)n;
    }

    return true;
}

bool read_all(int fd, void *data, size_t size, size_t *got)
{
    char *p = data;

    *got = 0;
    while ( *got < size )
    {
        ssize_t n = read(fd, p + *got, size - *got);

        if ( n < 0 && errno == EINTR )
            continue;
        if ( n < 0 )
            return false;
        if ( n == 0 )
            break;
        *got += (size_t)n;
    }

    return true;
}

void json_string(FILE *out, const char *s)
{
    putc('"', out);
    for ( ; *s; s++ )
    {
        unsigned char c = (unsigned char)*s;

        if ( c == '"' || c == '\\' )
            fprintf(out, "\\%c", c);
        else if ( c < 0x20 || c == 0x7f )
            fprintf(out, "\\u%04x", c);
        else
            putc(c, out);
    }
    putc('"', out);
}

enum status lock_devices(void)
{
    const char *dir = getenv("VSIOCTL_RUN_DIR");
    char *file = text("%s/vsioctl.lock", dir ? dir : "/run");
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum status status = OK;

    if ( fd < 0 || flock(fd, LOCK_EX) )
        status = error(errno == EACCES ? UNAVAILABLE : FAILED, "%s: %s", file,
                       strerror(errno));
    free(file);

    return status;
}
