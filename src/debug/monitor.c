/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Commands about the guest's machine: a table of names and functions. See <libvmm/monitor.h>.
 */
#include "debug/monitor.h"

#include <libvmm/monitor.h>
#include <libvmm/util/util.h>

#include "aarch64/debug/debug_regs.h"
#include "aarch64/exit/psr.h"
#include "aarch64/vgic/vgic_report.h"
#include "vm/guest.h"

static void run_help(struct vm *vm, const char *arguments, const struct report *report)
{
    static const char *const lines[] = {
        "devices        virtio devices and their queues, and what stands in their way",
        "errors         what the guest has done wrong: how often, and where",
        "irq N [VCPU]   the state of an interrupt, and why it does not come",
        "irqs           every interrupt that is pending, active or in a list register",
        "memory         guest RAM and emulated devices, by guest-physical address",
        "off            stop the guest for good",
        "restart        start the guest anew",
        "stop, resume   stop every vCPU, and let them go on",
        "vcpus          state and PC of each vCPU",
    };
    (void)vm;
    (void)arguments;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        report_line(report, "%s", lines[i]);
    }
}

static void run_vcpus(struct vm *vm, const char *arguments, const struct report *report)
{
    static const char *const states[] = {
        [VCPU_OFF] = "off", [VCPU_PAUSED] = "stopped", [VCPU_RUNNING] = "running", [VCPU_WAITING] = "waiting (WFI)"};
    (void)arguments;
    for (uint32_t i = 0; i < vm_vcpu_count(vm); i++) {
        seL4_UserContext context = {0};
        debug_regs_read(i, &context);
        report_line(report, "vCPU %u: %s, pc 0x%lx, pstate 0x%lx%s", i, states[vm->vcpus[i].state], context.pc,
                    context.spsr, (context.spsr & PSR_IRQ) != 0 ? ", interrupts masked" : "");
    }
}

/* A decimal number at `*text`, and moves behind it. */
static bool parse_number(const char **text, uint32_t *value)
{
    const uint32_t digits_max = 5;
    uint32_t digits = 0;
    while (**text == ' ') {
        (*text)++;
    }
    for (*value = 0; **text >= '0' && **text <= '9' && digits < digits_max; digits++) {
        *value = *value * 10 + (uint32_t)(*(*text)++ - '0');
    }
    return digits != 0;
}

/* A set, a bit each. */
static uint32_t paused_vcpus(const struct vm *vm)
{
    uint32_t paused = 0;
    for (uint32_t i = 0; i < vm_vcpu_count(vm); i++) {
        paused |= vm->vcpus[i].state == VCPU_PAUSED ? 1u << i : 0;
    }
    return paused;
}

static void report_source(struct vm *vm, uint32_t vcpu_id, uint32_t irq, const struct report *report)
{
    const struct virq *virq = &vm->virq;
    const struct virq_entry *entry = irq < VGIC_PRIVATE_COUNT ? &virq->private_entries[vcpu_id][irq]
                                                              : &virq->shared_entries[irq - VGIC_PRIVATE_COUNT];
    for (uint32_t channel = 0; channel < VIRQ_CHANNEL_COUNT; channel++) {
        if (virq->channels[channel].registered && virq->channels[channel].irq == irq) {
            report_line(report, "interrupt %u: passed through, channel %u", irq, channel);
            return;
        }
    }
    report_line(report, "interrupt %u: %s", irq,
                entry->registered      ? "registered"
                : irq < VGIC_SGI_COUNT ? "software-generated"
                                       : "neither registered nor a device's: nobody raises it");
}

static void run_irq(struct vm *vm, const char *arguments, const struct report *report)
{
    uint32_t irq, vcpu_id;
    if (!parse_number(&arguments, &irq) || irq >= VGIC_IRQ_COUNT) {
        report_line(report, "usage: irq N [VCPU], with N up to %u", VGIC_IRQ_COUNT - 1);
        return;
    }
    if (!parse_number(&arguments, &vcpu_id)) {
        vcpu_id = 0;
    }
    if (vm->vgic.vcpu_count == 0 || vcpu_id >= vm->vgic.vcpu_count || *arguments != '\0') {
        report_line(report, "there is no interrupt controller yet, or no such vCPU");
        return;
    }
    report_source(vm, vcpu_id, irq, report);
    vgic_report_irq(&vm->vgic, vcpu_id, irq, paused_vcpus(vm), report);
    const uint32_t target = vgic_target(&vm->vgic, vcpu_id, irq);
    if (vgic_find_obstacle(&vm->vgic, vcpu_id, irq, 0) == VGIC_IN_LIST_REGISTER && target != VGIC_OWNER_NONE) {
        seL4_UserContext context = {0};
        debug_regs_read(target, &context);
        report_line(report, "  vCPU %u has %s", target,
                    (context.spsr & PSR_IRQ) != 0
                        ? "masked interrupts (PSTATE.I)"
                        : "not masked interrupts: its priority mask, a group enable, or an end that is missing");
    }
}

static void run_irqs(struct vm *vm, const char *arguments, const struct report *report)
{
    (void)arguments;
    vgic_report_all(&vm->vgic, paused_vcpus(vm), report);
}

static void run_devices(struct vm *vm, const char *arguments, const struct report *report)
{
    (void)arguments;
    device_report_all(vm, report);
}

static void run_errors(struct vm *vm, const char *arguments, const struct report *report)
{
    const struct guest_errors *errors = &vm->errors;
    (void)arguments;
    for (size_t kind = 0; kind < GUEST_ERROR_KIND_COUNT; kind++) {
        if (errors->counts[kind] != 0) {
            report_line(report, "%lu: %s", errors->counts[kind], guest_error_text(kind));
        }
    }
    for (size_t i = 0; i < errors->logged_count; i++) {
        report_line(report, "  %s 0x%lx", guest_error_text(errors->logged[i].kind), errors->logged[i].place);
    }
}

static void run_memory(struct vm *vm, const char *arguments, const struct report *report)
{
    const struct guest_ram *ram = &vm->ram;
    (void)arguments;
    if (ram->size_bytes != 0) {
        report_line(report, "0x%010lx to 0x%010lx: RAM", ram->base.value, ram->base.value + ram->size_bytes - 1);
    }
    for (size_t i = 0; i < ram->more_count; i++) {
        report_line(report, "0x%010lx to 0x%010lx: RAM", ram->more[i].base.value,
                    ram->more[i].base.value + ram->more[i].size_bytes - 1);
    }
    for (size_t i = 0; i < vm->mmio.region_count; i++) {
        const struct mmio_region *region = &vm->mmio.regions[i];
        report_line(report, "0x%010lx to 0x%010lx: emulated", region->base.value,
                    region->base.value + region->size_bytes - 1);
    }
}

static void run_stop(struct vm *vm, const char *arguments, const struct report *report)
{
    (void)arguments;
    (void)report;
    guest_pause(vm);
}

static void run_resume(struct vm *vm, const char *arguments, const struct report *report)
{
    (void)arguments;
    if (guest_go_on(vm) == 0) {
        report_line(report, "nothing is stopped");
    }
}

static void run_restart(struct vm *vm, const char *arguments, const struct report *report)
{
    (void)arguments;
    if (!guest_reboot(vm, "monitor")) {
        report_line(report, "the guest cannot be started: the log says why");
    }
}

static void run_off(struct vm *vm, const char *arguments, const struct report *report)
{
    (void)arguments;
    (void)report;
    guest_halt(vm);
}

static const struct {
    const char *name;
    void (*run)(struct vm *vm, const char *arguments, const struct report *report);
} commands[] = {
    {"devices", run_devices}, {"errors", run_errors}, {"help", run_help},   {"irq", run_irq},
    {"irqs", run_irqs},       {"memory", run_memory}, {"off", run_off},     {"resume", run_resume},
    {"restart", run_restart}, {"stop", run_stop},     {"vcpus", run_vcpus},
};

bool monitor_run(struct vm *vm, const char *command, const struct report *report)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        const size_t length = strlen(commands[i].name);
        const bool is_name = strnlen(command, length) == length && memcmp(command, commands[i].name, length) == 0;
        if (is_name && (command[length] == '\0' || command[length] == ' ')) {
            commands[i].run(vm, command + length, report);
            return true;
        }
    }
    return false;
}

bool monitor_command(const char *command, monitor_put_t put, void *cookie)
{
    const struct report report = {.put = put, .cookie = cookie};
    const bool is_known = monitor_run(vm_instance(), command, &report);
    if (!is_known) {
        report_line(&report, "no such command: help");
    }
    return is_known;
}
