/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Stop, go on, step: see debug.h.
 */
#include "aarch64/debug/debug.h"

#include <libvmm/util/util.h>

#include "aarch64/debug/debug_regs.h"
#include "aarch64/exit/psr.h"
#include "aarch64/insn/next.h"
#include "aarch64/vcpu/counter_ops.h"
#include "aarch64/vcpu/vcpu_regs.h"
#include "vm/guest.h"

/* Instructions that look at the interrupt masks, or change them. [Arm ARM C5.2.2, C6.2.161] */
#define MRS_DAIF        0xd53b4220u
#define MSR_DAIF        0xd51b4220u
#define MSR_DAIFSET     0xd50340dfu
#define MSR_DAIFCLR     0xd50340ffu
#define REGISTER        0x1fu
#define CRM             FIELD(11, 8)
#define DAIF_SHIFT      6
#define MASKED_FOR_STEP FIELD(8, 6) /* SError, IRQ, FIQ; not debug exceptions */

/* The vector table [Arm ARM D1.3.2]: 16 entries, the last eight for exceptions from EL0. */
#define VECTOR_BYTES   0x80
#define VECTOR_EL1T    0x000
#define VECTOR_EL1H    0x200
#define VECTOR_EL0     0x400
#define VECTORS_OF_EL0 8
#define VBAR_BASE      FIELD(63, 11)

#define EXCLUSIVE_MAX 16 /* instructions from a load exclusive to its store exclusive */
#define PAGE_BYTES    4096u

static struct debug *debug_of(struct vm_debugger *seam)
{
    return (struct debug *)(void *)seam;
}

static uint32_t vcpu_count(const struct debug *debug)
{
    return (uint32_t)vm_vcpu_count(debug->vm);
}

/* Virtual time. */

/* The time in which every vCPU was stopped did not pass for the guest. */
static void skip_stopped_time(struct debug *debug)
{
    const uint64_t ticks = counter_op_read() - debug->stopped_at;
    for (uint32_t i = 0; i < vcpu_count(debug) && ticks != 0; i++) {
        const uint64_t offset = microkit_vcpu_arm_read_reg(i, seL4_VCPUReg_CNTVOFF);
        microkit_vcpu_arm_write_reg(i, seL4_VCPUReg_CNTVOFF, offset + ticks);
    }
}

/* The end of a step. */

/* Interrupt masks as they were, where the step has left them: in PSTATE, or saved by an exception that it has taken. */
static void restore_masks(struct debug *debug)
{
    const uint32_t id = debug->vcpu_id;
    const uint64_t vectors = microkit_vcpu_arm_read_reg(id, seL4_VCPUReg_VBAR) & VBAR_BASE;
    seL4_UserContext context;
    debug_regs_read(id, &context);
    if (context.pc == vectors + VECTOR_EL1T || context.pc == vectors + VECTOR_EL1H) {
        const uint64_t spsr = microkit_vcpu_arm_read_reg(id, seL4_VCPUReg_SPSR_EL1);
        microkit_vcpu_arm_write_reg(id, seL4_VCPUReg_SPSR_EL1, spsr & ~debug->step.masked);
    } else {
        context.spsr &= ~debug->step.masked;
        debug_regs_write(id, &context);
    }
}

static void end_step(struct debug *debug)
{
    const struct stage1 stage1 = stage1_of(debug->vcpu_id);
    breakpoint_remove_all(&debug->breakpoints, true);
    breakpoint_patch_all(&debug->breakpoints, &stage1);
    if (debug->step.masked != 0) {
        restore_masks(debug);
    }
    debug->step.masked = 0;
}

/* Stops. */

static void stop(struct debug *debug, uint32_t vcpu_id, enum debug_reason why)
{
    const bool was_stepping = debug->state == DEBUG_STEPPING;
    debug->state = DEBUG_STOPPED;
    debug->seam.holds = true;
    guest_pause(debug->vm);
    debug->stopped_at = counter_op_read();
    if (was_stepping) {
        end_step(debug);
    }
    debug->vcpu_id = vcpu_id;
    const bool goes_on = was_stepping && debug->step.goes_on && why == DEBUG_STEPPED;
    debug->step.goes_on = false;
    if (goes_on) {
        debug_continue(debug, UINT32_MAX);
    } else {
        debug->on_stop(debug, why);
    }
}

void debug_interrupt(struct debug *debug)
{
    if (debug->state != DEBUG_STOPPED) {
        stop(debug, debug->vcpu_id, DEBUG_INTERRUPTED);
    }
}

static bool on_breakpoint(struct vm_debugger *seam, struct vcpu *vcpu)
{
    struct debug *debug = debug_of(seam);
    const struct stage1 stage1 = stage1_of(vcpu->id);
    gpa_t at;
    if (!vcpu_is_on(vcpu)) {
        vcpu->exit = VCPU_REPLACED; /* stopped meanwhile: it executes the instruction again */
        return true;
    }
    vcpu_regs_fetch(vcpu, VCPU_REGS_PC);
    const uint64_t pc = vcpu->regs.context->pc;
    if (breakpoint_translate(&debug->breakpoints, &stage1, pc, &at) != RESULT_OK ||
        !breakpoint_is_at(&debug->breakpoints, at)) {
        return false;
    }
    const bool is_step = debug->state == DEBUG_STEPPING && vcpu->id == debug->vcpu_id;
    if (!is_step) {
        debug->on_breakpoint |= 1u << vcpu->id;
    }
    stop(debug, vcpu->id, is_step ? DEBUG_STEPPED : DEBUG_BREAKPOINT);
    return true;
}

/* The images are new, and what the guest's tables say has not begun yet. */
static void on_started(struct vm_debugger *seam)
{
    struct debug *debug = debug_of(seam);
    const struct stage1 off = {0};
    breakpoint_forget_patches(&debug->breakpoints);
    breakpoint_remove_all(&debug->breakpoints, true);
    breakpoint_patch_all(&debug->breakpoints, &off);
    debug->on_breakpoint = 0;
    debug->step = (struct debug_step){0};
    if (!debug->is_rebooting && debug->state != DEBUG_RUNNING) {
        debug->is_rebooting = true; /* in the middle of a step, or of a stop */
        debug->seam.holds = true;
    }
}

static void on_held(struct vm_debugger *seam, struct vcpu *vcpu)
{
    struct debug *debug = debug_of(seam);
    if (debug->is_rebooting) {
        debug->is_rebooting = false;
        debug->state = DEBUG_STOPPED;
        debug->stopped_at = counter_op_read();
        debug->vcpu_id = vcpu->id;
        debug->on_stop(debug, DEBUG_STARTED);
    }
}

static void on_paused(struct vm_debugger *seam)
{
    debug_interrupt(debug_of(seam));
}

static void on_vcpu_off(struct vm_debugger *seam, struct vcpu *vcpu)
{
    struct debug *debug = debug_of(seam);
    debug->on_breakpoint &= ~(1u << vcpu->id);
    if (debug->state == DEBUG_STEPPING && vcpu->id == debug->vcpu_id) {
        debug->step.masked = 0;
        stop(debug, vcpu->id, DEBUG_STEPPED);
    }
}

static void on_powered_off(struct vm_debugger *seam)
{
    struct debug *debug = debug_of(seam);
    if (debug->state != DEBUG_STOPPED) {
        debug->step.masked = 0;
        stop(debug, debug->vcpu_id, DEBUG_ENDED);
    }
}

/* Going on. */

static void run(struct debug *debug, uint32_t only)
{
    struct vm *vm = debug->vm;
    const bool is_one = only < vcpu_count(debug);
    debug->seam.holds = is_one;
    skip_stopped_time(debug);
    if (is_one && vm->vcpus[only].state == VCPU_PAUSED) {
        vcpu_resume(vm, only);
    }
    if (!is_one) {
        (void)guest_go_on(vm);
    }
}

static void resume(struct debug *debug, uint32_t only)
{
    const struct stage1 stage1 = stage1_of(debug->vcpu_id);
    breakpoint_patch_all(&debug->breakpoints, &stage1);
    debug->state = DEBUG_RUNNING;
    run(debug, only);
}

/* A vCPU whose breakpoint has been reported and that is still there; vcpu_count if there is none. */
static uint32_t find_on_breakpoint(struct debug *debug)
{
    uint32_t id = 0;
    while (id < vcpu_count(debug) && (debug->on_breakpoint & 1u << id) == 0) {
        id++;
    }
    return id;
}

static bool is_at_breakpoint(struct debug *debug, uint32_t vcpu_id)
{
    const struct stage1 stage1 = stage1_of(vcpu_id);
    seL4_UserContext context;
    gpa_t at;
    debug_regs_read(vcpu_id, &context);
    return breakpoint_translate(&debug->breakpoints, &stage1, context.pc, &at) == RESULT_OK &&
           breakpoint_is_at(&debug->breakpoints, at);
}

static void step(struct debug *debug, uint32_t vcpu_id, bool goes_on);

void debug_continue(struct debug *debug, uint32_t only)
{
    if (debug->state != DEBUG_STOPPED) {
        return;
    }
    const uint32_t id = find_on_breakpoint(debug);
    if (id == vcpu_count(debug) || only < vcpu_count(debug)) {
        resume(debug, only);
        return;
    }
    debug->on_breakpoint &= ~(1u << id);
    if (is_at_breakpoint(debug, id)) {
        step(debug, id, true);
    } else {
        debug_continue(debug, only);
    }
}

/* Steps. */

static uint32_t read_instruction(struct debug *debug, uint32_t vcpu_id, uint64_t pc)
{
    uint32_t instruction = 0; /* undefined */
    (void)debug_read(debug, vcpu_id, false, pc, (uint8_t *)&instruction, sizeof instruction);
    return instruction;
}

/* Whether an exception return from here is one to EL1 or EL0 in AArch64. */
static bool is_return_legal(uint64_t spsr)
{
    const uint64_t mode = spsr & (PSR_M32 | FIELD(3, 0));
    return mode == 0 || mode == 4 || mode == PSR_MODE_EL1H;
}

/* An instruction that looks at the masks, or changes them. False: it is none. */
static bool emulate_masks(uint32_t vcpu_id, uint32_t instruction, seL4_UserContext *context)
{
    const uint32_t n = instruction & REGISTER;
    const uint64_t bits = field_get(CRM, instruction) << DAIF_SHIFT;
    if ((instruction & ~REGISTER) == MRS_DAIF && n != VCPU_REG_ZERO) {
        *vcpu_regs_in(context, n) = context->spsr & PSR_DAIF;
    } else if ((instruction & ~REGISTER) == MSR_DAIF) {
        const uint64_t value = n == VCPU_REG_ZERO ? 0 : *vcpu_regs_in(context, n);
        context->spsr = (context->spsr & ~PSR_DAIF) | (value & PSR_DAIF);
    } else if ((instruction & ~(uint32_t)CRM) == MSR_DAIFSET) {
        context->spsr |= bits;
    } else if ((instruction & ~(uint32_t)CRM) == MSR_DAIFCLR) {
        context->spsr &= ~bits;
    } else if (instruction == INSN_ERET) {
        const uint64_t spsr = microkit_vcpu_arm_read_reg(vcpu_id, seL4_VCPUReg_SPSR_EL1);
        if (!is_return_legal(spsr)) {
            return false;
        }
        context->spsr = spsr;
        context->pc = microkit_vcpu_arm_read_reg(vcpu_id, seL4_VCPUReg_ELR_EL1);
        return true;
    } else {
        return false;
    }
    context->spsr &= ~PSR_BTYPE;
    context->pc += INSN_BYTES;
    return true;
}

static void add_vectors(struct debug *debug, const struct stage1 *stage1, bool is_from_el0)
{
    const uint64_t vectors = microkit_vcpu_arm_read_reg(debug->vcpu_id, seL4_VCPUReg_VBAR) & VBAR_BASE;
    for (uint32_t i = 0; i < VECTORS_OF_EL0 && is_from_el0; i++) {
        breakpoint_add_for_step(&debug->breakpoints, stage1, vectors + VECTOR_EL0 + i * VECTOR_BYTES);
    }
    if (!is_from_el0) {
        breakpoint_add_for_step(&debug->breakpoints, stage1, vectors + VECTOR_EL1T);
        breakpoint_add_for_step(&debug->breakpoints, stage1, vectors + VECTOR_EL1H);
    }
}

/*
 * From a load exclusive to behind its store exclusive, with the ways out in between. False: there is no store, or the
 * way to it is not straight.
 */
static bool add_exclusive(struct debug *debug, const struct stage1 *stage1, uint64_t pc)
{
    uint64_t exits[2];
    size_t exit_count = 0;
    for (unsigned i = 1; i < EXCLUSIVE_MAX; i++) {
        const uint64_t at = pc + i * INSN_BYTES;
        const uint32_t instruction = read_instruction(debug, debug->vcpu_id, at);
        uint64_t target;
        if (next_is_store_exclusive(instruction)) {
            breakpoint_add_for_step(&debug->breakpoints, stage1, at + INSN_BYTES);
            while (exit_count != 0) {
                breakpoint_add_for_step(&debug->breakpoints, stage1, exits[--exit_count]);
            }
            return true;
        }
        if (next_is_conditional(instruction, at, &target) && exit_count < ARRAY_SIZE(exits)) {
            exits[exit_count++] = target;
        } else if (next_is_unconditional(instruction) || next_is_load_exclusive(instruction) ||
                   next_is_conditional(instruction, at, &target)) {
            return false;
        }
    }
    return false;
}

static struct next_registers registers_of(seL4_UserContext *context, const struct stage1 *stage1)
{
    struct next_registers registers = {.pstate = context->spsr, .va_bits = stage1_va_bits(stage1, context->pc)};
    for (uint32_t n = 0; n < VCPU_REG_ZERO; n++) {
        registers.x[n] = *vcpu_regs_in(context, n);
    }
    return registers;
}

/* Breakpoints for a step from EL1. False: the instruction leads to itself, and there is nothing to do. */
static bool prepare(struct debug *debug, const struct stage1 *stage1, seL4_UserContext *context)
{
    const uint64_t pc = context->pc;
    const uint32_t instruction = read_instruction(debug, debug->vcpu_id, pc);
    const struct next_registers registers = registers_of(context, stage1);
    const uint64_t next = next_pc(instruction, pc, &registers);
    gpa_t at;
    if (next == pc) {
        return false;
    }
    if (breakpoint_translate(&debug->breakpoints, stage1, pc, &at) == RESULT_OK) {
        breakpoint_lift(&debug->breakpoints, at);
    }
    add_vectors(debug, stage1, false);
    if (!next_is_load_exclusive(instruction) || !add_exclusive(debug, stage1, pc)) {
        breakpoint_add_for_step(&debug->breakpoints, stage1, next);
    }
    debug->step.masked = MASKED_FOR_STEP & ~context->spsr;
    context->spsr |= debug->step.masked;
    return true;
}

static void step(struct debug *debug, uint32_t vcpu_id, bool goes_on)
{
    const struct stage1 stage1 = stage1_of(vcpu_id);
    seL4_UserContext context;
    debug_regs_read(vcpu_id, &context);
    debug->vcpu_id = vcpu_id;
    debug->state = DEBUG_STEPPING;
    debug->step = (struct debug_step){.goes_on = goes_on};
    if (debug_regs_are_of_el0(&context)) {
        add_vectors(debug, &stage1, true);
    } else {
        const uint32_t instruction = read_instruction(debug, vcpu_id, context.pc);
        const bool is_done = emulate_masks(vcpu_id, instruction, &context) || !prepare(debug, &stage1, &context);
        debug_regs_write(vcpu_id, &context);
        if (is_done) {
            skip_stopped_time(debug);
            stop(debug, vcpu_id, DEBUG_STEPPED);
            return;
        }
    }
    run(debug, vcpu_id);
}

void debug_step(struct debug *debug, uint32_t vcpu_id)
{
    if (debug->state != DEBUG_STOPPED) {
        return;
    }
    debug->on_breakpoint &= ~(1u << vcpu_id);
    if (debug->vm->is_new) {
        debug->is_rebooting = true;
        debug->seam.holds = true;
        (void)guest_go_on(debug->vm);
    } else {
        step(debug, vcpu_id, false);
    }
}

/* The guest as a whole. */

void debug_attach(struct debug *debug, struct vm *vm, debug_on_stop_t on_stop, bool holds)
{
    static const struct vm_debugger_ops ops = {
        .breakpoint = on_breakpoint,
        .started = on_started,
        .held = on_held,
        .paused = on_paused,
        .vcpu_off = on_vcpu_off,
        .powered_off = on_powered_off,
    };
    *debug = (struct debug){.seam = {.ops = &ops, .holds = holds}, .vm = vm, .on_stop = on_stop, .is_rebooting = holds};
    debug->breakpoints.ram = &vm->ram;
    vm->debugger = &debug->seam;
}

void debug_detach(struct debug *debug)
{
    if (debug->state != DEBUG_STOPPED) {
        stop(debug, debug->vcpu_id, DEBUG_INTERRUPTED);
    }
    breakpoint_remove_all(&debug->breakpoints, false);
    debug->on_breakpoint = 0;
    resume(debug, UINT32_MAX);
}

bool debug_reboot(struct debug *debug)
{
    debug->state = DEBUG_STOPPED;
    debug->is_rebooting = true;
    debug->seam.holds = true;
    const bool is_started = guest_reboot(debug->vm, "debugger");
    debug->is_rebooting = debug->is_rebooting && is_started;
    return is_started;
}

void debug_kill(struct debug *debug)
{
    debug->state = DEBUG_STOPPED;
    breakpoint_remove_all(&debug->breakpoints, false);
    guest_halt(debug->vm);
}

/* Memory. */

enum result debug_add_breakpoint(struct debug *debug, uint32_t vcpu_id, uint64_t va)
{
    const struct stage1 stage1 = stage1_of(vcpu_id);
    return breakpoint_add(&debug->breakpoints, &stage1, va);
}

/* Where [at, at + *count) is, with *count cut at the end of a page. */
static bool find_piece(const struct debug *debug, const struct stage1 *stage1, uint64_t at, gpa_t *where, size_t *count)
{
    *count = MIN(*count, (size_t)(PAGE_BYTES - at % PAGE_BYTES));
    if (stage1 == NULL) {
        *where = gpa(at);
        return true;
    }
    return breakpoint_translate(&debug->breakpoints, stage1, at, where) == RESULT_OK;
}

size_t debug_read(struct debug *debug, uint32_t vcpu_id, bool is_physical, uint64_t at, uint8_t *to, size_t count)
{
    const struct stage1 stage1 = stage1_of(vcpu_id);
    size_t done = 0;
    size_t piece = count;
    gpa_t where;
    while (done < count && find_piece(debug, is_physical ? NULL : &stage1, at + done, &where, &piece) &&
           breakpoint_read_ram(&debug->breakpoints, where, to + done, piece) == RESULT_OK) {
        done += piece;
        piece = count - done;
    }
    return done;
}

size_t debug_write(struct debug *debug, uint32_t vcpu_id, bool is_physical, uint64_t at, const uint8_t *from,
                   size_t count)
{
    const struct stage1 stage1 = stage1_of(vcpu_id);
    size_t done = 0;
    size_t piece = count;
    gpa_t where;
    while (done < count && find_piece(debug, is_physical ? NULL : &stage1, at + done, &where, &piece) &&
           breakpoint_write_ram(&debug->breakpoints, where, from + done, piece) == RESULT_OK) {
        done += piece;
        piece = count - done;
    }
    return done;
}
