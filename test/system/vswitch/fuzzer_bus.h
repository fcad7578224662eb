/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the fuzzer's devices sit on: virtio-mmio [VIRTIO 4.2] or PCI [VIRTIO 4.1], where the ready-made VMM has
 * them. The fuzzer is linked with one of fuzzer_mmio.c and fuzzer_pci.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum bus_device {
    BUS_CONSOLE,
    BUS_BLK,
    BUS_NET,
    BUS_DEVICE_COUNT,
};

/* Registers that can be misused. */
struct bus_range {
    uintptr_t base;
    uint32_t bytes;
};

/* INTIDs: what a device raises. */
extern const uint32_t bus_irqs[BUS_DEVICE_COUNT];

/* Of a device, or of what it sits on: which, that depends on `chance`, any number. */
struct bus_range bus_range(enum bus_device device, uint32_t chance);

/* Whether everything is as it is after a reset. */
bool bus_is_fresh(enum bus_device device);

/* Makes a device's registers what they were, whatever has been done to them. */
void bus_open(enum bus_device device);

void bus_write_status(enum bus_device device, uint32_t status);
uint32_t bus_read_features(enum bus_device device, uint32_t word);
void bus_write_features(enum bus_device device, uint32_t word, uint32_t features);

/* Gives a queue its size and areas, and enables it. */
void bus_set_queue(enum bus_device device, uint32_t queue, uint32_t size, const uint64_t areas[3]);
void bus_notify(enum bus_device device, uint32_t queue);

/* Takes back what interrupts a device has raised; from the interrupt handler. */
void bus_acknowledge(enum bus_device device);
