/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include <libvmm/monitor.h>
#include <libvmm/util/util.h>
#include <libvmm/virtio/blk.h>

#include "devices/virtio/virtio_device.h"
#include "virtio_driver.h"

#define BASE        UINT64_C(0x0b000000)
#define IRQ         48
#define CHANNEL     20
#define ENTRIES     16
#define DISK_BLOCKS 32
#define SECTORS     (DISK_BLOCKS * 8)
#define DATA_BLOCKS 16
#define F_RO        BIT(5)
#define F_FLUSH     BIT(9)
#define F_MQ        BIT(12)

enum {
    IN = 0,
    OUT = 1,
    FLUSH = 4,
    GET_ID = 8
};
enum {
    OK = 0,
    IOERR = 1,
    UNSUPP = 2,
    NONE = 0xff
};

static struct {
    struct virtio_blk blk;
    struct sddf_blk_client_config config;
    _Alignas(8) uint8_t requests[16 + ENTRIES * 32];
    _Alignas(8) uint8_t responses[8 + ENTRIES * 12];
    _Alignas(8) struct sddf_blk_storage_info info;
    _Alignas(4096) uint8_t data[DATA_BLOCKS * 4096];
    uint8_t disk[DISK_BLOCKS * 4096];
    struct sddf_blk virt; /* the virtualiser's end */
    struct sddf_blk_request taken[ENTRIES];
    unsigned taken_count;
    struct fake_queue queues[2];
    unsigned flushes;
} t;

static void connect(void)
{
    memcpy(t.config.magic, "sDDF\2", 5);
    t.config.virt = (struct sddf_blk_connection){
        .storage_info = {&t.info, sizeof t.info},
        .req_queue = {t.requests, sizeof t.requests},
        .resp_queue = {t.responses, sizeof t.responses},
        .num_buffers = ENTRIES,
        .id = CHANNEL,
    };
    t.config.data = (struct sddf_region){t.data, sizeof t.data};
    t.info.capacity = DISK_BLOCKS;
    t.info.sector_size = 512;
    strcpy(t.info.serial_number, "serial");
    assert_true(sddf_blk_open(&t.virt, &t.config.virt, SDDF_CONSUMER));
}

static void start(uint64_t features, unsigned queue_count)
{
    assert_true(fake_mmio_negotiate(BASE, features | VIRTIO_F_VERSION_1));
    for (uint16_t i = 0; i < queue_count; i++) {
        fake_queue_init(&t.queues[i], 64);
        fake_mmio_set_queue(BASE, i, &t.queues[i]);
    }
    fake_mmio_set_driver_ok(BASE);
}

static int setup_with(bool is_ready, bool is_read_only)
{
    void *state = NULL;
    fixture_setup(&state);
    fake_ram_reset();
    memset(&t, 0, sizeof t);
    connect();
    t.info.ready = is_ready;
    t.info.read_only = is_read_only;
    assert_true(virtio_blk_init(&t.blk, virtio_at_mmio(BASE, IRQ), &t.config, 2));
    return 0;
}

static int setup(void **state)
{
    (void)state;
    setup_with(true, false);
    start(F_FLUSH | F_MQ, 2);
    return 0;
}

/* Takes all requests that are there. */
static void backend_take(void)
{
    while (t.taken_count < ENTRIES && sddf_blk_take_request(&t.virt, &t.taken[t.taken_count])) {
        t.taken_count++;
    }
}

static void backend_do(const struct sddf_blk_request *request)
{
    const size_t bytes = request->count * 4096u;
    assert_true(request->io_or_offset + bytes <= sizeof t.data);
    assert_true(request->block_number + request->count <= DISK_BLOCKS);
    uint8_t *disk = &t.disk[request->block_number * 4096];
    if (request->code == SDDF_BLK_READ) {
        memcpy(&t.data[request->io_or_offset], disk, bytes);
    } else if (request->code == SDDF_BLK_WRITE) {
        memcpy(disk, &t.data[request->io_or_offset], bytes);
    } else {
        assert_int_equal(request->code, SDDF_BLK_FLUSH);
        t.flushes++;
    }
}

/* Answers one of the requests taken, as done up to this number of blocks; a good answer does what it says. */
static void backend_answer_part(unsigned index, uint32_t status, uint16_t success_count)
{
    assert_true(index < t.taken_count);
    struct sddf_blk_request request = t.taken[index];
    t.taken[index] = t.taken[--t.taken_count];
    const struct sddf_blk_response response = {.status = status, .success_count = success_count, .id = request.id};
    if (status == SDDF_BLK_OK) {
        request.count = success_count;
        backend_do(&request);
    }
    assert_true(sddf_blk_put_response(&t.virt, &response));
}

static void backend_answer(unsigned index, uint32_t status)
{
    backend_answer_part(index, status, status == SDDF_BLK_OK ? t.taken[index].count : 0);
}

/* Runs the backend until nothing moves. */
static void backend_run(void)
{
    backend_take();
    while (t.taken_count != 0) {
        while (t.taken_count != 0) {
            backend_answer(0, SDDF_BLK_OK);
        }
        assert_true(virtio_notified(CHANNEL));
        backend_take();
    }
}

struct op {
    uint64_t data;
    uint64_t status;
};

static struct op add(unsigned queue, uint32_t type, uint64_t sector, uint32_t bytes, const void *content)
{
    struct {
        uint32_t type;
        uint32_t reserved;
        uint64_t sector;
    } header = {type, 0, sector};
    const struct op op = {.data = fake_ram_alloc(bytes, 1), .status = fake_ram_alloc(1, 1)};
    const bool is_in = type == IN || type == GET_ID;
    const uint32_t half = bytes / 2;
    const struct fake_buffer buffers[] = {
        {fake_ram_put(&header, 7), 7, false},
        {fake_ram_put((uint8_t *)&header + 7, 9), 9, false},
        {op.data, half, is_in},
        {op.data + half, bytes - half, is_in},
        {op.status, 1, true},
    };
    if (content != NULL) {
        memcpy(fake_ram_at(op.data), content, bytes);
    }
    *fake_ram_at(op.status) = NONE;
    fake_queue_add(&t.queues[queue], buffers, 5);
    return op;
}

static uint8_t status_of(struct op op)
{
    return *fake_ram_at(op.status);
}

static void kick(unsigned queue)
{
    fake_mmio_kick(BASE, (uint16_t)queue);
}

static unsigned take_used(unsigned queue, uint32_t *len)
{
    struct fake_used used = {0};
    unsigned count = 0;
    while (fake_queue_take(&t.queues[queue], &used)) {
        count++;
    }
    if (len != NULL) {
        *len = used.len;
    }
    return count;
}

static void fill(uint8_t *bytes, size_t count, unsigned seed)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(i * 7 + seed + i / 256);
    }
}

static void test_config(void **state)
{
    (void)state;
    assert_int_equal(fake_mmio_read(BASE, 0x100), SECTORS);
    assert_int_equal(fake_mmio_read(BASE, 0x114), 512);
    assert_int_equal(fake_mmio_read(BASE, 0x118), 8u << 16 | 3);
    assert_int_equal(fake_mmio_read(BASE, 0x120) >> 16, 2);
    assert_int_equal(fake_mmio_features(BASE) & F_RO, 0);
}

static void test_read_and_write_blocks(void **state)
{
    (void)state;
    uint8_t content[2 * 4096];
    uint32_t len;
    fill(content, sizeof content, 1);
    const struct op write = add(0, OUT, 8, sizeof content, content);
    kick(0);
    assert_int_equal(fake.notifies[CHANNEL], 1);
    assert_int_equal(status_of(write), NONE);
    backend_run();
    assert_int_equal(status_of(write), OK);
    assert_int_equal(take_used(0, &len), 1);
    assert_int_equal(len, 1);
    assert_memory_equal(&t.disk[4096], content, sizeof content);
    const struct op read = add(1, IN, 8, sizeof content, NULL);
    kick(1);
    backend_run();
    assert_int_equal(status_of(read), OK);
    assert_int_equal(take_used(1, &len), 1);
    assert_int_equal(len, sizeof content + 1);
    assert_memory_equal(fake_ram_at(read.data), content, sizeof content);
}

static void test_parts_of_blocks(void **state)
{
    (void)state;
    static uint8_t model[sizeof t.disk];
    static uint8_t content[12 * 512];
    fill(t.disk, sizeof t.disk, 9);
    memcpy(model, t.disk, sizeof model);
    for (unsigned sector = 0; sector < 10; sector++) {
        for (uint32_t count = 1; count <= 12; count++) {
            fake_ram_reset();
            start(F_FLUSH, 1);
            fill(content, count * 512, sector * 12 + count);
            const struct op write = add(0, OUT, sector, count * 512, content);
            memcpy(&model[sector * 512], content, count * 512);
            kick(0);
            backend_run();
            assert_int_equal(status_of(write), OK);
            assert_memory_equal(t.disk, model, sizeof model);
            const struct op read = add(0, IN, sector, count * 512, NULL);
            kick(0);
            backend_run();
            assert_memory_equal(fake_ram_at(read.data), content, count * 512);
        }
    }
}

/* Two writes into one block at once: neither may lose the other's bytes, in whatever order they are answered. */
static void test_partial_writes_of_one_block(void **state)
{
    (void)state;
    uint8_t a[512];
    uint8_t b[512];
    uint8_t whole[4096];
    memset(a, 0xaa, sizeof a);
    memset(b, 0xbb, sizeof b);
    memset(whole, 0xcc, sizeof whole);
    add(0, OUT, 0, sizeof a, a);
    add(0, OUT, 1, sizeof b, b);
    add(1, OUT, 8, sizeof whole, whole);
    add(1, OUT, 10, sizeof a, a);
    kick(0);
    kick(1);
    backend_take();
    assert_int_equal(t.taken_count, 1); /* the first one; what came later is held up */
    backend_run();
    assert_int_equal(t.disk[0], 0xaa);
    assert_int_equal(t.disk[511], 0xaa);
    assert_int_equal(t.disk[512], 0xbb);
    assert_int_equal(t.disk[1024], 0);
    assert_int_equal(t.disk[4096], 0xcc);
    assert_int_equal(t.disk[4096 + 1024], 0xaa);
    assert_int_equal(t.disk[4096 + 1536], 0xcc);
    assert_int_equal(take_used(0, NULL), 2);
    assert_int_equal(take_used(1, NULL), 2);
}

/* A write of whole blocks waits for a partial one of the same block, which would put its old bytes back. */
static void test_whole_write_after_a_partial_one(void **state)
{
    (void)state;
    uint8_t part[512];
    uint8_t whole[4096];
    memset(part, 0xaa, sizeof part);
    memset(whole, 0xcc, sizeof whole);
    add(0, OUT, 17, sizeof part, part);
    add(0, OUT, 16, sizeof whole, whole);
    kick(0);
    backend_take();
    assert_int_equal(t.taken_count, 1);
    backend_run();
    assert_int_equal(take_used(0, NULL), 2);
    assert_memory_equal(&t.disk[2 * 4096], whole, sizeof whole);
}

/* The same after a reset, for a whole write that was in flight. */
static void test_write_after_one_of_before_a_reset(void **state)
{
    (void)state;
    uint8_t content[4096];
    memset(content, 0x11, sizeof content);
    add(0, OUT, 0, sizeof content, content);
    kick(0);
    backend_take();
    assert_int_equal(t.taken_count, 1);
    start(F_FLUSH | F_MQ, 2);
    memset(content, 0x22, sizeof content);
    add(0, OUT, 0, sizeof content, content);
    kick(0);
    backend_take();
    assert_int_equal(t.taken_count, 1);
    backend_run();
    assert_int_equal(t.disk[0], 0x22);
}

/* Data in many pieces, in a request of several parts: each part begins behind some of them. */
static void test_many_pieces(void **state)
{
    (void)state;
    const struct {
        uint32_t type;
        uint32_t reserved;
        uint64_t sector;
    } header = {IN, 0, 3};
    const uint64_t status = fake_ram_alloc(1, 1);
    struct fake_buffer buffers[34] = {{fake_ram_put(&header, sizeof header), sizeof header, false}};
    for (unsigned i = 1; i < 33; i++) {
        buffers[i] = (struct fake_buffer){fake_ram_alloc(512, 1), 512, true};
    }
    buffers[33] = (struct fake_buffer){status, 1, true};
    fill(t.disk, sizeof t.disk, 7);
    fake_queue_add(&t.queues[0], buffers, 34);
    kick(0);
    backend_run();
    assert_int_equal(*fake_ram_at(status), OK);
    for (unsigned i = 0; i < 32; i++) {
        assert_memory_equal(fake_ram_at(buffers[i + 1].addr), &t.disk[(3 + i) * 512], 512);
    }
}

/* Requests that are answered at once give back what they had: there is always room for the next one. */
static void test_requests_without_end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        const struct op id = add(0, i % 2 == 0 ? GET_ID : 77, 0, 20, NULL);
        kick(0);
        assert_int_equal(status_of(id), i % 2 == 0 ? OK : UNSUPP);
        assert_int_equal(take_used(0, NULL), 1);
    }
}

/* Logical blocks of the storage, where they are a size that virtio and sDDF can have. */
static void test_block_sizes(void **state)
{
    (void)state;
    const struct {
        uint16_t sector_size;
        uint32_t block_size;
    } cases[] = {{512, 512}, {1024, 1024}, {4096, 4096}, {8192, 512}, {256, 512}, {1536, 512}, {0, 512}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        setup_with(false, false);
        t.info.sector_size = cases[i].sector_size;
        t.info.ready = true;
        assert_true(virtio_notified(CHANNEL));
        const uint32_t blocks = 4096 / cases[i].block_size;
        assert_int_equal(fake_mmio_read(BASE, 0x114), cases[i].block_size);
        assert_int_equal(fake_mmio_read(BASE, 0x118) & 0xff, __builtin_ctz(blocks));
        assert_int_equal(fake_mmio_read(BASE, 0x118) >> 16, blocks);
        assert_int_not_equal(fake_mmio_read(BASE, 0x11c), 0);
        assert_int_equal(fake_mmio_read(BASE, 0x11c) % blocks, 0);
    }
}

static void test_large_requests_are_cut(void **state)
{
    (void)state;
    static uint8_t content[DISK_BLOCKS * 4096 - 1024];
    fill(content, sizeof content, 3);
    const struct op write = add(0, OUT, 1, sizeof content, content);
    kick(0);
    backend_run();
    assert_int_equal(status_of(write), OK);
    assert_memory_equal(&t.disk[512], content, sizeof content);
    const struct op read = add(0, IN, 1, sizeof content, NULL);
    kick(0);
    backend_run();
    assert_memory_equal(fake_ram_at(read.data), content, sizeof content);
}

static void test_more_requests_than_fit(void **state)
{
    (void)state;
    struct op ops[24];
    for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
        if (i % 12 == 0) {
            start(F_FLUSH | F_MQ, 2);
        }
        ops[i] = add(i % 2, IN, i, 512, NULL);
    }
    for (unsigned i = 12; i < ARRAY_SIZE(ops); i++) {
        kick(i % 2);
    }
    backend_run();
    for (unsigned i = 12; i < ARRAY_SIZE(ops); i++) {
        assert_int_equal(status_of(ops[i]), OK);
    }
}

static void test_requests_that_are_refused(void **state)
{
    (void)state;
    uint8_t content[512] = {0};
    const struct op beyond = add(0, IN, SECTORS, 512, NULL);
    const struct op across = add(0, IN, SECTORS - 1, 1024, NULL);
    const struct op wraps = add(0, OUT, UINT64_MAX, 512, content);
    const struct op odd = add(0, OUT, 0, 500, content);
    const struct op unknown = add(0, 11, 0, 512, NULL);
    const struct op nothing = add(0, IN, 0, 0, NULL);
    kick(0);
    assert_int_equal(status_of(beyond), IOERR);
    assert_int_equal(status_of(across), IOERR);
    assert_int_equal(status_of(wraps), IOERR);
    assert_int_equal(status_of(odd), IOERR);
    assert_int_equal(status_of(unknown), UNSUPP);
    assert_int_equal(status_of(nothing), OK);
    backend_take();
    assert_int_equal(t.taken_count, 0);
    assert_int_equal(take_used(0, NULL), 6);
}

static void test_too_many_pieces(void **state)
{
    (void)state;
    struct fake_buffer buffers[40];
    const uint8_t header[16] = {IN};
    buffers[0] = (struct fake_buffer){fake_ram_put(header, 16), 16, false};
    for (unsigned i = 1; i < 39; i++) {
        buffers[i] = (struct fake_buffer){fake_ram_alloc(512, 1), 512, true};
    }
    buffers[39] = (struct fake_buffer){fake_ram_alloc(1, 1), 1, true};
    *fake_ram_at(buffers[39].addr) = NONE;
    fake_queue_add(&t.queues[0], buffers, 40);
    kick(0);
    assert_int_equal(*fake_ram_at(buffers[39].addr), IOERR);
}

static void test_flush_and_id(void **state)
{
    (void)state;
    uint32_t len;
    const struct op flush = add(0, FLUSH, 0, 0, NULL);
    const struct op id = add(0, GET_ID, 0, 20, NULL);
    kick(0);
    assert_memory_equal(fake_ram_at(id.data), "serial\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    assert_int_equal(status_of(id), OK);
    assert_int_equal(take_used(0, &len), 1);
    assert_int_equal(len, 21);
    assert_int_equal(status_of(flush), NONE);
    backend_run();
    assert_int_equal(status_of(flush), OK);
    assert_int_equal(t.flushes, 1);
}

static void test_write_through(void **state)
{
    (void)state;
    uint8_t content[512] = {1};
    start(0, 1);
    const struct op write = add(0, OUT, 3, 512, content);
    kick(0);
    backend_run();
    assert_int_equal(t.flushes, 1);
    assert_int_equal(status_of(write), OK);
    assert_int_equal(take_used(0, NULL), 1);
}

static void test_backend_errors(void **state)
{
    (void)state;
    uint8_t content[512] = {1};
    const struct op read = add(0, IN, 0, 8192, NULL);
    const struct op write = add(0, OUT, 100, 512, content);
    kick(0);
    backend_take();
    while (t.taken_count != 0) {
        backend_answer(0, SDDF_BLK_IO_ERROR);
    }
    virtio_notified(CHANNEL);
    assert_int_equal(status_of(read), IOERR);
    assert_int_equal(status_of(write), IOERR);
    const struct sddf_blk_response odd[] = {{.id = 0}, {.id = 12345}, {.status = 77, .id = UINT32_MAX}};
    for (unsigned i = 0; i < ARRAY_SIZE(odd); i++) {
        assert_true(sddf_blk_put_response(&t.virt, &odd[i]));
    }
    assert_true(virtio_notified(CHANNEL));
    assert_int_equal(take_used(0, NULL), 2);
}

/* Success, but not of all blocks: the request has failed, whichever it is, and a partial write is not completed. */
static void test_short_answers(void **state)
{
    (void)state;
    uint8_t content[3 * 4096];
    fill(t.disk, sizeof t.disk, 5);
    memset(content, 0x11, sizeof content);
    const struct op read = add(0, IN, 0, 3 * 4096, NULL);
    const struct op write = add(0, OUT, 64, 3 * 4096, content);
    const struct op part = add(0, OUT, 129, 512, content);
    kick(0);
    backend_take();
    while (t.taken_count != 0) {
        backend_answer_part(0, SDDF_BLK_OK, (uint16_t)(t.taken[0].count - 1));
    }
    assert_true(virtio_notified(CHANNEL));
    backend_take();
    assert_int_equal(t.taken_count, 0);
    assert_int_equal(status_of(read), IOERR);
    assert_int_equal(status_of(write), IOERR);
    assert_int_equal(status_of(part), IOERR);
    assert_int_not_equal(t.disk[129 * 512], 0x11);
    assert_int_equal(take_used(0, NULL), 3);
}

/* Requests in flight at a reset do not reach the guest's memory; their writes come before writes after the reset. */
static void test_reset_under_way(void **state)
{
    (void)state;
    uint8_t content[4096];
    fill(t.disk, sizeof t.disk, 5);
    memset(content, 0x11, sizeof content);
    add(0, OUT, 0, sizeof content, content);
    add(0, OUT, 16, 512, content);
    const struct op old = add(0, IN, 64, 4096, NULL);
    kick(0);
    backend_take();
    assert_int_equal(t.taken_count, 3);
    start(F_FLUSH | F_MQ, 2);
    memset(content, 0x22, sizeof content);
    add(0, OUT, 0, sizeof content, content);
    const struct op read = add(0, IN, 0, 4096, NULL);
    kick(0);
    backend_take();
    assert_int_equal(t.taken_count, 3); /* the new write waits for the old one */
    memset(fake_ram_at(old.data), 0x33, 4096);
    backend_run();
    assert_int_equal(*fake_ram_at(old.data), 0x33);
    assert_int_equal(status_of(old), NONE);
    assert_int_equal(t.disk[0], 0x22);
    assert_int_equal(*fake_ram_at(read.data), 0x22);
    assert_int_not_equal(t.disk[16 * 512], 0x11); /* the second half of a partial write is not begun */
    assert_int_equal(take_used(0, NULL), 2);
}

static void test_queue_reset_under_way(void **state)
{
    (void)state;
    start(F_FLUSH | F_MQ | VIRTIO_F_RING_RESET, 2);
    const struct op dropped = add(0, IN, 0, 4096, NULL);
    const struct op kept = add(1, IN, 8, 4096, NULL);
    kick(0);
    kick(1);
    fake_mmio_write(BASE, 0x30, 0);
    fake_mmio_write(BASE, 0xc0, 1);
    backend_run();
    assert_int_equal(status_of(dropped), NONE);
    assert_int_equal(status_of(kept), OK);
    fake_queue_init(&t.queues[0], 64);
    fake_mmio_set_queue(BASE, 0, &t.queues[0]);
    const struct op again = add(0, IN, 0, 4096, NULL);
    kick(0);
    backend_run();
    assert_int_equal(status_of(again), OK);
}

static char last_line[128];

static void remember(void *cookie, const char *line)
{
    (void)cookie;
    strcpy(last_line, line);
}

static void test_storage_that_is_not_ready(void **state)
{
    (void)state;
    setup_with(false, true);
    start(0, 1);
    assert_false(virtio_blk_is_ready(&t.blk));
    assert_true(monitor_command("devices", remember, NULL));
    assert_non_null(strstr(last_line, "  the virtualiser has not said that the disk is ready; 0 of "));
    assert_int_equal(fake_mmio_read(BASE, 0x100), 0);
    const struct op read = add(0, IN, 0, 512, NULL);
    kick(0);
    assert_int_equal(status_of(read), IOERR);
    t.info.ready = true;
    assert_true(virtio_notified(CHANNEL));
    assert_int_equal(fake_mmio_read(BASE, 0x100), SECTORS);
    assert_int_equal(fake_mmio_read(BASE, 0xfc), 1);
    assert_int_equal(fake_mmio_read(BASE, 0x60) & 2, 2);
    assert_int_equal(fake_mmio_features(BASE) & F_RO, F_RO);
    start(F_RO, 1);
    uint8_t content[512] = {0};
    const struct op write = add(0, OUT, 0, 512, content);
    kick(0);
    assert_int_equal(status_of(write), IOERR);
}

/* Ready by the time that the guest asks, though nobody has said so. */
static void test_storage_that_is_ready_late(void **state)
{
    (void)state;
    setup_with(false, false);
    start(0, 1);
    t.info.ready = true;
    const struct op read = add(0, IN, 0, 512, NULL);
    kick(0);
    backend_run();
    assert_int_equal(status_of(read), OK);
    assert_int_equal(fake_mmio_read(BASE, 0x100), SECTORS);
}

static void test_broken_chains(void **state)
{
    (void)state;
    const uint8_t header[16] = {IN};
    const uint64_t at = fake_ram_put(header, 16);
    const struct fake_buffer no_status[] = {{at, 16, false}};
    const struct fake_buffer short_header[] = {{at, 15, false}, {at, 1, true}};
    const struct fake_buffer outside[] = {{at, 16, false}, {0, 512, true}, {at, 1, true}};
    const struct {
        const struct fake_buffer *buffers;
        unsigned count;
    } cases[] = {{no_status, 1}, {short_header, 2}, {outside, 3}};
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        start(F_FLUSH, 1);
        fake_queue_add(&t.queues[0], cases[i].buffers, cases[i].count);
        kick(0);
        assert_int_equal(fake_mmio_read(BASE, 0x70) & 0x40, 0x40);
        assert_int_equal(take_used(0, NULL), 0);
    }
    start(F_FLUSH, 1);
    const struct op read = add(0, IN, 0, 512, NULL);
    kick(0);
    backend_run();
    assert_int_equal(status_of(read), OK);
}

static uint32_t random_state = 1;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % below;
}

/* Many requests at once, answered in any order; no two that write the same sectors. */
static void test_any_order(void **state)
{
    (void)state;
    static uint8_t model[sizeof t.disk];
    static uint8_t content[16 * 512];
    fill(t.disk, sizeof t.disk, 5);
    memcpy(model, t.disk, sizeof model);
    for (unsigned round = 0; round < 200; round++) {
        fake_ram_reset();
        start(F_FLUSH | F_MQ, 2);
        uint32_t sector = draw(4);
        for (unsigned i = 0; i < 12 && sector < SECTORS - 16; i++) {
            const uint32_t count = 1 + draw(16);
            fill(content, sizeof content, round * 16 + i);
            add(draw(2), OUT, sector, count * 512, content);
            memcpy(&model[sector * 512], content, count * 512);
            sector += count + draw(3);
        }
        kick(0);
        kick(1);
        backend_take();
        while (t.taken_count != 0) {
            backend_answer(draw(t.taken_count), SDDF_BLK_OK);
            virtio_notified(CHANNEL);
            backend_take();
        }
        assert_memory_equal(t.disk, model, sizeof model);
    }
}

/* What the driver changes right after it has been read changes nothing, and nothing is read twice. */
static void test_memory_that_changes(void **state)
{
    (void)state;
    static uint8_t content[3 * 4096];
    char id[21] = "";
    fill(content, sizeof content, 5);
    fill(t.disk, sizeof t.disk, 6);
    const struct op write = add(0, OUT, 3, sizeof content, content); /* two partial blocks, two whole ones */
    const struct op id_op = add(0, GET_ID, 0, 20, NULL);
    const struct op flush = add(0, FLUSH, 0, 0, NULL);
    const struct op read = add(1, IN, 40, sizeof content, NULL);
    fake_ram_change_what_is_read(t.queues, 2);
    kick(0);
    kick(1);
    backend_run();
    assert_int_equal(status_of(write), OK);
    assert_memory_equal(&t.disk[3 * 512], content, sizeof content);
    assert_int_equal(status_of(id_op), OK);
    memcpy(id, fake_ram_at(id_op.data), 20);
    assert_string_equal(id, "serial");
    assert_int_equal(status_of(flush), OK);
    assert_int_equal(t.flushes, 1);
    assert_int_equal(status_of(read), OK);
    assert_memory_equal(fake_ram_at(read.data), &t.disk[40 * 512], sizeof content);
    assert_int_equal(take_used(0, NULL), 3);
    assert_int_equal(take_used(1, NULL), 1);
}

/* A driver that makes a chain available and takes it back, each time that the device looks. */
static unsigned withdrawals;

static void withdraw(uint64_t addr, size_t bytes)
{
    if (addr == t.queues[0].avail + 2 && bytes == 2) {
        *fake_ram_at(addr) ^= 1;
        withdrawals++;
    }
}

static void test_chains_that_are_withdrawn(void **state)
{
    (void)state;
    add(0, FLUSH, 0, 0, NULL);
    kick(0);
    withdrawals = 0;
    fake_ram_on_read(withdraw);
    kick(0);
    /* The device has looked, and has stopped looking; it works after a reset. */
    assert_int_not_equal(withdrawals, 0);
    fake_ram_on_read(NULL);
    start(F_FLUSH, 1);
    const struct op read = add(0, IN, 0, 512, NULL);
    kick(0);
    backend_run();
    assert_int_equal(status_of(read), OK);
}

static uint32_t used_bytes(unsigned queue)
{
    uint32_t len;
    assert_int_equal(take_used(queue, &len), 1);
    return len;
}

/* The driver is told of no more bytes than were written, from the first on. */
static void test_used_lengths(void **state)
{
    (void)state;
    add(0, IN, SECTORS, 4096, NULL);
    kick(0);
    assert_int_equal(used_bytes(0), 0); /* the status alone, behind all the rest */
    add(0, OUT, SECTORS, 512, NULL);
    kick(0);
    assert_int_equal(used_bytes(0), 1);
    add(0, GET_ID, 0, 30, NULL);
    kick(0);
    assert_int_equal(used_bytes(0), 20);
    add(0, GET_ID, 0, 20, NULL);
    kick(0);
    assert_int_equal(used_bytes(0), 21);
    add(0, 11, 0, 16, NULL); /* a command that there is not */
    kick(0);
    assert_int_equal(used_bytes(0), 1);
}

/* A virtualiser that says what makes no sense. */
static void test_wild_storage(void **state)
{
    (void)state;
    setup_with(false, false);
    memset(&t.info, 0xff, sizeof t.info);
    t.info.capacity = UINT64_C(1) << 53;
    start(F_FLUSH, 1);
    assert_int_equal(fake_mmio_read(BASE, 0x100) | fake_mmio_read(BASE, 0x104), 0); /* more than 64 bits of bytes */
    assert_int_equal(fake_mmio_features(BASE) & F_RO, F_RO);
    const struct op id = add(0, GET_ID, 0, 20, NULL);
    kick(0);
    assert_int_equal(status_of(id), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_config, setup),
        cmocka_unit_test_setup(test_read_and_write_blocks, setup),
        cmocka_unit_test_setup(test_parts_of_blocks, setup),
        cmocka_unit_test_setup(test_partial_writes_of_one_block, setup),
        cmocka_unit_test_setup(test_whole_write_after_a_partial_one, setup),
        cmocka_unit_test_setup(test_write_after_one_of_before_a_reset, setup),
        cmocka_unit_test_setup(test_many_pieces, setup),
        cmocka_unit_test_setup(test_requests_without_end, setup),
        cmocka_unit_test_setup(test_block_sizes, setup),
        cmocka_unit_test_setup(test_large_requests_are_cut, setup),
        cmocka_unit_test_setup(test_more_requests_than_fit, setup),
        cmocka_unit_test_setup(test_requests_that_are_refused, setup),
        cmocka_unit_test_setup(test_too_many_pieces, setup),
        cmocka_unit_test_setup(test_flush_and_id, setup),
        cmocka_unit_test_setup(test_write_through, setup),
        cmocka_unit_test_setup(test_backend_errors, setup),
        cmocka_unit_test_setup(test_short_answers, setup),
        cmocka_unit_test_setup(test_reset_under_way, setup),
        cmocka_unit_test_setup(test_queue_reset_under_way, setup),
        cmocka_unit_test_setup(test_storage_that_is_not_ready, setup),
        cmocka_unit_test_setup(test_storage_that_is_ready_late, setup),
        cmocka_unit_test_setup(test_broken_chains, setup),
        cmocka_unit_test_setup(test_any_order, setup),
        cmocka_unit_test_setup(test_memory_that_changes, setup),
        cmocka_unit_test_setup(test_chains_that_are_withdrawn, setup),
        cmocka_unit_test_setup(test_used_lengths, setup),
        cmocka_unit_test_setup(test_wild_storage, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
