/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * virtio over MMIO, version 2: the registers of a device at guest-physical addresses of its own, and one
 * level-sensitive interrupt. [VIRTIO 4.2]
 *
 * Registers are words, to be accessed whole. The configuration space behind them takes accesses of 1, 2 and 4 bytes,
 * naturally aligned. Everything else is the guest's error, reads as zero and changes nothing.
 *
 * Left out: shared memory regions (their length reads as all ones, which says that there are none).
 */
#include <libvmm/util/util.h>

#include "devices/virtio/virtio_device.h"
#include "devices/virtio/virtio_transport.h"
#include "spec/virtio/mmio.h"
#include "util/checked.h"
#include "vm/fdt_builder.h"
#include "vm/vm.h"

#define REGISTER_BYTES 4
#define WIDTHS         (1 | 2 | 4 | 8)
#define WORD_MAX       UINT32_MAX

static uint32_t read_magic(struct virtio_device *dev)
{
    (void)dev;
    return VIRTIO_MMIO_MAGIC;
}

static uint32_t read_version(struct virtio_device *dev)
{
    (void)dev;
    return VIRTIO_MMIO_VERSION_2;
}

static uint32_t read_device_id(struct virtio_device *dev)
{
    return dev->type.id;
}

static uint32_t read_vendor_id(struct virtio_device *dev)
{
    (void)dev;
    return VIRTIO_VENDOR_ID;
}

static void write_queue_sel(struct virtio_device *dev, uint32_t value)
{
    /* What does not fit is no queue either. */
    dev->queue_select = value <= UINT16_MAX ? (uint16_t)value : UINT16_MAX;
}

static uint32_t read_queue_num_max(struct virtio_device *dev)
{
    const struct virtq *vq = virtio_device_selected_queue(dev);
    return vq == NULL ? 0 : vq->size_max;
}

/* Writing 0 stops the queue at once; that is a reset of it without the feature's name. */
static void write_queue_ready(struct virtio_device *dev, uint32_t value)
{
    if (value == 1) {
        virtio_device_enable_queue(dev);
    } else if (value == 0) {
        virtio_device_reset_queue(dev);
    }
}

static uint32_t read_interrupt_status(struct virtio_device *dev)
{
    return dev->isr;
}

static void write_desc_low(struct virtio_device *dev, uint32_t value)
{
    virtio_device_write_area(dev, VIRTQ_AREA_DESC, false, value);
}

static void write_desc_high(struct virtio_device *dev, uint32_t value)
{
    virtio_device_write_area(dev, VIRTQ_AREA_DESC, true, value);
}

static void write_driver_low(struct virtio_device *dev, uint32_t value)
{
    virtio_device_write_area(dev, VIRTQ_AREA_DRIVER, false, value);
}

static void write_driver_high(struct virtio_device *dev, uint32_t value)
{
    virtio_device_write_area(dev, VIRTQ_AREA_DRIVER, true, value);
}

static void write_device_low(struct virtio_device *dev, uint32_t value)
{
    virtio_device_write_area(dev, VIRTQ_AREA_DEVICE, false, value);
}

static void write_device_high(struct virtio_device *dev, uint32_t value)
{
    virtio_device_write_area(dev, VIRTQ_AREA_DEVICE, true, value);
}

static uint32_t read_ones(struct virtio_device *dev)
{
    (void)dev;
    return WORD_MAX;
}

struct reg {
    uint32_t (*read)(struct virtio_device *dev);
    void (*write)(struct virtio_device *dev, uint32_t value);
};

/* A row a word; a word without one is reserved. */
static const struct reg registers[VIRTIO_MMIO_CONFIG / REGISTER_BYTES] = {
    [VIRTIO_MMIO_MAGIC_VALUE / REGISTER_BYTES] = {read_magic, NULL},
    [VIRTIO_MMIO_VERSION / REGISTER_BYTES] = {read_version, NULL},
    [VIRTIO_MMIO_DEVICE_ID / REGISTER_BYTES] = {read_device_id, NULL},
    [VIRTIO_MMIO_VENDOR_ID / REGISTER_BYTES] = {read_vendor_id, NULL},
    [VIRTIO_MMIO_DEVICE_FEATURES / REGISTER_BYTES] = {virtio_read_features, NULL},
    [VIRTIO_MMIO_DEVICE_FEATURES_SEL / REGISTER_BYTES] = {NULL, virtio_write_device_features_select},
    [VIRTIO_MMIO_DRIVER_FEATURES / REGISTER_BYTES] = {NULL, virtio_device_write_features},
    [VIRTIO_MMIO_DRIVER_FEATURES_SEL / REGISTER_BYTES] = {NULL, virtio_write_driver_features_select},
    [VIRTIO_MMIO_QUEUE_SEL / REGISTER_BYTES] = {NULL, write_queue_sel},
    [VIRTIO_MMIO_QUEUE_NUM_MAX / REGISTER_BYTES] = {read_queue_num_max, NULL},
    [VIRTIO_MMIO_QUEUE_NUM / REGISTER_BYTES] = {NULL, virtio_device_write_queue_size},
    [VIRTIO_MMIO_QUEUE_READY / REGISTER_BYTES] = {virtio_read_queue_enabled, write_queue_ready},
    [VIRTIO_MMIO_QUEUE_NOTIFY / REGISTER_BYTES] = {NULL, virtio_device_kick},
    [VIRTIO_MMIO_INTERRUPT_STATUS / REGISTER_BYTES] = {read_interrupt_status, NULL},
    [VIRTIO_MMIO_INTERRUPT_ACK / REGISTER_BYTES] = {NULL, virtio_device_ack},
    [VIRTIO_MMIO_STATUS / REGISTER_BYTES] = {virtio_read_status, virtio_device_write_status},
    [VIRTIO_MMIO_QUEUE_DESC_LOW / REGISTER_BYTES] = {NULL, write_desc_low},
    [VIRTIO_MMIO_QUEUE_DESC_HIGH / REGISTER_BYTES] = {NULL, write_desc_high},
    [VIRTIO_MMIO_QUEUE_DRIVER_LOW / REGISTER_BYTES] = {NULL, write_driver_low},
    [VIRTIO_MMIO_QUEUE_DRIVER_HIGH / REGISTER_BYTES] = {NULL, write_driver_high},
    [VIRTIO_MMIO_QUEUE_DEVICE_LOW / REGISTER_BYTES] = {NULL, write_device_low},
    [VIRTIO_MMIO_QUEUE_DEVICE_HIGH / REGISTER_BYTES] = {NULL, write_device_high},
    [VIRTIO_MMIO_SHM_SEL / REGISTER_BYTES] = {NULL, virtio_write_nothing},
    [VIRTIO_MMIO_SHM_LEN_LOW / REGISTER_BYTES] = {read_ones, NULL},
    [VIRTIO_MMIO_SHM_LEN_HIGH / REGISTER_BYTES] = {read_ones, NULL},
    [VIRTIO_MMIO_SHM_BASE_LOW / REGISTER_BYTES] = {read_ones, NULL},
    [VIRTIO_MMIO_SHM_BASE_HIGH / REGISTER_BYTES] = {read_ones, NULL},
    /* A reset is over when the write is. */
    [VIRTIO_MMIO_QUEUE_RESET / REGISTER_BYTES] = {virtio_read_zero, virtio_write_queue_reset},
    [VIRTIO_MMIO_CONFIG_GENERATION / REGISTER_BYTES] = {virtio_read_config_generation, NULL},
};

static enum mmio_result access_device(void *device, struct mmio_access *access)
{
    struct virtio_device *dev = device;
    if (access->offset >= VIRTIO_MMIO_CONFIG) {
        return virtio_access_config(dev, access->offset - VIRTIO_MMIO_CONFIG, access);
    }
    if (access->width_bytes != REGISTER_BYTES) {
        return virtio_refuse(access);
    }
    const struct reg *reg = &registers[access->offset / REGISTER_BYTES];
    if (access->is_write ? reg->write == NULL : reg->read == NULL) {
        return virtio_refuse(access);
    }
    if (access->is_write) {
        reg->write(dev, (uint32_t)access->value);
    } else {
        access->value = reg->read(dev);
    }
    return MMIO_HANDLED;
}

static void set_interrupt(void *transport, bool high)
{
    struct virtio_device *dev = transport;
    irq_line_set(&dev->line, high);
}

/* As Linux's binding virtio/mmio.yaml has it. */
static void describe(void *ctx, struct fdt_builder *tree)
{
    const struct virtio_device *dev = ctx;
    fdt_builder_begin(tree, "virtio_mmio", dev->place.base);
    fdt_builder_string(tree, "compatible", "virtio,mmio");
    fdt_builder_reg(tree, dev->place.base, VIRTIO_MMIO_BYTES);
    fdt_builder_interrupt(tree, (uint32_t)dev->place.irq);
    fdt_builder_flag(tree, "dma-coherent");
    fdt_builder_end(tree);
}

bool virtio_mmio_attach(struct virtio_device *dev, const struct virtio_place *place)
{
    static const struct device_ops ops = {
        .reset = virtio_on_reset,
        .report = virtio_on_report,
        .describe = describe,
        .notified = virtio_on_notified,
    };
    const struct device_claims claims = {
        .regions = {{
            .base = gpa(place->base),
            .size_bytes = VIRTIO_MMIO_BYTES,
            .widths = WIDTHS,
            .handler = access_device,
            .dev = dev,
        }},
        .irqs = {{place->irq, 1}},
    };
    if (!is_aligned(place->base, VIRTIO_MMIO_BYTES)) {
        LOG_VMM_ERR("%s: address 0x%lx is not a multiple of 0x%x\n", dev->type.name, place->base, VIRTIO_MMIO_BYTES);
        return false;
    }
    dev->line = (struct irq_line){&dev->vm->vgic, (uint32_t)place->irq};
    dev->set_interrupt = set_interrupt;
    dev->transport = dev;
    return device_add(dev->vm, &dev->node, dev->type.name, &ops, dev, &claims) == RESULT_OK;
}
