/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * hammer DEVICE FIRST-SECTOR SECTORS: processes of a Linux guest that write a piece of a block device and read it back,
 * past every cache (O_DIRECT), all at the same time. Says "hammer: sound", or which sector is not what was written.
 *
 * A phase has a size of requests, in sectors of 512 bytes. The piece is cut into chunks of that size; the processes
 * have them in turn, so that neighbouring chunks, and with them most parts of one block of 4096 bytes, are written by
 * different processes. Each goes through its chunks in an order that scatters them, and reads each at once, and again
 * at the end; then all is read in requests of another size. Memory is aligned to 512 bytes and no better.
 *
 * A program of its own, without a C library: Linux's system calls on AArch64, from the ABI of
 * include/uapi/asm-generic/unistd.h, and open(2), pread(2), clone(2), wait4(2).
 */

#define PROCESSES     16
#define SECTOR_BYTES  512
#define WORDS         (SECTOR_BYTES / 8)
#define CHUNK_SECTORS 264 /* more than a slot of the VMM has */
#define SCATTER       7919

#define SYS_OPENAT     56
#define SYS_PREAD64    67
#define SYS_PWRITE64   68
#define SYS_WRITE      64
#define SYS_EXIT_GROUP 94
#define SYS_CLONE      220
#define SYS_WAIT4      260

#define AT_FDCWD    (-100)
#define OPEN_FLAGS  (2 /* O_RDWR */ | 0200000 /* O_DIRECT */)
#define CHILD_FLAGS 17 /* SIGCHLD */

static _Alignas(4096) unsigned long memory[(CHUNK_SECTORS + 1) * WORDS];
/* In sectors. The last is what everything is read with at the end. */
static const unsigned long sizes[] = {1, 3, 7, 8, 13, 64, CHUNK_SECTORS};

static long device;
static unsigned long first, count;

static long call(long number, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = 0;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

static void print(const char *text)
{
    long length = 0;
    while (text[length] != '\0') {
        length++;
    }
    call(SYS_WRITE, 1, (long)text, length, 0);
}

static void __attribute__((noreturn)) finish(int status)
{
    for (;;) {
        call(SYS_EXIT_GROUP, status, 0, 0, 0);
    }
}

static void __attribute__((noreturn)) fail(const char *what, unsigned long sector)
{
    char digits[24];
    char *at = &digits[sizeof digits - 1];
    *at = '\0';
    do {
        *--at = (char)('0' + sector % 10);
        sector /= 10;
    } while (sector != 0);
    print("hammer: FAILED: ");
    print(what);
    print(" at sector ");
    print(at);
    print("\n");
    finish(1);
}

static unsigned long number_of(const char *text)
{
    unsigned long number = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10 + (unsigned long)(*text - '0');
    }
    return number;
}

/* What a word of the piece is in a phase: each is different. */
static unsigned long word(unsigned phase, unsigned long sector, unsigned long index)
{
    return (((unsigned long)phase << 48) + sector * WORDS + index) * 0x9e3779b97f4a7c15;
}

/* Memory that begins in the middle of a page for every other request. */
static unsigned long *buffer(unsigned long sector)
{
    return memory + sector % 2 * WORDS;
}

static void write_chunk(unsigned phase, unsigned long sector, unsigned long sectors)
{
    unsigned long *words = buffer(sector);
    for (unsigned long i = 0; i < sectors * WORDS; i++) {
        words[i] = word(phase, sector, i);
    }
    const long bytes = (long)(sectors * SECTOR_BYTES);
    if (call(SYS_PWRITE64, device, (long)words, bytes, (long)((first + sector) * SECTOR_BYTES)) != bytes) {
        fail("no write", sector);
    }
}

static void check_chunk(unsigned phase, unsigned long sector, unsigned long sectors)
{
    unsigned long *words = buffer(sector);
    for (unsigned long i = 0; i < sectors * WORDS; i++) {
        words[i] = 0;
    }
    const long bytes = (long)(sectors * SECTOR_BYTES);
    if (call(SYS_PREAD64, device, (long)words, bytes, (long)((first + sector) * SECTOR_BYTES)) != bytes) {
        fail("no read", sector);
    }
    for (unsigned long i = 0; i < sectors * WORDS; i++) {
        if (words[i] != word(phase, sector, i)) {
            fail("wrong data", sector + i / WORDS);
        }
    }
}

static void __attribute__((noreturn)) hammer(unsigned phase, unsigned long process)
{
    const unsigned long size = sizes[phase];
    const unsigned long chunks = count / size;
    const unsigned long mine = (chunks + PROCESSES - 1 - process) / PROCESSES;
    for (unsigned long i = 0; i < mine; i++) {
        const unsigned long sector = (i * SCATTER % mine * PROCESSES + process) * size;
        write_chunk(phase, sector, size);
        check_chunk(phase, sector, size);
    }
    for (unsigned long i = 0; i < mine; i++) {
        check_chunk(phase, (i * PROCESSES + process) * size, size);
    }
    finish(0);
}

/* All processes of a phase; then all that they have written, by this one. */
static void run(unsigned phase)
{
    for (unsigned long process = 0; process < PROCESSES; process++) {
        const long child = call(SYS_CLONE, CHILD_FLAGS, 0, 0, 0);
        if (child == 0) {
            hammer(phase, process);
        }
        if (child < 0) {
            fail("no process", process);
        }
    }
    int has_failed = 0;
    for (unsigned process = 0; process < PROCESSES; process++) {
        int status = 0;
        call(SYS_WAIT4, -1, (long)&status, 0, 0);
        has_failed |= status;
    }
    if (has_failed != 0) {
        finish(1);
    }
    unsigned long left = count / sizes[phase] * sizes[phase];
    for (unsigned long sector = 0; left != 0;) {
        const unsigned long sectors = left < CHUNK_SECTORS ? left : CHUNK_SECTORS;
        check_chunk(phase, sector, sectors);
        sector += sectors;
        left -= sectors;
    }
}

/* The stack as the kernel starts a process with it: argument count, arguments. */
__attribute__((used, noreturn)) static void start(const long *stack)
{
    if (stack[0] != 4) {
        print("usage: hammer DEVICE FIRST-SECTOR SECTORS\n");
        finish(2);
    }
    first = number_of((const char *)stack[3]);
    count = number_of((const char *)stack[4]);
    device = call(SYS_OPENAT, AT_FDCWD, stack[2], OPEN_FLAGS, 0);
    if (device < 0) {
        fail("no device", 0);
    }
    for (unsigned phase = 0; phase < sizeof sizes / sizeof sizes[0]; phase++) {
        run(phase);
    }
    print("hammer: sound\n");
    finish(0);
}

__asm__(".globl _start\n_start: mov x0, sp\nb start\n");
