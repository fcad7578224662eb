/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Block virtualiser: gives each client a partition of one disk. The first client (by the number of its channel here)
 * has the first partition, and so on. The table is read once, at the start. A disk without one is one partition, the
 * first client's: if that client writes a table, it counts from the next start on, for all clients.
 *
 * Two units of block numbers meet here: a logical block of the disk (512 to 4096 bytes) in the partition table, and
 * sDDF's block of 4096 bytes everywhere else. The driver turns the latter into its device's.
 *
 * Data is neither mapped nor copied here: a client names buffers by their offset in its data region, the virtualiser
 * knows that region's physical address and size, and hands the driver the sum. So a client reaches its own memory and
 * its own blocks, whatever it writes in its queues.
 *
 * Neither clients nor the driver are trusted: what the driver answers must have been asked.
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

#define SLOTS    64
#define TABLE_ID SLOTS /* id of the request for the partition table */

/* Blocks of 4096 bytes that a driver may claim: their bytes can be counted. */
#define CAPACITY_MAX (UINT64_MAX / SDDF_BLK_BYTES)

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
    uint64_t first_block; /* on the disk */
    uint64_t capacity;    /* blocks; 0: it has no partition */
    uint32_t under_way;
    bool has_barrier; /* one was taken, and waits */
    uint32_t barrier_id;
    bool is_owed; /* a notification: there are responses */
};

struct slot {
    struct client *client; /* NULL: free */
    uint32_t id;           /* the client's */
    uint16_t count;        /* blocks asked for */
};

_Static_assert(SLOTS == 64, "bits of free_slots");

static enum state state;
static struct sddf_blk driver;
static struct client clients[CONFIG_CLIENTS_MAX];
static unsigned client_count;
static struct slot slots[SLOTS];
static uint64_t free_slots = UINT64_MAX;  /* bits */
static struct sddf_blk_storage_info disk; /* what the driver said, read once */
static bool is_read_only;
static struct partition partitions[PARTITIONS_MAX];
static uint64_t refused_count; /* answers of the driver that nobody asked for */

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
    bool is_in_disk = request->count != 0 && request->count <= client->capacity &&
                      request->block_number <= client->capacity - request->count;
    bool is_in_data = sddf_region_has(data, request->io_or_offset, (uint64_t)request->count * SDDF_BLK_BYTES);
    return is_in_disk && is_in_data ? SDDF_BLK_OK : SDDF_BLK_INVALID;
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
    slots[slot] = (struct slot){&clients[who], request->id, request->count};
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

static void refuse(uint32_t id)
{
    if (refused_count++ == 0) {
        LOG_VMM_ERR("the driver answers request %u, which it does not have\n", id);
    }
}

static void finish(struct slot *slot, const struct sddf_blk_response *response)
{
    const bool is_known = response->status <= SDDF_BLK_NO_DEVICE;

    slot->client->under_way--;
    respond(slot->client, slot->id, is_known ? (enum sddf_blk_status)response->status : SDDF_BLK_UNSPECIFIED,
            MIN(response->success_count, slot->count));
    slot->client = NULL;
    free_slots |= UINT64_C(1) << (slot - slots);
}

/* No more than there can be: a driver that never ends is looked at again when it notifies. */
static void take_responses(void)
{
    struct sddf_blk_response response;

    for (unsigned left = SDDF_BLK_CAPACITY_MAX; left != 0 && sddf_blk_take_response(&driver, &response); left--) {
        if (response.id >= SLOTS || slots[response.id].client == NULL) {
            refuse(response.id);
        } else {
            finish(&slots[response.id], &response);
        }
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

static void say_fault(unsigned number, const struct partition *partition)
{
    static const char *const texts[] = {
        [PARTITION_OUTSIDE] = "lies outside of what the disk has for partitions",
        [PARTITION_ON_TABLE] = "covers the partition table",
    };
    const unsigned long start = (unsigned long)partition->start;
    const unsigned long count = (unsigned long)partition->count;

    if (partition->fault == PARTITION_OVERLAPS) {
        LOG_VMM_ERR("partition %u (logical block %lu, %lu blocks) is not used: it overlaps partition %u\n", number + 1,
                    start, count, partition->other + 1);
    } else {
        LOG_VMM_ERR("partition %u (logical block %lu, %lu blocks) is not used: it %s\n", number + 1, start, count,
                    texts[partition->fault]);
    }
}

/* Logical blocks of the disk in one of sDDF's. */
static unsigned logical_per_block(void)
{
    return (unsigned)SDDF_BLK_BYTES / disk.sector_size;
}

static void assign(unsigned who, const struct partition *partition)
{
    const unsigned per = logical_per_block();
    struct client *client = &clients[who];

    if (partition->fault != PARTITION_SOUND) {
        say_fault(who, partition);
    } else if (partition->start % per != 0) {
        LOG_VMM_ERR("partition %u begins at logical block %lu of %u bytes: must be a multiple of %u\n", who + 1,
                    (unsigned long)partition->start, disk.sector_size, per);
    } else {
        client->first_block = partition->start / per;
        client->capacity = partition->count / per;
    }
    if (client->capacity == 0) {
        LOG_VMM_ERR("there is no partition %u for its client\n", who + 1);
    }
}

static void publish_info(struct client *client)
{
    struct sddf_blk_storage_info info = disk;

    info.ready = false;
    info.read_only = is_read_only;
    info.capacity = client->capacity;
    info.queue_depth = (uint16_t)(SLOTS / client_count);
    *client->queues.info = info;
    sddf_blk_set_ready(client->queues.info, true);
    client->is_owed = true;
}

static void share_out(void)
{
    for (unsigned i = 0; i < client_count; i++) {
        assign(i, &partitions[i]);
        publish_info(&clients[i]);
    }
    state = STATE_SERVING;
}

static void find_partitions(void)
{
    const uint64_t blocks = disk.capacity * logical_per_block();

    switch (partition_read(config.data.vaddr, disk.sector_size, blocks, partitions)) {
    case PARTITION_BROKEN:
        LOG_VMM_ERR("the partition table is broken, or of a kind that is not supported\n");
        break;
    case PARTITION_NONE:
        LOG_VMM("the disk has no partition table: all of it is the first client's\n");
        break;
    default:
        break;
    }
}

static void table_is_read(void)
{
    struct sddf_blk_response response;

    if (!sddf_blk_take_response(&driver, &response)) {
        return;
    }
    if (response.id != TABLE_ID) {
        refuse(response.id);
        return;
    }
    if (response.status == SDDF_BLK_OK) {
        find_partitions();
    } else {
        LOG_VMM_ERR("the partition table cannot be read: status %u\n", response.status);
    }
    share_out();
}

static bool is_disk_usable(uint64_t table_bytes)
{
    const uint16_t logical_bytes = disk.sector_size;

    if (logical_bytes < PARTITION_BLOCK_BYTES_MIN || logical_bytes > PARTITION_BLOCK_BYTES_MAX ||
        (logical_bytes & (logical_bytes - 1)) != 0) {
        LOG_VMM_ERR("logical blocks of %u bytes: must be a power of two from %u to %u\n", logical_bytes,
                    PARTITION_BLOCK_BYTES_MIN, PARTITION_BLOCK_BYTES_MAX);
        return false;
    }
    if (disk.capacity > CAPACITY_MAX) {
        LOG_VMM_ERR("a disk of 0x%lx blocks: must be 0x%lx at most\n", (unsigned long)disk.capacity,
                    (unsigned long)CAPACITY_MAX);
        return false;
    }
    if (config.data.size < table_bytes) {
        LOG_VMM_ERR("the data region has 0x%lx bytes: must be 0x%lx for logical blocks of %u bytes\n",
                    (unsigned long)config.data.size, (unsigned long)table_bytes, logical_bytes);
        return false;
    }
    return true;
}

static void read_table(void)
{
    memcpy(&disk, driver.info, sizeof(disk));
    is_read_only = sddf_blk_is_read_only(&disk);

    const uint64_t table_bytes = PARTITION_TABLE_BYTES(disk.sector_size);
    const struct sddf_blk_request request = {
        .code = SDDF_BLK_READ,
        .io_or_offset = own_data_paddr,
        .count = (uint16_t)MIN(table_bytes / SDDF_BLK_BYTES, disk.capacity),
        .id = TABLE_ID,
    };
    if (!is_disk_usable(table_bytes)) {
        disk = (struct sddf_blk_storage_info){.sector_size = PARTITION_BLOCK_BYTES_MIN};
        share_out(); /* nobody has a partition */
        return;
    }
    (void)sddf_blk_put_request(&driver, &request);
    microkit_notify(driver.channel);
    state = STATE_READING_TABLE;
}

static bool open_all(void)
{
    if (!config_is_filled_in(config.magic) || config.client_count == 0 || config.client_count > CONFIG_CLIENTS_MAX ||
        config.driver.num_buffers < SLOTS || !sddf_blk_open(&driver, &config.driver, SDDF_PRODUCER) ||
        config.data.size < PARTITION_TABLE_BYTES(PARTITION_BLOCK_BYTES_MIN)) {
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
                    SLOTS, (unsigned)PARTITION_TABLE_BYTES(PARTITION_BLOCK_BYTES_MIN));
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
