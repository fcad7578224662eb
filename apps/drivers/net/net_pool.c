/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See net_pool.h.
 */
#include "net/net_pool.h"

#include <libvmm/util/util.h>

#define DRIVER (1u << CONFIG_CLIENTS_MAX)

static void put_free(struct net_pool *pool, unsigned client, unsigned buffer)
{
    pool->next_free[buffer] = pool->clients[client].first_free;
    pool->clients[client].first_free = (uint16_t)buffer;
}

/* Half of all buffers, in equal parts to those who share the region. Answers how many are left. */
static unsigned share_out(struct net_pool *pool, unsigned count, unsigned sharing, unsigned client_count)
{
    unsigned sharing_count = 0;
    for (unsigned i = 0; i < client_count; i++) {
        sharing_count += sharing >> i & 1;
    }
    unsigned left = count;
    for (unsigned i = 0; i < client_count; i++) {
        for (unsigned n = 0; (sharing >> i & 1) != 0 && n < count / 2 / sharing_count; n++) {
            put_free(pool, i, --left);
        }
    }
    return left;
}

void net_pool_init(struct net_pool *pool, uint64_t count, uint16_t driver_max, unsigned sharing, unsigned client_count)
{
    unsigned left = (unsigned)MIN(count, (uint64_t)NET_POOL_BUFFERS_MAX);
    memset(pool, 0, sizeof(*pool));
    for (unsigned i = 0; i < CONFIG_CLIENTS_MAX; i++) {
        pool->clients[i].first_free = NET_POOL_NONE;
    }
    if (sharing != 0 && client_count > 1) {
        left = share_out(pool, left, sharing, client_count);
    }
    pool->driver_count = (uint16_t)MIN(left, (unsigned)driver_max);
    pool->held_max = (uint16_t)MAX(1u, pool->driver_count / client_count);
}

bool net_pool_give_driver(struct net_pool *pool, unsigned buffer)
{
    if (buffer >= pool->driver_count || pool->holders[buffer] != 0) {
        return false;
    }
    pool->holders[buffer] = DRIVER;
    pool->with_driver++;
    return true;
}

/* The buffer at this offset that `holder` has, and has no longer. */
static unsigned take_back(struct net_pool *pool, unsigned holder, uint64_t offset)
{
    const uint64_t buffer = offset / SDDF_NET_BUFFER_BYTES;
    if (offset % SDDF_NET_BUFFER_BYTES != 0 || buffer >= NET_POOL_BUFFERS_MAX ||
        (pool->holders[buffer] & holder) == 0) {
        return NET_POOL_NONE;
    }
    pool->holders[buffer] = (uint16_t)(pool->holders[buffer] & ~holder);
    return (unsigned)buffer;
}

unsigned net_pool_take_driver(struct net_pool *pool, uint64_t offset)
{
    const unsigned buffer = take_back(pool, DRIVER, offset);
    if (buffer != NET_POOL_NONE) {
        pool->with_driver--;
    }
    return buffer;
}

bool net_pool_lend(struct net_pool *pool, unsigned client, unsigned buffer)
{
    if (pool->clients[client].held_count >= pool->held_max) {
        return false;
    }
    pool->clients[client].held_count++;
    pool->holders[buffer] = (uint16_t)(pool->holders[buffer] | 1u << client);
    return true;
}

unsigned net_pool_take_own(struct net_pool *pool, unsigned client)
{
    const unsigned buffer = pool->clients[client].first_free;
    if (buffer != NET_POOL_NONE) {
        pool->clients[client].first_free = pool->next_free[buffer];
        pool->holders[buffer] = (uint16_t)(1u << client);
    }
    return buffer;
}

unsigned net_pool_return(struct net_pool *pool, unsigned client, uint64_t offset)
{
    const unsigned buffer = take_back(pool, 1u << client, offset);
    if (buffer == NET_POOL_NONE) {
        return NET_POOL_NONE;
    }
    if (buffer < pool->driver_count) {
        pool->clients[client].held_count--;
    } else {
        put_free(pool, client, buffer);
    }
    return buffer;
}

bool net_pool_is_low(const struct net_pool *pool)
{
    return pool->with_driver < pool->driver_count / 2;
}
