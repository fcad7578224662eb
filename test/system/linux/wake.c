/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * wake [COUNT]: threads of a Linux guest, one pinned to each CPU, that wake each other COUNT times in all (default:
 * 100000). Says how many wake-ups there were, and fails when one was lost.
 *
 * The threads stand in a ring. Each waits for a token and gives it to the next one, which is on another CPU and most
 * often asleep: so each step is an interprocessor interrupt. There are half as many tokens as CPUs, so that some CPUs
 * are busy and some idle at any time. A thread that waits for longer than LOST_SECONDS has been forgotten.
 *
 * A program of its own, without a C library: Linux's system calls on AArch64, from the ABI of
 * include/uapi/asm-generic/unistd.h, clone(2), futex(2) and sched_setaffinity(2).
 */

#define CPUS_MAX     64
#define STACK_BYTES  4096
#define LOST_SECONDS 20

#define SYS_WRITE             64
#define SYS_EXIT              93
#define SYS_EXIT_GROUP        94
#define SYS_FUTEX             98
#define SYS_SCHED_SETAFFINITY 122
#define SYS_SCHED_GETAFFINITY 123
#define SYS_CLONE             220

/* CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM */
#define THREAD_FLAGS 0x50f00
/* Private to the process. */
#define FUTEX_WAIT 128
#define FUTEX_WAKE 129

struct seat {
    _Alignas(64) unsigned arrived; /* tokens so far; what its thread waits on */
    unsigned passed_on;
    unsigned cpu;
    _Alignas(16) unsigned char stack[STACK_BYTES];
};

struct timespec {
    long seconds, nanoseconds;
};

static struct seat seats[CPUS_MAX];
static unsigned seat_count, steps_each, finished;

static long call4(long number, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

static void print(const char *text)
{
    long length = 0;
    while (text[length] != '\0') {
        length++;
    }
    call4(SYS_WRITE, 1, (long)text, length, 0);
}

static void print_number(unsigned long number)
{
    char digits[24];
    char *at = &digits[sizeof(digits) - 1];
    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(at);
}

static void __attribute__((noreturn)) finish(int status)
{
    for (;;) {
        call4(SYS_EXIT_GROUP, status, 0, 0, 0);
    }
}

/* Answers the number of CPUs that this process may use, and gives each a seat. */
static unsigned find_cpus(void)
{
    unsigned long mask[CPUS_MAX / 64] = {0};
    unsigned count = 0;
    call4(SYS_SCHED_GETAFFINITY, 0, sizeof(mask), (long)mask, 0);
    for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++) {
        if ((mask[cpu / 64] >> (cpu % 64) & 1) != 0) {
            seats[count++].cpu = cpu;
        }
    }
    return count;
}

static void pin_to(unsigned cpu)
{
    unsigned long mask[CPUS_MAX / 64] = {0};
    mask[cpu / 64] = 1UL << (cpu % 64);
    call4(SYS_SCHED_SETAFFINITY, 0, sizeof(mask), (long)mask, 0);
}

static void wait_for_token(struct seat *seat, unsigned taken)
{
    struct timespec patience = {LOST_SECONDS, 0};
    unsigned arrived;
    while ((arrived = __atomic_load_n(&seat->arrived, __ATOMIC_ACQUIRE)) == taken) {
        const long timed_out = -110;
        if (call4(SYS_FUTEX, (long)&seat->arrived, FUTEX_WAIT, taken, (long)&patience) == timed_out) {
            print("wake: FAILED: nobody woke the thread on CPU ");
            print_number(seat->cpu);
            print("\n");
            finish(1);
        }
    }
}

static void __attribute__((noreturn)) run_thread(unsigned number)
{
    struct seat *seat = &seats[number];
    struct seat *next = &seats[(number + 1) % seat_count];

    pin_to(seat->cpu);
    while (seat->passed_on < steps_each) {
        wait_for_token(seat, seat->passed_on);
        seat->passed_on++;
        __atomic_fetch_add(&next->arrived, 1, __ATOMIC_ACQ_REL);
        call4(SYS_FUTEX, (long)&next->arrived, FUTEX_WAKE, 1, 0);
    }
    __atomic_fetch_add(&finished, 1, __ATOMIC_ACQ_REL);
    call4(SYS_FUTEX, (long)&finished, FUTEX_WAKE, 1, 0);
    for (;;) {
        call4(SYS_EXIT, 0, 0, 0, 0);
    }
}

/* A thread of this process that runs run_thread(number) on its seat's stack. */
static long start_thread(unsigned number)
{
    register long x8 __asm__("x8") = SYS_CLONE;
    register long x0 __asm__("x0") = THREAD_FLAGS;
    register long x1 __asm__("x1") = (long)&seats[number].stack[STACK_BYTES];
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    __asm__ volatile("svc #0\n"
                     "cbnz x0, 1f\n"
                     "mov w0, %w[number]\n"
                     "br %[run]\n"
                     "1:"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), [number] "r"(number), [run] "r"(run_thread)
                     : "memory");
    return x0;
}

static unsigned parse(const char *text)
{
    unsigned value = 0;
    while (*text >= '0' && *text <= '9') {
        value = value * 10 + (unsigned)(*text++ - '0');
    }
    return value;
}

static unsigned sum_of_steps(void)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < seat_count; i++) {
        sum += seats[i].passed_on;
    }
    return sum;
}

static void wait_for_all(void)
{
    unsigned now;
    while ((now = __atomic_load_n(&finished, __ATOMIC_ACQUIRE)) != seat_count) {
        call4(SYS_FUTEX, (long)&finished, FUTEX_WAIT, now, 0);
    }
}

/* `arguments`: the initial stack, argc and then argv. */
void __attribute__((noreturn, used)) start(const unsigned long *arguments)
{
    unsigned count = arguments[0] > 1 ? parse((const char *)arguments[2]) : 100000;

    seat_count = find_cpus();
    steps_each = (count + seat_count - 1) / seat_count;
    unsigned tokens = seat_count / 2 > 0 ? seat_count / 2 : 1;
    for (unsigned i = 0; i < tokens; i++) {
        seats[i].arrived = 1;
    }
    for (unsigned i = 0; i < seat_count; i++) {
        if (start_thread(i) < 0) {
            print("wake: FAILED: no thread\n");
            finish(1);
        }
    }
    wait_for_all();
    print("wake: ");
    print_number(sum_of_steps());
    print(" wake-ups on ");
    print_number(seat_count);
    print(" CPUs, none lost\n");
    finish(0);
}

__asm__(".global _start\n_start: mov x0, sp\nmov x29, xzr\nand sp, x0, #~15\nb start\n");
