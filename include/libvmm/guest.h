/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest's life: start, stop, restart, and what the VMM wants to be asked about.
 *
 * All functions may be called from the VMM's init, notified, protected and fault entry points, and from handlers that
 * the library calls. The library is not re-entrant beyond that: a PD runs one entry point at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libvmm/virq.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Starts a guest Linux by passing control to its kernel's entry point, with the entry state of the arm64 boot protocol:
 * x0 = device tree, x1 to x3 = 0, EL1h, DAIF masked, MMU off. All EL1 state of the vCPU is put into its reset state
 * before. Every other vCPU is off until the guest turns it on (PSCI CPU_ON).
 *
 * @param boot_vcpu_id  vCPU to start, less than the number of vCPUs.
 * @param kernel_pc     guest-physical address of the first instruction, as linux_setup_images returns it; a multiple
 *                      of 4.
 * @param dtb           guest-physical address of the device tree.
 * @param initrd        guest-physical address of the initial RAM disk (the guest finds it in its device tree; it is
 *                      only logged here), or 0.
 * @return false, with a line in the log, when boot_vcpu_id or kernel_pc is out of range, or the system description has
 *         fewer vCPUs than the guest's device tree has CPUs.
 */
bool guest_start(size_t boot_vcpu_id, uintptr_t kernel_pc, uintptr_t dtb, uintptr_t initrd);

/**
 * Pauses the guest: every vCPU is stopped at once. Interrupts that come meanwhile are kept, and its counter goes on.
 * Harmless for a guest that is not running. guest_resume lets it go on; guest_restart or guest_start runs it from its
 * beginning.
 *
 * @param boot_vcpu_id  the vCPU that guest_start was given.
 */
void guest_stop(size_t boot_vcpu_id);

/**
 * Lets a guest go on that guest_stop has stopped: every vCPU from where it was. A load, store or call in the middle of
 * whose handling it was stopped is made again.
 *
 * @param boot_vcpu_id  the vCPU that guest_start was given.
 * @return false, with a line in the log, when there is no such guest, it runs, has switched itself off, or has never
 *         been started.
 */
bool guest_resume(size_t boot_vcpu_id);

/**
 * For debugging: has the guest stopped, as by guest_stop, at its next mistake (access to nothing, an undefined system
 * register, a device's register used wrongly, ...), with a line in the log and its registers, instead of letting it
 * take the exception. guest_resume makes it do the same again.
 *
 * @param stops  false: mistakes are only counted and logged, as at first.
 */
void guest_stop_on_error(bool stops);

/**
 * Restarts the guest: stops every vCPU, puts vCPUs, interrupt controller and virtual timer into their first state,
 * clears the guest's RAM, loads the images of the last linux_setup_images again and starts the boot vCPU. To restart
 * with a different image, call linux_setup_images with it before.
 *
 * @param boot_vcpu_id     vCPU to start.
 * @param guest_ram_vaddr  address of the guest's RAM in the VMM; it must be the RAM that the library knows.
 * @param guest_ram_size   its size in bytes.
 * @return false, with a line in the log, when an argument is out of range or no images have been set up; the guest is
 *         stopped then.
 */
bool guest_restart(size_t boot_vcpu_id, uintptr_t guest_ram_vaddr, size_t guest_ram_size);

/**
 * Says where the guest's RAM lies, which lets its address in the VMM differ from the one in the guest. Without this
 * the two are equal. Call it before linux_setup_images; a second call replaces the first.
 *
 * @param vmm_vaddr    address in the VMM, not 0.
 * @param guest_paddr  guest-physical address, a multiple of 4096.
 * @param size_bytes   a multiple of 4096, not 0.
 * @return false, with a line in the log, when the range is empty, unaligned, wraps, or overlaps an emulated device.
 */
bool guest_ram_register(uintptr_t vmm_vaddr, uint64_t guest_paddr, size_t size_bytes);

/** A range of the guest's RAM. */
struct guest_ram_part {
    uintptr_t vmm_vaddr;  /**< address in the VMM, not 0 */
    uint64_t guest_paddr; /**< guest-physical address, a multiple of 4096 */
    size_t size_bytes;    /**< a multiple of 4096, not 0 */
};

/** What a guest's machine consists of. */
struct guest_config {
    const struct guest_ram_part *ram; /**< the first one is where linux_setup_images loads to */
    size_t ram_count;                 /**< 0 to 4 */
    size_t vcpu_count;                /**< 1 to 8 with a GICv2, 1 to 16 with a GICv3 */
    const uint32_t *affinities;       /**< of each vCPU: bits 23 to 0 of its MPIDR_EL1; NULL: its number */
    struct virq_controller_config gic;
};

/**
 * Describes the guest's machine: for guests that are no Linux, and for those whose device tree must agree with it. It
 * takes the place of guest_ram_register and virq_controller_configure. Before linux_setup_images, virq_controller_init
 * and guest_start; devices may come before or after it. A second call replaces the first.
 *
 * @param config  copied.
 * @return false, with a line in the log, when a number is out of range, ranges overlap each other or an emulated
 *         device, or it comes too late. Then nothing has changed.
 */
bool guest_configure(const struct guest_config *config);

/** Why a guest's power handler is asked. */
enum guest_power_event {
    GUEST_POWER_OFF,   /**< the guest has asked for power-off: PSCI SYSTEM_OFF */
    GUEST_POWER_RESET, /**< the guest has asked for a reset: PSCI SYSTEM_RESET or SYSTEM_RESET2 */
};

/** What is to happen next. */
enum guest_power_action {
    GUEST_POWER_ACTION_DEFAULT, /**< power-off: stay stopped; reset: restart with the last images */
    GUEST_POWER_ACTION_STOP,    /**< leave the guest stopped */
    GUEST_POWER_ACTION_RESTART, /**< restart with the last images */
    GUEST_POWER_ACTION_HANDLED, /**< the handler has done what is to be done, such as guest_restart itself */
};

/**
 * Called when the guest asks for power-off or reset; every vCPU is stopped by then.
 *
 * @param vcpu_id  vCPU that made the call.
 * @param event    what it asked for.
 * @param cookie   as registered.
 * @return what the library is to do next.
 */
typedef enum guest_power_action (*guest_power_handler_t)(size_t vcpu_id, enum guest_power_event event, void *cookie);

/**
 * Registers the power handler; there is one, and the last one registered counts.
 *
 * @param handler  called from within fault_handle, or NULL for the default actions.
 * @param cookie   passed to it.
 * @return true.
 */
bool guest_register_power_handler(guest_power_handler_t handler, void *cookie);

/**
 * Arms the VMM's timer for a vCPU that waits for an interrupt (WFI): on seL4, a vCPU that does not run is not woken by
 * its virtual timer. When the physical counter reaches `deadline`, the VMM calls guest_timer_due. A new call replaces
 * the vCPU's former deadline. Not used on a kernel that wakes vCPUs itself.
 *
 * @param vcpu_id   vCPU that waits.
 * @param deadline  value of the physical counter (CNTPCT_EL0).
 * @param cookie    as registered.
 * @return false when the timer cannot be armed: the vCPU then does not wait.
 */
typedef bool (*guest_timer_arm_t)(size_t vcpu_id, uint64_t deadline, void *cookie);

/**
 * Registers the function that arms the VMM's timer. Without one, on a kernel that does not wake vCPUs, WFI returns at
 * once while the guest's virtual timer runs: correct, but an idle guest then uses all of its vCPU's time.
 *
 * @param arm     called from within fault_handle, or NULL for none.
 * @param cookie  passed to it.
 * @return true.
 */
bool guest_register_timer(guest_timer_arm_t arm, void *cookie);

/**
 * Wakes a vCPU whose deadline has come. Early or unnecessary calls do no harm.
 *
 * @param vcpu_id  the vCPU that guest_timer_arm_t was called for.
 */
void guest_timer_due(size_t vcpu_id);

#ifdef __cplusplus
}
#endif
