/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The fuzzer's proper driver: takes its devices into use as the specification has it [VIRTIO 3.1], prints, asks the
 * other guest for its hardware address, writes to its disk and reads it back. Split virtqueues [VIRTIO 2.7].
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fuzzer_bus.h"

#define STATUS_DRIVER      3 /* with ACKNOWLEDGE */
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define VERSION_1          1 /* of the upper word */
#define DESC_NEXT          1
#define DESC_WRITE         2
#define RING_SIZE_MAX      256

#define NET_HEADER_BYTES 12

/* Memory that the driver has for itself. */
#define DRIVER_RAM       0x42000000
#define DRIVER_RAM_BYTES 0x200000

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

struct avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[RING_SIZE_MAX];
};

/* A request for the address of the other guest, behind virtio's header. */
struct question {
    uint8_t header[NET_HEADER_BYTES];
    uint8_t to[6];
    uint8_t from[6];
    uint8_t type[2];
    uint8_t kind[8]; /* of both addresses, and of the message */
    uint8_t sender_mac[6];
    uint8_t sender_ip[4];
    uint8_t target_mac[6];
    uint8_t target_ip[4];
};

extern const struct question driver_question;

/* Resets a device, wherever it is. */
void driver_reset(enum bus_device device);

/* Takes of what a device offers these features, in two words, and the one that must be. */
void driver_negotiate(enum bus_device device, uint32_t low, uint32_t high);

/* Resets all devices and takes them into use. */
void driver_revive(void);

/* Prints a line. */
void driver_say(const char *text, uint64_t number);

/* Whether the other guest answers, in some time. */
bool driver_ask(void);

/* Writes a request's worth of these words to the disk; whether that is what is there then. */
bool driver_check_disk(uint64_t word);

/*
 * Prints without an end while it asks: whether all is answered. The other guest must get the core for its answers all
 * the same, so this must not have printed much: answers how often.
 */
bool driver_check_share(uint32_t *print_count);

/* The time that a wait may take is over; from the interrupt handler. */
void driver_time_out(void);
