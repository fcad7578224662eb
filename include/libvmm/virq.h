/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest's interrupts: its interrupt controller, and how the VMM raises interrupts in it.
 *
 * The controller is an Arm GICv2 or GICv3. An interrupt is named by its INTID: 0..15 are software-generated, 16..31
 * belong to a vCPU each (PPIs), 32..1019 to all of them (SPIs); an SPI of a device tree has its number there plus 32.
 *
 * No interrupt is lost: what cannot be delivered yet (disabled by the guest, its vCPU off, no room) stays pending.
 *
 * All functions may be called from the VMM's init, notified, protected and fault entry points, and from functions that
 * the library calls. Where one answers false it has written a line to the log that names the value and its limit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microkit.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the guest's interrupt controller. */
enum virq_controller_version {
    VIRQ_CONTROLLER_GICV2 = 2, /**< 1 to 8 vCPUs */
    VIRQ_CONTROLLER_GICV3 = 3, /**< 1 to 16 vCPUs */
};

/** Where the guest's interrupt controller is: guest-physical addresses, and sizes in bytes. */
struct virq_controller_config {
    enum virq_controller_version version;
    uint64_t dist_base;         /**< Distributor */
    uint64_t dist_size_bytes;   /**< at least 0x1000 (GICv2) or 0x10000 (GICv3) */
    uint64_t redist_base;       /**< GICv3: Redistributors; ignored for a GICv2 */
    uint64_t redist_size_bytes; /**< GICv3: at least 0x20000 a vCPU */
    uint64_t cpu_base;          /**< GICv2: CPU interface, where the system description maps the hardware's GICV */
    uint64_t cpu_size_bytes;
};

/**
 * Called when an interrupt that the VMM raised is over, so that its source may raise it again: the guest has ended it,
 * has withdrawn it before taking it (GICD_ICPENDR), or the interrupt controller was reset while it was under way.
 *
 * @param vcpu_id  the vCPU that the interrupt was registered for.
 * @param irq      its INTID.
 * @param cookie   what virq_register was given.
 */
typedef void (*virq_ack_fn_t)(size_t vcpu_id, int irq, void *cookie);

/**
 * Sets version and addresses of the interrupt controller, instead of those in the guest's device tree.
 *
 * @param config  copied. Reserved ranges must not overlap other emulated devices.
 * @return false when the version is unknown or a size too small for it, and after virq_controller_init.
 */
bool virq_controller_configure(const struct virq_controller_config *config);

/**
 * Initialises the guest's interrupt controller. Comes before virq_register, and after linux_setup_images, which finds
 * version and addresses in the guest's device tree, or virq_controller_configure. Once.
 *
 * @param cpu_id  the boot vCPU, less than the number of vCPUs.
 * @return false when cpu_id is out of range, version and addresses are not known, do not fit the number of vCPUs, or
 *         overlap the guest's RAM or another emulated device, and the second time. Then nothing has changed.
 */
bool virq_controller_init(size_t cpu_id);

/**
 * Registers an interrupt that the VMM raises.
 *
 * @param vcpu_id   the vCPU to deliver to. An SPI goes where the guest routes it; this then only has to be a vCPU.
 * @param virq_num  INTID, 0 to 1019, not registered yet (a PPI or SGI: for this vCPU).
 * @param ack_fn    called at the end of each interrupt, or NULL.
 * @param ack_data  given to ack_fn.
 * @return false when an argument is out of range or the interrupt is registered already, and before
 *         virq_controller_init.
 */
bool virq_register(size_t vcpu_id, size_t virq_num, virq_ack_fn_t ack_fn, void *ack_data);

/**
 * Injects an interrupt: a pulse on its input. If it is pending already, nothing changes; if the guest is serving it,
 * it comes again afterwards.
 *
 * @param vcpu_id  a vCPU; for a PPI or SGI, the one it was registered for.
 * @param irq      INTID of a registered interrupt.
 * @return false when an argument is out of range or the interrupt is not registered.
 */
bool virq_inject(size_t vcpu_id, int irq);

/**
 * Sets the level of an interrupt's input, for devices that hold it high until they are served. A level-sensitive
 * interrupt (as the guest has configured it) stays pending as long as its input is high; an edge-triggered one becomes
 * pending when it rises. A reset of the interrupt controller takes all inputs as low.
 *
 * @param vcpu_id  as for virq_inject.
 * @param irq      INTID of a registered interrupt, 16 to 1019.
 * @param high     the level.
 * @return false when an argument is out of range or the interrupt is not registered.
 */
bool virq_set_level(size_t vcpu_id, int irq, bool high);

/**
 * Says that `irq` is a hardware interrupt to be passed through to the guest. When the guest has ended it, the hardware
 * interrupt is acknowledged (microkit_irq_ack), and comes again if its cause persists.
 *
 * @param vcpu_id  as for virq_register.
 * @param irq      INTID that the guest sees, 16 to 1019, not registered yet.
 * @param irq_ch   channel of the system description that maps to it, 0 to 61, not registered yet.
 * @return false when an argument is out of range or registered already, and before virq_controller_init.
 */
bool virq_register_passthrough(size_t vcpu_id, size_t irq, microkit_channel irq_ch);

/**
 * Injects the interrupt registered for a channel. For the VMM's notified().
 *
 * @param irq_ch  channel that was notified.
 * @return false when the channel is out of range or has no interrupt registered.
 */
bool virq_handle_passthrough(microkit_channel irq_ch);

#ifdef __cplusplus
}
#endif
