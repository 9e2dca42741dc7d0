/* SPDX-License-Identifier: MIT */
/*
 * cfi-flash.h - parallel NOR flash with Intel's command set (CFI 0001), one
 * chip or two side by side. Commands, behaviour, deviations:
 * docs/cfi-flash.md.
 */
#ifndef VSIO_CFI_FLASH_H
#define VSIO_CFI_FLASH_H

#include "cfi-flash-regs.h"
#include "vsio.h"

/* Erase blocks of a bank. */
#define VSIO_CFI_FLASH_BLOCKS_MAX 512U
/* What one access can make us store: a block, or two of a single 8-bit chip. */
#define VSIO_CFI_FLASH_BLOCK_MAX 0x40000U
/* Bytes of a chip's write buffer: two of them are the 128 bytes of EDK2. */
#define VSIO_CFI_FLASH_BUFFER_MAX 64U

/* What the bank is made of. May come from a user: init checks it. */
struct vsio_cfi_flash_geometry {
    uint32_t size;  /* bytes, all chips; a power of two up to CFI_WINDOW */
    uint32_t block; /* bytes of an erase block, all chips; a power of two */
    uint8_t width;  /* bytes of a chip's data bus: 1 or 2 */
    uint8_t chips;  /* side by side on the bus: 1 or 2 */
    uint8_t buffer; /* bytes of a chip's write buffer: a power of two */
};

struct vsio_cfi_flash_host {
    /* There are no interrupt lines. */
    struct vsio_host common;
    /*
     * The guest has programmed or erased what lies in these bytes of the array,
     * which are the new ones already; between them may be some of the other
     * chip's that have not changed. Called once for each word, buffer and block
     * of each chip. May be NULL.
     */
    void (*dirty)(void *ctx, uint32_t offset, uint32_t length);
    /*
     * True: from now on reads of the guest return what is in the array, so the
     * array is the image of the class. False: they don't, there is none. Called
     * on a change, at the end of the access, and by vsio_restore() in any case.
     * The guest starts with true. May be NULL.
     */
    void (*array_mode)(void *ctx, bool on);
};

/* What a chip's next write is. The numbers are those of the snapshot. */
enum {
    VSIO_CFI_FLASH_READY = 0,   /* a command */
    VSIO_CFI_FLASH_PROGRAM = 1, /* the word to program */
    VSIO_CFI_FLASH_ERASE = 2,   /* the confirmation of an erase */
    VSIO_CFI_FLASH_LOCK = 3,    /* what to do with a lock */
    VSIO_CFI_FLASH_COUNT = 4,   /* the number of words to come, less one */
    VSIO_CFI_FLASH_DATA = 5,    /* a word for the buffer */
    VSIO_CFI_FLASH_CONFIRM = 6, /* the confirmation of a buffered program */
};

/* What a chip's reads return. */
enum {
    VSIO_CFI_FLASH_ARRAY = 0,
    VSIO_CFI_FLASH_STATUS = 1,
    VSIO_CFI_FLASH_ID = 2, /* ID codes, locks and query */
};

struct vsio_cfi_flash_chip {
    uint8_t state, mode;
    uint8_t status; /* CFI_SR_* */
    uint8_t count;  /* words of a buffered program */
    uint8_t left;   /* of these, still to come */
    uint32_t start; /* where in the bank its first word is, once that is here */
    uint8_t buffer[VSIO_CFI_FLASH_BUFFER_MAX]; /* from start on, this chip's */
    /* A bit for each block. What is locked down is locked, too. */
    uint8_t locked[VSIO_CFI_FLASH_BLOCKS_MAX / 8];
    uint8_t down[VSIO_CFI_FLASH_BLOCKS_MAX / 8];
};

/* Private to cfi-flash.c; public so that hosts can allocate it. */
struct vsio_cfi_flash {
    struct vsio_device dev;
    struct vsio_cfi_flash_geometry geometry;
    uint8_t *array; /* the bank's bytes, as a little-endian guest reads them */
    uint8_t bus_shift;   /* 2^n bytes: all chips' data buses */
    uint8_t block_shift; /* 2^n bytes: a block */
    bool array_mode;     /* all chips show their array; the host knows */
    struct vsio_cfi_flash_chip chip[2];
};

extern const struct vsio_class vsio_cfi_flash_class;

/*
 * Bring *f to its power-on state: reads show the array, no block is locked. No
 * callback is called. ctx is handed to every callback. array: geometry->size
 * bytes, the host's; they must be there as long as the device is, and nobody
 * else writes them during a call. False: there is no such geometry, *f is
 * untouched and no device.
 */
bool vsio_cfi_flash_init(struct vsio_cfi_flash *f,
                         const struct vsio_cfi_flash_geometry *geometry,
                         uint8_t *array,
                         const struct vsio_cfi_flash_host *host,
                         void *ctx);

/* Bytes of the bank. The rest of the class's window is empty. */
static inline uint32_t vsio_cfi_flash_size(const struct vsio_cfi_flash *f)
{
    return f->geometry.size;
}

/* The invariant that every reachable state satisfies. */
bool vsio_cfi_flash_valid(const struct vsio_cfi_flash *f);

#endif /* VSIO_CFI_FLASH_H */
