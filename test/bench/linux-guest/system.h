/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux as a program without a C library sees it: the system calls that the measurements need (arm64, by number), the
 * counter, and a line on the console. A system call that fails ends the program with a line that names it.
 *
 * Specification: Linux include/uapi/asm-generic/unistd.h, and the man pages of section 2.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The virtual counter. The instructions before it are done: no reading moves ahead of them. */
static inline uint64_t now(void)
{
    uint64_t value;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(value) : : "memory");
    return value;
}

/* Names of up to some ten letters; values in decimal. One line, in one write. */
void print_line(const char *name, const uint64_t *values, size_t count);

_Noreturn void system_exit(int status);

/* Answers 0 in the child. The child ends when its parent does. */
int system_fork(void);

void system_write_byte(int file);
void system_read_byte(int file);
void system_pipe(int files[2]);

/* Memory that stays common to both after a fork; zero. */
void *system_shared_page(void);

/* Waits while *word is value; returns early now and then. */
void system_futex_wait(uint32_t *word, uint32_t value);
void system_futex_wake(uint32_t *word);

/* The calling process runs on this CPU from now on. */
void system_stay_on_cpu(unsigned int cpu);

void system_sleep(uint64_t seconds);

/* At once, without telling any process. */
void system_reboot(void);
