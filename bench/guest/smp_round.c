/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What an interrupt from one vCPU to another costs: a round there and back, each vCPU waiting in WFI for the other's.
 * Both look for the interrupt by themselves, masked, so no handler adds to it.
 */
#include "gic.h"
#include "psci.h"
#include "sample.h"

#define PING 1
#define PONG 2

#define PL011_FR      0x9000018
#define PL011_FR_RXFE BIT(4)

static void wait_for_sgi(void)
{
    for (;;) {
        __asm__ volatile("dsb sy\n wfi" : : : "memory");
        const uint32_t acknowledged = gic_acknowledge();
        if (acknowledged != GIC_SPURIOUS) {
            gic_end(acknowledged);
            return;
        }
    }
}

static inline uint64_t now(void)
{
    return READ_SYSREG(cntvct_el0);
}

static void take_round(struct sample *sample)
{
    sample->before = now();
    gic_send_sgi(PING, 1 << 1);
    wait_for_sgi();
    sample->after = now();
}

void guest_secondary(size_t cpu)
{
    (void)cpu;
    gic_init_cpu();
    gic_enable(PING);
    gic_send_sgi(PONG, 1 << 0);
    for (;;) {
        wait_for_sgi();
        gic_send_sgi(PONG, 1 << 0);
    }
}

static const struct path path = {"sgi_round", take_round, false};

void guest_main(void)
{
    gic_init();
    gic_enable(PONG);
    (void)psci_start_cpu(1);
    wait_for_sgi();
    rig_put("READY\n");
    while ((read32(PL011_FR) & PL011_FR_RXFE) != 0) {
    }
    sample_path(&path);
}
