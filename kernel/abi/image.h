/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The contract between the image tool and the built-in kernel.
 *
 * Everything about a system is known when its image is built. The tool lays
 * out physical memory, builds the stage-2 translation tables of every address
 * space and writes the tables below; the kernel only walks them. The tool
 * reads `kernel_board` out of the kernel's ELF file to learn what the board
 * has, and patches `kernel_image` in it with the physical address of the
 * struct image.
 *
 * All addresses named paddr are physical. All tables are little-endian and
 * lie in the image, 8-byte aligned, one after the other behind struct image.
 */
#ifndef KERNEL_ABI_IMAGE_H
#define KERNEL_ABI_IMAGE_H

#include <stdint.h>

#define IMAGE_MAGIC   0x3147414d494d5656ULL /* "VVMIMAG1" */
#define IMAGE_VERSION 2

#define IMAGE_NAME_BYTES       64
#define IMAGE_CHANNEL_COUNT    62 /* channel ids 0 to 61 */
#define IMAGE_CHILD_COUNT      64 /* child ids 0 to 63, PDs and vCPUs together */
#define IMAGE_PD_COUNT_MAX     63
#define IMAGE_THREAD_COUNT_MAX 128 /* PDs and vCPUs */
#define IMAGE_CORE_COUNT_MAX   8
#define IMAGE_PRIORITY_MAX     254
#define IMAGE_IRQ_COUNT_MAX    256                 /* `irq` elements in one system */
#define IMAGE_PERIOD_US_MAX    1000000000000000ULL /* in ticks of a counter of 1 GHz below 2^60 */

#define IMAGE_NO_THREAD 0xffff

/*
 * Where the tool puts things in a PD's address space that no .system file
 * names. The space is 39 bits wide (stage 2, 4 KiB granule, first level 1).
 * The page below the stack is never mapped.
 */
#define IMAGE_IPA_BITS           39
#define IMAGE_PD_IPC_BUFFER      0x7fffe00000ULL /* one page, rw */
#define IMAGE_PD_STACK_TOP       0x7fffc00000ULL /* grows down, rw */
#define IMAGE_PD_STACK_BYTES_MAX 0x1000000ULL    /* 16 MiB */
#define IMAGE_PD_VCPU_FRAMES     0x7fffd00000ULL /* page of vCPU n at + n * 4096, rw */
#define IMAGE_PD_VADDR_MAX       0x7ff0000000ULL /* a map of the .system file ends below */

/* What the board has; the kernel's ELF file holds one at symbol kernel_board. */
struct image_range {
    uint64_t base;
    uint64_t size_bytes;
};

#define IMAGE_BOARD_RAM_COUNT    4
#define IMAGE_BOARD_DEVICE_COUNT 4

struct image_board {
    char name[IMAGE_NAME_BYTES];
    uint64_t core_count;
    struct image_range kernel;                            /* kept for the kernel, inside RAM */
    struct image_range ram[IMAGE_BOARD_RAM_COUNT];        /* size 0: unused; likewise below */
    struct image_range devices[IMAGE_BOARD_DEVICE_COUNT]; /* that are the kernel's alone, in whole pages */
};

/* What a channel of a PD leads to. */
enum image_channel_flags {
    IMAGE_CHANNEL_NOTIFY = 1 << 0, /* this end may notify the peer */
    IMAGE_CHANNEL_PPCALL = 1 << 1, /* this end may call the peer */
    IMAGE_CHANNEL_IRQ = 1 << 2,    /* an interrupt; `irq` is its index */
};

struct image_channel {
    uint16_t peer;        /* index of the peer's thread */
    uint8_t peer_channel; /* the peer's number for it */
    uint8_t flags;        /* 0: no such channel */
    uint16_t irq;         /* index into the irq table */
    uint16_t reserved;
};

enum image_thread_kind {
    IMAGE_THREAD_PD = 0,
    IMAGE_THREAD_VCPU = 1,
};

enum image_thread_flags {
    IMAGE_THREAD_SMC = 1 << 0,     /* may call the firmware, for a few functions */
    IMAGE_THREAD_FPU = 1 << 1,     /* may use FP and SIMD registers */
    IMAGE_THREAD_PASSIVE = 1 << 2, /* PD: serves calls and faults on the time of who makes them, all of its core */
};

/* A PD or a vCPU. A vCPU starts stopped; a PD starts at `entry`. */
struct image_thread {
    char name[IMAGE_NAME_BYTES]; /* the PD's or the virtual machine's */
    uint8_t kind;
    uint8_t priority;
    uint8_t core;
    uint8_t flags;
    uint16_t parent;           /* index of the PD that handles its faults, or IMAGE_NO_THREAD */
    uint16_t child;            /* its id there */
    uint64_t budget_us;        /* 1 to period_us */
    uint64_t period_us;        /* up to IMAGE_PERIOD_US_MAX */
    uint64_t table_paddr;      /* root of its stage-2 tables, 4 KiB aligned */
    uint64_t vmid;             /* one for each address space, 1 to 255 */
    uint64_t entry;            /* PD: first instruction */
    uint64_t stack_top;        /* PD: initial stack pointer */
    uint64_t stack_bottom;     /* PD: lowest mapped address of the stack */
    uint64_t ipc_buffer_paddr; /* PD: page mapped at IMAGE_PD_IPC_BUFFER */
    uint64_t frame_paddr;      /* vCPU: page mapped in the parent, see IMAGE_PD_VCPU_FRAMES */
    struct image_channel channels[IMAGE_CHANNEL_COUNT];
    uint16_t children[IMAGE_CHILD_COUNT]; /* PD: index of the thread, or IMAGE_NO_THREAD */
};

enum image_irq_trigger {
    IMAGE_IRQ_LEVEL = 0,
    IMAGE_IRQ_EDGE = 1,
};

struct image_irq {
    uint16_t intid;
    uint16_t thread;
    uint8_t channel;
    uint8_t trigger;
    uint16_t reserved;
};

/* Functions of the firmware that a thread may call beside those that the kernel always lets through. */
struct image_smc {
    uint32_t thread;
    uint32_t first; /* function identifiers, SMCCC */
    uint32_t last;
    uint32_t reserved;
};

struct image {
    uint64_t magic;
    uint32_t version;
    uint32_t core_count; /* cores that threads are placed on: highest core + 1 */
    uint32_t thread_count;
    uint32_t irq_count;
    uint32_t zero_count;
    uint32_t smc_count;
    uint64_t threads_paddr; /* struct image_thread[thread_count] */
    uint64_t irqs_paddr;    /* struct image_irq[irq_count] */
    uint64_t zeros_paddr;   /* struct image_range[zero_count]: RAM that the kernel clears at boot */
    uint64_t smcs_paddr;    /* struct image_smc[smc_count] */
};

#define IMAGE_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has changed its size")

IMAGE_ASSERT_SIZE(struct image_range, 16);
IMAGE_ASSERT_SIZE(struct image_board, 216);
IMAGE_ASSERT_SIZE(struct image_channel, 8);
IMAGE_ASSERT_SIZE(struct image_thread, 64 + 8 + 9 * 8 + 62 * 8 + 64 * 2);
IMAGE_ASSERT_SIZE(struct image_irq, 8);
IMAGE_ASSERT_SIZE(struct image_smc, 16);
IMAGE_ASSERT_SIZE(struct image, 64);

#endif
