/* SPDX-License-Identifier: GPL-2.0-only */
/* xen/lib.h - types, macros, strings, messages: see minixen.mk for aliases. */
#ifndef MINIXEN_LIB_H
#define MINIXEN_LIB_H

typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __SIZE_TYPE__ size_t;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint64_t register_t;
typedef uint64_t paddr_t;
typedef int64_t s_time_t;

#define UINT8_MAX     255
#define PRIu64        "lu"
#define PRIx64        "lx"
#define PRIpaddr      "lx"
#define BITS_PER_LONG 64
#define PAGE_SIZE     4096L
#define PAGE_MASK     (~(PAGE_SIZE - 1))

#define __init
#define __initconst
#define __iomem
#define __read_mostly
#define always_inline          inline __attribute__((__always_inline__))
#define noinline               __attribute__((__noinline__))
#define noreturn               __attribute__((__noreturn__))
#define offsetof(type, member) __builtin_offsetof(type, member)
#define likely(x)              __builtin_expect(!!(x), 1)
#define unlikely(x)            __builtin_expect(!!(x), 0)

/* IS_ENABLED(CONFIG_X): 1 if that is defined to 1, 0 if it is not defined. */
#define PLACE_1            0,
#define SECOND(a, b, ...)  b
#define ENABLED_2(place)   SECOND(place 1, 0)
#define ENABLED_1(value)   ENABLED_2(PLACE_##value)
#define IS_ENABLED(config) ENABLED_1(config)

#define BUILD_BUG_ON(cond) _Static_assert(!(cond), #cond)
#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define ACCESS_ONCE(x)     (*(volatile __typeof__(x) *)&(x))
#define container_of(ptr, type, member)                                        \
    ((type *)((char *)(ptr)-offsetof(type, member)))
#define max_t(type, x, y) max((type)(x), (type)(y))
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

#define EPERM      1
#define ENOENT     2
#define ESRCH      3
#define EAGAIN     11
#define ENOMEM     12
#define EACCES     13
#define EFAULT     14
#define EBUSY      16
#define EEXIST     17
#define ENODEV     19
#define EINVAL     22
#define ENOSPC     28
#define ENOSYS     38
#define EBADMSG    74
#define EOPNOTSUPP 95
#define EADDRINUSE 98
#define ENOBUFS    105

/* All that is said goes out: there are no levels. */
#define XENLOG_ERR       ""
#define XENLOG_WARNING   ""
#define XENLOG_INFO      ""
#define XENLOG_G_WARNING ""

/* %c %s %d %u %x, with l, #, 0 and a width; %pd: a domain. */
void printk(const char *fmt, ...);
int snprintf(char *to, size_t size, const char *fmt, ...);
int vsnprintf(char *to, size_t size, const char *fmt, __builtin_va_list args);
void noreturn panic(const char *fmt, ...);
#define BUG_ON(p) ((p) ? panic("BUG: %s:%u\n", __FILE__, __LINE__) : (void)0)

int isprint(int c);
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *p, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

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

/* The first bit that is set, from bit n on; size: there is none. */
static inline unsigned int find_next_bit(const unsigned long *bits,
                                         unsigned int size,
                                         unsigned int n)
{
    while ( n < size )
    {
        unsigned long word = bits[n / BITS_PER_LONG] >> (n % BITS_PER_LONG);

        if ( word )
            return n + __builtin_ctzl(word);
        n = (n / BITS_PER_LONG + 1) * BITS_PER_LONG;
    }

    return size;
}
#define find_first_bit(bits, size) find_next_bit(bits, size, 0)

static inline int fls(unsigned int x)
{
    return x ? 32 - __builtin_clz(x) : 0;
}

/* Words of the command line, name=number: see setup.c. */
struct kernel_param {
    const char *name;
    unsigned int *var;
};
#define integer_param(name_, var_)                                             \
    static const struct kernel_param param_##var_                              \
        __attribute__((__used__, __section__(".params"))) = { .name = (name_), \
                                                              .var = &(var_) }

/* Functions to be called once at boot. */
#define presmp_initcall(fn)                                                    \
    static int (*const initcall_##fn)(void)                                    \
        __attribute__((__used__, __section__(".initcalls"))) = (fn)

#endif /* MINIXEN_LIB_H */
