/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The driver's side of virtio, for unit tests and fuzz targets: guest RAM, rings that it builds in there, well-formed
 * or not, and the registers of virtio-mmio. Nothing here uses code of the library but its MMIO bus. It aborts where a
 * test asks for what it cannot do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_RAM_BASE  UINT64_C(0x40000000)
#define FAKE_RAM_BYTES 0x100000u

#define FAKE_DESC_NEXT     1
#define FAKE_DESC_WRITE    2
#define FAKE_DESC_INDIRECT 4

struct fake_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

/* A queue: the areas' guest-physical addresses, and what the driver counts. */
struct fake_queue {
    uint16_t size;
    uint64_t desc;
    uint64_t avail;
    uint64_t used;
    uint16_t next_desc; /* where the next chain's descriptors go, round and round */
    uint16_t avail_idx;
    uint16_t used_idx; /* of the used ring, read so far */
};

struct fake_buffer {
    uint64_t addr;
    uint32_t len;
    bool is_writable;
};

struct fake_used {
    uint32_t id;
    uint32_t len;
};

/* Guest RAM of FAKE_RAM_BYTES, zeroed, of the VM instance; nothing allocated. */
void fake_ram_reset(void);
/* The same with less of it, for those who do it often: what lies behind is no RAM. */
void fake_ram_reset_to(size_t bytes);
uint8_t *fake_ram_at(uint64_t addr);
/* Memory nobody else has; `align` is a power of two. */
uint64_t fake_ram_alloc(size_t bytes, size_t align);
/* Memory with this content. */
uint64_t fake_ram_put(const void *bytes, size_t count);

/*
 * What a driver on another vCPU does between two reads of the device's: `hook` is called after each read of guest RAM.
 * NULL, as after fake_ram_reset: nothing.
 */
typedef void (*fake_ram_hook_t)(uint64_t addr, size_t bytes);
void fake_ram_on_read(fake_ram_hook_t hook);
/* The same for what is not guest RAM: queues that the device shares with others. */
typedef void (*fake_shared_hook_t)(const volatile void *at);
void fake_shared_on_read(fake_shared_hook_t hook);
/*
 * A driver on another vCPU that runs in the midst of the device's next fence: what it sees is what the device has
 * stored before, and what it stores then, the device sees afterwards.
 */
typedef void (*fake_fence_hook_t)(void);
void fake_ram_on_fence(fake_fence_hook_t hook);
/*
 * A driver that changes every byte as soon as it has been read, and a look at whether one is read twice, which aborts.
 * Indices and flags of the available rings, and their events, are left alone: those are there to be read again.
 */
void fake_ram_change_what_is_read(const struct fake_queue *queues, unsigned count);

/* A queue in fresh memory. */
void fake_queue_init(struct fake_queue *queue, uint16_t size);
void fake_queue_set_desc(struct fake_queue *queue, uint16_t index, struct fake_desc desc);
/* Makes descriptor `head` available, and says so to the device's side of the ring. */
void fake_queue_offer(struct fake_queue *queue, uint16_t head);
/* A chain of these buffers, made available. Answers its head. */
uint16_t fake_queue_add(struct fake_queue *queue, const struct fake_buffer *buffers, unsigned count);
/* The same through an indirect table. */
uint16_t fake_queue_add_indirect(struct fake_queue *queue, const struct fake_buffer *buffers, unsigned count);
/* Takes the next used chain. False: none. */
bool fake_queue_take(struct fake_queue *queue, struct fake_used *used);
void fake_queue_set_no_interrupt(struct fake_queue *queue, bool is_set);
void fake_queue_set_used_event(struct fake_queue *queue, uint16_t event);
uint16_t fake_queue_avail_event(const struct fake_queue *queue);
uint16_t fake_queue_used_flags(const struct fake_queue *queue);

/* Registers of a device on virtio-mmio at `base`. Each is an access to the VM instance's MMIO bus. */
uint32_t fake_mmio_read(uint64_t base, uint32_t offset);
void fake_mmio_write(uint64_t base, uint32_t offset, uint32_t value);
uint64_t fake_mmio_features(uint64_t base);
/* Reset, then up to FEATURES_OK with these features. Answers whether the device took them. */
bool fake_mmio_negotiate(uint64_t base, uint64_t features);
/* Tells the device of a queue and enables it. */
void fake_mmio_set_queue(uint64_t base, uint16_t index, const struct fake_queue *queue);
void fake_mmio_set_driver_ok(uint64_t base);
void fake_mmio_kick(uint64_t base, uint16_t index);
