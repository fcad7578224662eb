/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A virtio device on virtio-mmio between a guest and a backend that both do as they like: registers in any order and
 * width, rings well-formed or scribbled over while in use, by another vCPU between any two reads of the device's,
 * resets at any moment; and a backend whose counters, answers and buffers are whatever the input says.
 */
#pragma once

#include "machine.h"

#include <libvmm/virtio/virtio.h>

#include "virtio_driver.h"

#define VIRTIO_HARNESS_BASE UINT64_C(0x0b000000)
#define VIRTIO_HARNESS_IRQ  48
/* Guest RAM: small, so that addresses meet. */
#define VIRTIO_HARNESS_RAM_BYTES 0x8000u

struct virtio_harness_device {
    unsigned queue_count;
    /* The device with its backend, in their first state. */
    void (*init)(struct virtio_place place);
    /* Something that the backend does. */
    void (*backend)(struct input *input);
    /* What lies at the start of a request, from the input; answers its length. May be NULL. */
    uint32_t (*header)(struct input *input, uint8_t *to);
    microkit_channel channels[2];
};

/* From now on, another vCPU writes where it likes each time that the device has read something; or no longer. */
void virtio_harness_race(struct input *input);

/* Runs one input. */
void virtio_harness_run(const struct virtio_harness_device *device, struct input *input);
