/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Virtqueues (src/devices/virtio/virtq.c) against a guest that changes its memory between any two reads: every access
 * lies wholly in RAM and is aligned, stores lie in the used ring only, and the head of a chain is a descriptor of the
 * queue.
 *
 * Bounds: RAM of 1 MiB; areas at any addresses; queues of any size up to 1024; one operation, from any counters.
 * guest_ram_at is taken as guest_ram_proof.c proves it.
 *
 * CBMC: --unwind 4
 */
#include "proof.h"

/* The library's accesses to guest memory are replaced: loads give any value, each time. */
#define virtq_load16          unused_load16
#define virtq_load64          unused_load64
#define virtq_load16_acquire  unused_load16_acquire
#define virtq_store16         unused_store16
#define virtq_store16_release unused_store16_release
#define virtq_store32         unused_store32
#include "devices/virtio/virtq_layout.h"
#undef virtq_load16
#undef virtq_load16_acquire
#undef virtq_store16
#undef virtq_store16_release
#undef virtq_store32

#include "devices/virtio/virtq.h"
#include "vm/guest_ram.h"

#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_BYTES 0x100000

static _Alignas(4096) uint8_t memory[RAM_BYTES];
static struct guest_ram ram;
static struct virtq vq;

static void check_ram(const uint8_t *at, uint64_t bytes)
{
    PROVE(__CPROVER_same_object(at, ram.vmm_base), "the guest's RAM");
    const uint64_t offset = (uint64_t)(at - ram.vmm_base);
    PROVE(offset <= ram.size_bytes && bytes <= ram.size_bytes - offset, "inside of RAM");
}

static void check_access(const uint8_t *at, uint64_t bytes)
{
    check_ram(at, bytes);
    PROVE(((uint64_t)(at - ram.vmm_base) & (bytes - 1)) == 0, "aligned");
}

static uint16_t virtq_load16(const uint8_t *at)
{
    check_access(at, 2);
    return any_u16();
}

static uint16_t virtq_load16_acquire(const uint8_t *at)
{
    return virtq_load16(at);
}

static void check_store(const uint8_t *at, uint64_t bytes)
{
    check_access(at, bytes);
    const uint64_t offset = (uint64_t)(at - vq.used);
    PROVE(at >= vq.used && offset + bytes <= 6 + 8 * (uint64_t)vq.size, "in the used ring");
}

static void virtq_store16(uint8_t *at, uint16_t value)
{
    (void)value;
    check_store(at, 2);
}

static void virtq_store16_release(uint8_t *at, uint16_t value)
{
    virtq_store16(at, value);
}

static void virtq_store32(uint8_t *at, uint32_t value)
{
    (void)value;
    check_store(at, 4);
}

void *guest_ram_at(const struct guest_ram *from, gpa_t at, uint64_t size_bytes)
{
    const uint64_t offset = at.value - from->base.value;
    PROVE(from == &ram, "the guest's RAM");
    if (at.value < from->base.value || offset > from->size_bytes || size_bytes > from->size_bytes - offset) {
        return NULL;
    }
    return from->vmm_base + offset;
}

#include "devices/virtio/virtq.c"

/* As virtq_chain.c has it. */
void virtq_chain_begin(struct virtq_chain *chain, const struct guest_ram *from, const uint8_t *table, uint32_t count,
                       uint16_t head)
{
    *chain = (struct virtq_chain){.ram = from, .table = table, .table_count = count, .left = count, .head = head};
}

static void begin(void)
{
    ram = (struct guest_ram){.vmm_base = memory, .base = gpa(RAM_BASE), .size_bytes = sizeof memory};
    vq.size_max = any_u16();
    ASSUME(vq.size_max <= VIRTQ_SIZE_MAX);
    vq.size = any_u16();
    for (int i = 0; i < VIRTQ_AREA_COUNT; i++) {
        vq.areas[i] = gpa(any_u64());
    }
}

/* Counters as after any number of operations. */
static void age(void)
{
    vq.next_avail = any_u16();
    vq.next_used = any_u16();
    vq.published_used = any_u16();
    vq.signalled_used = any_u16();
}

int main(void)
{
    struct virtq_chain chain;
    begin();
    if (virtq_enable(&vq, &ram, any_bool()) != RESULT_OK) {
        PROVE(!vq.enabled, "what is refused is not used");
        return 0;
    }
    age();
    switch (any_u8()) {
    case 0:
        if (virtq_pop(&vq, &chain) == RESULT_OK) {
            PROVE(chain.head < vq.size && chain.table == vq.desc && chain.table_count == vq.size,
                  "a chain of the queue");
        }
        break;
    case 1:
        virtq_put(&vq, any_u16(), any_u32());
        break;
    case 2:
        (void)virtq_publish(&vq);
        break;
    case 3:
        virtq_suppress_kicks(&vq);
        break;
    default:
        (void)virtq_want_more(&vq, any_u16());
        break;
    }
    return 0;
}
