/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Drivers and virtualisers whose peers are hostile, all of them: devices, drivers, virtualisers and clients write what
 * they like into whatever they share with the program, at any time, and notify it. No access leaves the regions (ASan
 * watches), no step is without an end, each program's own rules hold, and nobody can fill the log.
 *
 * An input: which program; what its set_up takes; then steps. A step is a byte: 0x80: notified on a channel (the rest);
 * otherwise a write of 1 << (byte & 3) bytes in region (byte >> 2), with the offset, and what is written: added to what
 * is there (counters then stay in reach), one of the program's addresses plus something, or any value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/program.h"
#include "fake_microkit.h"

#define LINES_MAX 16 /* of the log, whatever happens */

static const struct program *const programs[] = {
    &program_blk_virt,   &program_net_virt,   &program_serial_virt, &program_uart,
    &program_virtio_blk, &program_virtio_net, &program_virtio_rng,  &program_virtio_console,
};
#define PROGRAM_COUNT (sizeof programs / sizeof programs[0])

/* Of all programs, put there by the linker. */
extern char __start_program_bss[], __stop_program_bss[], __start_program_data[], __stop_program_data[];

static struct sddf_region regions[PROGRAM_REGIONS_MAX];
static unsigned region_count;

struct sddf_region program_region(size_t bytes)
{
    PROGRAM_REQUIRE(region_count < PROGRAM_REGIONS_MAX);
    regions[region_count] = (struct sddf_region){calloc(1, bytes), bytes};
    return regions[region_count++];
}

_Noreturn void program_fail(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/* Between variables are bytes that ASan lets nobody touch. */
__attribute__((no_sanitize("address", "coverage"))) static void copy(char *to, const char *from, size_t bytes)
{
    volatile uint64_t *words = (volatile uint64_t *)to;
    for (size_t i = 0; i < bytes / sizeof *words; i++) {
        words[i] = ((const volatile uint64_t *)from)[i];
    }
}

static void restore(char *start, const char *stop, char **image)
{
    const size_t bytes = (size_t)(stop - start); /* the variables end with bytes of ASan's */
    if (*image == NULL) {
        *image = malloc(bytes);
        copy(*image, start, bytes);
    }
    copy(start, *image, bytes);
}

static void write_value(struct input *input, const struct program *program, uint8_t *at, size_t bytes)
{
    const uint8_t form = input_u8(input);
    uint64_t value = 0;

    memcpy(&value, at, bytes);
    if (form < 0x80) {
        value += (uint64_t)(int8_t)(form << 1) >> 1;
    } else if (form < 0xc0) {
        value = program->addresses[form & 3] + input_u16(input);
    } else {
        value = input_value(input);
    }
    memcpy(at, &value, bytes);
}

static void step(struct input *input, const struct program *program)
{
    const uint8_t what = input_u8(input);
    const struct sddf_region *region = &regions[(what >> 2) % region_count];
    const size_t bytes = (size_t)1 << (what & 3);

    if ((what & 0x80) != 0) {
        program->notified(what & 0x3f);
        program->check();
    } else if (bytes <= region->size) {
        const size_t offset = input_u16(input) % (region->size / bytes) * bytes;
        write_value(input, program, (uint8_t *)region->vaddr + offset, bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char *bss, *data;
    struct input input = {bytes, size};
    const struct program *program = programs[input_u8(&input) % PROGRAM_COUNT];

    restore(__start_program_bss, __stop_program_bss, &bss);
    restore(__start_program_data, __stop_program_data, &data);
    fake_log_reset();
    region_count = 0;
    program->set_up(&input);
    program->init();
    program->check();
    while (!input_is_empty(&input)) {
        step(&input, program);
    }
    program->notified(0);
    program->check();
    PROGRAM_REQUIRE(fake_log_count("|") <= 2 * LINES_MAX);
    for (unsigned i = 0; i < region_count; i++) {
        free(regions[i].vaddr);
    }
    return 0;
}
