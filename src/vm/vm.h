/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * One guest and everything the library knows of it. The public functions work on the one instance; inside, everything
 * takes a pointer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libvmm/arch/aarch64/fault.h>
#include <libvmm/arch/aarch64/smc.h>
#include <libvmm/guest.h>

#include "aarch64/vcpu/reset_stub.h"
#include "aarch64/vgic/vgic.h"
#include "vm/device.h"
#include "vm/guest_error.h"
#include "vm/guest_ram.h"
#include "vm/images.h"
#include "vm/limits.h"
#include "vm/mmio.h"
#include "vm/vcpu.h"
#include "vm/virq.h"
#include "vm/vm_config.h"

#define VM_EXCEPTION_HANDLER_COUNT_MAX 16

/*
 * Loads vm->images into the guest's RAM again (which has been cleared) and gives the entry point. Registered by
 * whoever loads images; called by a restart.
 */
typedef enum result (*vm_reload_t)(struct vm *vm, uint64_t *kernel_pc);

/* A handler of the VMM for faults in a range of guest-physical addresses. */
struct vm_exception_handler {
    struct vm *vm;
    vm_exception_handler_t callback;
    void *data;
};

/* Where in the guest's RAM its device tree wants random bytes; filled in each time that the guest starts. */
struct vm_seeds {
    struct {
        gpa_t at;
        uint32_t size_bytes;
    } places[2];
    size_t count;
    bool is_logged;         /* that there is no source of random bytes */
    uint64_t made_up_count; /* bytes, without one */
};

struct vm_hooks {
    guest_power_handler_t power;
    void *power_cookie;
    guest_timer_arm_t timer_arm;
    void *timer_cookie;
    smc_sip_handler_t sip;
    smc_sip_handler_t oem;
    const uint32_t *forwarded; /* NULL: no list */
    size_t forwarded_count;
    smc_trng_source_t trng;
    void *trng_cookie;
    uint8_t trng_uuid[SMC_UUID_BYTES];
};

struct vm_debugger;

/* What a debugger has to hear of. */
struct vm_debugger_ops {
    /* A vCPU has executed SMC with an immediate that is not 0. Answers whether that is a breakpoint of the debugger's.
     */
    bool (*breakpoint)(struct vm_debugger *debugger, struct vcpu *vcpu);
    /* The guest starts: its images are loaded, and none of its instructions is executed yet. */
    void (*started)(struct vm_debugger *debugger);
    /* A vCPU would run now, but is held. */
    void (*held)(struct vm_debugger *debugger, struct vcpu *vcpu);
    /* Every vCPU has been paused, by the VMM or for an error of the guest. */
    void (*paused)(struct vm_debugger *debugger);
    /* A vCPU has switched itself off (PSCI CPU_OFF). */
    void (*vcpu_off)(struct vm_debugger *debugger, struct vcpu *vcpu);
    /* The guest has switched itself off, and stays off. */
    void (*powered_off)(struct vm_debugger *debugger);
};

struct vm_debugger {
    const struct vm_debugger_ops *ops;
    bool holds; /* vCPUs that are started wait for the debugger */
};

struct vm {
    struct vcpu vcpus[VM_VCPU_COUNT_MAX];
    size_t vcpu_count; /* 0 until known: read it through vm_vcpu_count */
    bool has_affinities;
    uint32_t affinity[VM_VCPU_COUNT_MAX]; /* read them through vm_affinity */
    size_t boot_vcpu_id;
    uint8_t untested_page_kib; /* of the kernel, until it has switched its MMU on; 0: none */
    struct vcpu_entry entry;   /* of the last guest_start */
    bool started;
    bool is_new;         /* stopped before it could begin */
    bool stops_on_error; /* guest_stop_on_error */
    uint8_t power_log_count;

    struct guest_ram ram;
    bool is_configured;  /* by guest_configure: a device tree must agree */
    bool ram_registered; /* ram was given by the VMM through guest_ram_register */

    struct mmio_bus mmio;
    struct device *devices; /* the library's own, but for the interrupt controller */
    struct vgic vgic;
    struct vgic_config vgic_config;
    struct virq virq;

    struct linux_images images;
    struct vm_seeds seeds;
    vm_reload_t reload; /* NULL: nothing to load again */
    struct reset_stub reset_stub;

    struct vm_debugger *debugger; /* NULL: none */
    struct guest_errors errors;
    struct vm_hooks hooks;
    struct vm_exception_handler exception_handlers[VM_EXCEPTION_HANDLER_COUNT_MAX];
    size_t exception_handler_count;
};

/* The instance behind the public functions, which they reach through vm_instance. */
extern struct vm vm_the_instance;

static inline struct vm *vm_instance(void)
{
    return &vm_the_instance;
}

/* The number of vCPUs: 1 until something says otherwise. */
static inline size_t vm_vcpu_count(const struct vm *vm)
{
    return vm->vcpu_count == 0 ? 1 : vm->vcpu_count;
}

/* The affinity of a vCPU: Aff2, Aff1 and Aff0 of its MPIDR_EL1. A vCPU's number, until a device tree says otherwise. */
static inline uint32_t vm_affinity(const struct vm *vm, size_t vcpu_id)
{
    return vm->has_affinities ? vm->affinity[vcpu_id] : (uint32_t)vcpu_id;
}

/* Whether `vcpu_id` is a vCPU of this VM. */
static inline bool vm_has_vcpu(const struct vm *vm, size_t vcpu_id)
{
    return vcpu_id == 0 || vcpu_id < vm->vcpu_count;
}

/* A vCPU of this VM. */
static inline struct vcpu *vm_vcpu(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = &vm->vcpus[vcpu_id];
    vcpu->id = (uint32_t)vcpu_id;
    return vcpu;
}

/* Forgets everything: the state of a VMM that has just been started. For tests. */
void vm_forget(struct vm *vm);
