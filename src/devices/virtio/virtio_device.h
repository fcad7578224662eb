/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What every virtio device has, whatever it does and whatever bus it sits on: status, features, virtqueues, the
 * configuration space and the interrupt's cause. [VIRTIO 2, 3]
 *
 *      transport (a view)                 this model                      device (what it does)
 *      virtio_mmio, virtio_pci  ------->  struct virtio_device  ------->  struct virtio_device_ops
 *                               <-------  set_interrupt,        <-------  virtio_device_signal and so on
 *                                         send_message
 *
 * The status machine; a bit once set stays until the reset:
 *
 *      0 --ACKNOWLEDGE, DRIVER--> features --FEATURES_OK--> queues --DRIVER_OK--> running
 *      ^                                                                             |
 *      +-- write 0 ------------------------------------------------------------------+--> NEEDS_RESET: all stands still
 *
 * Left out: legacy interfaces (VIRTIO_F_VERSION_1 must be taken), packed virtqueues, shared memory regions,
 * notification data.
 *
 * Invariants: the device's operations `kick` and `queue_reset` are called only for queues that are enabled; `kick` only
 * while the device runs. Features do not change once FEATURES_OK is set.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libvmm/virtio/virtio.h>

#include "devices/virtio/virtq.h"
#include "spec/virtio/virtio.h"
#include "util/field.h"
#include "vm/device.h"
#include "vm/irq_line.h"

struct vm;

#define VIRTIO_VENDOR_ID 0x4d4d564c /* "LVMM" */

#define VIRTIO_FAIL_LOG_COUNT_MAX 8

struct virtio_device_ops {
    /* The driver has reset the device, or the guest starts anew: forget everything of before. */
    void (*reset)(void *ctx);
    /* The driver has reset one queue: forget the chains that were taken from it. */
    void (*queue_reset)(void *ctx, uint16_t queue);
    /* The driver may have made chains available. Also for every queue that is enabled, as soon as the device runs. */
    void (*kick)(void *ctx, uint16_t queue);
    /* Whether the device can do with these features, all of which it has offered. NULL: it can. */
    bool (*accepts)(void *ctx, uint64_t features);
    /* The driver writes its configuration space. NULL: nothing there can be written. */
    void (*write_config)(void *ctx, uint32_t offset, uint32_t value, uint32_t bytes);
    /* A channel of the VMM was notified. NULL: it has none. */
    bool (*notified)(void *ctx, microkit_channel channel);
    /* What is under way, and what it waits for. NULL: nothing to say. */
    void (*report)(void *ctx, const struct report *report);
};

/* What a device is, given once. */
struct virtio_device_type {
    enum virtio_id id;
    const char *name; /* for the log */
    const struct virtio_device_ops *ops;
    uint64_t features; /* besides those of the model */
    struct virtq *queues;
    uint16_t queue_count;
    const void *config;
    uint32_t config_bytes;
};

struct virtio_device {
    struct virtio_device_type type;
    void *ctx;
    struct vm *vm;
    struct device node;
    struct virtio_place place;

    uint64_t features; /* offered */
    uint64_t driver_features;
    uint32_t device_features_select;
    uint32_t driver_features_select;
    uint16_t queue_select;
    uint8_t status;
    uint8_t isr;
    uint32_t config_generation;
    bool config_is_new;   /* it has changed since it was last read */
    bool is_running;      /* DRIVER_OK, and nothing stands in the way */
    bool is_interrupting; /* the level that the transport was last told */
    unsigned failures;    /* logged */

    uint16_t config_vector; /* the message for changes of the configuration, as virtq.vector */

    /* The transport's: the interrupt's level has changed. */
    void (*set_interrupt)(void *transport, bool high);
    /*
     * The transport's: sends the message of a vector, of VIRTQ_NO_VECTOR none. False: the driver does not use messages
     * now, causes and level tell it. NULL: the transport has none.
     */
    bool (*send_message)(void *transport, uint16_t vector);
    void *transport;
    struct irq_line line;   /* virtio_mmio's */
    uint8_t pci_cfg_offset; /* virtio_pci's: of the capability that reaches the BAR through configuration space */
};

/*
 * Sets up a device in its first state and puts it where `place` says. The device's queues have their size_max set.
 * False, with a line in the log, when that is not possible.
 */
bool virtio_device_init(struct virtio_device *dev, const struct virtio_device_type *type, void *ctx,
                        const struct virtio_place *place);

/* For transports: what the driver reads and writes. */
uint32_t virtio_device_read_features(const struct virtio_device *dev);
void virtio_device_write_features(struct virtio_device *dev, uint32_t value);
void virtio_device_write_status(struct virtio_device *dev, uint32_t value);
/* NULL: there is no such queue. */
struct virtq *virtio_device_selected_queue(struct virtio_device *dev);
void virtio_device_write_queue_size(struct virtio_device *dev, uint32_t value);
void virtio_device_write_area(struct virtio_device *dev, enum virtq_area area, bool is_high, uint32_t value);
void virtio_device_enable_queue(struct virtio_device *dev);
void virtio_device_reset_queue(struct virtio_device *dev);
void virtio_device_kick(struct virtio_device *dev, uint32_t queue);
void virtio_device_ack(struct virtio_device *dev, uint32_t causes);
/* The configuration space; `bytes` is 1, 2 or 4, `offset` a multiple of it. False: outside. */
bool virtio_device_read_config(struct virtio_device *dev, uint64_t offset, uint32_t bytes, uint64_t *value);
bool virtio_device_write_config(struct virtio_device *dev, uint64_t offset, uint32_t bytes, uint64_t value);
/* Back to the first state; for the transport's own reset, and the guest's. */
void virtio_device_reset(struct virtio_device *dev);

/* Writes the state of the device and of its queues, and what stands in their way. */
void virtio_device_report(const struct virtio_device *dev, const struct report *report);

/* For devices. */

static inline bool virtio_device_has(const struct virtio_device *dev, uint64_t feature)
{
    return (dev->driver_features & feature) != 0;
}

/*
 * Takes the next available chain of a queue. False: none, or the queue is not in use. A ring that is broken stops the
 * device.
 */
MUST_CHECK bool virtio_device_pop(struct virtio_device *dev, uint16_t queue, struct virtq_chain *chain);

/* Shows the driver what was put into a queue, and interrupts it if it wants that. */
void virtio_device_signal(struct virtio_device *dev, uint16_t queue);

/* The configuration space has changed: tells the driver. */
void virtio_device_config_changed(struct virtio_device *dev);

/* The driver has done what cannot be gone on from: DEVICE_NEEDS_RESET, and nothing more until then. [VIRTIO 2.1.2] */
void virtio_device_fail(struct virtio_device *dev, const char *reason);
