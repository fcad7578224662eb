/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See machine.h.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libvmm/arch/aarch64/smc.h>
#include <libvmm/guest.h>
#include <libvmm/virq.h>

#include "aarch64/exit/syndrome.h"
#include "aarch64/vcpu/vcpu_timer.h"
#include "aarch64/vgic/vgic_regs.h"
#include "invariants.h"

#define GUEST_VBAR   UINT64_C(0xffff800008010800)
#define VBAR_BASE    FIELD(63, 11)
#define EL1H         UINT64_C(0x600003c5)
#define SMC_ESR      (field_make(ESR_EC, ESR_EC_SMC64) | ESR_IL)
#define REENTRY_MAX  4
#define CHANNEL      5
#define CHANNEL_IRQ  33
#define SHARED_IRQ_A 40
#define SHARED_IRQ_B 1019
#define PRIVATE_IRQ  20

/* What handlers of the VMM, which have no input of their own, do when they are called. */
struct vmm_mood {
    uint8_t device;
    uint8_t sip;
    uint8_t power;
    uint8_t timer;
    uint8_t ack;
    unsigned ack_depth;
};

static _Alignas(4096) uint8_t ram[MACHINE_RAM_BYTES];
static struct vmm_mood mood;
static bool stuck[FAKE_VCPU_COUNT]; /* left blocked on a fault that the library does not know */

/* The kernel's mask of each virtual timer: set at an event, until acknowledged as often. */
static unsigned timer_events[FAKE_VCPU_COUNT][FAKE_PPI_COUNT];

static const int registered_irqs[] = {3, PRIVATE_IRQ, CHANNEL_IRQ, SHARED_IRQ_A, SHARED_IRQ_A + 1, 500, SHARED_IRQ_B};

void machine_violated(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: violated: %s\n", file, line, condition);
    abort();
}

/* Of the registered interrupts, or any number at all. */
static int any_irq(uint8_t choice)
{
    return choice < 0xc0 ? registered_irqs[choice % ARRAY_SIZE(registered_irqs)] : (int)(int8_t)choice * 17;
}

static size_t any_vcpu(uint8_t choice)
{
    return choice < 0xf0 ? choice % vm_vcpu_count(vm_instance()) : choice;
}

/* An ack function, which is where a device whose level is still high raises its interrupt again. */
static void on_ack(size_t vcpu_id, int irq, void *cookie)
{
    (void)cookie;
    MACHINE_REQUIRE(vm_has_vcpu(vm_instance(), vcpu_id));
    MACHINE_REQUIRE(irq >= 0 && irq < VGIC_IRQ_COUNT);
    if (mood.ack_depth == REENTRY_MAX) {
        return;
    }
    mood.ack_depth++;
    switch (mood.ack % 4) {
    case 1:
        (void)virq_inject(vcpu_id, irq);
        break;
    case 2:
        (void)virq_set_level(vcpu_id, irq, true);
        break;
    case 3:
        (void)virq_set_level(vcpu_id, irq, false);
        break;
    default:
        break;
    }
    mood.ack_depth--;
}

static bool on_device(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    MACHINE_REQUIRE(data == &mood);
    const uint64_t mask = fault_get_data_mask(offset, fsr);
    MACHINE_REQUIRE(offset < MACHINE_DEVICE_BYTES && mask != 0);
    switch (mood.device % 8) {
    case 1:
        return false;
    case 2:
        regs->pc += 8;
        return true;
    case 3:
        (void)virq_inject(vcpu_id, SHARED_IRQ_A);
        break;
    case 4:
        (void)guest_restart(0, (uintptr_t)ram, sizeof ram);
        return true;
    case 5:
        guest_stop(vcpu_id);
        return true;
    case 6:
        return guest_start(vcpu_id, MACHINE_RAM_BASE, 0, 0);
    default:
        break;
    }
    if (fault_is_write(fsr)) {
        MACHINE_REQUIRE((fault_get_data(regs, fsr) & ~(mask >> 8 * (dabt_width_bytes(fsr) == 8 ? 0 : offset & 3))) ==
                        0);
    } else {
        fault_emulate_write(regs, offset, fsr, UINT64_C(0x8182838485868788));
    }
    return true;
}

static bool on_sip(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number)
{
    MACHINE_REQUIRE(fn_number <= UINT16_MAX);
    switch (mood.sip % 6) {
    case 1:
        regs->x0 = fn_number;
        return true;
    case 2:
        return smc_sip_forward(vcpu_id, regs, fn_number);
    case 3:
        guest_stop(vcpu_id);
        return true;
    case 4:
        return guest_restart(vcpu_id, (uintptr_t)ram, sizeof ram);
    case 5:
        regs->x28 = 5;
        regs->pc = GUEST_VBAR;
        return true;
    default:
        return false;
    }
}

static enum guest_power_action on_power(size_t vcpu_id, enum guest_power_event event, void *cookie)
{
    (void)event;
    MACHINE_REQUIRE(cookie == &mood);
    switch (mood.power % 6) {
    case 1:
        return GUEST_POWER_ACTION_STOP;
    case 2:
        return GUEST_POWER_ACTION_RESTART;
    case 3:
        (void)guest_restart(vcpu_id, (uintptr_t)ram, sizeof ram);
        return GUEST_POWER_ACTION_HANDLED;
    case 4:
        return GUEST_POWER_ACTION_HANDLED;
    case 5:
        (void)virq_inject(vcpu_id, SHARED_IRQ_B);
        return GUEST_POWER_ACTION_DEFAULT;
    default:
        return GUEST_POWER_ACTION_DEFAULT;
    }
}

static bool on_timer(size_t vcpu_id, uint64_t deadline, void *cookie)
{
    (void)deadline;
    MACHINE_REQUIRE(cookie == &mood && vm_has_vcpu(vm_instance(), vcpu_id));
    if (mood.timer % 4 == 3) {
        guest_timer_due(vcpu_id);
    }
    return mood.timer % 4 != 0;
}

static enum result reload(struct vm *vm, uint64_t *kernel_pc)
{
    (void)vm;
    *kernel_pc = MACHINE_RAM_BASE;
    return RESULT_OK;
}

static void take_mood(struct input *input)
{
    mood = (struct vmm_mood){.device = input_u8(input),
                             .sip = input_u8(input),
                             .power = input_u8(input),
                             .timer = input_u8(input),
                             .ack = input_u8(input)};
}

static void fill_vcpu(size_t vcpu_id)
{
    struct fake_vcpu *vcpu = &fake.vcpus[vcpu_id];
    for (unsigned n = 0; n < 31; n++) {
        *fake_x(vcpu_id, n) = UINT64_C(0xc0de00000f1e2d00) + n;
    }
    vcpu->context.spsr = EL1H;
    vcpu->regs[seL4_VCPUReg_VBAR] = GUEST_VBAR;
}

/* Shape: bit 0 GICv3, bits 2:1 vCPUs, bit 3 hooks, bit 4 the kernel wakes for timers, bits 7:5 list registers. */
static void set_up(uint8_t shape)
{
    static const size_t vcpu_counts[] = {1, 2, 4, 8};
    struct vm *vm = vm_instance();
    vm->vgic_config = (struct vgic_config){
        .version = (shape & 1) != 0 ? VGIC_V3 : VGIC_V2,
        .dist_base = gpa(MACHINE_DIST_BASE),
        .dist_size_bytes = 0x10000,
        .redist_base = gpa(MACHINE_REDIST_BASE),
        .redist_size_bytes = 0x100000,
    };
    vm->vcpu_count = vcpu_counts[shape >> 1 & 3];
    vm->reload = reload;
    fake.lr_count = 1u << (shape >> 5) % 5;
    fake_vtimer_wakes = shape >> 4 & 1;
    MACHINE_REQUIRE(guest_ram_register((uintptr_t)ram, MACHINE_RAM_BASE, sizeof ram));
    MACHINE_REQUIRE(virq_controller_init(0));
    MACHINE_REQUIRE(fault_register_vm_exception_handler(MACHINE_DEVICE_BASE, MACHINE_DEVICE_BYTES, on_device, &mood));
    MACHINE_REQUIRE(virq_register_passthrough(0, CHANNEL_IRQ, CHANNEL));
    for (size_t i = 0; i < ARRAY_SIZE(registered_irqs); i++) {
        (void)virq_register(vm->vcpu_count - 1, (size_t)registered_irqs[i], on_ack, NULL);
        (void)virq_register(0, (size_t)registered_irqs[i], on_ack, NULL);
    }
    if ((shape & 8) != 0) {
        MACHINE_REQUIRE(smc_register_sip_handler(on_sip));
        MACHINE_REQUIRE(guest_register_power_handler(on_power, &mood));
        MACHINE_REQUIRE(guest_register_timer(on_timer, &mood));
    }
}

void machine_start(struct input *input)
{
    vm_forget(vm_instance());
    fake_microkit_reset();
    memset(stuck, 0, sizeof stuck);
    memset(timer_events, 0, sizeof timer_events);
    memset(ram, 0, sizeof ram);
    for (size_t i = 0; i < FAKE_VCPU_COUNT; i++) {
        fill_vcpu(i);
    }
    set_up(input_u8(input));
    take_mood(input);
    MACHINE_REQUIRE(guest_start(0, MACHINE_RAM_BASE, MACHINE_RAM_BASE + 0x1000, 0));
    machine_check();
}

/* The first used list register from a place on; fake.lr_count when there is none. */
static unsigned used_lr_from(size_t vcpu_id, unsigned first)
{
    for (unsigned i = 0; i < fake.lr_count; i++) {
        const unsigned index = (first + i) % fake.lr_count;
        if (fake.vcpus[vcpu_id].lrs[index].used) {
            return index;
        }
    }
    return fake.lr_count;
}

/*
 * The next thing that the reset stub of a vCPU does: it ends what it finds in list registers, then calls. Or it
 * finds no CPU interface where it should be.
 */
static void reset_step(uint8_t choice)
{
    const struct vm *vm = vm_instance();
    const size_t vcpu_id = vm->reset_stub.vcpu_id;
    const unsigned index = used_lr_from(vcpu_id, choice % fake.lr_count);
    const uint64_t pc = fake.vcpus[vcpu_id].context.pc;
    MACHINE_REQUIRE(fake.vcpus[vcpu_id].running);
    if (choice >= 0xf0) {
        const uint64_t esr = field_make(ESR_EC, ESR_EC_DATA_LOWER) | ESR_IL | DABT_ISV | DABT_WNR | 7;
        machine_fault(vcpu_id, fake_vm_fault(vcpu_id, pc, vm->vgic.config.cpu_base.value, esr));
    } else if (index < fake.lr_count) {
        machine_fault(vcpu_id, fake_eoi(vcpu_id, index));
    } else {
        machine_fault(vcpu_id, fake_vcpu_fault(vcpu_id, pc, SMC_ESR));
    }
}

void machine_finish_reset(void)
{
    const struct vm *vm = vm_instance();
    for (unsigned steps = 0; vm->reset_stub.under_way; steps++) {
        MACHINE_REQUIRE(steps <= VM_VCPU_COUNT_MAX * (VGIC_LR_COUNT_MAX + 1));
        reset_step(0);
    }
}

bool machine_pick_running(struct input *input, size_t *vcpu_id)
{
    if (vm_instance()->reset_stub.under_way) {
        reset_step(input_u8(input));
        return false;
    }
    const size_t count = vm_vcpu_count(vm_instance());
    const size_t first = input_u8(input);
    for (size_t i = 0; i < count; i++) {
        *vcpu_id = (first + i) % count;
        if (fake.vcpus[*vcpu_id].running) {
            return true;
        }
    }
    return false;
}

/* Restarts during the fault have set `running`; the kernel ignores the reply to a vCPU that was restarted. */
void machine_fault(size_t vcpu_id, microkit_msginfo message)
{
    struct fake_vcpu *hardware = &fake.vcpus[vcpu_id];
    const struct vcpu *vcpu = &vm_instance()->vcpus[vcpu_id];
    MACHINE_REQUIRE(hardware->running);
    hardware->running = false;
    const bool reply = fault_handle(vcpu_id, message);
    if (reply) {
        MACHINE_REQUIRE(!hardware->running && vcpu_is_on(vcpu) && vcpu->state != VCPU_WAITING &&
                        vcpu->exit != VCPU_REPLACED);
        hardware->running = true;
    } else if (!hardware->running && vcpu_is_on(vcpu) && vcpu->state != VCPU_WAITING) {
        stuck[vcpu_id] = true;
    }
    machine_check();
}

static bool is_vector(uint64_t pc)
{
    return pc % 0x200 == 0 && pc % 0x800 != 0x600 + 0x200;
}

void machine_trap(size_t vcpu_id, uint64_t pc, uint32_t instruction_bytes, microkit_msginfo message)
{
    const struct fake_vcpu *hardware = &fake.vcpus[vcpu_id];
    const unsigned restarts = hardware->restart_count;
    const uint64_t vbar = hardware->regs[seL4_VCPUReg_VBAR] & VBAR_BASE;
    machine_fault(vcpu_id, message);
    MACHINE_REQUIRE(!stuck[vcpu_id]);
    if (hardware->running && hardware->restart_count == restarts) {
        const uint64_t now = hardware->context.pc;
        const bool is_exception =
            now - vbar < 0x800 && is_vector(now - vbar) && hardware->regs[seL4_VCPUReg_ELR_EL1] == pc;
        const bool is_handlers_own = now == pc + 8 || now == GUEST_VBAR;
        MACHINE_REQUIRE(now == pc + instruction_bytes || is_exception || is_handlers_own);
    }
}

static const uint32_t timer_irqs[] = {GIC_INTID_TIMER_VIRTUAL, GIC_INTID_TIMER_PHYSICAL};

static bool is_timer_masked(size_t vcpu_id, uint32_t irq)
{
    return timer_events[vcpu_id][irq] > fake.vcpus[vcpu_id].vppi_acks[irq];
}

void machine_timer(struct input *input, size_t vcpu_id)
{
    const uint8_t choice = input_u8(input);
    const uint64_t irq = choice < 0xe0 ? timer_irqs[choice % ARRAY_SIZE(timer_irqs)] : input_value(input);
    if (irq != GIC_INTID_TIMER_VIRTUAL && irq != GIC_INTID_TIMER_PHYSICAL) {
        machine_fault(vcpu_id, fake_vppi_event(irq));
    } else if (!is_timer_masked(vcpu_id, (uint32_t)irq)) {
        timer_events[vcpu_id][irq]++;
        machine_fault(vcpu_id, fake_vppi_event(irq));
    }
}

static void forget_stuck(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(stuck); i++) {
        stuck[i] = stuck[i] && vcpu_is_on(&vm_instance()->vcpus[i]) && !fake.vcpus[i].running;
    }
}

void machine_vmm_step(struct input *input)
{
    const uint8_t what = input_u8(input);
    const uint8_t who = input_u8(input);
    const uint8_t which = input_u8(input);
    switch (what % 11) {
    case 0:
    case 1:
        (void)virq_inject(any_vcpu(who), any_irq(which));
        break;
    case 2:
    case 3:
        (void)virq_set_level(any_vcpu(who), any_irq(which), (what & 0x80) != 0);
        break;
    case 4:
        (void)virq_handle_passthrough(which < 0xc0 ? CHANNEL : which);
        break;
    case 5:
        guest_timer_due(any_vcpu(who));
        break;
    case 6:
        guest_stop(any_vcpu(who));
        break;
    case 7:
        (void)guest_start(any_vcpu(who), MACHINE_RAM_BASE + which * 0x100u, 0, 0);
        break;
    case 8:
        (void)guest_restart(any_vcpu(who), (uintptr_t)ram, sizeof ram - (which & 1u));
        break;
    default:
        take_mood(input);
        break;
    }
    forget_stuck();
    machine_check();
}

void machine_guest_step(struct input *input, size_t vcpu_id)
{
    struct fake_vcpu *vcpu = &fake.vcpus[vcpu_id];
    const uint8_t what = input_u8(input);
    /* Whether it has taken what is in its list registers, or the kernel may still write them. */
    fake.lr_pending_yields = (what & 0x80) != 0;
    switch (what % 4) {
    case 0:
        vcpu->context.spsr = input_value(input);
        break;
    case 1:
        vcpu->regs[seL4_VCPUReg_CNTV_CTL] = input_u8(input);
        break;
    case 2:
        *fake_x(vcpu_id, (what >> 2) % 31u) = input_value(input);
        break;
    default:
        vcpu->regs[(what >> 2) % (unsigned)seL4_VCPUReg_Num] = input_value(input);
        break;
    }
}

/* A store of the guest's: through the VMM, as any other. */
static void store(size_t vcpu_id, uint64_t at, unsigned width_bytes, uint64_t value)
{
    const uint64_t pc = fake.vcpus[vcpu_id].context.pc;
    const uint64_t esr = field_make(ESR_EC, ESR_EC_DATA_LOWER) | ESR_IL | DABT_ISV | DABT_WNR | DABT_SF | 7 |
                         field_make(DABT_SAS, width_bytes == 8 ? 3 : 2) | field_make(DABT_SRT, 5);
    if (fake.vcpus[vcpu_id].running) {
        fake.vcpus[vcpu_id].context.x5 = value;
        machine_trap(vcpu_id, pc, 4, fake_vm_fault(vcpu_id, pc, at, esr));
    }
}

/* Where the registers of a word of interrupts are: a GICv3 has those of word 0 in the Redistributors. */
static uint64_t frame_of(size_t vcpu_id, uint32_t word)
{
    const bool is_v3 = vm_instance()->vgic.config.version == VGIC_V3;
    return is_v3 && word == 0 ? MACHINE_REDIST_BASE + vcpu_id * 0x20000 + 0x10000 : MACHINE_DIST_BASE;
}

void machine_guest_boot(struct input *input, size_t vcpu_id)
{
    const bool is_v3 = vm_instance()->vgic.config.version == VGIC_V3;
    const uint32_t group = (input_u8(input) & 1) != 0 ? UINT32_MAX : 0;
    if (is_v3) {
        store(vcpu_id, MACHINE_REDIST_BASE + vcpu_id * 0x20000 + GICR_WAKER, 4, 0);
    }
    for (uint32_t word = 0; word < VGIC_WORD_COUNT; word += word < 2 ? 1 : 29) {
        store(vcpu_id, frame_of(vcpu_id, word) + GICD_IGROUPR + word * 4, 4, group);
        store(vcpu_id, frame_of(vcpu_id, word) + GICD_ISENABLER + word * 4, 4, UINT32_MAX);
    }
    for (size_t i = 2; i < ARRAY_SIZE(registered_irqs); i++) {
        const uint64_t irq = (uint64_t)registered_irqs[i];
        if (is_v3) {
            store(vcpu_id, MACHINE_DIST_BASE + GICD_IROUTER + irq * 8, 8, input_u8(input) % 3u);
        } else {
            store(vcpu_id, MACHINE_DIST_BASE + GICD_ITARGETSR + (irq & ~UINT64_C(3)), 4, input_u32(input));
        }
    }
    store(vcpu_id, MACHINE_DIST_BASE + GICD_CTLR, 4, 3);
}

void machine_end_interrupt(struct input *input, size_t vcpu_id)
{
    const uint8_t choice = input_u8(input);
    const unsigned index = used_lr_from(vcpu_id, choice % fake.lr_count);
    if (choice < 0xe0 && index < fake.lr_count) {
        machine_fault(vcpu_id, fake_eoi(vcpu_id, index));
        return;
    }
    /* An interrupt from before a reset, which the guest will never end: the kernel lets its list register be written.
     */
    const uint64_t stale = vm_instance()->vgic.vcpus[vcpu_id].lr_stale;
    if (choice >= 0xf0 && stale != 0) {
        fake.vcpus[vcpu_id].lrs[__builtin_ctzll(stale)].used = false;
        return;
    }
    /* Events about registers that hold nothing. */
    uint64_t odd = choice % 2 != 0 ? UINT64_MAX : input_value(input);
    if ((int)odd >= 0 && (unsigned)odd < fake.lr_count && fake.vcpus[vcpu_id].lrs[(unsigned)odd].used) {
        odd = UINT64_MAX;
    }
    microkit_mr_set(seL4_VGICMaintenance_IDX, odd);
    machine_fault(vcpu_id, microkit_msginfo_new(seL4_Fault_VGICMaintenance, seL4_VGICMaintenance_Length));
}

void machine_call(struct input *input, size_t vcpu_id, uint64_t function, bool by_hvc)
{
    seL4_UserContext *context = &fake.vcpus[vcpu_id].context;
    const uint64_t pc = context->pc;
    context->x0 = function;
    context->x1 = input_value(input);
    context->x2 = input_value(input);
    context->x3 = input_value(input);
    const microkit_msginfo message = by_hvc ? fake_hvc(vcpu_id, pc) : fake_vcpu_fault(vcpu_id, pc, SMC_ESR);
    machine_trap(vcpu_id, pc, 4, message);
}

static void check_vcpu(struct vm *vm, size_t vcpu_id)
{
    const struct vcpu *vcpu = &vm->vcpus[vcpu_id];
    const bool running = fake.vcpus[vcpu_id].running;
    MACHINE_REQUIRE(vcpu->exit == VCPU_NO_EXIT);
    MACHINE_REQUIRE(vcpu_is_on(vcpu) || (!running && vcpu->state != VCPU_WAITING));
    MACHINE_REQUIRE(vcpu->state != VCPU_WAITING || !running);
    MACHINE_REQUIRE(running || !vcpu_is_on(vcpu) || vcpu->state == VCPU_WAITING || stuck[vcpu_id]);
    MACHINE_REQUIRE(vm->vgic.vcpus[vcpu_id].on == (vcpu_is_on(vcpu)));
    MACHINE_REQUIRE(!vm->reset_stub.under_way || (vcpu_is_on(vcpu)) == (vm->reset_stub.vcpu_id == vcpu_id));
    /* A wake-up is never lost. */
    MACHINE_REQUIRE(vcpu->state != VCPU_WAITING || !vgic_is_deliverable(&vm->vgic, vcpu_id));
    /* Nor is an interrupt of a timer: while it is masked, its end is still to come. */
    const struct vgic_word *word = &vm->vgic.vcpus[vcpu_id].private_word;
    const uint32_t to_end = word->latched | word->sampled | word->in_lr;
    for (size_t i = 0; i < ARRAY_SIZE(timer_irqs); i++) {
        const uint32_t irq = timer_irqs[i];
        MACHINE_REQUIRE(!is_timer_masked(vcpu_id, irq) || (to_end & UINT32_C(1) << irq) != 0);
        MACHINE_REQUIRE(fake.vcpus[vcpu_id].vppi_acks[irq] <= timer_events[vcpu_id][irq]);
    }
}

void machine_check(void)
{
    struct vm *vm = vm_instance();
    invariants_check_vgic(&vm->vgic);
    for (size_t i = 0; i < vm_vcpu_count(vm); i++) {
        check_vcpu(vm, i);
    }
    for (size_t i = vm_vcpu_count(vm); i < FAKE_VCPU_COUNT; i++) {
        MACHINE_REQUIRE(!fake.vcpus[i].running && fake_lr_used(i) == 0);
    }
    MACHINE_REQUIRE(vm->errors.logged_count <= GUEST_ERROR_PLACE_COUNT_MAX);
}
