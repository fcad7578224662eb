/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A Linux kernel module that makes a UIO device out of a device-tree node: each range of its "reg" becomes a map, its
 * interrupt what a read of the device waits for. Debian's kernel has UIO, but no driver of its own that does this
 * (uio_pdrv_genirq). The interrupt must be an edge: it is not masked, and user space need not unmask it.
 *
 * A range is mapped as device memory, unless the node's "reg-names" call it "memory": then it is mapped like the
 * guest's RAM, for those who share it through their caches. (UIO's word for that is UIO_MEM_IOVA.)
 *
 * Specification: Linux Documentation/driver-api/uio-howto.rst.
 */
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/string.h>
#include <linux/uio_driver.h>

static irqreturn_t on_interrupt(int irq, struct uio_info *info)
{
    return IRQ_HANDLED;
}

static int add_maps(struct platform_device *device, struct uio_info *info)
{
    for (unsigned int i = 0; i < MAX_UIO_MAPS; i++) {
        const struct resource *range = platform_get_resource(device, IORESOURCE_MEM, i);
        if (range == NULL) {
            return i > 0 ? 0 : -ENODEV;
        }
        if (!PAGE_ALIGNED(range->start) || !PAGE_ALIGNED(resource_size(range))) {
            return -EINVAL;
        }
        info->mem[i].name = range->name;
        info->mem[i].memtype = strcmp(range->name, "memory") == 0 ? UIO_MEM_IOVA : UIO_MEM_PHYS;
        info->mem[i].addr = range->start;
        info->mem[i].size = resource_size(range);
    }
    return 0;
}

static int window_probe(struct platform_device *device)
{
    struct uio_info *info = devm_kzalloc(&device->dev, sizeof(*info), GFP_KERNEL);
    if (info == NULL) {
        return -ENOMEM;
    }
    const int irq = platform_get_irq(device, 0);
    if (irq < 0) {
        return irq;
    }
    const int error = add_maps(device, info);
    if (error != 0) {
        return error;
    }
    info->name = "window";
    info->version = "1";
    info->irq = irq;
    info->handler = on_interrupt;
    return devm_uio_register_device(&device->dev, info);
}

static const struct of_device_id matches[] = {
    {.compatible = "libvmm,window"},
    {.compatible = "generic-uio"},
    {},
};
MODULE_DEVICE_TABLE(of, matches);

static struct platform_driver window_driver = {
    .driver = {.name = "window_uio", .of_match_table = matches},
    .probe = window_probe,
};
module_platform_driver(window_driver);

MODULE_DESCRIPTION("UIO devices out of a device tree");
MODULE_LICENSE("Dual BSD/GPL");
