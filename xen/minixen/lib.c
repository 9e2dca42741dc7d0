/* SPDX-License-Identifier: GPL-2.0-only */
/* Strings, text, memory: what C takes for granted. */

#include <xen/console.h>
#include <xen/mm.h>
#include <xen/sched.h>

/* --- Memory and strings --------------------------------------------------- */

void *memset(void *p, int c, size_t n)
{
    uint8_t *to = p;

    while ( n-- )
        *to++ = c;

    return p;
}

/* By words where that is possible: the flash has 64 MiB. */
void *memcpy(void *to, const void *from, size_t n)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if ( !(((uintptr_t)t | (uintptr_t)f) & 7) )
        for ( ; n >= 8; n -= 8, t += 8, f += 8 )
            *(uint64_t *)t = *(const uint64_t *)f;
    while ( n-- )
        *t++ = *f++;

    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    if ( (uintptr_t)to - (uintptr_t)from >= n )
        return memcpy(to, from, n);
    while ( n-- )
        ((uint8_t *)to)[n] = ((const uint8_t *)from)[n];

    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;

    for ( ; n; n--, x++, y++ )
        if ( *x != *y )
            return *x - *y;

    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while ( s[n] )
        n++;

    return n;
}

/* No lock: it is given out before the guest runs. */
void *alloc_bytes(size_t size)
{
    static uintptr_t next = (uintptr_t)_end;
    size_t align = size >= 0x200000 ? 0x200000 : PAGE_SIZE;
    uintptr_t at = (next + align - 1) & ~(align - 1);

    if ( size > (uintptr_t)_heap_end - at )
        return NULL;
    next = at + size;

    return (void *)at;
}

/* --- Text ----------------------------------------------------------------- */

struct text {
    char *at, *end;
};

static void put(struct text *t, char c)
{
    if ( t->at < t->end )
        *t->at++ = c;
}

static void put_string(struct text *t, const char *s)
{
    while ( *s )
        put(t, *s++);
}

static void put_number(struct text *t,
                       uint64_t x,
                       unsigned int base,
                       unsigned int digits)
{
    char text[24];
    unsigned int n = 0;

    do
    {
        text[n++] = "0123456789abcdef"[x % base];
        x /= base;
    } while ( x || n < min(digits, 20U) );
    while ( n )
        put(t, text[--n]);
}

void vsnprintf(char *to, size_t size, const char *fmt, __builtin_va_list args)
{
    struct text t = { to, to + size - 1 };

    for ( ; *fmt; fmt++ )
    {
        bool hash = false, wide = false;
        unsigned int digits = 0;

        if ( *fmt != '%' )
        {
            put(&t, *fmt);
            continue;
        }
        for ( fmt++; *fmt == '#' || (*fmt >= '0' && *fmt <= '9'); fmt++ )
            if ( *fmt == '#' )
                hash = true;
            else
                digits = 10 * digits + *fmt - '0';
        for ( ; *fmt == 'l'; fmt++ )
            wide = true;

        if ( *fmt == 's' )
            put_string(&t, __builtin_va_arg(args, const char *));
        else if ( *fmt == 'p' )
        {
            put(&t, *++fmt);
            put_number(&t, __builtin_va_arg(args, struct domain *)->domain_id,
                       10, 0);
        }
        else
        {
            put_string(&t, hash ? "0x" : "");
            put_number(&t,
                       wide ? __builtin_va_arg(args, uint64_t)
                            : __builtin_va_arg(args, unsigned int),
                       *fmt == 'x' ? 16 : 10, digits);
        }
    }
    *t.at = '\0';
}
