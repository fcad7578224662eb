/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * System calls: see system.h.
 */
#include "system.h"

#define STDOUT 1

/* Numbers of the calls. */
#define SYS_PIPE2             59
#define SYS_READ              63
#define SYS_WRITE             64
#define SYS_EXIT_GROUP        94
#define SYS_FUTEX             98
#define SYS_NANOSLEEP         101
#define SYS_SCHED_SETAFFINITY 122
#define SYS_REBOOT            142
#define SYS_PRCTL             167
#define SYS_CLONE             220
#define SYS_MMAP              222

#define SIGKILL          9
#define SIGCHLD          17
#define PR_SET_PDEATHSIG 1
#define EAGAIN           11
#define EINTR            4

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

#define PROT_READ_WRITE      3
#define MAP_SHARED_ANONYMOUS 0x21
#define PAGE_BYTES           4096

#define REBOOT_MAGIC1  0xfee1dead
#define REBOOT_MAGIC2  0x28121969
#define REBOOT_RESTART 0x01234567

#define LINE_BYTES   120
#define DIGITS_MAX   20
#define NUMBER_BASE  10
#define ERRNO_MAX    4095
#define EXIT_FAILURE 1

static long call(long number, long a, long b, long c, long d, long e, long f)
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

static size_t put_word(char *line, size_t at, const char *word)
{
    while (*word != '\0' && at < LINE_BYTES) {
        line[at++] = *word++;
    }
    return at;
}

static size_t put_number(char *line, size_t at, uint64_t value)
{
    char digits[DIGITS_MAX + 1] = {0};
    size_t first = DIGITS_MAX;
    do {
        digits[--first] = (char)('0' + value % NUMBER_BASE);
        value /= NUMBER_BASE;
    } while (value != 0);
    return put_word(line, at, &digits[first]);
}

void print_line(const char *name, const uint64_t *values, size_t count)
{
    char line[LINE_BYTES + 1];
    size_t length = put_word(line, put_word(line, 0, "BENCH "), name);
    for (size_t i = 0; i < count; i++) {
        length = put_number(line, put_word(line, length, " "), values[i]);
    }
    length = put_word(line, length, "\n");
    (void)call(SYS_WRITE, STDOUT, (long)line, (long)length, 0, 0, 0);
}

void system_exit(int status)
{
    for (;;) {
        (void)call(SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0);
    }
}

static long check(const char *name, long result)
{
    if (result < 0 && result >= -ERRNO_MAX) {
        const uint64_t error = (uint64_t)-result;
        print_line(name, &error, 1);
        system_exit(EXIT_FAILURE);
    }
    return result;
}

int system_fork(void)
{
    const int child = (int)check("FAILED clone", call(SYS_CLONE, SIGCHLD, 0, 0, 0, 0, 0));
    if (child == 0) {
        check("FAILED prctl", call(SYS_PRCTL, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0));
    }
    return child;
}

void system_write_byte(int file)
{
    const char byte = 0;
    check("FAILED write", call(SYS_WRITE, file, (long)&byte, sizeof(byte), 0, 0, 0));
}

void system_read_byte(int file)
{
    char byte;
    check("FAILED read", call(SYS_READ, file, (long)&byte, sizeof(byte), 0, 0, 0));
}

void system_pipe(int files[2])
{
    check("FAILED pipe2", call(SYS_PIPE2, (long)files, 0, 0, 0, 0, 0));
}

void *system_shared_page(void)
{
    return (void *)check("FAILED mmap", call(SYS_MMAP, 0, PAGE_BYTES, PROT_READ_WRITE, MAP_SHARED_ANONYMOUS, -1, 0));
}

void system_futex_wait(uint32_t *word, uint32_t value)
{
    const long result = call(SYS_FUTEX, (long)word, FUTEX_WAIT, value, 0, 0, 0);
    if (result != -EAGAIN && result != -EINTR) {
        check("FAILED futex", result);
    }
}

void system_futex_wake(uint32_t *word)
{
    check("FAILED futex", call(SYS_FUTEX, (long)word, FUTEX_WAKE, 1, 0, 0, 0));
}

void system_stay_on_cpu(unsigned int cpu)
{
    const uint64_t mask = 1ul << cpu;
    check("FAILED sched_setaffinity", call(SYS_SCHED_SETAFFINITY, 0, sizeof(mask), (long)&mask, 0, 0, 0));
}

void system_sleep(uint64_t seconds)
{
    const uint64_t time[2] = {seconds, 0};
    check("FAILED nanosleep", call(SYS_NANOSLEEP, (long)time, 0, 0, 0, 0, 0));
}

void system_reboot(void)
{
    check("FAILED reboot", call(SYS_REBOOT, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_RESTART, 0, 0, 0));
}
