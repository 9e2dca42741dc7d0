/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen/spinlock.h - locks and barriers. Interrupts are never taken at EL2, only
 * between two runs of the guest: saving their state is saving nothing.
 */
#ifndef MINIXEN_SPINLOCK_H
#define MINIXEN_SPINLOCK_H

#include <xen/lib.h>

#define smp_mb()           __asm__ __volatile__("dmb ish" ::: "memory")
#define smp_rmb()          __asm__ __volatile__("dmb ishld" ::: "memory")
#define smp_wmb()          __asm__ __volatile__("dmb ishst" ::: "memory")
#define read_atomic(p)     ACCESS_ONCE(*(p))
#define write_atomic(p, x) (ACCESS_ONCE(*(p)) = (x))

typedef struct {
    unsigned int taken;
} spinlock_t;
typedef spinlock_t rwlock_t;

#define spin_lock_init(lock) ((lock)->taken = 0)

static inline void spin_lock(spinlock_t *lock)
{
    while ( __atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) )
        while ( ACCESS_ONCE(lock->taken) )
            __asm__ __volatile__("yield");
}

static inline void spin_unlock(spinlock_t *lock)
{
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

#define spin_lock_irqsave(lock, flags)      ((flags) = 0, spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(flags), spin_unlock(lock))
#define read_lock(lock)                     spin_lock(lock)
#define read_unlock(lock)                   spin_unlock(lock)
#define write_lock(lock)                    spin_lock(lock)
#define write_unlock(lock)                  spin_unlock(lock)

#endif /* MINIXEN_SPINLOCK_H */
