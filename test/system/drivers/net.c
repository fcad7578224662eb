/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The network jobs of a client; see client.h. */
#include "client.h"

#define ETHERTYPE_ARP  0x0806
#define ETHERTYPE_IP   0x0800
#define ETHERTYPE_TEST 0x88b5 /* for local experiments */

__attribute__((section(SDDF_NET_CLIENT_CONFIG), used)) struct sddf_net_client_config net_config;

static struct sddf_net rx;
static struct sddf_net tx;

static uint8_t gateway_mac[6];
static bool is_gateway_known;
static unsigned pings;
static unsigned ping_bytes;
static unsigned pinged;
static unsigned answers;
static unsigned wrong_answers;
static unsigned broadcasts_heard;
static unsigned peers_heard;
static unsigned peers_wrong;
static unsigned peers_next; /* least number that the next frame may have: some are dropped when a reader is slow */
static unsigned to_send;
static unsigned sent;
static uint8_t peer;

bool net_start(void)
{
    if (!sddf_magic_is(net_config.magic, SDDF_NET_VERSION) || !sddf_net_open(&rx, &net_config.rx, SDDF_CONSUMER) ||
        !sddf_net_open(&tx, &net_config.tx, SDDF_PRODUCER)) {
        return false;
    }
    sddf_net_fill(&tx.free, net_config.tx_data);
    return true;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Takes a buffer to send; NULL: there is none, and we hear when there is one. */
static uint8_t *take_buffer(struct sddf_net_buffer *buffer)
{
    while (!sddf_net_take(&tx.free, buffer)) {
        if (sddf_net_wait(&tx.free)) {
            return NULL;
        }
    }
    return (uint8_t *)net_config.tx_data.vaddr + buffer->io_or_offset;
}

static void put_header(uint8_t *frame, const uint8_t *to, unsigned type)
{
    memcpy(frame, to, 6);
    memcpy(frame + 6, net_config.mac, 6);
    put16(frame + 12, type);
}

static void send(struct sddf_net_buffer *buffer, unsigned length)
{
    buffer->len = (uint16_t)length;
    if (!sddf_net_put(&tx.active, buffer)) {
        say("BAD transmit queue\n");
    }
    if (sddf_net_consumer_waits(&tx.active)) {
        microkit_notify(tx.channel);
    }
}

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* 10.0.2.100 and up by the last byte of our address; the gateway is 10.0.2.2. */
static void put_addresses(uint8_t *from, uint8_t *to)
{
    const uint8_t own[4] = {10, 0, 2, (uint8_t)(100 + net_config.mac[5])};
    const uint8_t gateway[4] = {10, 0, 2, 2};
    memcpy(from, own, 4);
    memcpy(to, gateway, 4);
}

static bool send_arp(void)
{
    struct sddf_net_buffer buffer;
    uint8_t *frame = take_buffer(&buffer);
    if (frame == NULL) {
        return false;
    }
    const uint8_t request[] = {0, 1, 8, 0, 6, 4, 0, 1};
    memset(frame, 0, 60);
    put_header(frame, everybody, ETHERTYPE_ARP);
    memcpy(frame + 14, request, sizeof(request));
    memcpy(frame + 22, net_config.mac, 6);
    put_addresses(frame + 28, frame + 38);
    send(&buffer, 60);
    return true;
}

static unsigned checksum(const uint8_t *bytes, unsigned length)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < length; i += 2) {
        sum += get16(&bytes[i]);
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum & 0xffff;
}

/* [RFC 792] An echo request; `ping_bytes` of data, an even number. */
static bool send_echo(void)
{
    struct sddf_net_buffer buffer;
    uint8_t *frame = take_buffer(&buffer);
    if (frame == NULL) {
        return false;
    }
    uint8_t *ip = frame + 14, *icmp = ip + 20;
    put_header(frame, gateway_mac, ETHERTYPE_IP);
    memset(ip, 0, 28);
    ip[0] = 0x45;
    put16(ip + 2, 28 + ping_bytes);
    ip[8] = 64;
    ip[9] = 1;
    put_addresses(ip + 12, ip + 16);
    put16(ip + 10, checksum(ip, 20));
    icmp[0] = 8;
    put16(icmp + 4, net_config.mac[5]);
    put16(icmp + 6, pinged);
    for (unsigned i = 0; i < ping_bytes; i++) {
        icmp[8 + i] = (uint8_t)(i * 3 + pinged);
    }
    put16(icmp + 2, checksum(icmp, 8 + ping_bytes));
    send(&buffer, 42 + ping_bytes);
    return true;
}

static void hear_arp(const uint8_t *frame)
{
    if (get16(frame + 20) == 2 && frame[28] == 10 && frame[31] == 2) {
        memcpy(gateway_mac, frame + 22, 6);
        is_gateway_known = true;
    }
}

static void hear_echo(const uint8_t *frame, unsigned length)
{
    const uint8_t *icmp = frame + 34;
    bool is_right = length >= 42 + ping_bytes && icmp[0] == 0 && get16(icmp + 4) == net_config.mac[5];
    unsigned number = get16(icmp + 6);

    for (unsigned i = 0; is_right && i < ping_bytes; i++) {
        is_right = icmp[8 + i] == (uint8_t)(i * 3 + number);
    }
    answers++;
    wrong_answers += !is_right;
}

static void hear_test(const uint8_t *frame, unsigned length)
{
    if ((frame[0] & 1) != 0) {
        broadcasts_heard++;
    } else {
        const unsigned number = get16(frame + 14);
        peers_wrong += length != 1000 || number < peers_next || frame[999] != 0x5a;
        peers_next = number + 1;
        peers_heard++;
    }
}

static void hear(const uint8_t *frame, unsigned length)
{
    bool is_for_us = (frame[0] & 1) != 0 || memcmp(frame, net_config.mac, 6) == 0;

    if (!is_for_us) {
        say("BAD frame for somebody else\n");
    } else if (get16(frame + 12) == ETHERTYPE_ARP) {
        hear_arp(frame);
    } else if (get16(frame + 12) == ETHERTYPE_IP && frame[23] == 1) {
        hear_echo(frame, length);
    } else if (get16(frame + 12) == ETHERTYPE_TEST) {
        hear_test(frame, length);
    }
}

void net_listen(void)
{
    struct sddf_net_buffer buffer;
    bool has_freed = false;

    do {
        while (sddf_net_take(&rx.active, &buffer)) {
            hear((const uint8_t *)net_config.rx_data.vaddr + buffer.io_or_offset, buffer.len);
            buffer.len = 0;
            (void)sddf_net_put(&rx.free, &buffer);
            has_freed = true;
        }
    } while (!sddf_net_wait(&rx.active));
    if (has_freed && sddf_net_consumer_waits(&rx.free)) {
        microkit_notify(rx.channel);
    }
}

/* One under way at a time: QEMU answers each. */
static bool ping_step(void)
{
    if (!is_gateway_known) {
        return false;
    }
    while (pinged == answers && pinged < pings) {
        if (!send_echo()) {
            return false;
        }
        pinged++;
    }
    if (answers < pings) {
        return false;
    }
    say("%s: %u pings, %s%u wrong\n", microkit_name, answers, wrong_answers != 0 ? "BAD " : "", wrong_answers);
    return true;
}

job_t net_ping(unsigned count, unsigned size)
{
    pings = count;
    ping_bytes = size;
    pinged = 0;
    answers = 0;
    wrong_answers = 0;
    is_gateway_known = false;
    if (!send_arp()) {
        say("BAD no buffer\n");
    }
    return ping_step;
}

static bool at_once(void)
{
    return true;
}

job_t net_broadcast(unsigned unused, unsigned unused2)
{
    struct sddf_net_buffer buffer;
    uint8_t *frame = take_buffer(&buffer);
    (void)unused;
    (void)unused2;
    if (frame == NULL) {
        say("BAD no buffer\n");
        return at_once;
    }
    memset(frame, 0, 100);
    put_header(frame, everybody, ETHERTYPE_TEST);
    send(&buffer, 100);
    return at_once;
}

static bool send_step(void)
{
    uint8_t to[6];

    memcpy(to, net_config.mac, 5);
    to[5] = peer;
    for (; sent < to_send; sent++) {
        struct sddf_net_buffer buffer;
        uint8_t *frame = take_buffer(&buffer);
        if (frame == NULL) {
            return false;
        }
        memset(frame, 0x5a, 1000);
        put_header(frame, to, ETHERTYPE_TEST);
        put16(frame + 14, sent);
        send(&buffer, 1000);
    }
    return true;
}

job_t net_to_peer(unsigned last_byte, unsigned count)
{
    peer = (uint8_t)last_byte;
    to_send = count;
    sent = 0;
    return send_step;
}

job_t net_heard(unsigned unused, unsigned unused2)
{
    (void)unused;
    (void)unused2;
    say("%s: heard %u broadcasts, %u frames, %s%u wrong\n", microkit_name, broadcasts_heard, peers_heard,
        peers_wrong != 0 ? "BAD " : "", peers_wrong);
    broadcasts_heard = 0;
    peers_heard = 0;
    peers_wrong = 0;
    peers_next = 0;
    return at_once;
}
