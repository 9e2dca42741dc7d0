/* SPDX-License-Identifier: GPL-2.0-only */
/* xen/lib.h - types, macros, strings, messages: see minixen.mk for aliases. */
#ifndef MINIXEN_LIB_H
#define MINIXEN_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t u64;
typedef uint64_t register_t;
typedef uint64_t paddr_t;
typedef int64_t s_time_t;

#define PRIu64        "lu"
#define BITS_PER_LONG 64
#define PAGE_SIZE     4096L
#define PAGE_MASK     (~(PAGE_SIZE - 1))

#define __init
#define __initconst
#define __iomem
#define __read_mostly
#define always_inline inline __attribute__((__always_inline__))
#define noreturn      __attribute__((__noreturn__))
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)

#define IS_ENABLED(config) (config) /* 1: see minixen.mk */
#define BUILD_BUG_ON(cond) _Static_assert(!(cond), #cond)
#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define ACCESS_ONCE(x)     (*(volatile __typeof__(x) *)&(x))
#define container_of(ptr, type, member)                                        \
    ((type *)((char *)(ptr)-offsetof(type, member)))
#define min_t(type, x, y) min((type)(x), (type)(y))
#define max(x, y)                                                              \
    ({                                                                         \
        const __typeof__(x) x_ = (x);                                          \
        const __typeof__(y) y_ = (y);                                          \
        x_ > y_ ? x_ : y_;                                                     \
    })
#define min(x, y)                                                              \
    ({                                                                         \
        const __typeof__(x) x_ = (x);                                          \
        const __typeof__(y) y_ = (y);                                          \
        x_ < y_ ? x_ : y_;                                                     \
    })
/* asm/div64.h: n becomes the quotient, the value is the remainder. */
#define do_div(n, base)                                                        \
    ({                                                                         \
        const uint32_t rest_ = (n) % (base);                                   \
        (n) /= (base);                                                         \
        rest_;                                                                 \
    })

enum { EPERM = 1, ENOENT = 2, ESRCH = 3, EAGAIN = 11, ENOMEM = 12 };
enum { EACCES = 13, EFAULT, EBUSY = 16, EEXIST, ENODEV = 19, EINVAL = 22 };
enum { ENOSPC = 28, EBADMSG = 74, EOPNOTSUPP = 95, EADDRINUSE = 98 };
enum { ENOBUFS = 105 };

/* All that is said goes out: there are no levels. */
#define XENLOG_ERR       ""
#define XENLOG_WARNING   ""
#define XENLOG_G_WARNING ""

/* %s %u %x, with l, #, and a number of digits at least; %pd: a domain. */
void printk(const char *fmt, ...);
void vsnprintf(char *to, size_t size, const char *fmt, __builtin_va_list args);
void noreturn panic(const char *fmt, ...);
#define BUG_ON(p) ((p) ? panic("BUG: %s:%u\n", __FILE__, __LINE__) : (void)0)

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *p, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

#define isprint(c) ((c) >= ' ' && (c) <= '~')

#define DECLARE_BITMAP(name, bits)                                             \
    unsigned long name[((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG]

static inline void __set_bit(unsigned int n, unsigned long *bits)
{
    bits[n / BITS_PER_LONG] |= 1UL << (n % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned int n, unsigned long *bits)
{
    bits[n / BITS_PER_LONG] &= ~(1UL << (n % BITS_PER_LONG));
}

static inline bool test_bit(unsigned int n, const unsigned long *bits)
{
    return bits[n / BITS_PER_LONG] >> (n % BITS_PER_LONG) & 1;
}

/* size: there is none. */
static inline unsigned int find_first_bit(const unsigned long *bits,
                                          unsigned int size)
{
    unsigned int n = 0;

    while ( n < size && !test_bit(n, bits) )
        n++;

    return n;
}

#define fls(x) ((x) ? 32 - __builtin_clz(x) : 0)

/* Words of the command line, name=number: see setup.c. */
extern const struct kernel_param {
    const char *name;
    unsigned int length, *var;
} params[], params_end[];
#define integer_param(name_, var_)                                             \
    static const struct kernel_param param_##var_                              \
        __attribute__((__used__, __section__(".params"))) = {                  \
            .name = name_ "=", .length = sizeof(name_), .var = &(var_)         \
        }

/* Not called: it is for guests whose console is Xen's. */
#define presmp_initcall(fn)                                                    \
    static int (*const initcall_##fn)(void) __attribute__((__unused__)) = (fn)

#endif /* MINIXEN_LIB_H */
