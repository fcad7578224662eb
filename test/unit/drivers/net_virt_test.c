/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The network virtualiser between a mock driver and three clients, one of them hostile: whatever that one writes, the
 * driver gets only frames in clients' memory, nobody's memory is left (ASan watches), no client hears what the access
 * list keeps from it, and the others go on. Clients may share the driver's receive region: nobody then gets a buffer
 * that somebody else still has.
 */
#include "unit.h"

#include "../../../apps/drivers/net/net_pool.c"
#include "../../../apps/drivers/net/net_virt.c"
#include "hostile.h"

#define CAPACITY    32
#define DATA_BYTES  (CAPACITY * SDDF_NET_BUFFER_BYTES)
#define TEST_ROUNDS 20000
#define HOSTILE     2

enum {
    ALICE,
    BOB,
    MALLORY,
    COUNT
};

static struct sddf_net driver_rx, driver_tx;
static struct sddf_net client_rx[COUNT], client_tx[COUNT];
static unsigned sent[COUNT], heard[COUNT][COUNT + 1], uplinked[COUNT];
static unsigned sharing; /* bit i: client i reads frames in the driver's region */
static bool driver_has[CAPACITY];

static struct sddf_net_connection make_connection(void)
{
    return (struct sddf_net_connection){
        .free_queue = make_region(8 + 16 * CAPACITY),
        .active_queue = make_region(8 + 16 * CAPACITY),
        .num_buffers = CAPACITY,
    };
}

static void make_client(unsigned i)
{
    struct net_virt_client *client = &config.clients[i];
    const uint8_t mac[6] = {2, 0, 0, 0, 0, (uint8_t)(i + 1)};

    client->rx = make_connection();
    client->tx = make_connection();
    client->rx_data = (sharing >> i & 1) != 0 ? config.uplink_rx_data : make_region(DATA_BYTES);
    client->tx_data = make_region(DATA_BYTES);
    memcpy(client->mac, mac, 6);
}

/* Alice and bob may talk to each other and the network, mallory to the network. */
static int set_up_sharing(unsigned who)
{
    sharing = who;
    memset(driver_has, 0, sizeof(driver_has));
    memset(&config, 0, sizeof(config));
    memset(clients, 0, sizeof(clients));
    memset(sent, 0, sizeof(sent));
    memset(heard, 0, sizeof(heard));
    memset(uplinked, 0, sizeof(uplinked));
    client_count = 0;
    driver_refused_count = 0;
    memcpy(config.magic, "LVMM\1", 5);
    config.client_count = COUNT;
    config.has_uplink = 1;
    config.uplink_rx = make_connection();
    config.uplink_tx = make_connection();
    config.uplink_rx_data = make_region(DATA_BYTES);
    config.uplink_allowed = 7;
    for (unsigned i = 0; i < COUNT; i++) {
        make_client(i);
    }
    config.clients[ALICE].allowed = 1 << BOB | 1 << COUNT;
    config.clients[BOB].allowed = 1 << ALICE | 1 << COUNT;
    config.clients[MALLORY].allowed = 1 << COUNT;
    if (sharing != 0) { /* what alice may read, mallory may too */
        config.clients[BOB].allowed |= 1 << MALLORY;
    }
    uplink_rx_paddr = 0x40000000;
    client_tx_paddr_0 = 0x50000000;
    client_tx_paddr_1 = 0x60000000;
    client_tx_paddr_2 = 0x70000000;
    assert_true(sddf_net_open(&driver_rx, &config.uplink_rx, SDDF_PRODUCER));
    assert_true(sddf_net_open(&driver_tx, &config.uplink_tx, SDDF_CONSUMER));
    for (unsigned i = 0; i < COUNT; i++) {
        assert_true(sddf_net_open(&client_rx[i], &config.clients[i].rx, SDDF_CONSUMER));
        assert_true(sddf_net_open(&client_tx[i], &config.clients[i].tx, SDDF_PRODUCER));
        sddf_net_fill(&client_tx[i].free, config.clients[i].tx_data);
    }
    init();
    assert_int_equal(client_count, COUNT);
    return 0;
}

static int set_up(void **unused)
{
    (void)unused;
    return set_up_sharing(0);
}

static int set_up_two_sharing(void **unused)
{
    (void)unused;
    return set_up_sharing(1 << ALICE | 1 << MALLORY);
}

static int tear_down(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i <= COUNT; i++) {
        bool is_uplink = i == COUNT;
        struct net_virt_client *client = &config.clients[i % COUNT];
        free_region(is_uplink ? config.uplink_rx.free_queue : client->rx.free_queue);
        free_region(is_uplink ? config.uplink_rx.active_queue : client->rx.active_queue);
        free_region(is_uplink ? config.uplink_tx.free_queue : client->tx.free_queue);
        free_region(is_uplink ? config.uplink_tx.active_queue : client->tx.active_queue);
        if (is_uplink || (sharing >> i & 1) == 0) {
            free_region(is_uplink ? config.uplink_rx_data : client->rx_data);
        }
        if (!is_uplink) {
            free_region(client->tx_data);
        }
    }
    return 0;
}

/* A frame from `from` (COUNT: somebody on the network) to a client, or (COUNT) to somebody on the network. */
static void put_frame(uint8_t *frame, unsigned from, unsigned to)
{
    memset(frame, 0, 100);
    frame[0] = 2;
    frame[5] = (uint8_t)(to + 1);
    frame[6] = 2;
    frame[11] = (uint8_t)(from + 1);
    frame[14] = (uint8_t)from;
}

static bool client_sends(unsigned from, unsigned to)
{
    struct sddf_net_buffer buffer;
    if (!sddf_net_take(&client_tx[from].free, &buffer)) {
        return false;
    }
    put_frame((uint8_t *)config.clients[from].tx_data.vaddr + buffer.io_or_offset, from, to);
    buffer.len = 100;
    assert_true(sddf_net_put(&client_tx[from].active, &buffer));
    sent[from]++;
    return true;
}

static void client_hears(unsigned self)
{
    struct sddf_net_buffer buffer;
    while (sddf_net_take(&client_rx[self].active, &buffer)) {
        assert_true(buffer.io_or_offset + SDDF_NET_BUFFER_BYTES <= DATA_BYTES);
        const uint8_t *frame = (const uint8_t *)config.clients[self].rx_data.vaddr + buffer.io_or_offset;
        assert_true((frame[0] & 1) != 0 || frame[5] == self + 1);
        /* By the source address: mallory's frames must not come here, under whatever name. */
        assert_true(frame[14] <= COUNT && frame[14] != MALLORY);
        heard[self][frame[14]]++;
        assert_true(sddf_net_put(&client_rx[self].free, &buffer));
    }
}

/* The driver takes the free buffers. Nobody else has them. */
static void driver_fills(void)
{
    struct sddf_net_buffer buffer;
    while (sddf_net_take(&driver_rx.free, &buffer)) {
        uint64_t number = (buffer.io_or_offset - uplink_rx_paddr) / SDDF_NET_BUFFER_BYTES;
        assert_true(buffer.io_or_offset % SDDF_NET_BUFFER_BYTES == 0 && number < CAPACITY);
        assert_false(driver_has[number]);
        driver_has[number] = true;
    }
}

/* A frame from the network, in the first buffer that there is. False: there is none. */
static bool driver_receives(unsigned to)
{
    struct sddf_net_buffer buffer = {.len = 100};
    unsigned number = 0;
    driver_fills();
    while (number < CAPACITY && !driver_has[number]) {
        number++;
    }
    if (number == CAPACITY) {
        return false;
    }
    driver_has[number] = false;
    put_frame((uint8_t *)config.uplink_rx_data.vaddr + number * SDDF_NET_BUFFER_BYTES, COUNT, to);
    buffer.io_or_offset = uplink_rx_paddr + number * SDDF_NET_BUFFER_BYTES;
    assert_true(sddf_net_put(&driver_rx.active, &buffer));
    return true;
}

/* The driver: takes frames, checks whose memory they are in, gives them back; and delivers one to a client. */
static void drive(void)
{
    struct sddf_net_buffer buffer;

    while (sddf_net_take(&driver_tx.active, &buffer)) {
        unsigned who = COUNT;
        for (unsigned i = 0; i < COUNT; i++) {
            uint64_t offset = buffer.io_or_offset - *tx_paddrs[i];
            who = offset < DATA_BYTES && buffer.len <= DATA_BYTES - offset ? i : who;
        }
        assert_true(who < COUNT);
        assert_true(buffer.len >= 14 && buffer.len <= SDDF_NET_BUFFER_BYTES);
        uplinked[who]++;
        assert_true(sddf_net_put(&driver_tx.free, &buffer));
    }
    assert_true(driver_receives((unsigned)(any() % COUNT)));
}

/* Nonsense, or what a client that shares the driver's region may return. */
static uint64_t any_offset(void)
{
    return any() % 2 == 0 ? any_value() : any() % CAPACITY * SDDF_NET_BUFFER_BYTES;
}

static void be_hostile(void)
{
    struct net_virt_client *self = &config.clients[HOSTILE];
    const struct sddf_region queues[] = {self->rx.free_queue, self->rx.active_queue, self->tx.free_queue,
                                         self->tx.active_queue};
    struct sddf_net_queue *active = self->tx.active_queue.vaddr, *free_ = self->rx.free_queue.vaddr;

    if (any() % 4 == 0) {
        scribble(queues[any() % 4], UINT64_MAX);
        return;
    }
    for (unsigned i = 0; i < CAPACITY; i++) {
        uint64_t offset = any() % 2 == 0 ? any_value() : any() % DATA_BYTES;
        active->entries[i] = (struct sddf_net_buffer){offset, (uint16_t)(any() % 2300), (uint16_t)any()};
        free_->entries[i] = (struct sddf_net_buffer){any_offset(), 0, 0};
        uint64_t at = any() % (DATA_BYTES - 100);
        put_frame((uint8_t *)self->tx_data.vaddr + at, any() % 3 == 0 ? ALICE : MALLORY, any() % 4);
        ((uint8_t *)self->tx_data.vaddr)[at + 14] = MALLORY;
        active->entries[i].io_or_offset = any() % 2 == 0 ? at : offset;
    }
    active->tail = (uint16_t)(clients[HOSTILE].tx.active.counter.own + any() % (CAPACITY + 1));
    free_->tail = (uint16_t)(clients[HOSTILE].rx.free.counter.own + any() % (CAPACITY + 1));
}

static void test_frames_go_where_they_are_addressed(void **unused)
{
    (void)unused;
    assert_true(client_sends(ALICE, BOB));
    assert_true(client_sends(ALICE, MALLORY)); /* not allowed */
    assert_true(client_sends(BOB, COUNT));
    notified(0);
    assert_int_equal(sddf_net_available(&client_rx[MALLORY].active), 0);
    drive();
    notified(0);
    client_hears(ALICE);
    client_hears(BOB);
    assert_int_equal(heard[BOB][ALICE], 1);
    assert_int_equal(uplinked[BOB], 1);
    assert_int_equal(uplinked[ALICE], 0);
    assert_int_equal(sddf_net_available(&client_tx[ALICE].free), CAPACITY);
    assert_int_equal(sddf_net_available(&client_tx[BOB].free), CAPACITY);
}

static void test_a_forged_source_goes_nowhere(void **unused)
{
    (void)unused;
    assert_true(client_sends(BOB, ALICE));
    assert_true(client_sends(BOB, COUNT));
    for (unsigned i = 0; i < 2; i++) {
        ((uint8_t *)config.clients[BOB].tx_data.vaddr)[i * SDDF_NET_BUFFER_BYTES + 11] = ALICE + 1;
    }
    notified(0);
    drive();
    notified(0);
    client_hears(ALICE);
    assert_int_equal(heard[ALICE][BOB], 0);
    assert_int_equal(uplinked[BOB], 0);
    assert_int_equal(sddf_net_available(&client_tx[BOB].free), CAPACITY);
}

/* The network takes nothing: everybody's share waits, and goes on. */
static void test_a_slow_network(void **unused)
{
    (void)unused;
    while (client_sends(ALICE, COUNT)) {
    }
    while (client_sends(BOB, COUNT)) {
    }
    notified(0);
    assert_int_equal(clients[ALICE].under_way, CAPACITY / COUNT);
    assert_int_equal(clients[BOB].under_way, CAPACITY / COUNT);
    for (unsigned i = 0; i < 10; i++) {
        drive();
        notified(0);
    }
    assert_int_equal(uplinked[ALICE], CAPACITY);
    assert_int_equal(uplinked[BOB], CAPACITY);
    assert_int_equal(clients[ALICE].under_way, 0);
    assert_int_equal(sddf_net_available(&client_tx[ALICE].free), CAPACITY);
}

static void test_a_hostile_client(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < TEST_ROUNDS; i++) {
        (void)client_sends(ALICE, any() % 2 == 0 ? BOB : COUNT);
        (void)client_sends(BOB, any() % 2 == 0 ? ALICE : COUNT);
        be_hostile();
        notified(0);
        drive();
        notified(0);
        client_hears(ALICE);
        client_hears(BOB);
    }
    assert_int_equal(sent[ALICE], TEST_ROUNDS);
    assert_int_equal(sent[BOB], TEST_ROUNDS);
    assert_int_equal(heard[BOB][ALICE] + uplinked[ALICE], TEST_ROUNDS);
    assert_int_equal(heard[ALICE][BOB] + uplinked[BOB], TEST_ROUNDS);
    assert_true(heard[ALICE][COUNT] > TEST_ROUNDS / 4);
}

/* One at a time; answers where it lies. */
static uint64_t hears_one(unsigned self)
{
    struct sddf_net_buffer buffer;
    assert_true(sddf_net_take(&client_rx[self].active, &buffer));
    assert_int_equal(buffer.len, 100);
    return buffer.io_or_offset;
}

static void returns(unsigned self, uint64_t offset)
{
    const struct sddf_net_buffer buffer = {.io_or_offset = offset};
    assert_true(sddf_net_put(&client_rx[self].free, &buffer));
    notified(0);
}

static void broadcast(void)
{
    uint8_t *region = config.uplink_rx_data.vaddr;
    unsigned number = 0;
    driver_fills();
    while (!driver_has[number]) {
        number++;
    }
    assert_true(driver_receives(ALICE));
    region[number * SDDF_NET_BUFFER_BYTES] = 3;
    notified(0);
}

/* The buffer that the driver has filled is the one that the client gets; the driver gets it back when it was returned.
 */
static void test_a_shared_buffer_is_not_copied(void **unused)
{
    (void)unused;
    assert_true(driver_receives(ALICE));
    uint8_t *frame = config.uplink_rx_data.vaddr;
    notified(0);
    frame[50] = 77; /* whoever sees this reads the same memory */
    uint64_t offset = hears_one(ALICE);
    assert_int_equal(offset, 0);
    assert_int_equal(((uint8_t *)config.clients[ALICE].rx_data.vaddr)[offset + 50], 77);
    driver_fills();
    assert_false(driver_has[0]);
    returns(ALICE, offset);
    driver_fills();
    assert_true(driver_has[0]);
    assert_int_equal(clients[ALICE].refused_count, 0);
}

/* All that share the region have the same buffer, and the last of them gives it back; bob has a copy. */
static void test_a_broadcast_has_several_holders(void **unused)
{
    (void)unused;
    broadcast();
    uint64_t offset = hears_one(ALICE);
    assert_int_equal(hears_one(MALLORY), offset);
    (void)hears_one(BOB);
    returns(ALICE, offset);
    driver_fills();
    assert_false(driver_has[offset / SDDF_NET_BUFFER_BYTES]);
    returns(MALLORY, offset);
    driver_fills();
    assert_true(driver_has[offset / SDDF_NET_BUFFER_BYTES]);
}

static void test_what_a_client_does_not_have_is_refused(void **unused)
{
    (void)unused;
    assert_true(driver_receives(ALICE));
    notified(0);
    uint64_t offset = hears_one(ALICE);
    returns(MALLORY, offset); /* alice's */
    returns(ALICE, offset + 8);
    returns(ALICE, (uint64_t)CAPACITY * SDDF_NET_BUFFER_BYTES);
    returns(ALICE, UINT64_MAX);
    returns(ALICE, SDDF_NET_BUFFER_BYTES); /* the driver's */
    driver_fills();
    assert_false(driver_has[0]);
    assert_int_equal(clients[MALLORY].refused_count, 1);
    assert_int_equal(clients[ALICE].refused_count, 4);
    returns(ALICE, offset);
    returns(ALICE, offset); /* not any more */
    assert_int_equal(clients[ALICE].refused_count, 5);
}

/* Mallory keeps all that she gets: broadcasts, and frames of her own. */
static void test_a_client_that_keeps_buffers_takes_none_from_others(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < 10 * CAPACITY; i++) {
        assert_true(driver_receives(MALLORY));
        notified(0);
    }
    assert_true(sddf_net_available(&client_rx[MALLORY].active) > 2);
    assert_true(sddf_net_available(&client_rx[MALLORY].active) <= CAPACITY / COUNT);
    for (unsigned i = 0; i < 10 * CAPACITY; i++) {
        broadcast();
        returns(ALICE, hears_one(ALICE));
        client_hears(BOB);
    }
    assert_int_equal(clients[ALICE].refused_count, 0);
    assert_int_equal(heard[BOB][COUNT], 10 * CAPACITY);
}

/* A frame of another client's has no buffer of the driver's: alice has some of her own, and they come back to her. */
static void test_frames_between_clients(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < 3 * CAPACITY; i++) {
        assert_true(client_sends(BOB, ALICE));
        notified(0);
        client_hears(ALICE);
        assert_int_equal(heard[ALICE][BOB], i + 1);
    }
    for (unsigned i = 0; i < CAPACITY; i++) {
        assert_true(client_sends(BOB, ALICE));
        notified(0);
    }
    assert_int_equal(sddf_net_available(&client_rx[ALICE].active), CAPACITY / 4);
    driver_fills();
    for (unsigned i = 0; i < CAPACITY; i++) {
        assert_int_equal(driver_has[i], i < CAPACITY / 2);
    }
}

/* A client by itself may have all buffers. The driver runs out of them, and gets them as soon as they come back. */
static void test_returned_buffers_are_asked_for(void **unused)
{
    (void)unused;
    config.client_count = 1;
    config.clients[ALICE].allowed = 1 << 1;
    config.uplink_allowed = 1;
    client_count = 0;
    memset(config.uplink_rx.free_queue.vaddr, 0, 8);
    memset(config.clients[ALICE].rx.free_queue.vaddr, 0, 8);
    assert_true(sddf_net_open(&driver_rx, &config.uplink_rx, SDDF_PRODUCER));
    init();
    assert_int_equal(client_count, 1);
    assert_false(sddf_net_consumer_waits(&client_rx[ALICE].free));
    for (unsigned i = 0; i < CAPACITY; i++) {
        assert_true(driver_receives(ALICE));
        notified(0);
    }
    assert_false(driver_receives(ALICE));
    assert_int_equal(sddf_net_available(&client_rx[ALICE].active), CAPACITY);
    client_hears(ALICE);
    assert_true(sddf_net_consumer_waits(&client_rx[ALICE].free));
    notified(0);
    assert_true(driver_receives(ALICE));
}

static void test_a_driver_has_received_nothing_in_what_it_has_not(void **unused)
{
    (void)unused;
    struct sddf_net_buffer buffer = {.io_or_offset = uplink_rx_paddr, .len = 100};
    assert_true(driver_receives(ALICE));
    assert_true(sddf_net_put(&driver_rx.active, &buffer));
    notified(0);
    assert_int_equal(sddf_net_available(&client_rx[ALICE].active), 1);
}

static void driver_returns(uint64_t paddr)
{
    assert_true(sddf_net_put(&driver_tx.free, &(struct sddf_net_buffer){.io_or_offset = paddr}));
    notified(0);
}

/* A driver that returns what it has not gives nobody a buffer, nor takes anybody's share. */
static void test_a_driver_returns_only_what_it_has(void **unused)
{
    (void)unused;
    struct sddf_net_buffer buffer;

    assert_true(client_sends(ALICE, COUNT));
    notified(0);
    assert_true(sddf_net_take(&driver_tx.active, &buffer));
    driver_returns(buffer.io_or_offset + 8);
    driver_returns(UINT64_MAX);
    assert_int_equal(clients[ALICE].under_way, 1);
    driver_returns(buffer.io_or_offset);
    driver_returns(buffer.io_or_offset);
    driver_returns(client_tx_paddr_1);
    assert_int_equal(clients[ALICE].under_way, 0);
    assert_int_equal(clients[BOB].under_way, 0);
    assert_int_equal(driver_refused_count, 4);
    assert_int_equal(sddf_net_available(&client_tx[ALICE].free), CAPACITY);
    assert_true(client_sends(ALICE, BOB));
    notified(0);
    client_hears(BOB);
    assert_int_equal(heard[BOB][ALICE], 1);
}

/* A client that sends one buffer twice has it under way once; what is no whole buffer does not go. */
static void test_a_buffer_is_sent_once(void **unused)
{
    (void)unused;
    struct sddf_net_buffer buffer;

    assert_true(client_sends(ALICE, COUNT));
    notified(0);
    put_frame(config.clients[ALICE].tx_data.vaddr, ALICE, COUNT);
    put_frame((uint8_t *)config.clients[ALICE].tx_data.vaddr + 8, ALICE, COUNT);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(
            sddf_net_put(&client_tx[ALICE].active, &(struct sddf_net_buffer){.io_or_offset = 8 * i, .len = 100}));
    }
    notified(0);
    assert_int_equal(clients[ALICE].under_way, 1);
    assert_true(sddf_net_take(&driver_tx.active, &buffer));
    assert_false(sddf_net_take(&driver_tx.active, &buffer));
}

/* Alice and mallory read one region: whoever may send to one of them, but not to both, makes it unusable. */
static void test_sharing_and_the_access_list_agree(void **unused)
{
    (void)unused;
    static const struct {
        uint16_t alice, bob, mallory;
        uint64_t uplink;
        bool is_usable;
    } cases[] = {
        {8, 8, 8, 7, true},
        {8, 1 << ALICE, 8, 7, false},
        {8, 1 << MALLORY, 8, 7, false},
        {8, 1 << ALICE | 1 << MALLORY, 8, 7, true},
        {1 << MALLORY, 0, 1 << ALICE, 7, true},
        {1 << BOB, 0, 1 << BOB, 7, true},
        {8, 8, 8, 1 << ALICE | 1 << BOB, false},
        {8, 8, 8, 1 << BOB, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config.clients[ALICE].allowed = cases[i].alice;
        config.clients[BOB].allowed = cases[i].bob;
        config.clients[MALLORY].allowed = cases[i].mallory;
        config.uplink_allowed = cases[i].uplink;
        assert_int_equal(is_sharing_allowed(1 << ALICE | 1 << MALLORY), cases[i].is_usable);
        assert_true(is_sharing_allowed(0));
    }
    client_count = 0;
    init();
    assert_int_equal(client_count, 0);
    notified(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_frames_go_where_they_are_addressed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_forged_source_goes_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_slow_network, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_hostile_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_hostile_client, set_up_two_sharing, tear_down),
        cmocka_unit_test_setup_teardown(test_a_shared_buffer_is_not_copied, set_up_two_sharing, tear_down),
        cmocka_unit_test_setup_teardown(test_a_broadcast_has_several_holders, set_up_two_sharing, tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_client_does_not_have_is_refused, set_up_two_sharing, tear_down),
        cmocka_unit_test_setup_teardown(test_a_client_that_keeps_buffers_takes_none_from_others, set_up_two_sharing,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_frames_between_clients, set_up_two_sharing, tear_down),
        cmocka_unit_test_setup_teardown(test_returned_buffers_are_asked_for, set_up_two_sharing, tear_down),
        cmocka_unit_test_setup_teardown(test_a_driver_has_received_nothing_in_what_it_has_not, set_up_two_sharing,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_driver_returns_only_what_it_has, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_buffer_is_sent_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sharing_and_the_access_list_agree, set_up_two_sharing, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
