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
 * Frames to a client are copied once, into its own receive region. A client whose receive region is the driver's gets
 * the driver's buffers themselves: net_pool.h keeps account of them. Frames to the network are not copied: the driver
 * gets their physical address. The addresses in a client's frame are read once, and what was read is what other clients
 * get; the client may still change a frame that is on its way to the network, so its source address is certain inside
 * only.
 *
 * Clients are not trusted: buffers outside their regions are dropped, buffers that they return but do not have are
 * refused, and a client has at most its share of the driver's queues. The driver is not trusted either: it can lose,
 * change and invent frames of the network, but returns only buffers that it has. Both are counted, and logged once.
 *
 * Clients that read the driver's region can read each other's frames in it, and must not be able to write it. So the
 * access list must allow to all of them what it allows to one; a configuration in which it does not is refused.
 *
 * The system description sets `uplink_rx_paddr` and `client_tx_paddr_0` to `_7` (setvar region_paddr) where there is a
 * driver, the latter in the order of the clients' channels.
 */
#include <libvmm/sddf/net.h>
#include <libvmm/util/util.h>

#include "config.h"
#include "net/net_pool.h"

#define MAC_BYTES       6
#define ADDRESSES_BYTES (2 * MAC_BYTES)
#define FRAME_BYTES_MIN 14 /* destination, source, type */
#define MAC_GROUP       1  /* in the first byte */
#define BATCH           32 /* frames of one queue, before it is another's turn */
#define ROUNDS          32
#define TX_BUFFERS_MAX  SDDF_NET_CAPACITY_MAX /* of a client */

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
    uint64_t mac;
    uint64_t refused_count;                    /* buffers returned that it did not have */
    uint64_t with_driver[TX_BUFFERS_MAX / 64]; /* bit i: the driver has transmit buffer i */
    uint16_t under_way;                        /* how many bits are set there */
    bool is_sharing;                           /* its receive region is the driver's */
    bool has_received;
    bool has_back; /* buffers on tx free */
};

/* A frame: where it is, and its addresses, read once. The first byte of an address is the lowest. */
struct frame {
    uint64_t to;
    uint64_t from;
    const uint8_t *bytes;
    uint16_t length;
    unsigned buffer; /* of the driver's; NET_POOL_NONE: it is a client's */
};

static struct client clients[CONFIG_CLIENTS_MAX];
static unsigned client_count; /* 0: not usable */
static struct sddf_net uplink_rx;
static struct sddf_net uplink_tx;
static struct net_pool pool;
static uint16_t share;
static uint64_t driver_refused_count; /* buffers returned that the driver did not have */
static bool has_sent;                 /* to the uplink */
static bool has_freed;

/* From memory that others may write: each byte is read once. */
static uint64_t read_mac(const volatile uint8_t *at)
{
    return at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 |
           (uint64_t)at[5] << 40;
}

static void write_mac(uint8_t *at, uint64_t mac)
{
    for (unsigned i = 0; i < MAC_BYTES; i++) {
        at[i] = (uint8_t)(mac >> 8 * i);
    }
}

static bool read_frame(struct frame *frame, struct sddf_region data, uint64_t offset, uint16_t length)
{
    if (length < FRAME_BYTES_MIN || length > SDDF_NET_BUFFER_BYTES || !sddf_region_has(data, offset, length)) {
        return false;
    }
    frame->bytes = (const uint8_t *)data.vaddr + offset;
    frame->length = length;
    frame->to = read_mac(frame->bytes);
    frame->from = read_mac(frame->bytes + MAC_BYTES);
    return true;
}

static bool is_group(const struct frame *frame)
{
    return (frame->to & MAC_GROUP) != 0;
}

/* The client with this address; client_count: none. */
static unsigned find_client(uint64_t mac)
{
    unsigned i = 0;
    while (i < client_count && clients[i].mac != mac) {
        i++;
    }
    return i;
}

/* The one copy. */
static void copy_frame(uint8_t *room, const struct frame *frame)
{
    write_mac(room, frame->to);
    write_mac(room + MAC_BYTES, frame->from);
    memcpy(room + ADDRESSES_BYTES, frame->bytes + ADDRESSES_BYTES, (size_t)frame->length - ADDRESSES_BYTES);
}

static bool deliver_copied(struct client *client, struct sddf_region data, const struct frame *frame)
{
    struct sddf_net_buffer buffer;

    if (!sddf_net_take(&client->rx.free, &buffer) ||
        !sddf_region_has(data, buffer.io_or_offset, SDDF_NET_BUFFER_BYTES)) {
        return false;
    }
    copy_frame((uint8_t *)data.vaddr + buffer.io_or_offset, frame);
    buffer.len = frame->length;
    buffer.oid = 0;
    return sddf_net_put(&client->rx.active, &buffer);
}

/* The driver's buffer itself. */
static bool deliver_lent(struct client *client, unsigned to, const struct frame *frame)
{
    const struct sddf_net_buffer buffer = {
        .io_or_offset = (uint64_t)frame->buffer * SDDF_NET_BUFFER_BYTES,
        .len = frame->length,
    };
    return net_pool_lend(&pool, to, frame->buffer) && sddf_net_put(&client->rx.active, &buffer);
}

/* Another client's frame, to one that has no region of its own. */
static bool deliver_to_own(struct client *client, unsigned to, const struct frame *frame)
{
    struct sddf_net_buffer buffer = {.len = frame->length};
    const unsigned number = net_pool_take_own(&pool, to);

    if (number == NET_POOL_NONE) {
        return false;
    }
    buffer.io_or_offset = (uint64_t)number * SDDF_NET_BUFFER_BYTES;
    copy_frame((uint8_t *)config.uplink_rx_data.vaddr + buffer.io_or_offset, frame);
    return sddf_net_put(&client->rx.active, &buffer);
}

static void deliver(const struct frame *frame, unsigned to)
{
    struct client *client = &clients[to];
    bool is_done;

    if (!sddf_net_has(&client->rx.active)) {
        return;
    }
    if (!client->is_sharing) {
        is_done = deliver_copied(client, config.clients[to].rx_data, frame);
    } else if (frame->buffer != NET_POOL_NONE) {
        is_done = deliver_lent(client, to, frame);
    } else {
        is_done = deliver_to_own(client, to, frame);
    }
    client->has_received = is_done || client->has_received;
}

/* To every client it is for, of those in `allowed`. */
static void deliver_all(const struct frame *frame, uint64_t allowed)
{
    if (!is_group(frame)) {
        unsigned only = find_client(frame->to);
        if (only < client_count && (allowed >> only & 1) != 0) {
            deliver(frame, only);
        }
        return;
    }
    for (unsigned i = 0; i < client_count; i++) {
        if ((allowed >> i & 1) != 0) {
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
           (is_group(frame) || find_client(frame->to) == client_count);
}

/* False: the driver takes no more, or has this buffer already, or it is none: it does not begin where buffers do. */
static bool send_to_uplink(unsigned from, uint64_t offset, uint16_t length)
{
    const struct sddf_net_buffer buffer = {.io_or_offset = *tx_paddrs[from] + offset, .len = length};
    const uint64_t number = offset / SDDF_NET_BUFFER_BYTES;
    struct client *client = &clients[from];

    if (offset % SDDF_NET_BUFFER_BYTES != 0 || (client->with_driver[number / 64] >> number % 64 & 1) != 0 ||
        !sddf_net_put(&uplink_tx.active, &buffer)) {
        return false;
    }
    client->with_driver[number / 64] |= UINT64_C(1) << number % 64;
    client->under_way++;
    has_sent = true;
    return true;
}

/* The driver has a client's buffer no longer. False: it never had it. */
static bool take_from_driver(unsigned who, uint64_t offset)
{
    const uint64_t number = offset / SDDF_NET_BUFFER_BYTES;
    struct client *client = &clients[who];

    if (offset >= config.clients[who].tx_data.size || offset % SDDF_NET_BUFFER_BYTES != 0 ||
        (client->with_driver[number / 64] >> number % 64 & 1) == 0) {
        return false;
    }
    client->with_driver[number / 64] &= ~(UINT64_C(1) << number % 64);
    client->under_way--;
    return true;
}

/* One frame of a client. False: there is none, or it has to wait. */
static bool serve(unsigned who)
{
    struct client *client = &clients[who];
    struct sddf_net_buffer buffer;
    struct frame frame = {.buffer = NET_POOL_NONE};

    if ((config.has_uplink && client->under_way >= share) || !sddf_net_take(&client->tx.active, &buffer)) {
        return false;
    }
    bool is_sent = false;
    if (read_frame(&frame, config.clients[who].tx_data, buffer.io_or_offset, buffer.len) && frame.from == client->mac) {
        deliver_all(&frame, config.clients[who].allowed);
        is_sent = goes_to_uplink(&frame, who) && send_to_uplink(who, buffer.io_or_offset, buffer.len);
    }
    if (!is_sent) {
        give_back(who, buffer.io_or_offset);
    }
    return true;
}

/* Gives a buffer back to the driver, unless somebody still has it. */
static void free_buffer(unsigned number)
{
    if (net_pool_give_driver(&pool, number)) {
        const struct sddf_net_buffer buffer = {.io_or_offset =
                                                   uplink_rx_paddr + (uint64_t)number * SDDF_NET_BUFFER_BYTES};
        (void)sddf_net_put(&uplink_rx.free, &buffer);
        has_freed = true;
    }
}

static void refuse(unsigned who)
{
    if (clients[who].refused_count++ == 0) {
        LOG_VMM("client %u returns a buffer that it does not have\n", who);
    }
}

static void refuse_driver(uint64_t paddr)
{
    if (driver_refused_count++ == 0) {
        LOG_VMM_ERR("the driver returns a buffer that it does not have: 0x%lx\n", (unsigned long)paddr);
    }
}

/* A frame from the network. What the driver does not have, it cannot have received. */
static bool receive(unsigned unused)
{
    struct sddf_net_buffer buffer;
    struct frame frame;

    (void)unused;
    if (!sddf_net_take(&uplink_rx.active, &buffer)) {
        return false;
    }
    const uint64_t offset = buffer.io_or_offset - uplink_rx_paddr;
    frame.buffer = net_pool_take_driver(&pool, offset);
    if (frame.buffer == NET_POOL_NONE) {
        refuse_driver(buffer.io_or_offset);
        return true;
    }
    if (read_frame(&frame, config.uplink_rx_data, offset, buffer.len)) {
        deliver_all(&frame, config.uplink_allowed);
    }
    free_buffer(frame.buffer);
    return true;
}

/* A buffer that a client has read; only of a client that shares the driver's region. */
static bool collect(unsigned who)
{
    struct sddf_net_buffer buffer;

    if (!sddf_net_take(&clients[who].rx.free, &buffer)) {
        return false;
    }
    const unsigned number = net_pool_return(&pool, who, buffer.io_or_offset);
    if (number == NET_POOL_NONE) {
        refuse(who);
    } else {
        free_buffer(number);
    }
    return true;
}

/* A client's buffer that the network has taken. */
static bool finish(unsigned unused)
{
    struct sddf_net_buffer buffer;

    (void)unused;
    if (!sddf_net_take(&uplink_tx.free, &buffer)) {
        return false;
    }
    unsigned i = 0;
    while (i < client_count && !take_from_driver(i, buffer.io_or_offset - *tx_paddrs[i])) {
        i++;
    }
    if (i < client_count) {
        give_back(i, buffer.io_or_offset - *tx_paddrs[i]);
    } else {
        refuse_driver(buffer.io_or_offset);
    }
    return true;
}

/* Whether there may be more. */
static inline bool batch(bool (*one)(unsigned), unsigned who)
{
    unsigned left = BATCH;
    while (left != 0 && one(who)) {
        left--;
    }
    return left == 0;
}

/* Everything there is, in turn; whoever never ends on another core is left for later. */
static void pump(void)
{
    bool is_busy = true;

    for (unsigned round = 0; is_busy && round < ROUNDS; round++) {
        is_busy = false;
        for (unsigned i = 0; i < client_count; i++) {
            is_busy = (clients[i].is_sharing && batch(collect, i)) || is_busy;
        }
        if (config.has_uplink) {
            is_busy = batch(finish, 0) || is_busy;
            is_busy = batch(receive, 0) || is_busy;
        }
        for (unsigned i = 0; i < client_count; i++) {
            is_busy = batch(serve, i) || is_busy;
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

/*
 * Asks to be told of whatever comes next; false: something has come already. A client with its share under way waits.
 * Buffers that clients return are wanted when the driver runs out of them.
 */
static bool is_idle(void)
{
    const bool is_low = net_pool_is_low(&pool);
    bool is_nothing = true;

    for (unsigned i = 0; i < client_count; i++) {
        is_nothing = (clients[i].under_way >= share || sddf_net_wait(&clients[i].tx.active)) && is_nothing;
        if (clients[i].is_sharing && is_low) {
            is_nothing = sddf_net_wait(&clients[i].rx.free) && is_nothing;
        }
    }
    if (config.has_uplink) {
        is_nothing = sddf_net_wait(&uplink_rx.active) && is_nothing;
        is_nothing = sddf_net_wait(&uplink_tx.free) && is_nothing;
    }
    return is_nothing;
}

static bool is_sharing(unsigned who)
{
    return config.has_uplink && config.clients[who].rx_data.vaddr == config.uplink_rx_data.vaddr;
}

/* That nobody's frames, of which some client may read none, come into a region that it reads. */
static bool is_sharing_allowed(uint64_t sharing)
{
    bool is_allowed = (config.uplink_allowed & sharing) == sharing;
    for (unsigned i = 0; i < config.client_count; i++) {
        const uint64_t others = sharing & ~(UINT64_C(1) << i);
        const uint64_t readers = config.clients[i].allowed & others;
        is_allowed = is_allowed && (readers == 0 || readers == others);
    }
    if (!is_allowed) {
        LOG_VMM_ERR("clients 0x%lx read the driver's receive region: the access list must allow all of them the same\n",
                    (unsigned long)sharing);
    }
    return is_allowed;
}

static bool open_uplink(void)
{
    unsigned sharing = 0;

    if (!sddf_net_open(&uplink_rx, &config.uplink_rx, SDDF_CONSUMER) ||
        !sddf_net_open(&uplink_tx, &config.uplink_tx, SDDF_PRODUCER)) {
        return false;
    }
    for (unsigned i = 0; i < config.client_count; i++) {
        sharing |= (unsigned)is_sharing(i) << i;
    }
    if (!is_sharing_allowed(sharing)) {
        return false;
    }
    net_pool_init(&pool, config.uplink_rx_data.size / SDDF_NET_BUFFER_BYTES, uplink_rx.free.counter.capacity, sharing,
                  config.client_count);
    for (unsigned i = 0; i < pool.driver_count; i++) {
        free_buffer(i);
    }
    return true;
}

static bool open_client(unsigned who)
{
    struct client *client = &clients[who];

    if (!sddf_net_open(&client->rx, &config.clients[who].rx, SDDF_PRODUCER) ||
        !sddf_net_open(&client->tx, &config.clients[who].tx, SDDF_CONSUMER) ||
        config.clients[who].tx_data.size > (uint64_t)TX_BUFFERS_MAX * SDDF_NET_BUFFER_BYTES) {
        return false;
    }
    client->mac = read_mac(config.clients[who].mac);
    client->is_sharing = is_sharing(who);
    if (!client->is_sharing) {
        sddf_net_fill(&client->rx.free, config.clients[who].rx_data);
    }
    sddf_net_do_not_signal(&client->rx.free); /* we look when a frame comes */
    return true;
}

static bool open_all(void)
{
    if (!config_is_filled_in(config.magic) || config.client_count == 0 || config.client_count > CONFIG_CLIENTS_MAX ||
        (config.has_uplink && !open_uplink())) {
        return false;
    }
    for (unsigned i = 0; i < config.client_count; i++) {
        if (!open_client(i)) {
            return false;
        }
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
