/* SPDX-License-Identifier: GPL-2.0-only */
/* Each trapped access to a device, into a file: tools/minixen_trace.py. */

#include <xen/lib.h>
#include <xen/sched.h>

#include "setup.h"
#include "slot.h"

#define RECORDS (0x10000000UL / sizeof(struct record))

static struct record {
    uint64_t time;  /* ns; of the first record: how many others there are */
    uint64_t value; /* read or written */
    uint64_t pc;
    uint32_t gpa;
    uint8_t vcpu, size;
    uint8_t how;   /* bit 0: a write; 1: refused */
    uint8_t lines; /* of the device, which are high afterwards */
} *const records = (void *)(HIDDEN_BASE + 0x10000000UL);

static unsigned int opt_trace;
integer_param("trace", opt_trace);

/* When the file is full they are only counted. */
void trace_mmio(const struct mmio_handler *h,
                const mmio_info_t *info,
                register_t value,
                register_t pc,
                bool done)
{
    const struct vsio_slot *slot = h->priv; /* of the vGIC: NULL */
    uint64_t n = opt_trace ? records->time + 1 : 0;

    if ( !n )
        return;

    if ( n < RECORDS )
        records[n] = (struct record){
            .time = NOW(),
            .value = value,
            .pc = pc,
            .gpa = info->gpa,
            .vcpu = current->vcpu_id,
            .size = 1U << info->dabt.size,
            .how = info->dabt.write | !done << 1,
            .lines = slot ? slot->dev->lines : 0,
        };
    smp_wmb(); /* it is there, then it counts */
    ACCESS_ONCE(records->time) = n;
}
