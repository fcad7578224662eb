/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What virtio-mmio and virtio-pci have in common beside the register model: registers that are the same on both, and
 * accesses to the device's configuration space.
 */
#pragma once

#include "devices/virtio/virtio_device.h"
#include "vm/mmio.h"

/* Registers, for the tables of both. */
uint32_t virtio_read_features(struct virtio_device *dev);
void virtio_write_device_features_select(struct virtio_device *dev, uint32_t value);
void virtio_write_driver_features_select(struct virtio_device *dev, uint32_t value);
uint32_t virtio_read_status(struct virtio_device *dev);
uint32_t virtio_read_config_generation(struct virtio_device *dev);
uint32_t virtio_read_queue_enabled(struct virtio_device *dev);
/* Of a driver that has taken VIRTIO_F_RING_RESET. The reset is over when the write is: the register reads as zero. */
void virtio_write_queue_reset(struct virtio_device *dev, uint32_t value);
uint32_t virtio_read_zero(struct virtio_device *dev);
void virtio_write_nothing(struct virtio_device *dev, uint32_t value);

/* The guest's mistake: reads as zero, changes nothing. */
enum mmio_result virtio_refuse(struct mmio_access *access);

/* An access to the device's configuration space, `offset` bytes from its start. */
enum mmio_result virtio_access_config(struct virtio_device *dev, uint64_t offset, struct mmio_access *access);

/* For the operations of struct device and struct pci_function; `ctx` is the device. */
void virtio_on_reset(void *ctx);
void virtio_on_report(void *ctx, const struct report *report);
bool virtio_on_notified(void *ctx, microkit_channel channel);
