/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The writer puts two patterns into each system register that it can write,
 * whatever it is, and lets the reader have the core after each. The reader
 * looks whether any register that it can read is not as it was.
 *
 * Programs are made for it at run time: registers have their number in the
 * instruction.
 */
#include "guest.h"
#include "items.h"

#define MRS(number, rt) (0xd5300000u | (number) << 5 | (rt))
#define MSR(number, rt) (0xd5100000u | (number) << 5 | (rt))
#define MOV_0(rt)       (0xd2800000u | (rt))
#define STRB_X8_AT_X0   0x38001408u /* strb w8, [x0], #1 */
#define STR_X9_AT_X0    0xf8008409u /* str x9, [x0], #8 */
#define ISB             0xd5033fdfu
#define HVC             0xd4000002u
#define RET             0xd65f03c0u
#define PROGRAM_MAX     2048
#define BATCH           128 /* registers of one program */
#define ACCESSIBLE_MAX  1000

#define NUMBER(op0, op1, crn, crm, op2) (((op0)&1) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define NZCV                            NUMBER(3, 3, 4, 2, 0)
#define SCTLR_EL1                       NUMBER(3, 0, 1, 0, 0)
#define SCTLR_DANGEROUS                 (1UL | 1UL << 25) /* M, EE: the writer's next instruction is at stake */

static uint32_t program[PROGRAM_MAX] __attribute__((aligned(4096)));
static unsigned length;
static uint8_t refused[BATCH];
static uint16_t accessible[ACCESSIBLE_MAX]; /* registers that the guest can read (reader) or write (writer) */
static unsigned accessible_count;
static uint64_t values[ACCESSIBLE_MAX];
static uint64_t before[ACCESSIBLE_MAX];

/* An instruction that EL1 does not have sets x8 and is skipped. */
__asm__(".text\n"
        ".balign 2048\n"
        "sweep_vectors: .space 0x200\n"
        "    mrs x15, elr_el1\n"
        "    add x15, x15, #4\n"
        "    msr elr_el1, x15\n"
        "    mov x8, #1\n"
        "    eret\n");
extern char sweep_vectors[];

static void emit(uint32_t instruction)
{
    program[length++] = instruction;
}

/* Runs the program with x0 to x2; it may change x8, x9 and x15, too. */
static void run(uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = a;
    register uint64_t x1 __asm__("x1") = b;
    register uint64_t x2 __asm__("x2") = c;

    emit(RET);
    for (unsigned i = 0; i < length; i += 4) {
        __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0" : : "r"(&program[i]) : "memory");
    }
    __asm__ volatile("dsb ish\n isb\n blr %3"
                     : "+r"(x0), "+r"(x1), "+r"(x2)
                     : "r"(program)
                     : "x3", "x8", "x9", "x15", "x30", "memory");
    length = 0;
}

static void take_batch(unsigned first)
{
    run((uint64_t)refused, 0, 0);
    for (unsigned i = 0; i < BATCH; i++) {
        if (refused[i] == 0 && accessible_count < ACCESSIBLE_MAX) {
            accessible[accessible_count++] = (uint16_t)(first + i);
        }
    }
}

/* Finds out what can be read, or written; a write is of what was read. */
static void find_accessible(bool is_write)
{
    for (unsigned number = 0; number < REGISTER_COUNT; number++) {
        emit(MOV_0(9));
        emit(MOV_0(8));
        emit(MRS(number, 9));
        if (is_write) {
            emit(MOV_0(8));
            emit(MSR(number, 9));
        }
        emit(STRB_X8_AT_X0);
        if (number % BATCH == BATCH - 1) {
            take_batch(number + 1 - BATCH);
        }
    }
    guest_report(ITEM_COUNT, accessible_count);
}

static void write_all(uint64_t pattern)
{
    for (unsigned i = 0; i < accessible_count; i++) {
        unsigned number = accessible[i];
        emit(MOV_0(9));
        emit(MRS(number, 9));
        emit(MSR(number, 2));
        emit(ISB);
        emit(HVC);
        emit(MSR(number, 9));
        emit(ISB);
        run(GUEST_REPORT, ITEM_TURN, number == SCTLR_EL1 ? pattern & ~SCTLR_DANGEROUS : pattern);
    }
}

static void write(void)
{
    find_accessible(true);
    write_all(0x5a5a5a5a5a5a5a5a);
    write_all(0xa5a5a5a5a5a5a5a5);
    guest_report(ITEM_END, 0);
}

static void read_all(uint64_t *to)
{
    emit(MSR(NZCV, 31));
    for (unsigned i = 0; i < accessible_count; i++) {
        emit(MRS((unsigned)accessible[i], 9));
        emit(STR_X9_AT_X0);
    }
    run((uint64_t)to, 0, 0);
}

/* Leaves out what changes by itself, such as counters. */
static void find_constant(void)
{
    unsigned count = 0;

    read_all(before);
    read_all(values);
    for (unsigned i = 0; i < accessible_count; i++) {
        if (values[i] == before[i]) {
            before[count] = before[i];
            accessible[count++] = accessible[i];
        }
    }
    accessible_count = count;
}

static _Noreturn void read(void)
{
    find_accessible(false);
    find_constant();
    for (;;) {
        guest_report(ITEM_TURN, 0);
        read_all(values);
        for (unsigned i = 0; i < accessible_count; i++) {
            if (values[i] != before[i]) {
                guest_report(ITEM_CHANGED, accessible[i]);
                guest_report(ITEM_TO, values[i]);
                before[i] = values[i];
            }
        }
    }
}

void guest_main(uint64_t role)
{
    GUEST_WRITE(vbar_el1, sweep_vectors);
    GUEST_WRITE(S3_0_C1_C0_2, 3 << 20); /* CPACR_EL1: FP and SIMD registers may be used */
    if (role == ROLE_READER) {
        read();
    }
    write();
}
