/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include <libvmm/util/util.h>

#include "devices/virtio/virtq_chain.h"
#include "virtio_driver.h"
#include "vm/vm.h"

#define QUEUE_SIZE 8

static struct fake_queue queue;
static struct virtq_chain chain;

static int setup(void **state)
{
    (void)state;
    vm_forget(vm_instance());
    fake_ram_reset();
    fake_queue_init(&queue, QUEUE_SIZE);
    return 0;
}

static void begin(uint16_t head)
{
    virtq_chain_begin(&chain, &vm_instance()->ram, fake_ram_at(queue.desc), QUEUE_SIZE, head);
}

static struct fake_buffer readable(const char *text)
{
    return (struct fake_buffer){fake_ram_put(text, strlen(text)), (uint32_t)strlen(text), false};
}

static struct fake_buffer writable(uint32_t bytes)
{
    return (struct fake_buffer){fake_ram_alloc(bytes, 1), bytes, true};
}

static void test_read_across_buffers(void **state)
{
    (void)state;
    const struct fake_buffer buffers[] = {readable("abc"), readable("d"), readable("efgh")};
    char text[16] = "";
    begin(fake_queue_add(&queue, buffers, 3));
    assert_int_equal(virtq_chain_read(&chain, text, 5), 5);
    assert_string_equal(text, "abcde");
    assert_false(virtq_chain_is_read(&chain));
    assert_int_equal(virtq_chain_read(&chain, text, sizeof text), 3);
    assert_memory_equal(text, "fgh", 3);
    assert_true(virtq_chain_is_read(&chain));
    assert_int_equal(virtq_chain_write(&chain, text, 1), 0);
    assert_false(chain.is_broken);
}

static void test_write_passes_over_what_is_not_read(void **state)
{
    (void)state;
    const struct fake_buffer buffers[] = {readable("abc"), readable("def"), writable(2), writable(3)};
    char text[16] = "";
    begin(fake_queue_add(&queue, buffers, 4));
    assert_int_equal(virtq_chain_read(&chain, text, 1), 1);
    assert_int_equal(virtq_chain_write(&chain, "123", 3), 3);
    assert_int_equal(virtq_chain_read(&chain, text, 1), 0);
    assert_int_equal(virtq_chain_write(&chain, "45678", 5), 2);
    assert_memory_equal(fake_ram_at(buffers[2].addr), "12", 2);
    assert_memory_equal(fake_ram_at(buffers[3].addr), "345", 3);
    assert_int_equal(chain.written_bytes, 5);
    assert_false(chain.is_broken);
}

static void test_pieces(void **state)
{
    (void)state;
    const struct fake_buffer buffers[] = {readable("abc"), writable(0), writable(4), writable(1)};
    struct virtq_piece piece;
    char text[2];
    begin(fake_queue_add(&queue, buffers, 4));
    assert_int_equal(virtq_chain_read(&chain, text, 1), 1);
    assert_true(virtq_chain_next_readable(&chain, &piece));
    assert_int_equal(piece.bytes, 2);
    assert_ptr_equal(piece.memory, fake_ram_at(buffers[0].addr + 1));
    assert_false(virtq_chain_next_readable(&chain, &piece));
    assert_true(virtq_chain_claim(&chain, 3, &piece));
    assert_int_equal(piece.bytes, 3);
    assert_ptr_equal(piece.memory, fake_ram_at(buffers[2].addr));
    assert_true(virtq_chain_next_writable(&chain, &piece));
    assert_int_equal(piece.bytes, 1);
    assert_true(virtq_chain_next_writable(&chain, &piece));
    assert_ptr_equal(piece.memory, fake_ram_at(buffers[3].addr));
    assert_false(virtq_chain_next_writable(&chain, &piece));
    assert_false(chain.is_broken);
}

static void test_indirect(void **state)
{
    (void)state;
    const struct fake_buffer buffers[] = {readable("abc"), readable("def"), writable(4)};
    char text[8] = "";
    begin(fake_queue_add_indirect(&queue, buffers, 3));
    assert_int_equal(virtq_chain_read(&chain, text, 7), 6);
    assert_string_equal(text, "abcdef");
    assert_int_equal(virtq_chain_write(&chain, "12345", 5), 4);
    assert_false(chain.is_broken);
}

/* The table may end a chain that began in the queue, and may be longer than the queue. */
static void test_indirect_behind_direct(void **state)
{
    (void)state;
    struct fake_buffer buffers[3 * QUEUE_SIZE];
    char text[64] = "";
    for (unsigned i = 0; i < ARRAY_SIZE(buffers); i++) {
        buffers[i] = readable("x");
    }
    const uint16_t head = fake_queue_add_indirect(&queue, buffers, ARRAY_SIZE(buffers));
    const struct fake_buffer first = readable("y");
    fake_queue_set_desc(&queue, 7, (struct fake_desc){first.addr, 1, FAKE_DESC_NEXT, head});
    begin(7);
    assert_int_equal(virtq_chain_read(&chain, text, sizeof text), 1 + 3 * QUEUE_SIZE);
    assert_int_equal(text[0], 'y');
    assert_int_equal(text[3 * QUEUE_SIZE], 'x');
    assert_false(chain.is_broken);
}

/* Reads all there is; the chain must turn out broken, after `before` good bytes. */
static void assert_broken(uint16_t head, size_t before)
{
    static char text[FAKE_RAM_BYTES];
    begin(head);
    assert_int_equal(virtq_chain_read(&chain, text, sizeof text), before);
    assert_int_equal(virtq_chain_write(&chain, text, 1), 0);
    assert_true(chain.is_broken);
    assert_true(virtq_chain_is_read(&chain));
}

static void test_loop_ends(void **state)
{
    (void)state;
    const struct fake_buffer one = readable("z");
    fake_queue_set_desc(&queue, 0, (struct fake_desc){one.addr, 1, FAKE_DESC_NEXT, 0});
    assert_broken(0, QUEUE_SIZE);
    fake_queue_set_desc(&queue, 0, (struct fake_desc){one.addr, 0, FAKE_DESC_NEXT, 1});
    fake_queue_set_desc(&queue, 1, (struct fake_desc){one.addr, 0, FAKE_DESC_NEXT, 0});
    assert_broken(0, 0);
}

static void test_next_outside_table(void **state)
{
    (void)state;
    const struct fake_buffer one = readable("z");
    fake_queue_set_desc(&queue, 0, (struct fake_desc){one.addr, 1, FAKE_DESC_NEXT, QUEUE_SIZE});
    assert_broken(0, 1);
    fake_queue_set_desc(&queue, 0, (struct fake_desc){one.addr, 1, FAKE_DESC_NEXT, UINT16_MAX});
    assert_broken(0, 1);
}

static void test_buffer_outside_ram(void **state)
{
    (void)state;
    const uint64_t end = FAKE_RAM_BASE + FAKE_RAM_BYTES;
    const struct fake_desc bad[] = {
        {end, 1, 0, 0},
        {end - 1, 2, 0, 0},
        {FAKE_RAM_BASE - 1, 1, 0, 0},
        {0, 1, 0, 0},
        {UINT64_MAX, 1, 0, 0},
        {UINT64_MAX - 1, UINT32_MAX, FAKE_DESC_WRITE, 0},
        {FAKE_RAM_BASE, UINT32_MAX, 0, 0},
        {FAKE_RAM_BASE, FAKE_RAM_BYTES + 1, FAKE_DESC_WRITE, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        fake_queue_set_desc(&queue, 0, bad[i]);
        assert_broken(0, 0);
    }
    fake_queue_set_desc(&queue, 0, (struct fake_desc){end - 1, 1, 0, 0});
    begin(0);
    char byte;
    assert_int_equal(virtq_chain_read(&chain, &byte, 1), 1);
    assert_false(chain.is_broken);
}

static void test_readable_behind_writable(void **state)
{
    (void)state;
    const struct fake_buffer buffers[] = {writable(1), readable("a")};
    begin(fake_queue_add(&queue, buffers, 2));
    assert_int_equal(virtq_chain_write(&chain, "xy", 2), 1);
    assert_true(chain.is_broken);
}

static void test_bad_indirect_tables(void **state)
{
    (void)state;
    const struct fake_buffer one = readable("a");
    const uint64_t table = fake_ram_alloc(64, 16);
    const struct fake_desc bad[] = {
        {table, 0, FAKE_DESC_INDIRECT, 0},
        {table, 15, FAKE_DESC_INDIRECT, 0},
        {table, 17, FAKE_DESC_INDIRECT, 0},
        {table + 4, 16, FAKE_DESC_INDIRECT, 0},
        {table, 16, FAKE_DESC_INDIRECT | FAKE_DESC_NEXT, 0},
        {table, (VIRTQ_INDIRECT_COUNT_MAX + 1) * 16, FAKE_DESC_INDIRECT, 0},
        {table, 0xfffffff0, FAKE_DESC_INDIRECT, 0},
        {UINT64_MAX & ~UINT64_C(15), 16, FAKE_DESC_INDIRECT, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        fake_queue_set_desc(&queue, 0, bad[i]);
        assert_broken(0, 0);
    }
    /* A table in a table: itself. */
    const uint16_t head = fake_queue_add_indirect(&queue, &one, 1);
    struct fake_desc self = {.len = 16, .flags = FAKE_DESC_INDIRECT};
    memcpy(&self.addr, fake_ram_at(queue.desc + head * 16u), 8);
    memcpy(fake_ram_at(self.addr), &self, 14);
    assert_broken(head, 0);
}

/* What the driver changes once a descriptor has been read has no effect. */
static void test_change_after_reading(void **state)
{
    (void)state;
    const struct fake_buffer buffers[] = {readable("abcdef"), writable(4)};
    char text[8] = "";
    const uint16_t head = fake_queue_add(&queue, buffers, 2);
    begin(head);
    assert_int_equal(virtq_chain_read(&chain, text, 2), 2);
    fake_queue_set_desc(&queue, head, (struct fake_desc){0, UINT32_MAX, FAKE_DESC_NEXT, 77});
    assert_int_equal(virtq_chain_read(&chain, text + 2, 6), 4);
    assert_string_equal(text, "abcdef");
    assert_int_equal(virtq_chain_write(&chain, "1", 1), 1);
    fake_queue_set_desc(&queue, (uint16_t)(head + 1), (struct fake_desc){0, 1, 0, 0});
    assert_int_equal(virtq_chain_write(&chain, "23456", 5), 3);
    assert_memory_equal(fake_ram_at(buffers[1].addr), "1234", 4);
    assert_false(chain.is_broken);
}

/* A driver that changes all that is read, right after it has been read. */
static void test_memory_that_changes(void **state)
{
    (void)state;
    const struct fake_buffer direct = readable("abc");
    const struct fake_buffer indirect[] = {readable("def"), readable("gh"), writable(4)};
    char text[9] = "";
    const uint16_t table = fake_queue_add_indirect(&queue, indirect, 3);
    struct fake_desc link = {direct.addr, direct.len, FAKE_DESC_NEXT, table};
    const uint16_t head = queue.next_desc;
    fake_queue_set_desc(&queue, head, link);
    begin(head);
    fake_ram_change_what_is_read(&queue, 1);
    assert_int_equal(virtq_chain_read(&chain, text, 2), 2);
    assert_int_equal(virtq_chain_read(&chain, text + 2, 7), 6);
    assert_string_equal(text, "abcdefgh");
    assert_int_equal(virtq_chain_write(&chain, "12345", 5), 4);
    assert_memory_equal(fake_ram_at(indirect[2].addr), "1234", 4);
    assert_false(chain.is_broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_read_across_buffers, setup),
        cmocka_unit_test_setup(test_write_passes_over_what_is_not_read, setup),
        cmocka_unit_test_setup(test_pieces, setup),
        cmocka_unit_test_setup(test_indirect, setup),
        cmocka_unit_test_setup(test_indirect_behind_direct, setup),
        cmocka_unit_test_setup(test_loop_ends, setup),
        cmocka_unit_test_setup(test_next_outside_table, setup),
        cmocka_unit_test_setup(test_buffer_outside_ram, setup),
        cmocka_unit_test_setup(test_readable_behind_writable, setup),
        cmocka_unit_test_setup(test_bad_indirect_tables, setup),
        cmocka_unit_test_setup(test_change_after_reading, setup),
        cmocka_unit_test_setup(test_memory_that_changes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
