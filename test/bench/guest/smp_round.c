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
#include "spec/pl011.h"

#define PL011_BASE 0x9000000

#define PING 1
#define PONG 2

static bool is_v3; /* looked up once: asking, as gic.h does, is an exit */

static void send_sgi(uint32_t irq, uint32_t cpus)
{
    if (is_v3) {
        WRITE_SYSREG(S3_0_C12_C11_5, (uint64_t)irq << 24 | cpus);
    } else {
        write32(GICD_BASE + GICD_SGIR, cpus << 16 | irq);
    }
}

static void wait_for_sgi(void)
{
    uint64_t acknowledged;
    do {
        __asm__ volatile("dsb sy\n wfi" : : : "memory");
        acknowledged = is_v3 ? READ_SYSREG(S3_0_C12_C12_0) : read32(GICC_BASE + GICC_IAR);
    } while (acknowledged == GIC_INTID_SPURIOUS);
    if (is_v3) {
        WRITE_SYSREG(S3_0_C12_C12_1, acknowledged);
    } else {
        write32(GICC_BASE + GICC_EOIR, (uint32_t)acknowledged);
    }
}

static inline uint64_t now(void)
{
    return READ_SYSREG(cntvct_el0);
}

static void take_round(struct sample *sample)
{
    sample->before = now();
    send_sgi(PING, 1 << 1);
    wait_for_sgi();
    sample->after = now();
}

void guest_secondary(size_t cpu)
{
    (void)cpu;
    gic_init_cpu();
    gic_enable(PING);
    send_sgi(PONG, 1 << 0);
    for (;;) {
        wait_for_sgi();
        send_sgi(PONG, 1 << 0);
    }
}

static const struct path path = {"sgi_round", take_round, false};

void guest_main(void)
{
    is_v3 = gic_is_v3();
    gic_init();
    gic_enable(PONG);
    (void)psci_start_cpu(1);
    wait_for_sgi();
    harness_put("READY\n");
    while ((read32(PL011_BASE + UARTFR) & UARTFR_RXFE) != 0) {
    }
    sample_path(&path);
}
