/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See virtio_driver.h.
 */
#include "virtio_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/vm.h"

#define DESC_BYTES 16

static _Alignas(4096) uint8_t ram[FAKE_RAM_BYTES];
static size_t allocated;
static fake_ram_hook_t on_read;
static fake_shared_hook_t on_shared_read;
static fake_fence_hook_t on_fence;
static const struct fake_queue *kept_queues;
static unsigned kept_count;
static bool was_read[FAKE_RAM_BYTES];

static _Noreturn void die(const char *why)
{
    fprintf(stderr, "virtio_driver: %s\n", why);
    abort();
}

void fake_ram_reset_to(size_t bytes)
{
    struct vm *vm = vm_instance();
    memset(ram, 0, bytes);
    allocated = 0;
    on_read = NULL;
    on_shared_read = NULL;
    on_fence = NULL;
    vm->ram = (struct guest_ram){.vmm_base = ram, .base = gpa(FAKE_RAM_BASE), .size_bytes = bytes};
}

void fake_ram_reset(void)
{
    fake_ram_reset_to(sizeof ram);
}

uint8_t *fake_ram_at(uint64_t addr)
{
    if (addr < FAKE_RAM_BASE || addr - FAKE_RAM_BASE >= sizeof ram) {
        die("address outside of RAM");
    }
    return &ram[addr - FAKE_RAM_BASE];
}

uint64_t fake_ram_alloc(size_t bytes, size_t align)
{
    const size_t at = (allocated + align - 1) & ~(align - 1);
    if (at + bytes > sizeof ram) {
        die("out of RAM");
    }
    allocated = at + bytes;
    return FAKE_RAM_BASE + at;
}

uint64_t fake_ram_put(const void *bytes, size_t count)
{
    const uint64_t addr = fake_ram_alloc(count, 1);
    memcpy(fake_ram_at(addr), bytes, count);
    return addr;
}

void fake_ram_on_read(fake_ram_hook_t hook)
{
    on_read = hook;
}

void fake_shared_on_read(fake_shared_hook_t hook)
{
    on_shared_read = hook;
}

void fake_ram_on_fence(fake_fence_hook_t hook)
{
    on_fence = hook;
}

void fake_ram_fence(void)
{
    const fake_fence_hook_t hook = on_fence;
    on_fence = NULL;
    if (hook != NULL) {
        hook();
    }
}

void fake_ram_was_read(const volatile void *at, size_t bytes)
{
    const uintptr_t offset = (uintptr_t)at - (uintptr_t)ram;
    if (on_read != NULL && offset < sizeof ram) {
        on_read(FAKE_RAM_BASE + offset, bytes);
    } else if (on_shared_read != NULL && offset >= sizeof ram) {
        on_shared_read(at);
    }
}

void *fake_ram_memcpy(void *restrict to, const void *restrict from, size_t size)
{
    memcpy(to, from, size);
    fake_ram_was_read(from, size);
    return to;
}

/* Flags and index of an available ring, or the event behind it. */
static bool is_to_be_read_again(uint64_t addr)
{
    for (unsigned i = 0; i < kept_count; i++) {
        const uint64_t offset = addr - kept_queues[i].avail;
        const uint64_t entries_end = 4 + 2 * (uint64_t)kept_queues[i].size;
        if (offset < 4 || (offset >= entries_end && offset < entries_end + 2)) {
            return true;
        }
    }
    return false;
}

static void change(uint64_t addr, size_t bytes)
{
    for (uint64_t at = addr; at < addr + bytes; at++) {
        if (is_to_be_read_again(at)) {
            continue;
        }
        if (was_read[at - FAKE_RAM_BASE]) {
            die("a byte is read twice");
        }
        was_read[at - FAKE_RAM_BASE] = true;
        *fake_ram_at(at) ^= 0xff;
    }
}

void fake_ram_change_what_is_read(const struct fake_queue *queues, unsigned count)
{
    kept_queues = queues;
    kept_count = count;
    memset(was_read, 0, sizeof was_read);
    on_read = change;
}

static uint16_t load16(uint64_t addr)
{
    uint16_t value;
    memcpy(&value, fake_ram_at(addr), sizeof value);
    return value;
}

static void store16(uint64_t addr, uint16_t value)
{
    memcpy(fake_ram_at(addr), &value, sizeof value);
}

void fake_queue_init(struct fake_queue *queue, uint16_t size)
{
    *queue = (struct fake_queue){.size = size};
    queue->desc = fake_ram_alloc((size_t)size * DESC_BYTES, 16);
    queue->avail = fake_ram_alloc(6 + (size_t)size * 2, 2);
    queue->used = fake_ram_alloc(6 + (size_t)size * 8, 4);
    memset(fake_ram_at(queue->desc), 0, (size_t)size * DESC_BYTES);
    memset(fake_ram_at(queue->avail), 0, 6 + (size_t)size * 2);
    memset(fake_ram_at(queue->used), 0, 6 + (size_t)size * 8);
}

static void put_desc(uint64_t addr, struct fake_desc desc)
{
    uint8_t *at = fake_ram_at(addr);
    memcpy(at, &desc.addr, 8);
    memcpy(at + 8, &desc.len, 4);
    memcpy(at + 12, &desc.flags, 2);
    memcpy(at + 14, &desc.next, 2);
}

void fake_queue_set_desc(struct fake_queue *queue, uint16_t index, struct fake_desc desc)
{
    put_desc(queue->desc + (uint64_t)index * DESC_BYTES, desc);
}

void fake_queue_offer(struct fake_queue *queue, uint16_t head)
{
    store16(queue->avail + 4 + (uint64_t)(queue->avail_idx % queue->size) * 2, head);
    queue->avail_idx++;
    store16(queue->avail + 2, queue->avail_idx);
}

static struct fake_desc desc_of(const struct fake_buffer *buffer, bool has_next, uint16_t next)
{
    return (struct fake_desc){
        .addr = buffer->addr,
        .len = buffer->len,
        .flags = (uint16_t)((buffer->is_writable ? FAKE_DESC_WRITE : 0) | (has_next ? FAKE_DESC_NEXT : 0)),
        .next = next,
    };
}

uint16_t fake_queue_add(struct fake_queue *queue, const struct fake_buffer *buffers, unsigned count)
{
    const uint16_t head = queue->next_desc;
    for (unsigned i = 0; i < count; i++) {
        const uint16_t here = queue->next_desc;
        queue->next_desc = (uint16_t)((here + 1) % queue->size);
        fake_queue_set_desc(queue, here, desc_of(&buffers[i], i + 1 < count, queue->next_desc));
    }
    fake_queue_offer(queue, head);
    return head;
}

uint16_t fake_queue_add_indirect(struct fake_queue *queue, const struct fake_buffer *buffers, unsigned count)
{
    const uint16_t head = queue->next_desc;
    const uint64_t table = fake_ram_alloc((size_t)count * DESC_BYTES, 16);
    for (unsigned i = 0; i < count; i++) {
        put_desc(table + i * DESC_BYTES, desc_of(&buffers[i], i + 1 < count, (uint16_t)(i + 1)));
    }
    const struct fake_desc desc = {.addr = table, .len = count * DESC_BYTES, .flags = FAKE_DESC_INDIRECT};
    fake_queue_set_desc(queue, head, desc);
    queue->next_desc = (uint16_t)((head + 1) % queue->size);
    fake_queue_offer(queue, head);
    return head;
}

bool fake_queue_take(struct fake_queue *queue, struct fake_used *used)
{
    if (load16(queue->used + 2) == queue->used_idx) {
        return false;
    }
    const uint8_t *entry = fake_ram_at(queue->used + 4 + (uint64_t)(queue->used_idx % queue->size) * 8);
    memcpy(&used->id, entry, 4);
    memcpy(&used->len, entry + 4, 4);
    queue->used_idx++;
    return true;
}

void fake_queue_set_no_interrupt(struct fake_queue *queue, bool is_set)
{
    store16(queue->avail, is_set);
}

void fake_queue_set_used_event(struct fake_queue *queue, uint16_t event)
{
    store16(queue->avail + 4 + (uint64_t)queue->size * 2, event);
}

uint16_t fake_queue_avail_event(const struct fake_queue *queue)
{
    return load16(queue->used + 4 + (uint64_t)queue->size * 8);
}

uint16_t fake_queue_used_flags(const struct fake_queue *queue)
{
    return load16(queue->used);
}

uint32_t fake_mmio_read(uint64_t base, uint32_t offset)
{
    struct mmio_access access = {.width_bytes = 4};
    if (mmio_dispatch(&vm_instance()->mmio, gpa(base + offset), &access) != MMIO_HANDLED) {
        die("a register cannot be read");
    }
    return (uint32_t)access.value;
}

void fake_mmio_write(uint64_t base, uint32_t offset, uint32_t value)
{
    struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = value};
    if (mmio_dispatch(&vm_instance()->mmio, gpa(base + offset), &access) != MMIO_HANDLED) {
        die("a register cannot be written");
    }
}

uint64_t fake_mmio_features(uint64_t base)
{
    uint64_t features = 0;
    for (uint32_t i = 0; i < 2; i++) {
        fake_mmio_write(base, 0x14, i);
        features |= (uint64_t)fake_mmio_read(base, 0x10) << (32 * i);
    }
    return features;
}

bool fake_mmio_negotiate(uint64_t base, uint64_t features)
{
    fake_mmio_write(base, 0x70, 0);
    fake_mmio_write(base, 0x70, 1);
    fake_mmio_write(base, 0x70, 3);
    for (uint32_t i = 0; i < 2; i++) {
        fake_mmio_write(base, 0x24, i);
        fake_mmio_write(base, 0x20, (uint32_t)(features >> (32 * i)));
    }
    fake_mmio_write(base, 0x70, 0xb);
    return (fake_mmio_read(base, 0x70) & 8) != 0;
}

static void set_area(uint64_t base, uint32_t offset, uint64_t addr)
{
    fake_mmio_write(base, offset, (uint32_t)addr);
    fake_mmio_write(base, offset + 4, (uint32_t)(addr >> 32));
}

void fake_mmio_set_queue(uint64_t base, uint16_t index, const struct fake_queue *queue)
{
    fake_mmio_write(base, 0x30, index);
    fake_mmio_write(base, 0x38, queue->size);
    set_area(base, 0x80, queue->desc);
    set_area(base, 0x90, queue->avail);
    set_area(base, 0xa0, queue->used);
    fake_mmio_write(base, 0x44, 1);
}

void fake_mmio_set_driver_ok(uint64_t base)
{
    fake_mmio_write(base, 0x70, fake_mmio_read(base, 0x70) | 4);
}

void fake_mmio_kick(uint64_t base, uint16_t index)
{
    fake_mmio_write(base, 0x50, index);
}
