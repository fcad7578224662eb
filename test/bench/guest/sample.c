/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Samples: see sample.h.
 */
#include "sample.h"

#include "gic.h"

/* The first samples fill caches and translations of the machine and of the VMM. */
#define WARM_UP_COUNT 4

struct figure {
    uint64_t minimum;
    uint64_t total;
};

extern char sample_vectors_v2[], sample_vectors_v3[];

void sample_use_vectors(void)
{
    WRITE_SYSREG(vbar_el1, gic_is_v3() ? sample_vectors_v3 : sample_vectors_v2);
}

static void count(struct figure *figure, uint64_t instructions)
{
    figure->total += instructions;
    if (instructions < figure->minimum) {
        figure->minimum = instructions;
    }
}

static void print(const char *name, const char *suffix, const struct figure *figure)
{
    harness_put("BENCH ");
    harness_put(name);
    harness_put(suffix);
    harness_put(" ");
    harness_put_decimal(figure->minimum);
    harness_put(" ");
    harness_put_decimal(figure->total);
    harness_put("\n");
}

void sample_path(const struct path *path)
{
    static const struct operands none;
    struct sample sample = {0};
    struct figure handler = {.minimum = UINT64_MAX};
    struct figure after = {.minimum = UINT64_MAX};

    SAMPLE(&sample, &none, "");
    const uint64_t empty = sample.after - sample.before;
    for (size_t i = 0; i < WARM_UP_COUNT + SAMPLE_COUNT; i++) {
        path->take(&sample);
        if (i >= WARM_UP_COUNT) {
            count(&handler, sample.handler - sample.before - 1);
            count(&after, sample.after - sample.before - empty);
        }
    }
    if (path->has_handler) {
        print(path->name, "_handler", &handler);
    }
    print(path->name, "", &after);
}
