/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * ask TEXT [COUNT]: asks the service COUNT times (default: once) and prints its last answer. A program of the Linux
 * guest, which reaches the service through UIO: /dev/uio0 has the shared memory as its first map and the doorbell as
 * its second; reading it waits for an interrupt.
 *
 * The maps are device memory: accesses to it must be aligned. Without a C library; Linux's system calls on AArch64 from
 * the ABI of include/uapi/asm-generic/unistd.h, and the UIO interface of Documentation/driver-api/uio-howto.rst.
 */
#include "service.h"

#define PAGE_BYTES 4096

#define AT_FDCWD        (-100)
#define O_RDWR          2
#define PROT_READ_WRITE 3
#define MAP_SHARED      1

#define SYS_OPENAT     56
#define SYS_READ       63
#define SYS_WRITE      64
#define SYS_EXIT_GROUP 94
#define SYS_MMAP       222

static long call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

static uint32_t length_of(const char *text)
{
    uint32_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

static void __attribute__((noreturn)) finish(int status)
{
    for (;;) {
        call6(SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0);
    }
}

/* Ends the program if `result` is an error of Linux. */
static long must(long result, const char *message)
{
    if (result < 0) {
        call6(SYS_WRITE, 2, (long)message, length_of(message), 0, 0, 0);
        finish(1);
    }
    return result;
}

static volatile void *map(long uio, long number)
{
    return (volatile void *)must(call6(SYS_MMAP, 0, PAGE_BYTES, PROT_READ_WRITE, MAP_SHARED, uio, number * PAGE_BYTES),
                                 "ask: mmap failed\n");
}

/* Waits for the next interrupt. Drivers that mask it want to be told to unmask it first; others refuse that. */
static void wait_for_interrupt(long uio)
{
    uint32_t word = 1;
    call6(SYS_WRITE, uio, (long)&word, sizeof(word), 0, 0, 0);
    must(call6(SYS_READ, uio, (long)&word, sizeof(word), 0, 0, 0), "ask: no interrupt\n");
}

static void ask(long uio, volatile struct service_memory *shared, volatile uint32_t *doorbell, const char *text)
{
    const uint32_t number = shared->answered + 1;
    uint32_t length = 0;
    while (length < SERVICE_TEXT_BYTES && text[length] != '\0') {
        shared->text[length] = (uint8_t)text[length];
        length++;
    }
    shared->length = length;
    __atomic_store_n(&shared->asked, number, __ATOMIC_RELEASE);
    *doorbell = 1;
    while (__atomic_load_n(&shared->answered, __ATOMIC_ACQUIRE) != number) {
        wait_for_interrupt(uio);
    }
}

static void print_answer(volatile struct service_memory *shared)
{
    static uint8_t answer[SERVICE_TEXT_BYTES + 1];
    const uint32_t length = shared->answer_length;
    uint32_t i = 0;
    for (; i < length && i < SERVICE_TEXT_BYTES; i++) {
        answer[i] = shared->answer[i];
    }
    answer[i] = '\n';
    call6(SYS_WRITE, 1, (long)answer, i + 1, 0, 0, 0);
}

static unsigned long number_of(const char *text)
{
    unsigned long number = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10 + (unsigned long)(*text - '0');
    }
    return number;
}

static void __attribute__((noreturn, used)) ask_main(const long *stack)
{
    const long argc = stack[0];
    char *const *argv = (char *const *)&stack[1];
    must(argc == 2 || argc == 3 ? 0 : -1, "usage: ask TEXT [COUNT]\n");
    const long uio = must(call6(SYS_OPENAT, AT_FDCWD, (long)"/dev/uio0", O_RDWR, 0, 0, 0), "ask: no /dev/uio0\n");
    volatile struct service_memory *shared = map(uio, 0);
    volatile uint32_t *doorbell = map(uio, 1);
    const unsigned long count = argc == 3 ? number_of(argv[2]) : 1;
    for (unsigned long i = 0; i < count; i++) {
        ask(uio, shared, doorbell, argv[1]);
    }
    print_answer(shared);
    finish(0);
}

/* The kernel enters with the stack pointer at the number of arguments. */
__asm__(".global _start\n"
        "_start:\n"
        "    mov x0, sp\n"
        "    b ask_main\n");
