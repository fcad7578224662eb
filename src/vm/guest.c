/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Start, stop and restart of the guest.
 *
 * A restart is complete: every vCPU stopped and reset, timers off, interrupt controller reset (which acknowledges what
 * was in flight), devices reset, RAM cleared, images loaded anew, and vCPUs that have run reset before the guest
 * starts. It may be asked for from within an exit of the very vCPU that it starts again; that exit's reply then must
 * not resume it (VCPU_REPLACED).
 *
 * A guest that is stopped can be resumed as well: what its vCPUs were about to do is kept.
 */
#include "vm/guest.h"

#include <libvmm/util/util.h>

#include "aarch64/vcpu/vcpu_state.h"
#include "aarch64/vcpu/vcpu_timer.h"
#include "util/checked.h"
#include "util/log_limit.h"
#include "vm/vm.h"

#define INSTRUCTION_BYTES 4
#define SEED_BYTES_MAX    32
#define SEED_PIECE_BYTES  16 /* no source is asked for more at once */
#define PAGE_BYTES        4096

void guest_halt(struct vm *vm)
{
    for (size_t i = 0; i < vm_vcpu_count(vm); i++) {
        vcpu_stop(vm, i);
    }
    reset_stub_cancel(vm);
    vm->is_new = false;
}

/* All vCPUs, their timers and the interrupt controller into their first state. The vCPUs are stopped. */
static void reset_all(struct vm *vm)
{
    for (size_t i = 0; i < vm_vcpu_count(vm); i++) {
        if (vcpu_state_reset(i, vm_affinity(vm, i)) != RESULT_OK) {
            LOG_VMM_ERR("the system description has no vCPU %zu, the guest has %zu\n", i, vm_vcpu_count(vm));
        }
    }
    virq_reset(vm);
    device_reset_all(vm);
}

static bool check_start(const struct vm *vm, const char *function, size_t boot_vcpu_id, uint64_t kernel_pc)
{
    if (!vm_has_vcpu(vm, boot_vcpu_id)) {
        LOG_VMM_ERR("%s: vCPU %zu does not exist, there are %zu\n", function, boot_vcpu_id, vm_vcpu_count(vm));
        return false;
    }
    if (kernel_pc == UINTPTR_MAX) {
        LOG_VMM_ERR(
            "%s: the guest is NOT started: linux_setup_images has failed and returned -1 as the entry point, for "
            "the reason logged above\n",
            function);
        return false;
    }
    if (!is_aligned(kernel_pc, INSTRUCTION_BYTES)) {
        LOG_VMM_ERR("%s: entry point 0x%lx is not a multiple of %d\n", function, kernel_pc, INSTRUCTION_BYTES);
        return false;
    }
    if (vm->ram.size_bytes != 0 && guest_ram_at(&vm->ram, gpa(kernel_pc), INSTRUCTION_BYTES) == NULL) {
        LOG_VMM_ERR("%s: entry point 0x%lx is outside the guest's RAM, 0x%lx bytes at 0x%lx\n", function, kernel_pc,
                    vm->ram.size_bytes, vm->ram.base.value);
        return false;
    }
    return true;
}

/* Whether the system description has a vCPU for each CPU of the guest's. */
static bool check_vcpus(const struct vm *vm)
{
    for (size_t i = 0; i < vm_vcpu_count(vm); i++) {
        if (!vcpu_state_exists(i)) {
            LOG_VMM_ERR("the guest has %zu CPUs, but the system description has no vCPU %zu\n", vm_vcpu_count(vm), i);
            return false;
        }
    }
    return true;
}

/* Not secret, but another one at each start: of the PD's name, the device tree's place, and how many came before. */
static void make_up(struct vm *vm, uint8_t *bytes, size_t size_bytes)
{
    uint64_t state = vm->images.dtb_dest;
    for (size_t i = 0; i < MICROKIT_PD_NAME_LENGTH && microkit_name[i] != '\0'; i++) {
        state = state * 31 + (uint8_t)microkit_name[i];
    }
    for (size_t i = 0; i < size_bytes; i++) {
        /* SplitMix64 */
        uint64_t z = state + ++vm->seeds.made_up_count * UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        bytes[i] = (uint8_t)(z >> 32);
    }
}

/* Random bytes of the VMM's source, if it has one that has enough now. */
static bool draw(struct vm *vm, uint8_t *bytes, size_t size_bytes)
{
    bool is_drawn = vm->hooks.trng != NULL;
    for (size_t done = 0; done < size_bytes && is_drawn; done += SEED_PIECE_BYTES) {
        is_drawn = vm->hooks.trng(bytes + done, MIN(size_bytes - done, SEED_PIECE_BYTES), vm->hooks.trng_cookie);
    }
    return is_drawn;
}

/* Fills in the seeds of the guest's device tree. */
static void fill_seeds(struct vm *vm)
{
    for (size_t i = 0; i < vm->seeds.count; i++) {
        uint8_t bytes[SEED_BYTES_MAX];
        const size_t size_bytes = vm->seeds.places[i].size_bytes;
        if (!draw(vm, bytes, size_bytes)) {
            if (!vm->seeds.is_logged) {
                LOG_VMM("no random numbers (smc_register_trng): the guest's rng-seed and kaslr-seed are not secret\n");
                vm->seeds.is_logged = true;
            }
            make_up(vm, bytes, size_bytes);
        }
        /* Where the device tree was loaded: RAM that there is. */
        (void)!guest_ram_load(&vm->ram, vm->seeds.places[i].at, bytes, size_bytes);
        memset(bytes, 0, sizeof bytes);
    }
    vm->seeds.count = 0;
}

static bool start(struct vm *vm, const char *function)
{
    fill_seeds(vm);
    vm->started = true;
    vm->is_new = false;
    vcpu_timer_register(vm);
    if (vm->debugger != NULL) {
        vm->debugger->ops->started(vm->debugger);
    }
    if (reset_stub_start(vm) != RESULT_OK) {
        LOG_VMM_ERR("%s: the system description has no vCPU %zu\n", function, vm->boot_vcpu_id);
        return false;
    }
    return true;
}

bool guest_start(size_t boot_vcpu_id, uintptr_t kernel_pc, uintptr_t dtb, uintptr_t initrd)
{
    struct vm *vm = vm_instance();
    if (!check_start(vm, "guest_start", boot_vcpu_id, kernel_pc) || !check_vcpus(vm)) {
        return false;
    }
    if (vm->started) {
        guest_halt(vm);
        reset_all(vm);
    }
    vm->boot_vcpu_id = boot_vcpu_id;
    vm->entry = (struct vcpu_entry){.pc = kernel_pc, .x0 = dtb};
    LOG_VMM("starting guest at 0x%lx, device tree at 0x%lx, initial RAM disk at 0x%lx\n", kernel_pc, dtb, initrd);
    return start(vm, "guest_start");
}

void guest_pause(struct vm *vm)
{
    /* While vCPUs are reset, the guest is yet to begin: there is nothing to go on with. */
    vm->is_new = vm->is_new || vm->reset_stub.under_way;
    for (size_t i = 0; i < vm_vcpu_count(vm); i++) {
        vcpu_pause(vm, i);
    }
    reset_stub_cancel(vm);
    if (vm->debugger != NULL) {
        vm->debugger->ops->paused(vm->debugger);
    }
}

void guest_stop(size_t boot_vcpu_id)
{
    struct vm *vm = vm_instance();
    if (!vm_has_vcpu(vm, boot_vcpu_id)) {
        LOG_VMM_ERR("guest_stop: vCPU %zu does not exist, there are %zu\n", boot_vcpu_id, vm_vcpu_count(vm));
        return;
    }
    guest_pause(vm);
}

size_t guest_go_on(struct vm *vm)
{
    size_t resumed = 0;
    if (vm->is_new) {
        return start(vm, "guest_resume") ? 1 : 0;
    }
    for (size_t i = 0; i < vm_vcpu_count(vm); i++) {
        if (vm->vcpus[i].state == VCPU_PAUSED) {
            vcpu_resume(vm, i);
            resumed++;
        }
    }
    return resumed;
}

bool guest_resume(size_t boot_vcpu_id)
{
    struct vm *vm = vm_instance();
    const size_t resumed = boot_vcpu_id == vm->boot_vcpu_id ? guest_go_on(vm) : 0;
    if (resumed == 0) {
        LOG_VMM_ERR("guest_resume: no guest of boot vCPU %zu is stopped by guest_stop\n", boot_vcpu_id);
    }
    return resumed != 0;
}

void guest_stop_on_error(bool stops)
{
    vm_instance()->stops_on_error = stops;
}

/* Everything is stopped already, and stays so on failure. */
static bool restart(struct vm *vm, const char *function)
{
    uint64_t kernel_pc;
    if (vm->reload == NULL) {
        LOG_VMM_ERR("%s: there are no images to load: linux_setup_images has not succeeded\n", function);
        return false;
    }
    reset_all(vm);
    if (guest_ram_clear_all(&vm->ram) != RESULT_OK) {
        LOG_VMM_ERR("%s: the guest's RAM is not known\n", function);
        return false;
    }
    if (vm->reload(vm, &kernel_pc) != RESULT_OK) {
        LOG_VMM_ERR("%s: the images could not be loaded again\n", function);
        return false;
    }
    vm->entry = (struct vcpu_entry){.pc = kernel_pc, .x0 = vm->images.dtb_dest};
    return check_start(vm, function, vm->boot_vcpu_id, kernel_pc) && start(vm, function);
}

bool guest_reboot(struct vm *vm, const char *function)
{
    guest_halt(vm);
    return restart(vm, function);
}

/* The RAM that the library knows, or, where only the device tree has told its size, at least that: all is cleared. */
static bool take_ram(struct vm *vm, uintptr_t guest_ram_vaddr, size_t guest_ram_size)
{
    struct guest_ram *ram = &vm->ram;
    struct guest_ram whole;
    if (vm->ram_registered && guest_ram_vaddr == (uintptr_t)ram->vmm_base && guest_ram_size == ram->size_bytes) {
        return true;
    }
    if (!vm->ram_registered && guest_ram_vaddr == (uintptr_t)ram->vmm_base && guest_ram_size >= ram->size_bytes &&
        guest_ram_init(&whole, ram->vmm_base, ram->base, guest_ram_size) == RESULT_OK) {
        if (vm_config_check_ram(vm, "guest_restart", &whole) != RESULT_OK) {
            return false;
        }
        *ram = whole;
        return true;
    }
    LOG_VMM_ERR("guest_restart: RAM of 0x%lx bytes at 0x%lx is not the guest's, 0x%lx bytes at 0x%lx\n", guest_ram_size,
                guest_ram_vaddr, ram->size_bytes, (uintptr_t)ram->vmm_base);
    return false;
}

bool guest_restart(size_t boot_vcpu_id, uintptr_t guest_ram_vaddr, size_t guest_ram_size)
{
    struct vm *vm = vm_instance();
    guest_halt(vm);
    if (!vm_has_vcpu(vm, boot_vcpu_id)) {
        LOG_VMM_ERR("guest_restart: vCPU %zu does not exist, there are %zu\n", boot_vcpu_id, vm_vcpu_count(vm));
        return false;
    }
    if (vm->reload != NULL && !take_ram(vm, guest_ram_vaddr, guest_ram_size)) {
        return false;
    }
    vm->boot_vcpu_id = boot_vcpu_id;
    LOG_VMM("restarting guest\n");
    return restart(vm, "guest_restart");
}

bool guest_ram_register(uintptr_t vmm_vaddr, uint64_t guest_paddr, size_t size_bytes)
{
    struct vm *vm = vm_instance();
    if (!is_aligned(guest_paddr, PAGE_BYTES) || !is_aligned(size_bytes, PAGE_BYTES)) {
        LOG_VMM_ERR("guest_ram_register: 0x%lx bytes at 0x%lx are not multiples of %d\n", size_bytes, guest_paddr,
                    PAGE_BYTES);
        return false;
    }
    struct guest_ram ram;
    if (guest_ram_init(&ram, (void *)vmm_vaddr, gpa(guest_paddr), size_bytes) != RESULT_OK) {
        LOG_VMM_ERR("guest_ram_register: 0x%lx bytes at 0x%lx, in the VMM at 0x%lx, are empty or wrap around\n",
                    size_bytes, guest_paddr, vmm_vaddr);
        return false;
    }
    if (vm_config_check_ram(vm, "guest_ram_register", &ram) != RESULT_OK) {
        return false;
    }
    vm->ram = ram;
    vm->ram_registered = true;
    return true;
}

static bool add_ram(struct guest_ram *ram, const struct guest_ram_part *region)
{
    if (!is_aligned(region->guest_paddr, PAGE_BYTES) || !is_aligned(region->size_bytes, PAGE_BYTES) ||
        guest_ram_add(ram, (void *)region->vmm_vaddr, gpa(region->guest_paddr), region->size_bytes) != RESULT_OK) {
        LOG_VMM_ERR("guest_configure: RAM of 0x%lx bytes at 0x%lx, in the VMM at 0x%lx, is empty, wraps around, "
                    "overlaps other RAM, is no multiple of %d or one of more than %d regions\n",
                    region->size_bytes, region->guest_paddr, region->vmm_vaddr, PAGE_BYTES, GUEST_RAM_RANGE_COUNT_MAX);
        return false;
    }
    return true;
}

bool guest_configure(const struct guest_config *config)
{
    struct vm *vm = vm_instance();
    if (config == NULL || vm->started || vm->virq.initialised || vm->reload != NULL) {
        LOG_VMM_ERR("guest_configure: %s\n",
                    config == NULL ? "no configuration given"
                                   : "comes before linux_setup_images, virq_controller_init and guest_start");
        return false;
    }
    struct vm_config wanted = {.vcpu_count = config->vcpu_count, .vgic = vgic_config_of(&config->gic)};
    for (size_t i = 0; i < config->ram_count; i++) {
        if (!add_ram(&wanted.ram, &config->ram[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < VM_VCPU_COUNT_MAX; i++) {
        wanted.affinity[i] = config->affinities != NULL && i < config->vcpu_count ? config->affinities[i] : (uint32_t)i;
    }
    if (vm_config_check(vm, "guest_configure", &wanted) != RESULT_OK) {
        return false;
    }
    vm_config_commit(vm, &wanted);
    vm->ram_registered = wanted.ram.size_bytes != 0;
    vm->virq.config = wanted.vgic;
    vm->virq.configured = true;
    vm->is_configured = true;
    return true;
}

bool guest_register_power_handler(guest_power_handler_t handler, void *cookie)
{
    struct vm_hooks *hooks = &vm_instance()->hooks;
    hooks->power = handler;
    hooks->power_cookie = cookie;
    return true;
}

bool guest_register_timer(guest_timer_arm_t arm, void *cookie)
{
    struct vm_hooks *hooks = &vm_instance()->hooks;
    hooks->timer_arm = arm;
    hooks->timer_cookie = cookie;
    return true;
}

void guest_timer_due(size_t vcpu_id)
{
    struct vm *vm = vm_instance();
    if (vm_has_vcpu(vm, vcpu_id)) {
        vcpu_kick(vm, vcpu_id);
    }
}

static enum guest_power_action power_action(struct vm *vm, size_t vcpu_id, enum guest_power_event event)
{
    enum guest_power_action action = GUEST_POWER_ACTION_DEFAULT;
    if (vm->hooks.power != NULL) {
        action = vm->hooks.power(vcpu_id, event, vm->hooks.power_cookie);
    }
    if (action == GUEST_POWER_ACTION_DEFAULT) {
        action = event == GUEST_POWER_RESET ? GUEST_POWER_ACTION_RESTART : GUEST_POWER_ACTION_STOP;
    }
    return action;
}

void guest_power(struct vm *vm, size_t vcpu_id, enum guest_power_event event)
{
    if (log_limit_allows(&vm->power_log_count)) {
        LOG_VMM("guest asks for %s%s\n", event == GUEST_POWER_RESET ? "a reset" : "power-off",
                log_limit_note(vm->power_log_count));
    }
    guest_halt(vm);
    const enum guest_power_action action = power_action(vm, vcpu_id, event);
    if (action == GUEST_POWER_ACTION_RESTART && !restart(vm, "reset")) {
        LOG_VMM_ERR("guest stays stopped\n");
    }
    if (action == GUEST_POWER_ACTION_STOP && vm->debugger != NULL) {
        vm->debugger->ops->powered_off(vm->debugger);
    }
}
