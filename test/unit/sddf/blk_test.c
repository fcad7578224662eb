/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include <libvmm/sddf/blk.h>

#define CAPACITY 8

struct harness {
    uint64_t req[(16 + CAPACITY * 32) / 8];
    uint64_t resp[(8 + CAPACITY * 12 + 7) / 8];
    struct sddf_blk_storage_info info;
    struct sddf_blk client;
    struct sddf_blk virt;
};

static struct sddf_blk_connection connection_of(struct harness *harness)
{
    return (struct sddf_blk_connection){
        .storage_info = {&harness->info, sizeof(harness->info)},
        .req_queue = {harness->req, sizeof(harness->req)},
        .resp_queue = {harness->resp, sizeof(harness->resp)},
        .num_buffers = CAPACITY,
        .id = 3,
    };
}

static void open_at(struct harness *harness, uint32_t start)
{
    struct sddf_blk_connection connection = connection_of(harness);
    memset(harness, 0, sizeof(*harness));
    uint32_t counters[2] = {start, start};
    memcpy(harness->req, counters, sizeof(counters));
    memcpy(harness->resp, counters, sizeof(counters));
    assert_true(sddf_blk_open(&harness->client, &connection, SDDF_PRODUCER));
    assert_true(sddf_blk_open(&harness->virt, &connection, SDDF_CONSUMER));
}

static struct sddf_blk_request request_number(uint32_t id)
{
    return (struct sddf_blk_request){SDDF_BLK_WRITE, id * UINT64_C(0x100001000), id * UINT64_C(0x10000001),
                                     (uint16_t)(id + 1), id};
}

static void test_open_refuses(void **state)
{
    (void)state;
    static struct harness harness;
    struct sddf_blk blk;
    struct sddf_blk_connection bad = connection_of(&harness);

    assert_true(sddf_blk_open(&blk, &bad, SDDF_PRODUCER));
    assert_int_equal(blk.channel, 3);
    bad.num_buffers = CAPACITY * 2; /* too many for the regions */
    assert_false(sddf_blk_open(&blk, &bad, SDDF_PRODUCER));
    bad.num_buffers = CAPACITY - 1;
    assert_false(sddf_blk_open(&blk, &bad, SDDF_PRODUCER));
    bad.num_buffers = 0;
    assert_false(sddf_blk_open(&blk, &bad, SDDF_PRODUCER));
    bad = connection_of(&harness);
    bad.resp_queue.size = 8 + CAPACITY * 12 - 1;
    assert_false(sddf_blk_open(&blk, &bad, SDDF_PRODUCER));
    bad = connection_of(&harness);
    bad.storage_info.size = 87;
    assert_false(sddf_blk_open(&blk, &bad, SDDF_PRODUCER));
    bad.storage_info = (struct sddf_region){NULL, 4096};
    assert_false(sddf_blk_open(&blk, &bad, SDDF_PRODUCER));
}

static void test_requests_and_responses_across_the_wrap(void **state)
{
    (void)state;
    static struct harness harness;
    struct sddf_blk_request request;
    struct sddf_blk_response response;

    open_at(&harness, UINT32_MAX - 3);
    assert_false(sddf_blk_take_request(&harness.virt, &request));
    for (uint32_t id = 0; id < CAPACITY; id++) {
        request = request_number(id);
        assert_true(sddf_blk_put_request(&harness.client, &request));
    }
    assert_false(sddf_blk_put_request(&harness.client, &request));
    for (uint32_t id = 0; id < CAPACITY; id++) {
        struct sddf_blk_request want = request_number(id);
        assert_int_equal(sddf_blk_requests(&harness.virt), CAPACITY - id);
        assert_true(sddf_blk_take_request(&harness.virt, &request));
        assert_int_equal(request.code, want.code);
        assert_int_equal(request.io_or_offset, want.io_or_offset);
        assert_int_equal(request.block_number, want.block_number);
        assert_int_equal(request.count, want.count);
        assert_int_equal(request.id, want.id);
        response = (struct sddf_blk_response){SDDF_BLK_IO_ERROR, (uint16_t)(id * 3), id};
        assert_true(sddf_blk_put_response(&harness.virt, &response));
    }
    assert_false(sddf_blk_put_response(&harness.virt, &response));
    for (uint32_t id = 0; id < CAPACITY; id++) {
        assert_true(sddf_blk_take_response(&harness.client, &response));
        assert_int_equal(response.status, SDDF_BLK_IO_ERROR);
        assert_int_equal(response.success_count, id * 3);
        assert_int_equal(response.id, id);
    }
    assert_int_equal(sddf_blk_responses(&harness.client), 0);
}

static void test_broken_counters(void **state)
{
    (void)state;
    static struct harness harness;
    struct sddf_blk_request request = request_number(1);
    struct sddf_blk_response response = {0};

    open_at(&harness, 0);
    harness.virt.req_queue->tail = CAPACITY + 1;
    assert_false(sddf_blk_take_request(&harness.virt, &request));
    assert_true(sddf_blk_is_broken(&harness.virt));
    harness.virt.req_queue->tail = UINT32_MAX;
    assert_int_equal(sddf_blk_requests(&harness.virt), 0);
    harness.client.req_queue->head = 1;
    assert_false(sddf_blk_put_request(&harness.client, &request));
    harness.virt.resp_queue->head = 1;
    assert_false(sddf_blk_put_response(&harness.virt, &response));
    harness.client.resp_queue->tail = CAPACITY + 1;
    assert_false(sddf_blk_take_response(&harness.client, &response));
    assert_true(sddf_blk_is_broken(&harness.client));
}

static void test_plug_and_ready(void **state)
{
    (void)state;
    static struct harness harness;

    open_at(&harness, 0);
    assert_false(sddf_blk_is_plugged(&harness.virt));
    sddf_blk_set_plugged(&harness.client, true);
    assert_true(sddf_blk_is_plugged(&harness.virt));
    memset((uint8_t *)harness.req + 8, 0x82, 1); /* no value of a bool */
    assert_true(sddf_blk_is_plugged(&harness.virt));
    sddf_blk_set_plugged(&harness.client, false);
    assert_false(sddf_blk_is_plugged(&harness.virt));
    assert_false(sddf_blk_is_ready(harness.client.info));
    sddf_blk_set_ready(harness.virt.info, true);
    assert_true(sddf_blk_is_ready(harness.client.info));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_refuses),
        cmocka_unit_test(test_requests_and_responses_across_the_wrap),
        cmocka_unit_test(test_broken_counters),
        cmocka_unit_test(test_plug_and_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
