/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The network device over sDDF queues. [VIRTIO 5.1]
 *
 *      guest                                  this                                  virtualiser
 *      transmit queue --header, frame-->      one copy, into a buffer  --active-->  tx
 *                                                                      <--free----
 *      receive queue  <--header, frame--      one copy, out of it      <--active--  rx
 *                                                                      --free---->
 *
 * With mergeable buffers a frame may fill several chains. They are put into the used ring together, once all of it has
 * found room; until then they can be given back.
 *
 * What is not a frame (of no sensible length, or with a request for an offload that was not offered) is dropped, as a
 * network does. A buffer of the virtualiser's that does not lie in the data region is dropped too.
 *
 * Left out: offloads, several pairs of queues, announcements, and the filters themselves: the commands that set them
 * are taken, and the virtualiser passes on what is for the guest's address and for all.
 *
 * Invariant: each buffer taken from the virtualiser is in at most one of `sending` and `receiving`, or has been given
 * back; nothing of the guest's is kept between two calls.
 */
#include <libvmm/virtio/net.h>

#include <libvmm/util/util.h>

#include "devices/virtio/virtio_device.h"
#include "spec/virtio/net.h"

#define FEATURES                                                                                                       \
    (VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CTRL_VQ |       \
     VIRTIO_NET_F_CTRL_RX)

#define QUEUE_RECEIVE  0
#define QUEUE_TRANSMIT 1
#define QUEUE_CONTROL  2
#define QUEUE_COUNT    3
#define QUEUE_SIZE     256
#define CONTROL_SIZE   16

#define MTU_BYTES         1500
#define FRAME_BYTES_MIN   14               /* an Ethernet header */
#define FRAME_BYTES_MTU   (MTU_BYTES + 18) /* the same and a VLAN tag */
#define MAC_BYTES         6
#define CHAINS_MAX        16 /* that one frame may fill */
#define CONTROL_CALLS_MAX (2 * CONTROL_SIZE)
/*
 * Frames moved in one direction, and looks for more of them, before others have a right to the VMM too. More than a
 * driver can give before it is shown what is used.
 */
#define FRAMES_MAX 4096

struct config {
    uint8_t mac[MAC_BYTES];
    uint16_t status;
    uint16_t max_virtqueue_pairs;
    uint16_t mtu;
};

/* Before each frame [VIRTIO 5.1.6] */
struct header {
    uint8_t flags;
    uint8_t gso_type;
    uint16_t hdr_len;
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint16_t num_buffers;
};

#define HEADER_TO_BUFFERS offsetof(struct header, num_buffers)

#define MAC_TABLE_ENTRIES_MAX 64

_Static_assert(sizeof(struct config) == 12, "layout of VIRTIO 5.1.4");
_Static_assert(sizeof(struct header) == 12, "layout of VIRTIO 5.1.6");

/* A buffer that was taken from the virtualiser and is still to be used. */
struct held {
    bool is_there;
    struct sddf_net_buffer buffer;
};

struct net {
    struct virtio_device dev;
    struct virtq queues[QUEUE_COUNT];
    struct config config;
    struct sddf_net tx;
    struct sddf_net rx;
    struct sddf_region tx_data;
    struct sddf_region rx_data;
    struct held sending;    /* free */
    struct held receiving;  /* with a frame in it */
    bool owes_notification; /* buffers were given back */
    uint16_t too_few;       /* chains that are available, but do not do for that frame */
};

_Static_assert(sizeof(struct net) <= VIRTIO_NET_STORAGE_BYTES, "storage of the public structure");

/* Chains that a frame is being put into. */
struct filling {
    struct virtq_chain chain; /* the current one */
    uint16_t heads[CHAINS_MAX];
    uint32_t written_bytes[CHAINS_MAX];
    uint16_t count;
    uint8_t *num_buffers[sizeof(uint16_t)]; /* its bytes, in the first chain */
};

enum outcome {
    OUTCOME_DONE,
    OUTCOME_DROP, /* the frame */
    OUTCOME_WAIT, /* for the guest */
};

static uint8_t *bytes_of(struct sddf_region data, uint64_t offset)
{
    return (uint8_t *)data.vaddr + offset;
}

static void fail_chain(struct net *net)
{
    virtio_device_fail(&net->dev, "gives a broken chain");
}

/* Transmission. */

/* Takes a free buffer, unless there is one already. False: none; the virtualiser will say when there is. */
static bool have_free_buffer(struct net *net)
{
    struct held *sending = &net->sending;
    do {
        while (!sending->is_there && sddf_net_take(&net->tx.free, &sending->buffer)) {
            sending->is_there = sddf_region_has(net->tx_data, sending->buffer.io_or_offset, SDDF_NET_BUFFER_BYTES);
        }
    } while (!sending->is_there && !sddf_net_wait(&net->tx.free));
    return sending->is_there;
}

/* Copies a frame out of a chain. Answers its length; 0 when it is none. */
static uint16_t read_frame(struct net *net, struct virtq_chain *chain)
{
    _Alignas(uint64_t) struct header header; /* copied by words */
    uint8_t *to = bytes_of(net->tx_data, net->sending.buffer.io_or_offset);
    if (virtq_chain_read(chain, &header, sizeof header) != sizeof header ||
        header.gso_type != VIRTIO_NET_HDR_GSO_NONE || (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
        return 0;
    }
    const size_t bytes = virtq_chain_read(chain, to, SDDF_NET_BUFFER_BYTES);
    return bytes < FRAME_BYTES_MIN || !virtq_chain_is_read(chain) ? 0 : (uint16_t)bytes;
}

/* Sends the next frame. False: there is none, or no buffer for it. */
static bool send(struct net *net)
{
    struct virtq_chain chain;
    struct held *sending = &net->sending;
    if (!virtq_has_available(&net->queues[QUEUE_TRANSMIT]) || !have_free_buffer(net) ||
        !virtio_device_pop(&net->dev, QUEUE_TRANSMIT, &chain)) {
        return false;
    }
    sending->buffer.len = read_frame(net, &chain);
    if (chain.is_broken) {
        fail_chain(net);
        return false;
    }
    if (sending->buffer.len != 0) {
        /* Full only if the virtualiser is broken: it gave no more buffers than there is room for. */
        sending->is_there = !sddf_net_put(&net->tx.active, &sending->buffer);
    }
    virtq_put(&net->queues[QUEUE_TRANSMIT], chain.head, 0);
    return true;
}

/* Whether to go on at once. Otherwise somebody will call: the guest, or the virtualiser when it has a buffer. */
static bool transmit_goes_on(struct net *net, unsigned left)
{
    struct virtq *vq = &net->queues[QUEUE_TRANSMIT];
    if (!net->dev.is_running || !vq->enabled) {
        return false;
    }
    if (left == 0) {
        /* The next buffer that comes back goes on. */
        sddf_signal_request(&net->tx.free.queue->consumer_signalled);
        return false;
    }
    if (!have_free_buffer(net)) {
        virtq_suppress_kicks(vq);
        return false;
    }
    return virtq_want_kicks(vq);
}

static void transmit(struct net *net)
{
    unsigned left = FRAMES_MAX;
    do {
        while (left != 0 && send(net)) {
            left--;
        }
    } while (transmit_goes_on(net, left) && left-- != 0);
    virtio_device_signal(&net->dev, QUEUE_TRANSMIT);
    if (left != FRAMES_MAX && sddf_net_consumer_waits(&net->tx.active)) {
        microkit_notify(net->tx.channel);
    }
}

/* Reception. */

/* Gives the buffer with the frame back, empty. */
static void return_received(struct net *net)
{
    const struct sddf_net_buffer buffer = {.io_or_offset = net->receiving.buffer.io_or_offset};
    net->receiving.is_there = false;
    net->owes_notification = sddf_net_put(&net->rx.free, &buffer) || net->owes_notification;
}

static void notify_returned(struct net *net)
{
    if (net->owes_notification && sddf_net_consumer_waits(&net->rx.free)) {
        microkit_notify(net->rx.channel);
    }
    net->owes_notification = false;
}

static bool is_frame(const struct net *net, const struct sddf_net_buffer *buffer)
{
    const uint32_t bytes_max = virtio_device_has(&net->dev, VIRTIO_NET_F_MTU) ? FRAME_BYTES_MTU : SDDF_NET_BUFFER_BYTES;
    return buffer->len >= FRAME_BYTES_MIN && buffer->len <= bytes_max &&
           sddf_region_has(net->rx_data, buffer->io_or_offset, SDDF_NET_BUFFER_BYTES);
}

/* Takes a frame, unless there is one already. False: none; the virtualiser will say when there is. */
static bool have_frame(struct net *net)
{
    struct held *receiving = &net->receiving;
    do {
        while (!receiving->is_there && sddf_net_take(&net->rx.active, &receiving->buffer)) {
            receiving->is_there = is_frame(net, &receiving->buffer);
            if (!receiving->is_there &&
                sddf_region_has(net->rx_data, receiving->buffer.io_or_offset, SDDF_NET_BUFFER_BYTES)) {
                return_received(net);
            }
        }
    } while (!receiving->is_there && !sddf_net_wait(&net->rx.active));
    return receiving->is_there;
}

static enum outcome next_chain(struct net *net, struct filling *filling)
{
    if (filling->count == CHAINS_MAX) {
        return OUTCOME_DROP;
    }
    if (!virtio_device_pop(&net->dev, QUEUE_RECEIVE, &filling->chain)) {
        return OUTCOME_WAIT;
    }
    filling->heads[filling->count++] = filling->chain.head;
    return OUTCOME_DONE;
}

/* Writes the header but for num_buffers, whose place it finds. False: no room. */
static bool write_header(struct filling *filling)
{
    _Alignas(uint64_t) const struct header header = {.gso_type = VIRTIO_NET_HDR_GSO_NONE};
    if (virtq_chain_write(&filling->chain, &header, HEADER_TO_BUFFERS) != HEADER_TO_BUFFERS) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(filling->num_buffers); i++) {
        struct virtq_piece piece;
        if (!virtq_chain_claim(&filling->chain, 1, &piece)) {
            return false;
        }
        filling->num_buffers[i] = piece.memory;
        filling->chain.written_bytes += piece.bytes;
    }
    return true;
}

/* Writes the frame into as many chains as it takes. */
static enum outcome write_frame(struct net *net, struct filling *filling)
{
    const uint8_t *from = bytes_of(net->rx_data, net->receiving.buffer.io_or_offset);
    uint32_t left = net->receiving.buffer.len;
    for (;;) {
        const uint32_t written = (uint32_t)virtq_chain_write(&filling->chain, from, left);
        from += written;
        left -= written;
        filling->written_bytes[filling->count - 1] = filling->chain.written_bytes;
        if (left == 0) {
            return OUTCOME_DONE;
        }
        if (!virtio_device_has(&net->dev, VIRTIO_NET_F_MRG_RXBUF) || filling->chain.is_broken) {
            return OUTCOME_DROP;
        }
        const enum outcome outcome = next_chain(net, filling);
        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
    }
}

static enum outcome fill(struct net *net, struct filling *filling)
{
    enum outcome outcome = next_chain(net, filling);
    if (outcome == OUTCOME_DONE) {
        outcome = write_header(filling) ? write_frame(net, filling) : OUTCOME_DROP;
    }
    return outcome;
}

/* The frame is in the chains: shows how many they are, and uses them. */
static void use_chains(struct net *net, const struct filling *filling)
{
    for (size_t i = 0; i < ARRAY_SIZE(filling->num_buffers); i++) {
        *filling->num_buffers[i] = (uint8_t)(filling->count >> (8 * i));
    }
    for (uint16_t i = 0; i < filling->count; i++) {
        virtq_put(&net->queues[QUEUE_RECEIVE], filling->heads[i], filling->written_bytes[i]);
    }
}

/* Gives the next frame to the guest. False: there is none, or no room for it. */
static bool deliver(struct net *net)
{
    struct filling filling = {0};
    if (!have_frame(net)) {
        return false;
    }
    const enum outcome outcome = fill(net, &filling);
    if (filling.chain.is_broken) {
        fail_chain(net);
        return false;
    }
    if (outcome == OUTCOME_DONE) {
        use_chains(net, &filling);
    } else if (filling.count != 0 && net->dev.is_running) {
        virtq_unpop(&net->queues[QUEUE_RECEIVE], filling.count);
    }
    if (outcome == OUTCOME_WAIT) {
        net->too_few = filling.count;
        return false;
    }
    return_received(net);
    return true;
}

/* Whether to go on at once. Otherwise somebody will call: the virtualiser, or the guest when it has room. */
static bool receive_goes_on(struct net *net, unsigned left)
{
    struct virtq *vq = &net->queues[QUEUE_RECEIVE];
    if (!net->dev.is_running || !vq->enabled) {
        return false;
    }
    if (left == 0) {
        /* The next frame, or buffer of the guest's, goes on. */
        sddf_signal_request(&net->rx.active.queue->consumer_signalled);
        (void)!virtq_want_more(vq, virtq_available(vq));
        return false;
    }
    if (!net->receiving.is_there) {
        virtq_suppress_kicks(vq);
        return have_frame(net);
    }
    return virtq_want_more(vq, net->too_few);
}

static void receive(struct net *net)
{
    unsigned left = FRAMES_MAX;
    do {
        while (left != 0 && deliver(net)) {
            left--;
        }
    } while (receive_goes_on(net, left) && left-- != 0);
    virtio_device_signal(&net->dev, QUEUE_RECEIVE);
    notify_returned(net);
}

/* Nobody is there to receive: frames are for nobody. */
static void discard(struct net *net)
{
    unsigned left = FRAMES_MAX;
    while (left != 0 && have_frame(net)) {
        return_received(net);
        left--;
    }
    notify_returned(net);
}

/* Control. */

static bool take_switch(struct virtq_chain *chain)
{
    uint8_t is_on;
    return virtq_chain_read(chain, &is_on, sizeof is_on) == sizeof is_on && is_on <= 1;
}

static bool take_table(struct virtq_chain *chain)
{
    uint32_t entries;
    uint8_t mac[MAC_BYTES];
    if (virtq_chain_read(chain, &entries, sizeof entries) != sizeof entries || entries > MAC_TABLE_ENTRIES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < entries; i++) {
        if (virtq_chain_read(chain, mac, sizeof mac) != sizeof mac) {
            return false;
        }
    }
    return true;
}

static bool command(struct virtq_chain *chain)
{
    uint8_t what[2]; /* class and command */
    if (virtq_chain_read(chain, what, sizeof what) != sizeof what) {
        return false;
    }
    switch (what[0]) {
    case VIRTIO_NET_CTRL_RX:
        return what[1] <= VIRTIO_NET_CTRL_RX_ALLMULTI && take_switch(chain);
    case VIRTIO_NET_CTRL_MAC:
        /* Unicast, then multicast. */
        return what[1] == VIRTIO_NET_CTRL_MAC_TABLE_SET && take_table(chain) && take_table(chain);
    default:
        return false;
    }
}

static void control(struct net *net)
{
    struct virtq *vq = &net->queues[QUEUE_CONTROL];
    struct virtq_chain chain;
    unsigned left = CONTROL_CALLS_MAX;
    do {
        while (left != 0 && virtio_device_pop(&net->dev, QUEUE_CONTROL, &chain)) {
            const uint8_t answer = command(&chain) ? VIRTIO_NET_OK : VIRTIO_NET_ERR;
            if (virtq_chain_write(&chain, &answer, sizeof answer) != sizeof answer || chain.is_broken) {
                fail_chain(net);
                return;
            }
            virtq_put(vq, chain.head, chain.written_bytes);
            left--;
        }
    } while (net->dev.is_running && virtq_want_kicks(vq) && left-- > 1);
    virtio_device_signal(&net->dev, QUEUE_CONTROL);
}

static void kick(void *ctx, uint16_t queue)
{
    struct net *net = ctx;
    switch (queue) {
    case QUEUE_RECEIVE:
        receive(net);
        break;
    case QUEUE_TRANSMIT:
        transmit(net);
        break;
    default:
        if (virtio_device_has(&net->dev, VIRTIO_NET_F_CTRL_VQ)) {
            control(net);
        }
        break;
    }
}

/* Frames that wait were for the guest's former life. */
static void reset(void *ctx)
{
    discard(ctx);
}

static bool accepts(void *ctx, uint64_t features)
{
    (void)ctx;
    return (features & VIRTIO_NET_F_CTRL_RX) == 0 || (features & VIRTIO_NET_F_CTRL_VQ) != 0; /* [VIRTIO 5.1.3.1] */
}

static void queue_reset(void *ctx, uint16_t queue)
{
    (void)ctx;
    (void)queue;
}

static void report(void *ctx, const struct report *to)
{
    struct net *net = ctx;
    const unsigned waiting = sddf_net_available(&net->rx.active) + net->receiving.is_there;
    const unsigned free_count = sddf_net_available(&net->tx.free) + net->sending.is_there;
    report_line(to, "  %u frames wait for the guest%s", waiting,
                net->receiving.is_there ? ", which has given no buffer that is large enough" : "");
    report_line(to, "  %u free buffers for what it sends%s", free_count,
                free_count == 0 ? ": the virtualiser returns none" : "");
}

static bool on_notified(void *ctx, microkit_channel channel)
{
    struct net *net = ctx;
    const bool is_rx = channel == net->rx.channel;
    const bool is_tx = channel == net->tx.channel;
    if (is_rx && net->dev.is_running && net->queues[QUEUE_RECEIVE].enabled) {
        receive(net);
    } else if (is_rx) {
        discard(net);
    }
    if (is_tx) {
        virtio_device_kick(&net->dev, QUEUE_TRANSMIT);
    }
    return is_rx || is_tx;
}

static bool open_queues(struct net *net, const struct sddf_net_client_config *config)
{
    if (config == NULL || !sddf_magic_is(config->magic, SDDF_NET_VERSION) ||
        !sddf_net_open(&net->rx, &config->rx, SDDF_CONSUMER) || !sddf_net_open(&net->tx, &config->tx, SDDF_PRODUCER)) {
        return false;
    }
    net->rx_data = config->rx_data;
    net->tx_data = config->tx_data;
    net->config = (struct config){.status = VIRTIO_NET_S_LINK_UP, .max_virtqueue_pairs = 1, .mtu = MTU_BYTES};
    memcpy(net->config.mac, config->mac, MAC_BYTES);
    sddf_net_fill(&net->tx.free, net->tx_data);
    return true;
}

bool virtio_net_init(struct virtio_net *storage, struct virtio_place place, const struct sddf_net_client_config *config)
{
    static const struct virtio_device_ops ops = {
        .reset = reset,
        .queue_reset = queue_reset,
        .report = report,
        .kick = kick,
        .accepts = accepts,
        .notified = on_notified,
    };
    struct net *net = (struct net *)(void *)storage;
    const struct virtio_device_type type = {
        .id = VIRTIO_ID_NET,
        .name = "virtio net",
        .ops = &ops,
        .features = FEATURES,
        .queues = net->queues,
        .queue_count = QUEUE_COUNT,
        .config = &net->config,
        .config_bytes = sizeof net->config,
    };
    *net = (struct net){0};
    if (!open_queues(net, config)) {
        LOG_VMM_ERR("virtio net: its client configuration is not one of sDDF 0.7's, or its queues do not fit their "
                    "regions\n");
        return false;
    }
    net->queues[QUEUE_RECEIVE].size_max = QUEUE_SIZE;
    net->queues[QUEUE_TRANSMIT].size_max = QUEUE_SIZE;
    net->queues[QUEUE_CONTROL].size_max = CONTROL_SIZE;
    return virtio_device_init(&net->dev, &type, net, &place);
}
