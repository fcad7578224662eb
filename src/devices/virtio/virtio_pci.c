/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * virtio over PCI, modern: a function whose capabilities say where in its one BAR the parts of the device's interface
 * are; with MSI-X, where the host bridge has a frame for messages: as many vectors as queues, and one for changes of
 * the configuration. Otherwise, or if the driver likes it better, it has INTx. [VIRTIO 4.1]
 *
 *      BAR 0 (64 bits)   0x0000  common configuration        0x3000  notifications, four bytes a queue
 *                        0x1000  ISR status, clear on read   0x4000  table of messages
 *                        0x2000  the device's own            0x5000  pending messages
 *                                configuration
 *
 * The same BAR can be reached through configuration space, for firmware that has no other way [VIRTIO 4.1.4.9].
 *
 * Fields of the common configuration take accesses of their own width; those of 64 bits, by their halves. Everything
 * else is the guest's error, reads as zero and changes nothing.
 *
 * Left out: the legacy interface, shared memory, notification data.
 *
 * Invariant: a vector that the model knows is one of the function's, or VIRTQ_NO_VECTOR.
 */
#include <libvmm/util/util.h>

#include "devices/pci/pci_host.h"
#include "devices/virtio/virtio_device.h"
#include "devices/virtio/virtio_transport.h"
#include "spec/virtio/pci.h"
#include "util/checked.h"
#include "util/field.h"
#include "vm/vm.h"

/* The BAR. */
#define BAR               0
#define BAR_BYTES         0x8000
#define PART_COMMON       0x0000
#define PART_ISR          0x1000
#define PART_DEVICE       0x2000
#define PART_NOTIFY       0x3000
#define PART_MSIX_TABLE   0x4000
#define PART_MSIX_PENDING 0x5000
#define PART_BYTES        0x1000
#define NOTIFY_MULTIPLIER 4

/* A capability, without ID and link; offsets from its beginning have two bytes more. */
struct capability {
    uint8_t size_bytes;
    uint8_t type;
    uint8_t bar;
    uint8_t id;
    uint8_t padding[2];
    uint32_t offset;
    uint32_t length;
    uint32_t last; /* notify_off_multiplier, or pci_cfg_data */
} __attribute__((__packed__));

#define CAP_HEAD_BYTES   2
#define CAP_BYTES        16 /* with the head, without `last` */
#define CAP_LONG_BYTES   20
#define PCI_CFG_DATA_END 20

/* Common configuration, field by field. */

static uint32_t read_device_feature_select(struct virtio_device *dev)
{
    return dev->device_features_select;
}

static uint32_t read_driver_feature_select(struct virtio_device *dev)
{
    return dev->driver_features_select;
}

static uint32_t read_driver_feature(struct virtio_device *dev)
{
    switch (dev->driver_features_select) {
    case 0:
        return (uint32_t)dev->driver_features;
    case 1:
        return (uint32_t)(dev->driver_features >> 32);
    default:
        return 0;
    }
}

static struct pci_msix *msix_of(const struct virtio_device *dev)
{
    return &((struct pci_function *)dev->transport)->msix;
}

/* What the driver may choose of what it writes; it reads its choice back. [VIRTIO 4.1.5.1.2.1] */
static uint16_t choose_vector(const struct virtio_device *dev, uint32_t value)
{
    return value < msix_of(dev)->vector_count ? (uint16_t)value : VIRTQ_NO_VECTOR;
}

static uint32_t read_config_vector(struct virtio_device *dev)
{
    return dev->config_vector;
}

static void write_config_vector(struct virtio_device *dev, uint32_t value)
{
    dev->config_vector = choose_vector(dev, value);
}

static uint32_t read_queue_vector(struct virtio_device *dev)
{
    const struct virtq *vq = virtio_device_selected_queue(dev);
    return vq == NULL ? VIRTQ_NO_VECTOR : vq->vector;
}

static void write_queue_vector(struct virtio_device *dev, uint32_t value)
{
    struct virtq *vq = virtio_device_selected_queue(dev);
    if (vq != NULL) {
        vq->vector = choose_vector(dev, value);
    }
}

static uint32_t read_num_queues(struct virtio_device *dev)
{
    return dev->type.queue_count;
}

static uint32_t read_queue_select(struct virtio_device *dev)
{
    return dev->queue_select;
}

static void write_queue_select(struct virtio_device *dev, uint32_t value)
{
    dev->queue_select = (uint16_t)value;
}

/* Of a queue that there is not: 0 [VIRTIO 4.1.4.3.1]. */
static uint32_t read_queue_size(struct virtio_device *dev)
{
    const struct virtq *vq = virtio_device_selected_queue(dev);
    return vq == NULL ? 0 : vq->size;
}

/* A driver must not write 0 here; it has queue_reset for that. */
static void write_queue_enable(struct virtio_device *dev, uint32_t value)
{
    if (value == 1) {
        virtio_device_enable_queue(dev);
    }
}

static uint32_t read_queue_notify_off(struct virtio_device *dev)
{
    return virtio_device_selected_queue(dev) == NULL ? 0 : dev->queue_select;
}

struct field_row {
    uint8_t width_bytes;
    uint32_t (*read)(struct virtio_device *dev);
    void (*write)(struct virtio_device *dev, uint32_t value);
};

/* A row a field, at its offset; the areas of a queue are dealt with apart. */
static const struct field_row common[VIRTIO_PCI_COMMON_BYTES] = {
    [VIRTIO_PCI_DEVICE_FEATURE_SELECT] = {4, read_device_feature_select, virtio_write_device_features_select},
    [VIRTIO_PCI_DEVICE_FEATURE] = {4, virtio_read_features, NULL},
    [VIRTIO_PCI_DRIVER_FEATURE_SELECT] = {4, read_driver_feature_select, virtio_write_driver_features_select},
    [VIRTIO_PCI_DRIVER_FEATURE] = {4, read_driver_feature, virtio_device_write_features},
    [VIRTIO_PCI_CONFIG_MSIX_VECTOR] = {2, read_config_vector, write_config_vector},
    [VIRTIO_PCI_NUM_QUEUES] = {2, read_num_queues, NULL},
    [VIRTIO_PCI_DEVICE_STATUS] = {1, virtio_read_status, virtio_device_write_status},
    [VIRTIO_PCI_CONFIG_GENERATION] = {1, virtio_read_config_generation, NULL},
    [VIRTIO_PCI_QUEUE_SELECT] = {2, read_queue_select, write_queue_select},
    [VIRTIO_PCI_QUEUE_SIZE] = {2, read_queue_size, virtio_device_write_queue_size},
    [VIRTIO_PCI_QUEUE_MSIX_VECTOR] = {2, read_queue_vector, write_queue_vector},
    [VIRTIO_PCI_QUEUE_ENABLE] = {2, virtio_read_queue_enabled, write_queue_enable},
    [VIRTIO_PCI_QUEUE_NOTIFY_OFF] = {2, read_queue_notify_off, NULL},
    [VIRTIO_PCI_QUEUE_NOTIFY_DATA] = {2, virtio_read_zero, NULL},
    /* A reset is over when the write is. */
    [VIRTIO_PCI_QUEUE_RESET] = {2, virtio_read_zero, virtio_write_queue_reset},
};

static bool is_area(uint64_t offset)
{
    return offset >= VIRTIO_PCI_QUEUE_DESC && offset < VIRTIO_PCI_QUEUE_NOTIFY_DATA;
}

/* A half of one of the three addresses, which follow one another as enum virtq_area has them. */
static enum mmio_result access_area(struct virtio_device *dev, uint64_t offset, struct mmio_access *access)
{
    const uint64_t within = offset - VIRTIO_PCI_QUEUE_DESC;
    const enum virtq_area area = (enum virtq_area)(within / 8);
    const bool is_high = within % 8 != 0;
    const struct virtq *vq = virtio_device_selected_queue(dev);
    if (access->width_bytes != 4) {
        return virtio_refuse(access);
    }
    if (access->is_write) {
        virtio_device_write_area(dev, area, is_high, (uint32_t)access->value);
    } else {
        const uint64_t value = vq == NULL ? 0 : vq->areas[area].value;
        access->value = (uint32_t)(is_high ? value >> 32 : value);
    }
    return MMIO_HANDLED;
}

static uint64_t vector_bit(uint16_t vector)
{
    return vector == VIRTQ_NO_VECTOR ? 0 : BIT(vector);
}

/* A message that waits for a device or queue that was reset, or has another vector now, is not wanted any more. */
static void drop_messages(struct virtio_device *dev)
{
    uint64_t used = vector_bit(dev->config_vector);
    for (uint16_t i = 0; i < dev->type.queue_count; i++) {
        used |= vector_bit(dev->type.queues[i].vector);
    }
    pci_msix_keep(msix_of(dev), used);
}

static enum mmio_result access_common(struct virtio_device *dev, uint64_t offset, struct mmio_access *access)
{
    if (is_area(offset)) {
        return access_area(dev, offset, access);
    }
    const struct field_row *row = offset < VIRTIO_PCI_COMMON_BYTES ? &common[offset] : NULL;
    if (row == NULL || row->width_bytes != access->width_bytes ||
        (access->is_write ? row->write == NULL : row->read == NULL)) {
        return virtio_refuse(access);
    }
    if (access->is_write) {
        row->write(dev, (uint32_t)access->value);
        drop_messages(dev);
    } else {
        access->value = row->read(dev) & (UINT32_MAX >> (32 - 8 * row->width_bytes));
    }
    return MMIO_HANDLED;
}

/* Reading it takes the interrupt back. A width of more than its byte is permitted to nobody, but harmless. */
static enum mmio_result access_isr(struct virtio_device *dev, uint64_t offset, struct mmio_access *access)
{
    if (offset != 0 || access->is_write) {
        return virtio_refuse(access);
    }
    access->value = dev->isr;
    virtio_device_ack(dev, dev->isr);
    return MMIO_HANDLED;
}

/* What is written does not matter: each queue has a place of its own. */
static enum mmio_result access_notify(struct virtio_device *dev, uint64_t offset, struct mmio_access *access)
{
    if (!access->is_write || offset % NOTIFY_MULTIPLIER != 0) {
        return virtio_refuse(access);
    }
    virtio_device_kick(dev, (uint32_t)(offset / NOTIFY_MULTIPLIER));
    return MMIO_HANDLED;
}

static enum mmio_result access_bar(void *ctx, unsigned bar, struct mmio_access *access)
{
    struct virtio_device *dev = ctx;
    const uint64_t offset = access->offset % PART_BYTES;
    (void)bar;
    switch (access->offset - offset) {
    case PART_COMMON:
        return access_common(dev, offset, access);
    case PART_ISR:
        return access_isr(dev, offset, access);
    case PART_DEVICE:
        return virtio_access_config(dev, offset, access);
    case PART_NOTIFY:
        return access_notify(dev, offset, access);
    case PART_MSIX_TABLE:
        return pci_msix_access_table(msix_of(dev), offset, access);
    case PART_MSIX_PENDING:
        return pci_msix_access_pending(msix_of(dev), offset, access);
    default:
        return virtio_refuse(access);
    }
}

/* An access to the BAR that the capability VIRTIO_PCI_CAP_PCI_CFG describes. False: it does not describe one. */
static bool access_through_config(struct virtio_device *dev, struct mmio_access *access)
{
    const struct pci_function *function = dev->transport;
    const struct pci_config *config = &function->config;
    const uint32_t cap = dev->pci_cfg_offset;
    const uint32_t length = pci_config_read(config, cap + VIRTIO_PCI_CAP_LENGTH, 4);
    access->offset = pci_config_read(config, cap + VIRTIO_PCI_CAP_OFFSET, 4);
    access->width_bytes = (uint8_t)length;
    return pci_config_read(config, cap + VIRTIO_PCI_CAP_BAR, 1) == BAR && (length == 1 || length == 2 || length == 4) &&
           is_aligned(access->offset, length) && range_inside(0, BAR_BYTES, access->offset, length);
}

static bool touches_data(const struct virtio_device *dev, uint32_t offset, uint32_t bytes)
{
    return ranges_overlap(dev->pci_cfg_offset + VIRTIO_PCI_CAP_DATA, PCI_CFG_DATA_END - VIRTIO_PCI_CAP_DATA, offset,
                          bytes);
}

static void before_config_read(void *ctx, uint32_t offset, uint32_t bytes)
{
    struct virtio_device *dev = ctx;
    struct pci_function *function = dev->transport;
    struct mmio_access access = {0};
    if (touches_data(dev, offset, bytes) && access_through_config(dev, &access)) {
        (void)access_bar(dev, BAR, &access);
        pci_config_write(&function->config, dev->pci_cfg_offset + VIRTIO_PCI_CAP_DATA, 4, (uint32_t)access.value);
    }
}

static void after_config_write(void *ctx, uint32_t offset, uint32_t bytes)
{
    struct virtio_device *dev = ctx;
    const struct pci_function *function = dev->transport;
    struct mmio_access access = {.is_write = true};
    if (touches_data(dev, offset, bytes) && access_through_config(dev, &access)) {
        access.value = pci_config_read(&function->config, dev->pci_cfg_offset + VIRTIO_PCI_CAP_DATA, 4);
        access.value &= UINT32_MAX >> (32 - 8 * access.width_bytes);
        (void)access_bar(dev, BAR, &access);
    }
}

static void set_interrupt(void *transport, bool high)
{
    pci_function_set_interrupt(transport, high);
}

static bool send_message(void *transport, uint16_t vector)
{
    struct pci_function *function = transport;
    if (!function->msix.is_enabled) {
        return false;
    }
    if (vector != VIRTQ_NO_VECTOR) {
        pci_msix_raise(&function->msix, vector);
    }
    return true;
}

static uint32_t class_of(enum virtio_id id)
{
    switch (id) {
    case VIRTIO_ID_NET:
        return 0x020000; /* Ethernet */
    case VIRTIO_ID_BLK:
        return 0x018000; /* mass storage, other */
    case VIRTIO_ID_CONSOLE:
        return 0x078000; /* communication, other */
    default:
        return 0xff0000;
    }
}

static enum result add_capability(struct pci_config *config, enum virtio_pci_cap type, uint32_t offset, uint32_t length,
                                  uint8_t size_bytes, uint8_t *at)
{
    const struct capability capability = {
        .size_bytes = size_bytes,
        .type = (uint8_t)type,
        .bar = BAR,
        .offset = offset,
        .length = length,
        .last = type == VIRTIO_PCI_CAP_NOTIFY_CFG ? NOTIFY_MULTIPLIER : 0,
    };
    return pci_config_add_capability(config, PCI_CAPABILITY_VENDOR, (const uint8_t *)&capability,
                                     (uint8_t)(size_bytes - CAP_HEAD_BYTES), at);
}

/* The capability that software aims: BAR, offset, length and data are writable. */
static void open_pci_cfg(struct pci_config *config, uint8_t at)
{
    config->writable[at + VIRTIO_PCI_CAP_BAR] = UINT8_MAX;
    memset(&config->writable[at + VIRTIO_PCI_CAP_OFFSET], UINT8_MAX, PCI_CFG_DATA_END - VIRTIO_PCI_CAP_OFFSET);
}

static enum result add_msix(struct virtio_device *dev)
{
    const uint16_t vectors = (uint16_t)MIN(dev->type.queue_count + 1, PCI_MSIX_VECTOR_COUNT_MAX);
    return pci_function_add_msix(dev->transport, vectors, BAR, PART_MSIX_TABLE, PART_MSIX_PENDING);
}

static enum result add_capabilities(struct virtio_device *dev, struct pci_config *config)
{
    uint8_t at;
    enum result result =
        add_capability(config, VIRTIO_PCI_CAP_COMMON_CFG, PART_COMMON, VIRTIO_PCI_COMMON_BYTES, CAP_BYTES, &at);
    if (result == RESULT_OK) {
        result = add_capability(config, VIRTIO_PCI_CAP_ISR_CFG, PART_ISR, 1, CAP_BYTES, &at);
    }
    if (result == RESULT_OK && dev->type.config_bytes != 0) {
        result = add_capability(config, VIRTIO_PCI_CAP_DEVICE_CFG, PART_DEVICE, dev->type.config_bytes, CAP_BYTES, &at);
    }
    if (result == RESULT_OK) {
        result = add_capability(config, VIRTIO_PCI_CAP_NOTIFY_CFG, PART_NOTIFY,
                                (uint32_t)dev->type.queue_count * NOTIFY_MULTIPLIER, CAP_LONG_BYTES, &at);
    }
    if (result == RESULT_OK) {
        result = add_capability(config, VIRTIO_PCI_CAP_PCI_CFG, 0, 0, CAP_LONG_BYTES, &at);
    }
    dev->pci_cfg_offset = at;
    return result == RESULT_OK ? add_msix(dev) : result;
}

bool virtio_pci_attach(struct virtio_device *dev, const struct virtio_place *place)
{
    static const struct pci_function_ops ops = {
        .access_bar = access_bar,
        .before_config_read = before_config_read,
        .after_config_write = after_config_write,
        .reset = virtio_on_reset,
        .report = virtio_on_report,
        .notified = virtio_on_notified,
    };
    const struct pci_identity identity = {
        .vendor_id = VIRTIO_PCI_VENDOR_ID,
        .device_id = (uint16_t)(VIRTIO_PCI_DEVICE_ID_BASE + dev->type.id),
        .subsystem_vendor_id = VIRTIO_PCI_VENDOR_ID,
        .subsystem_id = VIRTIO_PCI_SUBSYSTEM_ID,
        .class_code = class_of(dev->type.id),
        .revision_id = VIRTIO_PCI_REVISION_ID,
    };
    struct pci_function *function = pci_add_function(place->host, place->slot, place->function, &identity, &ops, dev);
    if (function == NULL) {
        return false;
    }
    dev->set_interrupt = set_interrupt;
    dev->send_message = send_message;
    dev->transport = function;
    pci_config_add_bar(&function->config, BAR, BAR_BYTES, true);
    if (add_capabilities(dev, &function->config) != RESULT_OK) {
        LOG_VMM_ERR("%s: its capabilities do not fit into the configuration space\n", dev->type.name);
        pci_remove_function(function);
        return false;
    }
    open_pci_cfg(&function->config, dev->pci_cfg_offset);
    return true;
}
