/* SPDX-License-Identifier: GPL-2.0-only */
/* Strings, text, memory: what C takes for granted. */

#include <xen/console.h>
#include <xen/mm.h>
#include <xen/sched.h>

/* --- Memory and strings --------------------------------------------------- */

void *memset(void *p, int c, size_t n)
{
    uint8_t *to = p;
    uint64_t word = 0x0101010101010101UL * (uint8_t)c;

    for ( ; n && ((uintptr_t)to & 7); n-- )
        *to++ = c;
    for ( ; n >= 8; n -= 8, to += 8 )
        ACCESS_ONCE(*(uint64_t *)to) = word;
    while ( n-- )
        ACCESS_ONCE(*to++) = c;

    return p;
}

void *memcpy(void *to, const void *from, size_t n)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if ( !(((uintptr_t)t | (uintptr_t)f) & 7) )
        for ( ; n >= 8; n -= 8, t += 8, f += 8 )
            ACCESS_ONCE(*(uint64_t *)t) = *(const uint64_t *)f;
    while ( n-- )
        ACCESS_ONCE(*t++) = *f++;

    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if ( t <= f || t >= f + n )
        return memcpy(to, from, n);
    while ( n-- )
        ACCESS_ONCE(t[n]) = f[n];

    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;

    /* Whole words as long as they are the same: flash is read slowly. */
    if ( !(((uintptr_t)x | (uintptr_t)y) & 7) )
        for ( ; n >= 8 && *(uint64_t *)x == *(uint64_t *)y; n -= 8 )
        {
            x += 8;
            y += 8;
        }
    for ( ; n; n--, x++, y++ )
        if ( *x != *y )
            return *x - *y;

    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while ( ACCESS_ONCE(s[n]) )
        n++;

    return n;
}

int strcmp(const char *a, const char *b)
{
    while ( *a && *a == *b )
    {
        a++;
        b++;
    }

    return (uint8_t)*a - (uint8_t)*b;
}

int isprint(int c)
{
    return c >= ' ' && c <= '~';
}

void *alloc_bytes(size_t size)
{
    static uintptr_t next = (uintptr_t)_end;
    static spinlock_t lock;
    size_t align = size >= 0x200000    ? 0x200000
                   : size >= PAGE_SIZE ? PAGE_SIZE
                                       : 16;
    void *p = NULL;

    spin_lock(&lock);
    next = (next + align - 1) & ~(align - 1);
    if ( size <= (uintptr_t)_heap_end - next )
    {
        p = (void *)next;
        next += size;
    }
    spin_unlock(&lock);

    return p ? memset(p, 0, size) : NULL;
}

/* --- Text ----------------------------------------------------------------- */

struct text {
    char *to;
    size_t size, n;
};

static void put(struct text *t, char c)
{
    if ( t->n + 1 < t->size )
        t->to[t->n] = c;
    t->n++;
}

static void put_string(struct text *t, const char *s)
{
    while ( *s )
        put(t, *s++);
}

static void put_number(
    struct text *t, uint64_t x, unsigned int base, unsigned int width, char pad)
{
    char digits[24];
    unsigned int n = 0;

    do
        digits[n++] = "0123456789abcdef"[x % base];
    while ( x /= base );
    for ( ; width > n; width-- )
        put(t, pad);
    while ( n )
        put(t, digits[--n]);
}

static void put_signed(struct text *t, int64_t x, unsigned int width, char pad)
{
    if ( x < 0 )
        put(t, '-');
    put_number(t, x < 0 ? -(uint64_t)x : x, 10, width, pad);
}

/* After %p, nothing but the d of a domain. */
static void put_domain_name(struct text *t, const struct domain *d)
{
    put(t, 'd');
    put_number(t, d->domain_id, 10, 0, ' ');
}

int vsnprintf(char *to, size_t size, const char *fmt, __builtin_va_list args)
{
    struct text t = { .to = to, .size = size };

    for ( ; *fmt; fmt++ )
    {
        bool hash = false, wide = false;
        unsigned int width = 0;
        char pad = ' ';

        if ( *fmt != '%' )
        {
            put(&t, *fmt);
            continue;
        }
        for ( fmt++; *fmt == '#' || *fmt == '0'; fmt++ )
        {
            hash |= *fmt == '#';
            pad = *fmt == '0' ? '0' : pad;
        }
        for ( ; *fmt >= '0' && *fmt <= '9'; fmt++ )
            width = 10 * width + *fmt - '0';
        for ( ; *fmt == 'l'; fmt++ )
            wide = true;

        switch ( *fmt )
        {
        case 'c':
            put(&t, __builtin_va_arg(args, int));
            break;
        case 's':
            put_string(&t, __builtin_va_arg(args, const char *));
            break;
        case 'd':
            put_signed(&t,
                       wide ? __builtin_va_arg(args, int64_t)
                            : __builtin_va_arg(args, int),
                       width, pad);
            break;
        case 'x':
            if ( hash )
                put_string(&t, "0x");
            /* fall through */
        case 'u':
            put_number(&t,
                       wide ? __builtin_va_arg(args, uint64_t)
                            : __builtin_va_arg(args, unsigned int),
                       *fmt == 'x' ? 16 : 10, width, pad);
            break;
        case 'p':
            put_domain_name(&t, __builtin_va_arg(args, const struct domain *));
            fmt++;
            break;
        default:
            put(&t, *fmt);
            break;
        }
    }
    if ( size )
        to[min(t.n, size - 1)] = '\0';

    return t.n;
}

int snprintf(char *to, size_t size, const char *fmt, ...)
{
    __builtin_va_list args;
    int n;

    __builtin_va_start(args, fmt);
    n = vsnprintf(to, size, fmt, args);
    __builtin_va_end(args);

    return n;
}
