/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that gives its guest (test/guests/virtio.c) a virtio console, a block device and an entropy device on
 * virtio-mmio.
 */
#include "../machine.h"
#include "connections.h"

/* As test/guests/virtio.c has them. */
#define CONSOLE_BASE 0xb000000
#define BLK_BASE     0xb000200
#define RNG_BASE     0xb000400
#define CONSOLE_IRQ  48

#define BACKEND_SERIAL_CH 2
#define BACKEND_BLK_CH    3

static const struct sddf_serial_client_config serial_config = {
    .magic = {'s', 'D', 'D', 'F', SDDF_SERIAL_VERSION},
    .rx = SERIAL_REGION(0, BACKEND_SERIAL_CH),
    .tx = SERIAL_REGION(2, BACKEND_SERIAL_CH),
};

static const struct sddf_blk_client_config blk_config = {
    .magic = {'s', 'D', 'D', 'F', SDDF_BLK_VERSION},
    .virt = BLK_CONNECTION(BACKEND_BLK_CH),
    .data = {BLK_DATA, BLK_DATA_SIZE},
};

static struct virtio_console console;
static struct virtio_blk blk;
static struct virtio_rng rng;

/* Nobody's keys depend on these. */
static size_t count_up(void *cookie, uint8_t *to, size_t bytes)
{
    static uint8_t next;
    (void)cookie;
    for (size_t i = 0; i < bytes; i++) {
        to[i] = ++next;
    }
    return bytes;
}

void init(void)
{
    const struct virtio_console_port port = {.serial = &serial_config, .columns = 80, .rows = 25};
    if (!virtio_console_init(&console, virtio_at_mmio(CONSOLE_BASE, CONSOLE_IRQ), &port, 1) ||
        !virtio_blk_init(&blk, virtio_at_mmio(BLK_BASE, CONSOLE_IRQ + 1), &blk_config, 1) ||
        !virtio_rng_init(&rng, virtio_at_mmio(RNG_BASE, CONSOLE_IRQ + 2), count_up, NULL)) {
        return;
    }
    const uintptr_t kernel_pc = machine_set_up();
    if (kernel_pc != (uintptr_t)-1) {
        machine_start(kernel_pc);
    }
}

void notified(microkit_channel ch)
{
    if (!virtio_notified(ch)) {
        virq_handle_passthrough(ch);
    }
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    if (!fault_handle(child, msginfo)) {
        return seL4_False;
    }
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return seL4_True;
}
