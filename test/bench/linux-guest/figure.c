/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * figure NAME: measures what it is asked for, inside a Linux guest, and prints "BENCH NAME minimum total" of
 * SAMPLE_COUNT samples, or a reading of the counter. The counter must count instructions: QEMU with -icount shift=0
 * and a counter of 1 GHz. Interrupts come as they do: nothing is masked, and nothing of the guest's kernel is left out.
 */
#include <stdbool.h>

#include "system.h"

#define SAMPLE_COUNT 100
/* The first samples fill what the kernel allocates and wakes lazily. */
#define WARM_UP_COUNT 20

/* What is between two readings of the counter when the tick is waited for; a tick adds hundreds of instructions. */
#define SPIN_COUNT       1000
#define INTERRUPTION_MIN 100

/* An idle kernel has work of several periods, up to some seconds: more than one sleep. */
#define SLEEP_COUNT   10
#define SLEEP_SECONDS 2
#define EXIT_USAGE    2

struct figure {
    uint64_t minimum;
    uint64_t total;
};

static void count(struct figure *figure, size_t sample, uint64_t instructions)
{
    if (sample < WARM_UP_COUNT) {
        return;
    }
    figure->total += instructions;
    if (figure->total == instructions || instructions < figure->minimum) {
        figure->minimum = instructions;
    }
}

static void print_figure(const char *name, const struct figure *figure)
{
    const uint64_t values[] = {figure->minimum, figure->total};
    print_line(name, values, sizeof(values) / sizeof(values[0]));
}

static void print_counter(const char *name)
{
    const uint64_t counter = now();
    print_line(name, &counter, 1);
}

static void shell(void)
{
    print_counter("shell");
}

/* A fixed number of instructions, and what interrupts it; the emulator is quick with it, as it is not with readings. */
static uint64_t spin(void)
{
    uint64_t left = SPIN_COUNT;
    const uint64_t before = now();
    __asm__ volatile("1: subs %0, %0, #1\n b.ne 1b" : "+r"(left) : : "cc");
    return now() - before;
}

/* In a process that does nothing but spin, what interrupts it is the tick. */
static uint64_t next_interruption(uint64_t uninterrupted)
{
    for (;;) {
        const uint64_t instructions = spin();
        if (instructions >= uninterrupted + INTERRUPTION_MIN) {
            return instructions - uninterrupted;
        }
    }
}

static uint64_t least_spin(void)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const uint64_t instructions = spin();
        least = instructions < least ? instructions : least;
    }
    return least;
}

static void tick(void)
{
    struct figure figure = {0};
    const uint64_t uninterrupted = least_spin();
    const uint64_t begin = now();
    for (size_t i = 0; i < WARM_UP_COUNT + SAMPLE_COUNT; i++) {
        count(&figure, i, next_interruption(uninterrupted));
    }
    const uint64_t period = (now() - begin) / (WARM_UP_COUNT + SAMPLE_COUNT);
    print_figure("tick", &figure);
    print_line("tick_period", &period, 1);
}

/* A byte to another process, and one back. The other one is on CPU `other`. */
static void pipes(const char *name, unsigned int other)
{
    struct figure figure = {0};
    int there[2];
    int back[2];
    system_pipe(there);
    system_pipe(back);
    if (system_fork() == 0) {
        system_stay_on_cpu(other);
        for (;;) {
            system_read_byte(there[0]);
            system_write_byte(back[1]);
        }
    }
    system_stay_on_cpu(0);
    for (size_t i = 0; i < WARM_UP_COUNT + SAMPLE_COUNT; i++) {
        const uint64_t before = now();
        system_write_byte(there[1]);
        system_read_byte(back[0]);
        count(&figure, i, now() - before);
    }
    print_figure(name, &figure);
}

enum turn {
    TURN_OURS,
    TURN_THEIRS
};

static void give_turn(uint32_t *turn, enum turn to)
{
    __atomic_store_n(turn, to, __ATOMIC_SEQ_CST);
    system_futex_wake(turn);
}

static void await_turn(uint32_t *turn, enum turn mine)
{
    const uint32_t not_mine = mine == TURN_OURS ? TURN_THEIRS : TURN_OURS;
    while (__atomic_load_n(turn, __ATOMIC_SEQ_CST) != mine) {
        system_futex_wait(turn, not_mine);
    }
}

/* A turn that is handed to another process and back. */
static void futexes(const char *name, unsigned int other)
{
    struct figure figure = {0};
    uint32_t *turn = system_shared_page();
    if (system_fork() == 0) {
        system_stay_on_cpu(other);
        for (;;) {
            await_turn(turn, TURN_THEIRS);
            give_turn(turn, TURN_OURS);
        }
    }
    system_stay_on_cpu(0);
    for (size_t i = 0; i < WARM_UP_COUNT + SAMPLE_COUNT; i++) {
        const uint64_t before = now();
        give_turn(turn, TURN_THEIRS);
        await_turn(turn, TURN_OURS);
        count(&figure, i, now() - before);
    }
    print_figure(name, &figure);
}

static void pipe(void)
{
    pipes("pipe", 0);
}

static void pipe_smp(void)
{
    pipes("pipe_smp", 1);
}

static void futex(void)
{
    futexes("futex", 0);
}

static void futex_smp(void)
{
    futexes("futex_smp", 1);
}

/* Whoever logs what is executed finds the sleep between the first and the last instruction of this. */
static __attribute__((noinline)) void take_sleep(uint64_t *elapsed)
{
    const uint64_t before = now();
    system_sleep(SLEEP_SECONDS);
    *elapsed = now() - before;
}

static void sleep(void)
{
    uint64_t elapsed = 0;
    for (size_t i = 0; i < SLEEP_COUNT; i++) {
        take_sleep(&elapsed);
    }
    print_line("sleep", &elapsed, 1);
}

static void reboot(void)
{
    print_counter("reboot");
    system_reboot();
}

static const struct command {
    const char *name;
    void (*run)(void);
} commands[] = {
    {"shell", shell}, {"tick", tick},           {"pipe", pipe},   {"pipe_smp", pipe_smp},
    {"futex", futex}, {"futex_smp", futex_smp}, {"sleep", sleep}, {"reboot", reboot},
};

static bool is_same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

_Noreturn void program_main(long argument_count, const char *const *arguments);

_Noreturn void program_main(long argument_count, const char *const *arguments)
{
    for (size_t i = 0; argument_count == 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (is_same(arguments[1], commands[i].name)) {
            commands[i].run();
            system_exit(0);
        }
    }
    system_exit(EXIT_USAGE);
}
