/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Configuration sections of these drivers and virtualisers, beside those that sDDF has for clients.
 * tools/sddf/configure fills them in; its packing and these structures are one format.
 */
#pragma once

#include <libvmm/sddf/blk.h>
#include <libvmm/sddf/entropy.h>
#include <libvmm/sddf/net.h>
#include <libvmm/sddf/serial.h>

#define CONFIG_CLIENTS_MAX 8
#define CONFIG_NAME_BYTES  16

#define CONFIG_SECTION(name) __attribute__((section(name), used))

enum serial_style {
    SERIAL_STYLE_COLOUR,
    SERIAL_STYLE_PREFIX,
    SERIAL_STYLE_PLAIN,
};

struct serial_virt_client {
    char name[CONFIG_NAME_BYTES]; /* ends with a zero */
    struct sddf_serial_connection rx;
    struct sddf_serial_connection tx;
};

/* Section .serial_virt_config. */
struct serial_virt_config {
    char magic[SDDF_MAGIC_BYTES];
    uint8_t client_count;
    uint8_t style; /* enum serial_style */
    struct sddf_serial_connection driver_rx;
    struct sddf_serial_connection driver_tx;
    struct serial_virt_client clients[CONFIG_CLIENTS_MAX];
};

/* Section .uart_config, beside sDDF's .serial_driver_config. */
struct uart_config {
    char magic[SDDF_MAGIC_BYTES];
    uint8_t reserved[3];
    uint32_t clock_hz; /* 0: the speed of the line stays as it is */
    uint32_t baud;
};

/* Section .blk_driver_config. */
struct blk_driver_config {
    char magic[SDDF_MAGIC_BYTES];
    struct sddf_blk_connection virt;
};

struct blk_virt_client {
    struct sddf_blk_connection connection;
    uint64_t data_bytes; /* of its data region, which the virtualiser does not map */
};

/* Section .blk_virt_config. */
struct blk_virt_config {
    char magic[SDDF_MAGIC_BYTES];
    uint8_t client_count;
    struct sddf_blk_connection driver;
    struct sddf_region data; /* the virtualiser's own, for the partition table */
    struct blk_virt_client clients[CONFIG_CLIENTS_MAX];
};

/* Section .net_driver_config. */
struct net_driver_config {
    char magic[SDDF_MAGIC_BYTES];
    struct sddf_net_connection rx;
    struct sddf_net_connection tx;
};

struct net_virt_client {
    struct sddf_net_connection rx;
    struct sddf_region rx_data;
    struct sddf_net_connection tx;
    struct sddf_region tx_data;
    uint8_t mac[6];
    uint16_t allowed; /* bit i: its frames may go to client i; bit client_count: to the uplink */
};

/* Section .net_virt_config. */
struct net_virt_config {
    char magic[SDDF_MAGIC_BYTES];
    uint8_t client_count;
    uint8_t has_uplink;
    struct sddf_net_connection uplink_rx;
    struct sddf_region uplink_rx_data;
    struct sddf_net_connection uplink_tx;
    uint64_t uplink_allowed; /* bit i: its frames may go to client i */
    struct net_virt_client clients[CONFIG_CLIENTS_MAX];
};

/* Section .entropy_driver_config. */
struct entropy_driver_config {
    char magic[SDDF_MAGIC_BYTES];
    uint8_t client_count;
    struct sddf_serial_connection clients[CONFIG_CLIENTS_MAX];
};

_Static_assert(sizeof(struct serial_virt_config) == 88 + 96 * CONFIG_CLIENTS_MAX, "tools/sddf/configure");
_Static_assert(sizeof(struct uart_config) == 16, "tools/sddf/configure");
_Static_assert(sizeof(struct blk_driver_config) == 64, "tools/sddf/configure");
_Static_assert(sizeof(struct blk_virt_config) == 80 + 64 * CONFIG_CLIENTS_MAX, "tools/sddf/configure");
_Static_assert(sizeof(struct net_driver_config) == 88, "tools/sddf/configure");
_Static_assert(sizeof(struct net_virt_config) == 112 + 120 * CONFIG_CLIENTS_MAX, "tools/sddf/configure");
_Static_assert(sizeof(struct entropy_driver_config) == 8 + 40 * CONFIG_CLIENTS_MAX, "tools/sddf/configure");
_Static_assert(offsetof(struct net_virt_config, clients) == 112, "tools/sddf/configure");

/* Whether a section was filled in, in the layout that these structures have. */
static inline bool config_is_filled_in(const char magic[SDDF_MAGIC_BYTES])
{
    const char expected[SDDF_MAGIC_BYTES] = {'L', 'V', 'M', 'M', 1};
    for (unsigned i = 0; i < SDDF_MAGIC_BYTES; i++) {
        if (magic[i] != expected[i]) {
            return false;
        }
    }
    return true;
}
