/* SPDX-License-Identifier: MIT */
/* What hosts compile inline, as functions that a proof can begin with. */

#include "vsio.h"

bool proof_read(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                uint32_t *value);
bool proof_write(struct vsio_device *dev,
                 uint32_t offset,
                 unsigned int size,
                 uint32_t value);
void proof_reset(struct vsio_device *dev);

bool proof_read(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                uint32_t *value)
{
    return vsio_read(dev, offset, size, value);
}

bool proof_write(struct vsio_device *dev,
                 uint32_t offset,
                 unsigned int size,
                 uint32_t value)
{
    return vsio_write(dev, offset, size, value);
}

void proof_reset(struct vsio_device *dev)
{
    vsio_reset(dev);
}
