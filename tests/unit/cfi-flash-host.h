/* SPDX-License-Identifier: MIT */
/*
 * cfi-flash-host.h - a bank of flash with an array that has walls, and a host
 * that keeps a copy by what it is told and maps the array when it may.
 */
#ifndef CFI_FLASH_HOST_H
#define CFI_FLASH_HOST_H

#include "cfi-flash.h"
#include "harness.h"

#define FLASH_SIZE  0x4000U
#define FLASH_BLOCK 0x800U
#define FLASH_WALL  16U

struct flash {
    struct vsio_cfi_flash dev;
    uint8_t memory[FLASH_WALL + FLASH_SIZE + FLASH_WALL];
    uint8_t copy[FLASH_SIZE]; /* as the host knows the array */
    unsigned int dirty_calls;
    uint32_t dirty_offset, dirty_length; /* of the last one */
    unsigned int mode_calls;
    bool mapped;
    bool restoring; /* array_mode may come without a change */
};

extern struct flash flash;
extern struct vsio_device *const flash_dev;

/* One chip of 8 bits, two, one of 16 bits, two: the bus has 1, 2, 2, 4 bytes.
 */
#define FLASH_KINDS 4U
extern const struct vsio_cfi_flash_geometry flash_kinds[FLASH_KINDS];

/* Host tables: all callbacks; none. */
extern const struct vsio_cfi_flash_host flash_host, flash_host_without;

uint8_t *flash_array(void);

/* A bank that has just been switched on, its array all ones; it is watched. */
void flash_start_with(const struct vsio_cfi_flash_geometry *geometry,
                      const struct vsio_cfi_flash_host *host);
void flash_start(unsigned int kind);

/* The same, but every byte of the array is another. */
void flash_fill(void);
uint8_t flash_filled(uint32_t offset);

/* The walls stand, and the host's copy is what is in the array. */
#define FLASH_CHECK() flash_check(HERE)
void flash_check(struct where where);

/* Bytes of the bus; the offset of a chip's word, of the first chip. */
uint32_t flash_bus(void);
uint32_t flash_word(uint32_t addr);

/*
 * An access as wide as the bus, with the same for each chip; a read expects the
 * same of each, and what is in the array if the host has it mapped.
 */
#define PUT(offset, word) flash_put(offset, word, HERE)
#define GET(offset)       flash_get(offset, HERE)
void flash_put(uint32_t offset, uint32_t word, struct where where);
uint32_t flash_get(uint32_t offset, struct where where);

/* What is in the array, in the bytes of the bus. */
uint32_t flash_at(uint32_t offset);

/* A command, and back to the array after reading the status. */
#define STATUS() flash_status(HERE)
uint32_t flash_status(struct where where);

/* The bits of a chip's word; a word, as the bus has it if each chip has it. */
uint32_t flash_word_ones(void);
uint32_t flash_on_bus(uint32_t word);

/* Whole sequences, with each chip; the array is not read again yet. */
void flash_program(uint32_t offset, uint32_t word);
void flash_erase(uint32_t offset);
void flash_set_lock(uint32_t offset, uint32_t what);

/* The lock bits of a block by its offset, and back to the array. */
uint32_t flash_get_lock(uint32_t block);

/*
 * A buffered program of n words from offset on, but for its confirmation; what
 * it says is in the array. All that a chip's buffer takes is buffer_words.
 */
void flash_fill_buffer(uint32_t offset, uint32_t n);
bool flash_buffer_is_there(uint32_t offset, uint32_t n);
uint32_t flash_buffer_words(void);

/* Status register: errors are failed programs or erases, or both of them. */
#define READY    0x80U
#define PROTECT  0x02U
#define FAILED_P 0x10U
#define FAILED_E 0x20U
#define SEQUENCE (FAILED_P | FAILED_E)

/* For each kind of bank, switched on. */
#define EACH_KIND(kind)                                                        \
    for ( (kind) = 0; (kind) < FLASH_KINDS && (flash_start(kind), true);       \
          (kind)++ )

#endif /* CFI_FLASH_HOST_H */
