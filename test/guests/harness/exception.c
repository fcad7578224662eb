/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Exceptions: see exception.h. The frame is what start.S pushes.
 */
#include "exception.h"

#include "gic.h"
#include "spec/arm/debug.h"

#define INSTRUCTION_BYTES 4
#define STACK_BYTES       4096

struct frame {
    uint64_t x[31];
    uint64_t elr;
    uint64_t spsr;
    uint64_t esr;
    uint64_t far;
    uint64_t daif;
    uint64_t spsel;
};

struct interrupt_log interrupt_log;

static bool is_expected;
static struct exception caught;
static bool is_running_as;
static uint8_t run_stack[STACK_BYTES] __attribute__((aligned(16)));

void exception_run_as(void (*function)(void), void *stack, uint64_t spsr);
void exception_run_end(void);
void exception_taken(struct frame *frame, uint64_t vector);

static void take_interrupt(void)
{
    const uint32_t id = gic_acknowledge();
    if (id == GIC_INTID_SPURIOUS) {
        return;
    }
    interrupt_log.ids[interrupt_log.count % ARRAY_SIZE(interrupt_log.ids)] = gic_id(id);
    interrupt_log.count++;
    gic_end(id);
}

static interrupt_handler_t interrupt_handler = take_interrupt;

void interrupt_set_handler(interrupt_handler_t handler)
{
    interrupt_handler = handler;
}

static void record(const struct frame *frame, uint64_t vector)
{
    caught.count++;
    caught.vector = vector;
    caught.esr = frame->esr;
    caught.elr = frame->elr;
    caught.far = frame->far;
    caught.spsr = frame->spsr;
    caught.daif = frame->daif;
    caught.spsel = frame->spsel;
}

static void step_over(struct frame *frame)
{
    const uint64_t ec = esr_ec(frame->esr);
    if (ec == ESR_EC_STEP_LOWER || ec == ESR_EC_STEP_SAME) {
        /* The instruction has been executed; no further one is stepped. */
        WRITE_SYSREG(mdscr_el1, READ_SYSREG(mdscr_el1) & ~MDSCR_SS);
    } else if (ec == ESR_EC_FETCH_LOWER || ec == ESR_EC_FETCH_SAME || ec == ESR_EC_PC_ALIGNMENT) {
        frame->elr = frame->x[30];
    } else {
        frame->elr += INSTRUCTION_BYTES;
    }
}

static _Noreturn void unexpected(const struct frame *frame, uint64_t vector)
{
    const struct {
        const char *name;
        uint64_t value;
    } values[] = {{" esr ", frame->esr}, {" elr ", frame->elr}, {" far ", frame->far}, {" spsr ", frame->spsr}};
    harness_put("exception");
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        harness_put(values[i].name);
        harness_put_hex(values[i].value);
    }
    harness_put("\n");
    check_equal("no unexpected exception, vector", vector, UINT64_MAX);
    harness_end();
}

void exception_taken(struct frame *frame, uint64_t vector)
{
    const uint64_t kind = vector % 4;
    if (kind == VECTOR_IRQ) {
        interrupt_handler();
    } else if (kind != VECTOR_SYNC) {
        unexpected(frame, vector);
    } else if (is_running_as && esr_ec(frame->esr) == ESR_EC_SVC64) {
        is_running_as = false;
        frame->elr = (uintptr_t)exception_run_end;
        frame->spsr = SPSR_EL1H;
    } else if (is_expected) {
        record(frame, vector);
        step_over(frame);
    } else {
        unexpected(frame, vector);
    }
}

void exception_expect(void)
{
    caught = (struct exception){0};
    is_expected = true;
    __asm__ volatile("" : : : "memory");
}

struct exception exception_caught(void)
{
    __asm__ volatile("" : : : "memory");
    is_expected = false;
    return caught;
}

void exception_call_el0(void (*function)(void))
{
    is_running_as = true;
    exception_run_as(function, run_stack + sizeof(run_stack), SPSR_EL0T);
}

void exception_call_el1t(void (*function)(void))
{
    is_running_as = true;
    exception_run_as(function, run_stack + sizeof(run_stack), SPSR_EL1T);
}
