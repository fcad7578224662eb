/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the queues of the seL4 Device Driver Framework (sDDF, version 0.7) have in common: memory regions, counters and
 * signalling. The queues themselves are in serial.h, blk.h and net.h.
 *
 * A queue lies in memory that both sides can write. It has a producer, who owns the counter `tail`, and a consumer, who
 * owns `head`. The other side is not trusted:
 * - one's own counter is kept in private memory and only published: what is written over it does not matter;
 * - the other side's counter is read at most once an operation; in net.h only when what was seen of it last is used up.
 *   When more entries seem to lie between the two than the queue can hold, the other side is broken: the queue then
 *   looks empty to the consumer and full to the producer, nothing of it is touched, and `is_broken` says so. It heals
 * as soon as the counter makes sense again;
 * - an entry is copied out once, and only the copy is looked at. What it says is for the caller to check.
 *
 * Invariant: tail - own or own - head, modulo the width of the counters, is at most the capacity when an operation goes
 * on to the entries.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** First bytes of a configuration section; a number that is the version of its layout follows. */
#define SDDF_MAGIC "sDDF"
/** Bytes of the magic with the version. */
#define SDDF_MAGIC_BYTES 5

/** A memory region as the program that reads this has it mapped; size in bytes. */
struct sddf_region {
    void *vaddr;
    uint64_t size;
};

_Static_assert(sizeof(struct sddf_region) == 16, "layout of sDDF");

/** On which side of a queue one is. */
enum sddf_role {
    SDDF_PRODUCER,
    SDDF_CONSUMER,
};

/** Whether a configuration section has been filled in, in the layout that `version` stands for. */
static inline bool sddf_magic_is(const char magic[SDDF_MAGIC_BYTES], char version)
{
    const char expected[SDDF_MAGIC_BYTES] = {'s', 'D', 'D', 'F', version};
    for (unsigned i = 0; i < SDDF_MAGIC_BYTES; i++) {
        if (magic[i] != expected[i]) {
            return false;
        }
    }
    return true;
}

/**
 * Whether a region can hold a queue: a header, then `capacity` entries, aligned to 8 bytes.
 *
 * @param capacity     entries; must be a power of two, at most `most`.
 * @param header_bytes where the entries begin.
 * @param entry_bytes  size of one, not 0.
 */
static inline bool sddf_region_holds(struct sddf_region region, uint64_t capacity, uint64_t most, uint64_t header_bytes,
                                     uint64_t entry_bytes)
{
    return region.vaddr != NULL && (uintptr_t)region.vaddr % 8 == 0 && capacity != 0 && capacity <= most &&
           (capacity & (capacity - 1)) == 0 && region.size >= header_bytes &&
           (region.size - header_bytes) / entry_bytes >= capacity;
}

/**
 * Whether a buffer lies wholly inside a data region. Correct for every value; an empty buffer does where its start
 * does.
 */
static inline bool sddf_region_has(struct sddf_region region, uint64_t offset, uint64_t size)
{
    return size <= region.size && offset <= region.size - size;
}

/**
 * Asks the other side for a notification when it next changes the queue, before one goes to sleep. The queue must be
 * looked at once more after this; if there is work, sddf_signal_cancel and go on.
 *
 * @param flag  the queue's `producer_signalled` or `consumer_signalled`.
 */
static inline void sddf_signal_request(uint32_t *flag)
{
    __atomic_store_n(flag, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/** Tells the other side that no notification is needed. */
static inline void sddf_signal_cancel(uint32_t *flag)
{
    __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
}

/**
 * Whether the other side must be notified, after the queue was changed; then it is taken that the caller does so.
 *
 * @param flag  the queue's `producer_signalled` or `consumer_signalled`.
 */
static inline bool sddf_signal_is_due(uint32_t *flag)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(flag, __ATOMIC_RELAXED) != 0) {
        return false;
    }
    __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
    return true;
}

/*
 * One's own view of a queue with counters of 32 bits. For the operations of serial.h and blk.h; not to be touched.
 */
struct sddf_counter32 {
    uint32_t *published; /* one's own counter, for the other side to read */
    uint32_t *other;     /* the other side's */
    uint32_t own;
    uint32_t capacity;
    enum sddf_role role;
    bool is_broken;
};

/* The same with counters of 16 bits, for net.h. */
struct sddf_counter16 {
    uint16_t *published;
    uint16_t *other;
    uint16_t own;
    uint16_t capacity;
    uint16_t left; /* entries to go on with before `other` is looked at again */
    enum sddf_role role;
    bool is_broken;
};

static inline struct sddf_counter32 sddf_counter32_open(enum sddf_role role, uint32_t *head, uint32_t *tail,
                                                        uint32_t capacity)
{
    uint32_t *published = role == SDDF_PRODUCER ? tail : head;
    return (struct sddf_counter32){
        .published = published,
        .other = role == SDDF_PRODUCER ? head : tail,
        .own = __atomic_load_n(published, __ATOMIC_RELAXED),
        .capacity = capacity,
        .role = role,
    };
}

static inline struct sddf_counter16 sddf_counter16_open(enum sddf_role role, uint16_t *head, uint16_t *tail,
                                                        uint16_t capacity)
{
    uint16_t *published = role == SDDF_PRODUCER ? tail : head;
    return (struct sddf_counter16){
        .published = published,
        .other = role == SDDF_PRODUCER ? head : tail,
        .own = __atomic_load_n(published, __ATOMIC_RELAXED),
        .capacity = capacity,
        .role = role,
    };
}

/* How many entries the caller may go on with: to take for a consumer, to fill for a producer. */
static inline uint32_t sddf_counter32_room(struct sddf_counter32 *counter)
{
    uint32_t other = __atomic_load_n(counter->other, __ATOMIC_ACQUIRE);
    uint32_t length = counter->role == SDDF_PRODUCER ? counter->own - other : other - counter->own;

    counter->is_broken = length > counter->capacity;
    if (counter->is_broken) {
        return 0;
    }
    return counter->role == SDDF_PRODUCER ? counter->capacity - length : length;
}

/* The same, of what the other side has done by now. */
static inline uint16_t sddf_counter16_look(struct sddf_counter16 *counter)
{
    uint16_t other = __atomic_load_n(counter->other, __ATOMIC_ACQUIRE);
    uint16_t length = (uint16_t)(counter->role == SDDF_PRODUCER ? counter->own - other : other - counter->own);

    counter->is_broken = length > counter->capacity;
    if (counter->is_broken) {
        counter->left = 0;
    } else {
        counter->left = counter->role == SDDF_PRODUCER ? (uint16_t)(counter->capacity - length) : length;
    }
    return counter->left;
}

/* Whether there is an entry to go on with. */
static inline bool sddf_counter16_has(struct sddf_counter16 *counter)
{
    return counter->left != 0 || sddf_counter16_look(counter) != 0;
}

/* Index of the entry `ahead` of the next one. */
static inline uint32_t sddf_counter32_index(const struct sddf_counter32 *counter, uint32_t ahead)
{
    return (counter->own + ahead) & (counter->capacity - 1);
}

static inline uint16_t sddf_counter16_index(const struct sddf_counter16 *counter)
{
    return (uint16_t)(counter->own & (counter->capacity - 1));
}

/* Lets the other side see that `count` entries, or one, are done with. */
static inline void sddf_counter32_advance(struct sddf_counter32 *counter, uint32_t count)
{
    counter->own += count;
    __atomic_store_n(counter->published, counter->own, __ATOMIC_RELEASE);
}

static inline void sddf_counter16_advance(struct sddf_counter16 *counter)
{
    counter->own = (uint16_t)(counter->own + 1);
    counter->left = (uint16_t)(counter->left - 1);
    __atomic_store_n(counter->published, counter->own, __ATOMIC_RELEASE);
}
