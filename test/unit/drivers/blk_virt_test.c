/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The block virtualiser between a mock driver and two clients, one of them hostile: whatever that one writes, the
 * driver gets only requests for its partition and its memory, and the other client is served.
 */
#include "unit.h"

#include "../../../apps/drivers/blk/partition.c"

#include "../../../apps/drivers/blk/blk_virt.c"

#include "fake_microkit.h"
#include "hostile.h"

#define CAPACITY    64
#define DISK_BLOCKS (UINT64_C(1) << 20) /* blocks */
#define DATA_BYTES  0x40000
#define ROUNDS      30000

static struct sddf_blk honest;
static struct sddf_blk mock;
static struct sddf_region hostile_regions[3];
static unsigned asked, answered;

static struct sddf_blk_connection make_connection(void)
{
    return (struct sddf_blk_connection){
        .storage_info = make_region(88),
        .req_queue = make_region(16 + 32 * CAPACITY),
        .resp_queue = make_region(8 + 12 * CAPACITY),
        .num_buffers = CAPACITY,
    };
}

static void put_table(uint8_t *at)
{
    static const uint32_t entries[2][2] = {{80, 8000}, {8080, 16007}}; /* sectors */
    for (unsigned i = 0; i < 2; i++) {
        at[446 + 16 * i + 4] = 0x83;
        memcpy(&at[446 + 16 * i + 8], entries[i], 8);
    }
    at[510] = 0x55;
    at[511] = 0xaa;
}

static int set_up(void **unused)
{
    (void)unused;
    memset(clients, 0, sizeof(clients));
    memset(slots, 0, sizeof(slots));
    free_slots = UINT64_MAX;
    memcpy(config.magic, "LVMM\1", 5);
    config.client_count = 2;
    config.driver = make_connection();
    config.data = make_region(PARTITION_TABLE_BYTES(4096));
    for (unsigned i = 0; i < 2; i++) {
        config.clients[i].connection = make_connection();
        config.clients[i].data_bytes = DATA_BYTES;
    }
    client_data_paddr_0 = 0x50000000;
    client_data_paddr_1 = 0x60000000;
    own_data_paddr = 0x70000000;
    hostile_regions[0] = config.clients[1].connection.req_queue;
    hostile_regions[1] = config.clients[1].connection.resp_queue;
    hostile_regions[2] = config.clients[1].connection.storage_info;
    assert_true(sddf_blk_open(&mock, &config.driver, SDDF_CONSUMER));
    assert_true(sddf_blk_open(&honest, &config.clients[0].connection, SDDF_PRODUCER));
    asked = 0;
    answered = 0;
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < 3; i++) {
        const struct sddf_blk_connection *connection = i == 2 ? &config.driver : &config.clients[i].connection;
        free_region(connection->storage_info);
        free_region(connection->req_queue);
        free_region(connection->resp_queue);
    }
    free_region(config.data);
    return 0;
}

/* The driver comes to life with a disk of this kind. */
static void start_driver(uint16_t logical_bytes, uint64_t capacity)
{
    struct sddf_blk_request request;

    init();
    assert_int_equal(state, STATE_NO_DRIVER);
    assert_false(sddf_blk_take_request(&mock, &request));
    *mock.info = (struct sddf_blk_storage_info){.sector_size = logical_bytes, .capacity = capacity};
    sddf_blk_set_ready(mock.info, true);
    notified(0);
}

/* And gives the virtualiser the partition table, which is in its data region already. */
static void read_the_table(uint16_t count)
{
    struct sddf_blk_request request;
    const struct sddf_blk_response response = {SDDF_BLK_OK, count, TABLE_ID};

    assert_true(sddf_blk_take_request(&mock, &request));
    assert_int_equal(request.io_or_offset, own_data_paddr);
    assert_int_equal(request.count, count);
    assert_true(sddf_blk_put_response(&mock, &response));
    notified(0);
    assert_int_equal(state, STATE_SERVING);
}

static void start_up(void)
{
    start_driver(512, DISK_BLOCKS);
    put_table(config.data.vaddr);
    read_the_table(5);
}

/* That a request is within what its client has: clients are told apart by their memory. */
static void check_request(const struct sddf_blk_request *request)
{
    bool is_first = request->io_or_offset < client_data_paddr_1;
    uint64_t data = is_first ? client_data_paddr_0 : client_data_paddr_1;
    uint64_t first = is_first ? 10 : 1010;
    uint64_t count = is_first ? 1000 : 2000;

    assert_true(request->id < SLOTS);
    if (request->code == SDDF_BLK_FLUSH) {
        return;
    }
    assert_true(request->code == SDDF_BLK_READ || request->code == SDDF_BLK_WRITE);
    assert_true(request->count > 0);
    assert_true(request->io_or_offset >= data);
    assert_true(request->io_or_offset + request->count * UINT64_C(4096) <= data + DATA_BYTES);
    assert_true(request->block_number >= first);
    assert_true(request->block_number + request->count <= first + count);
}

/* The driver answers some of what it has. */
static void drive(void)
{
    struct sddf_blk_request request;
    unsigned most = (unsigned)(any() % 20);

    while (most-- != 0 && sddf_blk_take_request(&mock, &request)) {
        check_request(&request);
        const struct sddf_blk_response response = {SDDF_BLK_OK, request.count, request.id};
        assert_true(sddf_blk_put_response(&mock, &response));
    }
}

static void be_honest(void)
{
    struct sddf_blk_response response;
    struct sddf_blk_request request = {SDDF_BLK_WRITE, (asked % 64) * UINT64_C(4096), asked % 1000, 1, asked};

    while (sddf_blk_take_response(&honest, &response)) {
        assert_int_equal(response.status, SDDF_BLK_OK);
        answered++;
    }
    if (asked - answered < CAPACITY && any() % 2 == 0) {
        assert_true(sddf_blk_put_request(&honest, &request));
        asked++;
    }
}

static void be_hostile(void)
{
    struct sddf_blk_req_queue *queue = hostile_regions[0].vaddr;
    uint32_t *resp = hostile_regions[1].vaddr;

    if (any() % 4 == 0) {
        scribble(hostile_regions[any() % 3], UINT64_MAX);
        return;
    }
    queue->plugged = any() % 8 == 0;
    for (unsigned i = 0; i < CAPACITY; i++) {
        queue->entries[i] = (struct sddf_blk_request){(uint32_t)(any() % 5), any_value(), any() % 2100,
                                                      (uint16_t)any_value(), (uint32_t)any()};
        if (any() % 4 == 0) {
            queue->entries[i].io_or_offset &= DATA_BYTES - 1;
            queue->entries[i].count &= 7;
        }
    }
    queue->tail = clients[1].queues.req.own + (uint32_t)(any() % (CAPACITY + 1));
    resp[0] = clients[1].queues.resp.own - (uint32_t)(any() % CAPACITY);
}

static void test_partitions_are_published(void **unused)
{
    (void)unused;
    start_up();
    assert_true(sddf_blk_is_ready(honest.info));
    assert_int_equal(honest.info->capacity, 1000);
    assert_int_equal(((struct sddf_blk_storage_info *)hostile_regions[2].vaddr)->capacity, 2000);
}

static void test_a_hostile_client(void **unused)
{
    (void)unused;
    start_up();
    for (unsigned i = 0; i < ROUNDS; i++) {
        be_honest();
        be_hostile();
        notified(1);
        drive();
        notified(0);
    }
    for (unsigned i = 0; i < 100; i++) { /* what is left */
        drive();
        notified(0);
    }
    be_honest();
    assert_true(answered > ROUNDS / 3);
    assert_true(asked - answered <= 1);
}

static void test_a_client_has_its_share_only(void **unused)
{
    (void)unused;
    struct sddf_blk_request request = {SDDF_BLK_READ, 0, 0, 1, 0};

    start_up();
    while (sddf_blk_put_request(&honest, &request)) {
        request.id++;
    }
    assert_int_equal(request.id, CAPACITY);
    notified(1);
    assert_int_equal(sddf_blk_requests(&mock), SLOTS / 2);
    /* One for which there is room in the queue only after these is served all the same. */
    for (unsigned i = 0; i < CAPACITY; i++) {
        drive();
        notified(0);
    }
    assert_int_equal(sddf_blk_responses(&honest), CAPACITY);
}

static void test_a_barrier_holds_back(void **unused)
{
    (void)unused;
    struct sddf_blk_request request = {SDDF_BLK_WRITE, 0, 0, 1, 0};
    struct sddf_blk_response response;

    start_up();
    for (unsigned id = 0; id < 4; id++) {
        request.code = id == 2 ? SDDF_BLK_BARRIER : SDDF_BLK_WRITE;
        request.id = id;
        assert_true(sddf_blk_put_request(&honest, &request));
    }
    notified(1);
    assert_int_equal(sddf_blk_requests(&mock), 2);
    for (unsigned id = 0; id < 4; id++) {
        if (id != 2) {
            assert_true(sddf_blk_take_request(&mock, &request));
            assert_true(sddf_blk_put_response(&mock, &(struct sddf_blk_response){SDDF_BLK_OK, 1, request.id}));
        }
        notified(0);
        assert_true(sddf_blk_take_response(&honest, &response));
        assert_int_equal(response.id, id);
    }
}

static int reset_state(void **unused)
{
    state = STATE_UNUSABLE;
    refused_count = 0;
    return set_up(unused);
}

static void put_entry(unsigned index, uint32_t start, uint32_t count)
{
    uint8_t *at = config.data.vaddr;
    at[446 + 16 * index + 4] = 0x83;
    memcpy(&at[446 + 16 * index + 8], &start, 4);
    memcpy(&at[446 + 16 * index + 12], &count, 4);
    at[510] = 0x55;
    at[511] = 0xaa;
}

/* A partition table counts logical blocks; what clients have is in blocks of 4096 bytes. */
static void test_units_of_block_numbers(void **unused)
{
    static const struct {
        uint16_t logical_bytes, table_blocks;
        uint32_t start, count;        /* in the table */
        uint64_t first_block, blocks; /* of 4096 bytes */
        const char *line;
    } cases[] = {
        {512, 5, 2048, 16391, 256, 2048, NULL},
        {512, 5, 2049, 16384, 0, 0, "begins at logical block 2049 of 512 bytes: must be a multiple of 8"},
        {1024, 5, 1024, 8192, 256, 2048, NULL},
        {2048, 5, 512, 4097, 256, 2048, NULL},
        {2048, 5, 511, 4096, 0, 0, "must be a multiple of 2"},
        {4096, 6, 256, 16384, 256, 16384, NULL},
        {4096, 6, DISK_BLOCKS - 1, 1, DISK_BLOCKS - 1, 1, NULL},
        {4096, 6, DISK_BLOCKS - 1, 2, 0, 0, "lies outside of what the disk has"},
        {4096, 6, 0, 5, 0, 0, "covers the partition table"},
        {4096, 6, 20000, 5, 0, 0, "overlaps partition 2"},
    };
    struct sddf_blk_request request = {SDDF_BLK_READ, 0, 0, 1, 5};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)tear_down(unused);
        (void)reset_state(unused);
        fake_log_reset();
        start_driver(cases[i].logical_bytes, DISK_BLOCKS);
        put_entry(0, cases[i].start, cases[i].count);
        put_entry(1, 20000, 8000);
        read_the_table(cases[i].table_blocks);
        assert_int_equal(honest.info->capacity, cases[i].blocks);
        assert_int_equal(honest.info->sector_size, cases[i].logical_bytes);
        assert_true(sddf_blk_put_request(&honest, &request));
        notified(1);
        if (cases[i].blocks == 0) {
            assert_true(fake_log_has(cases[i].line));
            assert_int_equal(sddf_blk_responses(&honest), 1);
            continue;
        }
        assert_int_equal(fake_log_count("ERROR"), 0);
        assert_true(sddf_blk_take_request(&mock, &request));
        assert_int_equal(request.block_number, cases[i].first_block);
        request = (struct sddf_blk_request){SDDF_BLK_READ, 0, 0, 1, 5};
    }
}

/* A disk that cannot be used gives nobody a partition, and clients an answer. */
static void test_disks_that_are_refused(void **unused)
{
    static const struct {
        uint16_t logical_bytes;
        uint64_t capacity, data_bytes;
        const char *line;
    } cases[] = {
        {0, DISK_BLOCKS, 0x6000, "logical blocks of 0 bytes: must be a power of two from 512 to 4096"},
        {256, DISK_BLOCKS, 0x6000, "logical blocks of 256 bytes"},
        {520, DISK_BLOCKS, 0x6000, "logical blocks of 520 bytes"},
        {8192, DISK_BLOCKS, 0x6000, "logical blocks of 8192 bytes"},
        {4096, DISK_BLOCKS, 0x5000, "has 0x5000 bytes: must be 0x6000 for logical blocks of 4096 bytes"},
        {512, UINT64_MAX, 0x6000, "a disk of 0xffffffffffffffff blocks"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)tear_down(unused);
        (void)reset_state(unused);
        fake_log_reset();
        config.data.size = cases[i].data_bytes;
        start_driver(cases[i].logical_bytes, cases[i].capacity);
        assert_true(fake_log_has(cases[i].line));
        assert_int_equal(sddf_blk_requests(&mock), 0);
        assert_true(sddf_blk_is_ready(honest.info));
        assert_int_equal(honest.info->capacity, 0);
    }
}

/* Answers that nobody asked for, of the driver: one line, and whoever did ask gets the right one. */
static void test_a_hostile_driver(void **unused)
{
    (void)unused;
    struct sddf_blk_request request = {SDDF_BLK_READ, 0, 0, 2, 77};
    struct sddf_blk_response response;

    start_up();
    fake_log_reset();
    assert_true(sddf_blk_put_request(&honest, &request));
    notified(1);
    assert_true(sddf_blk_take_request(&mock, &request));
    static const uint32_t ids[] = {1, 63, 64, TABLE_ID, UINT32_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const uint32_t id = ids[i] == request.id ? 2 : ids[i];
        assert_true(sddf_blk_put_response(&mock, &(struct sddf_blk_response){SDDF_BLK_OK, 1, id}));
        notified(0);
        assert_false(sddf_blk_take_response(&honest, &response));
    }
    assert_true(sddf_blk_put_response(&mock, &(struct sddf_blk_response){99, 60000, request.id}));
    assert_true(sddf_blk_put_response(&mock, &(struct sddf_blk_response){SDDF_BLK_OK, 1, request.id}));
    notified(0);
    assert_true(sddf_blk_take_response(&honest, &response));
    assert_int_equal(response.id, 77);
    assert_int_equal(response.status, SDDF_BLK_UNSPECIFIED);
    assert_int_equal(response.success_count, 2);
    assert_false(sddf_blk_take_response(&honest, &response));
    assert_int_equal(fake_log_count("which it does not have"), 1);
}

/* Without a table, the first client has the disk. A table that it writes is not looked at before the next start. */
static void test_a_disk_without_a_table(void **unused)
{
    (void)unused;
    fake_log_reset();
    start_driver(512, DISK_BLOCKS);
    read_the_table(5);
    assert_true(fake_log_has("the disk has no partition table: all of it is the first client's"));
    assert_int_equal(honest.info->capacity, DISK_BLOCKS);
    assert_int_equal(clients[1].capacity, 0);
    put_table(config.data.vaddr);
    notified(0);
    assert_int_equal(clients[0].capacity, DISK_BLOCKS);
}

static void test_an_unusable_configuration(void **unused)
{
    (void)unused;
    config.clients[1].connection.num_buffers = 3;
    init();
    assert_int_equal(state, STATE_NO_DRIVER - 1);
    notified(0);
    config.clients[1].connection.num_buffers = CAPACITY;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_partitions_are_published, reset_state, tear_down),
        cmocka_unit_test_setup_teardown(test_a_hostile_client, reset_state, tear_down),
        cmocka_unit_test_setup_teardown(test_a_client_has_its_share_only, reset_state, tear_down),
        cmocka_unit_test_setup_teardown(test_a_barrier_holds_back, reset_state, tear_down),
        cmocka_unit_test_setup_teardown(test_units_of_block_numbers, reset_state, tear_down),
        cmocka_unit_test_setup_teardown(test_disks_that_are_refused, reset_state, tear_down),
        cmocka_unit_test_setup_teardown(test_a_hostile_driver, reset_state, tear_down),
        cmocka_unit_test_setup_teardown(test_a_disk_without_a_table, reset_state, tear_down),
        cmocka_unit_test_setup_teardown(test_an_unusable_configuration, reset_state, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
