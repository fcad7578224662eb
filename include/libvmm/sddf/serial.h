/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * sDDF's serial connections: a stream of characters each way, in a ring. See queue.h for what the sides may expect of
 * each other.
 *
 * The flag `producer_signalled` is the producer's: it wants to hear when there is room again. A producer notifies the
 * consumer whenever it has added characters.
 */
#pragma once

#include <libvmm/sddf/queue.h>

#define SDDF_SERIAL_VERSION       ((char)3)
#define SDDF_SERIAL_CLIENT_CONFIG ".serial_client_config"
#define SDDF_SERIAL_DRIVER_CONFIG ".serial_driver_config"
/** Most characters that a ring can hold. */
#define SDDF_SERIAL_CAPACITY_MAX (UINT32_C(1) << 31)

/** One direction: the ring's counters, its characters (the region's size is the capacity), and the channel. */
struct sddf_serial_connection {
    struct sddf_region queue;
    struct sddf_region data;
    uint8_t id;
};

/** Section .serial_client_config. */
struct sddf_serial_client_config {
    char magic[SDDF_MAGIC_BYTES];
    struct sddf_serial_connection rx;
    struct sddf_serial_connection tx;
};

/** Section .serial_driver_config: the driver's side of the connections to its virtualisers. */
struct sddf_serial_driver_config {
    char magic[SDDF_MAGIC_BYTES];
    struct sddf_serial_connection rx;
    struct sddf_serial_connection tx;
    uint64_t default_baud;
    bool rx_enabled;
};

/** What lies in the queue region. */
struct sddf_serial_queue {
    uint32_t tail;
    uint32_t head;
    uint32_t producer_signalled;
};

_Static_assert(sizeof(struct sddf_serial_connection) == 40, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_connection, data) == 16, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_connection, id) == 32, "layout of sDDF");
_Static_assert(sizeof(struct sddf_serial_client_config) == 88, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_client_config, rx) == 8, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_client_config, tx) == 48, "layout of sDDF");
_Static_assert(sizeof(struct sddf_serial_driver_config) == 104, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_driver_config, rx) == 8, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_driver_config, tx) == 48, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_driver_config, default_baud) == 88, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_driver_config, rx_enabled) == 96, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_queue, tail) == 0, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_queue, head) == 4, "layout of sDDF");
_Static_assert(offsetof(struct sddf_serial_queue, producer_signalled) == 8, "layout of sDDF");

/** One's end of a ring. Opened by sddf_serial_open; `channel` is there for the caller. */
struct sddf_serial {
    struct sddf_serial_queue *queue;
    uint8_t *data;
    struct sddf_counter32 counter;
    uint8_t channel;
};

/**
 * Opens one's end of a ring.
 *
 * @param ring        filled in; must not be used when this answers false.
 * @param connection  from the configuration section.
 * @param role        of the caller.
 * @return whether the regions can hold a ring: the data region's size must be a power of two.
 */
static inline bool sddf_serial_open(struct sddf_serial *ring, const struct sddf_serial_connection *connection,
                                    enum sddf_role role)
{
    if (!sddf_region_holds(connection->data, connection->data.size, SDDF_SERIAL_CAPACITY_MAX, 0, 1) ||
        !sddf_region_holds(connection->queue, 1, 1, sizeof(struct sddf_serial_queue), 1)) {
        return false;
    }
    ring->queue = (struct sddf_serial_queue *)connection->queue.vaddr;
    ring->data = (uint8_t *)connection->data.vaddr;
    ring->counter = sddf_counter32_open(role, &ring->queue->head, &ring->queue->tail, (uint32_t)connection->data.size);
    ring->channel = connection->id;
    return true;
}

/** Characters that can be read (for the consumer) or written (for the producer); 0 when the other side is broken. */
static inline uint32_t sddf_serial_available(struct sddf_serial *ring)
{
    return sddf_counter32_room(&ring->counter);
}

/** Whether the last operation found that the other side's counter makes no sense. */
static inline bool sddf_serial_is_broken(const struct sddf_serial *ring)
{
    return ring->counter.is_broken;
}

/**
 * A piece of the ring that lies in one piece in memory: of the characters to be read, or of the room for more, from the
 * next one on. Reading or filling it is the caller's, who then says how much it was by sddf_serial_advance. The other
 * side may change what it has written at any time: read each character once.
 *
 * @param bytes  where the piece begins.
 * @return its length; 0 when there is nothing, or when the other side is broken.
 */
static inline uint32_t sddf_serial_piece(struct sddf_serial *ring, uint8_t **bytes)
{
    uint32_t available = sddf_counter32_room(&ring->counter);
    uint32_t index = sddf_counter32_index(&ring->counter, 0);
    uint32_t to_end = ring->counter.capacity - index;

    *bytes = &ring->data[index];
    return available < to_end ? available : to_end;
}

/** Lets the other side see that the first `count` characters of the piece are read, or written. */
static inline void sddf_serial_advance(struct sddf_serial *ring, uint32_t count)
{
    sddf_counter32_advance(&ring->counter, count);
}

/**
 * Writes characters, as many as there is room for. The caller is the producer, and notifies the consumer if any were
 * written.
 *
 * @return how many were written.
 */
static inline uint32_t sddf_serial_write(struct sddf_serial *ring, const void *from, uint32_t count)
{
    uint32_t done = 0;

    while (done < count) {
        uint8_t *bytes;
        uint32_t length = sddf_serial_piece(ring, &bytes);
        if (length == 0) {
            break;
        }
        length = length < count - done ? length : count - done;
        __builtin_memcpy(bytes, (const uint8_t *)from + done, length);
        sddf_serial_advance(ring, length);
        done += length;
    }
    return done;
}

/**
 * Writes a line between others, or nothing of it. The caller is the producer, and notifies the consumer.
 *
 * @param is_in_line  whether the last character written before ended no line; then a line feed comes first. Tells of
 *                    this one afterwards.
 * @param line        a line feed at its end gets a carriage return before it.
 * @return false: there is no room for all of it.
 */
static inline bool sddf_serial_write_line(struct sddf_serial *ring, bool *is_in_line, const char *line, uint32_t length)
{
    const bool has_end = length != 0 && line[length - 1] == '\n';
    const uint32_t line_feed = 2;

    if (sddf_serial_available(ring) < length + 2 * line_feed) {
        return false;
    }
    sddf_serial_write(ring, "\r\n", *is_in_line ? line_feed : 0);
    sddf_serial_write(ring, line, length - has_end);
    sddf_serial_write(ring, "\r\n", has_end ? line_feed : 0);
    *is_in_line = !has_end;
    return true;
}

/**
 * Reads characters, as many as there are. The caller is the consumer, and notifies the producer if any were read and
 * sddf_serial_producer_waits.
 *
 * @return how many were read, at most `count`.
 */
static inline uint32_t sddf_serial_read(struct sddf_serial *ring, void *to, uint32_t count)
{
    uint32_t done = 0;

    while (done < count) {
        uint8_t *bytes;
        uint32_t length = sddf_serial_piece(ring, &bytes);
        if (length == 0) {
            break;
        }
        length = length < count - done ? length : count - done;
        __builtin_memcpy((uint8_t *)to + done, bytes, length);
        sddf_serial_advance(ring, length);
        done += length;
    }
    return done;
}

/** For the consumer, after reading: whether the producer is to be notified that there is room. */
static inline bool sddf_serial_producer_waits(struct sddf_serial *ring)
{
    return sddf_signal_is_due(&ring->queue->producer_signalled);
}

/**
 * For the producer, when the ring is full: asks for a notification when there is room.
 *
 * @return whether to wait. False: there is room already, go on.
 */
static inline bool sddf_serial_wait_for_room(struct sddf_serial *ring)
{
    sddf_signal_request(&ring->queue->producer_signalled);
    if (sddf_counter32_room(&ring->counter) == 0) {
        return true;
    }
    sddf_signal_cancel(&ring->queue->producer_signalled);
    return false;
}

/**
 * For the producer: room besides `kept` characters. When there is none, it asks for a notification when there is more
 * room. Call it once for each decision: the consumer makes room meanwhile.
 *
 * @param kept  characters that must still have room afterwards; less than the ring's capacity.
 * @return how many characters may be written; 0: wait for the notification.
 */
static inline uint32_t sddf_serial_room_besides(struct sddf_serial *ring, uint32_t kept)
{
    uint32_t room = sddf_serial_available(ring);

    if (room <= kept) {
        sddf_signal_request(&ring->queue->producer_signalled);
        room = sddf_serial_available(ring);
    }
    return room > kept ? room - kept : 0;
}
