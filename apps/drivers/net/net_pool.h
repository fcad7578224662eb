/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Who has the buffers of the driver's receive region, where clients read frames in it.
 *
 *      buffer 0 ...            the driver's ones: go round            own ones of client i, of client j, ...
 *      free --> driver --> this --> clients, as many as the           free --> this, with a copy of another
 *        ^                   |      frame is for, at once                ^     client's frame --> client i
 *        +-------------------+--------+                                  +-----------------------+
 *
 * A client returns what it has, and nothing else: anything else is refused. Of the driver's buffers it may have its
 * part at most, so that one that keeps them takes nothing from others; a single client may have all of them. Own
 * buffers are there only where there are several clients: frames of one to another have no buffer of the driver's.
 *
 * Invariant: a buffer with no holder is on its client's list of free ones, or about to be given to the driver.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

#define NET_POOL_BUFFERS_MAX 2048
#define NET_POOL_NONE        UINT16_MAX

struct net_pool_client {
    uint16_t held_count; /* of the driver's buffers */
    uint16_t first_free; /* of its own ones, a list */
};

struct net_pool {
    uint16_t driver_count;                  /* the driver's buffers are the first ones */
    uint16_t with_driver;                   /* those that the driver has now */
    uint16_t held_max;                      /* of the driver's, by one client */
    uint16_t holders[NET_POOL_BUFFERS_MAX]; /* bit i: client i; bit CONFIG_CLIENTS_MAX: the driver */
    uint16_t next_free[NET_POOL_BUFFERS_MAX];
    struct net_pool_client clients[CONFIG_CLIENTS_MAX];
};

/*
 * Nobody has any buffer.
 *
 * `count`: of buffers in the region; `driver_max`: that the driver's queue can hold; `sharing`: bit i is set where
 * client i of `client_count` reads frames in this region.
 */
void net_pool_init(struct net_pool *pool, uint64_t count, uint16_t driver_max, unsigned sharing, unsigned client_count);

/* The driver is given a buffer. False: somebody has it still, or it is a client's own one. */
bool net_pool_give_driver(struct net_pool *pool, unsigned buffer);

/* The driver's buffer at this offset, with a frame in it. NET_POOL_NONE: the driver has no such buffer. */
unsigned net_pool_take_driver(struct net_pool *pool, uint64_t offset);

/* A client is given one of the driver's buffers, which others may have too. False: it has its part already. */
bool net_pool_lend(struct net_pool *pool, unsigned client, unsigned buffer);

/* A client is given one of its own buffers. NET_POOL_NONE: it has all of them. */
unsigned net_pool_take_own(struct net_pool *pool, unsigned client);

/* The buffer at this offset, which the client has no longer. NET_POOL_NONE: it never had it. */
unsigned net_pool_return(struct net_pool *pool, unsigned client, uint64_t offset);

/* Whether the driver will soon have none, so that somebody should hear of it when clients return theirs. */
bool net_pool_is_low(const struct net_pool *pool);
