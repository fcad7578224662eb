/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Network virtualiser, and switch: passes frames between its clients and, where there is a driver, the network.
 *
 * A frame goes to the client with its destination address, or to every client and the network (broadcast and
 * multicast), or to the network (any other address). An access list says which client's frames may reach whom. A client
 * sends from its own address only: other frames are dropped. Who has no free buffer misses a frame, as on any network.
 *
 * Frames to a client are copied once, into its own receive region; frames to the network are not copied: the driver
 * gets their physical address. The header of a client's frame is read once, and what was read is what receivers get;
 * the client may still change a frame that is on its way to the network, so its source address is certain inside only.
 *
 * Clients are not trusted: buffers outside their regions are dropped, and a client has at most its share of the
 * driver's queue.
 *
 * The system description sets `uplink_rx_paddr` and `client_tx_paddr_0` to `_7` (setvar region_paddr) where there is a
 * driver, the latter in the order of the clients' channels.
 */
#include <libvmm/sddf/net.h>
#include <libvmm/util/util.h>

#include "config.h"

#define MAC_BYTES    6
#define HEADER_BYTES 14 /* destination, source, type */
#define ROUNDS       1024

CONFIG_SECTION(".net_virt_config") struct net_virt_config config;
uint64_t uplink_rx_paddr;
uint64_t client_tx_paddr_0, client_tx_paddr_1, client_tx_paddr_2, client_tx_paddr_3;
uint64_t client_tx_paddr_4, client_tx_paddr_5, client_tx_paddr_6, client_tx_paddr_7;

static const uint64_t *const tx_paddrs[CONFIG_CLIENTS_MAX] = {
    &client_tx_paddr_0, &client_tx_paddr_1, &client_tx_paddr_2, &client_tx_paddr_3,
    &client_tx_paddr_4, &client_tx_paddr_5, &client_tx_paddr_6, &client_tx_paddr_7,
};

struct client {
    struct sddf_net rx;
    struct sddf_net tx;
    uint16_t under_way; /* buffers that the driver has */
    bool has_received;
    bool has_back; /* buffers on tx free */
};

/* A frame: its header, read once, and where it is. */
struct frame {
    uint8_t header[HEADER_BYTES];
    const uint8_t *bytes;
    uint16_t length;
};

static struct client clients[CONFIG_CLIENTS_MAX];
static unsigned client_count; /* 0: not usable */
static struct sddf_net uplink_rx;
static struct sddf_net uplink_tx;
static uint16_t share;
static bool has_sent; /* to the uplink */
static bool has_freed;

static bool read_frame(struct frame *frame, struct sddf_region data, uint64_t offset, uint16_t length)
{
    if (length < HEADER_BYTES || length > SDDF_NET_BUFFER_BYTES || !sddf_region_has(data, offset, length)) {
        return false;
    }
    frame->bytes = (const uint8_t *)data.vaddr + offset;
    frame->length = length;
    memcpy(frame->header, frame->bytes, HEADER_BYTES);
    return true;
}

static bool is_group(const struct frame *frame)
{
    return (frame->header[0] & 1) != 0;
}

/* The client with this address; client_count: none. */
static unsigned find_client(const uint8_t *mac)
{
    unsigned i = 0;
    while (i < client_count && memcmp(config.clients[i].mac, mac, MAC_BYTES) != 0) {
        i++;
    }
    return i;
}

/* The one copy. */
static void deliver(const struct frame *frame, unsigned to)
{
    struct client *client = &clients[to];
    struct sddf_region data = config.clients[to].rx_data;
    struct sddf_net_buffer buffer;

    if (sddf_net_available(&client->rx.active) == 0 || !sddf_net_take(&client->rx.free, &buffer) ||
        !sddf_region_has(data, buffer.io_or_offset, SDDF_NET_BUFFER_BYTES)) {
        return;
    }
    uint8_t *room = (uint8_t *)data.vaddr + buffer.io_or_offset;
    memcpy(room, frame->header, HEADER_BYTES);
    memcpy(room + HEADER_BYTES, frame->bytes + HEADER_BYTES, (size_t)frame->length - HEADER_BYTES);
    buffer.len = frame->length;
    buffer.oid = 0;
    (void)sddf_net_put(&client->rx.active, &buffer);
    client->has_received = true;
}

/* To every client it is for, of those in `allowed`. */
static void deliver_all(const struct frame *frame, uint64_t allowed)
{
    unsigned only = is_group(frame) ? client_count : find_client(frame->header);

    for (unsigned i = 0; i < client_count; i++) {
        if ((is_group(frame) || i == only) && (allowed >> i & 1) != 0) {
            deliver(frame, i);
        }
    }
}

static void give_back(unsigned who, uint64_t offset)
{
    const struct sddf_net_buffer buffer = {.io_or_offset = offset};
    (void)sddf_net_put(&clients[who].tx.free, &buffer);
    clients[who].has_back = true;
}

static bool goes_to_uplink(const struct frame *frame, unsigned from)
{
    return config.has_uplink && (config.clients[from].allowed >> client_count & 1) != 0 &&
           (is_group(frame) || find_client(frame->header) == client_count);
}

static bool send_to_uplink(unsigned from, uint64_t offset, uint16_t length)
{
    const struct sddf_net_buffer buffer = {.io_or_offset = *tx_paddrs[from] + offset, .len = length};
    if (!sddf_net_put(&uplink_tx.active, &buffer)) {
        return false;
    }
    clients[from].under_way++;
    has_sent = true;
    return true;
}

/* One frame of a client. False: there is none, or it has to wait. */
static bool serve(unsigned who)
{
    struct client *client = &clients[who];
    struct sddf_net_buffer buffer;
    struct frame frame;

    if ((config.has_uplink && client->under_way >= share) || !sddf_net_take(&client->tx.active, &buffer)) {
        return false;
    }
    bool is_sent = false;
    if (read_frame(&frame, config.clients[who].tx_data, buffer.io_or_offset, buffer.len) &&
        memcmp(&frame.header[MAC_BYTES], config.clients[who].mac, MAC_BYTES) == 0) {
        deliver_all(&frame, config.clients[who].allowed);
        is_sent = goes_to_uplink(&frame, who) && send_to_uplink(who, buffer.io_or_offset, buffer.len);
    }
    if (!is_sent) {
        give_back(who, buffer.io_or_offset);
    }
    return true;
}

/* A frame from the network; its buffer goes back. */
static bool receive(void)
{
    struct sddf_net_buffer buffer;
    struct frame frame;

    if (!config.has_uplink || !sddf_net_take(&uplink_rx.active, &buffer)) {
        return false;
    }
    if (read_frame(&frame, config.uplink_rx_data, buffer.io_or_offset - uplink_rx_paddr, buffer.len)) {
        deliver_all(&frame, config.uplink_allowed);
    }
    buffer.len = 0;
    (void)sddf_net_put(&uplink_rx.free, &buffer);
    has_freed = true;
    return true;
}

/* A client's buffer that the network has taken. */
static bool finish(void)
{
    struct sddf_net_buffer buffer;

    if (!config.has_uplink || !sddf_net_take(&uplink_tx.free, &buffer)) {
        return false;
    }
    for (unsigned i = 0; i < client_count; i++) {
        uint64_t offset = buffer.io_or_offset - *tx_paddrs[i];
        if (offset < config.clients[i].tx_data.size) {
            clients[i].under_way--;
            give_back(i, offset);
            break;
        }
    }
    return true;
}

/* Everything there is, in turn; whoever never ends on another core is left for later. */
static void pump(void)
{
    bool is_busy = true;

    for (unsigned round = 0; is_busy && round < ROUNDS; round++) {
        is_busy = finish();
        is_busy = receive() || is_busy;
        for (unsigned i = 0; i < client_count; i++) {
            is_busy = serve(i) || is_busy;
        }
    }
}

static void notify_if(bool *is_owed, struct sddf_net_end *end, uint8_t channel)
{
    if (*is_owed && sddf_net_consumer_waits(end)) {
        microkit_notify(channel);
    }
    *is_owed = false;
}

static void notify_all(void)
{
    for (unsigned i = 0; i < client_count; i++) {
        notify_if(&clients[i].has_received, &clients[i].rx.active, clients[i].rx.channel);
        notify_if(&clients[i].has_back, &clients[i].tx.free, clients[i].tx.channel);
    }
    if (config.has_uplink) {
        notify_if(&has_sent, &uplink_tx.active, uplink_tx.channel);
        notify_if(&has_freed, &uplink_rx.free, uplink_rx.channel);
    }
}

/* Asks to be told of whatever comes next; false: something has come already. A client with its share under way waits.
 */
static bool is_idle(void)
{
    bool is_nothing = true;

    for (unsigned i = 0; i < client_count; i++) {
        is_nothing = (clients[i].under_way >= share || sddf_net_wait(&clients[i].tx.active)) && is_nothing;
    }
    if (config.has_uplink) {
        is_nothing = sddf_net_wait(&uplink_rx.active) && is_nothing;
        is_nothing = sddf_net_wait(&uplink_tx.free) && is_nothing;
    }
    return is_nothing;
}

static bool open_uplink(void)
{
    struct sddf_net_buffer buffer = {0};

    if (!sddf_net_open(&uplink_rx, &config.uplink_rx, SDDF_CONSUMER) ||
        !sddf_net_open(&uplink_tx, &config.uplink_tx, SDDF_PRODUCER)) {
        return false;
    }
    for (uint64_t at = 0; sddf_region_has(config.uplink_rx_data, at, SDDF_NET_BUFFER_BYTES);
         at += SDDF_NET_BUFFER_BYTES) {
        buffer.io_or_offset = uplink_rx_paddr + at;
        if (!sddf_net_put(&uplink_rx.free, &buffer)) {
            break;
        }
    }
    has_freed = true;
    return true;
}

static bool open_all(void)
{
    if (!config_is_filled_in(config.magic) || config.client_count == 0 || config.client_count > CONFIG_CLIENTS_MAX ||
        (config.has_uplink && !open_uplink())) {
        return false;
    }
    for (unsigned i = 0; i < config.client_count; i++) {
        if (!sddf_net_open(&clients[i].rx, &config.clients[i].rx, SDDF_PRODUCER) ||
            !sddf_net_open(&clients[i].tx, &config.clients[i].tx, SDDF_CONSUMER)) {
            return false;
        }
        sddf_net_fill(&clients[i].rx.free, config.clients[i].rx_data);
        sddf_net_do_not_signal(&clients[i].rx.free); /* we look when a frame comes */
    }
    client_count = config.client_count;
    share = (uint16_t)MAX(1, config.uplink_tx.num_buffers / client_count);
    return true;
}

static void run(void)
{
    do {
        pump();
        notify_all();
    } while (!is_idle());
}

void init(void)
{
    if (!open_all()) {
        LOG_VMM_ERR("section .net_virt_config is not filled in, or its regions hold no queues\n");
        return;
    }
    run();
}

void notified(microkit_channel channel)
{
    (void)channel;
    if (client_count != 0) {
        run();
    }
}
