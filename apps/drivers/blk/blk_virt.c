/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Block virtualiser: gives each client a partition of one disc. The first client (by the number of its channel here)
 * has the first partition, and so on; a disc without a partition table is one partition.
 *
 * Data is neither mapped nor copied here: a client names buffers by their offset in its data region, the virtualiser
 * knows that region's physical address and size, and hands the driver the sum. So a client reaches its own memory and
 * its own blocks, whatever it writes in its queues.
 *
 * A client has at most its share of the requests under way, and no more than it has room for responses; whoever leaves
 * no room waits alone. A barrier waits until the client's earlier requests are done, and holds back the later ones.
 *
 * The system description sets `own_data_paddr` and `client_data_paddr_0` to `_7` (setvar region_paddr), the latter in
 * the order of the clients' channels. Left out: partitions whose start is no multiple of 4096 bytes.
 */
#include <libvmm/sddf/blk.h>
#include <libvmm/util/util.h>

#include "blk/partition.h"
#include "config.h"

#define SLOTS       64
#define TABLE_ID    SLOTS /* id of the request for the partition table */
#define SECTORS_PER (SDDF_BLK_BYTES / PARTITION_SECTOR_BYTES)

CONFIG_SECTION(".blk_virt_config") struct blk_virt_config config;
uint64_t own_data_paddr;
uint64_t client_data_paddr_0, client_data_paddr_1, client_data_paddr_2, client_data_paddr_3;
uint64_t client_data_paddr_4, client_data_paddr_5, client_data_paddr_6, client_data_paddr_7;

static const uint64_t *const data_paddrs[CONFIG_CLIENTS_MAX] = {
    &client_data_paddr_0, &client_data_paddr_1, &client_data_paddr_2, &client_data_paddr_3,
    &client_data_paddr_4, &client_data_paddr_5, &client_data_paddr_6, &client_data_paddr_7,
};

enum state {
    STATE_UNUSABLE,
    STATE_NO_DRIVER,     /* the driver is not ready */
    STATE_READING_TABLE, /* the partition table is being read */
    STATE_SERVING,
};

struct client {
    struct sddf_blk queues;
    uint64_t first_block; /* on the disc */
    uint64_t capacity;    /* blocks; 0: it has no partition */
    uint32_t under_way;
    bool has_barrier; /* one was taken, and waits */
    uint32_t barrier_id;
    bool is_owed; /* a notification: there are responses */
};

struct slot {
    struct client *client; /* NULL: free */
    uint32_t id;           /* the client's */
};

_Static_assert(SLOTS == 64, "bits of free_slots");

static enum state state;
static struct sddf_blk driver;
static struct client clients[CONFIG_CLIENTS_MAX];
static unsigned client_count;
static struct slot slots[SLOTS];
static uint64_t free_slots = UINT64_MAX; /* bits */
static bool is_read_only;

static void respond(struct client *client, uint32_t id, enum sddf_blk_status status, uint16_t count)
{
    const struct sddf_blk_response response = {status, count, id};
    /* Without room, it has broken its own queue since: room was there when the request was taken. */
    (void)sddf_blk_put_response(&client->queues, &response);
    client->is_owed = true;
}

static enum sddf_blk_status check(const struct client *client, const struct sddf_blk_request *request,
                                  uint64_t data_bytes)
{
    struct sddf_region data = {NULL, data_bytes};

    if (client->capacity == 0) {
        return SDDF_BLK_NO_DEVICE;
    }
    if (request->code == SDDF_BLK_FLUSH) {
        return SDDF_BLK_OK;
    }
    if (request->code != SDDF_BLK_READ && (request->code != SDDF_BLK_WRITE || is_read_only)) {
        return SDDF_BLK_INVALID;
    }
    bool is_in_disc = request->count != 0 && request->count <= client->capacity &&
                      request->block_number <= client->capacity - request->count;
    bool is_in_data = sddf_region_has(data, request->io_or_offset, (uint64_t)request->count * SDDF_BLK_BYTES);
    return is_in_disc && is_in_data ? SDDF_BLK_OK : SDDF_BLK_INVALID;
}

static void forward(unsigned who, const struct sddf_blk_request *request)
{
    const unsigned slot = (unsigned)__builtin_ctzll(free_slots);
    const struct sddf_blk_request physical = {
        .code = request->code,
        .io_or_offset = *data_paddrs[who] + request->io_or_offset,
        .block_number = clients[who].first_block + request->block_number,
        .count = request->count,
        .id = slot,
    };

    free_slots &= free_slots - 1;
    slots[slot] = (struct slot){&clients[who], request->id};
    clients[who].under_way++;
    (void)sddf_blk_put_request(&driver, &physical); /* there is room for every slot */
}

/* A barrier is answered when nothing is under way any more. Answers whether the client is still held back. */
static bool is_held_back(struct client *client)
{
    if (client->has_barrier && client->under_way == 0) {
        client->has_barrier = false;
        respond(client, client->barrier_id, client->capacity == 0 ? SDDF_BLK_NO_DEVICE : SDDF_BLK_OK, 0);
    }
    return client->has_barrier;
}

/* One request of a client. False: there is none, or it has to wait. */
static bool serve(unsigned who, bool *has_forwarded)
{
    struct client *client = &clients[who];
    struct sddf_blk_request request;

    if (free_slots == 0 || is_held_back(client) || client->under_way >= SLOTS / client_count ||
        client->under_way >= sddf_blk_responses(&client->queues) || sddf_blk_is_plugged(&client->queues) ||
        !sddf_blk_take_request(&client->queues, &request)) {
        return false;
    }
    if (request.code == SDDF_BLK_BARRIER) {
        client->has_barrier = true;
        client->barrier_id = request.id;
        return true;
    }
    enum sddf_blk_status status = check(client, &request, config.clients[who].data_bytes);
    if (status == SDDF_BLK_OK) {
        forward(who, &request);
        *has_forwarded = true;
    } else {
        respond(client, request.id, status, 0);
    }
    return true;
}

/*
 * In turn, a request each. A client that runs on another core may go on putting wrong requests for ever: it is answered
 * as many as its queue holds, and then others are listened to.
 */
static void serve_all(void)
{
    bool has_forwarded = false;
    bool is_busy = true;

    for (unsigned round = 0; is_busy && round < SDDF_BLK_CAPACITY_MAX; round++) {
        is_busy = false;
        for (unsigned i = 0; i < client_count; i++) {
            is_busy = serve(i, &has_forwarded) || is_busy;
        }
    }
    if (has_forwarded) {
        microkit_notify(driver.channel);
    }
}

static void take_responses(void)
{
    struct sddf_blk_response response;

    while (sddf_blk_take_response(&driver, &response)) {
        if (response.id >= SLOTS || slots[response.id].client == NULL) {
            LOG_VMM_ERR("the driver answers request %u, which is not under way\n", response.id);
            continue;
        }
        struct slot *slot = &slots[response.id];
        slot->client->under_way--;
        respond(slot->client, slot->id, (enum sddf_blk_status)response.status, response.success_count);
        slot->client = NULL;
        free_slots |= UINT64_C(1) << response.id;
    }
}

static void notify_clients(void)
{
    for (unsigned i = 0; i < client_count; i++) {
        if (clients[i].is_owed) {
            clients[i].is_owed = false;
            microkit_notify(clients[i].queues.channel);
        }
    }
}

static void assign(unsigned who, const struct partition *partition)
{
    struct client *client = &clients[who];

    if (partition->start % SECTORS_PER != 0) {
        LOG_VMM_ERR("partition %u begins in sector %lu: must be a multiple of %u\n", who + 1,
                    (unsigned long)partition->start, SECTORS_PER);
    } else {
        client->first_block = partition->start / SECTORS_PER;
        client->capacity = partition->count / SECTORS_PER;
    }
    if (client->capacity == 0) {
        LOG_VMM_ERR("there is no partition %u for its client\n", who + 1);
    }
}

static void publish_info(struct client *client)
{
    struct sddf_blk_storage_info info = *driver.info;

    info.ready = false;
    info.capacity = client->capacity;
    info.queue_depth = (uint16_t)(SLOTS / client_count);
    *client->queues.info = info;
    sddf_blk_set_ready(client->queues.info, true);
    client->is_owed = true;
}

static void table_is_read(void)
{
    static struct partition partitions[PARTITIONS_MAX];
    struct sddf_blk_response response;

    if (!sddf_blk_take_response(&driver, &response)) {
        return;
    }
    if (response.status != SDDF_BLK_OK) {
        LOG_VMM_ERR("the partition table cannot be read: status %u\n", response.status);
    } else if (partition_read(config.data.vaddr, driver.info->capacity * SECTORS_PER, partitions) == PARTITION_BROKEN) {
        LOG_VMM_ERR("the partition table is broken, or of a kind that is not supported\n");
    }
    for (unsigned i = 0; i < client_count; i++) {
        assign(i, &partitions[i]);
        publish_info(&clients[i]);
    }
    state = STATE_SERVING;
}

static void read_table(void)
{
    uint64_t blocks = PARTITION_TABLE_BYTES / SDDF_BLK_BYTES;
    struct sddf_blk_request request = {
        .code = SDDF_BLK_READ,
        .io_or_offset = own_data_paddr,
        .count = (uint16_t)MIN(blocks, driver.info->capacity),
        .id = TABLE_ID,
    };

    is_read_only = sddf_blk_is_read_only(driver.info);
    if (driver.info->sector_size != PARTITION_SECTOR_BYTES && driver.info->sector_size != SDDF_BLK_BYTES) {
        LOG_VMM("sectors of %u bytes; the partition table is read as one of 512\n", driver.info->sector_size);
    }
    (void)sddf_blk_put_request(&driver, &request);
    microkit_notify(driver.channel);
    state = STATE_READING_TABLE;
}

static bool open_all(void)
{
    if (!config_is_filled_in(config.magic) || config.client_count == 0 || config.client_count > CONFIG_CLIENTS_MAX ||
        config.driver.num_buffers < SLOTS || !sddf_blk_open(&driver, &config.driver, SDDF_PRODUCER) ||
        config.data.size < PARTITION_TABLE_BYTES) {
        return false;
    }
    for (unsigned i = 0; i < config.client_count; i++) {
        if (!sddf_blk_open(&clients[i].queues, &config.clients[i].connection, SDDF_CONSUMER)) {
            return false;
        }
    }
    client_count = config.client_count;
    return true;
}

static void step(void)
{
    if (state == STATE_NO_DRIVER && sddf_blk_is_ready(driver.info)) {
        read_table();
    } else if (state == STATE_READING_TABLE) {
        table_is_read();
    }
    if (state == STATE_SERVING) {
        take_responses();
        serve_all();
        notify_clients();
    }
}

void init(void)
{
    if (!open_all()) {
        LOG_VMM_ERR("section .blk_virt_config is not filled in, or its regions are too small: the driver's queues for "
                    "%u requests, the data region for %u bytes\n",
                    SLOTS, PARTITION_TABLE_BYTES);
        return;
    }
    state = STATE_NO_DRIVER;
    step();
}

void notified(microkit_channel channel)
{
    (void)channel;
    step();
}
