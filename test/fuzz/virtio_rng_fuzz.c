/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The smallest device: what is left to be found lies in the transport, the register model, rings and chains.
 */
#include "virtio_harness.h"

#include <string.h>

#include <libvmm/virtio/rng.h>

static struct virtio_rng rng;
static size_t stock;

static size_t source(void *cookie, uint8_t *to, size_t bytes)
{
    (void)cookie;
    const size_t given = bytes < stock ? bytes : stock;
    memset(to, 0x5a, given);
    stock -= given;
    return given;
}

static void init(struct virtio_place place)
{
    stock = 100;
    MACHINE_REQUIRE(virtio_rng_init(&rng, place, source, NULL));
}

static void backend(struct input *input)
{
    stock = input_u16(input);
    virtio_rng_ready(&rng);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct virtio_harness_device device = {1, init, backend, NULL, {0, 1}};
    struct input input = {bytes, size};
    virtio_harness_run(&device, &input);
    return 0;
}
