/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See virtio_transport.h.
 */
#include "devices/virtio/virtio_transport.h"

#define CONFIG_WIDTH_MAX 4

uint32_t virtio_read_features(struct virtio_device *dev)
{
    return virtio_device_read_features(dev);
}

void virtio_write_device_features_select(struct virtio_device *dev, uint32_t value)
{
    dev->device_features_select = value;
}

void virtio_write_driver_features_select(struct virtio_device *dev, uint32_t value)
{
    dev->driver_features_select = value;
}

uint32_t virtio_read_status(struct virtio_device *dev)
{
    return dev->status;
}

uint32_t virtio_read_config_generation(struct virtio_device *dev)
{
    return dev->config_generation;
}

uint32_t virtio_read_queue_enabled(struct virtio_device *dev)
{
    const struct virtq *vq = virtio_device_selected_queue(dev);
    return vq != NULL && vq->enabled;
}

void virtio_write_queue_reset(struct virtio_device *dev, uint32_t value)
{
    if (value == 1 && virtio_device_has(dev, VIRTIO_F_RING_RESET)) {
        virtio_device_reset_queue(dev);
    }
}

uint32_t virtio_read_zero(struct virtio_device *dev)
{
    (void)dev;
    return 0;
}

void virtio_write_nothing(struct virtio_device *dev, uint32_t value)
{
    (void)dev;
    (void)value;
}

enum mmio_result virtio_refuse(struct mmio_access *access)
{
    access->value = 0;
    return MMIO_GUEST_ERROR;
}

enum mmio_result virtio_access_config(struct virtio_device *dev, uint64_t offset, struct mmio_access *access)
{
    if (access->width_bytes > CONFIG_WIDTH_MAX) {
        return virtio_refuse(access);
    }
    const bool is_done = access->is_write ? virtio_device_write_config(dev, offset, access->width_bytes, access->value)
                                          : virtio_device_read_config(dev, offset, access->width_bytes, &access->value);
    return is_done ? MMIO_HANDLED : virtio_refuse(access);
}

void virtio_on_reset(void *ctx)
{
    virtio_device_reset(ctx);
}

void virtio_on_report(void *ctx, const struct report *report)
{
    virtio_device_report(ctx, report);
}

bool virtio_on_notified(void *ctx, microkit_channel channel)
{
    struct virtio_device *dev = ctx;
    return dev->type.ops->notified != NULL && dev->type.ops->notified(dev->ctx, channel);
}
